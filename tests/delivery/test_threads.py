"""Threads: parts apart from one another, in order, and never from the beginning again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from publisher.delivery.leases import Leases
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Written
from publisher.ledger.worker.results import Result
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted, Deferred, Kind, Refused
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, only
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.leases")

PAUSE = 1.5
UNSEEN = Deferred(Kind.UNAVAILABLE, "X does not have the part before this one yet.")


class Pausing(OneByOne):
    """With a pause between parts; keeps what was recorded."""

    recorded: list[Delivery]

    def record_all(self, results: Sequence[Result]) -> list[Written]:
        written = super().record_all(results)
        self.recorded += [one for one in written if isinstance(one, Delivery)]
        return written


@pytest.fixture
def attempts(attempts: OneByOne, clock: ManualClock) -> Pausing:
    pausing = Pausing(attempts._database, clock, settle=60, thread_pause=PAUSE)
    pausing.recorded = []
    return pausing


def thread(ledger: Ledger, clock: ManualClock, **more: Any) -> None:
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois"), **more))


def seconds(channel: ScriptedChannel) -> list[float]:
    first, *_ = channel.sent
    return [(at - first[0]).total_seconds() for at, _part in channel.sent]


def test_the_parts_of_a_thread_are_apart(
    ledger: Ledger, dispatch: Dispatch, attempts: Pausing, channel: ScriptedChannel,
    queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    """And whoever waits between them stays in charge for longer than that."""
    thread(ledger, clock)
    courier_of(attempts, channel, clock).deliver([claim_one(dispatch, clock)])
    assert seconds(channel) == [0, PAUSE, 2 * PAUSE]
    assert [part for _at, part in channel.sent] == [1, 2, 3]
    assert only(queries).state is State.PUBLISHED
    *between, _last = attempts.recorded
    sending = Leases.for_timeout(timedelta(seconds=20)).sending
    for delivery in between:
        assert delivery.lease_until
        assert delivery.lease_until - delivery.next_check_at >= timedelta(seconds=sending)


def test_a_pause_while_a_thread_waits_for_its_next_part_stops_it(
    ledger: Ledger, dispatch: Dispatch, attempts: Pausing, channel: ScriptedChannel,
    control: Control, queries: Queries, clock: ManualClock, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sleep = clock.sleep_until

    def paused_meanwhile(*args: Any) -> None:
        sleep(*args)
        if only(queries).remote_ids:
            control.pause(None, "crise", "direction")

    monkeypatch.setattr(clock, "sleep_until", paused_meanwhile)
    thread(ledger, clock)
    courier_of(attempts, channel, clock).deliver([claim_one(dispatch, clock)])
    found = only(queries)
    assert (found.state, found.remote_ids) == (State.SCHEDULED, ("100",))


def test_a_part_whose_parent_is_not_shown_yet_waits_and_goes_on(
    ledger: Ledger, dispatch: Dispatch, attempts: Pausing, channel: ScriptedChannel,
    queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    """With growing pauses, behind the last part that is out."""
    thread(ledger, clock)
    channel.answers = [Accepted("100"), UNSEEN, UNSEEN, UNSEEN, Accepted("101"), Accepted("102")]
    courier = courier_of(attempts, channel, clock)
    courier.deliver([claim_one(dispatch, clock)])
    while only(queries).state is not State.PUBLISHED:
        assert only(queries).state is State.SCHEDULED
        clock.sleep_until(only(queries).next_check_at - timedelta(seconds=1))
        courier.deliver([claim_one(dispatch, clock)])
    assert [part for _at, part in channel.sent] == [1, 2, 2, 2, 2, 3]
    assert seconds(channel) == [0, 1.5, 5.5, 13.5, 29.5, 31]
    assert only(queries).remote_ids == ("100", "101", "102")


@pytest.mark.parametrize(
    ("out", "told"),
    [
        (1, "Part 1 of 3 is out; part 2 was refused. X does not let it answer."),
        (2, "Parts 1 to 2 of 3 are out; part 3 was refused. X does not let it answer."),
    ],
)
def test_a_refused_part_says_which_parts_are_out(
    ledger: Ledger, dispatch: Dispatch, attempts: Pausing, channel: ScriptedChannel,
    queries: Queries, clock: ManualClock, out: int, told: str,
) -> None:  # fmt: skip
    thread(ledger, clock)
    refusal = Refused(Kind.POLICY, "X does not let it answer.")
    channel.answers = [*(Accepted(str(100 + n)) for n in range(out)), refusal]
    courier_of(attempts, channel, clock).deliver([claim_one(dispatch, clock)])
    found = only(queries)
    assert (found.state, found.error_kind, found.error_message) == (
        State.FAILED, Kind.POLICY, told,
    )  # fmt: skip
