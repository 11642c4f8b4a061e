"""import: the rows of a spreadsheet become drafts."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.runner import Cli
from tests.importers.workbooks import workbook

HEADER = "Date,Message,Link\n"
GOOD = HEADER + "2016-03-07 08:30,Bonjour,\n2016-03-08 08:30,Bonsoir,\n"
BAD = "2016-03-09 08:30,,\nsoon,Salut,\n"


@pytest.fixture
def plan(workspace: Path) -> Path:
    path = workspace / "plan.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def drafts(workspace: Path) -> list[str]:
    posts = workspace / "posts"
    return sorted(path.relative_to(posts).as_posix() for path in posts.rglob("*.md"))


def test_import_writes_drafts_that_pass_check(cli: Cli, workspace: Path, plan: Path) -> None:
    """With the session's default for who gets them, and the workspace's language."""
    result = cli("import", plan, "--lang", "fr")
    assert (result.code, result.out) == (
        0,
        "posts/2016-03-07-bonjour.fr.md\nposts/2016-03-08-bonsoir.fr.md\n2 drafts imported.\n",
    )
    assert cli("check", "--json").json == []
    changes = cli("plan", "--json").json["changes"]
    assert {(change["account"], change["due_at"]) for change in changes} == {
        (account, due)
        for account in ("bice-x", "bice-page")
        for due in ("2016-03-07T07:30:00Z", "2016-03-08T07:30:00Z")
    }


def test_import_is_all_or_nothing(cli: Cli, workspace: Path, plan: Path) -> None:
    """Every row with a problem is named, in one go."""
    plan.write_text(GOOD + BAD, encoding="utf-8")
    result = cli("import", "plan.csv", "--to", "bice-x")
    assert result.code == 1
    assert "plan.csv:4:2: error: The row has no text. [empty-text]\n" in result.out
    assert "plan.csv:5:1: error: “soon” is not a date with a time. [bad-time]\n" in result.out
    assert "    hint: Write it like 2016-03-07 08:30.\n" in result.out
    assert result.out.endswith(
        "Nothing was imported: 2 errors. Correct them, or import 2 drafts with --keep-going.\n"
    )
    assert drafts(workspace) == []


@pytest.mark.parametrize("options", [(), ("--keep-going",)])
def test_where_every_row_is_wrong_nobody_is_told_to_keep_going(
    cli: Cli, workspace: Path, plan: Path, options: tuple[str, ...]
) -> None:
    plan.write_text(HEADER + BAD, encoding="utf-8")
    result = cli("import", plan, "--to", "bice-x", *options)
    assert result.code == 1
    assert result.out.endswith("Nothing was imported: 2 errors. Correct them.\n")


def test_import_that_keeps_going_leaves_out_what_is_wrong(
    cli: Cli, workspace: Path, plan: Path
) -> None:
    plan.write_text(GOOD + BAD, encoding="utf-8")
    result = cli("import", plan, "--to", "bice-x", "--keep-going")
    assert result.code == 1
    assert result.out.endswith("2 drafts imported. 2 errors: what has errors is left out.\n")
    assert len(drafts(workspace)) == 2


def test_import_again_says_so(cli: Cli, workspace: Path, plan: Path) -> None:
    cli("import", plan, "--to", "bice-x")
    result = cli("import", plan, "--to", "bice-x")
    assert result.code == 0
    assert "warning: This was imported before, as posts/2016-03-07-bonjour.en.md." in result.out
    assert result.out.endswith("Nothing to import: everything was imported before.\n")
    assert len(drafts(workspace)) == 2


def test_import_dry_run_writes_nothing(cli: Cli, workspace: Path, plan: Path) -> None:
    result = cli("import", plan, "--dry-run", "--folder", "plan")
    assert result.out == (
        "posts/plan/2016-03-07-bonjour.en.md\nposts/plan/2016-03-08-bonsoir.en.md\n"
        "2 drafts would be imported.\n"
    )
    assert drafts(workspace) == []


def test_import_json(cli: Cli, workspace: Path, plan: Path) -> None:
    plan.write_text(GOOD + BAD, encoding="utf-8")
    result = cli("import", "plan.csv", "--json")
    assert result.code == 1
    assert result.json["written"] is False
    assert result.json["drafts"][1] == {
        "file": "posts/2016-03-08-bonsoir.en.md",
        "source": "plan.csv",
        "line": 3,
    }
    assert [(p["code"], p["line"], p["column"]) for p in result.json["problems"]] == [
        ("empty-text", 4, 2),
        ("bad-time", 5, 1),
    ]
    assert json.loads(result.out)["problems"][0]["hint"] is None


def test_import_with_options(cli: Cli, workspace: Path) -> None:
    """Dates with the day first, in Lima's zone, in Spanish, as a thread, into a folder."""
    (workspace / "plan.csv").write_text(
        "date,time_24hr,message_text\n03/04/2016,08:00," + "Una frase que dice algo. " * 20 + "\n"
    )
    result = cli(
        "import", "plan.csv", "--dates", "day-first", "--timezone", "America/Lima",
        "--lang", "es", "--to", "lima-x", "--split", "--folder", "lima/abril",
    )  # fmt: skip
    assert result.code == 0
    (name,) = drafts(workspace)
    assert name.startswith("lima/abril/2016-04-03-una-frase-")
    text = (workspace / "posts" / name).read_text()
    assert text.startswith(
        "---\nat: 2016-04-03 15:00\nto: [lima-x]\n# Imported from plan.csv, line 2 ["
    )
    assert "\n---\nUna frase" in text.partition("\n---\n")[2]


