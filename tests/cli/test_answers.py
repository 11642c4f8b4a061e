"""answers: what readers write, in a terminal and for scripts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.tables import reader_comments
from publisher.settings import settings
from tests.cli.runner import Cli, shown_at_terminal
from tests.support.clock import ManualClock
from tests.support.pages import PASSWORD


@pytest.fixture
def comment(made: Path) -> int:
    """A comment that calls for somebody."""
    now = datetime(2016, 3, 1, 11, tzinfo=UTC)
    row: dict[str, Any] = {
        "account": "bice-page", "remote_id": "1_2", "post": "day.fr", "author": "Zofia",
        "text": "help me\nplease", "url": "", "written_at": now, "read_at": now,
        "signs": '[["word", "help me"]]', "urgency": 2, "state": "not seen", "checked_at": now,
    }  # fmt: skip
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        insert = reader_comments.insert().values(row).returning(reader_comments.c.id)
        number = int(connection.execute(insert).scalar_one())
    app.people.add("Marie", Rank.STAFF, PASSWORD)
    app.close()
    return number


def test_they_are_listed_with_why_somebody_must_look(cli: Cli, comment: int) -> None:
    shown = cli("answers").out
    assert f"{comment}  2016-03-01 12:00" in shown
    assert "! alarm word: help me" in shown
    assert "1 comment needs attention." in shown


def test_scripts_get_them_with_all_that_is_known(cli: Cli, comment: int) -> None:
    (one,) = json.loads(cli("answers", "--json").out)["answers"]
    assert (one["number"], one["calls"], one["text"]) == (comment, True, "help me\nplease")


def test_one_is_hidden_and_then_not_listed_as_open(cli: Cli, comment: int) -> None:
    assert cli("answers", "--hide", str(comment)).code == 0
    assert json.loads(cli("answers", "--json").out)["answers"] == []
    (one,) = json.loads(cli("answers", "--all", "--json").out)["answers"]
    assert (one["state"], one["by"]) == ("being hidden", "redaction")


def test_one_is_handed_to_somebody_who_may_log_in(cli: Cli, comment: int) -> None:
    assert "Marie" in cli("answers", "--hand", str(comment), "--to", "marie").out
    assert cli("answers", "--hand", str(comment), "--to", "nobody").code == 2
    assert cli("answers", "--hand", str(comment)).code == 2


@pytest.mark.parametrize("words", [("--seen", "1", "--hide", "1"), ("--account", "nope")])
def test_what_makes_no_sense_is_refused(cli: Cli, made: Path, words: tuple[str, ...]) -> None:
    assert cli("answers", *words).code == 2


def test_an_answer_that_is_gone_is_told(cli: Cli, made: Path) -> None:
    assert cli("answers", "--seen", "77").code != 0


def test_scripts_get_that_a_name_is_there_and_not_which(cli: Cli, comment: int, made: Path) -> None:
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(signs='[["name", "Amina Diallo"]]'))
    app.close()
    assert "Amina" not in cli("answers", "--json").out


def test_what_its_platform_hid_and_calls_is_listed_as_open(
    cli: Cli, comment: int, made: Path
) -> None:
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(state="hidden"))
    app.close()
    assert "help me" in cli("answers").out


def test_scripts_get_no_text_of_an_account_that_is_not_there_any_more(
    cli: Cli, made: Path, comment: int
) -> None:
    """Nobody knows what its platform's terms say."""
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(account="bice-gone"))
    app.close()
    (one,) = json.loads(cli("answers", "--json").out)["answers"]
    assert (one["number"], one["text"], one["is_withheld"]) == (comment, "", True)


@pytest.mark.parametrize("act", ["--hide", "--delete"])
def test_what_went_to_an_account_that_is_gone_is_not_hidden_or_deleted(
    cli: Cli, made: Path, comment: int, act: str
) -> None:
    _reword(made, account="bice-gone")
    result = cli("answers", act, str(comment))
    assert result.code == 1
    assert "There is no account bice-gone." in result.err
    assert "put the account back" in " ".join(result.err.split())
    assert cli("answers", "--seen", str(comment)).code == 0, "this asks no platform"


@pytest.fixture
def mention(comment: int, made: Path) -> int:
    """A reader who names an account on X."""
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        values = {"account": "bice-x", "remote_id": "77", "author": "@zofia", "post": None}
        connection.execute(update(reader_comments).values(**values))
    app.close()
    return comment


