"""Preparation: all that needs the network before a delivery's time, on record step by step."""

from collections.abc import Callable
from datetime import datetime

import structlog

from publisher.base.clock import Clock
from publisher.base.errors import (
    AccountElsewhere,
    ConfigurationError,
    CredentialsMissing,
    KeysExpired,
    PublisherError,
)
from publisher.base.i18n import _, joined
from publisher.channels.answers import AGAIN
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.pool import ChannelOf
from publisher.channels.registry import CAPABILITIES
from publisher.delivery.identity import AccountLock, KeyCheck, Unlocked
from publisher.delivery.leases import LOOK_AHEAD, Leases
from publisher.delivery.result_writer import DeliveryOutcome, ResultWriter
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.attempts import Attempts
from publisher.model.deliveries import Delivery, Parcel, Prepared
from publisher.model.outcomes import UNTIL_MENDED, Accepted, AccountSuspended, Deferred, Kind

ELSEWHERE_AGAIN = 1.0
"""Real seconds until a post that another machine can send is handed out again, to any of them: it
was claimed long enough before its instant for some turns.
"""
log = structlog.get_logger()


class Preparation:
    """Prepares deliveries at their platforms."""

    def __init__(
        self,
        attempts: Attempts,
        results: ResultWriter,
        channel_of: ChannelOf,
        clock: Clock,
        leases: Leases,
        identity: KeyCheck,
        ends_soon: Callable[[str], bool] = lambda _account: False,
        lock: AccountLock | None = None,
    ) -> None:
        """`identity` checks whose keys an account has; `ends_soon`, whether they are to be renewed
        first, which `channel_of` does; `lock`, whether another ledger publishes to it.
        """
        self._attempts = attempts
        self._results = results
        self._channel_of = channel_of
        self._clock = clock
        self._leases = leases
        self._identity = identity
        self._ends_soon = ends_soon
        self._lock = lock or Unlocked()

    def is_needed(self, delivery: Delivery) -> bool:
        """Whether a delivery may need the network before its time."""
        capabilities = CAPABILITIES.get(delivery.channel)
        account = delivery.account
        is_known = self._identity.is_verified(account) and self._lock.is_held(account)
        if self._ends_soon(account) or not is_known:
            return True
        if _is_down_to_a_comment(delivery):
            return False
        return (
            capabilities is None
            or capabilities.prepares_posts
            or delivery.has_target
            or any(part.pictures for part in delivery.content.parts)
        )

    def prepare(self, delivery: Delivery) -> Delivery | None:
        """The delivery, ready to leave; None when it ends here for now, which is then on record.

        Raises `Conflict` when somebody else has changed it, and the ledger's errors.
        """
        try:
            with self._channel_of(delivery.account) as channel:
                account = delivery.account
                if stop := self._identity.check(account, channel) or self._taken(account):
                    self._results.write(DeliveryOutcome(delivery, stop))
                    return None
                return self._make_ready(channel, delivery)
        except (ConfigurationError, CredentialsMissing) as problem:
            again_at = self._clock.ahead(ELSEWHERE_AGAIN)
            self._results.write(DeliveryOutcome(delivery, unusable(problem, again_at)))
        except (PublisherError, Conflict):
            raise
        except Exception:
            log.exception("no channel", delivery=delivery.id, channel=delivery.channel)
            self._results.write(DeliveryOutcome(delivery, broken_before()))
        return None

    def _taken(self, account: str) -> AccountSuspended | None:
        return None if self._lock.is_held(account) else self._lock.take(account)

    def _make_ready(self, channel: Channel, delivery: Delivery) -> Delivery | None:
        """Prepare the delivery as far as possible; None when it ends here, which is then on record.

        This takes more than one round when an earlier attempt left something at the platform, and
        for video and GIF: they are uploaded in pieces, ahead of their time, and the delivery is put
        down when they are ready or the platform processes them.
        """
        if _is_down_to_a_comment(delivery):
            return delivery
        makes_a_post = not delivery.content.edits and delivery.content.answers is None
        lays_ready = channel.capabilities.prepares_posts and makes_a_post
        prepares_posts = lays_ready
        can_create_at_once = channel.capabilities.can_create_at_once and makes_a_post
        if can_create_at_once and not delivery.prepared.holds(delivery.content):
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
            if prepared.upload and prepared.upload.look_at:
                self._attempts.put_down(delivery, prepared, prepared.upload.look_at)
                return None
            if prepared == known:
                return delivery
            is_charged = prepared.upload is not None
            lease = self._leases.preparing if is_charged else LOOK_AHEAD + self._leases.claimed
            delivery = self._attempts.checkpoint(delivery, prepared, self._lease(lease))
            ready = delivery.prepared
            is_prepared = ready.holds(delivery.content) and not ready.leftovers
            # Also where it is created at its instant: its pictures, and what an attempt left.
            is_whole = is_prepared if lays_ready else True
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

    def _prepare(self, channel: Channel, delivery: Delivery, known: Prepared) -> Prepared | None:
        try:
            return channel.prepare(parcel_of(delivery), known, self._attempts.read_media)
        except NotPrepared as problem:
            if isinstance(problem.outcome, Accepted):
                ready = delivery.model_copy(update={"prepared": problem.prepared or known})
                self._results.write(DeliveryOutcome(ready, problem.outcome))
                return None
            if problem.prepared is not None:
                lease_until = self._lease(self._leases.preparing)
                delivery = self._attempts.checkpoint(delivery, problem.prepared, lease_until)
            self._results.write(DeliveryOutcome(delivery, problem.outcome))
        except PublisherError:
            raise  # the ledger is away: the lease decides
        except Exception:
            # Nothing is public yet, so it may be tried again, until it expires.
            log.exception("not made ready", delivery=delivery.id, channel=delivery.channel)
            self._results.write(DeliveryOutcome(delivery, broken_before()))
        return None

    def _lease(self, seconds: float) -> datetime:
        return self._clock.ahead(seconds)


def _is_down_to_a_comment(delivery: Delivery) -> bool:
    """Whether all but its comment is out, for which nothing is prepared."""
    left = delivery.content.parts[len(delivery.remote_ids) :]
    return bool(left) and all(part.is_comment for part in left)


def broken_before() -> Deferred:
    """The outcome when Publisher itself failed, and nothing has left."""
    return Deferred(
        Kind.UNAVAILABLE,
        _("Publisher failed before it sent the post; the error in its log says more."),
    )


def unusable(
    problem: ConfigurationError | CredentialsMissing, again_at: datetime | None = None
) -> AccountSuspended | Deferred:
    """The outcome for an account whose settings or credentials are wrong.

    Where another machine can use it, the post is left to that one, from `again_at` on.
    """
    if isinstance(problem, AccountElsewhere):
        told = joined(*problem.args[:1], problem.hint or "")
        return Deferred(Kind.UNAVAILABLE, told, again_at)
    if isinstance(problem, KeysExpired):  # new ones are taken from the file
        again = _(AGAIN)
    else:
        again = _("Then restart `publisher run`, or the workers: Publisher tries again by itself.")
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
        send_at=delivery.send_at,
        target=delivery.target,
        out=delivery.remote_ids,
        is_forgotten=delivery.is_forgotten,
    )
