"""Access log: log-ins, refused log-ins, and refused actions."""

import structlog
from starlette.requests import Request

from publisher.base.errors import NotPossible
from publisher.web.authentication import Visitor
from publisher.web.dependencies import Parts

_LONGEST = 200  # characters of an address


def address(request: Request) -> str:
    """The client's network address; empty if it is unknown."""
    return request.client.host if request.client else ""


def note(request: Request, event: str, **more: object) -> None:
    """Log an event of the visitor who sent the request."""
    visitor: Visitor | None = request.state.visitor
    _write(request, event, person=visitor.name if visitor else None, **more)


def came_in(request: Request, name: str, by: str) -> None:
    """Log that a person logged in."""
    _write(request, "logged in", person=name, by=by)


def turned_away(request: Request, parts: Parts, name: str, why: str, by: str = "password") -> None:
    """Log a refused log-in. An unknown name is left out: it may be a password."""
    try:
        known = parts.app.people.find(name).name
    except NotPossible:
        known = None
    _write(request, "log-in refused", person=known, by=by, why=why)


def _write(request: Request, event: str, **more: object) -> None:
    path = request.url.path[:_LONGEST]
    structlog.get_logger().info(event, address=address(request), path=path, **more)
