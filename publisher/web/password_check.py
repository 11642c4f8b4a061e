"""Password check with throttling: each attempt is delayed as the throttle requires."""

import asyncio
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from publisher.ledger.manager.rights import Person
from publisher.web import security
from publisher.web.authentication import aside, browser_cookie
from publisher.web.dependencies import Parts


class TooManyTries(Exception):
    """Too many log-ins wait already: of the same name from the same network, or in all."""

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


async def person(
    request: Request, parts: Parts, name: str, password: str, way: str = "form"
) -> Person | None:
    """The person who logs in; None if the password is wrong. Raises TooManyTries.

    Refused log-ins are logged. Others are not blocked: the delay holds no thread.
    """
    browser = request.cookies.get(browser_cookie(parts.where), "")
    refused, people = security.log_refused_login, parts.app.people
    where, by = security.address(request), "password" if way == "form" else way
    tried = await run_in_threadpool(parts.app.throttle.admit, name, where, way, browser)
    try:
        if tried.until is not None:
            raise TooManyTries(tried.until)
        if tried.delay:
            await _wait(request, tried.delay)
    except TooManyTries:
        await run_in_threadpool(refused, request, people, name, "too many tries", by)
        raise
    found = await run_in_threadpool(people.verified, name, password)
    if found is None:
        await run_in_threadpool(refused, request, people, name, "wrong password", by)
    else:
        await run_in_threadpool(parts.app.throttle.forgive, tried)
    return found
