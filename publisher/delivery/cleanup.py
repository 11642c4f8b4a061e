"""Cleanup: deletes unpublished orphans of ended deliveries from their platforms."""

from functools import partial

import structlog

from publisher.base.errors import ConfigurationError, CredentialsMissing, PublisherError
from publisher.base.i18n import _
from publisher.channels.base import NotPrepared
from publisher.channels.pool import ChannelOf
from publisher.delivery.identity import KeyCheck
from publisher.delivery.preparation import parcel_of
from publisher.delivery.threads import Lanes
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Accepted, Unknown

log = structlog.get_logger()


class Clearing:
    """Deletes what cancelled, failed, missed and held deliveries left at their platforms."""

    def __init__(
        self,
        leftovers: Orphans,
        channel_of: ChannelOf,
        identity: KeyCheck,
        lanes: Lanes,
    ) -> None:
        """`identity` checks whose keys an account has; `lanes` has the threads."""
        self._identity = identity
        self._leftovers = leftovers
        self._channel_of = channel_of
        self._lanes = lanes

    def clear(self, claim: Claim) -> None:
        """Delete what one delivery left. A claim that is no longer valid does no harm."""
        delivery = self._leftovers.give_up(claim)
        if delivery:
            self._lanes.start(delivery.account, partial(self._take_away, delivery))

    def _take_away(self, begun: Delivery) -> None:
        delivery: Delivery | None = begun
        try:
            while delivery and delivery.prepared.stays:
                delivery = self._next(delivery)
        except Conflict:
            log.info("let go: someone brought it back", delivery=begun.id)

    def _next(self, delivery: Delivery) -> Delivery | None:
        """One round, which finds or deletes something; None when the cleanup ends here."""
        try:
            with self._channel_of(delivery.account) as channel:
                # With another owner's keys it may look deleted.
                if stranger := self._identity.check(delivery.account, channel):
                    raise NotPrepared(stranger)
                left = channel.clear(parcel_of(delivery), delivery.prepared)
        except NotPrepared as problem:
            outcome, prepared = problem.outcome, problem.prepared or delivery.prepared
            if isinstance(outcome, Accepted):
                log.warning("public after all", delivery=delivery.id, remote_id=outcome.remote_id)
                self._leftovers.out(delivery, prepared, outcome)
                return None
            message = outcome.message
            if isinstance(outcome, Unknown):
                log.warning("public after all", delivery=delivery.id, message=message)
                return self._leftovers.public(delivery, prepared, message)
            self._leftovers.failed(delivery, prepared, message)
        except (ConfigurationError, CredentialsMissing) as problem:
            self._leftovers.failed(delivery, delivery.prepared, str(problem))
        except PublisherError:
            raise  # the ledger is away: when the lease is over, another worker goes on
        except Exception:
            log.exception("a channel raised", delivery=delivery.id, channel=delivery.channel)
            message = _("Publisher failed while it cleaned up; the error in its log says more.")
            self._leftovers.failed(delivery, delivery.prepared, message)
        else:
            return self._leftovers.cleared(delivery, left)
        return None
