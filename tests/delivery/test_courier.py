"""One delivery in a worker's hands: the order of its steps, and what stops it."""

import ast
import inspect
import math
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from publisher import delivery, departure, gate
from publisher.channels.base import Channel, Depart, MediaReader, NotPrepared, at_once
from publisher.channels.capabilities import TWITTER
from publisher.channels.health import Health
from publisher.delivery import Courier, Leases
from publisher.errors import CredentialsMissing, LedgerUnavailable
from publisher.gate import Gate
from publisher.ledger.attempts import Attempts
from publisher.ledger.control import Control
from publisher.ledger.dispatch import Dispatch
from publisher.ledger.ledger import Ledger
from publisher.ledger.queries import Queries
from publisher.models import (
    Capabilities,
    Claim,
    Content,
    Delivery,
    Parcel,
    Part,
    Picture,
    Prepared,
)
from publisher.outcome import (
    Accepted,
    AccountHeld,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Unknown,
)
from publisher.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


@dataclass
class ScriptedChannel:
    """Answers with what the test laid down, and notes when and what it was asked."""

    capabilities: ClassVar[Capabilities] = TWITTER

    clock: ManualClock
    answers: list[Outcome] = field(default_factory=list)
    not_prepared: Outcome | None = None
    before_send: Callable[[], None] = lambda: None
    sent: list[tuple[datetime, int]] = field(default_factory=list)
    prepared: int = 0

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        self.prepared += 1
        if self.not_prepared is not None:
            raise NotPrepared(self.not_prepared)
        return prepared.model_copy(update={"draft_id": "ready"})

    def send(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        depart: Depart = at_once,
    ) -> Outcome:
        depart(lambda: None)
        self.before_send()
        self.sent.append((self.clock.now(), len(sent) + 1))
        if self.answers:
            return self.answers.pop(0)
        return Accepted(str(100 + len(sent)))

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        raise AssertionError("a courier does not look")

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        raise AssertionError("a courier does not clear away")

    def withdraw(self, remote_id: str) -> Outcome:
        raise AssertionError("a courier does not withdraw")

    def close(self) -> None:
        pass

    def examine(self) -> Health:
        raise AssertionError("a courier does not examine")


@pytest.fixture
def channel(clock: ManualClock) -> ScriptedChannel:
    return ScriptedChannel(clock)


@pytest.fixture
def courier(attempts: Attempts, channel: ScriptedChannel, clock: ManualClock) -> Courier:
    return courier_of(attempts, channel, clock)


def courier_of(attempts: Attempts, channel: ScriptedChannel, clock: ManualClock) -> Courier:
    leases = Leases.for_timeout(timedelta(seconds=20))
    return Courier(attempts, lambda _account: nullcontext(channel), clock, leases)


class SetBack(Gate):
    """Somebody sets the clock back at the instant."""

    def __init__(self, clock: ManualClock, by: float) -> None:
        super().__init__(clock, 5)
        self._manual, self._by = clock, by

    def go(self, instant: datetime, account: str, go: Callable[[], None]) -> None:
        self._manual.sleep_until(instant)
        self._manual.set(-self._by)
        go()


def claim_one(dispatch: Dispatch, clock: ManualClock) -> Claim:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(17), 1)
    return claim


def only(queries: Queries) -> Delivery:
    (delivery,) = queries.deliveries()
    return delivery


def events(queries: Queries) -> list[str]:
    return [step.event for step in queries.history("post.fr")]


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
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(due, 1)]
    assert only(queries).state is State.PUBLISHED
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
    courier.deliver(claim_one(dispatch, clock))
    assert seen[0].intent_at is not None
    assert seen[0].lease_until is not None
    assert seen[0].lease_until > clock.ahead(20), "the lease outlasts the slowest request"


def test_an_embargo_that_ends_after_the_time_is_waited_for(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    embargo = clock.ahead(1.9)
    add(ledger, wish(clock, due_in=0, embargo_until=embargo))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(embargo, 1)]


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
    courier.deliver(claim_one(dispatch, clock))
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
    courier.deliver(claim_one(dispatch, clock))
    assert (only(queries).state, only(queries).remote_ids) == (State.SCHEDULED, ("100",))
    clock.advance(60)
    courier.deliver(claim_one(dispatch, clock))
    assert [part for _, part in channel.sent] == [1, 2, 2, 3]
    assert only(queries).state is State.PUBLISHED


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Refused(Kind.CONTENT, "Too long."), State.FAILED),
        (Deferred(Kind.UNAVAILABLE, "Away."), State.SCHEDULED),
        (AccountHeld(Kind.AUTH, "Expired."), State.SCHEDULED),
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
    courier.deliver(claim_one(dispatch, clock))
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
    courier.deliver(claim)
    assert channel.sent == []
    assert only(queries).state is State.SCHEDULED


