"""log and history."""

import csv
import io
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from publisher.base import spreadsheet
from tests.cli.annual_day import POST, edit
from tests.cli.runner import SCRIPT, Cli

# log


def test_log_json_is_the_promised_array(cli: Cli, published: None) -> None:
    rows = {row["account"]: row for row in cli("log", "--format", "json").json}
    row = rows["bice-x"]
    assert row.pop("lateness_s") == pytest.approx(0.12, abs=20)
    assert row.pop("published_at").startswith("2016-03-07T07:30:")
    assert row.pop("public") == "out since 2016-03-07 07:30 UTC"
    assert row.pop("queued_by") == row.pop("author")
    assert row.pop("queued_by_program") is None
    assert row == {
        "post": POST,
        "account": "bice-x",
        "channel": "twitter",
        "parts": 2,
        "parts_out": 2,
        "acknowledged_by": None,
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
        "corrects": None,
        "answers": None,
        "figures": {},
    }
    assert rows["bice-page"]["error"]["kind"] == "content"


def test_log_table_is_in_the_sessions_time_and_harmless(cli: Cli, published: None) -> None:
    """Nobody's answer may move the cursor or colour the screen."""
    result = cli("log")
    assert result.out.startswith("Mon 2016-03-07\n08:30  published  ")
    assert "bice-page  2016-03-07-annual-day.fr  Le texte\n" in result.out, "what it is called"
    assert "Facebook \N{REPLACEMENT CHARACTER}[31mrefuses this." in " ".join(result.out.split())
    assert result.out.endswith(
        "2 deliveries: 1 published, 1 failed. Times are in the time zone Europe/Zurich.\n"
    )
    assert max(map(len, result.out.splitlines())) <= 80


def test_log_of_nothing(cli: Cli, workspace: Path, made: Path) -> None:
    assert cli("log").out == "Nothing has ever been queued: the log is empty.\n"
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
        (("--since", "8 mars 2016"), []),
        (("--since", "07.03.2016", "--until", "7 marca 2016"), ["bice-x", "bice-page"]),
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
@pytest.mark.parametrize("time", ["the other day", "9999-12-31", "0001-01-01"])
def test_log_refuses_a_time_that_is_none(
    cli: Cli, workspace: Path, made: Path, option: str, time: str
) -> None:
    """Neither is one that no zone can turn into an instant, or that has no next day."""
    result = cli("log", option, time)
    assert result.code == 2
    assert f"{option} '{time}' is not a time." in result.err


def test_since_takes_the_words_of_people_and_says_what_it_understood(
    cli: Cli, workspace: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-08T09:00:00+01:00")
    assert "--since 'hier': Monday 7 March 2016.\n" in cli("log", "--since", "hier").err
    assert "Monday 7 March 2016, 18:30.\n" in cli("log", "--until", "ayer a las 18:30").err
    refused = cli("log", "--since", "03/04/2016")
    assert refused.code == 2
    assert "Write which one you mean: 2016-04-03 or 2016-03-04." in refused.err


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
    edit(draft, "Le texte commun", "Le texte long")
    cli("queue", "--as", "maría")
    out = cli("history", POST).out
    assert "maría" in out
    assert "text before: Le texte commun." in out
    assert "text now: Le texte long." in out


_OF_A_POST = [
    "history {}", "cancel {}", "retry {}", "release {}", "approve {}", "hold {} --reason x",
    "reject {} --reason x", "resolve {} --published 1 --yes", "withdraw {} --reason x --yes",
    "preview {}", "queue {}", "check {}", "plan {}",
]  # fmt: skip


@pytest.mark.parametrize("command", _OF_A_POST)
@pytest.mark.parametrize("given", ["2016-03-07-annual", "2016-03-07-anual-day.fr"])
def test_a_post_that_does_not_exist_has_one_exit_code_and_the_near_one_is_named(
    cli: Cli, draft: Path, command: str, given: str
) -> None:
    cli("queue")
    result = cli(*command.format(given).split())
    assert result.code == 2
    assert f"hint: Did you mean `{POST}`?" in result.err


def test_a_post_may_be_called_by_its_name_where_one_alone_is_called_so(
    cli: Cli, draft: Path
) -> None:
    """Without its day and its language; and it is said which one that is."""
    cli("queue")
    for command in ("history", "check", "release"):
        assert f"annual-day is {POST}.\n" in cli(command, "annual-day").err, command
    draft.with_name(POST.replace(".fr", ".es") + ".md").write_bytes(draft.read_bytes())
    assert cli("check", "annual-day").code == 2
    assert cli("history", "annual-day").code == 0, "the ledger has one still"


def test_log_of_a_post_leads_to_its_history(cli: Cli, workspace: Path) -> None:
    refused = cli("log", "fil.fr")
    assert refused.code == 2
    assert "`publisher history fil.fr` shows one post." in " ".join(refused.err.split())


def test_a_post_like_none_other_is_found_in_the_log(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("history", "nothing")
    assert "error: There is no post nothing on the schedule or in the history." in result.err
    assert "hint: `publisher log` lists what the ledger knows" in result.err
    assert cli("history", "day.fr").err.endswith(f"Did you mean `{POST}`?\n"), "its end will do"


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
