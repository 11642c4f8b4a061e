"""Request schemas of LinkedIn: of those that it documents, what Publisher may send.

What else LinkedIn allows, such as polls, is refused like what it does not know.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from publisher.platforms.linkedin.stand_in.errors import invalid
from publisher.sandbox.endpoints import Call

Model = TypeVar("Model", bound=BaseModel)
Urn = Annotated[str, Field(pattern=r"^urn:li:[A-Za-z]+:[A-Za-z0-9_-]+$")]
ALT_TEXT = 4_086  # MultiImage API
TITLE = 400  # Posts API, article


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ShownMedia(_Body):
    id: Urn
    altText: str = Field(default="", max_length=ALT_TEXT)  # noqa: N815 - LinkedIn's spelling
    title: str = ""


class MultiImage(_Body):
    images: list[ShownMedia] = Field(min_length=2, max_length=20)


class ArticleContent(_Body):
    source: str = Field(pattern=r"^https?://[^/\s]+\.[^/\s]+")
    title: str = Field(min_length=1, max_length=TITLE)
    description: str = ""
    thumbnail: Urn | None = None


class PostContent(_Body):
    media: ShownMedia | None = None
    multiImage: MultiImage | None = None  # noqa: N815
    article: ArticleContent | None = None


class Distribution(_Body):
    feedDistribution: Literal["MAIN_FEED"]  # noqa: N815
    targetEntities: list[str] = Field(max_length=0)  # noqa: N815
    thirdPartyDistributionChannels: list[str] = Field(max_length=0)  # noqa: N815


class CreatePost(_Body):
    author: Urn
    commentary: str
    visibility: Literal["PUBLIC"]
    distribution: Distribution
    lifecycleState: Literal["PUBLISHED"]  # noqa: N815 - "the only accepted field during creation"
    isReshareDisabledByAuthor: bool = False  # noqa: N815
    content: PostContent | None = None


class _Set(_Body):
    commentary: str


class _Patch(_Body):
    set: _Set = Field(alias="$set")


class UpdatePost(_Body):
    """A partial update; of what LinkedIn lets be changed, the words alone."""

    patch: _Patch


class _FileOwner(_Body):
    owner: Urn


class InitializeFile(_Body):
    initializeUploadRequest: _FileOwner  # noqa: N815


class _VideoOwner(_FileOwner):
    fileSizeBytes: int = Field(gt=0, le=500_000_000)  # noqa: N815
    uploadCaptions: bool  # noqa: N815
    uploadThumbnail: bool  # noqa: N815


class InitializeVideo(_Body):
    initializeUploadRequest: _VideoOwner  # noqa: N815


class _Parts(_Body):
    video: Urn
    uploadToken: str  # noqa: N815
    uploadedPartIds: list[str] = Field(min_length=1)  # noqa: N815


class FinalizeVideo(_Body):
    finalizeUploadRequest: _Parts  # noqa: N815


def read(call: Call, model: type[Model]) -> Model:
    """Parse the JSON body of a call. Raises a 400 with the position and the error."""
    if call.content_type != "application/json":
        raise invalid("The Content-Type must be application/json")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(str(key) for key in first["loc"])
        code = "MISSING_FIELD" if first["type"] == "missing" else "INVALID_VALUE_FOR_FIELD"
        raise invalid(f"/{place} :: {first['msg']}", code) from None
