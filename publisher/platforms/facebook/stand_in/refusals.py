"""Refusals of Facebook: its own answers for faults."""

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from publisher.platforms.facebook.stand_in import graph
from publisher.platforms.facebook.stand_in.graph import GraphError
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class FacebookFault(FaultKind):
    """Faults that this platform alone plays."""

    GRAPH_ERROR = (
        "graph-error",
        "any error of the Graph API: `code`, and `subcode` if you like",
        FaultEffect.REFUSES,
        0.2,
        "code",
    )
    TOO_OFTEN = "too-often", "error 368: posting too often, to be tried again later"
    ALREADY_POSTED = "already-posted", "error 368: the text is there already"
    PROOF_REFUSED = "proof-refused", "error 100: the app's secret was reset, or is missing"
    LINK_UNREAD = "link-unread", "error 100: the page that the post links to cannot be read"
    IN_PORTFOLIO = (
        "in-portfolio",
        "a person's Pages belong to a business portfolio: their own list leaves them out",
        FaultEffect.CHANGES,
    )
    SCOPE_DENIED = "scope-denied", "a login leaves out pages_manage_posts", FaultEffect.CHANGES
    USAGE = (
        "usage",
        "the headers claim that `percent` (97) of the limit is used",
        FaultEffect.CHANGES,
    )
    AUTO_PUBLISH = (
        "auto-publish",
        (
            "a post that was to stay unpublished is public at once; with `shows` only a `text`, a "
            "`link`, a `photo` or a `video`"
        ),
        FaultEffect.CHANGES,
    )
    HALF_CHUNK = (
        "half-chunk",
        "half of a chunk arrives: error 6001 names in `error_data` the offset from which to go on",
        FaultEffect.CHANGES,
    )
    ALREADY_PUBLISHED = (
        "already-published",
        "to make public what is public already is refused",
        FaultEffect.CHANGES,
    )
    NO_FIELDS = (
        "no-fields",
        "the answer to a `POST` lacks the `fields` that it was asked for",
        FaultEffect.CHANGES,
    )
    NAMELESS = "nameless", "comments do not say who wrote them", FaultEffect.CHANGES
    UNSORTED = (
        "unsorted",
        "comments are listed with the oldest one first, whatever is asked",
        FaultEffect.CHANGES,
    )
    NO_USER_CONTENT = (
        "no-user-content",
        "the numbers of comments and reactions may not be read: pages_read_user_content is missing",
        FaultEffect.CHANGES,
    )
    UNCOUNTED = (
        "uncounted",
        "views are 0, as before Facebook has counted them",
        FaultEffect.CHANGES,
    )
    FIELDS_DENIED = (
        "fields-denied",
        "a `POST` that asks for `fields` is answered with error 10, and carried out all the same",
        FaultEffect.CHANGES,
    )


_PROOF = "Invalid appsecret_proof provided in the API argument"
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
    if fault.what is FacebookFault.PROOF_REFUSED:
        return GraphError(100, _PROOF, kind="GraphMethodException").response()
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
