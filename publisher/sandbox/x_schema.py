"""Request schemas of X: those of OpenAPI 2.167, written by hand and no wider."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from publisher.sandbox import limits, problems
from publisher.sandbox.endpoints import Call

Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
ReplySettings = Literal["following", "mentionedUsers", "subscribers", "verified"]
Model = TypeVar("Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Reply(_Body):
    in_reply_to_tweet_id: Id
    auto_populate_reply_metadata: bool | None = None
    exclude_reply_user_ids: list[str] | None = None


class Media(_Body):
    media_ids: list[Id] = Field(min_length=1, max_length=limits.X_PICTURES)
    call_to_actions: dict[str, Any] | None = None
    embeddable: bool | None = None
    preview_media_id: Id | None = None
    tagged_user_ids: list[Id] | None = Field(default=None, max_length=10)
    title: str | None = None


class Poll(_Body):
    options: list[Annotated[str, Field(min_length=1, max_length=25)]] = Field(
        min_length=2, max_length=4
    )
    duration_minutes: int = Field(ge=5, le=10080)
    reply_settings: ReplySettings | None = None


class EditOptions(_Body):
    previous_post_id: Id


class Geo(_Body):
    place_id: str


class CreatePosts(_Body):
    text: str
    """X's client libraries always send it, because the backend refuses a post without it."""
    reply: Reply | None = None
    media: Media | None = None
    poll: Poll | None = None
    card_uri: str | None = None
    community_id: Id | None = None
    direct_message_deep_link: str | None = None
    edit_options: EditOptions | None = None
    for_super_followers_only: bool | None = None
    geo: Geo | None = None
    made_with_ai: bool | None = None
    nullcast: bool | None = None
    paid_partnership: bool | None = None
    quote_tweet_id: Id | None = None
    reply_settings: ReplySettings | None = None
    share_with_followers: bool | None = None


class MediaUpload(_Body):
    media: str
    """Base64; a multipart body has the bytes themselves."""
    media_category: Literal[
        "tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif", "subtitles"
    ]
    additional_owners: str | None = None


class InitializeMediaUpload(_Body):
    media_category: (
        Literal[
            "amplify_video",
            "tweet_gif",
            "tweet_image",
            "tweet_video",
            "dm_gif",
            "dm_image",
            "dm_video",
            "subtitles",
        ]
        | None
    ) = None
    media_type: (
        Literal[
            "video/mp4",
            "video/webm",
            "video/mp2t",
            "video/quicktime",
            "text/srt",
            "text/vtt",
            "image/jpeg",
            "image/gif",
            "image/bmp",
            "image/png",
            "image/webp",
            "image/pjpeg",
            "image/tiff",
            "model/gltf-binary",
            "model/vnd.usdz+zip",
        ]
        | None
    ) = None
    total_bytes: int | None = Field(default=None, ge=0, le=17_179_869_184)
    additional_owners: list[Id] | None = None
    shared: bool | None = None


class AppendMediaUpload(_Body):
    media: str
    segment_index: int = Field(ge=0, le=999)


class AltText(_Body):
    text: str = Field(max_length=limits.X_ALT_TEXT)


class Metadata(BaseModel):
    """Metadata of media; the description allows other members beside `alt_text`."""

    model_config = ConfigDict(extra="allow", strict=True)
    alt_text: AltText | None = None


class CreateMediaMetadata(_Body):
    id: Id
    metadata: Metadata | None = None


def read(call: Call, model: type[Model]) -> Model:
    """Parse the JSON body of a call. Raises a 400 with the position and the error."""
    if call.content_type != "application/json":
        raise problems.invalid("The Content-Type must be application/json")
    try:
        content = call.json()
    except ValueError:
        raise problems.invalid("The body is no valid JSON") from None
    return check(content, model)


def check(content: object, model: type[Model]) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"])
        raise problems.invalid(f"$.{place}: {first['msg']}", place) from None
