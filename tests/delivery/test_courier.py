"""One delivery in a worker's hands: the order of its steps, and what stops it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pytest
from structlog.testing import capture_logs

from publisher.base.errors import AccountElsewhere, CredentialsMissing
from publisher.channels.base import Channel
from publisher.delivery.courier import Courier
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Written
from publisher.ledger.worker.results import Result
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, events, only
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne, courier_with
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.preparation")


def test_a_post_is_sent_once_at_its_instant_and_recorded(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    due = clock.ahead(1.5)
    add(ledger, wish(clock, due_in=1.5))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(due, 1)]
    assert only(queries).state is State.PUBLISHED
    assert events(queries) == ["queued", "claimed", "sending", "published"]
    assert channel.prepared == 0, "it shows nothing, and X needs nothing before its time"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Accepted("100"), {"state": "published"}),
        (Refused(Kind.CONTENT, "SECRET"), {"state": "failed", "error": "content"}),
        (Unknown("SECRET"), {"state": "uncertain", "error": "unknown-outcome"}),
    ],
)
def test_the_log_says_what_became_of_a_post_and_nothing_of_its_text(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    clock: ManualClock,
    answer: Outcome,
    told: dict[str, str],
) -> None:
    channel.answers = [answer]
    add(ledger, wish(clock, due_in=0, texts=("SECRET",)))
    with capture_logs() as logged:
        courier.deliver([claim_one(dispatch, clock)])
    named = {"event": "recorded", "log_level": "info", "post": "post.fr", "account": "bice-x"}
    assert logged == [named | told]


def test_a_post_whose_accounts_keys_are_not_known_yet_is_prepared_before_its_instant(
    ledger: Ledger,
    dispatch: Dispatch,
    preparing: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    due = clock.ahead(1.5)
    add(ledger, wish(clock, due_in=1.5))
    preparing.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(due, 1)]
    assert events(queries) == ["queued", "claimed", "prepared", "sending", "published"]


def test_the_intent_stands_in_the_ledger_before_the_request_begins(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    seen: list[Delivery] = []
    channel.before_send = lambda: seen.append(only(queries))
    add(ledger, wish(clock, due_in=1))
    courier.deliver([claim_one(dispatch, clock)])
    assert seen[0].intent_at is not None
    assert seen[0].lease_until is not None
    assert seen[0].lease_until > clock.ahead(20), "the lease outlasts the slowest request"


def test_a_thread_goes_out_in_order_each_part_recorded_before_the_next(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    known: list[int] = []
    channel.before_send = lambda: known.append(len(only(queries).remote_ids))
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois")))
    courier.deliver([claim_one(dispatch, clock)])
    assert known == [0, 1, 2]
    assert only(queries).remote_ids == ("100", "101", "102")


def test_a_thread_goes_on_after_the_last_part_that_is_out(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel.answers = [Accepted("100"), Deferred(Kind.UNAVAILABLE, "Away.")]
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois")))
    courier.deliver([claim_one(dispatch, clock)])
    assert (only(queries).state, only(queries).remote_ids) == (State.SCHEDULED, ("100",))
    clock.advance(60)
    courier.deliver([claim_one(dispatch, clock)])
    assert [part for _, part in channel.sent] == [1, 2, 2, 3]
    assert only(queries).state is State.PUBLISHED


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Refused(Kind.CONTENT, "Too long."), State.FAILED),
        (Deferred(Kind.UNAVAILABLE, "Away."), State.SCHEDULED),
        (AccountSuspended(Kind.AUTH, "Expired."), State.SCHEDULED),
        (Unknown("No answer."), State.UNCERTAIN),
    ],
)
def test_whatever_the_platform_answers_the_request_is_not_repeated_by_itself(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    answer: Outcome,
    state: State,
) -> None:
    channel.answers = [answer]
    add(ledger, wish(clock, due_in=0, texts=("un", "deux")))
    courier.deliver([claim_one(dispatch, clock)])
    assert len(channel.sent) == 1
    assert only(queries).state is state


def test_a_pause_after_the_claim_keeps_it_in(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=1))
    claim = claim_one(dispatch, clock)
    control.pause("bice-x", "crise", "direction")
    courier.deliver([claim])
    assert channel.sent == []
    assert only(queries).state is State.SCHEDULED


def test_a_pause_in_the_middle_of_a_thread_stops_it_there(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The pause is written between the answer to the first part and the second part's intent."""

    class PausedBetween(OneByOne):
        def record_all(self, results: Sequence[Result]) -> list[Written]:
            written = super().record_all(results)
            control.pause(None, "crise", "direction")
            return written

    courier = courier_of(PausedBetween(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0, texts=("un", "deux")))
    courier.deliver([claim_one(dispatch, clock)])
    assert (only(queries).state, only(queries).remote_ids) == (State.SCHEDULED, ("100",))
    assert len(channel.sent) == 1


