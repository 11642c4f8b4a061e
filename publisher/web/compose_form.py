"""Compose form: what was typed into the composer, and the values of a draft that it means."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from itertools import zip_longest

from publisher.base.i18n import _
from publisher.drafts.composition import Composition, MediaEntry, one_line
from publisher.drafts.session import LANGUAGE, Session
from publisher.drafts.text_files import invalid_character
from publisher.media.crops import Frame
from publisher.model.draft_keys import BY_NAME, PLAIN_KEYS, DraftKey, KeyKind
from publisher.model.problems import Flaw
from publisher.web.time_fields import TimeFields, from_units, in_units

_PLACE = re.compile(r"[0-9]{1,3}", re.ASCII)
_PIXELS = re.compile(r"[0-9]{1,4}", re.ASCII)
_LINE_END = re.compile(r"\r\n?")
_MOST = 200
"""Parts of texts, and pictures, that a form may have."""

Texts = list[str] | None
_KEYS = tuple(key.name for key in PLAIN_KEYS)
FieldFlaws = dict[str, list[Flaw]]
"""What is wrong with what was typed, by part of the form: `to`, `text`, `media`, `when`, `more`."""


@dataclass(frozen=True, slots=True)
class ComposeForm:
    """The fields of the composer. Lists belong together item by item."""

    key: str = ""
    """Random, of a new post's form; empty for a draft's."""
    seen: str = ""
    """The digest of the draft that the form was made from; empty for a new one."""
    base: str = ""
    """That draft itself, in Base64, for a merge with a newer version."""
    against: str = ""
    """The digest of the newer version that the page showed beside what was typed."""
    clash: Texts = None
    """The places in which that differs; `choice` says what stays in each."""
    choice: Texts = None
    shown: str = ""
    """The digest of the changes that the person has seen."""
    sure: str = ""
    tried: str = ""
    """Whether somebody tried to save or submit it: what is missing counts as an error since."""
    copy_of: str = ""
    """The post of which a new one is a copy."""
    translation_of: str = ""
    """The post of which a new one is a translation."""
    account: Texts = None
    lang: str = ""
    section: Texts = None
    """For each of `text`: the account or channel that it is for; empty for all."""
    text: Texts = None
    plain: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(_KEYS, ""))
    """What was typed for each key of a draft that has one line; a field has the key's name."""
    when: str = ""
    at: str = ""
    number: str = ""
    unit: str = "m"
    side: str = "before-start"
    written: str = ""
    embargo: str = ""
    embargo_at: str = ""
    embargo_number: str = ""
    embargo_unit: str = "m"
    embargo_side: str = "before-start"
    embargo_written: str = ""
    expires: str = ""
    expires_unit: str = "h"
    file: Texts = None
    """What the draft calls its pictures, or the names of unsaved ones."""
    alt: Texts = None
    credit: Texts = None
    consent: Texts = None
    people: Texts = None
    """The places of those in `file` that show people, from 0."""
    original: Texts = None
    """For each of `file` that is an unsaved crop: the whole picture, as `file` would name it."""
    frame_left: str = ""
    """The frame of the picture that is being cropped, in pixels."""
    frame_top: str = ""
    frame_width: str = ""
    frame_height: str = ""
    find: str = ""
    """Words that are searched for in the media library."""

    @classmethod
    def of(cls, composition: Composition) -> "ComposeForm":
        """The form of a draft with these values."""
        texts = [
            (name, part)
            for name, parts in {"": ("",), **composition.texts}.items()
            for part in parts
        ]
        when, embargo = TimeFields.of(composition.when), TimeFields.of(composition.embargo)
        expires, expires_unit = in_units(composition.expires or timedelta(), "h")
        empty = cls(
            account=[*composition.to],
            lang=composition.lang,
            section=[name for name, _part in texts],
            text=[part for _name, part in texts],
            plain={name: composition.plain.get(name, "") for name in _KEYS},
            expires=expires,
            expires_unit=expires_unit,
        )
        return empty.with_times(when, embargo).with_media(composition.media)

    @classmethod
    def kept(cls, lists: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
        """What was typed, of all values of a form's fields; nothing if no word was."""
        found = {
            name: [value for value in lists.get(name, ()) if isinstance(value, str)]
            for name in FORM_FIELDS
            if name != "base"  # it has the size of a draft; without it, more is asked
        }
        return {name: values for name, values in found.items() if any(values)}

    @classmethod
    def of_lists(cls, lists: Mapping[str, Sequence[str]]) -> "ComposeForm":
        """The form with these values of its fields; an empty one has what is usual."""
        last = {name: values[-1] for name, values in lists.items() if values}
        own = {
            name: [*lists[name]] if name in _LISTS else last[name]
            for name in _OWN
            if name in last and (name in _LISTS or last[name])
        }
        plain = {name: last.get(name, "") for name in _KEYS}
        return cls(**own, plain=plain)  # type: ignore[arg-type]

    def with_plain(self, **values: str) -> "ComposeForm":
        """The form with other values of keys."""
        return replace(self, plain={**self.plain, **values})

    def with_times(self, when: TimeFields, embargo: TimeFields) -> "ComposeForm":
        return replace(
            self,
            when=when.kind, at=when.at, number=when.number, unit=when.unit, side=when.side,
            written=when.written,
            embargo=embargo.kind, embargo_at=embargo.at, embargo_number=embargo.number,
            embargo_unit=embargo.unit, embargo_side=embargo.side, embargo_written=embargo.written,
        )  # fmt: skip

    def with_media(self, media: Sequence[MediaEntry]) -> "ComposeForm":
        return replace(
            self,
            file=[entry.file for entry in media],
            alt=[entry.alt for entry in media],
            credit=[entry.credit for entry in media],
            consent=[entry.consent for entry in media],
            people=[str(place) for place, entry in enumerate(media) if entry.people],
            original=[self.originals.get(entry.file, "") for entry in media],
        )

    def with_file(self, place: int, file: str, original: str = "") -> "ComposeForm":
        """The form in which a picture is another file, said to be the same: a crop or the whole."""
        media = self.media
        media[place] = media[place].model_copy(update={"file": file})
        known = {**self.originals, file: original}
        changed = self.with_media(media)
        return replace(changed, original=[known.get(entry.file, "") for entry in media])

    @property
    def originals(self) -> dict[str, str]:
        """The whole pictures of unsaved crops, by the crops' names in the form."""
        pairs = zip(self.file or (), self.original or (), strict=False)
        return {file.strip(): original.strip() for file, original in pairs if original.strip()}

    @property
    def frame(self) -> Frame | None:
        """The frame that was typed, if it is one."""
        typed = (self.frame_left, self.frame_top, self.frame_width, self.frame_height)
        if not all(_PIXELS.fullmatch(value.strip()) for value in typed):
            return None
        return Frame(*map(int, typed))

    def with_frame(self, frame: Frame | None) -> "ComposeForm":
        left, top, width, height = map(str, frame) if frame else ("", "", "", "")
        return replace(self, frame_left=left, frame_top=top, frame_width=width, frame_height=height)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of a new post's form with all that was typed; else empty.

        Two are the same if a form was sent twice.
        """
        typed = asdict(replace(self, seen="", shown="", sure="", tried=""))
        return hashlib.sha256(json.dumps(typed).encode()).hexdigest() if self.key else ""

    @property
    def says_more(self) -> bool:
        """Whether something is said below the part that everybody fills in; an author always is."""
        more = {key.name for key in PLAIN_KEYS if key.part == "more" and key.label} - {"author"}
        return bool(self.embargo or self.expires or any(self.plain[name] for name in more))

    @property
    def time(self) -> TimeFields:
        return TimeFields(self.when, self.at, self.number, self.unit, self.side, self.written)

    @property
    def embargo_time(self) -> TimeFields:
        return TimeFields(
            self.embargo, self.embargo_at, self.embargo_number, self.embargo_unit,
            self.embargo_side, self.embargo_written,
        )  # fmt: skip

    @property
    def texts(self) -> dict[str, list[str]]:
        """The parts as they were typed, by section; the common text first."""
        found: dict[str, list[str]] = {"": []}
        for name, part in zip((self.section or ())[:_MOST], self.text or (), strict=False):
            found.setdefault(name, []).append(_LINE_END.sub("\n", part))
        return {**found, "": found[""] or [""]}

    @property
    def media(self) -> list[MediaEntry]:
        lists = (self.file, self.alt, self.credit, self.consent)
        rows = zip_longest(*(found or () for found in lists), fillvalue="")
        return [
            MediaEntry(
                file=file.strip(),
                alt=one_line(alt),
                credit=one_line(credit),
                consent=one_line(consent),
                people=str(place) in (self.people or ()),
            )
            for place, (file, alt, credit, consent) in enumerate(rows)
            if file.strip()
        ][:_MOST]

    def stepped(self, do: str) -> "ComposeForm":
        """The form after one of its buttons: a part of a text more or less, or a picture moved."""
        step, _colon, rest = do.partition(":")
        if step == "part":
            return self._with_texts({**self.texts, rest: [*self.texts.get(rest, [""]), ""]})
        name, _colon, number = rest.rpartition(":")
        if not _PLACE.fullmatch(number):
            return self
        place, media = int(number), self.media
        if step == "unpart":
            parts = [part for n, part in enumerate(self.texts.get(name, [])) if n != place]
            return self._with_texts({**self.texts, name: parts})
        if step == "drop":
            return self.with_media([one for n, one in enumerate(media) if n != place])
        if step == "up" and 0 < place < len(media):
            media[place - 1 : place + 1] = reversed(media[place - 1 : place + 1])
            return self.with_media(media)
        return self

    def _with_texts(self, texts: Mapping[str, Sequence[str]]) -> "ComposeForm":
        pairs = [(name, part) for name, parts in texts.items() for part in parts]
        return replace(
            self, section=[name for name, _part in pairs], text=[part for _name, part in pairs]
        )

    def with_uploads(self, names: Sequence[str]) -> "ComposeForm":
        """The form with more pictures, by the names under which they are kept."""
        return self.with_media([*self.media, *(MediaEntry(file=name) for name in names)])

    def composition(
        self, session: Session, known: Collection[str], seen: Composition
    ) -> tuple[Composition, FieldFlaws]:
        """The values that were typed, and what no draft may have of them.

        `known` are the names of the accounts, `seen` what the draft says now.
        """
        flaws: FieldFlaws = {}
        when, embargo = self.time.read(session), self.embargo_time.read(session)
        expires = from_units(self.expires, self.expires_unit)
        for place, read in (("when", when), ("more", embargo), ("more", expires)):
            if isinstance(read, Flaw):
                flaws.setdefault(place, []).append(read)
        texts = {
            name: tuple(parts) for name, parts in self.texts.items() if any(map(str.strip, parts))
        }
        names = {*known, *(name for name in seen.to if name not in known)}
        wanted = Composition(
            to=tuple(dict.fromkeys(name for name in self.account or () if name in names)),
            when=seen.when if isinstance(when, Flaw) else when,
            embargo=seen.embargo if isinstance(embargo, Flaw) else embargo,
            expires=seen.expires if isinstance(expires, Flaw) else expires or None,
            lang=self.lang.strip(),
            plain={
                key.name: value
                for key in PLAIN_KEYS
                # What the form does not show, it does not take away.
                if (value := _value(key, self.plain[key.name])) or key.label
            },
            texts=texts,
            media=tuple(self.media),
        )
        if wanted.lang and not LANGUAGE.fullmatch(wanted.lang):
            flaws.setdefault(BY_NAME["lang"].part, []).append(
                Flaw("bad-language", _("“{code}” is not a language code.", code=wanted.lang))
            )
        for place, value in _typed(wanted):
            if place not in flaws and (flaw := invalid_character(value)):
                flaws[place] = [flaw]
        return wanted, flaws


def _value(key: DraftKey, typed: str) -> str:
    """What was typed for a key, as a draft says it; nothing for a choice that there is not."""
    value = one_line(typed)
    if key.kind is KeyKind.FLAG:
        return "true" if value else ""
    return "" if key.kind is KeyKind.CHOICE and value not in key.choices else value


def _typed(wanted: Composition) -> Iterator[tuple[str, str]]:
    """What was typed freely, each with its part of the form."""
    yield from (("text", part) for parts in wanted.texts.values() for part in parts)
    yield from (("media", value) for entry in wanted.media for value in entry.entry.values())
    yield BY_NAME["lang"].part, wanted.lang
    yield from ((BY_NAME[name].part, value) for name, value in wanted.plain.items())


_OWN = tuple(one.name for one in fields(ComposeForm) if one.name != "plain")
_LISTS = frozenset(one.name for one in fields(ComposeForm) if one.default is None)
FORM_FIELDS = (*_OWN, *_KEYS)
"""The names of all fields that a form may send; no key is called as another field is."""
