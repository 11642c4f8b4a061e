"""Post for its page: its draft, differences from the ledger, and how it looks on each account."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import (
    FileChanged,
    NoSuchPost,
    NotPossible,
    PictureUnusable,
    PublisherError,
    UsageError,
)
from publisher.base.i18n import _
from publisher.drafts import editing, rendering
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.drafts.library import Library
from publisher.drafts.text_files import MAX_DRAFT
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.posts import MediaItem, Post
from publisher.model.values import Problem, Severity
from publisher.model.visibility import Visibility
from publisher.planning import unread
from publisher.planning.forecast import drafted
from publisher.preview import mockups
from publisher.preview.draft_view import DraftPreview as View
from publisher.preview.draft_view import Drafts
from publisher.preview.mockups import NOBODY, Face, Look, ShownImage
from publisher.preview.pictures import Pictures
from publisher.web import plan_view
from publisher.web.faces import Faces
from publisher.web.plan_view import Pending
from publisher.web.render import Toast

_SAVING = (Event.DRAFT_MADE, Event.DRAFT_EDITED, Event.DRAFT_MOVED)
_LANGUAGE = re.compile(r"\.[a-z]{2,3}(-[A-Za-z]{2,4})?$")


@dataclass(frozen=True, slots=True)
class DraftView:
    """A post's draft and what its page shows of it."""

    file: str
    """Its path relative to the workspace."""
    post: Post | None
    """None: it cannot be read."""
    problems: Sequence[Problem]
    versions: Sequence[Post]
    """Itself and its translations, when there are any."""
    untranslated: Sequence[str]
    """The languages of accounts in which there is no translation of it yet."""
    pending: Pending
    """The changes that queueing would make."""
    view: View | None
    """Its preview, if it differs from the ledger."""
    unread: UnreadDraft | None
    """The mark of what a program wrote, if no person has read it since."""


def read(app: Application, post_id: str, standing: Sequence[Delivery]) -> DraftView | None:
    """Read the draft of a post; None if there is none. `standing`: its deliveries in the ledger."""
    shelf = DraftFiles(app.settings.posts)
    files = {file.id: file for file in shelf.files}
    file = files.get(post_id)
    if file is None:
        return None
    drafts, problems = app.checked([other.path for other in _group(file, files.values())])
    post = drafts.post(post_id)
    others = drafts.translations(post) if post else ()
    waits = plan_view.pending(app, _readable(file), standing)
    return DraftView(
        file=file.file,
        post=post,
        problems=[problem for problem in problems if problem.file == file.file],
        versions=[post, *others] if post and others else [],
        untranslated=_untranslated(app, [post, *others]) if post and post.lang else (),
        pending=waits,
        view=view(app, drafts, problems, post_id) if waits.accounts or not standing else None,
        unread=unread_by(app, file),
    )


def unread_by(app: Application, file: DraftFile) -> UnreadDraft | None:
    """The mark of a draft that a program wrote, if no person has read it since."""
    marks = app.queries.unread_drafts()
    return unread.find([file.file], marks, app.settings.workspace).get(file.file)


def require_read(app: Application, file: DraftFile) -> None:
    """Raise NotPossible for what a program wrote, and no person has read since."""
    if mark := unread_by(app, file):
        raise NotPossible(
            _("No person has read it since {who} wrote it.", who=mark.by),
            hint=_("Read it on its page first."),
        )


def _untranslated(app: Application, versions: Sequence[Post]) -> list[str]:
    spoken = {account.language for account in app.settings.public_accounts().values()}
    return sorted(filter(None, spoken - {version.lang for version in versions}))


def files(app: Application) -> Sequence[DraftFile]:
    """All drafts under posts/."""
    return DraftFiles(app.settings.posts).files


def waits(app: Application, post_id: str) -> Pending | None:
    """The changes that queueing a post's draft would make; None if it has no draft."""
    file = found(app, post_id)
    return (
        plan_view.pending(app, _readable(file), app.queries.deliveries(post=post_id))
        if file
        else None
    )


