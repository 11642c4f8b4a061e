"""Page renderer: templates in the reader's language and the session's time zone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from publisher.app import Application
from publisher.base import formats, html, i18n
from publisher.base.errors import NotPermitted, PublisherError
from publisher.base.formats import written
from publisher.base.stored_messages import again as retold
from publisher.channels.registry import TEMPLATES
from publisher.drafts.session import Session
from publisher.ledger.manager.rights import Rank
from publisher.ledger.tables import EVERYTHING
from publisher.model import events, limits_text
from publisher.model.deliveries import Delivery
from publisher.model.states import state_name
from publisher.reporting.status import FRESH
from publisher.web import hints, icons, labels, navigation
from publisher.web.authentication import Visitor
from publisher.web.counters import Counters, Counts
from publisher.web.errors import log_refusal, status_of
from publisher.web.faces import Faces
from publisher.web.instants import Instants
from publisher.web.navigation import Layout
from publisher.web.routes import assets
from publisher.web.security import form_token


@dataclass(frozen=True, slots=True)
class Offer:
    """An undo that a toast offers."""

    seen: Sequence[str]
    """The deliveries as the decision left them: `12:3` is version 3 of number 12."""
    back: str
    """The address that it leads to."""


@dataclass(frozen=True, slots=True)
class Toast:
    """A message shown once, on the next page that the person opens."""

    text: str
    warns: bool = False
    """Whether something was not done, or is not as one would expect."""
    undo: Offer | None = None

    def __str__(self) -> str:
        """The text that the session stores."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, kept: str | None) -> "Toast | None":
        if not kept:
            return None
        try:
            said = json.loads(kept)
            undo = said["undo"]
            return cls(said["text"], said["warns"], Offer(**undo) if undo else None)
        except (ValueError, TypeError, KeyError):  # of a session that an older version began
            return cls(kept)


class Renderer:
    """Renders the templates for one workspace."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._counters = Counters(app)
        self._templates = html.environment("publisher.web", "publisher.preview", *TEMPLATES)
        self._templates.lstrip_blocks = True
        self._templates.globals |= {
            "static": assets.address,
            "icon": icons.icon,
            "glyph": icons.glyph,
            "face": icons.face,
            "words": labels,
            "state_name": state_name,
            "figures": formats,
            "limits": limits_text,
            "hint_of": hints.hint,
            "event": events.event,
            "written": written,
            "retold": retold,
            "public_address": self._public_address,
        }

    def render(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render a page, with the last toast above it; one with a `problem` has its status.

        `request.state` must hold the visitor, set by `Recognition`.
        """
        if isinstance(problem := values.get("problem"), PublisherError):
            status = status_of(problem)
            if isinstance(problem, NotPermitted):
                log_refusal(request, problem)
        visitor, again = request.state.visitor, getattr(request.state, "again", None)
        path = again.page if again else request.url.path
        standing = self._app.queries.accounts() if visitor else ()
        paused = any(one.account == EVERYTHING and one.paused_at for one in standing)
        faces, session, now = Faces(self._app), self._app.session(), self._app.clock.now()
        instants = Instants(session.zone, now, faces.accounts, faces.named)
        context: Mapping[str, Any] = {
            "named": faces.named,
            "told_apart": faces.told_apart,
            "titled": faces.titled,
            "listed": faces.listed,
            "called": faces.called,
            "quoted": faces.quoted,
            "place": partial(labels.place, faces.called),
            "portrait": faces.portrait,
            "layout": self._layout(
                visitor, path.partition("?")[0], request.state.step, session, now, paused=paused
            ),
            "session_name": self._name_of(session),
            "standing": standing,
            "set_backs": self._app.queries.set_backs(now - FRESH) if visitor else (),
            "lang": i18n.current(),
            "visitor": visitor,
            "trial": self._app.settings.warning,
            "timelines": next(iter(self._trial_servers.values()), None),
            "may": partial(self._may, visitor),
            "may_resume": partial(self._may_resume, visitor),
            "take_toast": lambda: Toast.read(self._app.sessions.take_toast(visitor)),
            "form": form_token(request.state.secret) if request.state.secret else "",
            "path": path,
            "again": again,
            "when": instants.when,
            "soon": instants.soon,
            "from_now": instants.from_now,
            "visible": instants.visible,
            "here": lambda text: faces.in_words(instants.here(text)),
            "in_words": faces.in_words,
            "city": instants.city,
            "readers": instants.readers,
            "zone": session.zone,
            "now": now,
            "speed": self._app.clock.speed,
            "step": request.state.step,
        }
        page = self._templates.get_template(template).render(**{**context, **values})
        return HTMLResponse(page, status)

    def _layout(
        self,
        visitor: Visitor | None,
        path: str,
        step: int,
        session: Session,
        now: datetime,
        *,
        paused: bool,
    ) -> Layout:
        """What stands around each page."""
        items = [item for item in navigation.ITEMS if self._may(visitor, item.rank)]
        return Layout(
            items=items,
            current=next((item for item in items if item.is_at(path)), None),
            counts=asdict(self._counters.of(visitor.person, step) if visitor else Counts()),
            mark=navigation.mark_of(self._name_of(session)),
            day=navigation.day_of(session, now.astimezone(session.zone).date()),
            may_pause=self._may(visitor, Rank.MANAGER) and not paused,
        )

    def _name_of(self, session: Session) -> str:
        return session.name or self._app.settings.workspace.name

    def _may(self, visitor: Visitor | None, rank: str, *accounts: str) -> bool:
        """Whether the reader has this rank for these accounts."""
        rights = self._app.rights
        return visitor is not None and rights.permits(visitor.person, Rank(rank), accounts)

    def _may_resume(self, visitor: Visitor | None, account: str) -> bool:
        """Whether the reader may end the pause of an account; `*`: of all accounts."""
        if account != EVERYTHING:
            return self._may(visitor, Rank.MANAGER, account)
        return visitor is not None and self._app.control.may_resume(None, visitor.name)

    @property
    def zone(self) -> tzinfo:
        """The session's time zone."""
        return self._app.session().zone

    @property
    def _trial_servers(self) -> Mapping[str, str]:
        """In the sandbox, its server by channel: its pages show what the public would see."""
        settings = self._app.settings
        return settings.servers if settings.in_sandbox else {}

    def _public_address(self, delivery: Delivery) -> str:
        """Where readers see it; empty where that is not known, as of a website without `url`."""
        url = delivery.url or ""
        if not url.startswith(("https://", "http://")):
            return ""
        return self._trial_servers.get(delivery.channel, url)
