"""Application factory of the web pages."""

from fastapi import APIRouter, Depends, FastAPI

from publisher.app import Application
from publisher.monitoring.monitor import Monitor
from publisher.settings.schema import WebSettings
from publisher.web import anonymous_forms, errors
from publisher.web.api import app as api
from publisher.web.authentication import Recognition
from publisher.web.dependencies import Parts
from publisher.web.password_check import WaitingLogins
from publisher.web.render import Renderer
from publisher.web.routes import (
    accounts,
    agenda,
    agenda_import,
    answers,
    assets,
    bulk,
    calendar,
    compose,
    connect,
    consents,
    correct,
    dashboard,
    design,
    draft_file,
    factors,
    feeds,
    filters,
    health,
    help_pages,
    log,
    login,
    mandate,
    media,
    metrics,
    notes,
    openid,
    password_link,
    pause,
    personal_notices,
    phone,
    pictures,
    post,
    posts,
    profile,
    queue,
    repeat,
    report,
    reschedule,
    review,
    search,
    tokens,
    undo,
    users,
)
from publisher.web.security import API, Compression, Guard, plain
from publisher.web.server_sent_events import EventStream

ROUTE_MODULES = (
    assets, login, openid, password_link, profile, personal_notices, tokens, factors, dashboard, review, search, pause,
    calendar, agenda_import, agenda, answers, log, filters, bulk, posts, reschedule, repeat, correct, queue, compose, draft_file, media,
    pictures, notes, post, undo, accounts, connect, mandate, consents, report, feeds, users, health, metrics, design,
    phone, help_pages,
)  # fmt: skip

_PAGES = APIRouter(dependencies=[Depends(plain)])
"""All routes; FastAPI prepares them once for all applications of a process."""
for _module in ROUTE_MODULES:
    _PAGES.include_router(_module.router)


def create(
    application: Application,
    where: WebSettings | None = None,
    live: EventStream | None = None,
    monitor: Monitor | None = None,
) -> FastAPI:
    """Create the web application of one workspace; `where` replaces its `[web]` settings."""
    where = where or application.settings.web
    application.checks_apart = True
    web = FastAPI(title="Publisher", docs_url=None, redoc_url=None, openapi_url=None)
    web.router.routes.extend(_PAGES.routes)
    web.state.lately = health.RecentCheck()
    web.state.parts = Parts(
        application,
        where,
        Renderer(application),
        live or EventStream(application.queries),
        monitor or Monitor(application),
    )
    web.state.waiting = WaitingLogins()
    web.state.api = api.create(application, web.state.parts)
    web.mount(API, web.state.api, name="api")
    errors.install(web)
    anonymous_forms.install(web)
    web.add_middleware(Recognition, application=application, settings=where)
    web.add_middleware(Compression)
    web.add_middleware(Guard, settings=where)  # the last one is the outermost
    return web
