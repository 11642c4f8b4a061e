"""Who gets in, for how long, and who does not."""

import base64
import re
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from argon2 import extract_parameters
from sqlalchemy import select, update

from publisher.app import Application
from publisher.auth import passwords
from publisher.ledger.tables import people, web_sessions
from publisher.settings.schema import WebSettings
from publisher.web import password_check
from tests.support.pages import PASSWORD, Visit, serving

pytestmark = pytest.mark.guards("publisher.auth.passwords", "publisher.auth.sessions")

_PAGES = ["/", "/posts", "/posts/day.fr", "/media", "/answers", "/log", "/log.csv", "/log.xlsx", "/accounts", "/report",
          "/report.html", "/resume", "/me", "/people", "/people/chef", "/calendar.ics", "/feed.atom", "/events", "/media/" + 64 * "0"]  # fmt: skip


def test_nobody_sees_anything_without_logging_in(anonymous: Visit) -> None:
    for path in _PAGES:
        answer = anonymous.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login")
        assert "Genève" not in answer.text


def test_who_logs_in_comes_to_the_page_that_was_asked_for(anonymous: Visit) -> None:
    anonymous.get(anonymous.get("/log?state=failed").headers["location"])
    wanted = re.search(r'name="next" value="([^"]+)"', anonymous.page)
    assert wanted
    answer = anonymous.client.post(
        "/login",
        data={
            "form": anonymous.token, "name": "DIRECTION", "password": PASSWORD, "next": wanted[1],
        },
    )  # fmt: skip
    assert answer.headers["location"] == "/log?state=failed"


def test_nobody_is_led_elsewhere(anonymous: Visit) -> None:
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
        anonymous.client.cookies.clear()
        anonymous.get("/login", params={"next": elsewhere})
        data = {"name": "direction", "password": PASSWORD, "next": elsewhere}
        answer = anonymous.client.post("/login", data={"form": anonymous.token, **data})
        assert answer.headers["location"] == "/"


def test_nothing_but_a_name_and_a_password_is_asked_for_or_kept(anonymous: Visit) -> None:
    """No question whose answer others know, and no hint."""
    anonymous.get("/login")
    asked = set(re.findall(r'<(?:input|textarea|select)[^>]* name="([a-z_]+)"', anonymous.page))
    assert asked == {"form", "next", "name", "password"}
    assert {column.name for column in people.columns} == {
        "id", "name", "key", "role", "password", "language", "disabled_at", "created_at", "openid",
        "organisations", "link", "link_until", "factors", "feed_key",
    }  # fmt: skip


def test_each_token_has_256_bits_of_chance(app: Application, anonymous: Visit) -> None:
    """Also that of who is not logged in yet, from which those of OpenID Connect are derived."""
    anonymous.get("/login")
    tokens = [anonymous.client.cookies["publisher"]]
    anonymous.log_in("direction")
    tokens += [anonymous.client.cookies[name] for name in ("publisher", "publisher-browser")]
    person = app.people.find("chef")
    tokens += [app.sessions.begin(person, "") for _ in range(20)]
    assert len({*tokens}) == len(tokens)
    for token in tokens:
        assert len(base64.urlsafe_b64decode(token + "=")) * 8 == 256
    mixed = int.from_bytes(b"".join(base64.urlsafe_b64decode(token + "=") for token in tokens[3:]))
    assert 0.4 < mixed.bit_count() / (20 * 256) < 0.6


@pytest.mark.parametrize(
    ("cookie", "days"), [("publisher", 7), ("publisher-browser", 365)], ids=["session", "browser"]
)
def test_tokens_last_as_long_as_they_are_said_to(anonymous: Visit, cookie: str, days: int) -> None:
    anonymous.get("/login")
    data = {"form": anonymous.token, "name": "direction", "password": PASSWORD}
    answer = anonymous.client.post("/login", data=data)
    (set_so,) = [
        told for told in answer.headers.get_list("set-cookie") if told.startswith(f"{cookie}=")
    ]
    assert f"Max-Age={days * 24 * 3600};" in set_so


@pytest.mark.parametrize("name", ["direction", "nobody-of-that-name"])
def test_a_wrong_password_says_no_more_than_that(anonymous: Visit, name: str) -> None:
    answer = anonymous.log_in(name, "wrong password")
    assert answer.status_code == 401
    assert "The name or the password is wrong." in anonymous.text


