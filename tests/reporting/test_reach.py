"""What readers did, in the report: totals that a donor understands, and no more than is known."""

import re

from publisher.model.content import Content, Part
from publisher.model.engagement import Age
from publisher.reporting.reach import ENOUGH
from tests.reporting.conftest import Desk, Page, answer_with_a_name
from tests.support.counting import gone, read


def published(desk: Desk, number: int, **more: object) -> list[int]:
    """So many posts are out; the ids of their deliveries."""
    known = {one.id for one in desk.queries.deliveries()}
    for one in range(number):
        desk.publish(f"{more.get('account', 'bice-x')}-{len(known) + one}.fr", **more)  # type: ignore[arg-type]
    return [one.id for one in desk.queries.deliveries() if one.id not in known]


def section(page: Page) -> str:
    """The text of the section about readers; empty without one."""
    found = re.search(r"What readers did(.*?)Over time", page.text)
    return found[1] if found else ""


def test_without_counts_the_report_says_nothing_of_readers(desk: Desk) -> None:
    published(desk, 1)
    assert section(desk.report()) == ""


def test_counts_are_added_up_by_account(desk: Desk) -> None:
    first, second = published(desk, 2)
    (third,) = published(desk, 1, account="lima-page", channel="facebook")
    read(desk.database, desk.clock, first, views=1_000, reactions=10)
    read(desk.database, desk.clock, second, views=200, reactions=5)
    read(desk.database, desk.clock, third, viewers=70, reactions=1)
    page = desk.report()
    assert page.figure("Views") == "1,200"
    assert page.figure("Reactions") == "16"
    assert page.figure("Posts counted") == "3"
    assert "a day after each post" in section(page)


def test_what_a_platform_does_not_give_is_not_zero(desk: Desk) -> None:
    """Nor do its posts count among those that have it."""
    (first,) = published(desk, 1)
    (second,) = published(desk, 1, account="lima-page", channel="facebook")
    read(desk.database, desk.clock, first, views=1_000, reactions=0)
    read(desk.database, desk.clock, second, reactions=3)
    told = section(desk.report())
    assert re.search(r"lima-page · Facebook 1 not given 3", told)
    assert re.search(r"bice-x · X 1 1,000 0", told)
    assert "People reached" not in told


def test_what_is_typical_is_said_of_enough_posts_alone(desk: Desk) -> None:
    ids = published(desk, ENOUGH)
    for delivery in ids[1:]:
        read(desk.database, desk.clock, delivery, reactions=4)
    assert "typically" not in section(desk.report())
    read(desk.database, desk.clock, ids[0], reactions=900)
    assert "typically 4 " in section(desk.report())


def test_the_best_posts_are_those_that_many_responded_to(desk: Desk) -> None:
    """A post that three people liked is no finding, were it the best of its week."""
    first, second = published(desk, 2)
    read(desk.database, desk.clock, first, views=90_000, reactions=ENOUGH - 1)
    read(desk.database, desk.clock, second, views=10, reactions=ENOUGH - 1, shares=1)
    best = re.search(r"responded to most(.*?)Account", section(desk.report()))
    assert best
    assert "bice-x-1.fr" in best[1]
    assert "bice-x-0.fr" not in best[1]


def test_answers_to_readers_are_counted_and_none_of_the_best(desk: Desk) -> None:
    """They may begin with the reader's name, and so may their corrections."""
    for delivery in answer_with_a_name(desk):
        read(desk.database, desk.clock, delivery, reactions=ENOUGH)
    told = section(desk.report())
    assert re.search(r"Reactions 20\b", told)
    assert "responded to most" not in told
    assert "zofia" not in told


def test_all_posts_are_compared_at_the_same_age(desk: Desk) -> None:
    """At the latest one that most of them have reached."""
    ids = published(desk, 4)
    for delivery in ids:
        read(desk.database, desk.clock, delivery, Age.HOUR, reactions=1)
    for delivery in ids[:2]:
        read(desk.database, desk.clock, delivery, Age.DAY, reactions=20)
    read(desk.database, desk.clock, ids[0], Age.WEEK, reactions=300)
    page = desk.report()
    assert page.figure("Reactions") == "40"
    assert "a day after each post" in section(page)


def test_a_post_that_is_gone_has_no_counts(desk: Desk) -> None:
    first, second = published(desk, 2)
    read(desk.database, desk.clock, first, reactions=7)
    gone(desk.database, desk.clock, second)
    assert desk.report().figure("Posts counted") == "1"


def test_groups_are_compared_only_where_there_are_two(desk: Desk) -> None:
    (single,) = published(desk, 1)
    read(desk.database, desk.clock, single, reactions=7)
    assert "single posts" not in section(desk.report())
    (thread,) = published(
        desk, 1, content=Content(parts=(Part(text="Un."), Part(text="Deux.")), lang="es")
    )
    read(desk.database, desk.clock, thread, reactions=5)
    told = section(desk.report())
    assert re.search(r"single posts 1 7 threads 1 5", told)
    assert re.search(r"es 1 5 fr 1 7", told)


def test_counts_that_are_read_later_are_on_the_next_page(desk: Desk) -> None:
    (first,) = published(desk, 1)
    read(desk.database, desk.clock, first, Age.HOUR, reactions=7)
    assert desk.report().figure("Reactions") == "7"
    read(desk.database, desk.clock, first, Age.DAY, reactions=9)
    assert desk.report().figure("Reactions") == "9"
