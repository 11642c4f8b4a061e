"""Graph API conventions: errors, parameters, tokens, headers."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import DAY, Allowance, LimitStanding

CALLS = Allowance(48_000, DAY, "page")
"""Meta allows 4,800 calls a day for each engaged reader (docs/graph-api/overview/rate-limiting);
the Pages of the sandbox have ten."""

OLDEST_GRAPH, NEWEST_GRAPH = (21, 0), (26, 0)
"""The available Graph API versions (developers.facebook.com/docs/graph-api/changelog)."""
# developers.facebook.com/docs/graph-api/guides/error-handling: message, HTTP status.
ERRORS: dict[int, tuple[str, int]] = {
    1: ("An unknown error occurred", 500),
    2: ("Service temporarily unavailable", 503),
    4: ("(#4) Application request limit reached", 400),
    10: ("(#10) Application does not have permission for this action", 403),
    17: ("(#17) User request limit reached", 400),
    32: ("(#32) Page request limit reached", 400),
    100: ("(#100) Invalid parameter", 400),
    102: ("Session key invalid or no longer valid", 401),
    190: ("Error validating access token", 400),
    200: ("(#200) Permissions error", 403),
    341: ("(#341) Feed action request limit reached", 400),
    368: ("The action attempted has been deemed abusive or is otherwise disallowed", 400),
    506: ("(#506) Duplicate status message", 400),
    613: ("(#613) Calls to this api have exceeded the rate limit.", 400),
    2500: ("Unknown path components", 400),
    80001: (
        "(#80001) There have been too many calls to this Page account. Wait a bit and try again.",
        400,
    ),
    1609005: ("(#1609005) The link could not be scraped", 400),
}
TOKEN_SUBCODES: dict[int, str] = {
    458: "The user has not authorized application.",
    459: "The user is checkpointed and has to log in.",
    460: "The session has been invalidated because the user changed the password.",
    463: "Session has expired.",
    464: "Sessions for the user are not allowed because the user is not a confirmed user.",
    467: "The access token is invalid since the user has logged out.",
    492: "The user must be an administrator, editor, or moderator of the page.",
}
_TRANSIENT = frozenset({1, 2, 4, 17, 32, 341, 613, 80001})
_SCOPES = (
    "pages_manage_engagement",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_show_list",
)


def graph_version(path: str) -> tuple[tuple[int, int] | None, str]:
    """Split `/v25.0/1/feed` into ((25, 0), "/1/feed"); without a version, (None, path)."""
    found = re.match(r"/v(\d{1,3})\.(\d{1,3})(?=/|$)", path)
    if not found:
        return None, path
    return (int(found[1]), int(found[2])), path[found.end() :] or "/"


class GraphError(Exception):
    """An error in Facebook's format."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int | None = None,
        user_message: tuple[str, str] | None = None,
        data: dict[str, str] | None = None,
    ) -> None:
        # 201 to 299 belong to the family of 200; unknown codes are treated as a bad parameter.
        family = code if code in ERRORS else 200 if 200 <= code <= 299 else 100
        text, usual_status = ERRORS[family]
        if code == 190 and subcode in TOKEN_SUBCODES:
            text = f"{text}: {TOKEN_SUBCODES[subcode]}"
        super().__init__(message or text)
        self.status = status or usual_status
        self.error: dict[str, Any] = {
            "message": message or text.replace(f"#{family})", f"#{code})"),
            "type": kind,
            "code": code,
        }
        if subcode is not None:
            self.error["error_subcode"] = subcode
        if data:
            self.error["error_data"] = data
        self.error["is_transient"] = code in _TRANSIENT
        if user_message:
            self.error["error_user_title"], self.error["error_user_msg"] = user_message
        self.error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)

    def response(self, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"error": self.error}, self.status, headers=headers)


def no_object(object_id: str, verb: str = "get") -> GraphError:
    """The error for an object that does not exist or is not accessible with this token."""
    return GraphError(
        100,
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation.",
        subcode=33,
        kind="GraphMethodException",
    )


def served_version(path: str) -> str:
    """The API version that serves a path. Raises GraphError for a future version."""
    version, rest = graph_version(path)
    if version is not None and version > NEWEST_GRAPH:
        raise GraphError(2500, f"Unknown path components: /v{version[0]}.{version[1]}{rest}")
    live = OLDEST_GRAPH if version is None else max(version, OLDEST_GRAPH)
    return f"v{live[0]}.{live[1]}"


def token_of(call: Call) -> str | None:
    """The access token, from the form, the query or the Authorization header."""
    found = call.form.get("access_token") or call.query.get("access_token")
    if isinstance(found, str) and found:
        return found
    scheme, _, rest = call.request.headers.get("authorization", "").partition(" ")
    return rest.strip() or None if scheme.lower() in ("oauth", "bearer") else None


