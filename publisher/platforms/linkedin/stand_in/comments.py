"""Comments of the simulated LinkedIn: on a post, and below a comment; read and deleted.

Sources: Comments API and Social Metadata API (learn.microsoft.com/linkedin/marketing), and the
Rest.li protocol 2.0 (paging, BATCH_GET). The order of a list is documented nowhere: here it is the
newest first, and with a fault the oldest first.
"""

import re
from datetime import UTC
from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.platforms.linkedin.stand_in.errors import LinkedInError, denied, invalid, not_found
from publisher.platforms.linkedin.stand_in.media import author
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.sandbox.accounts import SandboxAccount, digest
from publisher.sandbox.comments import StoredComment
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.store import Store

_CHANNEL = "linkedin"
_MOST = 100  # comments on a page
_DEFAULT_PAGE = 10
_COMMENT = re.compile(r"urn:li:comment:\((?P<object>urn:li:[A-Za-z]+:[0-9]+),(?P<id>[0-9]+)\)")
_LIST = re.compile(r"List\(([0-9,]+)\)")


def urn(post_id: str, _author: str, number: str) -> str:
    """The URN of a reader's comment."""
    return f"urn:li:comment:({_activity(post_id)},{number})"


async def find(store: Store, call: Call, account: SandboxAccount) -> Response:
    """The comments on a post or below a comment, page by page; with `ids`, some of a post's."""
    _check_permission(call, "GET_ALL")
    target = call.parts["id"]
    if "ids" in call.query:
        return _batch(store, call, account)
    below = _COMMENT.fullmatch(target)
    if below:
        if call.changed(LinkedInFault.NOT_BELOW):
            raise invalid("The sandbox was told to list nothing below a comment")
        _own(store, target, account)
        found = [one for one in store.comments_for(account.name) if one.parent == target]
    else:
        _check_post(store, target, account)
        found = [one for one in _of(store, account, target) if not one.parent]
    found.sort(key=_order, reverse=not call.changed(LinkedInFault.OLDEST_FIRST))
    start, count = _number(call, "start", 0), _number(call, "count", _DEFAULT_PAGE)
    if not 1 <= count <= _MOST:
        raise invalid(f"`count` must be from 1 to {_MOST}")
    paging: dict[str, Any] = {"start": start, "count": count, "links": []}
    if call.changed(LinkedInFault.NO_TOTAL):
        if start + count < len(found):
            paging["links"] = [{"rel": "next", "type": "application/json", "href": "/rest/…"}]
    else:
        paging["total"] = len(found)
    shown = found[start : start + count]
    return JSONResponse({"elements": [_shown(store, call, one) for one in shown], "paging": paging})


def _batch(store: Store, call: Call, account: SandboxAccount) -> Response:
    """Some comments by their numbers, as Rest.li's BATCH_GET answers."""
    asked = _LIST.fullmatch(call.query.get("ids", ""))
    if not asked:
        raise invalid("`ids` must be a list like List(1,2)")
    results, errors, statuses = {}, {}, {}
    for number in asked[1].split(","):
        comment = _by_number(store, account, call.parts["id"], number)
        statuses[number] = 200 if comment else 404
        if comment:
            results[number] = _shown(store, call, comment)
        else:
            errors[number] = not_found(f"comment {number}").body
    if call.changed(LinkedInFault.BATCH_SILENT):
        errors, statuses = {}, {}
    return JSONResponse({"results": results, "errors": errors, "statuses": statuses})


async def get(store: Store, call: Call, account: SandboxAccount) -> Response:
    _check_permission(call, "GET")
    comment = _by_number(store, account, call.parts["id"], call.parts["number"])
    if comment is None:
        raise not_found(f"comment {call.parts['number']}")
    return JSONResponse(_shown(store, call, comment))


async def count(store: Store, call: Call, account: SandboxAccount) -> Response:
    """The social metadata of a post, of which there are the comments alone."""
    _check_permission(call, "GET")
    _check_post(store, call.parts["id"], account)
    its = _of(store, account, call.parts["id"])
    summary = {"count": len(its), "topLevelCount": sum(not one.parent for one in its)}
    return JSONResponse({"entity": call.parts["id"], "commentSummary": summary})


async def delete(store: Store, call: Call, account: SandboxAccount) -> Response:
    """Delete a comment, with those below it, as the organisation."""
    _check_permission(call, "DELETE")
    if call.query.get("actor") != author(account) or call.changed(LinkedInFault.NOT_THEIRS):
        raise denied("partnerApiSocialActions.DELETE")
    comment = _by_number(store, account, call.parts["id"], call.parts["number"])
    if comment is None:
        raise not_found(f"comment {call.parts['number']}")
    if not call.changed(What.IGNORED):
        for one in store.comments_for(account.name):
            one.is_deleted = comment.id in (one.id, one.parent)
    return Response(status_code=204)


def _check_permission(call: Call, what: str) -> None:
    if call.changed(LinkedInFault.NO_FEED):
        raise denied(f"partnerApiSocialActions.{what}")


def _check_post(store: Store, target: str, account: SandboxAccount) -> None:
    entries = [entry for entry in store.entries if entry.channel == _CHANNEL]
    found = next((one for one in entries if target in (one.id, _activity(one.id))), None)
    if found is None or found.deleted:
        raise not_found(target)
    if found.account != account.name:
        raise LinkedInError(403, "ACCESS_DENIED", f"member is unauthorized on {target}")


def _own(store: Store, comment_id: str, account: SandboxAccount) -> StoredComment:
    found = store.comment(_CHANNEL, comment_id)
    if found is None or found.account != account.name:
        raise not_found(comment_id)
    return found


def _of(store: Store, account: SandboxAccount, target: str) -> list[StoredComment]:
    return [
        one
        for one in store.comments_for(account.name)
        if target in (one.under, _activity(one.under))
    ]


def _by_number(
    store: Store, account: SandboxAccount, target: str, number: str
) -> StoredComment | None:
    its = _of(store, account, target)
    return next((one for one in its if one.id.endswith(f",{number})")), None)


def _shown(store: Store, call: Call, comment: StoredComment) -> dict[str, Any]:
    found = _COMMENT.fullmatch(comment.id)
    below = sum(one.parent == comment.id for one in store.comments_for(comment.account))
    time = int(comment.written_at.astimezone(UTC).timestamp() * 1000)
    actor = f"urn:li:person:{digest(f'member {comment.author}')[:10]}"
    body: dict[str, Any] = {
        "actor": actor,
        "commentUrn": comment.id,
        "created": {"actor": actor, "time": time},
        "lastModified": {"actor": actor, "time": time},
        "id": found["id"] if found else "",
        "object": found["object"] if found else "",
        "message": {"attributes": [], "text": comment.text},
    }
    if comment.parent:
        body["parentComment"] = comment.parent
    if below and not call.changed(LinkedInFault.NO_SUMMARY):
        body["commentsSummary"] = {
            "totalFirstLevelComments": below,
            "aggregatedTotalComments": below,
        }
    return body


def _activity(post_id: str) -> str:
    return f"urn:li:activity:{post_id.rpartition(':')[2]}"


def _order(comment: StoredComment) -> tuple[float, int]:
    return comment.written_at.timestamp(), int(comment.id.rpartition(",")[2].rstrip(")"))


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise invalid(f"`{name}` must be a number")
    return int(text)
