"""import: what another tool has planned becomes drafts."""

import json
from pathlib import Path

import pytest

from tests.cli.runner import Cli

GOOD = "2016-03-07 08:30,Bonjour,\n2016-03-08 08:30,Bonsoir,\n"
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
    result = cli("import", "hootsuite", plan, "--lang", "fr")
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
    result = cli("import", "hootsuite", "plan.csv", "--to", "bice-x")
    assert result.code == 1
    assert "plan.csv:3:2: error: The row has no text. [empty-text]\n" in result.out
    assert "plan.csv:4:1: error: `soon` is no date with a time. [bad-time]\n" in result.out
    assert "    hint: Write it like 2016-03-07 08:30.\n" in result.out
    assert result.out.endswith(
        "Nothing is imported: 2 errors. Mend them, or import 2 drafts with --keep-going.\n"
    )
    assert drafts(workspace) == []


@pytest.mark.parametrize("options", [(), ("--keep-going",)])
def test_where_every_row_is_wrong_nobody_is_told_to_keep_going(
    cli: Cli, workspace: Path, plan: Path, options: tuple[str, ...]
) -> None:
    plan.write_text(BAD, encoding="utf-8")
    result = cli("import", "hootsuite", plan, "--to", "bice-x", *options)
    assert result.code == 1
    assert result.out.endswith("Nothing is imported: 2 errors. Mend them.\n")


def test_import_that_keeps_going_leaves_out_what_is_wrong(
    cli: Cli, workspace: Path, plan: Path
) -> None:
    plan.write_text(GOOD + BAD, encoding="utf-8")
    result = cli("import", "hootsuite", plan, "--to", "bice-x", "--keep-going")
    assert result.code == 1
    assert result.out.endswith("2 drafts imported. 2 errors: what has one is left out.\n")
    assert len(drafts(workspace)) == 2


def test_import_again_says_so(cli: Cli, workspace: Path, plan: Path) -> None:
    cli("import", "hootsuite", plan, "--to", "bice-x")
    result = cli("import", "hootsuite", plan, "--to", "bice-x")
    assert result.code == 0
    assert "warning: This was imported before, as posts/2016-03-07-bonjour.en.md." in result.out
    assert result.out.endswith("Nothing to import: all of it was imported before.\n")
    assert len(drafts(workspace)) == 2


def test_import_dry_run_writes_nothing(cli: Cli, workspace: Path, plan: Path) -> None:
    result = cli("import", "hootsuite", plan, "--dry-run", "--folder", "plan")
    assert result.out == (
        "posts/plan/2016-03-07-bonjour.en.md\nposts/plan/2016-03-08-bonsoir.en.md\n"
        "2 drafts would be imported.\n"
    )
    assert drafts(workspace) == []


def test_import_json(cli: Cli, workspace: Path, plan: Path) -> None:
    plan.write_text(GOOD + BAD, encoding="utf-8")
    result = cli("import", "hootsuite", "plan.csv", "--json")
    assert result.code == 1
    assert result.json["written"] is False
    assert result.json["drafts"][1] == {
        "file": "posts/2016-03-08-bonsoir.en.md",
        "source": "plan.csv",
        "line": 2,
    }
    assert [(p["code"], p["line"], p["column"]) for p in result.json["problems"]] == [
        ("empty-text", 3, 2),
        ("bad-time", 4, 1),
    ]
    assert json.loads(result.out)["problems"][0]["hint"] is None


def test_import_with_options(cli: Cli, workspace: Path) -> None:
    """Dates with the day first, in Lima's zone, in Spanish, as a thread, into a folder."""
    (workspace / "plan.csv").write_text(
        "date,time_24hr,message_text\n03/04/2016,08:00," + "Una frase que dice algo. " * 20 + "\n"
    )
    result = cli(
        "import", "sprout", "plan.csv", "--dates", "day-first", "--timezone", "America/Lima",
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hootsuite", "nothing.csv"), "nothing.csv does not exist."),
        (("hootsuite", "posts"), "posts is a folder."),
        (("galaxy-social", "plan.csv"), "plan.csv is no folder."),
        (("hootsuit", "plan.csv"), "Invalid value for 'SOURCE': 'hootsuit' is not one of"),
        (
            ("hootsuite", "plan.csv", "--to", "bice-y"),
            "--to: no account or channel is named bice-y.",
        ),
        (("hootsuite", "plan.csv", "--timezone", "Mars/Base"), "there is no time zone Mars/Base."),
        (("hootsuite", "plan.csv", "--timezone", "../etc"), "there is no time zone ../etc."),
        (("hootsuite", "plan.csv", "--lang", "French"), "--lang: 'French' is no language."),
        (("hootsuite", "plan.csv", "--folder", "../out"), "--folder: '../out' is no name"),
        (("hootsuite", "plan.csv", "--folder", "media"), "--folder: 'media' is no name"),
    ],
)
def test_import_used_wrongly(
    cli: Cli, workspace: Path, plan: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cli("import", *arguments)
    assert result.code == 2
    assert message in result.err
    assert drafts(workspace) == []
