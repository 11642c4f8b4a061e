"""The courier: takes claimed deliveries to their platforms, a batch at a time.

The order of its steps is what guarantees that nothing goes out twice: prepare (nothing of it is
public), make the request, write the intent, send it once at the instant, record the outcome.
Whatever dies in between, the ledger says how far it came; docs/reliability.md goes through every
case.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import cast

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import (
    ConfigurationError,
    CredentialsMissing,
    LedgerUnavailable,
    PublisherError,
    StorageError,
)
from publisher.base.i18n import _
from publisher.channels.base import Unverified
from publisher.channels.http.client import Client, Leaving
from publisher.channels.http.connection import Connection
from publisher.channels.outgoing import Action, Exchanged, Outgoing, Request
from publisher.channels.pool import ChannelOf
from publisher.delivery.leases import EARLY, Leases
from publisher.delivery.preparation import (
    ELSEWHERE_AGAIN,
    Preparation,
    broken_before,
    parcel_of,
    unusable,
)
from publisher.delivery.result_writer import DeliveryOutcome, ResultWriter
from publisher.delivery.slots import Departure, Slots
from publisher.delivery.threads import Lanes, Threads, guarded
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.attempts import Attempts
from publisher.ledger.worker.intents import INTENT_LIFE, Intent
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Deferred, Kind, Outcome, Unknown, Wire
from publisher.model.states import State
from publisher.model.timing import by_turns

_LEDGER_PAUSE = 0.2  # real seconds between two attempts to write while the ledger is away

log = structlog.get_logger()


class Courier:
    """Delivers claimed deliveries."""

    def __init__(
        self,
        attempts: Attempts,
        preparation: Preparation,
        results: ResultWriter,
        channel_of: ChannelOf,
        client: Client,
        clock: Clock,
        leases: Leases,
        threads: Threads,
        lanes: Lanes,
        check: ClockCheck | None = None,
    ) -> None:
        """`check` says whether the clock is wrong; None: it is always right."""
        self._attempts = attempts
        self._preparation = preparation
        self._results = results
        self._channel_of = channel_of
        self._client = client
        self._clock = clock
        self._leases = leases
        self._threads = threads
        self._lanes = lanes
        self._check = check
        self._slots = Slots(clock, threads, self._way_out, self._give_back, self._release)

    def deliver(self, claims: Sequence[Claim]) -> None:
        """Deliver a batch. Returns when threads of its own go on with it.

        A claim that is no longer valid, because the delivery has changed or its lease is over, does
        no harm. Such a lease is from before a machine was put back with its broker, or will be
        ended by a dispatcher.
        """
        deliveries = [one for one in self._attempts.take_all(claims) if self._has_lease(one)]
        if objection := self._check and self._check.objection():
            self._results.write(*(DeliveryOutcome(delivery, objection) for delivery in deliveries))
            return
        needed = {one.id for one in deliveries if self._preparation.is_needed(one)}
        for delivery in deliveries:
            if delivery.id in needed:
                self._lanes.start(delivery.account, partial(self._prepare, delivery))
        self._build([delivery for delivery in deliveries if delivery.id not in needed])

    def send_again(self, delivery: Delivery) -> None:
        """Deliver what was sent before and is not there; prepares in the thread that calls."""
        self._prepare(delivery)

    def _way_out(self, gathered: Sequence[Departure]) -> None:
        """The way out for all that leaves together: intend, leave, listen, judge and record."""
        answers = self._threads.queue()
        connected: list[Departure] = []
        for one in gathered:
            if isinstance(one.connection, Exchanged):
                self._answer(answers, one, one.connection)
            else:
                connected.append(one)
        intended = self._intend(connected)
        for instant, together in groupby(intended, key=lambda one: one.delivery.send_at):
            departures = list(together)
            leaving = self._leaving(departures, answers)
            patience = departures[0].leave_by - self._clock.monotonic()
            self._clock.sleep_until(instant, max(0.0, patience))
            self._client.leave(leaving)
            self._act_all(departures, answers)
        for answered in _at_hand(answers, len(gathered) - len(connected) + len(intended)):
            guarded(partial(self._record, self._judged(answered)))

    def _record(self, outcomes: Sequence[DeliveryOutcome]) -> None:
        """Record outcomes, and go on with threads.

        What the ledger does not take at once is tried again in a thread of its own, so that no
        other waits for it.
        """
        tried = self._results.attempt(outcomes)
        self._build(tried.going_on)
        if tried.left:
            self._threads.begin(partial(self._record_later, tried.left))

    def _record_later(self, outcomes: Sequence[DeliveryOutcome]) -> None:
        self._clock.sleep_until(self._clock.ahead(_LEDGER_PAUSE), _LEDGER_PAUSE)
        self._build(self._results.write(*outcomes))

    def _prepare(self, delivery: Delivery) -> None:
        """Prepare a delivery, unless its lease ended while it waited for a thread."""
        if not self._has_lease(delivery):
            return
        try:
            prepared = self._preparation.prepare(delivery)
        except Conflict:
            log.info("let go: the delivery was moved by someone else", delivery=delivery.id)
        else:
            self._build([prepared] if prepared else [])

    def _build(self, deliveries: Sequence[Delivery]) -> None:
        """Build what makes the next part of each public, and connect to its server."""
        early: list[Delivery] = []
        unbuilt: list[DeliveryOutcome] = []
        actions: list[Departure] = []
        requests: list[tuple[Delivery, Request]] = []
        for delivery in deliveries:
            if delivery.send_at > self._clock.ahead(EARLY):  # the clock was set back
                early.append(delivery)
                continue
            outgoing = self._outgoing(delivery)
            if isinstance(outgoing, Outcome):
                unbuilt.append(DeliveryOutcome(delivery, outgoing))
            elif isinstance(outgoing, Action):
                actions.append(Departure(delivery, outgoing))
            else:
                requests.append((delivery, outgoing))
        self._slots.join(actions)
        if requests:
            self._client.connect(
                [request for _delivery, request in requests],
                lambda found: self._slots.join(
                    [Departure(*requests[n], connection) for n, connection in found]
                ),
            )
        if unbuilt:
            self._record(unbuilt)
        for delivery in early:
            self._put_down(delivery)

    def _outgoing(self, delivery: Delivery) -> Outgoing | Outcome:
        """What makes the next part public; the outcome when it cannot be built."""
        try:
            with self._channel_of(delivery.account) as channel:
                return channel.ready(parcel_of(delivery), delivery.prepared, delivery.remote_ids)
        except (ConfigurationError, CredentialsMissing) as problem:
            return unusable(problem, self._clock.ahead(ELSEWHERE_AGAIN))
        except Exception:
            log.exception("not built", delivery=delivery.id, channel=delivery.channel)
            return broken_before()

    def _give_back(self, gathered: Sequence[Departure]) -> None:
        """Leave deliveries for their instants, which the clock has moved away."""
        self._release(gathered)
        for departure in gathered:
            self._put_down(departure.delivery)

    def _put_down(self, delivery: Delivery) -> None:
        with suppress(Conflict):  # it was moved by somebody else
            self._attempts.put_down(delivery, delivery.prepared, delivery.send_at)

    def _intend(self, connected: Sequence[Departure]) -> list[Departure]:
        """Write the intents; returns those that may leave, by their instants and accounts.

        They wait for none that the ledger does not take now, which comes again in another slot.
        """
        if not connected:
            return []
        if objection := self._check and self._check.objection():
            self._release(connected)
            self._record([DeliveryOutcome(one.delivery, objection) for one in connected])
            return []
        written = list(zip(connected, self._written(connected), strict=True))
        self._release([one for one, what in written if what is None])
        if left := [one for one, what in written if isinstance(what, PublisherError)]:
            self._threads.begin(partial(self._come_again, left))
        return _in_order([what for _one, what in written if isinstance(what, Departure)])

    def _come_again(self, departures: Sequence[Departure]) -> None:
        """Put departures into a slot again in a moment, for as long as their leases last."""
        self._clock.sleep_until(self._clock.ahead(_LEDGER_PAUSE), _LEDGER_PAUSE)
        again: list[Departure] = []
        over: list[Departure] = []
        for one in departures:
            (again if self._has_lease(one.delivery) else over).append(one)
        self._slots.join(again)
        self._release(over)
        for one in over:
            log.warning("no intent was written", delivery=one.delivery.id)

    def _has_lease(self, delivery: Delivery) -> bool:
        return delivery.lease_until is not None and self._clock.now() < delivery.lease_until

    def _written(self, departures: Sequence[Departure]) -> list[Departure | PublisherError | None]:
        """Each with its intent; the error after which it is tried again; None: it may not leave."""
        lease_until = self._clock.ahead(self._leases.sending)
        leave_by = self._clock.monotonic() + INTENT_LIFE
        intents = [Intent(one.delivery, one.delivery.send_at, lease_until) for one in departures]
        try:
            written = self._attempts.intend_all(intents)
        except (LedgerUnavailable, StorageError) as away:
            return [away] * len(departures)  # if it was written after all, it is a conflict next
        return [
            replace(departure, delivery=one, leave_by=leave_by)
            if isinstance(one, Delivery) and one.state is State.PUBLISHING
            else one
            if isinstance(one, PublisherError)
            else None
            for departure, one in zip(departures, written, strict=True)
        ]

    def _leaving(
        self, departures: Sequence[Departure], answers: "SimpleQueue[_Answered]"
    ) -> list[Leaving]:
        """Their requests, which leave unless something speaks against it; answers are queued."""
        return [
            Leaving(connection, partial(self._objection, one), partial(self._answer, answers, one))
            for one in departures
            if (connection := _connection(one))
        ]

    def _act_all(self, departures: Sequence[Departure], answers: "SimpleQueue[_Answered]") -> None:
        for departure in departures:
            if isinstance(departure.outgoing, Action):  # which may wait for its account's folder
                work = partial(self._act, departure, departure.outgoing, answers)
                self._lanes.start(departure.delivery.account, work)

    def _act(self, departure: Departure, action: Action, answers: "SimpleQueue[_Answered]") -> None:
        self._answer(answers, departure, self._done(departure, action))

    def _done(self, departure: Departure, action: Action) -> Outcome:
        try:
            return action.run(partial(self._objection, departure))
        except Exception:
            log.exception("a channel raised", delivery=departure.delivery.id)
            return _broken_while_sending()

    def _objection(self, departure: Departure) -> Outcome | None:
        """Why it may not leave now."""
        delivery, now = departure.delivery, self._clock.now()
        is_over = not self._has_lease(delivery)
        is_past_expiry = delivery.expires_at is not None and now > delivery.expires_at
        is_early = now < delivery.send_at  # the clock was set back
        if is_over or is_past_expiry or is_early or self._clock.monotonic() > departure.leave_by:
            # This process was frozen, or the machine slept, which only the date shows; others may
            # assume by now that it died while sending. If they do, the ledger has a conflict.
            return Deferred(
                Kind.UNAVAILABLE,
                _("The worker did nothing for too long, or the clock was set back; not sent."),
            )
        return self._check.objection() if self._check else None

    def _answer(
        self, answers: "SimpleQueue[_Answered]", departure: Departure, how: Exchanged | Outcome
    ) -> None:
        """Queue what came of a departure, with the instant; called in any thread."""
        answers.put((departure, how, self._clock.now()))

    def _judged(self, answered: Iterable["_Answered"]) -> list[DeliveryOutcome]:
        """The outcomes of answers; those that have to be verified are recorded later."""
        judged: list[DeliveryOutcome] = []
        for departure, how, at in answered:
            delivery = departure.delivery
            outcome = self._judge(departure, how) if isinstance(how, Exchanged) else how
            if isinstance(outcome, Unverified):
                verify = partial(self._verify, DeliveryOutcome(delivery, outcome.outcome, at))
                self._lanes.start(delivery.account, verify)
            else:
                judged.append(DeliveryOutcome(delivery, outcome, at))
        return judged

    def _judge(self, departure: Departure, how: Exchanged) -> Outcome | Unverified:
        delivery, request = departure.delivery, cast("Request", departure.outgoing)
        parcel, sent = parcel_of(delivery), delivery.remote_ids
        try:
            with self._channel_of(delivery.account) as channel:
                return channel.judge(parcel, delivery.prepared, sent, request.answer(how))
        except Exception:
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            return broken_before() if how.wire is Wire.NOT_SENT else _broken_while_sending()

    def _verify(self, known: DeliveryOutcome) -> None:
        """Look whether it is as the answer said, and record the outcome."""
        delivery = known.delivery
        try:
            with self._channel_of(delivery.account) as channel:
                outcome = channel.verify(delivery.prepared, known.outcome)
        except Exception:
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            outcome = _broken_while_sending()
        self._build(self._results.write(known._replace(outcome=outcome)))

    def _release(self, departures: Iterable[Departure]) -> None:
        """Give back the connections of what will not leave."""
        self._client.release([found for one in departures if (found := _connection(one))])


_Answered = tuple[Departure, Exchanged | Outcome, datetime]


def _connection(departure: Departure) -> Connection | None:
    return None if isinstance(departure.connection, Exchanged) else departure.connection


def _at_hand(answers: "SimpleQueue[_Answered]", number: int) -> Iterator[list[_Answered]]:
    """What has come, each time that something has, until all has."""
    while number:
        come = [answers.get()]
        with suppress(Empty):
            while True:
                come.append(answers.get_nowait())
        number -= len(come)
        yield come


def _in_order(departures: Sequence[Departure]) -> list[Departure]:
    """By instant; of those at one instant, one of each account by turns."""
    instants = defaultdict[datetime, dict[str, list[Departure]]](dict)
    for one in departures:
        accounts = instants[one.delivery.send_at]
        accounts.setdefault(one.delivery.account, []).append(one)
    return [one for at in sorted(instants) for one in by_turns(instants[at].values())]


def _broken_while_sending() -> Unknown:
    return Unknown(_("Publisher failed while it was sending; the error in its log says more."))
