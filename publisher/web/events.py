"""/events: tells an open page that something happened."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from publisher.web.parts import Use
from publisher.web.visitors import Reader

router = APIRouter()


@router.get("/events")
async def events(request: Request, parts: Use, _visitor: Reader) -> Response:
    """`ledger` with the newest step's number, at once and after each change."""
    secret: str = request.state.secret
    stream = parts.live.events(lambda: parts.app.sessions.find(secret) is not None)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
