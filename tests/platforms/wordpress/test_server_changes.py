"""The WordPress channel against a real WordPress that editors, users and plugins change."""

from pathlib import Path

import pytest

from publisher.channels.base import NotPrepared
from publisher.model.accounts import Owner
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    Unknown,
)
from publisher.platforms.wordpress.article import slug_of
from tests.platforms.wordpress.desk import CLOCK, Desk
from tests.support.sending import send
from tests.support.wordpress_server.site import TestSite

pytestmark = pytest.mark.deep


@pytest.fixture
def desk(served: TestSite, tmp_path: Path) -> Desk:
    return Desk(served, tmp_path)


def test_a_draft_that_somebody_trashed_does_not_come_back(desk: Desk) -> None:
    """WordPress would publish it from the trash."""
    channel, parcel = desk.open(), desk.parcel("trashed", "Jeté")
    prepared = desk.prepare(channel, parcel)
    desk.ask("DELETE", f"/posts/{prepared.draft_id}")
    seen_long_ago = prepared.model_copy(update={"prepared_at": None})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(parcel, seen_long_ago, desk.media.__getitem__)
    assert isinstance(told.value.outcome, Refused)
    assert "trash" in told.value.outcome.message
    assert channel.clear(parcel, prepared.given_up()) == Prepared()


def test_a_draft_that_somebody_deleted_is_refused(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("deleted", "Effacé")
    prepared = desk.prepare(channel, parcel)
    desk.ask("DELETE", f"/posts/{prepared.draft_id}?force=true")
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Refused)
    assert "deleted" in outcome.message
    assert isinstance(channel.find(parcel, prepared, (), CLOCK.now()), Unknown)


