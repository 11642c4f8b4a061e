"""Content of a delivery: the texts and pictures that go out."""

import hashlib
import html
import re
from typing import Literal

from pydantic import Field

from publisher.base.text import first_words
from publisher.model.values import Frozen

_EDIT = re.compile(r"(?P<post>.+)@[0-9a-f]{12}", re.DOTALL)
UNKNOWN_LANGUAGE = "und"
"""Of captions in a language that nobody named (ISO 639-2)."""


class Captions(Frozen):
    """What is said in a video, with its times."""

    lang: str
    text: str
    """WebVTT."""

    @property
    def cues(self) -> str:
        """The times and words alone, for people."""
        return self.text.removeprefix("WEBVTT").lstrip()

    @property
    def data(self) -> bytes:
        """The file that is sent."""
        return self.text.encode()

    @property
    def subrip(self) -> bytes:
        """The same file as SubRip (.srt), which knows no other characters than those one reads."""
        numbered = [
            f"{number}\n{times.replace('.', ',')}\n{html.unescape(words)}\n"
            for number, cue in enumerate(self.cues.rstrip("\n").split("\n\n"), 1)
            for times, _newline, words in [cue.partition("\n")]
        ]
        return "\n".join(numbered).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


class Picture(Frozen):
    """A picture, GIF, video or document as it is sent: cleaned, and named by its content."""

    digest: str
    """SHA-256 of the bytes that are sent, in hexadecimal."""
    media_type: str
    """`image/jpeg`, `image/png`; `image/gif` if it moves; `video/mp4`; `application/pdf`."""
    width: int
    height: int
    """Of a document, those of its first page, in points."""
    alt: str
    credit: str | None = None
    name: str
    """A file name for pages and downloads."""
    consent: str | None = None
    """The record in posts/consents.yaml that allows it to be shown."""
    denied: tuple[str, ...] = Field(default=(), exclude_if=lambda denied: not denied)
    """The consents that the ledger had for it when its draft said that nobody is in it; not written
    where there are none, like `pages`.
    """
    pages: int | None = Field(default=None, exclude_if=lambda pages: pages is None)
    """Of a document; of what is none it is not written: approvals are valid for the digest."""

    captions: Captions | None = Field(default=None, exclude_if=lambda told: told is None)
    """Of a video, on a channel that takes them; not written where there are none, like `pages`."""

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def is_document(self) -> bool:
        return self.pages is not None

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith("video/")

    @property
    def moves(self) -> bool:
        return self.is_video or self.media_type == "image/gif"