def test_what_cannot_be_made_ready_is_not_sent(
    ledger: Ledger,
    dispatch: Dispatch,
    preparing: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel.not_prepared = Refused(Kind.CONTENT, "The picture is refused.")
    add(ledger, wish(clock, due_in=0))
    preparing.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    assert (only(queries).state, only(queries).error_kind) == (State.FAILED, Kind.CONTENT)


def test_a_claim_that_arrives_twice_is_delivered_once(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=0))
    claim = claim_one(dispatch, clock)
    courier.deliver([claim])
    courier.deliver([claim])
    assert len(channel.sent) == 1


def test_an_account_without_credentials_is_held_and_its_post_waits(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    def no_channel(account: str) -> AbstractContextManager[Channel]:
        hint = "Write it into secrets.toml."
        raise CredentialsMissing(f"Account {account} has no api_key.", hint=hint)

    courier = courier_with(attempts, no_channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert (only(queries).state, only(queries).attempts) == (State.SCHEDULED, 0)
    (account,) = queries.accounts()
    assert (account.account, account.suspended_until) == ("bice-x", clock.ahead(60))
    message = "Account bice-x has no api_key. Write it into secrets.toml."
    assert str(account.suspension_message).startswith(message)
    assert "Publisher tries again by itself" in str(account.suspension_message)


def test_an_account_that_only_another_machine_can_use_is_left_to_that_one(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    def no_channel(account: str) -> AbstractContextManager[Channel]:
        raise AccountElsewhere(f"The machine vm-1 has no keys for {account}.")

    courier = courier_with(attempts, no_channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.SCHEDULED
    assert "The machine vm-1 has no keys for bice-x." in str(only(queries).error_message)
    assert not queries.accounts(), "a suspension would stop the other machine too"


def test_a_channel_that_breaks_while_sending_leaves_the_outcome_unknown(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    channel.before_send = fail
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.UNCERTAIN


def test_a_post_that_turns_out_to_be_public_while_it_is_made_ready_is_uncertain(
    ledger: Ledger,
    dispatch: Dispatch,
    preparing: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Facebook's unpublished post of an older text may be out; then a new one must not be made."""
    channel.not_prepared = Unknown("The post with its older text is public.")
    add(ledger, wish(clock, due_in=0))
    preparing.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    found = only(queries)
    assert found.state is State.UNCERTAIN
    assert found.settled_at is not None, "it is looked for"


PICTURE = Picture(
    digest="d" * 64, media_type="image/png", width=1, height=1, alt="Une carte", name="carte.png"
)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Refused(Kind.CONTENT, "The picture is refused."), State.FAILED),
        (Deferred(Kind.UNAVAILABLE, "Away."), State.SCHEDULED),
        (AccountSuspended(Kind.AUTH, "Expired."), State.SCHEDULED),
        (Unknown("An older text is public."), State.UNCERTAIN),
    ],
)
def test_what_stops_a_post_with_pictures_while_it_is_made_ready_is_on_record(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    outcome: Outcome,
    state: State,
) -> None:
    channel.not_prepared = outcome
    content = Content(parts=(Part(text="Un.", pictures=(PICTURE,)),))
    add(ledger, wish(clock, due_in=0, content=content))
    courier.deliver([claim_one(dispatch, clock)])
    found = only(queries)
    assert (found.state, found.lease_until) == (state, None)
    assert found.error_message
    assert found.prepared.begun == (), "no unpublished post is there, of which to clear away"


@pytest.mark.parametrize("shows", [(True, False), (False, True)])
def test_no_picture_of_what_was_cancelled_meanwhile_is_brought_anywhere(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    channel: ScriptedChannel,
    clock: ManualClock,
    shows: tuple[bool, ...],
) -> None:
    """Of whatever part it is."""

    class Cancelled(OneByOne):
        def take_all(self, claims: Sequence[Claim]) -> list[Delivery]:
            taken = super().take_all(claims)
            control.cancel("post.fr", None, "direction", "consent withdrawn")
            return taken

    parts = (Part(text="Un.", pictures=(PICTURE,) if shown else ()) for shown in shows)
    add(ledger, wish(clock, due_in=0, content=Content(parts=tuple(parts))))
    courier = courier_of(Cancelled(attempts._database, clock, settle=60), channel, clock)
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.prepared == 0
