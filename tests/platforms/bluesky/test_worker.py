"""A worker, its ledger and Bluesky: after a lost answer nothing waits for a settling time."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.channels.base import Channel
from publisher.delivery.cleanup import Clearing
from publisher.delivery.courier import Courier
from publisher.delivery.reconcile import Reconciler
from publisher.delivery.withdraw import Withdrawal
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.outcomes import Accepted, Kind
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, courier_with, lanes
from tests.support.sending import send
from tests.support.wishes import add, wish

SETTLE = 60
TEXTS = ("Un", "Deux", "Trois")


class Died(BaseException):
    """The worker's process ends here."""


@dataclass
class Desk:
    """An account on Bluesky, and a ledger whose deliveries a worker takes there."""

    stage: Stage
    database: Database
    ledger: Ledger
    dispatch: Dispatch
    control: Control
    queries: Queries
    clock: ManualClock
    attempts: OneByOne = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = OneByOne(self.database, self.clock, settle=SETTLE)

    def queue(self, *texts: str, post: str = "post.fr", **more: Any) -> None:
        content = Content(parts=tuple(Part(text=text) for text in texts), lang="fr")
        account = {"account": self.stage.account.name, "channel": "bluesky"}
        add(
            self.ledger,
            wish(self.clock, post, **{"due_in": 1, **account, "content": content, **more}),
        )

    def channel(self) -> Channel:
        return self.stage.open()

    def work(self, attempts: OneByOne | None = None) -> None:
        """Let a worker take what is due now as far as it goes."""
        courier = self.courier(self.channel(), attempts)
        for claim in self.dispatch.claim(self.clock.ahead(2), self.clock.ahead(17), 10):
            courier.deliver([claim])

    def courier(self, channel: Channel, attempts: OneByOne | None = None) -> Courier:
        return courier_with(
            attempts or self.attempts,
            lambda _account: nullcontext(channel),
            self.clock,
            timeout=self.stage.patience,
        )

    def look(self) -> None:
        """Let a worker look for what is uncertain, and clear away what is left."""
        channel = self.channel()
        doubts = Doubts(self.database, self.clock, SETTLE)
        again = self.courier(channel).send_again
        reconciler = Reconciler(
            doubts, lambda _account: nullcontext(channel), AnyKeys(), lanes(), again
        )
        for claim in doubts.claim(self.clock.ahead(60), 10):
            reconciler.reconcile(claim)
        orphans = Orphans(self.database, self.clock)
        clearing = Clearing(orphans, lambda _account: nullcontext(channel), AnyKeys(), lanes())
        for claim in orphans.claim(self.clock.ahead(60), 10):
            clearing.clear(claim)

    def withdrawal(self) -> Withdrawal:
        channel = self.channel()
        return Withdrawal(
            self.control,
            Withdrawals(self.database, self.clock, SETTLE),
            Safeguards(self.database, self.clock),
            lambda _account: nullcontext(channel),
            AnyKeys(),
            lanes(),
        )

    def fail(self, *faults: Fault) -> None:
        self.stage.sandbox.faults.set(faults)

    @property
    def delivery(self) -> Delivery:
        (delivery,) = self.queries.deliveries()
        return delivery

    def state(self) -> State:
        return self.delivery.state

    @property
    def there(self) -> list[str]:
        return [shown.text for shown in self.stage.shown()]

    def requests(self, endpoint: str) -> int:
        return int(self.stage.sandbox.state()["requests"].get(endpoint, 0))


class Dying(OneByOne):
    """A worker's side of the ledger that dies before an outcome is on record."""

    def record_all(self, results: Sequence[Any]) -> Any:
        del results
        raise Died


@pytest.fixture
def desk(
    stages: Stages,
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    control: Control,
    queries: Queries,
    clock: ManualClock,
) -> Desk:
    return Desk(stages("bluesky"), database, ledger, dispatch, control, queries, clock)


def died(desk: Desk) -> None:
    """Let a worker die after its request, and its lease run out."""
    dying = Dying(desk.database, desk.clock, settle=SETTLE)
    with pytest.raises(Died):
        desk.work(dying)
    desk.clock.advance(120)
    desk.dispatch.reap()
    assert desk.state() is State.UNCERTAIN


def test_all_parts_of_a_thread_are_on_record_at_once(desk: Desk) -> None:
    desk.queue(*TEXTS)
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.delivery.attempts == 1
    assert desk.there == [*TEXTS]
    assert desk.delivery.remote_ids == tuple(shown.id for shown in desk.stage.shown())
    assert desk.delivery.url
    assert desk.delivery.url.endswith(desk.delivery.remote_ids[0])
    (told,) = [s for s in desk.queries.history("post.fr") if s.event == "published"]
    assert told.detail["ids"] == [*desk.delivery.remote_ids]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", LOST)
