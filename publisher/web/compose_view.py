"""Compose view: what the composer shows of a draft, checked as it would be saved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from publisher.app import Application
from publisher.base.errors import NotPossible, PictureUnusable, UsageError
from publisher.base.i18n import _, later
from publisher.channels import registry
from publisher.channels.registry import SPECS, widest
from publisher.drafts import check, rendering
from publisher.drafts.composition import Composition, MediaEntry, unusual
from publisher.drafts.draft import place_of
from publisher.drafts.editing import Manuscript
from publisher.drafts.library import Library
from publisher.ledger.manager.rights import Person
from publisher.media import media_file
from publisher.media.unsaved import UnsavedPictures
from publisher.model.accounts import Account
from publisher.model.posts import MediaItem, Post
from publisher.model.problems import Flaw
from publisher.model.values import Problem, Severity
from publisher.preview.draft_view import DraftPreview
from publisher.preview.mockups import ShownImage
from publisher.preview.pictures import Pictures
from publisher.web import draft_view
from publisher.web.compose_form import ComposeForm, FieldFlaws
from publisher.web.composed_draft import ComposedDraft, source_texts

_FIELDS = {
    "no-recipients": "to", "unknown-recipient": "to", "other-language": "to",
    "missing-translation": "to", "unused-section": "text",
}  # fmt: skip
"""The parts of the form that problems belong to, where their places in the file do not say it."""
_OF_KEYS = {"to": "to", "media": "media", "at": "when"}
_HINTS = {
    "no-recipients": later("Choose at least one account."),
    "other-language": later("Choose it only if that is meant."),
    "missing-translation": later("Once this one is saved, “Translate” on its page begins one."),
    "unused-section": later("Choose an account that it is for, or empty it."),
    "too-long": later("Shorten it, add a part to the thread, or write a text of its own."),
    "empty-text": later("Write it, or leave the account out."),
    "empty-part": later("Write it, or take the part away."),
    "alt-missing": later("Say what it shows, for those who cannot see it."),
    "consent-missing": later("Choose the consent of those who are in it."),
    "media-missing": later("Add the picture again."),
    "no-mandate": None,
}
"""Hints for who fills in a form, by code; other problems have the hint for a file."""


@dataclass(frozen=True, slots=True)
class Chip:
    """An account that can be chosen."""

    name: str
    title: str
    channel: str
    """The channel's public name; empty for a name that is no account."""
    language: str | None
    chosen: bool
    allowed: bool
    """Whether the person may write for it."""


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text for one channel or account."""

    name: str
    label: str
    accounts: Sequence[str]
    """The accounts that it is for."""
    parts: Sequence[str]
    source: Sequence[str]
    """What is translated."""


@dataclass(frozen=True, slots=True)
class PictureField:
    """A picture in the form."""

    entry: MediaEntry
    view: ShownImage | None
    """None: it cannot be shown."""
    source_alt: str
    """What is translated."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A problem beside a field."""

    message: str
    hint: str | None
    is_error: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A form's draft as it would be saved, and what is wrong with it."""

    composed: ComposedDraft
    wanted: Composition
    revised: Manuscript | None
    """None: the form holds what no draft may have."""
    library: Library | None
    found: Sequence[Problem]
    """All problems of the library."""
    problems: Mapping[str, Sequence[FieldProblem]]
    """By part of the form; what belongs to none is under an empty string."""
    unsaved: Mapping[str, Path] = field(default_factory=dict)

    @property
    def post(self) -> Post | None:
        return self.library.post(self.composed.id) if self.library else None

    @property
    def errors(self) -> bool:
        return any(one.is_error for found in self.problems.values() for one in found)

    @property
    def due_at(self) -> datetime | None:
        return self.post.due_at if self.post else None


def unsaved_of(app: Application) -> UnsavedPictures:
    return UnsavedPictures(app.settings.var / "uploads")


def checked(app: Application, composed: ComposedDraft, form: ComposeForm) -> Checked:
    """Check a form as if its draft was saved. Whatever was typed raises nothing."""
    known = composed.composing.accounts
    wanted, flaws = form.composition(composed.composing.session, known, composed.seen)
    kept = unsaved_of(app)
    unsaved = {e.file: path for e in wanted.media if (path := kept.find(e.file))}
    revised = None
    if not flaws:
        try:
            revised = composed.applied(wanted)
            draft_view.check_size(revised)
        except (UsageError, NotPossible) as error:
            flaws = {"text" if isinstance(error, UsageError) else "": [
                Flaw("unusable", str(error), error.hint)
            ]}  # fmt: skip
            revised = None
    if revised is None:
        return Checked(composed, wanted, None, None, (), _flaws(flaws), unsaved)
    file = composed.draft.file
    library, found = check.check(
        app.settings, [composed.draft.path], revised={file: revised.data}, unsaved=unsaved
    )
    problems = _by_field([one for one in found if one.file == file], library.post(composed.id))
    return Checked(composed, wanted, revised, library, found, problems, unsaved)


