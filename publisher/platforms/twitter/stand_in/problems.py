"""X's error responses: problem JSON (RFC 9457) with the type URLs of its OpenAPI 2.167.

The description has no type for some errors of the real API (which sends 401, 402 and 429 as
`about:blank` or undocumented); they have the nearest type here.
"""

import json
from typing import Any

from starlette.responses import Response

_TYPES = "https://api.x.com/2/problems/"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
REPLY = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to."
NOT_AUTHOR = "You can only reply to or quote posts where you are mentioned or are the author."
"""X's wording since July 2026."""
RESTRICTED = "The original Tweet author restricted who can reply to this Tweet."
"""Observed with the older API, as code 433 (nminaya/grammar-nazi-bot 221)."""
TOO_LONG = "Your post text is too long."
"""Observed with the older API, as code 186."""
UNSEEN_PARENT = "You attempted to reply to a Tweet that is deleted or not visible to you."
AUTOMATED = "This request looks like it might be automated. To protect our users from spam and other malicious activity, we can't complete this action right now. Please try again later."
"""Observed, also as code 226 (d60/twikit 392, the-convocation/twitter-scraper 163)."""
UPDATE_LIMIT = "User is over daily status update limit."
"""Observed with the older API, as code 185."""
INVALID = "One or more parameters to your request was invalid."


class ProblemResponse(Exception):
    """An error in X's format; `reason` is for the sandbox's user, and is sent in a header."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        reason: str = "",
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"title": title, "detail": detail, "type": _TYPES + kind, "status": status}
        self.body |= members
        self.headers = dict(headers or {})
        if reason:
            self.headers["x-sandbox-reason"] = reason.encode("ascii", "replace").decode()

    def response(self) -> Response:
        return Response(
            json.dumps(self.body),
            self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def invalid(message: str, parameter: str | None = None, value: object = None) -> ProblemResponse:
    """400: `message` describes the error in `parameter`."""
    error: dict[str, Any] = {"message": message}
    if parameter:
        error["parameters"] = {parameter: [] if value is None else [str(value)]}
    return ProblemResponse(400, "invalid-request", "Invalid Request", INVALID, errors=[error])


def unauthorised(reason: str = "") -> ProblemResponse:
    return ProblemResponse(
        401,
        "not-authorized-for-resource",
        "Unauthorized",
        "Unauthorized",
        reason=reason,
        resource_type="",
    )


def credits_depleted() -> ProblemResponse:
    detail = "Your enrolled account does not have any credits to fulfill this request."
    return ProblemResponse(402, "disallowed-resource", "CreditsDepleted", detail)


def forbidden(detail: str) -> ProblemResponse:
    return ProblemResponse(403, "disallowed-resource", "Forbidden", detail)


def not_permitted(detail: str = "You are not permitted to perform this action.") -> ProblemResponse:
    return ProblemResponse(
        403, "not-authorized-for-resource", "Forbidden", detail, resource_type="post"
    )


def scope_missing(scope: str) -> ProblemResponse:
    """403 of an OAuth 2.0 access token without a scope that the operation needs."""
    return ProblemResponse(
        403,
        "client-forbidden",
        "Client Forbidden",
        f"The access token lacks the scope {scope}.",
        reason="oauth2-permissions",
    )


def suspended() -> ProblemResponse:
    return not_permitted(
        "The user account is suspended and is not permitted to perform this action."
    )


def locked() -> ProblemResponse:
    return not_permitted(
        "To protect our users from spam and other malicious activity, this account is temporarily "
        "locked. Please log in to https://x.com to unlock your account."
    )


def usage_capped() -> ProblemResponse:
    """The cap of the app, or its spending limit (docs.x.com, response codes and errors)."""
    return ProblemResponse(
        429,
        "usage-capped",
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        period="Monthly",
        scope="Product",
    )


def not_found(resource: str, resource_id: str, parameter: str = "id") -> ProblemResponse:
    return ProblemResponse(
        404,
        "resource-not-found",
        "Not Found Error",
        f"Could not find {resource} with {parameter}: [{resource_id}].",
        resource_type=resource,
        resource_id=resource_id,
        parameter=parameter,
        value=resource_id,
    )


def too_many(headers: dict[str, str]) -> ProblemResponse:
    return ProblemResponse(
        429,
        "resource-unavailable",
        "Too Many Requests",
        "Too Many Requests",
        headers=headers,
        resource_type="",
    )


def internal(status: int = 500) -> ProblemResponse:
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
    title = titles.get(status, "Gateway Timeout")
    return ProblemResponse(
        status, "internal-error", title, "Something went wrong; the request may be out."
    )
