"""Lexicon of posts: what the simulated Bluesky takes as a record, and nothing else.

Stricter than the reference server where that lets mistakes pass: facets must lie on whole
characters of the text, and nothing unknown is kept.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from publisher.drafts import text_length
from publisher.platforms.bluesky.stand_in.errors import invalid_record

GRAPHEMES, BYTES = 300, 3_000
IMAGE_BYTES, VIDEO_BYTES = 1_000_000, 100_000_000
CAPTIONS_BYTES = 20_000
VIDEO_ALT_GRAPHEMES = 1_000
_TAG_GRAPHEMES = 64


class _Of(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type_: str | None = Field(default=None, alias="$type")


def _uri(text: str) -> str:
    if not urlsplit(text).scheme:
        raise ValueError("must be a uri")
    return text


def _instant(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must be a date and time with an offset")
    return text


Uri = Annotated[str, AfterValidator(_uri)]


class LexiconLink(_Of):
    ref: str = Field(alias="$link")


class LexiconBlob(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type_: Literal["blob"] = Field(alias="$type")
    ref: LexiconLink
    mime_type: str = Field(alias="mimeType", pattern="^image/")
    size: int = Field(ge=1, le=IMAGE_BYTES)


class LexiconAspectRatio(_Of):
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class LexiconImage(_Of):
    image: LexiconBlob
    alt: str
    aspect_ratio: LexiconAspectRatio | None = Field(default=None, alias="aspectRatio")


class LexiconVideoBlob(LexiconBlob):
    mime_type: str = Field(alias="mimeType", pattern="^video/mp4$")
    size: int = Field(ge=1, le=VIDEO_BYTES)


class LexiconCaptionsBlob(LexiconBlob):
    mime_type: str = Field(alias="mimeType", pattern="^text/vtt$")
    size: int = Field(ge=1, le=CAPTIONS_BYTES)


class LexiconCaption(_Of):
    lang: str = Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    file: LexiconCaptionsBlob


class LexiconVideo(_Of):
    video: LexiconVideoBlob
    captions: list[LexiconCaption] = Field(default=[], max_length=20)
    alt: str = ""
    aspect_ratio: LexiconAspectRatio | None = Field(default=None, alias="aspectRatio")
    presentation: Literal["default", "gif"] | None = None

    @model_validator(mode="after")
    def _has_short_alt(self) -> "LexiconVideo":
        if text_length.length(self.alt, "graphemes") > VIDEO_ALT_GRAPHEMES:
            raise ValueError("the alternative text is too long")
        return self


class LexiconMedium(NamedTuple):
    """A picture or video of a post."""

    blob: LexiconBlob
    alt: str
    aspect_ratio: LexiconAspectRatio | None


class LexiconImages(_Of):
    images: list[LexiconImage] = Field(max_length=4)


class LexiconCard(_Of):
    uri: Uri
    title: str
    description: str


class LexiconExternal(_Of):
    external: LexiconCard


class LexiconByteSlice(_Of):
    start: int = Field(alias="byteStart", ge=0)
    end: int = Field(alias="byteEnd", ge=0)


class LexiconFeature(_Of):
    uri: Uri | None = None
    did: str | None = Field(default=None, pattern="^did:")
    tag: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "LexiconFeature":
        named = {"link": self.uri, "mention": self.did, "tag": self.tag}
        kind = (self.type_ or "").removeprefix("app.bsky.richtext.facet#")
        if named.get(kind) is None or sum(one is not None for one in named.values()) != 1:
            raise ValueError("must be a link, a mention or a tag")
        if self.tag and text_length.length(self.tag, "graphemes") > _TAG_GRAPHEMES:
            raise ValueError("the tag is too long")
        return self


class LexiconFacet(_Of):
    index: LexiconByteSlice
    features: list[LexiconFeature] = Field(min_length=1)


class LexiconStrongRef(_Of):
    uri: str = Field(pattern="^at://")
    cid: str


class LexiconReply(_Of):
    root: LexiconStrongRef
    parent: LexiconStrongRef


class LexiconPost(BaseModel):
    """A record of app.bsky.feed.post."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type_: Literal["app.bsky.feed.post"] = Field(alias="$type")
    text: str
    created_at: Annotated[str, AfterValidator(_instant)] = Field(alias="createdAt")
    langs: list[str] = Field(default=[], max_length=3)
    facets: list[LexiconFacet] = []
    embed: (
        Annotated[
            Annotated[LexiconImages, Tag("app.bsky.embed.images")]
            | Annotated[LexiconVideo, Tag("app.bsky.embed.video")]
            | Annotated[LexiconExternal, Tag("app.bsky.embed.external")],
            Discriminator(lambda value: value.get("$type") if isinstance(value, dict) else None),
        ]
        | None
    ) = None
    reply: LexiconReply | None = None

    @property
    def media(self) -> list[LexiconMedium]:
        """The pictures, or the video."""
        match self.embed:
            case LexiconImages():
                return [
                    LexiconMedium(one.image, one.alt, one.aspect_ratio) for one in self.embed.images
                ]
            case LexiconVideo():
                return [LexiconMedium(self.embed.video, self.embed.alt, self.embed.aspect_ratio)]
            case _:
                return []

    @property
    def captions(self) -> list[LexiconCaption]:
        return self.embed.captions if isinstance(self.embed, LexiconVideo) else []

    @property
    def link(self) -> str | None:
        return self.embed.external.uri if isinstance(self.embed, LexiconExternal) else None

    @model_validator(mode="after")
    def _fits(self) -> "LexiconPost":
        length = text_length.length(self.text, "graphemes")
        if length > GRAPHEMES:
            raise ValueError(f"grapheme too big (maximum {GRAPHEMES}, got {length})")
        content = self.text.encode()
        if len(content) > BYTES:
            raise ValueError(f"string too big (maximum {BYTES}, got {len(content)})")
        for facet in self.facets:
            start, end = facet.index.start, facet.index.end
            if not start < end <= len(content):
                raise ValueError("a facet lies outside the text")
            content[start:end].decode()  # raises in the middle of a character
        return self


def read(value: Any, place: str) -> LexiconPost:
    """A post as the lexicon has it. Raises XrpcError."""
    try:
        return LexiconPost.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join([place, *(str(key) for key in first["loc"])])
        raise invalid_record(first["msg"].removeprefix("Value error, "), where) from None
