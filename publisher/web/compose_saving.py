"""Saving of composed drafts: the file, its pictures and the history, all or nothing; queueing."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import FileChanged, NotPossible, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.drafts.composition import Composition
from publisher.drafts.editing import Manuscript
from publisher.drafts.picture_consents import place_of
from publisher.ledger.manager.draft_edits import COPY_OF
from publisher.media import crops, folder, media_file
from publisher.media.folder import NewFile
from publisher.media.unsaved import is_unsaved
from publisher.model.draft_keys import KEYS, MEDIA_KEYS
from publisher.model.events import Event
from publisher.planning import Change, Plan
from publisher.web import draft_view, plan_view
from publisher.web.authentication import Visitor
from publisher.web.compose_check import Checked, checked, unsaved_pictures
from publisher.web.compose_form import ComposeForm
from publisher.web.composed_draft import ComposedDraft
from publisher.web.dependencies import Parts
from publisher.web.render import Toast

_TIMES = {"at", "embargo", "expires"}
"""The keys of a draft that may change without a word of the post, or what it is about."""
_WARNINGS = 3
"""Warnings that a toast has at most: of many posts they would fill the page."""
_NAMES = {"file": "pictures", "alt": "alternative_text"}
"""What the history calls the keys of a picture."""


def accounts(app: Application, composed: ComposedDraft, now: Checked | None = None) -> set[str]:
    """The accounts that the draft is for, those of its deliveries, and those that are chosen."""
    found = {*composed.seen.to, *(now.wanted.to if now else ())}
    if now and now.post:
        found |= {*composed.composing.recipients(now.post)}
    if not composed.is_new:
        found |= {delivery.account for delivery in app.queries.deliveries(post=composed.id)}
    return found & {*app.accounts()}


class NotSavable(Exception):
    """The form holds what no draft may have."""

    def __init__(self, now: Checked) -> None:
        super().__init__()
        self.now = now


def savable(app: Application, actor: str, composed: ComposedDraft, form: ComposeForm) -> Checked:
    """The form as it would be saved.

    Raises what keeps it from being saved: MadeBefore, NotPermitted, FileChanged, NotSavable.
    """
    event = Event.DRAFT_MADE if composed.is_new else Event.DRAFT_EDITED
    if composed.is_new:
        app.edits.require_new(actor, form.fingerprint)
    now = checked(app, composed, form)
    app.edits.require(event, actor, accounts(app, composed, now))
    if not composed.is_new and composed.draft.digest != form.seen:
        raise FileChanged(
            _("Someone else changed {file} in the meantime.", file=composed.draft.file)
        )
    if now.revised is None:
        raise NotSavable(now)
    return now


def save(app: Application, actor: str, now: Checked, form: str) -> None:
    """Write the draft. Raises FileChanged if it is not any more what the form was made from.

    `form`: the fingerprint of the form. Raises MadeBefore if it made a draft already.
    """
    composed, posts = now.composed, app.settings.posts
    files = _new_files(now, posts)
    with folder.placed(posts, [*files.values()]) as placed:
        # A leading slash refers to posts/ from within its folders.
        slash = "/" if "/" in composed.id else ""
        new = dict(zip(files, (f"{slash}{folder.NAME}/{name}" for name in placed), strict=True))
        media = [
            entry.model_copy(update={"file": new.get(entry.file, entry.file)})
            for entry in now.wanted.media
        ]
        wanted = now.wanted.model_copy(update={"media": tuple(media)})
        revised = composed.applied(wanted)
        draft_view.check_size(revised)
        told = _told(composed, wanted, revised)
        if composed.is_new:
            known = {"form": form, COPY_OF: composed.copy_of}
            event = Event.DRAFT_MADE
            told = {**told, **{key: value for key, value in known.items() if value}}
        elif revised == composed.draft:
            draft_view.read_by(app, actor, composed.id, revised.digest)
            return
        else:
            moved = _is_moved(composed.draft, revised)
            event = Event.DRAFT_MOVED if moved else Event.DRAFT_EDITED
        app.edits.apply(
            composed.id,
            event,
            told,
            actor,
            accounts(app, composed, now),
            digest=revised.digest,
            save=revised.create if composed.is_new else partial(composed.draft.save, revised),
            put_back=revised.delete if composed.is_new else partial(revised.save, composed.draft),
        )
        if event is Event.DRAFT_MOVED:  # whoever moves it here has had all of it before them
            with suppress(FileChanged):
                draft_view.read_by(app, actor, composed.id, revised.digest)
    unsaved_pictures(app).forget(files)


def _new_files(now: Checked, posts: Path) -> dict[str, NewFile]:
    """The unsaved pictures by their names in the form; the whole one of a crop before it.

    Raises UsageError for one that is not kept any more.
    """
    files: dict[str, NewFile] = {}
    own = slug(now.composed.id) or "media"
    for entry in now.wanted.media:
        whole = now.originals.get(entry.file, "")
        for name in filter(is_unsaved, (whole, entry.file)):
            path = now.unsaved.get(name)
            try:
                data = path.read_bytes() if path else None
            except FileNotFoundError:  # the same form was saved meanwhile, from another window
                data = None
            if path is None or data is None:
                message = _("A picture was left unsaved for so long that it is no longer kept.")
                raise UsageError(message, hint=_("Add it again."))
            stem, beside = own, None
            if cut := crops.read(path.name):
                stem = cut[1].ending
                if whole in files:
                    beside = [*files].index(whole)
                else:
                    there = media_file.locate(place_of(whole, now.composed.id, posts), posts)
                    stem = (there.stem if isinstance(there, Path) else own) + stem
            files[name] = NewFile(data, path.suffix, stem, beside)
    return files


def _is_moved(draft: Manuscript, revised: Manuscript) -> bool:
    """Whether only its times changed: whoever moves a draft is no writer of it."""
    before, after = draft.front, revised.front
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return draft.body == revised.body and bool(changed) and changed <= _TIMES


def _told(
    composed: ComposedDraft, wanted: Composition, revised: Manuscript
) -> Mapping[str, object]:
    """What changed, for the history: old and new, or only what is new of a new draft."""
    draft, seen = composed.draft, composed.seen
    values: dict[str, tuple[object, object]] = {
        "text": (draft.body, revised.body),
        **{
            key.in_history: (draft.value(key.name), revised.value(key.name))
            for key in KEYS
            if key.name != "media"
        },
        "recipients": (sorted(seen.to), sorted(wanted.to)),
        "language": (seen.lang, wanted.lang),
    }
    for key in MEDIA_KEYS:
        before = [entry.entry.get(key, "") for entry in seen.media]
        after = [entry.entry.get(key, "") for entry in wanted.media]
        if any((*before, *after)):
            values[_NAMES.get(key, key)] = before, after
    changed = {name: pair for name, pair in values.items() if pair[0] != pair[1]}
    if composed.is_new:
        return {name: after for name, (_before, after) in changed.items()}
    return {name: {"from": before, "to": after} for name, (before, after) in changed.items()}


class NotQueued(Exception):
    """The draft is saved, and was not queued: the toast says why."""

    def __init__(self, toast: Toast) -> None:
        super().__init__(toast.text)
        self.toast = toast


def queue(parts: Parts, visitor: Visitor, composed: ComposedDraft, shown: str) -> Toast:
    """Queue the draft that was saved. Raises NotQueued if that changes something else than `shown`.

    `shown` is the digest of the changes that were checked.
    """

    def agree(plan: Plan) -> None:
        if plan_view.digest(plan) != shown or plan.undecided:
            raise NotPossible(_("It is not on the schedule yet: look at what changes."))

    try:
        done = parts.app.planner.queue([composed.draft.path], actor=visitor.name, agree=agree)
    except PublisherError as error:
        text = _("Saved. {reason}", reason=error)
        raise NotQueued(Toast(text, warns=True)) from None
    if done.errors:
        text = _("Saved. It has errors: it cannot be queued until they are fixed.")
        raise NotQueued(Toast(text, warns=True))
    if not done.changes and done.left_out:
        text = _("Saved. {reason}", reason=done.left_out[0].message)
        raise NotQueued(Toast(text, warns=True))
    if not done.changes and (out := plan_view.pending_of(parts.app, done).out):
        return draft_view.in_draft_alone(parts.app, [row.account for row in out])
    if not done.changes:
        return Toast(_("Saved. Nothing on the schedule changes."))
    return submitted(done)


def submitted(done: Plan) -> Toast:
    """What became of what was submitted, why it does not go out, and what `plan` warns of."""
    held = [one for one in done.changes if one.is_held]
    stopped = sum(one.kind in (Change.CANCEL, Change.STOP) for one in done.changes)
    waiting = sum(one.awaits_approval for one in done.changes)
    scheduled = len(done.changes) - len(held) - stopped - waiting
    said = []
    if waiting:
        said.append(_("Submitted for approval: {what}.", what=formats.deliveries(waiting)))
    if scheduled:
        said.append(_("On the schedule: {what}.", what=formats.deliveries(scheduled)))
    if stopped:
        said.append(_("Off the schedule: {what}.", what=formats.deliveries(stopped)))
    if held:
        said.append(_("Held: {what}.", what=formats.deliveries(len(held))))
        said += dict.fromkeys(change.note for change in held)
    said += [*dict.fromkeys(problem.message for problem in done.foreseen)][:_WARNINGS]
    return Toast(" ".join(said), warns=bool(held or done.foreseen))


def delete(app: Application, actor: str, composed: ComposedDraft) -> None:
    """Delete the draft. Raises NotPossible if anything of it is on the schedule or out."""
    told, draft = {"text": composed.draft.text}, composed.draft
    app.edits.apply(
        composed.id,
        Event.DRAFT_DELETED,
        told,
        actor,
        accounts(app, composed),
        digest=draft.digest,
        save=draft.delete,
        put_back=draft.create,
    )
