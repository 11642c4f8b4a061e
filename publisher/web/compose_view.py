"""Compose view: what the composer shows of a draft."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from publisher.app import Application
from publisher.base.errors import PictureUnusable
from publisher.base.i18n import _
from publisher.channels import registry
from publisher.channels.registry import SPECS, capabilities_of, widest
from publisher.drafts import consents as consent_file
from publisher.drafts.composition import MediaEntry
from publisher.drafts.new_draft import TEMPLATES
from publisher.drafts.picture_consents import place_of
from publisher.drafts.session import Session
from publisher.drafts.text_limits import TextSize
from publisher.ledger.manager.rights import Person
from publisher.media import crops, media_file
from publisher.model.draft_keys import KEYS
from publisher.model.posts import MediaItem
from publisher.model.problems import Findings
from publisher.preview.draft_view import DraftPreview
from publisher.preview.mockups import ShownImage
from publisher.web import draft_view
from publisher.web.compose_check import Checked
from publisher.web.compose_form import ComposeForm
from publisher.web.composed_draft import source_texts

_FEW = 6
"""Accounts that are all shown at once."""
_ROOMY, _ROOMY_PERCENT = 1000, 80
"""Characters of a limit, and the share of it up to which a text simply fits."""


@dataclass(frozen=True, slots=True)
class AccountChip:
    """An account that can be chosen."""

    name: str
    channel: str
    """Empty for a name that is no account."""
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

    @property
    def is_open(self) -> bool:
        """Whether there is something to see in it."""
        return any(map(str.strip, self.parts)) or len(self.parts) > 1 or bool(self.source)

    @property
    def is_channel(self) -> bool:
        return self.name in SPECS


@dataclass(frozen=True, slots=True)
class PictureField:
    """A picture in the form."""

    entry: MediaEntry
    view: ShownImage | None
    """None: it cannot be shown."""
    source_alt: str
    """What is translated."""
    is_still: bool
    """Whether it is a picture that does not move: only that can be cropped."""
    is_crop: bool


def preview(app: Application, now: Checked) -> DraftPreview | None:
    """How the draft would look on its accounts; None if it cannot be read."""
    if now.library is None:
        return None
    return draft_view.view(app, now.library, now.found, now.composed.id)


@dataclass(frozen=True, slots=True)
class AccountLengths:
    """How long the text is on an account."""

    account: str
    channel: str
    parts: Sequence[TextSize]
    """Of a thread, one for each message."""

    @property
    def is_roomy(self) -> bool:
        """Whether its length is nothing to think of."""
        return all(p.limit > _ROOMY and p.percent < _ROOMY_PERCENT for p in self.parts)


def counts(view: DraftPreview | None) -> list[AccountLengths]:
    return [
        AccountLengths(to.account.name, to.account.channel, to.lengths)
        for to in (view.recipients if view else ())
    ]


def chips(app: Application, person: Person, now: Checked) -> dict[str, list[AccountChip]]:
    """The accounts by organisation, and the draft's words that name none."""
    groups: dict[str, list[AccountChip]] = {}
    accounts = now.composed.composing.accounts
    for account in accounts.values():
        chip = AccountChip(
            account.name,
            account.channel,
            account.language,
            account.name in now.wanted.to,
            app.rights.permits_writing(person, [account.name]),
        )
        groups.setdefault(account.organisation or "", []).append(chip)
    for name in now.composed.seen.to:
        if name not in accounts:
            chip = AccountChip(name, "", None, name in now.wanted.to, allowed=True)
            groups.setdefault("", []).append(chip)
    return groups


def near(groups: Mapping[str, Sequence[AccountChip]]) -> set[str]:
    """The organisations that are shown at once: of many accounts, those with a chosen one."""
    chosen = {name for name, chips in groups.items() if any(chip.chosen for chip in chips)}
    are_few = sum(map(len, groups.values())) <= _FEW
    return {*groups} if are_few or not chosen else chosen


def own_texts(now: Checked, form: ComposeForm, names: Callable[[str], str]) -> list[OwnText]:
    """The texts for channels and accounts; the first is the common one.

    `names` gives the name of an account for readers.
    """
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
        *(
            text(a.name, f"{registry.title(a.channel)} · {names(a.name)}", [a.name])
            for a in accounts.values()
        ),
    ]


def takers(now: Checked) -> dict[str, list[str]]:
    """The accounts whose channel has an option that not every channel has, by the key for it."""
    can = {
        name: capabilities_of(account) for name, account in now.composed.composing.accounts.items()
    }
    return {
        key.name: [name for name, one in can.items() if getattr(one, key.capability)]
        for key in KEYS
        if key.capability
    }


def pictures(app: Application, now: Checked, form: ComposeForm) -> Iterator[PictureField]:
    """The pictures in the order of the form."""
    posts, source = app.settings.posts, now.composed.source
    alts = {entry.file: entry.alt for entry in source.seen.media} if source else {}
    items = {}
    for entry in form.media:
        path = now.unsaved.get(entry.file)
        if path is None:
            named = place_of(entry.file, now.composed.id, posts)
            path = None if media_file.inspect(named, posts) else named.resolve()
        if path:
            items[entry.file] = MediaItem(path=path, alt=entry.alt)
    views = draft_view.pictures(items.values())
    for entry in form.media:
        view, is_still, item = None, False, items.get(entry.file)
        if item:
            with suppress(PictureUnusable):
                view = views.view(item, widest())
                is_still = views.clean(item, widest()).media_type in media_file.MEDIA_TYPES
        is_crop = item is not None and crops.read(item.path.name) is not None
        yield PictureField(entry, view, alts.get(entry.file, ""), is_still, is_crop)


@dataclass(frozen=True, slots=True)
class AgendaChoice:
    """An item of the agenda that a post can hang on."""

    name: str
    title: str
    starts_at: datetime
    cancelled: bool


def agenda(session: Session) -> list[AgendaChoice]:
    """The items in the order of their times."""
    items = sorted(session.agenda.values(), key=lambda item: (item.starts_at, item.name))
    return [
        AgendaChoice(item.name, item.title or item.name, item.starts_at, item.cancelled)
        for item in items
    ]


def languages(app: Application, chosen: str) -> list[str]:
    """The languages in which a post can be written."""
    spoken = {account.language for account in app.settings.public_accounts().values()}
    return sorted(filter(None, {*spoken, app.settings.language, chosen}))


def templates(app: Application) -> list[str]:
    """The ids of the drafts that new ones can begin with."""
    return [file.id for file in draft_view.files(app) if file.id.startswith(TEMPLATES)]


def consents(app: Application, now: Checked) -> list[str]:
    """The ids of the consents on record."""
    if now.library:
        return sorted(now.library.consents)
    return sorted(consent_file.load(app.settings.posts, Findings(consent_file.FILE)))
