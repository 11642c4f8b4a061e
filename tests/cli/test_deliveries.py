"""plan, queue, status, log, history, and the commands that intervene."""

import csv
import io
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from publisher.app import Application
from publisher.base import spreadsheet
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Kind,
    Limit,
    Outcome,
    Refused,
    Unknown,
)
from tests.cli.runner import SCRIPT, Cli
from tests.support.happening import meet

POST = "2016-03-07-annual-day.fr"
DRAFT = """\
---
at: annual-day - 30m
---
Le texte commun.

## twitter
Le texte court. #HRC31

---
Un deuxième message.
"""


@pytest.fixture
def draft(workspace: Path) -> Path:
    """One post to bice-x (a thread of two) and bice-page, due on 7 March at 8:30 in Geneva."""
    path = workspace / "posts" / f"{POST}.md"
    path.write_text(DRAFT, encoding="utf-8")
    return path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _at(monkeypatch: pytest.MonkeyPatch, instant: str) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", instant)


def _attempt(workspace: Path, outcomes: dict[str, list[Outcome]]) -> None:
    """Let a worker claim what is due and meet these outcomes, by account, part by part."""
    app = Application.open(workspace)
    lease = app.clock.now() + timedelta(minutes=1)
    for claim in app.dispatch.claim(app.clock.now(), lease, 10):
        (delivery,) = app.attempts.take_all([claim])
        if outcomes[delivery.account]:
            meet(app, claim, *outcomes[delivery.account])
    app.database.close()


