"""Page renderer: templates in the reader's language and the session's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from babel.dates import format_timedelta
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from publisher.app import Application
from publisher.base import formats, html, i18n
from publisher.base.errors import PublisherError
from publisher.base.formats import instant_text, written
from publisher.base.stored_messages import again
from publisher.channels.registry import TEMPLATES
from publisher.ledger.manager.rights import Rank
from publisher.ledger.tables import EVERYTHING
from publisher.model import events, limits_text
from publisher.web import labels
from publisher.web.authentication import Visitor
from publisher.web.errors import status_of
from publisher.web.routes import assets
from publisher.web.security import form_token

_WARNS = "! "
_FORMS = {"long": "EEE d MMM y, HH:mm", "exact": "EEE d MMM y, HH:mm:ss", "time": "HH:mm"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message shown once, on the next page that the person opens."""

    text: str
    warns: bool = False
    """Whether something was not done, or is not as one would expect."""

    def __str__(self) -> str:
        """The text that the session stores."""
        return f"{_WARNS}{self.text}" if self.warns else self.text

    @classmethod
    def read(cls, kept: str | None) -> "Notice | None":
        return cls(kept.removeprefix(_WARNS), kept.startswith(_WARNS)) if kept else None


class Renderer:
    """Renders the templates for one workspace."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._templates = html.environment("publisher.web", "publisher.preview", *TEMPLATES)
        self._templates.lstrip_blocks = True
        self._templates.globals |= {
            "static": assets.address,
            "words": labels,
            "figures": formats,
            "limits": limits_text,
            "event": events.event,
            "when": self._when,
            "from_now": self._from_now,
            "written": written,
            "again": again,
            "here": self._here,
        }

    def render(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render a page, with the last notice above it; one with a `problem` has its status.

        `request.state` must hold the visitor, set by `Recognition`.
        """
        if isinstance(problem := values.get("problem"), PublisherError):
            status = status_of(problem)
        visitor, again = request.state.visitor, getattr(request.state, "again", None)
        context: Mapping[str, Any] = {
            "lang": i18n.current(),
            "visitor": visitor,
            "trial": self._app.settings.warning,
            "may": partial(self._may, visitor),
            "may_resume": partial(self._may_resume, visitor),
            "take_notice": lambda: Notice.read(self._app.sessions.take_notice(visitor)),
            "standing": self._app.queries.accounts() if visitor else (),
            "form": form_token(request.state.secret) if request.state.secret else "",
            "room": again.page if again else request.url.path,
            "again": again,
            "session_name": self._app.session().name or self._app.settings.workspace.name,
            "zone": self.zone,
            "now": self._app.clock.now(),
            "speed": self._app.clock.speed,
            "step": request.state.step,
        }
        page = self._templates.get_template(template).render(**{**context, **values})
        return HTMLResponse(page, status)

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

    def _here(self, text: str | None) -> str:
        return labels.here(text, self.zone) if text else ""

    def _when(self, instant: datetime | None, form: str = "long") -> Markup:
        """Render an instant in the session's zone; a script adds the reader's local time."""
        if instant is None:
            return Markup("")
        return Markup('<time datetime="{}">{}</time>').format(
            instant_text(instant), written(instant.astimezone(self.zone), _FORMS[form])
        )

    def _from_now(self, instant: datetime) -> Markup:
        """Render a countdown such as `in 5 minutes`, which a script updates."""
        left = instant - self._app.clock.now()
        text = format_timedelta(
            left if abs(left) > timedelta(seconds=1) else timedelta(seconds=1),
            add_direction=True,
            locale=i18n.current(),
        )
        return Markup('<time class="countdown" datetime="{}">{}</time>').format(
            instant_text(instant), text
        )
