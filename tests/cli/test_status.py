"""status, and when an embargoed post is shown."""

import csv
import io
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.app import Application
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Kind,
    Limit,
    Unknown,
)
from tests.cli.annual_day import attempt, set_clock
from tests.cli.runner import Cli

# status


def test_status_of_an_empty_schedule(cli: Cli, workspace: Path, made: Path) -> None:
    assert cli("status").out == (
        "The schedule is empty. `publisher queue` puts drafts on it.\n"
        "It is 2016-03-01 12:00 now. Times are in the time zone Europe/Zurich.\n"
    )


def test_status_shows_what_needs_a_person_first(cli: Cli, published: None) -> None:
    out = cli("status").out
    assert out.startswith("Needs attention:\nMon 2016-03-07\n08:30  failed")
    assert "Nothing is on the schedule.\nIn total: 1 published, 1 failed.\n" in out


def test_status_shows_the_next_twenty(cli: Cli, workspace: Path) -> None:
    for hour in range(12):
        (workspace / "posts" / f"p{hour:02}.fr.md").write_text(
            f"---\nat: 2016-03-07 {hour + 8:02}:00\n---\nHeure {hour}.\n"
        )
    cli("queue")
    out = cli("status").out
    assert out.count("scheduled  ") == 20
    assert "… and 4 more: `publisher status --all` shows them." in out
    assert cli("status", "--all").out.count("scheduled  ") == 24
    status = cli("status", "--json").json
    assert [row["post"] for row in status["next"]] == [f"p{n // 2:02}.fr" for n in range(20)]
    assert status["counts"]["scheduled"] == 24


def test_status_shows_twenty_of_what_needs_a_person(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts get all of it."""
    for number in range(11):
        (workspace / "posts" / f"p{number:02}.fr.md").write_text(
            f"---\nat: 2016-03-07 08:{number:02}\nexpires: 1h\n---\nMinute {number}.\n"
        )
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T12:00:00+01:00")
    with closing(Application.open(workspace)) as app:
        assert app.dispatch.expire() == 22
    out = cli("status").out
    assert out.count("missed  ") == 20
    assert "… and 2 more: `publisher status --all` shows them." in out
    assert cli("status", "--all").out.count("missed  ") == 22
    assert len(cli("status", "--json").json["attention"]) == 22


def test_status_says_why_an_account_stands_still(
    cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T08:30:01+01:00")
    attempt(
        workspace,
        {
            "bice-x": [AccountSuspended(Kind.AUTH, "The token is no longer valid.")],
            "bice-page": [Unknown("No answer.")],
        },
    )
    cli("pause", "--reason", "Le programme a changé")
    out = cli("status").out
    assert (
        "Everything has been paused by redaction since 2016-03-07 08:30: Le programme a chang"
        in out
    )
    assert (
        "bice-x is suspended until a person fixes it and runs `publisher resume --account bice-x`: "
        "The token is no longer valid. (the keys are not accepted)"
    ) in out
    assert "08:30  uncertain    bice-page  2016-03-07-annual-day.fr  Le texte" in out
    accounts = {entry["account"]: entry for entry in cli("status", "--json").json["accounts"]}
    assert accounts["*"]["pause_reason"] == "Le programme a changé"
    assert accounts["bice-x"]["suspension_kind"] == "auth"


@pytest.fixture
def embargoed(workspace: Path) -> None:
    """`early` is due at 8:30 but under embargo until 10:00; `late` is due at 9:00."""
    for name, front in (
        ("early", "at: 2016-03-07 08:30\nembargo: 2016-03-07 10:00"),
        ("late", "at: 2016-03-07 09:00"),
    ):
        text = f"---\n{front}\nto: bice-x\n---\nBonjour de {name}.\n"
        (workspace / "posts" / f"{name}.fr.md").write_text(text)


@pytest.mark.parametrize("command", ["plan", "queue", "status", "log"])
def test_an_embargoed_post_is_shown_when_it_goes_out(
    cli: Cli, embargoed: None, command: str
) -> None:
    """And with the reason, because its draft gives another time."""
    if command in ("status", "log"):
        cli("queue")
    out = cli(command).out
    (line,) = [line for line in out.splitlines() if "early.fr " in line]
    assert "10:00" in line
    assert "08:30" not in line
    assert "embargo, due at 2016-03-07 08:30" in out
    if command in ("status", "log"):
        assert out.index("late.fr") < out.index("early.fr")


def test_an_embargoed_post_comes_in_its_turn(cli: Cli, embargoed: None) -> None:
    cli("queue")
    for rows in (cli("log", "--json").json, cli("status", "--json").json["next"]):
        assert [row["post"] for row in rows] == ["late.fr", "early.fr"]
        until = [(row["due_at"], row["embargo_until"]) for row in rows]
        assert until == [
            ("2016-03-07T08:00:00Z", None),
            ("2016-03-07T07:30:00Z", "2016-03-07T09:00:00Z"),
        ]
    table = list(csv.DictReader(io.StringIO(cli("log", "--format", "csv").out)))
    assert [row["embargo_until"] for row in table] == ["", "2016-03-07T09:00:00Z"]


def test_status_leaves_out_what_cannot_go_out(cli: Cli, draft: Path) -> None:
    """What waits for a paused account is counted, and not promised."""
    cli("queue")
    cli("pause", "--account", "bice-x", "--reason", "Mauvaise photo")
    status = cli("status", "--json").json
    assert [row["account"] for row in status["next"]] == ["bice-page"]
    assert status["paused_or_suspended"] == 1
    assert "1 delivery waits for an account that is paused or suspended.\n" in cli("status").out
    cli("pause", "--reason", "Le programme a changé")
    out = cli("status").out
    assert "go out next" not in out
    assert "Nothing is on the schedule" not in out
    assert "2 deliveries wait for an account that is paused or suspended.\n" in out


def test_status_shows_what_goes_out_after_a_hold_that_ends_by_itself(
    cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = workspace / "posts" / "later.fr.md"
    later.write_text("---\nat: 2016-03-07 10:00\nto: bice-x\n---\nPlus tard.\n")
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T08:30:01+01:00")
    until = datetime(2016, 3, 7, 9, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many requests.", until)
    attempt(workspace, {"bice-x": [held], "bice-page": [Unknown("No answer.")]})
    status = cli("status", "--json").json
    assert [row["post"] for row in status["next"]] == ["later.fr"]
    assert status["paused_or_suspended"] == 1


def test_status_tells_what_is_left_of_the_platforms_limits(
    cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full for scripts; on the screen, of what is nearly used up."""
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T08:30:01+01:00")
    seen = datetime(2016, 3, 7, 7, 30, 1, tzinfo=UTC)
    end = seen + timedelta(hours=5)
    little = Limit("posts-24h", 50, 3, seen, end)
    plenty = Limit("posts-15min", 100, 98, seen, end)
    told = Accepted("1", limits=(plenty, little))
    attempt(workspace, {"bice-x": [told, told], "bice-page": [Unknown("No answer.")]})
    found = cli("status", "--json").json["limits"]
    assert [(row["account"], row["name"]) for row in found] == [
        ("bice-x", "posts-15min"),
        ("bice-x", "posts-24h"),
    ]
    assert found[1] == {
        "account": "bice-x",
        "name": "posts-24h",
        "total": 50,
        "remaining": 3,
        "seen_at": "2016-03-07T07:30:01Z",
        "ends_at": "2016-03-07T12:30:01Z",
    }
    shown = " ".join(cli("status").out.split())
    assert "bice-x: 3 of 50 posts in 24 hours left, until 2016-03-07 13:30" in shown
    assert "in 15 minutes" not in shown
