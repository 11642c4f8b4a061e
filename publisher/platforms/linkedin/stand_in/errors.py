"""Error responses of LinkedIn, with status, code and message.

Source: learn.microsoft.com/linkedin/marketing/error-responses, and error handling.
"""

from typing import Any

from starlette.responses import JSONResponse, Response


class LinkedInError(Exception):
    """An error of LinkedIn's REST API."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": status, "code": code, "message": message, **more}

    def response(self, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse(self.body, self.status, headers=headers)


def invalid(message: str, code: str = "INVALID_VALUE_FOR_FIELD") -> LinkedInError:
    return LinkedInError(400, code, message)


def not_found(what: str) -> LinkedInError:
    return LinkedInError(404, "NOT_FOUND", f"Could not find entity: {what}")


def denied(what: str = "partnerApiPostsExternal.CREATE") -> LinkedInError:
    return LinkedInError(
        403,
        "ACCESS_DENIED",
        f"Not enough permissions to access: {what}",
        serviceErrorCode=100,
    )


def duplicate(urn: str) -> LinkedInError:
    error = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    return LinkedInError(
        422,
        "UNPROCESSABLE_ENTITY",
        f"Content is a duplicate of {urn}",
        errorDetailType="com.linkedin.common.error.BadRequest",
        errorDetails={"inputErrors": [error]},
    )


def unauthorised(code: str = "INVALID_ACCESS_TOKEN") -> LinkedInError:
    number, message = {
        "INVALID_ACCESS_TOKEN": (65600, "Invalid access token"),
        "REVOKED_ACCESS_TOKEN": (
            65601,
            "The token used in the request has been revoked by the user",
        ),
        "EXPIRED_ACCESS_TOKEN": (65602, "The token used in the request has expired"),
        "EMPTY_ACCESS_TOKEN": (65604, "Empty oauth2 access token"),
    }[code]
    return LinkedInError(401, code, message, serviceErrorCode=number)


def dead_version(version: str) -> LinkedInError:
    return LinkedInError(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")


def too_many() -> LinkedInError:
    message = (
        "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is "
        "reached."
    )
    return LinkedInError(429, "TOO_MANY_REQUESTS", message, serviceErrorCode=101)


def internal(status: int) -> LinkedInError:
    return LinkedInError(status, "INTERNAL_SERVER_ERROR", "Internal Server Error")
