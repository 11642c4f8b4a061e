"""Composition: a draft as the values of a form, and the draft with other values.

What a form does not change stays byte for byte as it is in the file, with comments and order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from publisher.base.clock import duration_text
from publisher.base.errors import NotPossible, UsageError
from publisher.channels.registry import SPECS
from publisher.drafts import body_patch, new_draft, rendering, when
from publisher.drafts.editing import Manuscript
from publisher.drafts.session import Session
from publisher.drafts.when import When
from publisher.model.accounts import Account
from publisher.model.draft_keys import DRAFT_KEYS, PLAIN_KEYS, YES, DraftKey, KeyKind
from publisher.model.posts import Post
from publisher.model.problems import Flaw
from publisher.model.values import Frozen

_SINGLE = ("at", "lang", "expires", "embargo", *(key.name for key in PLAIN_KEYS))
"""The keys whose value is one line of text."""

_FIELDS = {"at": "when", "embargo": "embargo", "expires": "expires", "lang": "lang"}
"""The keys that have a field of `Composition`, and a form of their own."""
_Value = When | timedelta | str | None


class MediaEntry(Frozen):
    """A picture, GIF or video as a draft names it."""

    file: str
    """As the draft has it: relative to the draft or, with a leading slash, to posts/."""
    alt: str = ""
    credit: str = ""
    people: bool = False
    consent: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, str]) -> "MediaEntry":
        return cls(
            file=entry.get("file", "").strip(),
            alt=one_line(entry.get("alt")),
            credit=one_line(entry.get("credit")),
            people=entry.get("people", "").strip().lower() in YES,
            consent=one_line(entry.get("consent")),
        )

    @property
    def entry(self) -> dict[str, str]:
        """As a draft has it, without what is empty."""
        said = {"alt": self.alt, "credit": self.credit, "people": _flag(self.people)}
        entry = {"file": self.file, **said, "consent": self.consent}
        return {key: value for key, value in entry.items() if value}


class Composition(Frozen):
    """What a form says of a draft. An empty value: the draft does not say it."""

    to: tuple[str, ...] = ()
    """The accounts that get it, and words of the draft that name none."""
    when: When = When()
    embargo: When = When()
    expires: timedelta | None = None
    """None: the session's default."""
    lang: str = ""
    plain: dict[str, str] = Field(default_factory=dict)
    """The values of one line by key, a flag as `true`; a key that is left out is as the draft has
    it.
    """
    texts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The parts of the texts, by channel or account; `""` is the common text."""
    media: tuple[MediaEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Composing:
    """What a draft's values depend on."""

    session: Session
    accounts: Mapping[str, Account]

    @property
    def names(self) -> list[str]:
        """The channels and accounts that may have texts of their own."""
        return [*SPECS, *self.accounts]

    def read(self, draft: Manuscript, post: Post) -> Composition:
        """The values of a draft that was parsed as `post`."""
        expires = post.expires_after if draft.value("expires") else None
        return Composition(
            to=self.recipients(post),
            when=when.read(draft.value("at"), self.session),
            embargo=when.read(draft.value("embargo"), self.session),
            expires=expires,
            lang=post.lang or "",
            plain={key.name: _plain(key, draft, post) for key in PLAIN_KEYS},
            texts=body_patch.texts(draft.body, self.names),
            media=() if "media" in unusual(draft) else tuple(map(MediaEntry.of, draft.media)),
        )

    def recipients(self, post: Post) -> tuple[str, ...]:
        """The accounts that get a post, and its words for recipients that name none."""
        accounts = [account.name for account in rendering.recipients(post, self.accounts)[0]]
        known = {*self.names, "all"}
        return (*accounts, *(word for word in post.to if word not in known))

    def applied(self, draft: Manuscript, post: Post, wanted: Composition) -> Manuscript:
        """The draft, parsed as `post`, with other values.

        Raises UsageError for a value that no draft may have, and NotPossible for a file that is
        written in a way that only a person can change.
        """
        seen = self.read(draft, post)
        post = post.model_copy(update={"lang": wanted.lang or None})
        revised = draft
        for name in DRAFT_KEYS:
            if name in wanted.plain:
                revised = _said(revised, name, wanted.plain[name], seen.plain.get(name, ""))
            elif name == "to":
                if {*wanted.to} != {*self.recipients(post)} or draft.data == new_draft.EMPTY:
                    revised = revised.with_words("to", wanted.to)
            elif name == "media":
                revised = _illustrated(revised, wanted.media, seen.media)
            elif name in _FIELDS:
                field = _FIELDS[name]
                revised = self._written(revised, name, getattr(wanted, field), getattr(seen, field))
        if wanted.texts != seen.texts:
            revised = revised.with_body(body_patch.patched(draft.body, self.names, wanted.texts))
        return revised

    def _written(self, draft: Manuscript, key: str, wanted: _Value, seen: _Value) -> Manuscript:
        """The draft with another time, duration or language."""
        if wanted == seen:
            return draft
        if isinstance(wanted, When):
            value = when.written(wanted, self.session, draft.value(key))
            if isinstance(value, Flaw):
                raise UsageError(value.message, hint=value.hint)
            return _said(draft, key, value)
        return _said(
            draft, key, wanted if isinstance(wanted, str) else duration_text(wanted or timedelta())
        )


