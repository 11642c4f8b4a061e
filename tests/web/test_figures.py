"""The figures of a post on its page, and of an account that gives none."""

import csv
import io
import re

import pytest

from publisher.app import Application
from publisher.model.engagement import Age
from tests.support.counting import gone, read
from tests.support.pages import Visit
from tests.web.conftest import published
from tests.web.ledger_views import clock_of

pytestmark = pytest.mark.guards("publisher.web.counts_view")


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def out(app: Application, post: str = "day.fr", account: str = "bice-page") -> int:
    published(app, post)
    (delivery,) = app.queries.deliveries(post=post, account=account)
    return delivery.id


def row(visit: Visit, name: str) -> list[str]:
    """The cells of a row of the first table of figures."""
    found = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', visit.page, re.DOTALL)
    assert found
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", found[1])]


def test_a_post_shows_its_figures_by_age(app: Application, manager: Visit) -> None:
    delivery, clock = out(app), clock_of(app)
    read(app.database, clock, delivery, Age.HOUR, views=1_234, reactions=0)
    manager.get("/posts/day.fr")
    assert row(manager, "Views") == ["1,234", "to come", "to come"]
    assert row(manager, "Reactions") == ["0", "to come", "to come"]
    assert row(manager, "Shares") == ["not given", "to come", "to come"]


def test_what_was_not_read_in_time_is_said(app: Application, manager: Visit) -> None:
    delivery, clock = out(app), clock_of(app)
    clock.advance(26 * 3_600)
    read(app.database, clock, delivery, Age.DAY, views=9)
    manager.get("/posts/day.fr")
    assert row(manager, "Views") == ["", "9", "to come"]
    assert "The figures after an hour were not read in time." in manager.text


def test_a_post_that_is_gone_is_said_to_be_gone(app: Application, manager: Visit) -> None:
    delivery, clock = out(app), clock_of(app)
    clock.advance(26 * 3_600)
    gone(app.database, clock, delivery, Age.HOUR)
    clock.advance(30 * 24 * 3_600)
    manager.get("/posts/day.fr")
    assert "After an hour, the platform no longer showed the post." in manager.text
    assert 'class="reach"' not in manager.page


def test_a_post_on_the_website_or_before_it_is_out_has_none(
    app: Application, manager: Visit
) -> None:
    manager.get("/posts/day.fr")
    assert 'class="reach"' not in manager.page
    published(app, "site/news.fr")
    manager.get("/posts/site/news.fr")
    assert 'class="reach"' not in manager.page


def test_the_table_of_the_log_has_the_figures(app: Application, manager: Visit) -> None:
    read(app.database, clock_of(app), out(app), Age.WEEK, replies=7)
    rows = csv.DictReader(io.StringIO(manager.get("/log.csv").text.removeprefix("\ufeff")))
    shown = {row["account"]: row["replies_week"] for row in rows if row["post"] == "day.fr"}
    assert shown == {"bice-page": "7", "bice-x": ""}


def test_an_account_says_what_its_keys_do_not_give(app: Application, manager: Visit) -> None:
    manager.get("/accounts")
    assert "not all can be read" not in manager.text
    for account in ("bice-page", "bice-x"):
        assert app.engagement_turns.take(account)
        app.engagement_turns.give_back(account, f"{account} lacks read_insights")
    manager.get("/accounts")
    assert "bice-page lacks read_insights" in manager.text
    assert "bice-x lacks" not in manager.text, "X's figures cost money, and are not read"
