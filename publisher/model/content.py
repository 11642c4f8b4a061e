"""Content of a delivery: the texts and pictures that go out."""

import hashlib
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from publisher.base.text import first_words
from publisher.model.values import Frozen


class Picture(Frozen):
    """A picture, animated GIF or video as it is sent: cleaned, and named by its content."""

    digest: str
    """SHA-256 of the bytes that are sent, in hexadecimal."""
    media_type: str
    """`image/jpeg`, `image/png`; `image/gif` if it moves; `video/mp4`."""
    width: int
    height: int
    alt: str
    credit: str | None = None
    name: str
    """A file name for pages and downloads."""
    consent: str | None = None
    """The record in posts/consents.yaml that allows it to be shown."""

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith("video/")

    @property
    def moves(self) -> bool:
        return self.is_video or self.media_type == "image/gif"


class Part(Frozen):
    """One message: a thread has several."""

    text: str
    pictures: tuple[Picture, ...] = ()


class Content(Frozen):
    """The exact content that goes out to one account."""

    parts: tuple[Part, ...]
    link: str | None = None
    """The link that is sent separately; a channel that appends links has it in the text already."""
    title: str | None = None
    lang: str | None = None
    made_with_ai: bool = False
    """Whether the platform is to show that its pictures were made with AI."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `made_with_ai` where it is not so: earlier contents keep their digests."""
        told: dict[str, Any] = write(self)
        if not self.made_with_ai:
            told.pop("made_with_ai", None)
        return told

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal; an approval is valid for one digest."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def joined(self) -> str:
        """Its parts as one text, for a channel without threads."""
        return "\n\n".join(part.text for part in self.parts if part.text)

    @property
    def first_words(self) -> str:
        """Its title, or its first words, in one line; empty if it has none."""
        return first_words(self.title, (part.text for part in self.parts))

    @property
    def moves(self) -> bool:
        """Whether it has a GIF or video, which platforms take long to process."""
        return any(picture.moves for part in self.parts for picture in part.pictures)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the words and the link, without spacing, to recognise the same text.

        For a post without words, over its pictures.
        """
        words = [" ".join(part.text.split()) for part in self.parts] + [self.link or ""]
        if not any(words):
            words = [picture.digest for part in self.parts for picture in part.pictures]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()
