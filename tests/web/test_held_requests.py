"""Whoever loses a right while a request of theirs is on its way does nothing with it any more."""

import socket
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from publisher.app import Application
from publisher.auth.sessions import LoginSession, Sessions
from publisher.auth.users import Rank
from publisher.model.states import State
from tests.support.pages import PASSWORD, Visit
from tests.support.waiting import wait_for

_WAYS: dict[str, tuple[Callable[[Application], object], int]] = {
    "removed": (lambda app: app.people.remove("direction", actor="chef"), 401),
    "disabled": (
        lambda app: app.people.disable(app.people.find("direction"), disabled=True, actor="chef"),
        401,
    ),
    "logged out": (lambda app: app.sessions.revoke(app.people.find("direction")), 401),
    "staff": (
        lambda app: app.people.set_rights("direction", Rank.STAFF, None, actor="chef"),
        403,
    ),
    "elsewhere": (
        lambda app: app.people.set_rights("direction", Rank.MANAGER, ["Lima"], actor="chef"),
        403,
    ),
}


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose sessions were found."""
    tokens: list[str] = []
    find = Sessions.find

    def noting(sessions: Sessions, token: str) -> LoginSession | None:
        found = find(sessions, token)
        tokens.append(token)
        return found

    monkeypatch.setattr(Sessions, "find", noting)
    return tokens


def _held(visit: Visit, path: str, **fields: str) -> tuple[socket.socket, bytes]:
    """A connection on which half of a form is sent, and the other half."""
    host, port = visit.client.base_url.host, visit.client.base_url.port
    body = urlencode({"form": visit.token, **fields}).encode()
    cookies = "; ".join(f"{one.name}={one.value}" for one in visit.client.cookies.jar)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    line = socket.create_connection((host, port or 80), timeout=60)
    line.sendall(head.encode() + body[:10])
    return line, body[10:]


@pytest.mark.parametrize("way", sorted(_WAYS))
def test_rights_are_those_of_when_the_form_has_arrived(
    app: Application, manager: Visit, looked_up: list[str], way: str
) -> None:
    (before,) = app.queries.deliveries(post="later.fr")
    manager.get("/posts/later.fr")
    seen = manager.page.partition('name="seen" value="')[2].partition('"')[0]
    looked_up.clear()
    line, rest = _held(
        manager, "/review", post="later.fr", account="bice-x", do="approve", seen=seen
    )
    with line:
        wait_for(lambda: looked_up)
        lose, status = _WAYS[way]
        lose(app)
        line.sendall(rest)
        assert line.recv(100).startswith(f"HTTP/1.1 {status} ".encode())
    (after,) = app.queries.deliveries(post="later.fr")
    assert after.state is before.state is State.AWAITING_APPROVAL
    assert after.approved_by is None


def test_an_admin_who_was_removed_meanwhile_lets_nobody_in(
    app: Application, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even at the very last moment: the session was still found when the form was there."""
    with Visit(address) as admin:
        admin.log_in("chef")
        admin.get("/people")
        found = app.sessions.find(admin.client.cookies["publisher"])
        app.people.add("other", Rank.ADMIN, PASSWORD)
        app.people.remove("chef", actor="other")
        monkeypatch.setattr(Sessions, "find", lambda *_: found)
        answer = admin.send("/people", name="back", role="admin", scope="all")
    assert answer.status_code == 403
    assert "chef can no longer log in." in admin.text
    assert "back" not in [person.name for person in app.people.all()]
