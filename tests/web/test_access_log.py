"""The log of the pages says who came in, who did not, and who tried what they may not."""

import ast
import re
from datetime import datetime, timedelta

import httpx
import pytest
import structlog

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.settings.schema import WebSettings
from tests.support.pages import PASSWORD, Visit, serving

_WRONG = "hunter2 hunter2"
_PAIR = re.compile(r"""(\w+)=('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.+-]+)""")


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], app: Application) -> "Said":
    return Said(capfd)


class Said:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._all = ""

    def __contains__(self, words: str) -> bool:
        """Whether one line has all of these words."""
        self._all += self._capfd.readouterr().err
        return any(
            all(word in line for word in re.split(r"; ", words)) for line in self._all.splitlines()
        )

    def number(self, word: str) -> int:
        """How many lines have it."""
        self._all += self._capfd.readouterr().err
        return sum(word in line for line in self._all.splitlines())


def test_who_comes_and_goes_is_on_record(said: Said, manager: Visit) -> None:
    """With the time in UTC and the address."""
    assert "timestamp='20; Z'; logged in; 127.0.0.1; person='direction'; by='password'" in said
    manager.get("/me")
    manager.send("/me/password", old=_WRONG, new="another good password")
    assert "password not changed; person='direction'" in said
    manager.get("/me")
    manager.send("/me/password", old=PASSWORD, new="another good password")
    assert "password changed; person='direction'" in said
    manager.get("/me")
    manager.send("/me/sessions")
    assert "logged out elsewhere; person='direction'" in said
    manager.send("/logout")
    assert "event='logged out'; person='direction'" in said


def test_each_line_can_be_read_by_a_program(
    anonymous: Visit, manager: Visit, capfd: pytest.CaptureFixture[str]
) -> None:
    """Names with values as Python writes them: the time in UTC, the level and the event first."""
    anonymous.log_in('it\'s "me"\n=x', _WRONG)
    manager.get("/people")
    structlog.get_logger().warning("a\nb='c'", words="d\" e='f'", number=7, nothing=None)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3, lines
    for line in lines:
        read = {name: ast.literal_eval(value) for name, value in _PAIR.findall(line)}
        assert " ".join(f"{name}={value!r}" for name, value in read.items()) == line
        assert [*read][:3] == ["timestamp", "level", "event"]
        assert datetime.fromisoformat(read["timestamp"]).utcoffset() == timedelta()
    assert read["event"] == "a\nb='c'"
    assert (read["number"], read["nothing"]) == (7, None)


def test_who_does_not_get_in_is_on_record(said: Said, app: Application, anonymous: Visit) -> None:
    """By name where it is one; what was typed is not repeated, as it may be a password."""
    anonymous.log_in("DIRECTION", _WRONG)
    assert "log-in refused; 127.0.0.1; person='direction'; why='wrong password'" in said
    anonymous.log_in(_WRONG, "direction")
    assert "log-in refused; person=None; why='wrong password'" in said
    for _ in range(9):
        app.throttle.admit("chef", "127.0.0.1")
    anonymous.log_in("chef", _WRONG)
    assert "log-in refused; person='chef'; why='too many tries'" in said
    assert _WRONG not in said


def test_programs_that_read_along_are_on_record_and_their_key_is_not(
    said: Said, app: Application, address: str
) -> None:
    key = app.feed_keys.make(app.people.find("stagiaire"))
    for path in ("/feed.atom", "/calendar.ics"):
        assert httpx.get(f"{address}{path}?key={key}").status_code == 200
        assert f"logged in; 127.0.0.1; {path}; person='stagiaire'; by='secret address'" in said
        assert httpx.get(f"{address}{path}?key={key}x").status_code == 403
        assert f"refused; {path}; person=None; why='no right'" in said
    assert key not in said


def test_who_tries_what_they_may_not_is_on_record(said: Said, staff: Visit) -> None:
    staff.get("/")
    staff.send("/pause", reason="x")
    assert "refused; /pause; person='stagiaire'; why='role'" in said
    staff.client.post("/pause", data={"form": "x"})
    assert "refused; /pause; person='stagiaire'; why='not our form'" in said


def test_who_acts_without_a_right_is_on_record(
    said: Said, app: Application, anonymous: Visit
) -> None:
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    anonymous.log_in("kasia")
    anonymous.get("/")
    anonymous.send("/pause", account="bice-x", reason="x")
    assert "refused; /pause; person='kasia'; why='no right'" in said


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/posts/later.fr/edit", {"do": "keep", "text": "x"}),
        ("/posts/later.fr/file", {"do": "save", "body": "x"}),
    ],
)
def test_a_refusal_in_a_form_that_keeps_what_was_typed_is_on_record_once(
    said: Said, app: Application, anonymous: Visit, path: str, fields: dict[str, str]
) -> None:
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    anonymous.log_in("kasia")
    anonymous.get("/")
    assert anonymous.send(path, **fields).status_code == 403
    assert f"refused; {path}; person='kasia'; why='no right'" in said
    assert said.number("refused") == 1


def test_what_admins_do_to_people_is_on_record(said: Said, anonymous: Visit) -> None:
    anonymous.log_in("chef")
    anonymous.get("/people")
    anonymous.send("/people/stagiaire", do="disable")
    assert "people: disable; person='chef'; whom='stagiaire'" in said


def test_nobody_writes_lines_of_their_own(said: Said, staff: Visit) -> None:
    staff.client.post("/people/a%0Devent='logged in' person='chef'", data={"form": "x"})
    assert "refused; why='not our form'" in said
    assert "\revent" not in said


def test_a_proxy_that_hides_its_readers_is_told_of_once(
    app: Application, capfd: pytest.CaptureFixture[str]
) -> None:
    """All of them would be one network, which has two places and guesses together."""
    where = WebSettings(public_url="https://publisher.example.org")
    headers = {"host": "publisher.example.org"}
    with serving(app, where) as address:
        httpx.get(f"{address}/login", headers={**headers, "x-forwarded-for": "192.0.2.7"})
        assert "X-Forwarded-For" not in capfd.readouterr().err
        for _ in range(3):
            httpx.get(f"{address}/login", headers=headers)
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "proxy" in line]
    assert "level='warning'" in line
    assert "X-Forwarded-For" in line
    with serving(app) as address:  # nothing stands before them
        httpx.get(f"{address}/login")
    assert "proxy" not in capfd.readouterr().err
