"""Refusals of WordPress: a code, a message and the status; its own answers for faults."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class WordPressFault(FaultKind):
    """Faults that this platform alone plays."""

    OTHER_LANGUAGE = (
        "other-language",
        "a new post stands on the side of the site's first language, whatever is asked",
        FaultEffect.CHANGES,
    )
    COMMENTS_OFF = (
        "comments-off",
        "a plugin has taken comments out of the API",
        FaultEffect.CHANGES,
    )
    TRASH_OFF = (
        "trash-off",
        "the site has no trash: comments are deleted for good, or not at all",
        FaultEffect.CHANGES,
    )


_CRITICAL = "<p>There has been a critical error on this website.</p>"
_TOO_MANY = "<html><head><title>429 Too Many Requests</title></head><body>Slow down.</body></html>"


class RestError(Exception):
    """A refusal in WordPress' format."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self._status = status
        self._body = {"code": code, "message": message, "data": {"status": status, **data}}

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        return JSONResponse(self._body, self._status, headers=dict(headers or {}))


def missing() -> RestError:
    return RestError(404, "rest_post_invalid_id", "Invalid post ID.")


def invalid(parameter: str, reason: str) -> RestError:
    return RestError(
        400, "rest_invalid_param", f"Invalid parameter(s): {parameter}", params={parameter: reason}
    )


def not_logged_in() -> RestError:
    return RestError(401, "rest_not_logged_in", "You are not currently logged in.")


def refusal(fault: "Fault") -> Response:
    """The answer that a fault stands for."""
    if fault.what is What.SERVER_ERROR:
        return RestError(fault.status or 500, "internal_server_error", _CRITICAL).response()
    if fault.what in (What.RATE_LIMIT, What.BAD_RESET):
        after = "soon" if fault.what is What.BAD_RESET else str(int(fault.delay) + 1)
        return HTMLResponse(_TOO_MANY, 429, headers={"retry-after": after})
    if fault.what is What.UNAUTHORISED:
        return not_logged_in().response()
    if fault.what in (What.FORBIDDEN, What.SUSPENDED):
        message = "Sorry, you are not allowed to publish posts in this post type."
        return RestError(403, "rest_cannot_publish", message).response()
    return invalid("content", "The sandbox was told to refuse this.").response()
