"""What the pages refuse, and what they never tell."""

import re
import socket

import httpx
import pytest
from sqlalchemy import insert

from publisher.app import Application
from publisher.ledger.tables import media
from publisher.web.app import create
from publisher.web.routes import assets
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

_ALL = ["/", "/?part=live", "/review", "/review?part=live", "/review/many?post=day.fr", "/bulk?do=hold&post=day.fr", "/pause", "/design", "/calendar", "/calendar?view=month", "/calendar?view=day", "/calendar?view=list", "/posts/later.fr/move",
        "/posts/later.fr/queue", "/posts/day.fr/repeat", "/posts/day.fr/edit", "/posts/day.fr/file", "/new", "/posts", "/posts/day.fr", "/posts/unfinished.fr", "/log", "/log.csv",
        "/accounts", "/agenda", "/agenda/new", "/agenda/items/annual-day", "/agenda/import", "/consents", "/media", "/media?q=x&only=unused", "/report", "/report.html", "/resume", "/me", "/healthz", "/metrics",
        "/feed.atom", "/calendar.ics", "/nowhere", "/log?since=x"]  # fmt: skip
_CHANGES = [
    "/logout", "/pause", "/resume", "/posts/day.fr", "/posts/day.fr/move", "/posts/day.fr/queue",
    "/posts/day.fr/edit", "/posts/day.fr/file", "/posts/day.fr/illustrate", "/posts/day.fr/repeat",
    "/posts/day.fr/correct", "/posts/day.fr/read", "/answers", "/new", "/posts/day.fr/notes", "/undo",
    "/me/notices", "/me/addresses", "/me/tokens", "/filters", "/bulk",
     "/accounts/ask", "/log/verify", "/me/language",
    "/review", "/review/many", "/me/password", "/me/sessions", "/me/feed", "/me/factors", "/me/passkeys",
    "/accounts/bice-x/mandate", "/accounts/bice-x/handle", "/accounts/bice-x/connect", "/agenda/new", "/agenda/items/annual-day", "/agenda/import",
    "/agenda/import/save", "/consents/add", "/consents/end", "/consents/withdraw",
    "/people", "/people/chef", "/login/code", "/login/passkey", "/login/link",
]  # fmt: skip
_SUBPAGES = ("move", "queue", "edit", "file", "illustrate", "repeat", "correct", "notes", "read")
"""What stands behind the name of a draft in an address."""


def routes(app: Application) -> set[str]:
    return {path for path, item in create(app).openapi()["paths"].items() if "post" in item}


def test_every_change_is_tried_below(app: Application) -> None:
    values = {
        "/agenda/items/{name}": "/agenda/items/annual-day",
        "/accounts/{name}/mandate": "/accounts/bice-x/mandate",
        "/accounts/{name}/handle": "/accounts/bice-x/handle",
        "/accounts/{name}/connect": "/accounts/bice-x/connect",
        "/people/{name}": "/people/chef",
    }
    named = {values.get(path, path).replace("{post}", "day.fr") for path in routes(app)}
    assert named == {*_CHANGES, "/login"}


def test_a_change_without_the_token_of_its_form_is_refused(
    app: Application, manager: Visit
) -> None:
    """It may be of a session that has ended: what it would have done is said, and not done."""
    manager.get("/")
    before = app.queries.last_step()
    for path in _CHANGES:
        for data in ({}, {"form": "0" * 64}):
            answer = manager.client.post(path, data=data)
            assert re.search(r"Nothing was (done|changed|saved)", answer.text), path
    assert app.queries.last_step() == before


def test_a_change_from_another_origin_is_refused(manager: Visit) -> None:
    """Even with the right token."""
    manager.get("/")
    data = {"form": manager.token}
    for path in _CHANGES:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            answer = manager.client.post(path, data=data, headers={"origin": origin})
            assert answer.status_code == 403, path