def _plain(key: DraftKey, draft: Manuscript, post: Post) -> str:
    """The value of a key that has one line; of a flag or a choice what it means."""
    meant = getattr(post, key.name)
    if key.kind is KeyKind.FLAG:
        return _flag(meant)
    if key.kind is KeyKind.CHOICE:
        return meant or ""
    return one_line(draft.value(key.name) or meant)


def unusual(draft: Manuscript) -> list[str]:
    """The keys with a value that no form can show, as a person may write them in a file."""
    front = draft.front
    found = [key for key in _SINGLE if not isinstance(front.get(key, ""), str)]
    to = front.get("to", "")
    if not isinstance(to, str) and not (isinstance(to, list) and all(map(_is_text, to))):
        found.append("to")
    try:
        draft.media  # noqa: B018
    except NotPossible:
        found.append("media")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the value that is written
    return "true" if value else ""


def _said(draft: Manuscript, key: str, wanted: str, seen: str | None = None) -> Manuscript:
    if wanted == seen:
        return draft
    return draft.with_value(key, wanted) if wanted else draft.without(key)


def _illustrated(
    draft: Manuscript, wanted: Sequence[MediaEntry], seen: Sequence[MediaEntry]
) -> Manuscript:
    """The draft with these pictures, in this order; an entry that stays keeps its comments."""
    if wanted == seen:
        return draft
    places = _places(draft, wanted)
    for number in reversed(range(len(draft.media))):
        if number not in places:
            draft = draft.without_picture(number)
    for entry, place in zip(wanted, places, strict=True):
        if place is None:
            draft = draft.with_picture(entry.entry)
    # Those that stay are in their old order now, and the new ones are behind them.
    stay = sorted(place for place in places if place is not None)
    new = iter(range(len(stay), len(wanted)))
    order = [next(new) if place is None else stay.index(place) for place in places]
    if order != sorted(order):
        draft = draft.with_pictures_in_order(order)
    for number, entry in enumerate(wanted):
        old = draft.media[number]
        if MediaEntry.of(old) != entry:
            draft = draft.with_picture_as(number, _revised(old, entry))
    return draft


def _places(draft: Manuscript, wanted: Sequence[MediaEntry]) -> list[int | None]:
    """Where each of the pictures is in the draft now; None: it is new."""
    free = dict(enumerate(MediaEntry.of(entry).file for entry in draft.media))
    places = []
    for entry in wanted:
        place = next((number for number, file in free.items() if file == entry.file), None)
        free.pop(-1 if place is None else place, None)
        places.append(place)
    return places


def _revised(old: Mapping[str, str], wanted: MediaEntry) -> dict[str, str]:
    """The entry with the new values. A value that means the same keeps its spelling."""
    new, present = wanted.entry, MediaEntry.of(old).entry
    kept = {
        key: value
        for key, value in old.items()
        if key not in MediaEntry.model_fields or new.get(key) == present.get(key)
    }
    return {**new, **kept}


def one_line(value: str | None) -> str:
    """A value that is one line in a form: spaces and line ends in it are one space."""
    return " ".join((value or "").split())
