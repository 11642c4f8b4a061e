"""What others write to an account on Bluesky: found in odd orders too, and hidden with care."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from publisher.channels.comments import CommentsUnavailable
from publisher.model.clock_check import unheard
from publisher.model.outcomes import Accepted, Answer
from publisher.platforms.bluesky import threadgates
from publisher.platforms.bluesky.reader_comments import _comment
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.xrpc import Way
from tests.channels.conftest import Stages
from tests.channels.test_comments import Desk, opened
from tests.platforms.bluesky.conftest import Sky

THREADGATE = "app.bsky.feed.threadgate"
Opened = Callable[..., Desk]


@pytest.fixture
def desk(stages: Stages, address: str) -> Desk:
    return opened(stages, "bluesky", address)


def gate(desk: Desk) -> dict[str, Any]:
    (record,) = desk.stage.sandbox.store.records.values()
    return record


def test_a_quote_is_told_under_the_post_that_it_quotes(desk: Desk) -> None:
    desk.plant("look at these", quote=True)
    assert [one.under for one in desk.read().comments] == [desk.post]


def test_a_mention_elsewhere_is_under_none_of_our_posts_and_cannot_be_hidden(desk: Desk) -> None:
    (planted,) = desk.plant("@bice look", under="")
    assert [one.under for one in desk.read().comments] == [""]
    with pytest.raises(CommentsUnavailable) as refused:
        desk.reader().hide(planted.id)
    assert refused.value.needs_person


def test_what_is_dated_late_is_found_within_the_hour(desk: Desk) -> None:
    """The list is in the order of dates, which its authors write."""
    (late,) = desk.plant("help me")
    late.is_deleted = True  # not listed yet
    desk.stage.options.clock.advance(90)  # type: ignore[attr-defined]
    desk.plant("later")
    cursor = desk.read().cursor
    late.is_deleted = False
    page = desk.read(cursor)
    assert "help me" not in {one.text for one in page.comments}
    desk.stage.options.clock.advance(3_600)  # type: ignore[attr-defined]
    assert "help me" in {one.text for one in desk.read(page.cursor).comments}


def test_what_comes_during_a_flood_is_read_before_the_rest_of_it(desk: Desk) -> None:
    cursor = desk.read().cursor
    desk.plant("flood", times=600)
    page = desk.read(cursor)
    assert not page.is_complete
    desk.plant("help me")
    assert desk.read(page.cursor).comments[0].text == "help me"


def test_addresses_behind_words_and_of_a_card_are_part_of_the_text() -> None:
    record = {
        "text": "see here",
        "facets": [{"features": [{"uri": "https://bad.example/x"}, {"tag": "a"}]}, 7],
        "embed": {"external": {"uri": "https://card.example"}},
    }
    assert told(record) == "see here\nhttps://bad.example/x\nhttps://card.example"
    assert told({"text": 7, "facets": "x", "embed": []}) == ""


def told(record: dict[str, Any]) -> str:
    found = _comment(notification(record), "did:plc:us")
    assert found
    return found.text


def notification(record: dict[str, Any], author: str = "did:plc:reader") -> dict[str, Any]:
    return {
        "uri": f"at://{author}/app.bsky.feed.post/3lz5fcijpj2z2", "reason": "reply",
        "indexedAt": "2026-03-07T07:30:00.000Z", "record": record,
    }  # fmt: skip


def test_what_we_write_ourselves_is_no_answer_of_a_reader() -> None:
    assert _comment(notification({"text": "x"}, "did:plc:us"), "did:plc:us") is None


def test_likes_are_no_answers() -> None:
    """An older server does not know `reasons`, and lists them too."""
    assert _comment({**notification({}), "reason": "like"}, "did:plc:us") is None


def test_hiding_keeps_what_others_hid_and_who_may_answer(desk: Desk) -> None:
    one, other = desk.plant("one")[0], desk.plant("other")[0]
    desk.reader().hide(one.id)
    rule = {"$type": f"{THREADGATE}#mentionRule"}
    gate(desk).update(allow=[rule], later="unknown")
    desk.reader().hide(other.id)
    kept = gate(desk)
    assert kept["hiddenReplies"] == [one.id, other.id]
    assert (kept["allow"], kept["later"]) == ([rule], "unknown")
    assert desk.stage.sandbox.state()["violations"] == []


def test_what_somebody_hides_at_the_same_moment_is_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is changed only over the one that was read; then it is tried again."""
    one, other, last = (desk.plant(text)[0] for text in ("one", "other", "last"))
    desk.reader().hide(one.id)
    read = Repo.threadgate

    def overtaken(self: Repo, key: str) -> Answer:
        answer = read(self, key)
        gate(desk)["hiddenReplies"] = [one.id, other.id]
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Repo, "threadgate", overtaken)
        with pytest.raises(CommentsUnavailable) as refused:
            desk.reader().hide(last.id)
    assert not refused.value.needs_person
    assert desk.reader().hide(last.id)
    assert gate(desk)["hiddenReplies"] == [one.id, other.id, last.id]