def test_the_token_of_somebody_else_is_refused(
    app: Application, manager: Visit, staff: Visit
) -> None:
    before = app.queries.last_step()
    manager.get("/")
    staff.get("/")
    data = {"form": staff.token, "reason": "x"}
    assert "Nothing was done" in manager.client.post("/pause", data=data).text
    assert app.queries.last_step() == before


def test_staff_may_look_and_not_decide(app: Application, staff: Visit) -> None:
    before = app.queries.last_step()
    words = {"reason": "x", "sure": "yes", "remote_ids": "1"}
    acts = ("approve", "reject", "hold", "release", "cancel", "retry", "resolve", "withdraw")
    tries = [
        ("/pause", words), ("/resume", words), ("/people/direction", {"do": "disable"}),
        *(("/posts/day.fr", {"do": do, **words}) for do in acts),
    ]  # fmt: skip
    for path, fields in tries:
        staff.get("/")
        status = staff.send(path, **fields).status_code
        if fields.get("do") == "release":  # who held it may, and it is not held
            assert status == 409
            continue
        assert status == 403, (path, fields)
        of_authors = fields.get("do") == "hold"  # who wrote it might
        said = "These people may: chef, direction" if of_authors else "Your role does not allow it."
        assert said in staff.text
    assert app.queries.last_step() == before


def test_only_admins_see_the_people(manager: Visit) -> None:
    assert manager.get("/people").status_code == 403


def test_a_request_for_another_host_is_refused(address: str) -> None:
    for host in (
        "evil.example", "127.0.0.1.evil.example", "", "[::1", "a b", "user@127.0.0.1",
        "127.0.0.1/x", "127.0.0.1#.evil", "127.0.0.1?x", "127.0.0.1:x", "127.0.0.1:1:2",
    ):  # fmt: skip
        answer = httpx.get(f"{address}/login", headers={"host": host})
        assert answer.status_code == 400, host
        assert "password" not in answer.text


def test_every_answer_has_the_same_guards(manager: Visit) -> None:
    for path in [*_ALL, "/static/nothing.css"]:
        answer = manager.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "no-store" in answer.headers["cache-control"]
        assert "access-control-allow-origin" not in answer.headers
        if answer.headers["content-type"].startswith("text/"):
            assert "charset=utf-8" in answer.headers["content-type"], path


@pytest.mark.parametrize(
    ("asked_by", "compressed"),
    [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False)],
)
def test_nothing_is_compressed_for_a_page_of_somebody_else(
    manager: Visit, asked_by: str, compressed: bool
) -> None:
    """It could learn words of the page from the length (BREACH)."""
    for path in ("/log", assets.address("web.css")):
        answer = manager.get(path, headers={"sec-fetch-site": asked_by})
        assert ("content-encoding" in answer.headers) is compressed, path


