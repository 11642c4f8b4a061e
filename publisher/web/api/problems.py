"""Problem details (RFC 9457): how the API reports errors, each with its remedy."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from publisher.base.errors import DraftHasErrors, KeyReused, PublisherError, StillRunning
from publisher.base.i18n import _
from publisher.ledger.transitions import Conflict
from publisher.model.values import Problem
from publisher.web import errors
from publisher.web.security import TooLarge

MEDIA_TYPE = "application/problem+json"
_KIND = "urn:publisher:problem:"
_STATUS: Mapping[type[PublisherError], int] = {KeyReused: 422, StillRunning: 409}
"""The statuses of errors that only the API has."""


class ProblemDetails(BaseModel):
    """An error. `type` is stable, and meant for programs; the words are meant for people."""

    type: str = Field(examples=[f"{_KIND}not-found"])
    title: str
    status: int
    detail: str
    remedy: str | None = Field(default=None, description="What to do about it.")
    problems: list[Problem] | None = Field(
        default=None, description="What is wrong in the draft, if that is the reason."
    )


class Unsavable(DraftHasErrors):
    # With what is wrong in the draft. No docstring: that would be a message.
    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        super().__init__(message or _(str(DraftHasErrors.__doc__)))
        self.problems = list(problems)


class ApiRefused(Exception):
    """The API refuses a request."""

    def __init__(
        self, status: int, detail: str, *, remedy: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.remedy, self.retry_after = status, remedy, retry_after

    def response(self) -> Response:
        return response(self.status, str(self), self.remedy, retry_after=self.retry_after)


def install(api: FastAPI) -> None:
    """Register the handlers of all expected errors."""
    api.add_exception_handler(PublisherError, _foreseen)
    api.add_exception_handler(ApiRefused, _refused)
    api.add_exception_handler(Conflict, _moved)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _by_status)


def response(
    status: int,
    detail: str,
    remedy: str | None = None,
    problems: Sequence[Problem] | None = None,
    retry_after: int | None = None,
) -> Response:
    """The answer of an error."""
    phrase = HTTPStatus(status).phrase
    told = ProblemDetails(
        type=_KIND + phrase.lower().replace(" ", "-"),
        title=phrase,
        status=status,
        detail=detail,
        remedy=remedy,
        problems=list(problems) if problems else None,
    )
    headers = {"WWW-Authenticate": 'Bearer realm="Publisher"'} if status == 401 else {}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(
        told.model_dump(mode="json", exclude_none=True), status, headers, MEDIA_TYPE
    )


def of(error: PublisherError) -> Response:
    """The answer of an expected error."""
    if isinstance(error, Unsavable):
        return response(422, str(error), error.hint, error.problems)
    status = _STATUS.get(type(error)) or errors.status_of(error)
    return response(status, str(error), error.hint, retry_after=30 if status == 503 else None)


async def _foreseen(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PublisherError)  # noqa: S101 - for the type checker
    return of(error)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiRefused)  # noqa: S101 - for the type checker
    return error.response()


async def _moved(_request: Request, _error: Exception) -> Response:
    message = _("The post moved on while you looked at it.")
    return response(409, message, _("Look at it again, then decide."))


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type checker
    # Not what was sent, which may be a secret.
    places = [".".join(map(str, one["loc"])) for one in error.errors()[:5]]
    return response(
        400,
        _("What was sent is not what this operation takes: {places}.", places=", ".join(places)),
        _("The description at /api/v1/openapi.json says what it takes."),
    )


async def _by_status(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    if isinstance(error, TooLarge):
        return response(413, _("This is too large"), _("Send less."))
    if error.status_code in (404, 405):
        hint = _("The description at /api/v1/openapi.json lists all operations.")
        return response(error.status_code, _("There is no such operation."), hint)
    return response(error.status_code, str(error.detail))
