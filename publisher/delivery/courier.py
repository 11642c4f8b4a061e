"""The courier: a worker prepares, sends and records one delivery.

The order of its steps is what guarantees that nothing goes out twice: prepare (nothing of it is
public), make the request, write the intent, send it once at the instant, record the outcome.
Whatever dies in between, the ledger says how far it came; docs/reliability.md goes through every
case.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import (
    ConfigurationError,
    CredentialsMissing,
    LedgerUnavailable,
    PublisherError,
    StorageError,
)
from publisher.base.i18n import _, joined
from publisher.channels.base import Channel, NotDeparted, NotPrepared
from publisher.channels.pool import ChannelOf
from publisher.delivery.bulkhead import Lanes
from publisher.delivery.gate import Gate
from publisher.delivery.identity import KeyCheck, any_keys
from publisher.delivery.send import Departure
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.attempts import Attempts
from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery, Parcel, Prepared
from publisher.model.outcomes import (
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Unknown,
)
from publisher.model.states import State

LOOK_AHEAD = 4.0
"""Real seconds before its instant at which a delivery is claimed and prepared."""
_EARLY = LOOK_AHEAD + 6.0
"""A worker keeps a delivery that is at most this many real seconds early: its clock may be behind
the dispatcher's.
"""
_MARGIN = 5.0  # real seconds that a lease outlasts the slowest request

_LEDGER_PAUSE = 0.5  # real seconds between two tries to write while the ledger is away
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Leases:
    """The lengths of a worker's leases, in real seconds."""

    claimed: float
    """From the claim until it begins to prepare or, where there is nothing to prepare, until its
    intent: a dead worker's delivery is due again then."""
    preparing: float
    sending: float
    reading: float

    @property
    def longest(self) -> float:
        return max(self.claimed, self.preparing, self.sending, self.reading)

    @classmethod
    def for_timeout(cls, request_timeout: timedelta) -> "Leases":
        """Leases that outlast requests which may take `request_timeout`."""
        request = request_timeout.total_seconds()
        return cls(
            claimed=LOOK_AHEAD + 15.0,
            preparing=10 * request + _MARGIN,  # pictures, their alt texts, an unpublished post
            sending=INTENT_LIFE + request + _MARGIN,
            reading=3 * request + _MARGIN,
        )


