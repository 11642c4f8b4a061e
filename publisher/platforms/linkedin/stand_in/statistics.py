"""Share statistics of the simulated LinkedIn: lifetime counts of given posts.

Source: learn.microsoft.com, Organization Share Statistics.
"""

import re
from typing import Any
from urllib.parse import unquote

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in.errors import LinkedInError, denied, invalid
from publisher.platforms.linkedin.stand_in.media import author
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.engagement import counts_of
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

_KINDS = {"shares": "share", "ugcPosts": "ugcPost"}
_LIST = re.compile(r"List\(([^()]+)\)")
_REFUSED = (
    "Unpermitted fields present in PARAMETER: Data Processing Exception while processing fields "
    "[/shares[0]]"
)


async def find(store: Store, call: Call, account: SandboxAccount) -> Response:
    """The finder by organisation: what is not there, or is another's, is left out."""
    if call.query.get("q") != "organizationalEntity":
        raise invalid("The finder must be `organizationalEntity`")
    if call.query.get("organizationalEntity") != author(account):
        raise denied("organizationalEntityShareStatistics.FINDER-organizationalEntity")
    if call.changed(What.COUNTS_REFUSED):
        raise LinkedInError(403, "ACCESS_DENIED", _REFUSED, serviceErrorCode=100)
    elements = []
    for parameter, member in _KINDS.items():
        for urn in _urns(call, parameter):
            entry = store.find("linkedin", urn)
            if entry is None or entry.account != account.name:
                continue
            played = counts_of(store, entry)
            told: dict[str, Any] = {
                "likeCount": played.reactions,
                "commentCount": played.replies,
                "shareCount": played.shares,
                "clickCount": played.views // 50,
                "engagement": 0.0,
            }
            if not call.changed(What.COUNTS_GONE):
                told["impressionCount"] = played.views
                told["uniqueImpressionsCount"] = played.viewers
            elements.append(
                {
                    "totalShareStatistics": told,
                    "organizationalEntity": author(account),
                    member: urn,
                }
            )
    return JSONResponse({"elements": elements, "paging": {"start": 0, "count": 10, "links": []}})


def _urns(call: Call, parameter: str) -> list[str]:
    text = call.query.get(parameter)
    if text is None:
        return []
    found = _LIST.fullmatch(text)
    if not found:
        raise invalid(f"`{parameter}` must be a list like List(urn)")
    return [unquote(urn) for urn in found[1].split(",")]