class Part(Frozen):
    """One message: a thread has several, and a post may have a first comment."""

    text: str
    pictures: tuple[Picture, ...] = ()
    # Left out of what is stored where it is not set, so that the digests of all else stay.
    is_comment: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether it is the first comment below the post before it."""


class Correction(Frozen):
    """What a correction corrects, and how: a part of its content, so it is approved with it."""

    corrects: str
    """The post that it corrects; of several corrections, each names the original."""
    way: Literal["edit", "reply"]
    """`edit`: its words replace those of the post. `reply`: it goes out below the post."""
    reason: str
    """Why it is made: for the record, and for the readers of the website."""
    replaces: str = Field(default="", exclude_if=lambda digest: not digest)
    """The digest of what was out, or queued, when it was planned: it may not go out over anything
    else. Not known of what was queued before this was kept; such a correction does not go out.
    """


class Content(Frozen):
    """The exact content that goes out to one account."""

    parts: tuple[Part, ...]
    link: str | None = None
    """The link that is sent separately; a channel that appends links has it in the text already."""
    title: str | None = None
    lang: str | None = None
    content_warning: str | None = Field(default=None, exclude_if=lambda warning: warning is None)
    """Stands before each part, which readers open behind it. Without one, the content has the
    digest that it had before there were any.
    """
    made_with_ai: bool = Field(default=False, exclude_if=lambda told: not told)
    """Whether the platform is to show that its pictures were made with AI. Not written where it is
    not so, like a content warning.
    """
    correction: Correction | None = Field(default=None, exclude_if=lambda told: told is None)
    """Of a post that corrects another one. Not written where it does not, like a content warning.
    """
    answers: str | None = Field(default=None, exclude_if=lambda told: told is None)
    """Of a post that answers a reader: the platform's id of the comment, so that what is approved
    goes below that one alone. Not written where it does not, like a content warning.
    """

    @property
    def corrects(self) -> str | None:
        """The post that it corrects."""
        return self.correction.corrects if self.correction else None

    @property
    def reason(self) -> str | None:
        """Why it corrects that."""
        return self.correction.reason if self.correction else None

    @property
    def edits(self) -> bool:
        """Whether its words replace those of a post that is out."""
        return self.correction is not None and self.correction.way == "edit"

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal; an approval is valid for one digest."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def joined(self) -> str:
        """Its parts as one text, for a channel without threads, without its comment."""
        return "\n\n".join(part.text for part in self.parts if part.text and not part.is_comment)

    @property
    def words(self) -> str:
        """All that a correction may word anew, as one text: title, content warning and parts."""
        return "\n\n".join(filter(None, (self.title, self.content_warning, self.joined)))

    @property
    def comment(self) -> str | None:
        """The first comment below it; None: it has none."""
        return next((part.text for part in self.parts if part.is_comment), None)

    @property
    def first_words(self) -> str:
        """Its title, or its first words, in one line; empty if it has none."""
        return first_words(self.title, (part.text for part in self.parts))

    def title_of(self, document: Picture) -> str:
        """The title that readers see of a document."""
        return self.title or document.alt

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those of all parts, in order."""
        return tuple(picture for part in self.parts for picture in part.pictures)

    @property
    def moves(self) -> bool:
        """Whether it has a GIF or video."""
        return any(picture.moves for picture in self.pictures)

    @property
    def takes_long(self) -> bool:
        """Whether it has a GIF, video or document, which platforms take long to process."""
        return self.moves or any(picture.is_document for picture in self.pictures)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the words and the link, without spacing, to recognise the same text.

        For a post without words, over its pictures.
        """
        if self.correction and self.edits:  # no post of its own: it may say what another one says
            return _hashed([*self._gist, f"edit of {self.correction.corrects}"])
        if self.answers:  # two readers may get the same words
            return _hashed([*self._gist, f"answer to {self.answers}"])
        return _hashed(self._gist)

    @property
    def fingerprint_when_out(self) -> str:
        """That of a post which says this: of an edit, what its post has from then on."""
        return _hashed(self._gist)

    @property
    def _gist(self) -> list[str]:
        words = [" ".join(part.text.split()) for part in self.parts] + [self.link or ""]
        if not any(words):
            words = [picture.digest for picture in self.pictures]
        return words


class Target(Frozen):
    """What a post goes below, or changes, on one account: a reader's comment, or an `Original`."""

    remote_ids: tuple[str, ...]
    """Ids at the platform of its parts, in order."""
    url: str | None


class Original(Target):
    """The post that a correction concerns, as it is out."""

    content: Content
    """What is out: that of the newest edit on record, or its own."""


def _hashed(words: list[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def edit_id(post_id: str, post: str, content: Content) -> str:
    """The id of an edit: that of the post that it changes, and a mark; `post`: the correction.

    Platforms give edits none, and no two deliveries of an account have the same id.
    """
    return f"{post_id}@{edit_mark(post, content)}"


def edit_mark(post: str, content: Content) -> str:
    """The mark of an edit: no other correction has it, though it may say the same."""
    return hashlib.sha256(f"{post}\n{content.digest}".encode()).hexdigest()[:12]


def post_of(remote_id: str) -> str:
    """The id of the post at the platform: of an edit, that of the post that it changed."""
    found = _EDIT.fullmatch(remote_id)
    return found["post"] if found else remote_id