def test_no_picture_stays_in_the_browser(app: Application, manager: Visit) -> None:
    """It may be one of a post under embargo."""
    digest = 64 * "a"
    with app.database.write() as connection:
        row = {"digest": digest, "media_type": "image/png", "data": b"x"}
        connection.execute(insert(media).values(row))
    answer = manager.get(f"/media/{digest}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_no_page_has_a_script_or_a_style_in_it(manager: Visit) -> None:
    for path in _ALL:
        page = manager.get(path).text
        if path == "/report.html":  # a file of its own, whose stylesheet its policy names
            continue
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count('<script src="/static/')
        assert "http://" not in page.replace("http://127.0.0.1", "").replace(
            "http://www.w3.org/2005/Atom", ""
        )


_OUTSIDE = (
    "../../secrets.toml", "..%2f..%2fsecrets", "%2e%2e/secrets", "/etc/passwd", "media/x",
    ".hidden", "day.fr.md", "%00", "a" * 5000, "day.fr%2f..%2f..%2f..%2fsecrets",
)  # fmt: skip


def test_no_path_of_a_draft_leads_out(manager: Visit, workspace: Workspace) -> None:
    """Neither to read nor to write."""
    manager.get("/")
    form = {"form": manager.token, "seen": "0" * 64, "at": "2016-03-09T12:00", "body": "planted"}
    before = {path: path.stat() for path in workspace.path.glob("*.toml")}
    for path in _OUTSIDE:
        for subpage in _SUBPAGES:
            answer = manager.client.get(f"/posts/{path}/{subpage}")
            assert answer.status_code in (400, 403, 404, 405), (path, subpage)
            assert "planted" not in answer.text
            answer = manager.client.post(f"/posts/{path}/{subpage}", data=form)
            assert answer.status_code in (400, 403, 404, 405), (path, subpage)
    assert {path: path.stat() for path in workspace.path.glob("*.toml")} == before


def test_what_a_draft_says_is_text_and_not_markup(manager: Visit) -> None:
    for path in ("/posts/day.fr", "/", "/log"):
        page = manager.get(path).text
        assert "<b>Gras</b>" not in page
        assert "&lt;b&gt;Gras&lt;/b&gt;" in page


def test_a_request_that_is_too_large_is_refused(manager: Visit) -> None:
    manager.get("/")
    data = {"form": manager.token, "reason": "x" * 2_000_000}
    answer = manager.client.post("/pause", data=data)
    assert answer.status_code == 413
    assert "This is too large" in answer.text


def test_a_request_whose_length_is_ambiguous_is_refused_with_what_follows(address: str) -> None:
    """A proxy may take the second for a request of somebody else."""
    host, port = address.removeprefix("http://").split(":")
    head = f"Host: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    second = f"GET /login HTTP/1.1\r\nHost: {host}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f"POST /login HTTP/1.1\r\n{head}{second}".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_head_is_get_without_its_body(manager: Visit) -> None:
    """Monitors ask so."""
    for path in ("/", "/healthz", "/login", "/static/style.css", "/log.csv", "/nowhere"):
        whole, head = manager.client.get(path), manager.client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        assert head.headers.get("content-type") == whole.headers.get("content-type")
    assert manager.client.head("/events").status_code == 405


def test_a_field_that_is_too_long_is_refused(manager: Visit) -> None:
    """In a form and in an address; a draft's text alone may be long, up to what is read again."""
    manager.get("/")
    for field in ("reason", "account", "next", "nothing"):
        assert manager.send("/pause", **{"reason": "x", field: "x" * 10_001}).status_code == 400
        manager.get("/")
    assert "Everything is paused" not in manager.text
    assert manager.get(f"/log?q={'x' * 10_001}").status_code == 400
    manager.get("/posts/day.fr/file")
    body = "---\nat: annual-day\n---\n" + "kept " * 50_000
    answer = manager.send("/posts/day.fr/file", body=body, do="save", seen="x")
    form = Composer(manager, "/posts/day.fr/edit").write("kept " * 50_000)
    for status in (answer.status_code, form.send("keep").status_code):
        assert status == 400
        assert "It would have 250" in manager.text
        assert "kept " * 50_000 in manager.page, "what was typed is given back"


def test_other_methods_are_refused(manager: Visit) -> None:
    for method in ("TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "CONNECT-NOT"):
        answer = manager.client.request(method, "/posts/day.fr", headers={"x-probe": "probe"})
        assert answer.status_code == 405, method
        assert "probe" not in answer.text


def test_nonsense_in_an_address_is_explained(manager: Visit) -> None:
    for query in (
        "after=x", "after=1-2-3", f"before={'9' * 60}", "sort=x", "state=x", "since=9999999",
        "until=0", "after=99999999999999999999999-1", "q=%00",
    ):  # fmt: skip
        for path in ("/log", "/log.csv", "/log.xlsx", "/posts"):
            answer = manager.get(f"{path}?{query}")
            assert answer.status_code in (200, 400), (path, query)