def account_of(token: str | None, accounts: Sequence[SandboxAccount]) -> SandboxAccount | None:
    """The Page of a token."""
    for account in accounts:
        right = account.credentials.get("page_token")
        if token and right and hmac.compare_digest(right.encode(), token.encode()):
            return account
    return None


def authorise(call: Call, accounts: Sequence[SandboxAccount]) -> SandboxAccount:
    """Verify a call's token and its proof; returns the Page. Raises `GraphError`."""
    token = token_of(call)
    if token is None:
        raise GraphError(
            104 if call.operation.name == "debugToken" else 2500,
            "An active access token must be used to query information about the current user.",
        )
    account = account_of(token, accounts)
    if account is None:
        raise GraphError(190, "Invalid OAuth access token - Cannot parse access token", status=401)
    secret = account.credentials.get("app_secret")
    if secret:
        _check_proof(parameter(call, "appsecret_proof"), token, secret)
    return account


def _check_proof(proof: str | None, token: str, secret: str) -> None:
    if proof is None:
        raise GraphError(
            100,
            "API calls from the server require an appsecret_proof argument",
            kind="GraphMethodException",
        )
    right = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), proof.encode()):
        raise GraphError(
            100,
            "Invalid appsecret_proof provided in the API argument",
            kind="GraphMethodException",
        )


def parameter(call: Call, name: str) -> str | None:
    """A parameter of the form or the query."""
    found = call.form.get(name, call.query.get(name))
    return found if isinstance(found, str) else None


def flag(call: Call, name: str) -> bool | None:
    """A boolean parameter: true, false, 1 or 0. Python's "False" is invalid."""
    text = parameter(call, name)
    if text is None:
        return None
    values = {"true": True, "1": True, "false": False, "0": False}
    if text not in values:
        raise GraphError(100, f"(#100) Param {name} must be a boolean")
    return values[text]


def number(call: Call, name: str) -> int | None:
    text = parameter(call, name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise GraphError(100, f"(#100) Param {name} must be an integer")
    return int(text)


def attached(call: Call) -> list[str]:
    """The photo ids of `attached_media`, a JSON list.

    `attached_media[0]=…`, which Facebook takes as well, is refused, because nobody sends it.
    """
    whole = parameter(call, "attached_media")
    try:
        if any(key.startswith("attached_media[") for key in call.form):
            raise ValueError
        items = [] if whole is None else json.loads(whole)
        return [str(item["media_fbid"]) for item in items]
    except (ValueError, TypeError, KeyError):
        raise GraphError(
            100, '(#100) Param attached_media must be a list like [{"media_fbid":"1"}]'
        ) from None


def debug(account: SandboxAccount | None, now: int, dead: int | None = None) -> dict[str, Any]:
    """The answer of `debug_token`: instants in seconds since 1970, 0 for never."""
    if account is None or dead is not None:
        message = TOKEN_SUBCODES.get(dead or 0, "The access token could not be decrypted")
        error = {"code": 190, "message": message, "subcode": dead or 467}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    return {
        "data": {
            "app_id": app_id(account),
            "type": "PAGE",
            "application": "Publisher",
            "data_access_expires_at": now + 90 * 86_400,
            "expires_at": 0,
            "issued_at": now - 86_400,
            "is_valid": True,
            "profile_id": account.page_id,
            "scopes": list(_SCOPES),
            "user_id": "10000000000001",
        }
    }


def app_id(account: SandboxAccount) -> str:
    digest = hashlib.sha256(f"app of {account.organisation or account.name}".encode()).hexdigest()
    return str(10**14 + int(digest[:10], 16))


def usage_headers(
    account: SandboxAccount,
    standing: LimitStanding | None,
    percent: float | None = None,
    regain: int | None = None,
) -> dict[str, str]:
    """Usage headers: X-App-Usage, and X-Business-Use-Case-Usage with minutes to `regain`.

    Both are in percent.
    """
    if percent is None:
        used = standing.used if standing else 0
        percent = min(100, 100 * used // CALLS.requests)
    share = int(percent)
    app = {"call_count": share, "total_time": share // 2, "total_cputime": share // 3}
    minutes = regain if regain is not None else 15 if share >= 100 else 0
    business = [{"type": "pages", **app, "estimated_time_to_regain_access": minutes}]
    return {
        "x-app-usage": json.dumps(app, separators=(",", ":")),
        "x-business-use-case-usage": json.dumps({account.page_id: business}, separators=(",", ":")),
    }
