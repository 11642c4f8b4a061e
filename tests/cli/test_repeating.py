"""repeat: a draft, and its translations, for several days."""

from pathlib import Path

import pytest

from tests.cli.draft_files import write_draft
from tests.cli.runner import Cli

pytestmark = pytest.mark.guards("publisher.drafts.duplicates")

DAYS = ("--on", "monday", "--at", "08:30", "--until", "2016-03-14")


@pytest.fixture
def posts(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-02-20T08:00:00+01:00")
    write_draft(workspace, "---\nto: [bice-x]\n---\nJour {day}.\n", "jour.fr.md")
    write_draft(workspace, "---\nto: [bice-x]\n---\nDay {day}.\n", "jour.en.md")
    return workspace / "posts"


def test_each_day_gets_a_draft_in_each_language(cli: Cli, posts: Path) -> None:
    result = cli("repeat", "jour.fr", *DAYS)
    assert result.code == 0
    assert result.out.splitlines()[0] == "posts/2016-02-29-jour.en.md  2016-02-29 08:30"
    assert "6 drafts were made." in result.out
    text = (posts / "2016-03-07-jour.fr.md").read_text("utf-8")
    assert "at: 2016-03-07 08:30" in text
    assert "Jour 8." in text
    assert cli("check", posts / "2016-03-07-jour.fr.md").code == 0


def test_the_same_again_makes_what_is_missing(cli: Cli, posts: Path) -> None:
    cli("repeat", "jour.fr", *DAYS)
    changed = posts / "2016-03-07-jour.fr.md"
    changed.write_text(changed.read_text("utf-8").replace("Jour 8", "Jour huit"), "utf-8")
    (posts / "2016-03-14-jour.en.md").unlink()
    result = cli("repeat", "jour.fr", *DAYS)
    assert result.out.count("is there already") == 5
    assert "1 draft was made." in result.out
    assert "Jour huit" in changed.read_text("utf-8")
    assert (posts / "2016-03-14-jour.en.md").exists()


def test_a_dry_run_makes_nothing_and_json_says_the_same(cli: Cli, posts: Path) -> None:
    before = sorted(posts.rglob("*"))
    assert "6 drafts would be made." in cli("repeat", "jour.fr", *DAYS, "--dry-run").out
    found = cli("repeat", "jour.fr", *DAYS, "--dry-run", "--json").json
    assert found[0] == {"post": "2016-02-29-jour.en", "at": "2016-02-29 08:30", "made": False}
    assert sorted(posts.rglob("*")) == before


def test_copies_go_out_once_each_and_are_no_duplicates(cli: Cli, posts: Path) -> None:
    """The same words go to an account on each day, because each copy says `repeat: true`."""
    (posts / "jour.fr.md").write_text("---\nto: [bice-x]\n---\nBonjour.\n", "utf-8")
    (posts / "jour.en.md").unlink()
    result = cli("repeat", "jour.fr", *DAYS)
    assert "X may refuse the same words again" in result.out
    changes = cli("plan", "--json").json["changes"]
    assert [one["post"] for one in changes] == [
        f"2016-0{day}-jour.fr" for day in ("2-29", "3-07", "3-14")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.fr", *DAYS), "none.fr has no draft"),
        (("jour.fr", "--on", "fullmoon", "--at", "08:30"), "“fullmoon” is not a day"),
        (("jour.fr", "--on", "monday", "--at", "noon"), "not a time of day"),
        (("jour.fr", "--on", "monday", "--at", "8:30", "--until", "soon"), "soon is not a day"),
    ],
)
def test_what_cannot_be_makes_nothing(
    cli: Cli, posts: Path, words: tuple[str, ...], said: str
) -> None:
    before = sorted(posts.rglob("*"))
    result = cli("repeat", *words)
    assert result.code != 0
    assert said in result.err
    assert "hint: " in result.err or "no draft" in said
    assert sorted(posts.rglob("*")) == before
