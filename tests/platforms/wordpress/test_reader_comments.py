"""Readers' comments on a WordPress site: what it does with them, and what it shows."""

import pytest

from publisher.platforms.wordpress.comment_html import text
from publisher.platforms.wordpress.stand_in.refusals import WordPressFault
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stages
from tests.channels.test_comments import Desk, opened

pytestmark = pytest.mark.guards("publisher.platforms.wordpress.comment_html")


@pytest.fixture
def desk(stages: Stages, address: str) -> Desk:
    return opened(stages, "wordpress", address)


def test_a_comment_that_waits_for_approval_is_read_as_hidden(desk: Desk) -> None:
    """A disclosure can be among them."""
    desk.plant("help me")[0].is_hidden = True
    assert [one.is_hidden for one in desk.read().comments] == [True]


def test_what_is_in_the_trash_is_not_taken_out_of_it_by_hiding(desk: Desk) -> None:
    (planted,) = desk.plant("spam")
    assert desk.reader().delete(planted.id)
    assert not desk.reader().hide(planted.id)
    assert planted.is_deleted
    assert desk.stage.sandbox.state()["violations"] == []


def test_a_site_without_a_trash_deletes_for_good(desk: Desk) -> None:
    (planted,) = desk.plant("spam")
    off = Fault(what=WordPressFault.TRASH_OFF, endpoint="deleteComment")
    desk.stage.sandbox.faults.set([off])
    assert desk.reader().delete(planted.id)
    assert not desk.reader().delete(planted.id)
    assert desk.reader().gone([planted.id]) == {planted.id}


def test_a_site_without_comments_has_none(desk: Desk) -> None:
    """A plugin takes them out of the API: that is no trouble that calls somebody."""
    desk.stage.sandbox.faults.set([Fault(what="comments-off", endpoint="listComments")])
    page = desk.read()
    assert (page.comments, page.is_complete) == ((), True)


def test_one_that_is_deleted_during_a_flood_hides_no_other(desk: Desk) -> None:
    planted = [desk.plant(f"number {number}")[0] for number in range(300)]
    page = desk.read()
    assert not page.is_complete
    for one in planted[:100]:
        one.is_deleted = True
    found = {one.id for one in (*page.comments, *desk.all(page.cursor)[0])}
    assert {one.id for one in planted[100:]} <= found


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Un</p>\n<p>Deux<br />\ntrois</p>\n", "Un\n\nDeux\n\ntrois"),
        ('<p><a href="https://bad.example/">ici</a></p>', "ici (https://bad.example/)"),
        ('<p><a href="https://a.example">https://a.example</a></p>', "https://a.example"),
        ('<p>non <img alt=":-(" class="wp-smiley"></p>', "non :-("),
        ("<p>&lt;b&gt; &#8217;</p>", "<b> ’"),
    ],
)
def test_the_text_of_a_comment_says_where_its_links_lead(html: str, shown: str) -> None:
    assert text(html) == shown
