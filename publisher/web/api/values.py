"""Values of a draft, as programs read and write them: those of the composer's form."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    create_model,
)

from publisher.base.clock import duration_text, parse_duration
from publisher.base.errors import UsageError
from publisher.drafts import when
from publisher.drafts.composition import Composition, MediaEntry, one_line
from publisher.drafts.session import Session
from publisher.model.draft_keys import PLAIN_KEYS, DraftKey, KeyKind

_LONGEST_TEXT = 100_000
_MOST = 200
"""Items of a list, as in a form."""

Timestamp = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2016-03-07T08:00:00Z"]}),
]
"""An instant in UTC."""
Line = Annotated[str, StringConstraints(max_length=2_000)]
Text = Annotated[str, StringConstraints(max_length=_LONGEST_TEXT)]


class Sent(BaseModel):
    """What a program sends; a name that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class DraftMedia(Sent):
    """A picture, GIF, video or document of a draft."""

    file: Line = Field(description="What `upload_media` answered, or as the draft names it.")
    alt: Line = Field(default="", description="The alternative text, for those who cannot see it.")
    credit: Line = ""
    people: bool = Field(default=False, description="Whether it shows people.")
    consent: Line = Field(default="", description="The consent of those whom it shows.")


def _of_key(key: DraftKey) -> Any:
    """The field of a draft's key that has one line."""
    if key.kind is KeyKind.FLAG:
        return bool, Field(default=False, description=key.about)
    kind = Literal[tuple(key.choices)] if key.kind is KeyKind.CHOICE else Line
    return kind, Field(default="", description=key.about)


_KEYS = [key for key in PLAIN_KEYS if not key.only_people]
_PlainValues: Any = create_model(
    "_PlainValues", __base__=Sent, **{key.name: _of_key(key) for key in _KEYS}
)


class DraftValues(_PlainValues, Sent):
    """What a draft says. Of a change, what is left out stays as it is."""

    to: Annotated[list[Line], Field(max_length=_MOST)] = Field(
        default=[], description="Names of accounts; see `list_accounts`."
    )
    at: Line = Field(
        default="",
        description="When it goes out, as in a draft: `2016-03-07 08:30` by the session's clocks, "
        "or `ITEM - 30m` of the agenda. Empty: not yet known.",
    )
    embargo: Line = Field(default="", description="Never before that time; written as `at`.")
    expires: Line = Field(default="", description="After its time, it is dropped: `2h`, `1d`.")
    lang: Line = Field(default="", description="The code of its language.")
    texts: Annotated[dict[Line, Annotated[list[Text], Field(max_length=_MOST)]], Field(max_length=_MOST)] = Field(
        default={},
        description="Its text: the parts of a thread, under an empty key; texts of their own under "
        "the name of a channel or an account.",
        examples=[{"": ["We are in Geneva."], "bice-x": ["In Geneva!"]}],
    )  # fmt: skip
    media: Annotated[list[DraftMedia], Field(max_length=_MOST)] = []

    @classmethod
    def of(cls, seen: Composition, session: Session) -> "DraftValues":
        """The values that a draft has."""
        written = [when.written(one, session) for one in (seen.when, seen.embargo)]
        at, embargo = (text if isinstance(text, str) else "" for text in written)
        return cls(
            to=list(seen.to),
            at=at,
            embargo=embargo,
            expires=duration_text(seen.expires) if seen.expires else "",
            lang=seen.lang,
            **{key.name: _sent(key, seen.plain.get(key.name, "")) for key in _KEYS},
            texts={name: list(parts) for name, parts in seen.texts.items()},
            media=[DraftMedia(**entry.model_dump()) for entry in seen.media],
        )

    def applied(self, seen: Composition, session: Session) -> Composition:
        """A draft's values, with those that were sent. Raises UsageError for a bad duration."""
        sent = self.model_fields_set
        plain = {key.name: _said(key, getattr(self, key.name)) for key in _KEYS if key.name in sent}
        changed: dict[str, object] = {"plain": {**seen.plain, **plain}}
        if "lang" in sent:
            changed["lang"] = one_line(self.lang)
        for name, key in (("at", "when"), ("embargo", "embargo")):
            if name in sent:
                changed[key] = when.read(getattr(self, name), session)
        if "to" in sent:
            changed["to"] = tuple(self.to)
        if "expires" in sent:
            changed["expires"] = _duration(self.expires)
        if "texts" in sent:
            changed["texts"] = {name: tuple(parts) for name, parts in self.texts.items()}
        if "media" in sent:
            changed["media"] = tuple(MediaEntry(**one.model_dump()) for one in self.media)
        return seen.model_copy(update=changed)


def _sent(key: DraftKey, value: str) -> str | bool:
    return bool(value) if key.kind is KeyKind.FLAG else value


def _said(key: DraftKey, value: Any) -> str:
    """A value as a draft says it."""
    if key.kind is KeyKind.FLAG:
        return "true" if value else ""
    return one_line(value)


def _duration(text: str) -> timedelta | None:
    if not text.strip():
        return None
    try:
        return parse_duration(text.strip())
    except ValueError as error:
        raise UsageError(str(error)) from None
