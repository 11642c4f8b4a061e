"""XRPC errors of the simulated Bluesky, in the words of the reference server."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class XrpcError(Exception):
    """An answer with an error."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.more: Mapping[str, object] = {}

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        content = {**self.more, "error": self.error, "message": self.message}
        return JSONResponse(content, self.status, headers=dict(headers or {}))


def invalid(message: str) -> XrpcError:
    return XrpcError(400, "InvalidRequest", message)


def invalid_record(problem: str, place: str) -> XrpcError:
    return invalid(f"Invalid app.bsky.feed.post record: {problem} at $.{place}")


def internal(status: int = 500) -> XrpcError:
    return XrpcError(status, "InternalServerError", "Internal Server Error")


def expired() -> XrpcError:
    return XrpcError(400, "ExpiredToken", "Token has expired")


def invalid_token(message: str = "Token could not be verified") -> XrpcError:
    return XrpcError(400, "InvalidToken", message)


def bad_expiration() -> XrpcError:
    return XrpcError(400, "BadExpiration", "expiration is in past, or too far in the future")


def no_token() -> XrpcError:
    return XrpcError(401, "AuthMissing", "Authentication Required")


def wrong_password() -> XrpcError:
    return XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")


def too_many() -> XrpcError:
    return XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded")


class BlueskyFault(FaultKind):
    """Faults that this platform alone plays."""

    PROCESSING_SLOW = (
        "processing-slow",
        "the processing of this video takes `seconds` (30) of real time longer",
        FaultEffect.CHANGES,
        30,
    )
    VIDEO_LIMIT = (
        "video-limit",
        "the account may upload no more videos today",
        FaultEffect.CHANGES,
    )


_SAID: dict[FaultKind, XrpcError] = {
    What.DUPLICATE: internal(),  # a record with this key exists: the server has no words for it
    What.FORBIDDEN: XrpcError(403, "Forbidden", "Insufficient access"),
    What.SUSPENDED: XrpcError(401, "AccountTakedown", "Account has been taken down"),
    What.BAD_REQUEST: invalid("The sandbox was told to refuse this"),
    What.UNAUTHORISED: wrong_password(),
    What.TOKEN_DEAD: expired(),
}


def refusal(fault: "Fault", now: datetime) -> Response:
    """The error that a fault stands for; `now` by the sandbox's clock."""
    if fault.what is What.SERVER_ERROR:
        return internal(fault.status or 500).response()
    if fault.what in (What.RATE_LIMIT, What.BAD_RESET):
        over = int((now + timedelta(seconds=fault.delay)).timestamp()) + 1
        reset = "soon" if fault.what is What.BAD_RESET else str(over)
        return too_many().response(rate_headers(3_000, 0, reset, 300))
    return _SAID[fault.what].response()


def rate_headers(total: int, left: int, reset: str, window: int) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(total),
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": reset,
        "RateLimit-Policy": f"{total};w={window}",
    }
