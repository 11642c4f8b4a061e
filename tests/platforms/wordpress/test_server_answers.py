"""Readers' comments on a real WordPress: read, held back and put into the trash by an author."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channels.comments import CommentReader, CommentsUnavailable
from publisher.channels.registry import SPECS, ChannelOptions
from publisher.model.accounts import Account
from publisher.model.outcomes import Accepted
from tests.platforms.wordpress.desk import CLOCK, Desk
from tests.support.sending import send
from tests.support.wordpress_server.site import TestSite

pytestmark = pytest.mark.deep


@pytest.fixture
def desk(served: TestSite, tmp_path: Path) -> Desk:
    return Desk(served, tmp_path)


@pytest.fixture
def post(desk: Desk, request: pytest.FixtureRequest) -> str:
    channel = desk.open()
    parcel = desk.parcel(request.node.name.replace("_", "-"), "Le texte")
    outcome = send(channel, parcel, desk.prepare(channel, parcel), ())
    assert isinstance(outcome, Accepted)
    return outcome.remote_id


@pytest.fixture
def elsewhere(served: TestSite) -> Iterator[None]:
    """The site's clock is Lima's."""
    served.run("update_option('timezone_string', 'America/Lima');")
    yield
    served.run("update_option('timezone_string', 'UTC');")


def reader(desk: Desk, role: str = "author") -> CommentReader:
    person, support = desk.site.people[role], SPECS["wordpress"].comments
    assert support
    credentials = {
        "user": person.user,
        "application_password": person.password,
        "server": desk.site.address,
    }
    options = ChannelOptions(request_timeout=timedelta(seconds=60), folder=desk.folder, clock=CLOCK)
    return support.open(Account(name="bice-wp", channel="wordpress"), credentials, options)


def comment(desk: Desk, post: str, words: str, **more: object) -> str:
    """Write a comment, as from `ago` seconds; returns its id."""
    ago, status, user = more.get("ago", 0), more.get("status", 1), more.get("user", 0)
    return desk.site.run(
        f"$at = time() - {ago}; $gmt = gmdate('Y-m-d H:i:s', $at);"
        f"echo wp_insert_comment(['comment_post_ID' => {post}, 'comment_author' => 'Amina',"
        f" 'comment_content' => {words!r}, 'comment_approved' => {status}, 'user_id' => {user},"
        " 'comment_date_gmt' => $gmt, 'comment_date' => get_date_from_gmt($gmt)]);"
    ).strip()


def status(desk: Desk, comment_id: str) -> str:
    return desk.site.run(f"echo wp_get_comment_status({comment_id});").strip()


def test_comments_are_read_with_those_that_wait_for_approval(desk: Desk, post: str) -> None:
    """By an author, of its own posts; neither spam nor what the account itself answered."""
    public = comment(desk, post, "Merci <b>beaucoup</b> & bravo")
    held = comment(desk, post, "help me", status=0)
    comment(desk, post, "buy", status="'spam'")
    comment(desk, post, "Nous vous aidons", user="get_user_by('login', 'author-user')->ID")
    staff = comment(desk, post, "Moi aussi", user="get_user_by('login', 'editor-user')->ID")
    page = reader(desk).read(post, "")
    found = {one.id: one for one in page.comments}
    assert set(found) == {public, held, staff}
    one = found[public]
    assert (one.under, one.author, one.text) == (post, "Amina", "Merci beaucoup & bravo")
    assert [found[held].is_hidden, one.is_hidden] == [True, False]
    assert page.is_complete


def test_a_flood_is_read_in_pieces_also_where_the_site_has_another_clock(
    desk: Desk, post: str, elsewhere: None
) -> None:
    """WordPress compares `after` with its local time."""
    del elsewhere
    comment(desk, post, "first", ago=3_000)
    first = reader(desk).read(post, "")
    desk.site.run(
        "$gmt = gmdate('Y-m-d H:i:s', time() - 1_000); for ($n = 0; $n < 300; $n++)"
        f" wp_insert_comment(['comment_post_ID' => {post}, 'comment_content' => \"flood $n\","
        " 'comment_approved' => 1, 'comment_date_gmt' => $gmt,"
        " 'comment_date' => get_date_from_gmt($gmt)]);"
    )
    comment(desk, post, "last")
    page = reader(desk).read(post, first.cursor)
    assert not page.is_complete
    found = {one.text for one in page.comments}
    page = reader(desk).read(post, page.cursor)
    found |= {one.text for one in page.comments}
    assert page.is_complete
    assert len(found - {"first"}) == 301
    assert "last" in found
    assert {one.text for one in reader(desk).read(post, page.cursor).comments} == {"last"}


def test_a_comment_is_held_back_and_may_be_again(desk: Desk, post: str) -> None:
    planted = comment(desk, post, "He lives at …")
    assert reader(desk).hide(planted)
    assert status(desk, planted) == "unapproved"
    assert reader(desk).hide(planted)


def test_a_comment_goes_into_the_trash_and_stays_there(desk: Desk, post: str) -> None:
    planted = comment(desk, post, "spam")
    assert reader(desk).delete(planted)
    assert not reader(desk).delete(planted)
    assert not reader(desk).hide(planted)
    assert status(desk, planted) == "trash"


def test_what_is_deleted_or_put_away_is_gone(desk: Desk, post: str) -> None:
    kept, held, spam, deleted = (comment(desk, post, f"c{number}") for number in range(4))
    desk.site.run(
        f"wp_set_comment_status({held}, 'hold'); wp_spam_comment({spam});"
        f"wp_delete_comment({deleted}, true);"
    )
    assert reader(desk).gone([kept, held, spam, deleted]) == {spam, deleted}
    assert not reader(desk).delete(deleted)


def test_on_another_s_post_an_author_is_told_which_permission_is_missing(
    desk: Desk, post: str
) -> None:
    planted = comment(desk, post, "He lives at …")
    desk.site.run(f"wp_update_post(['ID' => {post}, 'post_author' => 1]);")
    with pytest.raises(CommentsUnavailable, match="moderate_comments") as refused:
        reader(desk).hide(planted)
    assert refused.value.needs_person
    assert status(desk, planted) == "approved"
    assert reader(desk, "editor").hide(planted)