def found(app: Application, post_id: str) -> DraftFile | None:
    """Find the draft of a post under posts/; None if it has none."""
    return next((f for f in DraftFiles(app.settings.posts).files if f.id == post_id), None)


def find(app: Application, post_id: str) -> DraftFile:
    """Find the draft of a post under posts/. Raises NoSuchPost if it has none."""
    file = found(app, post_id)
    if file is None:
        hint = _("It may have another name now: search the log or the posts.")
        raise NoSuchPost(_("{name} has no draft.", name=post_id), hint=hint)
    return file


def require_unchanged(draft: Manuscript, seen: str) -> None:
    """Raise FileChanged if a draft is not the one with the digest that a person has `seen`."""
    if draft.digest != seen:
        message = _("Someone else changed {file} in the meantime.", file=draft.file)
        raise FileChanged(message, hint=_("Look at it again, then decide."))


def read_by(app: Application, person: str, post_id: str, seen: str) -> None:
    """Record that a person has read a draft whole: the one with the digest that they have `seen`.

    Raises FileChanged if it is not that any more.
    """
    file = find(app, post_id)
    app.edits.read(
        post_id,
        seen,
        person,
        accounts(app, post_id),
        look=lambda: require_unchanged(editing.read(file), seen),
    )


def accounts(app: Application, post_id: str, revised: Manuscript | None = None) -> frozenset[str]:
    """The recipients of a draft, and the accounts for which the ledger has its post.

    `revised`: the draft as it would be saved.
    """
    new = {revised.file: revised.data} if revised else {}
    post = app.checks.read(app.settings, [find(app, post_id).path], revised=new).post(post_id)
    return concerned(app, post, app.queries.deliveries(post=post_id))


def concerned(app: Application, post: Post | None, standing: Sequence[Delivery]) -> frozenset[str]:
    """As `accounts`, of a draft that was read (None: it cannot be), and its post's deliveries."""
    named = rendering.recipients(post, app.settings.public_accounts())[0] if post else ()
    return frozenset({*(one.name for one in named), *(one.account for one in standing)})


def saved(app: Application, draft: Manuscript, post_id: str) -> Toast:
    """The toast after a draft was saved: it also says if readers do not see the change."""
    try:
        standing = app.queries.deliveries(post=post_id)
        waits = plan_view.pending(app, draft, standing)
    except PublisherError:  # it is saved, whatever cannot be read now
        return Toast(_("Saved."))
    if out := [row.account for row in waits.out]:
        return in_draft_alone(app, out)
    if waits.broken:
        text = _("Saved. It has errors: it cannot be queued until they are fixed.")
        return Toast(text, warns=True)
    return Toast(_("Saved."))


def in_draft_alone(app: Application, accounts: Sequence[str]) -> Toast:
    """The toast after a draft was saved that is public on these accounts in other words."""
    text = _(
        "Saved in the draft only: readers of {accounts} still see what was published. “Correct” "
        "changes what they see.",
        accounts=Faces(app).listed(accounts),
    )
    return Toast(text, warns=True)


def saved_by(app: Application, post_id: str, draft: Manuscript) -> HistoryStep | None:
    """The step by which this version was saved on the pages; None if it was not, or is unknown."""
    steps = [step for step in app.queries.steps_about(post_id) if step.event in _SAVING]
    texts = [step.detail["text"] for step in steps if "text" in step.detail]
    body = texts[-1] if texts else None
    body = body.get("to") if isinstance(body, Mapping) else body
    return steps[-1] if steps and body in (None, draft.body) else None


def check_size(draft: Manuscript) -> None:
    """Raise UsageError if a draft is too big to be read again."""
    if (size := len(draft.data)) > MAX_DRAFT:
        raise UsageError(
            _("It would have {number} bytes; Publisher reads at most {limit}.",
              number=formats.number(size), limit=formats.number(MAX_DRAFT))
        )  # fmt: skip


def _group(file: DraftFile, files: Iterable[DraftFile]) -> list[DraftFile]:
    """The draft and those whose names differ only by the language."""
    base = _LANGUAGE.sub("", file.id)
    return [other for other in files if _LANGUAGE.sub("", other.id) == base]


