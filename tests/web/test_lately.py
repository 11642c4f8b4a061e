"""Today's list of what went out: a line for a post, and from each account a link to its place."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from publisher.app import Application
from publisher.ledger.tables import deliveries
from publisher.model.states import State
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import Visit


def out(app: Application, post: str, minutes: int) -> None:
    """All of the post is out since then, one account a second after the other."""
    for number, one in enumerate(app.queries.deliveries(post=post)):
        at = app.clock.now() - timedelta(minutes=minutes) + timedelta(seconds=number)
        with app.database.write() as connection:
            connection.execute(
                update(deliveries).where(deliveries.c.id == one.id).values(
                    state=State.PUBLISHED, published_at=at, remote_ids='["4711"]',
                    url=f"https://platform.example.org/{one.account}",
                )
            )  # fmt: skip


def test_a_post_of_several_accounts_is_one_line_with_a_link_for_each(
    app: Application, staff: Visit
) -> None:
    out(app, "day.fr", 5)
    out(app, "later.fr", 3)
    staff.get("/")
    lines = staff.page.partition('id="lately"')[2].partition("</section>")[0].split("<li>")[1:]
    assert ["/posts/day.fr" in line for line in lines] == [False, True]
    for account in ("bice-x", "bice-page"):
        assert f'href="https://platform.example.org/{account}"' in lines[1]


@pytest.mark.deep
@pytest.mark.parametrize("width", [1440, 390])
def test_a_place_is_one_press_away(
    app: Application, address: str, browser: Browser, width: int
) -> None:
    """On a phone too, where glyphs stand for the names."""
    out(app, "day.fr", 5)
    view = {"width": width, "height": 844}
    with visiting(browser, address, viewport=view) as page:
        enter(page, "stagiaire")
        assert serious(page, "/") == []
        page.context.route("https://platform.example.org/**", lambda route: route.fulfill(body=""))
        with page.context.expect_page() as opened:
            page.locator(".places").get_by_role("link", name="bice-page").click()
        expect(opened.value).to_have_url("https://platform.example.org/bice-page")
