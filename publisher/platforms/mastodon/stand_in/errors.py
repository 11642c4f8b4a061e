"""Mastodon's error responses: JSON with an `error`, in English here.

Sources: app/controllers/concerns/api/error_handling.rb and config/locales/en.yml.
"""

from starlette.responses import JSONResponse, Response

UNAUTHORISED = "The access token is invalid"
SCOPES = "This action is outside the authorized scopes"
DISABLED = "Your login is currently disabled"
NOT_FOUND = "Record not found"
NO_PARENT = "The post you are trying to reply to does not appear to exist."
THROTTLED = "Too many requests"
BUSY = "There was a temporary problem serving your request, please try again"
NOT_READY = "Cannot attach files that have not finished processing. Try again in a moment!"
MIXED = "Cannot attach a video to a post that already contains images"
TOO_MANY = "Cannot attach more than 4 files"


class ApiError(Exception):
    """An error of Mastodon's."""

    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.headers = status, error, dict(headers or {})

    def response(self) -> Response:
        return JSONResponse({"error": self.error}, self.status, headers=self.headers)


def invalid(what: str) -> ApiError:
    """422: the validation of a record failed."""
    return ApiError(422, f"Validation failed: {what}")


def not_found() -> ApiError:
    return ApiError(404, NOT_FOUND)
