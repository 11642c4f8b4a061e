"""A channel that answers as a test lays down, and what goes with it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Action, Objection
from publisher.delivery.courier import Courier
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Attempts
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery, Parcel, Prepared
from publisher.model.outcomes import Accepted, Answer, Outcome, Sighting
from publisher.platforms.twitter.spec import TWITTER
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, courier_with


class OnlySends:
    """The half of a channel that no courier asks, or not of one that makes no requests."""

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Answer
    ) -> Outcome | Unverified:
        raise AssertionError("there are no requests")

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        raise AssertionError("there are no requests")

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

    def withdraw(self, remote_id: str, prepared: Prepared | None = None) -> Outcome:
        raise AssertionError("a courier does not withdraw")

    @property
    def owner_id(self) -> None:
        return None

    def owner(self) -> Owner:
        raise AssertionError("there are no keys")

    def examine(self) -> Health:
        raise AssertionError("a courier does not examine")

    def engagement(self, remote_ids: Sequence[str]) -> EngagementReading:
        raise AssertionError("a courier reads no counts")


@dataclass
class ScriptedChannel(OnlySends):
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

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Action:
        def run(objection: Objection) -> Outcome:
            if objected := objection():
                return objected
            self.before_send()
            self.sent.append((self.clock.now(), len(sent) + 1))
            return self.answers.pop(0) if self.answers else Accepted(str(100 + len(sent)))

        return Action(run)


class NotAskedYet(AnyKeys):
    """All keys are an account's own, which is found out for each post before its time."""

    def is_verified(self, account: str) -> bool:
        return False


def courier_of(
    attempts: Attempts,
    channel: ScriptedChannel,
    clock: ManualClock,
    check: ClockCheck | None = None,
    *,
    prepares: bool = False,
) -> Courier:
    """`prepares`: each post is prepared, also where it shows nothing."""
    identity = NotAskedYet() if prepares else AnyKeys()
    return courier_with(
        attempts, lambda _account: nullcontext(channel), clock, check=check, identity=identity
    )


def claim_one(dispatch: Dispatch, clock: ManualClock) -> Claim:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(17), 1)
    return claim


def only(queries: Queries) -> Delivery:
    (delivery,) = queries.deliveries()
    return delivery


def events(queries: Queries) -> list[str]:
    return [step.event for step in queries.history("post.fr")]