def test_import_of_a_workbook_with_titles_of_its_own(cli: Cli, workspace: Path) -> None:
    """A sheet by its name, columns by theirs, and no warning of the library that reads it."""
    rows: list[list[object]] = [["Accroche", "Quand"], ["Bonjour", datetime(2016, 4, 3, 8, 30)]]  # noqa: DTZ001
    (workspace / "plan.xlsx").write_bytes(workbook(*rows, Archives=[["Vieux"]]))
    words = ("import", "plan.xlsx", "--to", "bice-x", "--column", "at=Quand")
    assert "error: The workbook has several sheets" in cli(*words).out
    named = (*words, "--sheet", "Plan")
    assert "hint: Choose one: --column text=TITLE." in cli(*named).out
    result = cli(*named, "--column", "text=Accroche")
    assert (result.code, result.out, result.err) == (
        0, "posts/2016-04-03-bonjour.en.md\n1 draft imported.\n", "",
    )  # fmt: skip


def test_import_of_a_file_of_hootsuite(cli: Cli, workspace: Path, plan: Path) -> None:
    """It has no titles, which has to be said."""
    plan.write_text(GOOD.removeprefix(HEADER), encoding="utf-8")
    assert "Files from Hootsuite have no titles: --from hootsuite." in cli("import", plan).out
    assert cli("import", plan, "--from", "hootsuite").code == 0
    assert len(drafts(workspace)) == 2


def test_import_of_a_file_of_buffer(cli: Cli, workspace: Path, plan: Path) -> None:
    """A time that is missing is an error, unless it is known to wait."""
    plan.write_text("Text,Image URL,Tags,Posting Time\nBonjour,,,\n", encoding="utf-8")
    assert "plan.csv:2:4: error: The row has no time." in cli("import", "plan.csv").out
    assert cli("import", "plan.csv", "--from", "buffer").code == 0
    assert drafts(workspace) == ["bonjour.en.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.csv",), "nothing.csv does not exist."),
        (("posts",), "posts is a folder."),
        (("plan.csv", "--from", "hootsuit"), "Invalid value for '--from': 'hootsuit' is not one"),
        (("plan.csv", "--column", "Texte=text"), "--column: 'Texte=text' does not say which"),
        (("plan.csv", "--column", "text"), "--column: 'text' does not say which column"),
        (
            ("plan.csv", "--to", "bice-y"),
            "--to: there is no account or platform “bice-y”.",
        ),
        (("plan.csv", "--timezone", "Mars/Base"), "there is no time zone Mars/Base."),
        (("plan.csv", "--timezone", "../etc"), "there is no time zone ../etc."),
        (("plan.csv", "--lang", "French"), "--lang: 'French' is not a language."),
        (("plan.csv", "--folder", "../out"), "--folder: '../out' cannot be the name"),
        (("plan.csv", "--folder", "media"), "--folder: 'media' cannot be the name"),
    ],
)
def test_import_used_wrongly(
    cli: Cli, workspace: Path, plan: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cli("import", *arguments)
    assert result.code == 2
    assert message in result.err
    assert drafts(workspace) == []