def test_a_first_one_that_somebody_hides_at_the_same_moment_is_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = desk.plant("one")[0], desk.plant("other")[0]
    create = Repo.create_threadgate

    def overtaken(self: Repo, key: str, record: dict[str, Any]) -> Answer:
        create(self, key, {**record, "hiddenReplies": [one.id]})
        return create(self, key, record)

    with monkeypatch.context() as patched:
        patched.setattr(Repo, "create_threadgate", overtaken)
        with pytest.raises(CommentsUnavailable):
            desk.reader().hide(other.id)
    assert desk.reader().hide(other.id)
    assert gate(desk)["hiddenReplies"] == [one.id, other.id]


def test_a_thread_whose_hidden_replies_are_full_needs_a_person(desk: Desk) -> None:
    one, other = desk.plant("one")[0], desk.plant("other")[0]
    desk.reader().hide(one.id)
    gate(desk)["hiddenReplies"] = [f"{one.id[:-3]}{number}" for number in range(100, 400)]
    with pytest.raises(CommentsUnavailable, match="300") as refused:
        desk.reader().hide(other.id)
    assert refused.value.needs_person


def test_a_reply_to_a_later_part_of_a_thread_is_hidden_where_the_thread_begins(
    stages: Stages, address: str
) -> None:
    stage = stages("bluesky")
    first, second = stage.deliver(stage.parcel("Un", "Deux"))
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    desk = Desk(stage, first.remote_id, address)
    (planted,) = desk.plant("He lives at …", under=second.remote_id)
    assert [one.under for one in desk.read().comments] == [first.remote_id]
    assert desk.reader().hide(planted.id)
    assert gate(desk)["post"].endswith(first.remote_id)
    assert planted.is_hidden


def test_bluesky_s_own_server_keeps_what_others_hid(sky: Sky) -> None:
    """A threadgate is created where there is none, and changed only over the one that was read."""
    outcome = sky.publish("Un")
    way = Way(sky.between.address, timedelta(seconds=20), sky.clock, unheard)
    repo = Repo(sky.credentials, way)
    root = f"at://{sky.account.did}/app.bsky.feed.post/{outcome.remote_id}"
    replies = [f"at://did:plc:reader/app.bsky.feed.post/3lz5fcijpj2z{n}" for n in range(2, 5)]
    threadgates.hide(repo, root, replies[0], sky.clock.now())
    before = repo.threadgate(outcome.remote_id)
    for reply in (replies[1], replies[1]):
        threadgates.hide(repo, root, reply, sky.clock.now())

    class Stale(Repo):
        """Read before somebody else changed it."""

        def threadgate(self, _key: str) -> Answer:
            return before

    with pytest.raises(CommentsUnavailable):
        threadgates.hide(Stale(sky.credentials, way), root, replies[2], sky.clock.now())
    threadgates.hide(repo, root, replies[2], sky.clock.now())
    told = sky.account.call(
        "get", "com.atproto.repo.getRecord",
        params={"repo": sky.account.did, "collection": THREADGATE, "rkey": outcome.remote_id},
    )  # fmt: skip
    assert told["value"]["hiddenReplies"] == replies
