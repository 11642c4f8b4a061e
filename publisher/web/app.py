"""Puts the web pages together."""

from fastapi import Depends, FastAPI

from publisher.app import Application
from publisher.monitoring import Monitor
from publisher.reports import Reports
from publisher.sections import WebSettings
from publisher.web import (
    accounts,
    assets,
    calendar,
    editing,
    elsewhere,
    errors,
    events,
    feeds,
    health,
    illustrating,
    log,
    login,
    metrics,
    moving,
    myself,
    outsiders,
    people,
    post,
    posts,
    queueing,
    report,
    switch,
    today,
)
from publisher.web.door import Waiting
from publisher.web.live import Live
from publisher.web.pages import Pages
from publisher.web.parts import Parts
from publisher.web.security import Guard, plain
from publisher.web.visitors import Recognition

ROOMS = (
    assets, login, elsewhere, myself, today, switch, events, calendar, log, posts, moving, queueing,
    editing, illustrating, post, accounts, report, feeds, people, health, metrics,
)  # fmt: skip


def create(
    application: Application,
    where: WebSettings | None = None,
    live: Live | None = None,
    monitor: Monitor | None = None,
) -> FastAPI:
    """The pages of one workspace; `where` takes the place of its `[web]` settings."""
    where = where or application.settings.web
    web = FastAPI(
        title="Publisher",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(plain)],
    )
    web.state.lately = health.Lately()
    web.state.parts = Parts(
        application,
        where,
        Pages(application),
        live or Live(application.queries),
        Reports(application),
        monitor or Monitor(application),
    )
    web.state.waiting = Waiting()
    for room in ROOMS:
        web.include_router(room.router)
    errors.install(web)
    outsiders.install(web)
    web.add_middleware(Recognition, application=application, settings=where)
    web.add_middleware(Guard, settings=where)  # the last one stands outermost
    return web
