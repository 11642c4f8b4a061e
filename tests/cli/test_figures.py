"""figures: what readers did, in the terminal and for scripts."""

import csv
import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.engagement import Age
from tests.cli.annual_day import POST
from tests.cli.runner import Cli
from tests.support.counting import gone, read

Change = Callable[[Application], None]


def within(workspace: Path, change: Change) -> None:
    with closing(Application.open(workspace)) as app:
        change(app)


@pytest.fixture
def counted(cli: Cli, published: None, workspace: Path) -> None:
    """The post to X has counts of the first hour."""

    def change(app: Application) -> None:
        (delivery,) = app.queries.deliveries(post=POST, account="bice-x")
        read(app.database, app.clock, delivery.id, Age.HOUR, views=1_234, reactions=0)  # type: ignore[arg-type]

    within(workspace, change)


def test_figures_before_any_was_read(cli: Cli, published: None) -> None:
    assert "No figures yet" in cli("figures").out


def test_figures_of_a_post(cli: Cli, counted: None) -> None:
    out = " ".join(cli("figures", POST).out.split())
    assert "bice-x" in out
    assert "after an hour Views: 1,234, Reactions: 0, Shares: not given" in out


def test_figures_for_scripts(cli: Cli, counted: None) -> None:
    (row,) = cli("figures", "--json").json
    assert (row["post"], row["account"]) == (POST, "bice-x")
    told = row["figures"]["hour"]
    assert told["views"] == 1_234
    assert told["reactions"] == 0
    assert told["shares"] is None
    assert told["is_gone"] is False
    assert "day" not in row["figures"]


def test_the_log_has_the_figures(cli: Cli, counted: None) -> None:
    """In JSON by age; in a spreadsheet a column each, empty where nothing was given."""
    rows = {row["account"]: row for row in cli("log", "--json").json}
    assert rows["bice-x"]["figures"]["hour"]["views"] == 1_234
    assert rows["bice-page"]["figures"] == {}
    table = {
        row["account"]: row
        for row in csv.DictReader(io.StringIO(cli("log", "--format", "csv").out))
    }
    assert table["bice-x"]["views_hour"] == "1234"
    assert table["bice-x"]["reactions_hour"] == "0"
    assert table["bice-x"]["shares_hour"] == ""
    assert table["bice-x"]["views_day"] == ""


def test_a_post_that_is_gone_is_said_to_be_gone(cli: Cli, published: None, workspace: Path) -> None:
    def change(app: Application) -> None:
        (delivery,) = app.queries.deliveries(post=POST, account="bice-x")
        gone(app.database, app.clock, delivery.id)  # type: ignore[arg-type]

    within(workspace, change)
    assert "no longer showed the post" in cli("figures", POST).out


def test_an_unknown_post_is_wrong_usage(cli: Cli, published: None) -> None:
    assert cli("figures", "nothing.fr").code == 2


def test_what_the_keys_do_not_give_is_said(cli: Cli, published: None, workspace: Path) -> None:
    def change(app: Application) -> None:
        assert app.engagement_turns.take("bice-page")
        app.engagement_turns.give_back("bice-page", "the token lacks read_insights")

    within(workspace, change)
    assert "read_insights" in cli("figures").err


def test_a_plan_has_the_price_of_figures_where_they_are_read_on_x(
    cli: Cli, draft: Path, workspace: Path
) -> None:
    before = cli("plan", "--json").json["cost_on_x"]
    assert before["readings"] == 0
    settings = workspace / "publisher.toml"
    settings.write_text(settings.read_text() + '[engagement]\nread = "all"\n')
    after = cli("plan", "--json").json["cost_on_x"]
    assert after["readings"] == 3
    assert float(after["usd"]) == pytest.approx(float(before["usd"]) + 3 * 0.005)
    assert "to read the figures" in cli("plan").out
