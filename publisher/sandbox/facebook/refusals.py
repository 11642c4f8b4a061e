"""Refusals of Facebook: its own answers for faults."""

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from publisher.sandbox.endpoints import Call
from publisher.sandbox.facebook import graph
from publisher.sandbox.facebook.faults import FacebookFault
from publisher.sandbox.facebook.graph import GraphError
from publisher.sandbox.fault_kinds import FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault

_ALREADY_POSTED = (
    "Post can't be shared",
    "You've already posted this. Posting the same content repeatedly on Facebook isn't allowed.",
)
_TOO_OFTEN = (
    "You can't post right now",
    "We limit how often you can post in a given amount of time. You can try again later.",
)
_UNREAD = (
    "Couldn't scrape URL",
    "There was a problem scraping data from the provided link. Please check the URL and try again.",
)
_SAID: dict[FaultKind, tuple[int, int | None, tuple[str, str]]] = {
    FacebookFault.TOO_OFTEN: (368, 1390008, _TOO_OFTEN),
    FacebookFault.ALREADY_POSTED: (368, None, _ALREADY_POSTED),
    FacebookFault.LINK_UNREAD: (100, 1609005, _UNREAD),
}
"""Facebook's errors with subcode and user message (observed)."""
_CODES: dict[FaultKind, int] = {
    What.DUPLICATE: 506,
    What.FORBIDDEN: 200,
    What.SUSPENDED: 368,
    What.BAD_REQUEST: 100,
    What.UNAUTHORISED: 102,
    What.RATE_LIMIT: 4,
    What.BAD_RESET: 4,
    What.TOKEN_DEAD: 190,
}


def refusal(fault: "Fault", call: Call) -> Response:
    """The error that a fault stands for."""
    if fault.what is What.SERVER_ERROR:
        status = fault.status or 500
        return GraphError(1 if status == 500 else 2, status=status).response()
    if said := _SAID.get(fault.what):
        code, subcode, words = said
        return GraphError(code, subcode=subcode, user_message=words).response()
    code = fault.code or _CODES[fault.what]
    subcode = fault.subcode
    if fault.what is What.TOKEN_DEAD:
        subcode = subcode or 463
        if call.operation.name == "debugToken":
            return JSONResponse(graph.debug(None, 0, subcode))
    headers: dict[str, str] = {}
    if fault.what is What.RATE_LIMIT and call.account:
        minutes = -int(-fault.delay // 60)
        headers = graph.usage_headers(call.account, None, 100, minutes)
    if fault.what is What.BAD_RESET:
        headers = {"x-app-usage": "soon", "x-business-use-case-usage": "{"}
    return GraphError(code, subcode=subcode, status=fault.status).response(headers)
