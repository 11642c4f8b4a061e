"""Problem details (RFC 9457): how the API reports errors, each with its remedy."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from publisher.base.errors import DraftHasErrors, KeyReused, PublisherError, StillRunning
from publisher.base.i18n import _, later
from publisher.ledger.transitions import Conflict
from publisher.model.values import Problem
from publisher.web import errors
from publisher.web.security import TooLarge

MEDIA_TYPE = "application/problem+json"
_KIND = "urn:publisher:problem:"
_STATUS: Mapping[type[PublisherError], int] = {KeyReused: 422, StillRunning: 409}
"""The statuses of errors that only the API has."""
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")
_MOST = 20
"""Flaws of one request that are named."""
_WRONG: Mapping[str, str] = {
    "missing": later("It is missing."),
    "extra_forbidden": later("This name is not known."),
    "json_invalid": later("It is not valid JSON."),
    "string_too_long": later("It has more than {max_length} characters."),
    "string_too_short": later("It is empty."),
    "too_long": later("It has more than {max_length} items."),
    "string_type": later("It must be text."),
    "list_type": later("It must be a list."),
    "dict_type": later("It must be an object."),
    "bool_type": later("It must be true or false."),
    "bool_parsing": later("It must be true or false."),
    "int_parsing": later("It must be a whole number."),
    "less_than_equal": later("It must be at most {le}."),
    "greater_than_equal": later("It must be at least {ge}."),
    "literal_error": later("It must be one of: {expected}."),
}
"""What is wrong, by Pydantic's kinds of errors."""


class BadInput(BaseModel):
    """What is wrong with a part of the request."""

    pointer: str | None = Field(
        default=None, description="Its place in the body, as a JSON pointer.", examples=["#/texts"]
    )
    parameter: str | None = Field(
        default=None, description="The name of the header, or of what stands in the address."
    )
    detail: str


class ProblemDetails(BaseModel):
    """An error. `type` is stable, and meant for programs; the words are meant for people."""

    type: str = Field(
        description="The cause; more may come.", examples=[f"{_KIND}changed-meanwhile"]
    )
    title: str
    status: int
    detail: str
    remedy: str | None = Field(default=None, description="What to do about it.")
    problems: list[Problem] | None = Field(
        default=None, description="What is wrong in the draft, if that is the reason."
    )
    errors: list[BadInput] | None = Field(
        default=None, description="What is wrong with the request, if that is the reason."
    )


class Unsavable(DraftHasErrors):
    # With what is wrong in the draft. No docstring: that would be a message.
    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        super().__init__(message or _(str(DraftHasErrors.__doc__)))
        self.problems = list(problems)


class ApiRefused(Exception):
    """The API refuses a request."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        cause: str,
        remedy: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.cause = status, cause
        self.remedy, self.retry_after = remedy, retry_after

    def response(self) -> Response:
        return response(
            self.status, self.cause, str(self), self.remedy, retry_after=self.retry_after
        )


def install(api: FastAPI) -> None:
    """Register the handlers of all expected errors."""
    api.add_exception_handler(PublisherError, _foreseen)
    api.add_exception_handler(ApiRefused, _refused)
    api.add_exception_handler(Conflict, _moved)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _by_status)


def response(
    status: int,
    cause: str,
    detail: str,
    remedy: str | None = None,
    problems: Sequence[Problem] | None = None,
    wrong: Sequence[BadInput] | None = None,
    retry_after: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer of an error. `cause`: the last part of its `type`."""
    told = ProblemDetails(
        type=_KIND + cause,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        remedy=remedy,
        problems=list(problems) if problems else None,
        errors=list(wrong) if wrong else None,
    )
    sent = dict(headers or {})
    if status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="Publisher"'
    if retry_after is not None:
        sent["Retry-After"] = str(retry_after)
    return JSONResponse(told.model_dump(mode="json", exclude_none=True), status, sent, MEDIA_TYPE)


def of(error: PublisherError) -> Response:
    """The answer of an expected error; its cause is the name of its class."""
    if isinstance(error, Unsavable):
        return response(422, "draft-has-errors", str(error), error.hint, error.problems)
    status = _STATUS.get(type(error)) or errors.status_of(error)
    cause = _CAPITAL.sub(r"-\1", type(error).__name__).lower()
    retry_after = 30 if status == 503 else None
    return response(status, cause, str(error), error.hint, retry_after=retry_after)


async def _foreseen(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PublisherError)  # noqa: S101 - for the type checker
    return of(error)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiRefused)  # noqa: S101 - for the type checker
    return error.response()


async def _moved(_request: Request, _error: Exception) -> Response:
    message = _("The post changed while you were looking at it.")
    return response(409, "changed-meanwhile", message, _("Look at it again, then decide."))


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type checker
    wrong = [_bad_input(one) for one in error.errors()[:_MOST]]
    told = "; ".join(f"{one.parameter or one.pointer}: {one.detail}" for one in wrong)
    if any(one.parameter == "If-Match" for one in wrong) and len(wrong) == 1:
        hint = _("Read the draft, and send its `etag`.")
        return response(428, "match-missing", told, hint, wrong=wrong)
    hint = _("The description at /api/v1/openapi.json says what it accepts.")
    return response(400, "bad-request", told, hint, wrong=wrong)


def _bad_input(flaw: Mapping[str, Any]) -> BadInput:
    """What is wrong, without what was sent: that may be a secret."""
    place, *rest = flaw["loc"]
    kind = _WRONG.get(flaw["type"])
    detail = _(kind, **flaw.get("ctx", {})) if kind else _("It is not the kind that is needed.")
    if place != "body":
        return BadInput(parameter=str(rest[0]) if rest else str(place), detail=detail)
    steps = () if flaw["type"] == "json_invalid" else rest
    escaped = (str(one).replace("~", "~0").replace("/", "~1") for one in steps)
    return BadInput(pointer="/".join(("#", *escaped)), detail=detail)


async def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    if isinstance(error, TooLarge):
        return response(413, "too-large", _("This is too large"), _("Send less."))
    hint = _("The description at /api/v1/openapi.json lists all operations.")
    if error.status_code == 405:
        allowed = ", ".join(sorted(_methods(request)))
        message = _("It accepts these methods: {methods}.", methods=allowed)
        return response(405, "method-not-allowed", message, hint, headers={"Allow": allowed})
    if error.status_code == 404:
        return response(404, "no-such-operation", _("There is no such operation."), hint)
    cause = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return response(error.status_code, cause, str(error.detail))


def _methods(request: Request) -> set[str]:
    """The methods of all operations at this address, by the description."""
    place = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return {
        method.upper()
        for template, item in request.app.openapi()["paths"].items()
        if compile_path(template.replace("}", ":path}"))[0].match(place)
        for method in item
    }
