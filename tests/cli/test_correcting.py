"""`publisher correct`: the draft of a correction, with the words that are out."""

from pathlib import Path

import pytest

from publisher.model.outcomes import Accepted
from tests.cli.annual_day import POST, attempt, set_clock
from tests.cli.runner import Cli

pytestmark = pytest.mark.guards("publisher.drafts.correcting", "publisher.planning.correctable")

FIX = "2016-03-07-annual-day-correction.fr"
CORRECT = ("correct", POST, "--reason", "the figure is of 2014")


@pytest.mark.usefixtures("published")
def test_its_draft_has_the_words_and_the_accounts_that_are_out(cli: Cli, workspace: Path) -> None:
    result = cli(*CORRECT)
    assert result.code == 0
    assert result.out.splitlines()[0] == f"posts/{FIX}.md  bice-x"
    text = (workspace / "posts" / f"{FIX}.md").read_text("utf-8")
    assert "at: now\n" in text
    assert "to: [bice-x]\n" in text
    assert f"corrects: {POST}\n" in text
    assert "reason: the figure is of 2014\n" in text
    assert "Le texte court. #HRC31" in text
    assert cli("check", workspace / "posts" / f"{FIX}.md").code == 0


@pytest.mark.usefixtures("published")
def test_it_is_queued_like_any_other_and_its_history_says_what_it_corrects(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(*CORRECT)
    path = workspace / "posts" / f"{FIX}.md"
    path.write_text(path.read_text("utf-8").replace("Le texte court.", "Le texte juste."), "utf-8")
    assert cli("queue", path).code == 0
    set_clock(monkeypatch, "2016-03-07T08:31:00+01:00")
    attempt(workspace, {"bice-x": [Accepted("73"), Accepted("74")]})
    (row,) = (one for one in cli("log", "--format", "json").json if one["post"] == FIX)
    assert (row["state"], row["corrects"]) == ("published", POST)
    (first, *_) = cli("history", FIX, "--json").json
    assert first["detail"]["corrects"] == POST
    assert first["detail"]["reason"] == "the figure is of 2014"
    told = " ".join(cli("history", POST).out.split())
    assert f"by {FIX}: the figure is of 2014" in told
    cli("report", "--all", "--output", "report.html")
    assert f"It corrects {POST}. the figure is of 2014" in Path("report.html").read_text("utf-8")


@pytest.mark.usefixtures("published")
def test_who_approves_it_sees_what_it_replaces(cli: Cli, workspace: Path) -> None:
    settings = workspace / "publisher.toml"
    settings.write_text(f"[approval]\nrequired = true\n{settings.read_text('utf-8')}", "utf-8")
    cli(*CORRECT)
    path = workspace / "posts" / f"{FIX}.md"
    path.write_text(path.read_text("utf-8").replace("Le texte court.", "Le texte juste."), "utf-8")
    assert cli("queue", path).code == 0
    shown = " ".join(cli("approve", FIX, "--yes", "--as", "direction").out.split())
    assert f"It corrects {POST}. the figure is of 2014" in shown
    assert "bice-x: it goes out as a reply below the post" in shown
    assert "[-court.-] {+juste.+}" in shown


@pytest.mark.parametrize(
    ("account", "front", "change", "told"),
    [
        ("bice-site", "title: 300 enfants", "title: 30 enfants", "[-300-] {+30+} enfants"),
        ("bice-fedi", "content_warning: Violence", "content_warning: Violences",
         "[-Violence-] {+Violences+}"),
        ("bice-sky", "link: https://a.example/1", "link: https://a.example/2",
         "the words are the same"),
    ],
)  # fmt: skip
def test_who_approves_it_sees_its_title_and_warning_change_too(
    cli: Cli,
    made: Path,
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    front: str,
    change: str,
    told: str,
) -> None:
    more = '[accounts.bice-fedi]\nchannel = "mastodon"\n[accounts.bice-sky]\nchannel = "bluesky"\n'
    settings = made / "publisher.toml"
    kept = settings.read_text("utf-8")
    settings.write_text(f"[approval]\nrequired = true\n{kept}{more}", "utf-8")
    draft = made / "posts/news.fr.md"
    draft.write_text(
        f"---\n{front}\nat: 2016-03-07 12:00\nto: [{account}]\n---\nUne nouvelle.\n", "utf-8"
    )
    assert cli("queue", draft).code == 0
    assert cli("approve", "news.fr", "--yes", "--as", "direction").code == 0
    set_clock(monkeypatch, "2016-03-07T12:00:01+01:00")
    attempt(made, {account: [Accepted("4711")]})
    cli("correct", "news.fr", "--reason", "wrong figure")
    path = made / "posts/news-correction.fr.md"
    text = path.read_text("utf-8").replace("at: now", "at: 2016-03-08 12:00")
    path.write_text(text.replace(front, change), "utf-8")
    assert cli("queue", path).code == 0
    shown = cli("approve", "news-correction.fr", "--yes", "--as", "direction").out
    assert told in " ".join(shown.split()), shown


@pytest.mark.usefixtures("published")
def test_a_dry_run_makes_nothing_and_json_says_the_same(cli: Cli, workspace: Path) -> None:
    assert "1 draft would be made." in cli(*CORRECT, "--dry-run").out
    (told,) = cli(*CORRECT, "--dry-run", "--json").json
    assert told == {
        "corrects": POST, "file": f"posts/{FIX}.md", "accounts": ["bice-x"], "made": False,
    }  # fmt: skip
    assert not (workspace / "posts" / f"{FIX}.md").exists()


@pytest.mark.usefixtures("draft", "made")
def test_what_is_not_out_is_not_corrected(cli: Cli) -> None:
    cli("queue")
    result = cli(*CORRECT)
    assert result.code == 1
    assert "is not out" in result.err


@pytest.mark.usefixtures("published")
def test_it_needs_a_reason(cli: Cli) -> None:
    assert cli("correct", POST).code == 2
