"""/events: server-sent events that tell an open page of changes."""

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

router = APIRouter()


@router.get("/events")
async def events(
    request: Request,
    parts: Use,
    _visitor: Reader,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Send `ledger` with the newest step's number after each change, and at once if not `after`.

    A browser that reconnects sends the number it last received.
    """
    secret: str = request.state.secret
    told = request.headers.get("last-event-id", "")
    seen = int(told) if re.fullmatch(r"[0-9]{1,18}", told) else after
    stream = parts.live.events(lambda: parts.app.sessions.find(secret) is not None, seen)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
