"""What every channel promises that reads readers' comments: see publisher/channels/comments.py."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests

from publisher.channels.comments import CommentPage, CommentReader, CommentsUnavailable
from publisher.channels.registry import SPECS
from publisher.model.outcomes import Accepted
from publisher.model.reader_comments import JUDGED, LONGEST, ReaderComment, kept_text
from publisher.sandbox.comments import StoredComment, plant
from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Stage, Stages

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.reader_comments",
    "publisher.platforms.bluesky.others_posts",
    "publisher.platforms.bluesky.threadgates",
    "publisher.model.reader_comments",
)

READING = {
    "facebook": "getComments",
    "twitter": "getUsersMentions",
    "mastodon": "getNotifications",
    "bluesky": "listNotifications",
    "wordpress": "listComments",
    "linkedin": "findSocialComments",
}
HIDING = {
    "facebook": "updatePost",
    "twitter": "hidePostsReply",
    "bluesky": "createRecord",
    "wordpress": "updateComment",
}
LOOKING = (
    "getObject", "getPostsByIds", "getStatus", "getPosts", "getPostThread", "getComment",
    "listComments", "findSocialComments", "getSocialComment",
)  # fmt: skip
CHANNELS = tuple(name for name, spec in SPECS.items() if spec.comments)
HIDERS = tuple(name for name, spec in SPECS.items() if spec.comments and spec.comments.hides)
HOSTILE = (
    What.BOMB, What.EMPTY, What.ENDLESS, What.HTML, What.NOT_JSON, What.ODD_IDS,
    What.OTHER_CHARSET, What.REDIRECT, What.STRANGE,
)  # fmt: skip


@dataclass
class Desk:
    """A published post, and what reads the comments under it."""

    stage: Stage
    post: str
    address: str

    def reader(self, **instead: object) -> CommentReader:
        stage, support = self.stage, SPECS[self.stage.name].comments
        assert support
        given = {name: getattr(stage.options, name) for name in stage.options.__slots__}
        patient = {"request_timeout": stage.patience, **instead}
        options = type(stage.options)(**{**given, **patient})
        return support.open(stage.account, stage.credentials, options)

    def plant(self, text: str, **more: Any) -> list[StoredComment]:
        self.stage.options.clock.advance(1)  # type: ignore[attr-defined]
        return plant(self.stage.sandbox.store, self.stage.account.name, text, **more)

    @property
    def asked(self) -> str:
        """The post, where each takes a request of its own."""
        support = SPECS[self.stage.name].comments
        return self.post if support and support.reads_each_post else ""

    def read(self, cursor: str = "") -> CommentPage:
        return self.reader().read(self.asked, cursor)

    def all(self, cursor: str = "") -> tuple[list[ReaderComment], str]:
        """All that is there, in as many readings as it takes."""
        found: list[ReaderComment] = []
        for _reading in range(200):
            page = self.read(cursor)
            found += page.comments
            cursor = page.cursor
            if page.is_complete:
                return found, cursor
        raise AssertionError("there is no end")

    def fail(self, what: FaultKind, endpoint: str, **more: Any) -> None:
        self.stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, **more)])


def opened(stages: Stages, channel: str, address: str) -> Desk:
    stage = stages(channel)
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Accepted)
    return Desk(stage, outcome.remote_id, address)


@pytest.fixture(params=CHANNELS)
def desk(request: pytest.FixtureRequest, stages: Stages, address: str) -> Desk:
    return opened(stages, request.param, address)


@pytest.fixture(params=HIDERS)
def hider(request: pytest.FixtureRequest, stages: Stages, address: str) -> Desk:
    return opened(stages, request.param, address)


def test_a_comment_is_read_with_its_post_author_time_and_address(desk: Desk) -> None:
    (planted,) = desk.plant("Merci & <b>bravo</b>", author="Amina")
    (found,) = desk.read().comments
    assert (found.id, found.under, found.text) == (planted.id, desk.post, "Merci & <b>bravo</b>")
    support = SPECS[desk.stage.name].comments
    assert support
    assert ("Amina" in found.author) is support.names
    assert support.names or not found.author
    assert found.url.startswith("https://")
    assert abs(found.written_at - planted.written_at) < timedelta(seconds=1)


def test_a_reading_goes_on_after_the_one_before(desk: Desk) -> None:
    desk.plant("first")
    page = desk.read()
    assert page.is_complete
    desk.plant("second")
    desk.stage.options.clock.advance(120)  # type: ignore[attr-defined]
    (third,) = desk.plant("third")
    again = desk.read(page.cursor).comments
    assert {"second", "third"} <= {one.text for one in again}
    last = desk.read(desk.read(page.cursor).cursor).comments
    assert {one.id for one in last} <= {third.id}


def test_no_comment_is_not_an_error(desk: Desk) -> None:
    assert desk.read().comments == ()
    assert desk.read(desk.read().cursor).is_complete


@pytest.mark.parametrize("cursor", ["{", "null", '{"since": "x", "after": 7}'])
def test_a_cursor_that_cannot_be_used_begins_again(
    stages: Stages, address: str, cursor: str
) -> None:
    desk = opened(stages, "facebook", address)
    desk.plant("first")
    assert [one.text for one in desk.read(cursor).comments] == ["first"]


def test_a_flood_is_read_in_pieces_and_nothing_of_it_is_lost(desk: Desk) -> None:
    _found, cursor = desk.all()
    planted = desk.plant("flood", times=700)
    found, _cursor = desk.all(cursor)
    assert {one.id for one in found} == {one.id for one in planted}


def test_a_text_of_a_hundred_thousand_signs_is_cut_and_hides_no_other(desk: Desk) -> None:
    """A troll with a long text does not blind whoever is on duty."""
    _found, cursor = desk.all()
    for number in range(12):
        desk.plant(
            "ż" * (25_000 if desk.stage.name == "twitter" else 100_000), author=f"troll{number}"
        )
    desk.plant("help me")
    found, _cursor = desk.all(cursor)
    assert len(found) == 13
    assert max(len(one.text) for one in found) <= JUDGED
    assert max(len(kept_text(one.text)) for one in found) == LONGEST
    assert "help me" in {one.text for one in found}


def test_signs_that_turn_or_hide_a_text_are_replaced(desk: Desk) -> None:
    desk.plant("\u202egnp\u202c \x1b[31mred\x07", author="a\u202eb")
    (found,) = desk.read().comments
    assert not set("\u202e\u202c\x1b\x07") & set(kept_text(found.text) + found.author)


def test_what_we_write_ourselves_is_no_comment_of_a_reader(stages: Stages, address: str) -> None:
    stage = stages("facebook")
    outcomes = stage.deliver(stage.parcel("Bonjour", comment="https://example.org/a"))
    assert isinstance(outcomes[0], Accepted)
    assert Desk(stage, outcomes[0].remote_id, address).read().comments == ()


@pytest.mark.parametrize("visibility", ["direct", "private"])
def test_a_private_message_is_told_and_its_text_not_taken(
    stages: Stages, address: str, visibility: str
) -> None:
    """Nor that of what its author wrote to followers alone."""
    desk = opened(stages, "mastodon", address)
    desk.plant("my secret", visibility=visibility)
    (found,) = desk.read().comments
    assert (found.is_private, found.text) == (True, "")


def test_a_mention_elsewhere_is_under_none_of_our_posts(stages: Stages, address: str) -> None:
    desk = opened(stages, "mastodon", address)
    desk.plant("@bice look", under="")
    assert [one.under for one in desk.read().comments] == [""]


def test_a_comment_is_hidden_and_may_be_hidden_again(hider: Desk) -> None:
    (planted,) = hider.plant("He lives at …")
    assert hider.reader().hide(planted.id)
    assert planted.is_hidden
    assert hider.reader().hide(planted.id)


def test_a_comment_that_is_gone_meanwhile_is_told_as_gone(hider: Desk) -> None:
    (planted,) = hider.plant("He lives at …")
    planted.is_deleted = True
    assert not hider.reader().hide(planted.id)


@pytest.mark.parametrize("channel", ["twitter", "wordpress"])
def test_what_the_platform_ignores_is_not_called_hidden(
    stages: Stages, address: str, channel: str
) -> None:
    """Where its answer says what is there."""
    desk = opened(stages, channel, address)
    (planted,) = desk.plant("He lives at …")
    desk.fail(What.IGNORED, HIDING[channel])
    with pytest.raises(CommentsUnavailable):
        desk.reader().hide(planted.id)


@pytest.mark.parametrize("what", LOST)
def test_hiding_whose_answer_is_lost_is_an_error_and_may_be_repeated(
    hider: Desk, what: What
) -> None:
    (planted,) = hider.plant("He lives at …")
    hider.fail(what, HIDING[hider.stage.name], times=1)
    with pytest.raises(CommentsUnavailable):
        hider.reader().hide(planted.id)
    assert hider.reader().hide(planted.id)
    assert planted.is_hidden


def test_deleting_is_for_channels_that_can(desk: Desk) -> None:
    (planted,) = desk.plant("spam")
    support = SPECS[desk.stage.name].comments
    assert support
    if support.deletes:
        assert desk.reader().delete(planted.id)
        assert planted.is_deleted
        assert not desk.reader().delete(planted.id)
    else:
        with pytest.raises(CommentsUnavailable) as refused:
            desk.reader().delete(planted.id)
        assert refused.value.needs_person


def test_only_what_the_platform_names_as_gone_is_gone(desk: Desk) -> None:
    one, other = desk.plant("one")[0], desk.plant("other")[0]
    one.is_deleted = True
    assert desk.reader().gone([one.id, other.id]) == {one.id}


@pytest.mark.parametrize("what", [*HOSTILE, *LOST])
def test_a_bad_answer_to_a_reading_is_an_error_and_loses_nothing(desk: Desk, what: What) -> None:
    """It raises, or gives comments that were read: never a cursor past what was not."""
    desk.plant("first")
    page = desk.read()
    desk.plant("second")
    desk.fail(what, READING[desk.stage.name])
    reader = desk.reader()
    try:
        page = reader.read(desk.asked, page.cursor)
        found = list(page.comments)
    except CommentsUnavailable:
        found = []
    desk.stage.sandbox.faults.set([])
    found += desk.all(page.cursor)[0]
    assert "second" in {one.text for one in found} or what is What.ODD_IDS


@pytest.mark.parametrize("what", HOSTILE)
def test_a_bad_answer_never_says_that_something_is_gone(desk: Desk, what: What) -> None:
    (planted,) = desk.plant("first")
    desk.stage.sandbox.faults.set([Fault(what=what, endpoint=name) for name in LOOKING])
    try:
        found = desk.reader().gone([planted.id])
    except CommentsUnavailable:
        found = frozenset()
    assert not found


def test_a_missing_permission_is_named_and_needs_a_person(desk: Desk) -> None:
    desk.fail(What.FORBIDDEN, READING[desk.stage.name])
    support = SPECS[desk.stage.name].comments
    with pytest.raises(CommentsUnavailable) as refused:
        desk.read()
    assert refused.value.needs_person
    assert support
    assert support.permissions in str(refused.value)


def test_a_limit_says_when_it_goes_on(desk: Desk) -> None:
    desk.fail(What.RATE_LIMIT, READING[desk.stage.name])
    with pytest.raises(CommentsUnavailable) as refused:
        desk.read()
    assert refused.value.until
    assert not refused.value.needs_person


def test_lists_in_any_order_lose_nothing(stages: Stages, address: str) -> None:
    desk = opened(stages, "facebook", address)
    planted = [desk.plant(f"number {number}")[0].id for number in range(60)]
    desk.stage.sandbox.faults.set([Fault(what="unsorted", endpoint="getComments")])
    found, cursor = desk.all()
    planted.append(desk.plant("last")[0].id)
    again, _cursor = desk.all(cursor)
    assert {one.id for one in (*found, *again)} == set(planted)


def test_comments_are_planted_over_http(desk: Desk) -> None:
    """As a rehearsal or a person does."""
    told = {"account": desk.stage.account.name, "text": "bonjour"}
    answer = requests.post(f"{desk.address}/sandbox/comments", json=told, timeout=30)
    assert [one.id for one in desk.read().comments] == answer.json()["ids"]
    refused = requests.post(f"{desk.address}/sandbox/comments", json={"account": "x"}, timeout=30)
    assert refused.status_code == 400
