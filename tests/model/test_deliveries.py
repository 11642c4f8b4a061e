"""Deliveries and what is prepared for them, as the ledger keeps them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.states import State

NOON = datetime(2016, 3, 7, 12, tzinfo=UTC)
UPLOADED = Prepared(
    draft_id="1_2", media_ids={"a": "11"}, photos=("12",), shown=("10",), leftovers=("1_1",),
    folder="post", failures=2,
)  # fmt: skip


def delivery(state: State, **more: Any) -> Delivery:
    return Delivery.model_construct(state=state, **{"intent_at": None, "remote_ids": (), **more})


def test_what_was_prepared_for_a_post_that_is_not_out_is_all_deleted() -> None:
    left = UPLOADED.given_up()
    assert (left.leftovers, left.photos, left.shown) == (("1_1", "1_2"), ("12", "11"), ("10",))
    assert (left.draft_id, left.media_ids) == (None, {})
    assert (left.folder, left.failures) == ("post", 2)


def test_what_a_public_part_shows_stays_as_long_as_that() -> None:
    left = UPLOADED.given_up(sent=["1_2"])
    assert (left.leftovers, left.photos, left.shown) == (("1_1",), (), ("10", "12", "11"))


def test_pictures_of_uploads_without_a_post_go_by_themselves() -> None:
    assert Prepared(media_ids={"a": "11"}).given_up().photos == ()
    assert not Prepared(media_ids={"a": "11"}).stays


def test_of_each_content_the_first_and_the_last_attempt_are_known() -> None:
    """A post that one of them left on the platform is found by its content and its time."""
    one, other = (Content(parts=(Part(text=text),), lang="fr") for text in ("Un", "Deux"))
    begun = Prepared()
    for minutes, content in enumerate((one, other, one, one)):
        begun = begun.begin(content, NOON + timedelta(minutes=minutes))
    assert [(each.content, each.first.minute, each.last.minute) for each in begun.begun] == [
        (other, 1, 1),
        (one, 0, 3),
    ]


@pytest.mark.parametrize(
    ("state", "intent_at", "in_reach", "may_be_out"),
    [
        (State.SCHEDULED, None, True, False),
        (State.PUBLISHING, None, True, False),
        (State.PUBLISHING, NOON, False, True),
        (State.UNCERTAIN, None, False, True),
        (State.UNCERTAIN, NOON, False, True),
        (State.PUBLISHED, None, False, False),
        (State.CANCELLED, None, False, False),
    ],
)
def test_what_is_being_sent_is_out_of_reach(
    state: State, intent_at: datetime | None, in_reach: bool, may_be_out: bool
) -> None:
    held = delivery(state, intent_at=intent_at)
    assert (held.in_reach, held.may_be_out) == (in_reach, may_be_out)


@pytest.mark.parametrize(
    ("state", "intent_at", "settled_at", "is_forgotten"),
    [
        (State.UNCERTAIN, None, NOON, True),
        (State.UNCERTAIN, NOON, NOON, False),
        (State.UNCERTAIN, None, NOON + timedelta(minutes=1), False),
        (State.UNCERTAIN, None, None, False),
        (State.PUBLISHED, None, NOON, False),
    ],
)
def test_forgotten_is_a_doubt_without_a_request_on_record(
    state: State, intent_at: datetime | None, settled_at: datetime | None, *, is_forgotten: bool
) -> None:
    held = delivery(state, intent_at=intent_at, settled_at=settled_at, doubt_since=NOON)
    assert held.is_forgotten is is_forgotten
    assert not delivery(state, settled_at=None, doubt_since=None).is_forgotten


def test_the_lateness_of_what_a_person_reported_is_not_known() -> None:
    sent = delivery(State.PUBLISHED, due_at=NOON, embargo_until=None, published_at=NOON)
    assert sent.lateness == timedelta(0)
    assert sent.model_copy(update={"is_reported": True}).lateness is None


def test_a_doubt_says_which_part_and_which_request() -> None:
    assert delivery(State.PUBLISHED).doubt == ""
    began = delivery(State.UNCERTAIN, remote_ids=("1",), intent_at=NOON, doubt_since=None)
    assert began.doubt == "part 2, 2016-03-07T12:00:00+00:00"
    restored = delivery(State.UNCERTAIN, doubt_since=None)
    assert restored.doubt == "part 1, restored"
