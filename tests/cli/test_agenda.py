"""agenda list, move, cancel, restore, import, export; calendar."""

import os
import re
from pathlib import Path

import pytest

from publisher.cli import arguments
from tests.agenda.calendars import calendar, event, written
from tests.cli.conftest import SESSION
from tests.cli.runner import Cli

MOVED = SESSION.replace("2016-03-07", "2016-03-08")


@pytest.fixture
def session(workspace: Path) -> Path:
    """posts/session.yaml, with a post on the annual day."""
    draft(workspace, "a.fr", "at: annual-day + 30m")
    return workspace / "posts" / "session.yaml"


def draft(workspace: Path, name: str, front: str, text: str = "Bonjour.") -> None:
    (workspace / "posts" / f"{name}.md").write_text(f"---\n{front}\n---\n{text}\n")


def test_the_list_shows_items_by_time_with_their_posts(cli: Cli, session: Path) -> None:
    session.write_text(
        f"{SESSION}    place: Genève\n    cancelled: true\n"
        "  opening:\n    title: Ouverture\n    starts: 2016-02-29 09:00\n"
        "  segment:\n    starts: 2016-02-29 10:00\n    ends: 2016-03-02 18:00\n"
    )
    result = cli("agenda", "list")
    assert result.code == 0
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[:3] == [
        "Mon 2016-02-29",
        "09:00            opening     no posts  Ouverture",
        "10:00-18:00 +2d  segment     no posts",
    ]
    assert "09:00-18:00      annual-day  1 post    cancelled: its posts are held" in lines
    assert lines[-1] == "Times are in the time zone Europe/Zurich."
    items = cli("agenda", "list", "--json").json
    assert [item["item"] for item in items] == ["opening", "segment", "annual-day"]
    assert items[2] == {
        "item": "annual-day",
        "title": "Journée annuelle de débat sur les droits de l'enfant",
        "starts_at": "2016-03-07T08:00:00Z",
        "ends_at": "2016-03-07T17:00:00Z",
        "place": "Genève",
        "cancelled": True,
        "uid": None,
        "posts": ["a.fr"],
    }


def test_an_agenda_without_items_says_so(cli: Cli, session: Path) -> None:
    session.write_text("timezone: Europe/Zurich\n")
    assert cli("agenda", "list").out.startswith("The agenda has no items.")


@pytest.mark.parametrize(
    "how", [("--by", "1d"), ("--by", "24h"), ("--to", "2016-03-08"), ("--to", "2016-03-08 09:00")]
)
def test_a_moved_item_takes_its_posts_along_at_the_next_queue(
    cli: Cli, session: Path, how: tuple[str, str]
) -> None:
    cli("queue")
    result = cli("agenda", "move", "annual-day", *how, "--yes")
    assert result.code == 0
    assert "annual-day moves from Mon 2016-03-07 09:00-18:00 to Tue 2016-03-08 09:00-18:00" in (
        result.out
    )
    assert "2016-03-07 09:30  2016-03-08 09:30  scheduled  a.fr" in result.out
    assert result.out.endswith(
        "posts/session.yaml is changed. Run `publisher queue` to bring the schedule into line.\n"
    )
    assert session.read_text() == MOVED
    assert [row["due_at"] for row in cli("log", "--json").json] == ["2016-03-07T08:30:00Z"] * 2
    cli("queue")
    assert [row["due_at"] for row in cli("log", "--json").json] == ["2016-03-08T08:30:00Z"] * 2


def test_earlier_is_a_minus(cli: Cli, session: Path) -> None:
    assert cli("agenda", "move", "annual-day", "--by", "-30m", "--keep-end", "--yes").code == 0
    assert session.read_text() == SESSION.replace("09:00", "08:30")