def _flaws(flaws: FieldFlaws) -> dict[str, list[FieldProblem]]:
    return {
        name: [FieldProblem(flaw.message, flaw.hint, is_error=True) for flaw in found]
        for name, found in flaws.items()
    }


def _by_field(problems: Sequence[Problem], post: Post | None) -> dict[str, list[FieldProblem]]:
    """The problems by the part of the form that they belong to."""
    places = sorted((place.line, key) for key, place in post.positions.items()) if post else []
    found: dict[str, list[FieldProblem]] = {}
    for problem in problems:
        key = next((key for line, key in reversed(places) if line <= problem.line), "")
        of_key = "text" if key.startswith("text:") else _OF_KEYS.get(key, "more" if key else "")
        hint = _HINTS.get(problem.code, problem.hint)
        one = FieldProblem(
            problem.message, _(hint) if hint else None, problem.severity is Severity.ERROR
        )
        found.setdefault(_FIELDS.get(problem.code, of_key), []).append(one)
    return found


def preview(app: Application, now: Checked) -> DraftPreview | None:
    """How the draft would look on its accounts; None if it cannot be read."""
    if now.library is None:
        return None
    return draft_view.view(app, now.library, now.found, now.composed.id)


@dataclass(frozen=True, slots=True)
class Count:
    """How long a part of a text is on an account."""

    account: str
    channel: str
    part: int
    """From 1; 0: there is only one."""
    used: int
    limit: int
    percent: int

    @property
    def left(self) -> int:
        return self.limit - self.used


def counts(view: DraftPreview | None) -> list[Count]:
    return [
        Count(
            to.account.name,
            to.look.channel,
            number if len(to.lengths) > 1 else 0,
            part.used,
            part.limit,
            round(part.percent),
        )
        for to in (view.recipients if view else ())
        for number, part in enumerate(to.lengths, 1)
    ]


def chips(app: Application, person: Person, now: Checked) -> dict[str, list[Chip]]:
    """The accounts by organisation, and the draft's words that name none."""
    groups: dict[str, list[Chip]] = {}
    accounts = now.composed.composing.accounts
    for account in accounts.values():
        chip = Chip(
            account.name,
            account.title or account.name,
            registry.title(account.channel),
            account.language,
            account.name in now.wanted.to,
            app.rights.permits_writing(person, [account.name]),
        )
        groups.setdefault(account.organisation or "", []).append(chip)
    for name in now.composed.seen.to:
        if name not in accounts:
            chip = Chip(name, name, "", None, name in now.wanted.to, allowed=True)
            groups.setdefault("", []).append(chip)
    return groups


def own_texts(now: Checked, form: ComposeForm) -> list[OwnText]:
    """The texts for channels and accounts; the first is the common one."""
    accounts = now.composed.composing.accounts
    typed, sources = form.texts, source_texts(now.composed)
    channels = [name for name in SPECS if any(a.channel == name for a in accounts.values())]

    def text(name: str, label: str, concerned: Sequence[str]) -> OwnText:
        return OwnText(name, label, concerned, typed.get(name) or [""], sources.get(name, ()))

    return [
        text("", _("Text"), [*accounts]),
        *(
            text(
                name,
                registry.title(name),
                [a.name for a in accounts.values() if a.channel == name],
            )
            for name in channels
        ),
        *(text(a.name, a.title or a.name, [a.name]) for a in accounts.values()),
    ]


def pictures(app: Application, now: Checked, form: ComposeForm) -> Iterator[PictureField]:
    """The pictures in the order of the form."""
    posts, views = app.settings.posts, Pictures()
    source = now.composed.source
    alts = {entry.file: entry.alt for entry in source.seen.media} if source else {}
    for entry in form.media:
        path = now.unsaved.get(entry.file)
        if path is None:
            named = place_of(entry.file, now.composed.id, posts)
            path = None if media_file.inspect(named, posts) else named.resolve()
        view = None
        if path:
            try:
                view = views.view(MediaItem(path=path, alt=entry.alt), widest())
            except PictureUnusable:
                view = None
        yield PictureField(entry, view, alts.get(entry.file, ""))


def approval_needed(app: Application, accounts: Sequence[str]) -> bool:
    return any(app.settings.approval_rule(name).required for name in accounts)


def organisation_accounts(accounts: Mapping[str, Account], post: Post) -> set[str]:
    return {account.name for account in rendering.recipients(post, accounts)[0]}


__all__ = ["unusual"]
