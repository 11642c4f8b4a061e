"""Timeline of an account on Mastodon: its own statuses, and the search for a part among them.

A server returns HTML, so texts are compared in two steps: by the words of the HTML, and where those
differ, by the status's source, which is the text as it was written (GET /statuses/:id/source).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import address, credible, identifier, mapping, parsed
from publisher.channels.timelines import LOOK_BACK, SKEW, words
from publisher.model.content import Content
from publisher.model.outcomes import Absent, Accepted, Limit, Unknown
from publisher.platforms.mastodon import status_html
from publisher.platforms.mastodon.answers import media_id

_ELSEWHERE = re.compile(r"(?<![=/\w])(@\w+(?:[.-]\w+)*)@[\w.-]+\w")


class StatusMatch(IntEnum):
    """How similar a status is to a part."""

    NONE = 0
    WORDS = 1
    """The same words, but perhaps another link, or a mention of another server."""
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Status:
    """One status of a timeline."""

    id: str
    content: str
    """As HTML."""
    content_warning: str
    created_at: datetime
    parent: str | None
    """The status that it replies to."""
    media: tuple[str, ...]
    """The ids of what it shows; on some servers not those of the uploads."""
    url: str | None

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class ExpectedStatus:
    """What the status of a part shows."""

    words: list[str]
    content_warning: list[str]
    pictures: int
    media_ids: frozenset[str]
    """Of the part's uploads. A status that shows exactly those is the part."""

    @classmethod
    def of(cls, content: Content, number: int, media_ids: Mapping[str, str]) -> "ExpectedStatus":
        """What the part with this number, from 0, is to show; `media_ids`: uploads by digest."""
        part = content.parts[number]
        ids = (media_ids.get(picture.digest) for picture in part.pictures)
        return cls(
            words(part.text),
            words(content.content_warning or ""),
            len(part.pictures),
            frozenset(one for one in ids if one),
        )

    def has_as_many_pictures(self, status: Status) -> bool:
        return self.pictures == len(status.media)

    def is_source(self, status: Status, source: Mapping[str, Any]) -> bool:
        """Whether the status was written with the part's text, and has as many pictures."""
        warning = source.get("spoiler_text") or ""
        return (
            self.words == words(_text(source["text"]))
            and self.content_warning == words(_text(warning))
            and self.has_as_many_pictures(status)
        )


@dataclass(frozen=True, slots=True)
class StatusPage:
    """One page of a timeline, the newest status first."""

    statuses: tuple[Status, ...]
    oldest: str | None
    """The id with which the next page begins; None: this one is empty."""
    oldest_at: datetime | None = None
    total: int = 0
    """How many statuses the answer had, those of others included."""
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The statuses of a timeline that may be a part, the earliest first."""

    whole: list[Status] = field(default_factory=list)
    recent: list[tuple[Status, StatusMatch]] = field(default_factory=list)
    """Since the intent, with other HTML than the part's: the source tells."""
    older: list[Status] = field(default_factory=list)
    """The same, from before the intent."""

    def __bool__(self) -> bool:
        return bool(self.whole or self.recent or self.older)


def parse(body: str) -> StatusPage | None:
    """The page in an answer; None when it is not one."""
    content = parsed(body)
    if not isinstance(content, list):
        return None
    try:
        everything = [_status(item) for item in content]
    except (ValueError, TypeError, KeyError):
        return None
    own = [one for one, item in zip(everything, content, strict=True) if not item.get("reblog")]
    last = everything[-1] if everything else None
    return StatusPage(
        tuple(own), last.id if last else None, last.created_at if last else None, len(everything)
    )


def candidates(
    wanted: ExpectedStatus,
    statuses: Sequence[Status],
    sent: Sequence[str],
    since: datetime,
) -> Candidates:
    """Sort the statuses that reply to the last of `sent`, and are none of them."""
    found, parent = Candidates(), sent[-1] if sent else None
    for status in sorted(statuses, key=lambda one: (one.created_at, len(one.id), one.id)):
        if status.id in sent or status.parent != parent or status.created_at < since - LOOK_BACK:
            continue
        match = _match(wanted, status)
        if status.created_at < since - SKEW:
            if match is StatusMatch.WHOLE:
                found.older.append(status)
        elif match is StatusMatch.WHOLE:
            found.whole.append(status)
        else:
            found.recent.append((status, match))
    return found


def found(status: Status) -> Accepted:
    return Accepted(status.id, url=status.url, made_at=status.created_at)


def judged(
    whole: Sequence[Status], perhaps: Sequence[Status], older: Sequence[Status], *, is_proof: bool
) -> Accepted | Absent | Unknown:
    """The sighting. Of several matches, the earliest: the others are duplicates, and stay.

    `is_proof`: whether every recent status that may be the part was read.
    """
    if whole:
        return found(whole[0])
    if perhaps:
        return Unknown(
            _(
                "The post {id} on Mastodon has the same words, but Publisher cannot tell whether "
                "it is this one: its links or mentions may differ. Look at the account, then "
                "record what you saw with `publisher resolve` or `publisher retry`.",
                id=perhaps[0].id,
            )
        )
    if older:
        return Unknown(
            _(
                "The post {id} on Mastodon has the same words, but by its date it was there "
                "before. Either someone else posted them, or this machine's clock was wrong. "
                "Look at the account, then record what you saw with `publisher resolve` or "
                "`publisher retry`.",
                id=older[-1].id,
            )
        )
    return Absent(is_proof=is_proof)


def _match(wanted: ExpectedStatus, status: Status) -> StatusMatch:
    if wanted.media_ids and wanted.media_ids == set(status.media):
        return StatusMatch.WHOLE  # an upload belongs to one status alone
    is_warned = wanted.content_warning == words(status.content_warning)
    if not is_warned or not wanted.has_as_many_pictures(status):
        return StatusMatch.NONE
    ours = wanted.words
    shown, led = map(words, status_html.texts(status.content))
    if not ours:  # pictures alone look alike, whatever they show
        return StatusMatch.NONE if shown else StatusMatch.WORDS
    if ours in (shown, led):
        return StatusMatch.WHOLE
    return (
        StatusMatch.WORDS if _nearby(ours) in (_nearby(shown), _nearby(led)) else StatusMatch.NONE
    )


def _nearby(text: list[str]) -> list[str]:
    """The words without the servers of mentions, which the HTML leaves out."""
    return [_ELSEWHERE.sub(r"\1", word) for word in text]


def _status(item: Any) -> Status:
    """A status from its JSON; else ValueError, TypeError or KeyError."""
    status_id = identifier(item["id"])
    told = datetime.fromisoformat(_text(item["created_at"]))
    created_at = credible(told) if told.tzinfo else None
    if not status_id or created_at is None:
        raise ValueError("no status")
    parent = item.get("in_reply_to_id")
    return Status(
        id=status_id,
        content=_text(item["content"]),
        content_warning=_text(item.get("spoiler_text") or ""),
        created_at=created_at,
        parent=None if parent is None else identifier(parent),
        media=tuple(media_id(mapping(one)) for one in item.get("media_attachments") or []),
        url=address(item.get("url")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