def test_what_was_not_shown_is_not_done(
    cli: Cli, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft that came while somebody read is shown, and asked about anew."""
    asked: list[str] = []

    def answer(question: str) -> None:
        asked.append(question)
        assert session.read_text() == SESSION
        (session.parent / "late.fr.md").write_text("---\nat: annual-day\nto: bice-x\n---\nTard.\n")

    monkeypatch.setattr(arguments, "confirm", answer)
    result = cli("agenda", "move", "annual-day", "--by", "1d")
    assert result.code == 0
    assert len(asked) == 2
    before, _, after = result.out.partition(
        "This would now change something other than what was shown:"
    )
    assert "late.fr" not in before
    assert "late.fr" in after
    assert session.read_text() == MOVED


def test_nobody_is_asked_where_nobody_can_answer(cli: Cli, session: Path) -> None:
    """What moves is shown all the same."""
    result = cli("agenda", "move", "annual-day", "--by", "1d", stdin=b"y\n")
    assert result.code == 2
    assert "a.fr" in result.out
    assert "--yes" in result.err
    assert session.read_text() == SESSION


def test_a_dry_run_changes_nothing(cli: Cli, session: Path) -> None:
    result = cli("agenda", "move", "annual-day", "--by", "1d", "--dry-run")
    assert (result.code, result.out.splitlines()[-1]) == (0, "Nothing was changed.")
    assert session.read_text() == SESSION


def test_scripts_get_json(cli: Cli, session: Path) -> None:
    assert cli("agenda", "move", "annual-day", "--by", "1d", "--json").code == 2
    found = cli("agenda", "move", "annual-day", "--by", "1d", "--dry-run", "--json").json
    assert found["written"] is False
    assert session.read_text() == SESSION
    found = cli("agenda", "move", "annual-day", "--by", "1d", "--yes", "--json").json
    assert found["written"] is True
    assert session.read_text() == MOVED
    (change,) = found["changes"]
    assert (change["item"], change["kinds"]) == ("annual-day", ["move"])
    assert change["after"]["starts_at"] == "2016-03-08T08:00:00Z"
    assert found["posts"] == [
        {
            "post": "a.fr",
            "accounts": ["bice-x", "bice-page"],
            "before": {"due_at": "2016-03-07T08:30:00Z", "embargo_until": None, "held": None},
            "after": {"due_at": "2016-03-08T08:30:00Z", "embargo_until": None, "held": None},
            "stays": False,
            "deliveries": [],
            "notes": [],
        }
    ]
    assert (found["problems"], found["clashes"], found["notes"]) == ([], [], [])


def test_what_goes_wrong_by_the_move_is_shown_first(
    cli: Cli, workspace: Path, session: Path
) -> None:
    draft(workspace, "b.fr", "at: 2016-03-08 09:33", "Deux.")
    draft(workspace, "c.fr", "at: 2016-03-07 08:00\nembargo: annual-day\nto: [lima-x]", "Trois.")
    result = cli("agenda", "move", "annual-day", "--by", "1d", "--dry-run")
    assert "This causes problems:" in result.out
    assert "[embargo-after-expiry]" in result.out
    assert "  bice-x gets a.fr and b.fr within 3 min." in result.out
    result = cli("agenda", "move", "annual-day", "--by=-5d22h", "--dry-run")
    assert "overdue by then: it goes out as soon as it is queued" in " ".join(result.out.split())


def test_items_within_the_moved_one_are_named(cli: Cli, session: Path) -> None:
    session.write_text(f"{SESSION}  panel:\n    starts: 2016-03-07 15:00\n")
    alone = cli("agenda", "move", "annual-day", "--by", "1d", "--dry-run")
    assert "These are within annual-day and stay where they are: panel." in alone.out
    both = cli("agenda", "move", "annual-day", "panel", "--by", "1d", "--yes")
    assert "Within" not in both.out
    assert session.read_text() == f"{MOVED}  panel:\n    starts: 2016-03-08 15:00\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["annual-dya", "--by", "1d"], "Did you mean `annual-day`?"),
        (["annual-day"], "Give either --to or --by."),
        (["annual-day", "--by", "1d", "--to", "2016-03-08"], "Give either --to or --by."),
        (["annual-day", "annual-day", "--to", "2016-03-08"], "--to moves one item only."),
        (["annual-day", "--by", "soon"], "'soon' is not a duration"),
        (["annual-day", "--to", "soon"], "“soon” is not a time."),
        (["annual-day", "--to", "2016-03-27 02:30"], "2016-03-27T03:30:00+02:00"),
        (["annual-day", "--to", "2016-02-30"], "there is no such day"),
    ],
)
def test_wrong_words_are_refused(cli: Cli, session: Path, words: list[str], said: str) -> None:
    result = cli("agenda", "move", *words, "--yes")
    assert result.code == 2
    assert said in result.err
    assert session.read_text() == SESSION


def test_a_move_that_makes_the_session_invalid_changes_nothing(cli: Cli, session: Path) -> None:
    for by in ("10h", "9000d"):
        result = cli("agenda", "move", "annual-day", "--by", by, "--keep-end", "--yes")
        assert result.code == 1
        assert "posts/session.yaml:" in result.out
        assert "Nothing was changed" in result.out
        assert session.read_text() == SESSION


@pytest.mark.parametrize(
    "words", [["list"], ["move", "x", "--by", "1d"], ["export"], ["cancel", "x"]]
)
def test_a_session_with_errors_is_left_alone(cli: Cli, session: Path, words: list[str]) -> None:
    session.write_text(f"{SESSION}    starts: 2016-03-07 10:00\n")
    result = cli("agenda", *words)
    assert result.code == 1
    assert "[duplicate-key]" in result.out


def test_moving_by_nothing_is_said(cli: Cli, session: Path) -> None:
    assert cli("agenda", "move", "annual-day", "--to", "2016-03-07").out == "Nothing to change.\n"
    assert cli("agenda", "restore", "annual-day").out == "Nothing to change.\n"


def test_a_cancelled_item_holds_its_posts_until_it_is_restored(cli: Cli, session: Path) -> None:
    cli("queue")
    result = cli("agenda", "cancel", "annual-day", "--yes")
    assert "! annual-day is cancelled: its posts are held" in result.out
    assert re.search(r"2016-03-07 09:30 +held +scheduled +a\.fr", result.out)
    assert session.read_text() == f"{SESSION}    cancelled: true\n"
    cli("queue")
    assert [row["state"] for row in cli("log", "--json").json] == ["held"] * 2
    result = cli("agenda", "restore", "annual-day", "--yes")
    assert re.search(r"2016-03-07 09:30 +2016-03-07 09:30 +held +a\.fr", result.out)
    assert session.read_text() == f"{SESSION}    cancelled: false\n"
    cli("queue")
    assert [row["state"] for row in cli("log", "--json").json] == ["scheduled"] * 2


# Calendars


def test_the_export_is_imported_without_a_change(cli: Cli, session: Path, tmp_path: Path) -> None:
    path = tmp_path / "agenda.ics"
    assert cli("agenda", "export", "--output", path).out == f"Written: {path}\n"
    assert cli("agenda", "export").out.encode() == path.read_bytes()
    assert cli("agenda", "import", path).out == "Nothing to change.\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["agenda.ics", "campaign"]


def test_a_calendar_moves_adds_and_cancels(cli: Cli, session: Path, tmp_path: Path) -> None:
    annual_day = "Journée annuelle de débat sur les droits de l'enfant"
    session.write_text(
        f"{SESSION}  closing:\n    title: Clôture\n    starts: 2016-03-24 15:00\n    uid: 2@un\n"
        "  old:\n    starts: 2016-03-24 15:00\n    uid: 9@un\n"
    )
    path = written(
        tmp_path,
        calendar(
            event("DTSTART:20160308T080000Z", "DTEND:20160308T170000Z", summary=annual_day),
            event("DTSTART:20160324T140000Z", "STATUS:CANCELLED", uid="2@un", summary="Clôture"),
            event("DTSTART:20160309T120000Z", "LOCATION:Salle XX", uid="3@un", summary="Panel"),
        ),
    )
    result = cli("agenda", "import", path, "--dry-run")
    assert result.code == 0
    assert "> annual-day moves from Mon 2016-03-07 09:00-18:00" in result.out
    assert "! closing is cancelled" in result.out
    assert "+ panel is new: Panel, Wed 2016-03-09 13:00, Salle XX" in result.out
    assert "No longer in the calendar: old. They stay; --remove cancels them." in result.out
    assert "1 post hangs on them:" in result.out
    result = cli("agenda", "import", path, "--remove", "--yes")
    assert result.code == 0
    assert session.read_text() == (
        f'{MOVED}    uid: "1@un"\n'
        "  closing:\n    title: Clôture\n    starts: 2016-03-24 15:00\n    uid: 2@un\n"
        "    cancelled: true\n"
        "  old:\n    starts: 2016-03-24 15:00\n    uid: 9@un\n    cancelled: true\n"
        "  panel:\n    title: Panel\n    starts: 2016-03-09 13:00\n    place: Salle XX\n"
        '    uid: "3@un"\n'
    )
    assert cli("check").code == 0
    assert cli("agenda", "import", path).out.startswith("Nothing to change.\n")


def test_a_calendar_with_a_doubt_changes_nothing(cli: Cli, session: Path, tmp_path: Path) -> None:
    """All of it or nothing, and what is wrong with its place."""
    path = written(
        tmp_path,
        calendar(
            event(), event("DTSTART:20160308T090000", uid="2@un"), event("RDATE:x", uid="3@un")
        ),
    )
    result = cli("agenda", "import", path, "--yes")
    assert result.code == 1
    assert f"{path}:12:1: error: `Réunion` (UID 2@un)" in result.out
    assert f"{path}:18:1: error: `Réunion` (UID 3@un) recurs (RDATE)" in result.out
    assert result.out.endswith("Nothing was imported: 2 problems.\n")
    assert session.read_text() == SESSION
    words = ["--timezone", "Europe/Zurich", "--skip", "3@un", "--yes"]
    assert cli("agenda", "import", path, *words).code == 0


def test_thousands_of_problems_are_not_all_printed(cli: Cli, session: Path, tmp_path: Path) -> None:
    many = [event("DTSTART:20160308T090000", uid=str(number)) for number in range(300)]
    result = cli("agenda", "import", written(tmp_path, calendar(*many)))
    assert result.out.endswith("… and 280 more.\nNothing was imported: 300 problems.\n")


def test_a_session_that_nobody_could_read_again_is_not_written(
    cli: Cli, session: Path, tmp_path: Path
) -> None:
    """What is read has at most 1 MB."""
    path = written(tmp_path, calendar(event(summary="Réunion " * 140_000)))
    result = cli("agenda", "import", path, "--yes")
    assert result.code == 1
    assert "[file-too-big]" in result.out
    assert session.read_text() == SESSION


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.ics"], "nothing.ics does not exist"),
        (["x.ics", "--timezone", "Europe/Zurch"], "--timezone: there is no time zone Europe/Zurch"),
        (["x.ics", "--all-day", "morning"], "--all-day 'morning'"),
        (["x.ics", "--all-day", "18:00-09:00"], "--all-day '18:00-09:00'"),
        (["x.ics", "--all-day", "25:00-26:00"], "--all-day '25:00-26:00'"),
    ],
)
def test_wrong_options_of_an_import_are_refused(
    cli: Cli, session: Path, words: list[str], said: str
) -> None:
    written(session.parent.parent, calendar(event()), "x.ics")
    result = cli("agenda", "import", *words)
    assert result.code == 2
    assert said in result.err


def test_whole_days_get_their_hours(cli: Cli, session: Path, tmp_path: Path) -> None:
    path = written(tmp_path, calendar(event("DTSTART;VALUE=DATE:20160309")))
    assert cli("agenda", "import", path, "--yes").code == 1
    assert cli("agenda", "import", path, "--all-day", "9:00-18:00", "--yes").code == 0
    assert "    starts: 2016-03-09 09:00\n    ends: 2016-03-09 18:00\n" in session.read_text()


def test_a_file_changed_meanwhile_is_not_overwritten(
    cli: Cli, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody saves the file in their editor while the question is asked."""
    monkeypatch.setattr(arguments, "confirm", lambda _: session.write_text("# mine\n"))
    result = cli("agenda", "move", "annual-day", "--by", "1d")
    assert result.code == 1
    assert "Someone else changed posts/session.yaml in the meantime." in result.err
    assert session.read_text() == "# mine\n"


def test_the_posts_are_a_calendar(cli: Cli, session: Path, tmp_path: Path) -> None:
    path = tmp_path / "posts.ics"
    assert cli("calendar", "--output", path).code == 0
    assert "SUMMARY:[not queued] Bonjour." in path.read_text()
    cli("queue")
    assert cli("calendar", "--output", path).code == 0
    assert "SUMMARY:Bonjour." in path.read_text()
    assert cli("calendar").out.encode() == path.read_bytes()


@pytest.mark.parametrize("command", [["agenda", "export"], ["calendar"], ["report"], ["preview"]])
def test_no_file_of_somebody_else_is_written_over(
    cli: Cli, session: Path, tmp_path: Path, command: list[str]
) -> None:
    """Neither a draft nor the calendar of somebody else; but what the same command wrote before."""
    cli("queue")
    calendar = "BEGIN:VCALENDAR\r\nPRODID:-//UN//Indico//EN\r\nEND:VCALENDAR\r\n"
    (tmp_path / "un.ics").write_text(calendar, newline="")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    others = [session, session.parents[1] / "publisher.toml", tmp_path / "un.ics"]
    for path in others:
        before = path.read_bytes()
        result = cli(*command, "--output", path)
        assert result.code == 2
        assert f"{path} already exists" in result.err
        assert path.read_bytes() == before
    assert cli(*command, "--output", pipe).code == 2
    (tmp_path / "empty").touch()
    for name in ("new", "new", "empty"):
        assert cli(*command, "--output", tmp_path / name).code == 0
    assert cli(*command, "--output", tmp_path).code == 3


def test_a_calendar_that_cannot_be_written_says_so(cli: Cli, session: Path, tmp_path: Path) -> None:
    result = cli("calendar", "--output", tmp_path / "no" / "posts.ics")
    assert result.code == 3
    assert "No such file or directory" in result.err