def test_after_a_lost_answer_it_goes_on_at_once(desk: Desk, what: What, commit: bool) -> None:
    """Within five seconds it is out, once: no time to settle, and nobody is asked."""
    desk.queue(*TEXTS)
    desk.fail(Fault(what=what, endpoint="applyWrites", commit=commit, times=1))
    started = desk.clock.now()
    for _ in range(4):
        desk.work()
        desk.look()
        if desk.state() is State.PUBLISHED:
            break
        desk.clock.advance(1)
    assert desk.state() is State.PUBLISHED
    assert desk.clock.now() - started < timedelta(seconds=5)
    assert desk.there == [*TEXTS]
    assert len(desk.delivery.remote_ids) == len(TEXTS)


@pytest.mark.parametrize("commit", [True, False])
def test_after_a_workers_death_nothing_settles(desk: Desk, commit: bool) -> None:
    """What is there is published, what is not there is sent: at the first look, and at once."""
    desk.queue(*TEXTS)
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites", commit=commit))
    died(desk)
    desk.fail()
    at = desk.clock.now()
    desk.look()
    assert desk.clock.now() - at < timedelta(seconds=3)
    assert desk.state() is State.PUBLISHED
    assert desk.there == [*TEXTS]
    assert len(desk.delivery.remote_ids) == len(TEXTS)


def test_what_is_to_be_stopped_is_absent_only_after_it_had_time_to_come(desk: Desk) -> None:
    """Nobody repeats it, so a request that is still under way would go unnoticed."""
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites"))
    died(desk)
    desk.control.cancel("post.fr", None, actor="redaction", reason="wrong")
    desk.look()
    assert desk.state() is State.UNCERTAIN
    for _ in range(5):
        desk.clock.advance(SETTLE / 2)
        desk.look()
    assert desk.state() is State.CANCELLED
    assert desk.there == []


def test_what_an_account_may_not_repeat_stays_in_doubt_until_it_had_time_to_come(
    desk: Desk,
) -> None:
    """While it is paused, a request that is still under way may make it public."""
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites"))
    desk.work()
    desk.control.pause(None, "crisis", "direction")
    desk.look()
    assert desk.state() is State.UNCERTAIN
    for _ in range(5):
        desk.clock.advance(SETTLE / 2)
        desk.look()
    assert desk.state() is State.SCHEDULED
    assert desk.there == []


def test_a_repeat_that_is_refused_settles_before_it_has_failed(desk: Desk) -> None:
    """The request before it may still be carried out: until then it may be out."""
    desk.queue("Bonjour")
    desk.fail(
        Fault(what=What.HANG_UP, endpoint="applyWrites", nth=(1,)),
        Fault(what=What.BAD_REQUEST, endpoint="applyWrites"),
    )
    desk.work()
    desk.look()
    assert desk.state() is State.UNCERTAIN
    assert desk.requests("applyWrites") == 2
    for _ in range(5):
        desk.clock.advance(SETTLE / 2)
        desk.look()
    assert desk.state() is State.FAILED
    assert desk.delivery.error_kind == Kind.CONTENT
    assert desk.requests("applyWrites") == 2


def test_a_server_that_fails_all_the_time_is_not_hurried(desk: Desk) -> None:
    """Its posts can be read, and none is made: the repeats come 2, 4, 8 … 60 seconds apart."""
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.SERVER_ERROR, endpoint="applyWrites"))
    desk.work()
    for _ in range(120):
        desk.look()
        desk.clock.advance(1)
    assert 5 <= desk.requests("applyWrites") <= 8


def test_what_a_lost_request_may_bring_back_is_deleted_again_before_it_is_withdrawn(
    desk: Desk,
) -> None:
    """The first request is still on its way when the post, made by the second, is deleted."""
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites", times=1))
    desk.work()
    desk.look()
    published = desk.delivery
    assert published.state is State.PUBLISHED
    withdrawal = desk.withdrawal()
    (done,) = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    assert desk.there == []
    assert "may make it public once more" in str(done.problem)
    parcel = desk.stage.parcel("Bonjour").model_copy(update={"content": published.content})
    send(desk.channel(), parcel, published.prepared, ())  # the request that was under way
    assert desk.there == ["Bonjour"]
    withdrawals = Withdrawals(desk.database, desk.clock, SETTLE)
    desk.clock.advance(SETTLE + 1)
    for claim in withdrawals.claim(desk.clock.ahead(60), 10):
        withdrawal.go_on(claim)
    assert desk.state() is State.WITHDRAWN
    assert desk.there == []


def test_a_look_that_is_refused_leaves_a_lost_answer_unknown(desk: Desk) -> None:
    """That the account is suspended says nothing about the request that was on its way."""
    desk.queue("Bonjour")
    desk.fail(
        Fault(what=What.HANG_UP, endpoint="applyWrites", commit=True),
        Fault(what=What.SUSPENDED, endpoint="getRecord"),
    )
    desk.work()
    assert desk.state() is State.UNCERTAIN