def test_a_draft_that_somebody_published_is_told_as_early(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("by hand", "Trop tôt")
    prepared = desk.prepare(channel, parcel).model_copy(update={"prepared_at": None})
    desk.ask("POST", f"/posts/{prepared.draft_id}", json={"status": "publish"})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(parcel, prepared, desk.media.__getitem__)
    outcome = told.value.outcome
    assert isinstance(outcome, Accepted)
    assert outcome.public_since is not None
    with pytest.raises(NotPrepared) as kept:
        channel.clear(parcel, prepared.given_up())
    assert isinstance(kept.value.outcome, Accepted)
    assert desk.get(str(outcome.url)).status_code == 200


def test_a_draft_that_somebody_published_is_not_changed_by_an_edit(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("by hand too", "Version une")
    prepared = desk.prepare(channel, parcel)
    desk.ask("POST", f"/posts/{prepared.draft_id}", json={"status": "publish"})
    with pytest.raises(NotPrepared) as told:
        channel.prepare(
            desk.parcel("by hand too", "Version deux"), prepared, desk.media.__getitem__
        )
    assert isinstance(told.value.outcome, Unknown)


@pytest.mark.parametrize("role", ["contributor", "subscriber"])
def test_a_user_who_may_not_publish_holds_the_account(role: str, desk: Desk) -> None:
    channel, parcel = desk.open(role), desk.parcel(f"by {role}", "Sans droit")
    assert "publish_posts" in str(channel.examine().problem)
    try:
        outcome, _prepared = desk.deliver(channel, parcel)
    except NotPrepared as problem:
        outcome = problem.outcome
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.PERMISSION


def test_another_users_draft_is_neither_taken_nor_deleted(desk: Desk) -> None:
    parcel = desk.parcel("of another", "À un autre")
    prepared = desk.prepare(desk.open("editor"), parcel)
    author = desk.open("author")
    outcome = send(author, parcel, prepared, ())
    assert isinstance(outcome, AccountSuspended)
    assert not isinstance(author.withdraw(str(prepared.draft_id), Prepared()), Accepted)
    assert len(desk.posts(slug_of(parcel.post, parcel.account, parcel.content))) <= 1


HOLD = "add_filter('wp_insert_post_data', fn ($post) => array_merge($post, ['post_status' =>"

PENDING = f"{HOLD} $post['post_status'] === 'publish' ? 'pending' : $post['post_status']]));"


def test_a_plugin_that_holds_posts_for_review_holds_the_account(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("pending", "Relu d’abord")
    with desk.site.plugin(PENDING):
        prepared = desk.prepare(channel, parcel)
        outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, AccountSuspended)
    assert "pending" in outcome.message
    assert isinstance(channel.find(parcel, prepared, (), CLOCK.now()), Absent)
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)


NOTICE = (
    "ini_set('display_errors', '1'); echo \"<br />\\n<b>Notice</b>: {old} in a file<br />\\n\";"
)

CLOSED = "new WP_Error('rest_login_required', 'No.', ['status' => 401])"

PLUGINS = {
    "API for users": (f"add_filter('rest_authentication_errors', fn () => {CLOSED});", AccountSuspended),
    "firewall": ("http_response_code(403); die('<h1>403 Forbidden</h1>');", AccountSuspended),
    "no passwords": (
        "add_filter('wp_is_application_passwords_available', '__return_false');", AccountSuspended,
    ),
    "critical error": ("undefined_function();", Deferred),
    "maintenance": ("http_response_code(503); die('<h1>Briefly unavailable</h1>');", Deferred),
    "page instead": ("die('<!doctype html><html><body>Hello</body></html>');", Deferred),
}  # fmt: skip


@pytest.mark.parametrize("name", PLUGINS)
def test_what_a_plugin_breaks_is_told_and_nothing_is_lost(name: str, desk: Desk) -> None:
    code, expected = PLUGINS[name]
    channel, parcel = desk.open(), desk.parcel(f"plugin {name}", "Cassé")
    with desk.site.plugin(code):
        assert channel.examine().problem
        with pytest.raises(NotPrepared) as told:
            desk.prepare(channel, parcel)
        assert isinstance(told.value.outcome, expected)
        assert not isinstance(channel.owner(), Owner)
    assert isinstance(desk.deliver(channel, parcel)[0], Accepted)


@pytest.mark.parametrize("name", ["critical error", "maintenance", "page instead", "firewall"])
def test_what_breaks_at_the_instant_leaves_a_doubt_that_reading_ends(name: str, desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel(f"instant {name}", "Au moment même")
    prepared = desk.prepare(channel, parcel)
    with desk.site.plugin(PLUGINS[name][0]):
        assert isinstance(send(channel, parcel, prepared, ()), Unknown)
        unread = channel.find(parcel, prepared, (), CLOCK.now())
        assert isinstance(unread, Deferred | AccountSuspended)
    assert channel.find(parcel, prepared, (), CLOCK.now()) == Absent()


DETACH = (
    "add_action('rest_after_insert_attachment', "
    "fn ($one) => wp_update_post(['ID' => $one->ID, 'post_parent' => 0]));"
)


def test_a_plugin_that_takes_pictures_from_their_post_does_not_keep_a_worker_for_ever(
    desk: Desk,
) -> None:
    channel, parcel = desk.open(), desk.parcel("detached", "Seul", desk.picture("Un", "orchid"))
    with desk.site.plugin(DETACH), pytest.raises(NotPrepared) as told:
        desk.prepare(channel, parcel)
    outcome = told.value.outcome
    assert isinstance(outcome, Deferred)
    assert outcome.most
    assert isinstance(desk.deliver(channel, parcel)[0], Accepted)


def test_messages_of_php_before_an_answer_do_not_hide_it(desk: Desk) -> None:
    channel, parcel = desk.open(), desk.parcel("notices", "Bavard", desk.picture("Un", "plum"))
    with desk.site.plugin(NOTICE):
        assert channel.examine().problem is None
        outcome, prepared = desk.deliver(channel, parcel)
        assert isinstance(outcome, Accepted)
        assert isinstance(channel.withdraw(outcome.remote_id, prepared), Accepted)


def test_the_other_kind_of_address_works_and_is_told(desk: Desk) -> None:
    plain = desk.open(server=f"{desk.site.address}/?rest_route=/")
    outcome, prepared = desk.deliver(plain, desk.parcel("plain", "Sans permaliens"))
    assert isinstance(outcome, Accepted)
    assert isinstance(plain.withdraw(outcome.remote_id, prepared), Accepted)
    told = str(desk.open(server=f"{desk.site.address}/nowhere").examine().problem)
    assert told.endswith("/nowhere/?rest_route=/")


def test_the_owner_is_a_user_of_this_site(desk: Desk) -> None:
    channel, person = desk.open(), desk.site.people["author"]
    place = desk.site.address.removeprefix("http://")
    assert channel.owner() == Owner(id=f"{place}#{person.id}", name="author-user")
    found = channel.examine()
    assert found.problem is None
    assert found.owner == channel.owner()
    assert found.profile
    assert (found.profile.name, found.profile.id) == ("Author", f"{place}#{person.id}")


def test_wrong_credentials_hold_the_account(desk: Desk) -> None:
    wrong = desk.open(password="abcd efgh ijkl mnop")
    problem = str(wrong.examine().problem)
    assert "application password" in problem
    assert "abcd" not in problem
    with pytest.raises(NotPrepared) as told:
        desk.prepare(wrong, desk.parcel("wrong", "Non"))
    assert isinstance(told.value.outcome, AccountSuspended)
    assert told.value.outcome.kind is Kind.AUTH


def test_a_category_that_is_not_there_is_told_with_those_that_are(desk: Desk) -> None:
    """WordPress itself would take the post without it."""
    channel = desk.open(categories="News & events, Nouvelles")
    (remark,) = channel.examine().remarks
    assert "Nouvelles" in remark
    assert "Actualités" in remark
    with pytest.raises(NotPrepared) as told:
        desk.prepare(channel, desk.parcel("category", "Non classé"))
    assert isinstance(told.value.outcome, AccountSuspended)


def test_a_picture_that_is_too_big_for_the_host_is_deferred_a_few_times(desk: Desk) -> None:
    picture = desk.picture("Énorme", "black")
    desk.media[picture.digest] += bytes(3_000_000)
    with pytest.raises(NotPrepared) as told:
        desk.prepare(desk.open(), desk.parcel("big", "Trop grand", picture))
    outcome = told.value.outcome
    assert isinstance(outcome, Deferred)
    assert outcome.most
    assert "upload_max_filesize" in outcome.message
    desk.media[picture.digest] += bytes(9_000_000)  # PHP throws the whole request away
    with pytest.raises(NotPrepared) as told:
        desk.prepare(desk.open(), desk.parcel("big", "Trop grand", picture))
    assert isinstance(told.value.outcome, Refused)