def test_a_draft_that_answers_one_is_made(cli: Cli, made: Path, mention: int) -> None:
    result = cli("answers", "--answer", str(mention))
    assert result.code == 0
    assert "posts/answer-bice-x.fr.md" in result.out
    assert "then run `publisher queue`." in " ".join(result.out.split())
    text = (made / "posts/answer-bice-x.fr.md").read_text("utf-8")
    assert "to: [bice-x]\n" in text
    assert "77" in text
    assert "help me" not in text
    assert "author:" not in text
    assert cli("queue").code == 0, "it stops nobody"
    assert json.loads(cli("answers", "--all", "--json").out)["answers"][0]["answered_by"] == []
    assert cli("answers", "--answer", str(mention)).code == 0
    assert (made / "posts/answer-bice-x-2.fr.md").exists(), "each is a draft of its own"


def test_a_begun_answer_goes_out_once_its_words_are_written_and_the_sign_is_taken_away(
    cli: Cli, made: Path, mention: int
) -> None:
    """As the command says: one sign before `at: now`, and nothing else."""
    begun = cli("answers", "--answer", str(mention))
    assert "remove the `#` before `at: now`" in " ".join(begun.out.split())
    path = made / "posts/answer-bice-x.fr.md"
    text = path.read_text("utf-8")
    assert text.endswith("\n---\n"), "no words that nobody wrote"
    path.write_text(f"{text}À Genève.\n".replace("#", "", 1), "utf-8")
    result = cli("queue")
    assert result.code == 0, result.err
    assert "answer-bice-x.fr" in result.out


def test_the_answer_is_queued_and_listed_beside_what_it_answers(
    cli: Cli, made: Path, mention: int
) -> None:
    told = json.loads(cli("answers", "--answer", str(mention), "--json").out)
    path = made / told["file"]
    text = path.read_text("utf-8").replace("#at: now", "at: now")
    path.write_text(f"{text}À Genève.\n", "utf-8")
    assert cli("queue", str(path)).code == 0
    (one,) = json.loads(cli("answers", "--all", "--json").out)["answers"]
    (given,) = one["answered_by"]
    assert given["post"] == "answer-bice-x.fr"
    assert "answered by answer-bice-x.fr" in cli("answers", "--all").out


def test_what_cannot_be_answered_says_why(cli: Cli, comment: int, mention: int) -> None:
    assert cli("answers", "--answer", "999").code == 1
    assert cli("answers", "--answer", str(mention), "--seen", str(comment)).code == 2
    cli("answers", "--hide", str(mention))
    result = cli("answers", "--answer", str(mention))
    assert result.code == 1
    assert "is hidden" in result.err


def test_whoever_writes_the_words_of_a_begun_answer_cannot_approve_them(
    cli: Cli, made: Path, mention: int
) -> None:
    toml = made / "publisher.toml"
    toml.write_text(f"[approval]\nrequired = true\n{toml.read_text('utf-8')}", "utf-8")
    begun = cli("answers", "--answer", str(mention), "--json", "--as", "redaction")
    path = made / begun.json["file"]
    text = f"{path.read_text('utf-8')}À Genève.\n"
    path.write_text(text.replace("#at: now", "at: 2016-03-07 08:30"), "utf-8")
    assert cli("queue", str(path), "--as", "direction").code == 0
    approval = ("approve", "answer-bice-x.fr", "--yes", "--as")
    assert cli(*approval, "direction").code == 1
    assert cli(*approval, "redaction").code == 0


@pytest.fixture
def waiting(cli: Cli, made: Path, mention: int) -> str:
    """An answer that waits for an approval."""
    toml = made / "publisher.toml"
    toml.write_text(f"[approval]\nrequired = true\n{toml.read_text('utf-8')}", "utf-8")
    draft = made / "posts/answer.fr.md"
    draft.write_text(
        "---\nat: 2016-03-07 08:30\nto: [bice-x]\nanswers: '77'\n---\nÀ Genève.\n", "utf-8"
    )
    assert cli("queue", str(draft), "--as", "redaction").code == 0
    return "answer.fr"


def _reword(made: Path, **values: str) -> None:
    """Give the comment other words, as its reader wrote it."""
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(**values))
    app.close()


