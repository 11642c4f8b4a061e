"""Reconciliation by a worker: looks for an uncertain delivery on its platform."""

from collections.abc import Callable
from functools import partial

import structlog

from publisher.base.errors import ConfigurationError, CredentialsMissing, PublisherError
from publisher.base.i18n import _
from publisher.channels.pool import ChannelOf
from publisher.delivery.identity import KeyCheck
from publisher.delivery.preparation import parcel_of, unusable
from publisher.delivery.result_writer import note
from publisher.delivery.threads import Lanes
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.transitions import Conflict
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Absent, Deferred, Kind, Sighting, Unknown
from publisher.model.states import State

log = structlog.get_logger()


class Reconciler:
    """Looks for uncertain deliveries on their platforms."""

    def __init__(
        self,
        doubts: Doubts,
        channel_of: ChannelOf,
        identity: KeyCheck,
        lanes: Lanes,
        send_again: Callable[[Delivery], None],
        check: ClockCheck | None = None,
    ) -> None:
        """`identity` checks whose keys an account has; `lanes` has the threads; `send_again` sends
        what is not there, where that is safe; `check`: as for `courier.Courier`.
        """
        self._send_again = send_again
        self._doubts = doubts
        self._identity = identity
        self._channel_of = channel_of
        self._check = check
        self._lanes = lanes

    def reconcile(self, claim: Claim) -> None:
        """Look for one delivery, and record the result."""
        if self._check and self._check.trouble():
            # With a wrong clock the platform would seem settled too soon; when the lease is over, a
            # worker with a right clock looks.
            return
        if delivery := self._doubts.take(claim):
            look = partial(self._take_on_if_claimed, claim)
            if delivery.is_forgotten:  # one reading tells of all that it may have: one by one
                self._lanes.start(f"{delivery.account} forgotten", look, width=1)
            else:
                self._lanes.start(delivery.account, look)

    def _take_on_if_claimed(self, claim: Claim) -> None:
        """After a wait in the lane that was longer than the lease, another worker looks for it."""
        if delivery := self._doubts.take(claim):
            self._take_on(delivery)

    def _take_on(self, delivery: Delivery) -> None:
        try:
            recorded = self._doubts.record(delivery, self._look(delivery))
        except Conflict:
            log.info("let go: the delivery was moved by someone else", delivery=delivery.id)
            return
        if recorded.state is not State.UNCERTAIN:
            note(recorded)
        if recorded.state is State.PUBLISHING:
            self._send_again(recorded)

    def _look(self, delivery: Delivery) -> Sighting:
        since = delivery.doubt_since or delivery.due_at
        if delivery.corrects and delivery.target is None:
            if not self._doubts.waits_for_its_original(delivery):
                return Absent()  # what was never out has not been corrected
            message = _(
                "Publisher looks for it once it is known that {post}, which it corrects, is out.",
                post=delivery.corrects,
            )
            return Deferred(Kind.UNAVAILABLE, message)
        try:
            with self._channel_of(delivery.account) as channel:
                # On another owner's account it would not be found, and go out twice.
                if stranger := self._identity.check(delivery.account, channel):
                    return stranger
                taken = self._doubts.ids_of_others(delivery)
                return channel.find(
                    parcel_of(delivery), delivery.prepared, delivery.remote_ids, since, taken
                )
        except (ConfigurationError, CredentialsMissing) as problem:
            return unusable(problem)
        except PublisherError:
            raise  # the ledger is away: when the lease is over, another worker looks
        except Exception:
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            return Unknown(
                _(
                    "Publisher failed while it looked for the post; the error in its log says "
                    "more. Look at the account, then record what you saw with `publisher "
                    "resolve` or `publisher retry`."
                )
            )