def test_while_nothing_can_be_read_it_is_uncertain_and_then_goes_on(desk: Desk) -> None:
    desk.queue("Bonjour")
    down = [Fault(what=What.SERVER_ERROR, endpoint=name) for name in ("applyWrites", "getRecord")]
    desk.fail(*down)
    desk.work()
    assert desk.state() is State.UNCERTAIN
    desk.look()
    assert desk.state() is State.UNCERTAIN
    desk.fail()
    desk.clock.advance(10)
    desk.look()
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == ["Bonjour"]


def test_a_request_that_is_carried_out_late_makes_no_double(desk: Desk) -> None:
    desk.queue(*TEXTS)
    desk.fail(Fault(what=What.LATE, endpoint="applyWrites", seconds=0.0, times=1))
    for _ in range(3):
        desk.work()
        desk.look()
        desk.clock.advance(2)
    assert desk.state() is State.PUBLISHED
    assert desk.there == [*TEXTS]


def test_what_was_cancelled_after_a_lost_answer_is_found_out(desk: Desk) -> None:
    """The request lands later: it is looked for until the server has settled."""
    desk.queue(*TEXTS)
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites"))
    desk.work()
    assert desk.state() is State.UNCERTAIN
    prepared = desk.delivery.prepared
    desk.control.cancel("post.fr", None, actor="redaction", reason="wrong")
    desk.fail()
    channel = desk.channel()
    parcel = desk.stage.parcel(*TEXTS)
    delivery = desk.delivery
    parcel = parcel.model_copy(update={"content": delivery.content, "due_at": delivery.due_at})
    send(channel, parcel, prepared, ())  # the request that was under way
    desk.clock.advance(1000)
    desk.look()
    assert desk.state() is State.PUBLISHED
    assert len(desk.delivery.remote_ids) == len(TEXTS)


def test_only_what_was_prepared_is_sent_and_once(desk: Desk) -> None:
    """Anything else is a mistake of the caller."""
    channel, parcel, other = desk.channel(), desk.stage.parcel("Un"), desk.stage.parcel("Deux")
    prepared = desk.stage.prepare(parcel, channel)
    for given, known, sent in (
        (other, prepared, ()),
        (parcel, Prepared(), ()),
        (parcel, prepared, ("3jzfcijpj2z2a",)),
    ):
        with pytest.raises(ValueError, match="once"):
            channel.ready(given, known, sent)
    assert desk.there == []


def test_what_was_cancelled_leaves_nothing_to_clear(desk: Desk) -> None:
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.HANG_UP, endpoint="applyWrites"))
    desk.work()
    assert desk.state() is State.UNCERTAIN
    desk.control.cancel("post.fr", None, actor="redaction", reason="wrong")
    desk.fail()
    for _ in range(2):  # it settles, and is not there twice
        assert desk.state() is State.UNCERTAIN
        desk.clock.advance(1000)
        desk.look()
    assert desk.state() is State.CANCELLED
    desk.clock.advance(1000)
    desk.look()
    assert not desk.delivery.prepared.stays


def test_a_log_in_that_ended_is_renewed_before_the_next_attempt(desk: Desk) -> None:
    desk.queue("Bonjour")
    desk.fail(Fault(what=What.TOKEN_DEAD, endpoint="applyWrites", times=1))
    desk.work()
    assert desk.state() is State.SCHEDULED
    desk.clock.advance(2)
    desk.work()
    assert desk.state() is State.PUBLISHED
    assert desk.there == ["Bonjour"]


@pytest.mark.parametrize("endpoint", ["getRecord", "uploadBlob", "deleteRecord"])
def test_a_log_in_that_ends_meanwhile_is_renewed_unnoticed(desk: Desk, endpoint: str) -> None:
    channel, parcel = desk.channel(), desk.stage.parcel("Un", pictures=(desk.stage.picture("a"),))
    channel.examine()  # it is logged in; in this process perhaps for long
    before = desk.requests("refreshSession")
    desk.fail(Fault(what=What.TOKEN_DEAD, endpoint=endpoint, times=1))
    prepared = desk.stage.prepare(parcel, channel)
    assert isinstance(channel.withdraw(str(prepared.draft_id), prepared), Accepted)
    assert desk.requests("refreshSession") == before + 1


def test_a_post_that_a_ledger_forgot_is_not_made_twice(desk: Desk) -> None:
    """A ledger that was set back prepares it as if it were new, and gets the same keys."""
    channel, parcel = desk.channel(), desk.stage.parcel("Un", "Deux")
    made = []
    for _time in range(2):
        made.append(send(channel, parcel, desk.stage.prepare(parcel, channel), ()))
        desk.clock.advance(30)
    assert made[0] == made[1]
    assert isinstance(made[0], Accepted)
    assert desk.there == ["Un", "Deux"]


def test_the_folder_is_not_used(desk: Desk, tmp_path: Path) -> None:
    """No token lies on a disk."""
    desk.queue("Bonjour")
    desk.work()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"eyJ" not in kept
    assert desk.stage.credentials["app_password"].encode() not in kept
