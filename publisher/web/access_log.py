"""What the log says of people: who came in, who was turned away, who tried what they may not."""

import structlog
from starlette.requests import Request

from publisher.base.errors import NotPossible
from publisher.web.authentication import Visitor
from publisher.web.dependencies import Parts

_LONGEST = 200  # characters of an address


def address(request: Request) -> str:
    """Where a request comes from, as far as that can be told."""
    return request.client.host if request.client else ""


def note(request: Request, event: str, **more: object) -> None:
    """One line about whoever sent the request."""
    visitor: Visitor | None = request.state.visitor
    _write(request, event, person=visitor.name if visitor else None, **more)


def came_in(request: Request, name: str, by: str) -> None:
    """Somebody logged in."""
    _write(request, "logged in", person=name, by=by)


def turned_away(request: Request, parts: Parts, name: str, why: str, by: str = "password") -> None:
    """Somebody did not log in. A name that nobody has is left out: it may be a password."""
    try:
        known = parts.app.people.find(name).name
    except NotPossible:
        known = None
    _write(request, "log-in refused", person=known, by=by, why=why)


def _write(request: Request, event: str, **more: object) -> None:
    path = request.url.path[:_LONGEST]
    structlog.get_logger().info(event, address=address(request), path=path, **more)