def test_guessing_becomes_slow_and_stays_so_after_a_restart(app: Application) -> None:
    """The right password is looked at after a wait as well, and gets in."""
    with serving(app) as address, Visit(address) as visit:
        codes = [visit.log_in("direction", "wrong password").status_code for _ in range(4)]
        begun = time.monotonic()
        codes.append(visit.log_in("direction", "wrong password").status_code)
    assert codes == [401] * 5
    for _ in range(2):
        app.throttle.admit("direction", "127.0.0.1")
    with serving(app) as address, Visit(address) as visit:
        assert visit.log_in("direction").status_code == 200
        assert time.monotonic() - begun >= 7, "1, 2 and 4 seconds after the fifth"


def test_who_guesses_in_parallel_is_turned_away(app: Application, anonymous: Visit) -> None:
    """As long as others wait with the same name at the same address; with when there is room."""
    for _ in range(9):
        app.throttle.admit("direction", "127.0.0.1")
    assert anonymous.log_in("direction").status_code == 429
    assert "Too many tries" in anonymous.text
    assert anonymous.log_in("chef").status_code == 200


def test_a_browser_that_logged_in_before_is_slowed_down_by_nobody(
    app: Application, anonymous: Visit, address: str
) -> None:
    """Neither by guesses from all over the world nor by a neighbour's."""
    anonymous.log_in("direction")
    anonymous.get("/")
    anonymous.send("/logout")
    for number in range(40):
        app.throttle.admit("direction", f"2001:db8:{number:x}::1")
        app.throttle.admit("direction", "127.0.0.1")
    with Visit(address) as neighbour:
        assert neighbour.log_in("direction").status_code == 429
    begun = time.monotonic()
    assert anonymous.log_in("direction").status_code == 200
    assert time.monotonic() - begun < 3
    assert anonymous.log_in("chef").status_code == 200


