"""Request schemas of X: of those of OpenAPI 2.167 what Publisher may send, written by hand.

What the description allows besides, such as polls, is refused like what it does not know.
"""

from base64 import b64decode
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from publisher.platforms.twitter.stand_in import limits, problems
from publisher.sandbox.endpoints import Call


def _decoded(text: object) -> bytes:
    """Of base64 without any other character; else ValueError."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004 - what pydantic takes for a refusal
    return b64decode(text, validate=True)


Base64 = Annotated[bytes, BeforeValidator(_decoded)]
Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Model = TypeVar("Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Reply(_Body):
    in_reply_to_tweet_id: Id


class Media(_Body):
    media_ids: list[Id] = Field(min_length=1, max_length=limits.PICTURES)


class CreatePosts(_Body):
    text: str
    """X's client libraries always send it, because the backend refuses a post without it."""
    reply: Reply | None = None
    media: Media | None = None
    made_with_ai: bool | None = None
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None


class MediaUpload(_Body):
    media: Base64
    media_category: str


class InitializeMediaUpload(_Body):
    media_category: str
    media_type: str
    total_bytes: int = Field(gt=0, le=17_179_869_184)


class AppendMediaUpload(_Body):
    media: Base64
    segment_index: int = Field(ge=0, le=999)


class AltText(_Body):
    text: str = Field(max_length=limits.ALT_TEXT)


class Metadata(BaseModel):
    """Metadata of media; the description allows other members beside `alt_text`."""

    model_config = ConfigDict(extra="allow", strict=True)
    alt_text: AltText | None = None


class CreateMediaMetadata(_Body):
    id: Id
    metadata: Metadata | None = None


class SubtitleTrack(_Body):
    id: Id
    language_code: str = Field(pattern=r"^[A-Z]{2}$")
    display_name: str = Field(min_length=1)


class CreateMediaSubtitles(_Body):
    id: Id
    media_category: Literal["AmplifyVideo", "TweetVideo"]
    subtitles: SubtitleTrack


def read(call: Call, model: type[Model]) -> Model:
    """Parse the JSON body of a call. Raises a 400 with the position and the error."""
    if call.content_type != "application/json":
        raise problems.invalid("The Content-Type must be application/json")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"])
        raise problems.invalid(f"$.{place}: {first['msg']}", place) from None
