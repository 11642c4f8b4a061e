"""Dependencies that all routes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from publisher.app import Application
from publisher.doctor import Finding
from publisher.doctor.accounts import examine
from publisher.monitoring import Monitor
from publisher.reporting.session_report import Reports
from publisher.settings.schema import WebSettings
from publisher.web.authentication import Visitor
from publisher.web.openid_client import Known
from publisher.web.render import Notice, Renderer
from publisher.web.server_sent_events import EventStream
from publisher.web.unqueued import Differing
from publisher.web.upload_queue import Turns

_PREFIX = "account "


class Platforms:
    """Cache of the platforms' newest answers; asking costs each platform a request."""

    def __init__(self) -> None:
        self.asked_at: datetime | None = None
        self._findings: Mapping[str, Finding] = {}

    def ask(self, app: Application) -> None:
        """Ask all platforms now, as `publisher doctor` does."""
        self._findings = {finding.subject: finding for finding in examine(app, offline=False)}
        self.asked_at = app.clock.now()

    def finding(self, account: str) -> Finding | None:
        """The platform's last answer about an account; None before the first question."""
        return self._findings.get(_PREFIX + account)


@dataclass(frozen=True, slots=True)
class Parts:
    """Shared state of the routes: application, settings, renderer, event stream, caches."""

    app: Application
    where: WebSettings
    pages: Renderer
    live: EventStream
    reports: Reports
    monitor: Monitor
    platforms: Platforms = field(default_factory=Platforms)
    provider: Known = field(default_factory=Known)
    turns: Turns = field(default_factory=Turns)
    differing: Differing = field(default_factory=Differing)

    def done(self, visitor: Visitor, notice: Notice | str, address: str) -> Response:
        """Answer a change: redirect to `address`, and show the notice there."""
        self.app.sessions.leave_notice(visitor.session, str(notice))
        return RedirectResponse(address, 303)


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Use = Annotated[Parts, Depends(_parts)]