def test_who_approves_reads_what_is_answered_marked_as_foreign(
    cli: Cli, made: Path, waiting: str
) -> None:
    words = "Où est-ce ?\r\x1b[2Jgoes out 2011-01-01\u2028Approve 1 delivery? yes"
    _reword(made, text=words, author="@zo\nfia\x1b[1m", url="https://x.com/i/web/status/77")
    shown = cli("approve", waiting, "--yes", "--as", "direction").out
    assert "It answers a reader on bice-x.\n  > @zo\n  > fia" in shown
    assert "\n  > Où est-ce ?\n" in shown
    assert "\n  > Approve 1 delivery? yes\n  > https://x.com/i/web/status/77\n" in shown
    assert "\x1b" not in shown
    assert "\ngoes out 2011" not in shown


_FILLING = "Bonjour" + "\N{NO-BREAK SPACE}" * 73


@pytest.mark.parametrize(
    "command", [("approve", "answer.fr", "--yes", "--as", "direction"), ("answers", "--all")]
)
@pytest.mark.parametrize(
    ("values", "width"),
    [
        ({"text": f"{_FILLING}Approuvé !"}, 1),
        ({"text": "\N{IDEOGRAPHIC FULL STOP}" * 38 + "Approuvé !"}, 2),
        ({"text": "\N{SMILING FACE WITH HEART-SHAPED EYES}" * 38 + "Approuvé !"}, 2),
        ({"text": "\N{REGIONAL INDICATOR SYMBOL LETTER F}" * 38 + "Approuvé !"}, 2),
        ({"author": f"{_FILLING}Approuvé !"}, 1),
        ({"url": f"https://{_FILLING}Approuvé !"}, 1),
    ],
)
def test_no_line_of_a_reader_passes_for_ours_on_a_terminal(
    made: Path,
    waiting: str,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, str],
    width: int,
    command: tuple[str, ...],
) -> None:
    """A terminal begins a new line after 80 columns: a wide character takes two."""
    assert waiting
    _reword(made, **values)
    lines = shown_at_terminal(*command, monkeypatch=monkeypatch).splitlines()
    assert any(line.startswith("  > ") and "Approuvé" in line for line in lines)
    assert all(line.startswith("  > ") for line in lines if "Approuvé" in line)
    columns = [sum(1 if ord(letter) < 0x3000 else width for letter in line) for line in lines]
    assert max(columns) <= 80


def test_a_readers_name_is_no_command_of_ours(cli: Cli, made: Path, waiting: str) -> None:
    _reword(made, author="`publisher resume --all`")
    for command in (("approve", waiting, "--yes", "--as", "direction"), ("answers", "--all")):
        shown = cli("--workspace", str(made), *command).out
        assert "  > `publisher resume --all`\n" in shown


def test_who_approves_learns_that_what_is_answered_is_hidden_or_gone(
    cli: Cli, made: Path, waiting: str
) -> None:
    _reword(made, state="hidden", text="", author="")
    shown = cli("approve", waiting, "--yes", "--as", "redaction").out
    assert "It answers a reader on bice-x.\n" in shown
    assert "It has no text: open it on its platform." in shown
    assert "The reader's comment is hidden." in shown
    _reword(made, remote_id="78")
    assert "is no longer here" in cli("approve", waiting, "--yes", "--as", "redaction").out


def test_scripts_that_approve_get_no_words_of_readers(cli: Cli, made: Path, waiting: str) -> None:
    assert made
    result = cli("approve", waiting, "--yes", "--json", "--as", "direction")
    assert result.code == 0
    assert "help me" not in result.out


def test_what_went_to_an_account_that_is_gone_cannot_be_answered(
    cli: Cli, made: Path, mention: int
) -> None:
    app = Application(settings.load(made, {}), ManualClock())
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(account="bice-gone"))
    app.close()
    result = cli("answers", "--answer", str(mention))
    assert result.code == 1
    assert "its account is no longer here" in " ".join(result.err.split())


def test_nothing_is_said_to_be_as_drafted_when_an_answer_is_left_out(
    cli: Cli, made: Path, mention: int
) -> None:
    assert mention
    assert "matches the drafts" in (cli("queue"), cli("queue"))[1].out
    draft = "---\nat: now\nto: [bice-x]\nanswers: '999'\n---\nÀ Genève.\n"
    (made / "posts/answer.fr.md").write_text(draft, "utf-8")
    shown = cli("queue")
    told = shown.out + shown.err
    assert "answers-unknown" in told
    assert "matches the drafts" not in told, told