def test_a_pause_in_the_middle_of_a_thread_stops_it_there(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The pause is written between the answer to the first part and the second part's intent."""

    class PausedBetween(Attempts):
        def record(self, delivery: Delivery, *more: Any) -> Delivery:
            after = attempts.record(delivery, *more)
            control.pause(None, "crise", "direction")
            return after

    courier = courier_of(PausedBetween(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0, texts=("un", "deux")))
    courier.deliver(claim_one(dispatch, clock))
    assert (only(queries).state, only(queries).remote_ids) == (State.SCHEDULED, ("100",))
    assert len(channel.sent) == 1


def test_a_worker_that_stood_still_after_its_intent_does_not_send(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Freezing(Attempts):
        def intend(
            self, delivery: Delivery, send_at: datetime, lease_until: datetime
        ) -> Delivery | None:
            intended = super().intend(delivery, send_at, lease_until)
            clock.advance(6)
            return intended

    courier = courier_of(Freezing(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == []
    assert only(queries).state is State.SCHEDULED


def test_what_cannot_be_made_ready_is_not_sent(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel.not_prepared = Refused(Kind.CONTENT, "The picture is refused.")
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
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
    courier.deliver(claim)
    courier.deliver(claim)
    assert len(channel.sent) == 1


def test_an_account_without_credentials_is_held_and_its_post_waits(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    queries: Queries,
    clock: ManualClock,
) -> None:
    def no_channel(account: str) -> AbstractContextManager[Channel]:
        raise CredentialsMissing(f"Account {account} has no api_key.")

    courier = Courier(attempts, no_channel, clock, Leases.for_timeout(timedelta(seconds=20)))
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert (only(queries).state, only(queries).attempts) == (State.SCHEDULED, 0)
    (account,) = queries.accounts()
    assert (account.account, account.held_until) == ("bice-x", None)
    assert "no api_key" in str(account.held_message)
    assert "publisher resume --account bice-x" in str(account.held_message)


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
    courier.deliver(claim_one(dispatch, clock))
    assert only(queries).state is State.UNCERTAIN


def test_a_post_that_turns_out_to_be_public_while_it_is_made_ready_is_uncertain(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Facebook's unpublished post of an older text may be out; then a new one must not be made."""
    channel.not_prepared = Unknown("The post with its older text is public.")
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
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
        (AccountHeld(Kind.AUTH, "Expired."), State.SCHEDULED),
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
    courier.deliver(claim_one(dispatch, clock))
    found = only(queries)
    assert (found.state, found.lease_until) == (state, None)
    assert found.error_message


@pytest.mark.parametrize("shows", [(True, False), (False, True)])
def test_no_picture_of_what_was_cancelled_meanwhile_is_brought_anywhere(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    control: Control,
    channel: ScriptedChannel,
    clock: ManualClock,
    shows: tuple[bool, ...],
) -> None:
    """Of whatever part it is."""

    class Cancelled(Attempts):
        def take(self, claim: Claim) -> Delivery | None:
            delivery = super().take(claim)
            control.cancel("post.fr", None, "direction", "consent withdrawn")
            return delivery

    parts = (Part(text="Un.", pictures=(PICTURE,) if shown else ()) for shown in shows)
    add(ledger, wish(clock, due_in=0, content=Content(parts=tuple(parts))))
    courier = courier_of(Cancelled(attempts._database, clock, settle=60), channel, clock)
    courier.deliver(claim_one(dispatch, clock))
    assert channel.prepared == 0


def test_an_answer_that_comes_after_the_lease_is_not_lost(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The worker stood still in the middle of its request; what X said is evidence."""

    def stand_still() -> None:
        clock.advance(120)
        dispatch.reap()

    channel.before_send = stand_still
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    found = only(queries)
    assert (found.state, found.remote_ids) == (State.PUBLISHED, ("100",))


def test_a_machine_that_slept_between_intent_and_request_does_not_send(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The monotonic clock stands still meanwhile; the date shows it."""

    class Sleeping(Attempts):
        def intend(
            self, delivery: Delivery, send_at: datetime, lease_until: datetime
        ) -> Delivery | None:
            intended = super().intend(delivery, send_at, lease_until)
            monotonic = clock.monotonic()
            clock.advance(8 * 3600)
            clock._monotonic = monotonic
            return intended

    courier = courier_of(Sleeping(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == []


def test_a_ledger_that_is_away_for_a_moment_makes_nothing_late(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    """The intent is tried again, as long as the instant is near."""

    class Locked(Attempts):
        tries = 0

        def intend(self, delivery: Delivery, *more: Any) -> Delivery | None:
            self.tries += 1
            if self.tries < 3:
                raise LedgerUnavailable
            return super().intend(delivery, *more)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    due = clock.ahead(1)
    add(ledger, wish(clock, due_in=1))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(due, 1)]


def test_nothing_leaves_past_its_expiry_however_long_its_intent_took(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Slow(Attempts):
        def intend(self, delivery: Delivery, *more: Any) -> Delivery | None:
            intended = super().intend(delivery, *more)
            clock.advance(3)
            return intended

    courier = courier_of(Slow(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=1, expires_at=clock.ahead(1.5)))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == []
    dispatch.expire()
    assert only(queries).state is State.MISSED


def test_nothing_leaves_when_the_clock_was_set_back_at_its_instant(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The gate lets many go, one after the other: the first at its instant, the next before it."""

    due = clock.ahead(1)
    add(ledger, wish(clock, due_in=1))
    gate, courier._gate = courier._gate, SetBack(clock, 3600)
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == []
    assert (only(queries).state, only(queries).error_kind) == (State.SCHEDULED, Kind.UNAVAILABLE)
    courier._gate = gate
    clock.sleep_until(due - timedelta(seconds=1))
    courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(due, 1)]


@pytest.mark.parametrize("by", [4.0, 20.0, 150.0, 3600.0])
@pytest.mark.parametrize("before", [2.0, 0.2])
def test_nobody_waits_for_an_instant_that_a_clock_set_back_has_moved_away(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    before: float,
    by: float,
) -> None:
    """Set back before the intent, or after it: it leaves at its instant all the same."""
    due, sleep = clock.ahead(2), clock.sleep_until

    def be_set_back(instant: datetime, patience: float = math.inf) -> None:
        if instant > due - timedelta(seconds=before):
            monkeypatch.setattr(clock, "sleep_until", sleep)
            clock.set(-by)
        sleep(instant, patience)

    add(ledger, wish(clock, due_in=2))
    monkeypatch.setattr(clock, "sleep_until", be_set_back)
    courier.deliver(claim_one(dispatch, clock))
    assert clock.monotonic() < 20
    if only(queries).state is not State.PUBLISHED:
        assert (only(queries).state, channel.sent) == (State.SCHEDULED, [])
        clock.sleep_until(due - timedelta(seconds=2))
        courier.deliver(claim_one(dispatch, clock))
    assert channel.sent == [(due, 1)]


def test_nobody_who_delivers_sleeps_without_an_end() -> None:
    """Each says how long it waits at most, should the clock be set back meanwhile."""
    for module in (delivery, departure, gate):
        calls = [
            node
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "sleep_until"
        ]
        assert calls
        assert [ast.unparse(call) for call in calls if len(call.args) != 2] == []


def test_a_time_that_a_person_chose_is_kept_to_when_the_clock_was_set_back_at_it(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    control: Control,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=5))
    control.pause(None, "crise", "direction")
    clock.advance(60)
    (late,) = control.overdue()
    chosen = clock.ahead(3600)
    control.resume(None, "direction", choices={late.id: chosen})
    clock.sleep_until(chosen - timedelta(seconds=2))
    courier._gate = SetBack(clock, 600)
    courier.deliver(claim_one(dispatch, clock))
    assert (channel.sent, only(queries).goes_at) == ([], chosen)


def test_what_is_put_off_leaves_when_it_is_to_be_tried_again_and_not_when_it_is_claimed(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel.answers = [Deferred(Kind.UNAVAILABLE, "Away.")] * 2
    add(ledger, wish(clock, due_in=1))
    tries = []
    for _ in range(3):
        tries.append(only(queries).goes_at)
        for claim in dispatch.claim(tries[-1], clock.ahead(19), 1):
            courier.deliver(claim)
    assert [instant for instant, _part in channel.sent] == tries
    assert tries[1] >= tries[0] + timedelta(seconds=1)


def test_a_time_that_a_person_chose_after_a_pause_is_kept_to(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    control: Control,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=5))
    control.pause(None, "crise", "direction")
    clock.advance(60)
    (late,) = control.overdue()
    chosen = clock.ahead(3)
    control.resume(None, "direction", choices={late.id: chosen})
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    courier.deliver(claim)
    assert channel.sent == [(chosen, 1)]


def test_a_worker_whose_clock_is_behind_keeps_what_it_was_given(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    due = clock.ahead(9)
    add(ledger, wish(clock, due_in=9))
    (claim,) = dispatch.claim(due, clock.ahead(19), 1)
    courier.deliver(claim)
    assert channel.sent == [(due, 1)]
    assert events(queries).count("claimed") == 1


def test_what_is_recorded_late_is_on_record_with_the_instant_of_its_answer(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Locked(Attempts):
        tries = 0

        def record(self, delivery: Delivery, *more: Any) -> Delivery:
            self.tries += 1
            if self.tries < 20:
                raise LedgerUnavailable
            return super().record(delivery, *more)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert only(queries).published_at == channel.sent[0][0]
    assert clock.now() > channel.sent[0][0] + timedelta(seconds=9)


def test_what_a_platform_said_is_written_down_when_the_ledger_is_back(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Locked(Attempts):
        tries = 0

        def record(self, delivery: Delivery, *more: Any) -> Delivery:
            self.tries += 1
            if self.tries < 5:
                raise LedgerUnavailable
            return super().record(delivery, *more)

    courier = courier_of(Locked(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver(claim_one(dispatch, clock))
    assert only(queries).state is State.PUBLISHED
