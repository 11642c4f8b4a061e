"""Password and code check with throttling: each try is delayed as the throttle requires."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from publisher.auth.login_throttle import CODE, PASSWORD
from publisher.ledger.manager.rights import Person
from publisher.web import security
from publisher.web.authentication import browser_cookie
from publisher.web.dependencies import Parts
from publisher.web.request_places import aside

Checked = TypeVar("Checked")


class TooManyTries(Exception):
    """Too many log-ins wait already: of the same name from the same network, or in all.

    Or too many codes were wrong.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until
        """When there is room again."""


_WAITING = 100
"""Log-ins that wait at a time. More would use up the connections that others need."""


class WaitingLogins:
    """Number of log-ins that wait in this process."""

    number = 0


async def _wait(request: Request, seconds: float) -> None:
    """Wait without blocking others. Raises TooManyTries if too many wait already."""
    waiting: WaitingLogins = request.app.state.waiting
    if waiting.number >= _WAITING:
        raise TooManyTries(datetime.now(UTC) + timedelta(seconds=seconds))
    waiting.number += 1
    try:
        async with aside(request):
            await asyncio.sleep(seconds)
    finally:
        waiting.number -= 1


async def person(request: Request, parts: Parts, name: str, password: str) -> Person | None:
    """The person who logs in; None if the password is wrong. Raises TooManyTries."""
    return await _tried(
        request, parts, name, PASSWORD, lambda: parts.app.people.verified(name, password)
    )


async def is_code_right(request: Request, parts: Parts, person: Person, code: str) -> bool:
    """Check a person's code of an app, or a recovery code. Raises TooManyTries."""
    check = parts.app.second_factors.is_right
    return await _tried(request, parts, person.name, CODE, lambda: check(person, code))


_WRONG = {PASSWORD: "wrong password", CODE: "wrong code"}
_BY = {PASSWORD: "password", CODE: "code"}


async def _tried(
    request: Request, parts: Parts, name: str, way: str, check: Callable[[], Checked]
) -> Checked:
    """The result of the check, when it is its turn. Raises TooManyTries.

    Refused log-ins are logged. Others are not blocked: the delay holds no thread.
    """
    browser = request.cookies.get(browser_cookie(parts.where), "")
    refused, people = security.log_refused_login, parts.app.people
    where = security.address(request)
    tried = await run_in_threadpool(parts.app.throttle.admit, name, where, way, browser)
    try:
        if tried.until is not None:
            raise TooManyTries(tried.until)
        if tried.delay:
            await _wait(request, tried.delay)
    except TooManyTries:
        await run_in_threadpool(refused, request, people, name, "too many tries", _BY[way])
        raise
    found = await run_in_threadpool(check)
    if found:
        await run_in_threadpool(parts.app.throttle.forgive, tried)
    else:
        await run_in_threadpool(refused, request, people, name, _WRONG[way], _BY[way])
    return found
