"""No address leads to a file that is not meant to be seen, however it is written."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from fastapi.routing import APIRoute

from publisher.app import Application
from publisher.web.app import ROUTE_MODULES, create
from publisher.web.security import form_token
from tests.support.pages import serving
from tests.support.workspaces import Workspace

_OUTSIDE = "what nobody may see"
_MARKS = (_OUTSIDE.encode(), b"planted-secret", b"SQLite format 3", b"root:x:", b"[accounts.")
"""What stands in files that no page shows."""
_UP = ("../", "..%2f", "%2e%2e/", "%2E%2E%2F", "..%252f", "..\\", "..%5c", "....//", "..;/",
       "..%c0%af", "%c0%ae%c0%ae/", "..%ef%bc%8f", "..%00/", "media/../../", "site%2f..%2f../")  # fmt: skip
_FILES = ("secrets.toml", "var/publisher.db", "outside", "outside.md")
_LONGEST = 60_000
"""Characters of a path, from which on a server may end the connection before it has read it."""
_PARTS = 3
"""Tests that share the pages: each asks some thousands of times."""
_ODD = (
    *("", "/", "//", ".", "..", "%2e", "%2f", "%5c", "~root", "*", "?", "%", "%zz", "%u002e", "-1"),
    *("%00", "day.fr%00", "day.fr%00.md", "day.fr.md", "%0d%0aSet-Cookie:%20a=b", "%e2%80%ae"),
    *("%ff%fe", "%c3%28", "%ed%a0%80", "%f0%28%8c%bc", "\xff\xfe", "é", "a b", "\x7f"),
    *("a" * 5000, "a/" * 5000, "%2e%2e%2f" * 5000, "a" * 70_000),
    *("C:%5cWindows%5cwin.ini", "file:%2f%2f%2fetc%2fpasswd", "%7b%7b7*7%7d%7d", "$%7bHOME%7d"),
    *(".hidden", "link", "link.fr", "folder/inside", "folder", "session.yaml", "session"),
)


@pytest.fixture
def places(workspace: Workspace, tmp_path: Path) -> list[str]:
    """What stands in the place of a parameter; some of it leads to files that are there."""
    for name in ("outside", "outside.md", "posts/.hidden.md", "../elsewhere/inside.md"):
        workspace.write(name, f"---\nto: [bice-x]\n---\n{_OUTSIDE}\n")
    posts = workspace.path / "posts"
    (posts / "link.md").symlink_to(workspace.path / "outside.md")
    (posts / "link.fr.md").symlink_to(workspace.path / "secrets.toml")
    (posts / "folder").symlink_to(tmp_path / "elsewhere")
    up = [up * times + file for up in _UP for times in (1, 3) for file in _FILES]
    far = [up * 12 + "etc/passwd" for up in _UP]
    absolute = [
        start + quote(str(path), safe=safe)
        for path in (workspace.path / "secrets.toml", "/etc/passwd")
        for start, safe in (("", "/"), ("", ""), ("/", "/"), ("%2f", ""))
    ]
    return [*up, *far, *absolute, *_ODD]


@pytest.mark.deep
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("who", ["chef", None])
def test_no_path_leads_out(app: Application, places: list[str], who: str | None, part: int) -> None:
    """Of every page with a parameter in its path: neither to a file nor to a server's error."""
    token = app.sessions.begin(app.people.find(who), "") if who else ""
    with serving(app) as address:
        for route in list(_with_parameters(app))[part::_PARTS]:
            for place in places:
                path = re.sub(r"\{[^}]+\}", lambda _: place, route.path)  # noqa: B023
                for method in sorted(route.methods or ()):
                    head, _, body = _ask(address, method, path, token).partition(b"\r\n\r\n")
                    is_cut = not head and len(path) > _LONGEST  # while it was still being sent
                    assert is_cut or re.match(rb"HTTP/1.1 [234]", head), (method, path, head)
                    assert b"a=b" not in head, (method, path)
                    assert not [mark for mark in _MARKS if mark in body], (method, path)


def _with_parameters(app: Application) -> Iterator[APIRoute]:
    routes = [route for module in ROUTE_MODULES for route in module.router.routes]
    described = {re.sub(r":\w+\}", "}", getattr(route, "path", "")) for route in routes}
    assert described == {*create(app).openapi()["paths"]}, "a page that is in no module"
    for route in routes:
        assert isinstance(route, APIRoute)
        if "{" in route.path:
            yield route


def _ask(address: str, method: str, path: str, token: str) -> bytes:
    """The whole answer; without a library in between, which would tidy the path."""
    form = f"form={form_token(token)}&do=revoke"
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\nConnection: close\r\n"
        f"Cookie: publisher={token}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    )
    server = urlsplit(address)
    with socket.create_connection((server.hostname, server.port or 0), 30) as connection:
        try:
            connection.sendall(request.encode("latin-1"))
            return b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:  # it does not read on after what is too long
            return b""