class Courier:
    """Sends claimed deliveries to their platforms."""

    def __init__(
        self,
        attempts: Attempts,
        channel_of: ChannelOf,
        clock: Clock,
        leases: Leases,
        check: ClockCheck | None = None,
        lanes: Lanes | None = None,
        check_keys: KeyCheck = any_keys,
    ) -> None:
        """`check` says whether the clock is wrong; None: it is always right. `lanes` limits how
        many threads a channel may hold; None: no limit. `check_keys` checks whose keys an account
        has.
        """
        self._check_keys = check_keys
        self._attempts = attempts
        self._channel_of = channel_of
        self._check = check
        self._lanes = lanes
        self._clock = clock
        self._gate = Gate(clock, INTENT_LIFE)
        self._leases = leases

    def deliver(self, claim: Claim) -> None:
        """Take one delivery as far as possible now. Returns when the ledger has the outcome, or
        when a thread of its channel will go on with it.

        A claim that is no longer valid, because the delivery has changed, does no harm.
        """
        delivery = self._attempts.take(claim)
        if delivery is None:
            return
        if self._lanes is None:
            self._take_on(delivery)
        else:
            self._lanes.run(delivery.channel, lambda: self._take_on_if_claimed(delivery))

    def _take_on_if_claimed(self, delivery: Delivery) -> None:
        """Deliver it, unless its lease ended during the wait in the lane."""
        if delivery.lease_until is not None and self._clock.now() < delivery.lease_until:
            self._take_on(delivery)

    def _take_on(self, delivery: Delivery) -> None:
        try:
            if objection := self._check and self._check.objection():
                self._record(delivery, objection)
            else:
                self._deliver(delivery)
        except Conflict:
            log.info("let go: the delivery was moved by somebody else", delivery=delivery.id)

    def _deliver(self, delivery: Delivery) -> None:
        with ExitStack() as lent:
            channel = self._borrow(lent, delivery)
            if channel and (stranger := self._check_keys(delivery.account, channel)):
                self._record(delivery, stranger)
                return
            ready = self._make_ready(channel, delivery) if channel else None
            while channel and ready and ready.state is State.PUBLISHING:
                ready = self._send_next_part(channel, ready)

    def _borrow(self, lent: ExitStack, delivery: Delivery) -> Channel | None:
        try:
            return lent.enter_context(self._channel_of(delivery.account))
        except (ConfigurationError, CredentialsMissing) as problem:
            self._record(delivery, unusable(problem))
        except Exception:
            log.exception("no channel", delivery=delivery.id, channel=delivery.channel)
            self._record(delivery, _broken_before())
        return None

    def _make_ready(self, channel: Channel, delivery: Delivery) -> Delivery | None:
        """Prepare the delivery as far as possible; None when it ends here, which is then on record.

        This takes more than one round when an earlier attempt left something at the platform, and
        for video and GIF: they are uploaded in pieces, ahead of their time, and the delivery is put
        down when they are ready or the platform processes them.
        """
        prepares_posts = channel.capabilities.prepares_posts
        if prepares_posts and not delivery.prepared.holds(delivery.content):
            delivery = self._at_once_where_it_must_be(delivery)
            prepares_posts = not delivery.prepared.at_once
        is_charged = False
        if (upload := delivery.prepared.upload) and upload.look_at:
            # It was claimed a little before; but not if the clock was set back meanwhile.
            self._clock.sleep_until(min(upload.look_at, self._lease(LOOK_AHEAD)), LOOK_AHEAD)
        while True:
            known = delivery.prepared
            shows = any(part.pictures for part in delivery.content.parts)
            if not is_charged and (prepares_posts or shows):
                # Requests take long: keep the lease until they have ended, whatever their outcome.
                begins = prepares_posts and not known.holds(delivery.content)
                delivery = self._attempts.checkpoint(
                    delivery,
                    known.begin(delivery.content, self._clock.now()) if begins else known,
                    self._lease(self._leases.preparing),
                )
            prepared = self._prepare(channel, delivery, known)
            if prepared is None:
                return None
            if (next_check_at := self._wait_until(delivery, prepared)) is not None:
                self._attempts.put_down(delivery, prepared, next_check_at)
                return None
            if prepared == known:
                return delivery
            is_charged = prepared.upload is not None
            lease = self._leases.preparing if is_charged else LOOK_AHEAD + self._leases.claimed
            delivery = self._attempts.checkpoint(delivery, prepared, self._lease(lease))
            ready = delivery.prepared
            is_prepared = ready.holds(delivery.content) and not ready.leftovers
            is_whole = is_prepared if channel.capabilities.prepares_posts else True
            if is_whole and not is_charged:
                return delivery

    def _at_once_where_it_must_be(self, delivery: Delivery) -> Delivery:
        """The delivery, to be posted only at its instant if its platform publishes early.

        Then an unknown outcome is resolved by the post's text.
        """
        known = delivery.prepared
        if known.at_once or not self._attempts.publishes_early(delivery.account):
            return delivery
        at_once = known.model_copy(update={"at_once": True})
        lease = self._lease(self._leases.preparing)
        return self._attempts.checkpoint(delivery, at_once, lease)

    def _wait_until(self, delivery: Delivery, prepared: Prepared) -> datetime | None:
        """When to go on with a delivery that is prepared as far as possible; None: at once.

        Video and GIF are early, as they are prepared long before; anything else only when the clock
        was set back, and then no worker must hold it for hours.
        """
        if prepared.upload:
            return prepared.upload.look_at
        is_early = delivery.send_at > self._lease(_EARLY)
        return delivery.send_at if is_early else None

    def _prepare(self, channel: Channel, delivery: Delivery, known: Prepared) -> Prepared | None:
        try:
            return channel.prepare(parcel_of(delivery), known, self._attempts.read_media)
        except NotPrepared as problem:
            if isinstance(problem.outcome, Accepted):
                ready = delivery.model_copy(update={"prepared": problem.prepared or known})
                self._record(ready, problem.outcome)
                return None
            if problem.prepared is not None:
                lease_until = self._lease(self._leases.preparing)
                delivery = self._attempts.checkpoint(delivery, problem.prepared, lease_until)
            self._record(delivery, problem.outcome)
        except PublisherError:
            raise  # the ledger is away: the lease decides
        except Exception:
            # Nothing is public yet, so it may be tried again, until it expires.
            log.exception("not made ready", delivery=delivery.id, channel=delivery.channel)
            self._record(delivery, _broken_before())
        return None

    def _send_next_part(self, channel: Channel, delivery: Delivery) -> Delivery | None:
        """One request, with one intent before its first byte, and one outcome.

        None when it must not go out now.
        """
        departure = Departure(
            self._attempts,
            self._clock,
            self._gate,
            delivery,
            lambda: self._lease(self._leases.sending),
            self._check,
        )
        outcome = self._send(channel, departure)
        if departure.is_early:
            self._attempts.put_down(delivery, delivery.prepared, delivery.send_at)
        return None if outcome is None else self._record(departure.delivery, outcome)

    @staticmethod
    def _send(channel: Channel, departure: Departure) -> Outcome | None:
        """The outcome of the request; None when the ledger did not let it leave."""
        delivery = departure.delivery
        parcel, prepared, sent = parcel_of(delivery), delivery.prepared, delivery.remote_ids
        try:
            return channel.send(parcel, prepared, sent, departure)
        except NotDeparted:
            if departure.objection:
                return departure.objection
            if not departure.is_intended:
                return None
            return Deferred(
                Kind.UNAVAILABLE,
                _("The worker stood still for too long, or the clock was set back; not sent."),
            )
        except (Conflict, PublisherError):
            raise  # the ledger's errors about the intent
        except Exception:
            # A channel must not raise; if it does, the request may still have left.
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            if not departure.is_intended:
                return _broken_before()
            return Unknown(
                _("Publisher failed while it was sending; the error in its log says more.")
            )

    def _record(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        """Record the outcome of a request; retries while the ledger is away.

        An unknown outcome is not recorded while the clock is wrong: its time to settle would be
        wrong too. When the lease ends, a dispatcher whose clock is right records it.
        """
        if isinstance(outcome, Unknown) and self._check and self._check.trouble():
            raise Conflict
        answered_at = self._clock.now()
        give_up = self._clock.monotonic() + self._leases.sending
        while True:
            try:
                if isinstance(outcome, Accepted) and outcome.public_since:
                    log.info("public on its own", delivery=delivery.id, id=outcome.remote_id)
                    return self._attempts.record_public(delivery, delivery.prepared, outcome)
                lease_until = self._lease(self._leases.sending)
                return self._attempts.record(delivery, outcome, lease_until, answered_at)
            except Conflict:
                if not isinstance(outcome, Accepted):
                    raise
                log.warning("answered late", delivery=delivery.id, remote_id=outcome.remote_id)
                return self._attempts.record_late(delivery, outcome)
            except (LedgerUnavailable, StorageError):
                if self._clock.monotonic() > give_up:
                    log.warning("not recorded", delivery=delivery.id, outcome=outcome)
                    raise
                self._clock.sleep_until(self._lease(_LEDGER_PAUSE), _LEDGER_PAUSE)

    def _lease(self, seconds: float) -> datetime:
        return self._clock.ahead(seconds)


def _broken_before() -> Deferred:
    return Deferred(
        Kind.UNAVAILABLE,
        _("Publisher failed before it sent the post; the error in its log says more."),
    )


def unusable(problem: ConfigurationError | CredentialsMissing) -> AccountSuspended:
    """The outcome for an account whose settings or credentials are wrong."""
    again = _("Then start `publisher run`, or the workers, anew: it is tried again by itself.")
    return AccountSuspended(
        Kind.AUTH, joined(*problem.args[:1], problem.hint or "", again), backoff=UNTIL_MENDED
    )


def parcel_of(delivery: Delivery) -> Parcel:
    """The delivery as a channel needs it."""
    return Parcel(
        post=delivery.post,
        account=delivery.account,
        content=delivery.content,
        due_at=delivery.due_at,
        is_forgotten=delivery.is_forgotten,
    )