@pytest.mark.deep
def test_log_ins_that_wait_hold_up_nobody_else(
    app: Application, address: str, staff: Visit
) -> None:
    """As many as there are threads for strangers: all other pages answer meanwhile."""
    for number in range(40):
        app.throttle.admit("direction", f"2001:db8:{number:x}::1")
    begun, codes = time.monotonic(), []

    def guess() -> None:
        with Visit(address) as visit:
            codes.append(visit.log_in("direction", "wrong password").status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    while time.monotonic() - begun < 3:
        asked = time.monotonic()
        assert staff.get("/me").status_code == 200
        with Visit(address) as visit:
            assert visit.get("/login").status_code == 200
        assert time.monotonic() - asked < 3
    for thread in threads:
        thread.join()
    assert set(codes) <= {401, 429}


def test_so_many_that_wait_are_turned_away(
    app: Application, anonymous: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_check, "_WAITING", 0)
    assert anonymous.log_in("direction").status_code == 200
    for number in range(40):
        app.throttle.admit("chef", f"2001:db8:{number:x}::1")
    anonymous.client.cookies.clear()
    assert anonymous.log_in("chef").status_code == 429


def test_what_a_browser_is_known_by_is_no_session_and_not_in_the_ledger(
    app: Application, manager: Visit, anonymous: Visit
) -> None:
    token = manager.client.cookies["publisher-browser"]
    anonymous.client.cookies.set("publisher", token)
    anonymous.client.cookies.set("publisher-browser", token)
    assert anonymous.get("/").status_code == 303
    with app.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM known_browsers").fetchall()
    assert rows
    assert token not in str(rows)


def test_logging_out_ends_the_session_for_good(manager: Visit) -> None:
    cookies = dict(manager.client.cookies)
    manager.get("/")
    answer = manager.client.post("/logout", data={"form": manager.token})
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    manager.client.cookies.update(cookies)
    assert manager.get("/").status_code == 303


def test_a_session_that_is_revoked_ends_at_once(app: Application, manager: Visit) -> None:
    assert manager.get("/").status_code == 200
    assert app.sessions.revoke(app.people.find("direction")) == 1
    assert manager.get("/").status_code == 303


def test_who_is_removed_or_kept_out_is_out(app: Application, manager: Visit, staff: Visit) -> None:
    app.people.remove("direction")
    app.people.disable(app.people.find("stagiaire"), disabled=True)
    assert manager.get("/").status_code == 303
    assert staff.get("/").status_code == 303
    assert staff.log_in("stagiaire").status_code == 401


@pytest.mark.parametrize(("column", "age"), [("seen_at", 13), ("expires_at", 1)])
def test_a_session_ends_by_itself(app: Application, manager: Visit, column: str, age: int) -> None:
    with app.database.write() as connection:
        old = datetime.now(UTC) - timedelta(hours=age)
        connection.execute(update(web_sessions).values({column: old}))
    assert manager.get("/").status_code == 303


def seen(app: Application, at: datetime | None = None) -> datetime:
    """When the one session was used last, after setting it `at`."""
    with app.database.write() as connection:
        if at:
            connection.execute(update(web_sessions).values(seen_at=at))
        found: datetime = connection.execute(select(web_sessions.c.seen_at)).scalar_one()
    return found


def test_a_page_that_is_only_open_keeps_no_session_alive(app: Application, manager: Visit) -> None:
    """What it asks for by itself is no use of the session, and ends with it."""
    hours_ago = seen(app, datetime.now(UTC) - timedelta(hours=11))
    with manager.client.stream("GET", "/events") as stream:
        words = stream.iter_text()
        assert "event: ledger" in next(words)
        assert manager.get("/?part=live").status_code == 200
        assert seen(app) == hours_ago
        assert manager.get("/").status_code == 200
        assert seen(app) > hours_ago
        seen(app, datetime.now(UTC) - timedelta(hours=13))
        for _ in words:
            pass  # until the server ends it
    assert manager.get("/?part=live").status_code == 303


def test_the_token_itself_is_not_in_the_ledger(app: Application, manager: Visit) -> None:
    token = manager.client.cookies["publisher"]
    with app.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM web_sessions").fetchall()
    assert token not in str(rows)


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(anonymous: Visit) -> None:
    cookie = anonymous.get("/login").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    anonymous.get("/login")
    answer = anonymous.client.post(
        "/login", data={"form": anonymous.token, "name": "direction", "password": PASSWORD}
    )
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


def test_over_tls_cookies_insist_on_it(app: Application) -> None:
    where = WebSettings(public_url="https://publisher.example.org")
    with serving(app, where) as address:
        headers = {"host": "publisher.example.org"}
        answer = httpx.get(f"{address}/login", headers=headers)
    assert answer.headers["set-cookie"].startswith("__Host-publisher=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age=31536000; includeSubDomains" in answer.headers["strict-transport-security"]


def test_another_password_ends_all_other_sessions(address: str, manager: Visit) -> None:
    with Visit(address) as other:
        other.log_in("direction")
        manager.get("/me")
        answer = manager.send("/me/password", old=PASSWORD, new="another good password")
        assert answer.status_code == 200
        assert manager.get("/").status_code == 200
        assert other.get("/").status_code == 303


def test_one_may_log_out_everywhere_else(address: str, manager: Visit) -> None:
    with Visit(address) as other:
        other.log_in("direction")
        manager.get("/me")
        manager.send("/me/sessions")
        assert "1 other session ended." in manager.text
        assert other.get("/").status_code == 303


def test_a_weak_password_is_refused(manager: Visit) -> None:
    manager.get("/me")
    assert manager.send("/me/password", old=PASSWORD, new="short").status_code == 400
    assert "12 to 256 characters" in manager.text


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiop123",
        "direction-direction",
        "BICE-Geneve-2016!",
        "hrc31-geneva-2016",
        "Bice-X Journee Session 31",
        "correct horse battery staple",
        "Correct-Horse-Battery-Staple-1",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(manager: Visit, password: str) -> None:
    """A common one, a row of the keyboard, one's own name, those of the organisation and
    session.
    """
    manager.get("/me")
    assert manager.send("/me/password", old=PASSWORD, new=password).status_code == 400
    assert "easy to guess" in manager.text


def test_a_session_is_never_taken_over_into_another_log_in(manager: Visit) -> None:
    """Who logs in once more gets another token, and the one before is of no use."""
    before = dict(manager.client.cookies)
    manager.get("/")
    manager.send("/login", name="direction", password=PASSWORD)
    assert dict(manager.client.cookies) != before
    manager.client.cookies.update(before)
    assert manager.get("/").status_code == 303


def test_the_time_does_not_tell_who_is_known(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password is compared with the same effort, whether or not anybody has the name."""
    efforts = []
    compare = passwords.match

    def comparing(stored: str, password: str) -> bool:
        efforts.append(extract_parameters(stored))
        return compare(stored, password)

    monkeypatch.setattr(passwords, "match", comparing)
    for name in ("direction", "nobody-of-that-name"):
        assert app.people.verified(name, "wrong password") is None
    assert len(efforts) == 2
    assert efforts[0] == efforts[1]