def _readable(file: DraftFile) -> Manuscript | None:
    try:
        return editing.read(file)
    except PublisherError:  # the error is among the problems
        return None


def advice(
    app: Application, drafts: Sequence[DraftFile], shelf: Collection[DraftFile]
) -> Mapping[str, Sequence[Problem]]:
    """The warnings about each of these drafts, by file: also that it translates older words.

    `shelf`: all drafts, among which are its translations. Where they cannot be checked now, there
    are none: what is read for advice alone keeps nobody from a page.
    """
    found: dict[str, list[Problem]] = {file.file: [] for file in drafts}
    paths = {other.path: None for file in drafts for other in _group(file, shelf)}
    try:
        problems = app.checked([*paths])[1] if paths else ()
    except PublisherError:
        return found
    for problem in problems:
        if problem.file in found and problem.severity is Severity.WARNING:
            found[problem.file].append(problem)
    return found


def forecast(app: Application, post: Post) -> list[Problem]:
    """What `plan` would warn of, about a draft as it is being written."""
    cleaned = pictures(post.media).clean
    try:
        wanted = [*drafted(post, app.settings, app.clock.now(), cleaned)]
    except PictureUnusable:  # which is among its problems
        return []
    return app.planner.forecast(wanted, app.session().zone, {post.id: post})


def view(
    app: Application, read_drafts: Library, problems: Sequence[Problem], post_id: str
) -> View | None:
    """Preview a draft of the library; None if it is not there."""
    post = read_drafts.post(post_id)
    shown = pictures(post.media) if post else None
    drafts = Drafts(
        app.settings,
        read_drafts,
        problems,
        {},
        app.clock.now(),
        shown,
        Faces(app).shown,
        one_clock=True,
    )
    return next(iter(drafts.views([post_id])), None)


def pictures(items: Iterable[MediaItem]) -> Pictures:
    """The views of these pictures, which are made once, until a file changes."""
    return _pictures(tuple(map(_state_of, items)))


@lru_cache(maxsize=8)  # a text is checked at every pause in typing
def _pictures(_files: tuple[tuple[str, int, int], ...]) -> Pictures:
    return Pictures()


def _state_of(item: MediaItem) -> tuple[str, int, int]:
    """A cache key that changes with the file."""
    try:
        found = item.path.stat()
    except OSError:
        return str(item.path), 0, 0
    return str(item.path), found.st_mtime_ns, found.st_size


def unqueued(app: Application) -> list[DraftFile]:
    """The drafts that have no deliveries in the ledger."""
    files = DraftFiles(app.settings.posts).files
    known = app.queries.known_posts([file.id for file in files])
    return [file for file in files if file.id not in known]


def on_schedule(app: Application, delivery: Delivery, faces: Mapping[str, Face]) -> Look:
    """Preview a delivery: exactly the content that goes out or went out, from the ledger.

    Of half a thread, what is not out is marked; so is a first comment that is not.
    """
    account = app.settings.public_accounts().get(delivery.account)
    planned = app.clock.now() if delivery.waits_to_begin else delivery.not_before
    instant = delivery.published_at or planned
    seen = Visibility.of(delivery)
    look = mockups.look_of(
        delivery.content,
        account or Account(name=delivery.account, channel=delivery.channel),
        post=delivery.post,
        name=f"{delivery.id}",
        leaves=instant,
        now=app.clock.now(),
        when=mockups.short_time(instant, app.session().zone),
        pictures=[
            ShownImage.of(picture, f"/media/{picture.digest}")
            for picture in delivery.content.pictures
        ],
        face=faces.get(delivery.account, NOBODY),
    )
    if not seen.is_partial:
        return look
    cards = (
        # Of the parts, a comment is the last.
        replace(card, is_absent=n >= seen.out, is_comment_absent=seen.is_partial)
        for n, card in enumerate(look.thread)
    )
    return replace(look, thread=tuple(cards))
