"""/media: pictures, GIFs, videos and documents for drafts."""

import hashlib
from functools import partial
from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.media.media_file import CleanPicture
from publisher.web import compose_pictures
from publisher.web.api.access import ApiCall, Drafting
from publisher.web.api.once import Key, once
from publisher.web.api.values import DraftMedia
from publisher.web.compose_check import unsaved_pictures

_PIECE = 1_000_000  # bytes

router = APIRouter(tags=["media"])


class UploadedMedia(BaseModel):
    """A file that was cleaned. It is kept for a week, or until a draft that names it is saved."""

    media: DraftMedia = Field(description="What a draft has of it, in `media`.")
    bytes: int = Field(description="The size of the clean copy: without places and hidden data.")


@router.post("/media", status_code=201, response_model=UploadedMedia)
async def upload_media(
    call: Drafting,
    key: Key,
    file: Annotated[UploadFile, File()],
    alt: Annotated[str, Form(max_length=2_000)],
    credit: Annotated[str, Form(max_length=2_000)] = "",
    people: Annotated[bool, Form()] = False,  # noqa: FBT002 - a field of a form
    consent: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Upload a file with its alternative text; name the answer's `media` in a draft."""
    if not alt.strip():
        raise UsageError(
            _("It has no picture description."),
            hint=_("Say what it shows, for people who cannot see it."),
        )
    digest = await run_in_threadpool(_digest, file.file)
    await file.seek(0)
    entry = DraftMedia(file="", alt=alt, credit=credit, people=people, consent=consent)
    # Cleaned before the turn of its key: that may wait for others, and changes nothing.
    cleaning = partial(compose_pictures.cleaned, file.file, file.filename or "")
    picture = await call.parts.uploads.take(call.person.name, cleaning)
    keeping = partial(_kept, call, picture, entry)
    asked = f"{digest}\n{entry.model_dump_json()}"
    return await run_in_threadpool(once, call, key, asked, keeping, 201)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _kept(call: ApiCall, picture: CleanPicture, entry: DraftMedia) -> UploadedMedia:
    name = unsaved_pictures(call.app).keep(picture, call.person.name)
    call.log("media uploaded", bytes=len(picture.data))
    return UploadedMedia(media=entry.model_copy(update={"file": name}), bytes=len(picture.data))
