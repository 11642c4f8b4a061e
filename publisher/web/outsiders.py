"""Whoever sends a form, and is not logged in, or not as when the page was made."""

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from publisher.language import _
from publisher.web import errors, login, trail, typed
from publisher.web.parts import Parts
from publisher.web.visitors import NotLoggedIn, NotOurForm


def install(web: FastAPI) -> None:
    """Let nobody lose what they typed."""
    web.add_exception_handler(NotLoggedIn, _not_logged_in)
    web.add_exception_handler(NotOurForm, _not_our_form)


async def _not_logged_in(request: Request, _error: Exception) -> Response:
    """To the log-in, with what was typed. A page that asks by itself says so where it stands."""
    if request.headers.get("hx-request"):
        return Response(status_code=401)
    found = await typed.of_form(request)
    if found is None:
        return errors.to_login(request)
    parts: Parts = request.app.state.parts
    problem = _(
        "You were logged out, and nothing was saved. What you typed is kept: log in to go on."
    )
    return await run_in_threadpool(
        login.page, request, parts, found.address, 401, problem=problem, kept=found
    )


async def _not_our_form(request: Request, _error: Exception) -> Response:
    """The page anew with what was typed, for somebody who logged in meanwhile."""
    trail.note(request, "refused", why="not our form")
    found = await typed.of_form(request)
    if found is None or request.state.visitor is None:
        return errors.too_old(request)
    return await run_in_threadpool(typed.restored, request, request.app.state.parts, found)