@pytest.fixture
def published(cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread is out on X, and Facebook has refused the post."""
    cli("queue")
    _at(monkeypatch, "2016-03-07T08:30:00.120+01:00")
    _attempt(
        workspace,
        {
            "bice-x": [Accepted("71", "https://x.com/i/71"), Accepted("72", None)],
            "bice-page": [Refused(Kind.CONTENT, "Facebook \x1b[31mrefuses this.")],
        },
    )


# plan and queue


def test_plan_shows_and_changes_nothing(cli: Cli, draft: Path) -> None:
    for _ in range(2):
        result = cli("plan")
        assert result.code == 0
        assert "+ add   2016-03-07 08:30  bice-x     2016-03-07-annual-day.fr\n" in result.out
        assert result.out.endswith(
            "Times are those of Europe/Zurich.\n"
            "X charges about $0.03 for 2 posts, none of them with a link.\n"
            "Would change: 2 deliveries (2 added).\n"
        )
    assert not draft.parents[1].joinpath("var", "publisher.db").exists()


def test_queue_writes_once(cli: Cli, draft: Path) -> None:
    first, second = cli("queue"), cli("queue")
    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith("Queued: 2 deliveries (2 added).\n")
    assert second.out == "Nothing to change: the schedule is as the drafts say.\n"


@pytest.mark.parametrize("command", ["plan", "queue"])
def test_a_draft_without_a_time_is_told_of(cli: Cli, draft: Path, command: str) -> None:
    """Nobody shall wait for a post of which nothing is on the schedule."""
    draft.with_name("later.fr.md").write_text("---\nto: [bice-x]\n---\nPlus tard.\n")
    for _ in range(2):
        said = cli(command).out.splitlines()[-1]
        assert said.endswith(" 1 draft says no time (`at`) and stays a draft.")


def test_queue_follows_the_drafts(cli: Cli, draft: Path) -> None:
    """Moved, edited, cancelled, and back again."""
    cli("queue")
    _edit(draft, "- 30m", "- 45m")
    result = cli("queue")
    assert "> move  2016-03-07 08:15  bice-x " in result.out
    assert "was 2016-03-07 08:30" in result.out
    _edit(draft, "Le texte commun", "Le texte long")
    result = cli("queue")
    assert "~ edit  2016-03-07 08:15  bice-page " in result.out
    assert "Le texte [-commun.-] {+long.+}" in result.out
    text = draft.read_text(encoding="utf-8")
    draft.unlink()
    result = cli("queue")
    assert "- cancel  2016-03-07 08:15  bice-x " in result.out
    assert "its draft is gone" in result.out
    assert result.out.endswith("Taken off the schedule: 2 deliveries (2 cancelled).\n")
    draft.write_text(text, encoding="utf-8")
    assert cli("queue").out.endswith("Queued: 2 deliveries (2 restored).\n")


def test_queue_is_all_or_nothing_unless_told_otherwise(
    cli: Cli, workspace: Path, draft: Path
) -> None:
    (workspace / "posts" / "bad.fr.md").write_text("---\nat: soon\n---\nA.\n")
    result = cli("queue")
    assert result.code == 1
    assert "posts/bad.fr.md:2:5: error:" in result.out
    assert result.out.endswith(
        "Nothing is written: 1 error. Mend the drafts, or use --keep-going.\n"
    )
    assert cli("log", "--json").json == []
    result = cli("queue", "--keep-going")
    assert result.code == 1
    assert result.out.endswith("Queued: 2 deliveries (2 added). 1 draft with errors left out.\n")
    assert len(cli("log", "--json").json) == 2


def test_queue_of_some_drafts_leaves_the_others(cli: Cli, workspace: Path, draft: Path) -> None:
    other = workspace / "posts" / "other.fr.md"
    other.write_text("---\nat: annual-day\n---\nAutre chose.\n")
    cli("queue", "posts/other.fr.md")
    assert {row["post"] for row in cli("log", "--json").json} == {"other.fr"}


def test_plan_and_queue_as_json(cli: Cli, draft: Path) -> None:
    planned = cli("plan", "--json").json
    assert planned["problems"] == []
    assert planned["changes"][0] == {
        "change": "add",
        "post": POST,
        "account": "bice-x",
        "due_at": "2016-03-07T07:30:00Z",
        "was_due_at": None,
        "anchor": "annual-day",
        "voids_approval_by": None,
        "note": None,
        "changed": [],
    }
    assert cli("queue", "--json").json == {**planned, "written": True}


# log


def test_log_json_is_the_promised_array(cli: Cli, published: None) -> None:
    rows = {row["account"]: row for row in cli("log", "--format", "json").json}
    row = rows["bice-x"]
    assert row.pop("lateness_s") == pytest.approx(0.12, abs=20)
    assert row.pop("published_at").startswith("2016-03-07T07:30:")
    assert row.pop("queued_by") in (None, "redaction")
    assert row == {
        "post": POST,
        "account": "bice-x",
        "channel": "twitter",
        "state": "published",
        "due_at": "2016-03-07T07:30:00Z",
        "embargo_until": None,
        "remote_ids": ["71", "72"],
        "withdrawn_ids": [],
        "url": "https://x.com/i/71",
        "attempts": 1,
        "error": None,
        "approved_by": None,
        "approved_at": None,
        "text": ["Le texte court. #HRC31", "Un deuxième message."],
    }
    assert rows["bice-page"]["error"]["kind"] == "content"


def test_log_table_is_in_the_sessions_time_and_harmless(cli: Cli, published: None) -> None:
    """Nobody's answer may move the cursor or colour the screen."""
    result = cli("log")
    assert result.out.startswith("Mon 2016-03-07\n08:30  published  ")
    assert "bice-page  2016-03-07-annual-day.fr\n" in result.out
    assert "Facebook \N{REPLACEMENT CHARACTER}[31mrefuses this." in " ".join(result.out.split())
    assert result.out.endswith(
        "2 deliveries: 1 published, 1 failed. Times are those of Europe/Zurich.\n"
    )
    assert max(map(len, result.out.splitlines())) <= 80


def test_log_of_nothing(cli: Cli, workspace: Path, made: Path) -> None:
    assert cli("log").out == "Nothing was ever queued: the log is empty.\n"
    assert cli("log", "--json").json == []
    assert cli("log", "--format", "csv").out.startswith("post,account,")


@pytest.mark.parametrize(
    ("filters", "accounts"),
    [
        (("--state", "published"), ["bice-x"]),
        (("--state", "missed"), []),
        (("--account", "bice-page"), ["bice-page"]),
        (("--since", "2016-03-07", "--until", "2016-03-07"), ["bice-x", "bice-page"]),
        (("--since", "2016-03-08"), []),
        (("--until", "2016-03-07 08:30"), []),
        (("--since", "2016-03-07 08:30"), ["bice-x", "bice-page"]),
        (("--since", "2016-03-07T07:30:00Z"), ["bice-x", "bice-page"]),
        (("--since", "2016-03-07T07:30:01+00:00"), []),
    ],
)
def test_log_filters(
    cli: Cli, published: None, filters: tuple[str, ...], accounts: list[str]
) -> None:
    assert [row["account"] for row in cli("log", "--json", *filters).json] == accounts


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("time", ["yesterday", "9999-12-31", "0001-01-01"])
def test_log_refuses_a_time_that_is_none(
    cli: Cli, workspace: Path, made: Path, option: str, time: str
) -> None:
    """Neither is one that no zone can turn into an instant, or that has no next day."""
    result = cli("log", option, time)
    assert result.code == 2
    assert f"{option} '{time}' is no time." in result.err


def test_log_csv_for_spreadsheets(cli: Cli, workspace: Path, draft: Path, published: None) -> None:
    """A header, UTF-8, joined texts; no text can become a formula."""
    (workspace / "posts" / "formula.fr.md").write_text(
        '---\nat: 2016-03-08 09:00\n---\n=HYPERLINK("https://example.org","é")\n', encoding="utf-8"
    )
    cli("queue", "posts/formula.fr.md")
    rows = list(csv.DictReader(io.StringIO(cli("log", "--format", "csv").out)))
    by_key = {(row["post"], row["account"]): row for row in rows}
    thread = by_key[POST, "bice-x"]
    assert thread["text"] == "Le texte court. #HRC31\n\nUn deuxième message."
    assert thread["remote_ids"] == "71 72"
    assert by_key[POST, "bice-page"]["error_kind"] == "content"
    assert by_key["formula.fr", "bice-x"]["text"].startswith("'=HYPERLINK")


# history


def test_history_tells_every_step_and_who(cli: Cli, draft: Path, published: None) -> None:
    """By the post's id or its draft's path."""
    by_id, by_path = cli("history", POST), cli("history", f"posts/{POST}.md")
    assert by_id == by_path
    assert "bice-x     redaction  queued → scheduled\n" in by_id.out
    assert "published\n" in by_id.out
    assert "refused → failed\n" in by_id.out
    assert "due at: 2016-03-07 08:30" in by_id.out
    steps = cli("history", POST, "--json").json
    assert [step["event"] for step in steps if step["account"] == "bice-x"] == [
        "queued", "claimed", "sending", "part published", "sending", "published",
    ]  # fmt: skip
    assert steps[0]["actor"] == "redaction"


def test_history_shows_what_an_edit_changed(cli: Cli, draft: Path) -> None:
    cli("queue")
    _edit(draft, "Le texte commun", "Le texte long")
    cli("queue", "--as", "maría")
    out = cli("history", POST).out
    assert "maría" in out
    assert "text was: Le texte commun." in out
    assert "text now: Le texte long." in out


_OF_A_POST = [
    "history {}", "cancel {}", "retry {}", "release {}", "approve {}", "hold {} --reason x",
    "reject {} --reason x", "resolve {} --published 1 --yes", "withdraw {} --reason x --yes",
    "preview {}", "queue {}", "check {}", "plan {}",
]  # fmt: skip


@pytest.mark.parametrize("command", _OF_A_POST)
@pytest.mark.parametrize("given", ["2016-03-07-annual-day", "2016-03-07-anual-day.fr"])
def test_a_post_that_does_not_exist_has_one_exit_code_and_the_near_one_is_named(
    cli: Cli, draft: Path, command: str, given: str
) -> None:
    cli("queue")
    result = cli(*command.format(given).split())
    assert result.code == 2
    assert f"hint: Did you mean `{POST}`?" in result.err


def test_a_post_like_none_other_is_found_in_the_log(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("history", "nothing")
    assert "error: The ledger has no nothing." in result.err
    assert "hint: `publisher log` lists what the ledger knows" in result.err
    assert cli("history", "day.fr").err.endswith(f"Did you mean `{POST}`?\n"), "its end will do"


# status


def test_status_of_an_empty_schedule(cli: Cli, workspace: Path, made: Path) -> None:
    assert cli("status").out == (
        "The schedule is empty. `publisher queue` puts drafts on it.\n"
        "It is 2016-03-01 12:00 now. Times are those of Europe/Zurich.\n"
    )


def test_status_shows_what_needs_a_person_first(cli: Cli, published: None) -> None:
    out = cli("status").out
    assert out.startswith("These need a person:\nMon 2016-03-07\n08:30  failed")
    assert "Nothing is on the schedule.\nIn all: 1 published, 1 failed.\n" in out


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
    _at(monkeypatch, "2016-03-07T12:00:00+01:00")
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
    _at(monkeypatch, "2016-03-07T08:30:01+01:00")
    _attempt(
        workspace,
        {
            "bice-x": [AccountSuspended(Kind.AUTH, "The token is no longer valid.")],
            "bice-page": [Unknown("No answer.")],
        },
    )
    cli("pause", "--reason", "Le programme a changé")
    out = cli("status").out
    assert "Everything is paused since 2016-03-07 08:30 by redaction: Le programme a chang" in out
    assert (
        "bice-x is suspended until a person mends it and runs `publisher resume --account bice-x`: "
        "The token is no longer valid. (the keys are not accepted)"
    ) in out
    assert "08:30  uncertain    bice-page  2016-03-07-annual-day.fr\n" in out
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
    (line,) = [line for line in out.splitlines() if line.endswith("early.fr")]
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
    _at(monkeypatch, "2016-03-07T08:30:01+01:00")
    until = datetime(2016, 3, 7, 9, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many requests.", until)
    _attempt(workspace, {"bice-x": [held], "bice-page": [Unknown("No answer.")]})
    status = cli("status", "--json").json
    assert [row["post"] for row in status["next"]] == ["later.fr"]
    assert status["paused_or_suspended"] == 1


def test_status_tells_what_is_left_of_the_platforms_limits(
    cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full for scripts; on the screen, of what is nearly used up."""
    cli("queue")
    _at(monkeypatch, "2016-03-07T08:30:01+01:00")
    seen = datetime(2016, 3, 7, 7, 30, 1, tzinfo=UTC)
    end = seen + timedelta(hours=5)
    little = Limit("posts-24h", 50, 3, seen, end)
    plenty = Limit("posts-15min", 100, 98, seen, end)
    told = Accepted("1", limits=(plenty, little))
    _attempt(workspace, {"bice-x": [told, told], "bice-page": [Unknown("No answer.")]})
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


# pause, resume, cancel, retry


def test_pause_and_resume(cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who resumes sees what fell due meanwhile."""
    cli("queue")
    result = cli("pause", "--account", "bice-x", "--reason", "Mauvaise photo", "--as", "directrice")
    assert (result.code, result.out) == (0, "Paused: bice-x. Nothing leaves any more.\n")
    assert cli("status", "--json").json["accounts"][0]["paused_by"] == "directrice"
    _at(monkeypatch, "2016-03-07T08:31:00+01:00")
    result = cli("resume", "--account", "bice-x", "--yes")
    assert result.out == (
        "Resumed: bice-x.\n1 delivery fell due meanwhile, and will go out at these times:\n"
        f"  2016-03-07 08:31  {POST} to bice-x\nTimes are those of Europe/Zurich.\n"
    )
    assert cli("status", "--json").json["accounts"] == []


def test_resume_when_nothing_is_paused(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("resume")
    assert result.code == 1
    assert "hint: `publisher status` shows what is paused." in result.err


def test_resume_of_everything_names_the_accounts_that_are_stopped_alone(
    cli: Cli, draft: Path
) -> None:
    cli("queue")
    cli("pause", "--account", "bice-x", "--reason", "keys")
    result = cli("resume")
    assert result.code == 1
    assert "but accounts are stopped: bice-x." in result.err
    assert "`publisher resume --account bice-x`" in result.err


@pytest.mark.parametrize(
    "command",
    [
        "pause --reason x",
        "resume",
        "cancel p",
        "retry p",
        "resolve p --published 1",
        "withdraw p --reason x",
    ],
)
def test_an_account_that_no_one_configured(
    cli: Cli, workspace: Path, made: Path, command: str
) -> None:
    result = cli(*command.split(), "--account", "bice-y")
    assert result.code == 2
    assert "error: No account is named bice-y.\nhint: Did you mean `bice-x`?" in result.err


def test_pause_wants_a_reason(cli: Cli, workspace: Path) -> None:
    result = cli("pause", "--reason", " ")
    assert result.code == 2
    assert "--reason is empty." in result.err


def test_cancel_stays_cancelled_until_retried(cli: Cli, draft: Path) -> None:
    """Queueing again does not bring back what a person has cancelled."""
    cli("queue")
    result = cli("cancel", f"posts/{POST}.md", "--account", "bice-x", "--reason", "Déjà dit")
    assert result.out == f"Cancelled: 1 delivery.\n  {POST} to bice-x\n"
    assert "Nothing to change" in cli("queue").out
    log = cli("log", "--account", "bice-x").out
    assert "cancelled" in log
    assert "Déjà dit" in log
    result = cli("retry", POST)
    assert result.out == f"On the schedule again: 1 delivery.\n  {POST} to bice-x\n"


def test_cancel_of_what_is_out(cli: Cli, published: None) -> None:
    result = cli("cancel", POST, "--account", "bice-x")
    assert result.code == 1
    assert "bice-x is published" in result.err


def test_who_asks_is_on_record(cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--as, else PUBLISHER_USER, else the system's name for the user."""
    cli("queue")
    cli("pause", "--reason", "a", "--as", "x")
    cli("cancel", POST, "--account", "bice-x", "--as", "x")
    monkeypatch.delenv("PUBLISHER_USER")
    monkeypatch.setenv("LOGNAME", "systemuser")
    cli("cancel", POST, "--account", "bice-page")
    steps = cli("history", POST, "--json").json
    actors = [(step["account"], step["actor"]) for step in steps if step["event"] == "cancelled"]
    assert actors == [("bice-x", "x"), ("bice-page", "systemuser")]
    result = cli("resume", "--as", " ")
    assert result.code == 2


def test_log_as_a_workbook_has_dates_and_no_formulas(
    workspace: Path, draft: Path, published: None
) -> None:
    """Dates are the session's, so that they can be sorted; a text that looks like a formula is
    text.
    """
    result = subprocess.run(
        [SCRIPT, "log", "--format", "xlsx"], cwd=workspace, capture_output=True, check=True
    )
    sheet = openpyxl.load_workbook(io.BytesIO(result.stdout)).active
    assert sheet is not None
    heading, *rows = sheet.iter_rows(values_only=True)
    assert "due_at (Europe/Zurich)" in heading
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    by_account = {row["account"]: row for row in found}
    row = by_account["bice-x"]
    assert row["due_at (Europe/Zurich)"] == datetime(2016, 3, 7, 8, 30)  # noqa: DTZ001
    assert row["text"] == "Le texte court. #HRC31\n\nUn deuxième message."
    assert row["attempts"] == 1


def test_a_text_is_never_a_formula_in_a_workbook() -> None:
    stream = io.BytesIO()
    texts = ["=1+1", "+1", "@SUM(A1)", "https://www.example.org/", "x" * 40_000]
    spreadsheet.write(stream, ["text"], [{"text": text} for text in texts], ZoneInfo("UTC"))
    sheet = openpyxl.load_workbook(stream).active
    assert sheet is not None
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(texts)
    assert [cell.value for cell in cells[:4]] == texts[:4]


def test_hold_keeps_one_post_until_release(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("hold", str(draft), "--reason", "the figure is old", "--account", "bice-x")
    assert (result.code, result.out.splitlines()[0]) == (0, "Held: 1 delivery.")
    assert cli("queue").out.startswith("Nothing to change")
    states = {row["account"]: row["state"] for row in cli("log", "--json").json}
    assert states == {"bice-x": "held", "bice-page": "scheduled"}
    assert "by direction: the figure is old" not in cli("status").out  # it was nobody of that name
    assert "the figure is old" in cli("history", POST).out
    result = cli("release", POST)
    assert (result.code, result.out.splitlines()[0]) == (0, "On the schedule again: 1 delivery.")
    assert cli("release", POST).code == 1
    assert cli("hold", POST, "--reason", " ").code == 2
    assert cli("hold", "nowhere", "--reason", "x").code == 2


# withdraw


def test_what_may_still_be_out_is_told_by_exit_code_log_and_status_until_somebody_looked(
    cli: Cli, published: None
) -> None:
    """The workspace has no credentials: nothing can be deleted."""
    result = cli("withdraw", POST, "--account", "bice-x", "--reason", "an error", "--yes")
    assert result.code == 1
    assert "Part 2 may still be out" in " ".join(result.out.split())
    (row,) = cli("log", "--json", "--account", "bice-x").json
    assert (row["state"], row["remote_ids"]) == ("published", ["71", "72"])
    assert "may still be out" in row["error"]["message"]
    attention = cli("status", "--json").json["attention"]
    assert [(one["account"], one["state"]) for one in attention] == [
        ("bice-x", "published"), ("bice-page", "failed"),
    ]  # fmt: skip
    given_up = cli("withdraw", POST, "--account", "bice-x", "--gone", "--reason", "looked", "--yes")
    assert given_up.code == 0
    (row,) = cli("log", "--json", "--account", "bice-x").json
    assert (row["state"], row["withdrawn_ids"], row["error"]) == ("withdrawn", ["71", "72"], None)
    assert cli("withdraw", "--consent", "abidjan", "--gone", "--reason", "looked").code == 2
