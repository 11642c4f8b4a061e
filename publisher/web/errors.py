"""Error pages: what went wrong, and what to do."""

from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from publisher.base import formats, i18n
from publisher.base.errors import (
    Busy,
    FileChanged,
    LedgerTooNew,
    LedgerTooOld,
    LedgerUnavailable,
    NoSuchPost,
    NotAllowed,
    NotFound,
    NotPermitted,
    NotPossible,
    PictureUnusable,
    PublisherError,
    StorageError,
    UsageError,
    why,
)
from publisher.base.i18n import _
from publisher.ledger.transitions import Conflict
from publisher.web import security
from publisher.web.routes import assets
from publisher.web.security import TooLarge

_STATUS: dict[type[PublisherError], int] = {
    UsageError: 400,
    NotPermitted: 403,
    NotFound: 404,
    NotPossible: 409,
    FileChanged: 409,
    PictureUnusable: 400,
    NoSuchPost: 404,
    Busy: 503,
    LedgerUnavailable: 503,
    LedgerTooNew: 503,
    LedgerTooOld: 503,
    StorageError: 503,
}

_PAGE = Markup(
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<title>{title}</title><link rel="stylesheet" href="{css}"></head>'
    '<body><main id="main"><h1>{title}</h1><p>{message}</p><p>{hint}</p><p><a href="/">{on}</a></p></main></body></html>'
)


def install(web: FastAPI) -> None:
    """Register the handlers of all expected errors."""
    web.add_exception_handler(PublisherError, _foreseen)
    web.add_exception_handler(Conflict, _moved)
    web.add_exception_handler(RequestValidationError, _malformed)
    web.add_exception_handler(HTTPException, _by_status)


def page(request: Request, status: int, title: str, message: str, hint: str | None) -> Response:
    """Render an error page; if the ledger is unavailable, without it."""
    values = {"title": title, "message": message, "hint": hint, "back": _way_back(request)}
    try:
        pages = request.app.state.parts.pages
        answer: Response = pages.render(request, "error.html", status, **values)
    except (PublisherError, AttributeError):
        return _without_templates(status, title, message, hint)
    return answer


def _without_templates(status: int, title: str, message: str, hint: str | None) -> Response:
    """Render an error without navigation: it needs neither ledger nor templates."""
    return HTMLResponse(
        _PAGE.format(
            lang=i18n.current(),
            css=assets.address("web.css"),
            title=title,
            message=message,
            hint=hint or "",
            on=_("Go to Today"),
        ),
        status,
    )


def _way_back(request: Request) -> str:
    """The path of the page that a form was on; empty if there is none."""
    path = request.url.path
    if request.method != "POST":
        return ""
    if path.startswith("/posts/"):
        return quote(path)
    for room in ("/review", "/agenda", "/answers", "/consents", "/accounts"):
        if path.startswith(room):
            return room
    return {"/pause": "/pause", "/log/verify": "/log"}.get(
        path, "/me" if path.startswith("/me/") else ""
    )


def status_of(error: PublisherError) -> int:
    """The HTTP status of an error."""
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)


async def _foreseen(request: Request, error: Exception) -> Response:
    assert isinstance(error, PublisherError)  # noqa: S101 - for the type checker
    return foreseen(request, error)


def foreseen(request: Request, error: PublisherError) -> Response:
    """Render the page of an expected error."""
    status = status_of(error)
    if isinstance(error, NotPermitted):
        log_refusal(request, error)
        return page(request, status, _("You are not allowed to do this"), str(error), error.hint)
    title = _("This cannot be done") if status < 500 else _("Publisher cannot do this now")
    return page(request, status, title, str(error), error.hint)


def log_refusal(request: Request, error: NotPermitted) -> None:
    """Write into the access log that somebody tried what they may not do."""
    why = "role" if isinstance(error, NotAllowed) else "no right"
    security.log_event(request, "refused", why=why)


def to_login(request: Request) -> Response:
    """Redirect to the log-in, and from there to the wanted page, or to the post of a form."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/login"
    is_a_page = request.method == "GET" or wanted.startswith("/posts/")
    if is_a_page and wanted != "/":
        address += f"?next={quote(wanted, safe='/')}"
    if request.headers.get("accept", "").startswith("text/event-stream"):
        return Response(status_code=401)
    return RedirectResponse(address, 303)


def too_old(request: Request) -> Response:
    """Refuse a form that was made for no session, or for another one."""
    message = _("The form was too old, or did not come from these pages.")
    hint = _("Go back, load the page again, and send it again.")
    return page(request, 403, _("Nothing was changed"), message, hint)


async def _moved(request: Request, _error: Exception) -> Response:
    message = _("The post changed while you were looking at it.")
    hint = _("Look at it again, then decide.")
    return page(request, 409, _("Nothing was changed"), message, hint)


async def _malformed(request: Request, _error: Exception) -> Response:
    message = _("Something in the address or in the form cannot be understood.")
    hint = _("Go back, load the page again, and send it again.")
    return page(request, 400, _("This cannot be done"), message, hint)


async def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    if error.status_code == 404:
        message = _("There is nothing at this address.")
        hint = _("Start with “Today”, or search the log.")
        return page(request, 404, _("There is no such page"), message, hint)
    if isinstance(error, TooLarge):
        message = _(
            "At most {limit} bytes are accepted here. Nothing was stored.",
            limit=formats.number(error.limit),
        )
        hint = _("Send less. For a picture, 4096 pixels on the longer side are plenty.")
        return page(request, 413, _("This is too large"), message, hint)
    if isinstance(error.__cause__, OSError):  # while the upload was stored temporarily
        text = _("What was sent cannot be stored: {reason}.", reason=why(error.__cause__))
        hint = _("The folder for temporary files must be on a disk with free space.")
        return await _foreseen(request, StorageError(text, hint=hint))
    return page(request, error.status_code, _("This cannot be done"), str(error.detail), None)
