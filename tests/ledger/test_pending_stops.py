"""Stops that come while a post may be out: they hold once it is known that it is not."""

from collections.abc import Callable
from datetime import datetime

import pytest

from publisher.base.errors import NotPossible
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.approvals import Approvals
from publisher.ledger.manager.commands import no_rule
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.enqueue",
    "publisher.ledger.doubts.pending_stops",
    "publisher.ledger.worker.results",
)

_CONSENT = "abidjan"


class Scene:
    """One thread of two on its way, and everybody who has to do with it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.clock = clock
        self.ledger = Ledger(database, clock)
        self.dispatch = Dispatch(database, clock, settle=60)
        self.attempts = OneByOne(database, clock, settle=60)
        self.doubts = Doubts(database, clock)
        self.control = Control(database, clock)
        self.approvals = Approvals(database, clock, no_rule)
        self.safeguards = Safeguards(database, clock)
        self.holds = Holds(database, clock)
        self.queries = Queries(database, clock)
        self.audit = Audit(database, clock)

    @property
    def lease(self) -> datetime:
        return self.clock.ahead(30)

    @property
    def delivery(self) -> Delivery:
        (delivery,) = self.queries.deliveries()
        return delivery

    def send(self) -> Delivery:
        """Claim it and write the intent."""
        (claim,) = self.dispatch.claim(self.clock.ahead(2), self.lease, 1)
        taken = self.attempts.take(claim)
        assert taken is not None
        return self.intend(taken)

    def intend(self, delivery: Delivery) -> Delivery:
        intended = self.attempts.intend(delivery, self.clock.now(), self.lease)
        assert intended is not None
        return intended

    def answer(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        return self.attempts.record(delivery, outcome, self.lease)

    def look(self, sighting: Absent | Accepted) -> Delivery:
        """What reading the platform tells, at the time at which it counts."""
        for _ in range(200):
            if claims := self.doubts.claim(self.lease, 1):
                taken = self.doubts.take(claims[0])
                assert taken is not None
                return self.doubts.record(taken, sighting)
            self.clock.advance(1)
        raise AssertionError("it is never looked for")

    def prove_absent(self) -> Delivery:
        while self.look(Absent()).state is State.UNCERTAIN:
            pass
        return self.delivery

    def goes_out(self) -> bool:
        self.clock.advance(600)
        return bool(self.dispatch.claim(self.clock.ahead(2), self.lease, 1))

    # whoever stops it

    def cancel(self) -> None:
        self.control.cancel("post.fr", None, "direction", "changed")

    def reject(self) -> None:
        self.approvals.reject(["post.fr"], None, "direction", "wrong name")

    def withdraw_consent(self) -> None:
        self.safeguards.hold(_CONSENT, "consent withdrawn", "direction")

    def edit_draft(self) -> None:
        self.queue(PendingStop(state=State.HELD, reason="edited"))

    def remove_draft(self) -> None:
        self.queue(PendingStop(state=State.CANCELLED, reason="its draft is gone"))

    def queue(self, stop: PendingStop | None) -> None:
        self.ledger.apply(
            add=(), edit=(), cancel=(), stop=[(self.delivery, stop)], pictures={}, actor="redaction"
        )


@pytest.fixture
def scene(database: Database, clock: ManualClock) -> Scene:
    scene = Scene(database, clock)
    picture = Picture(
        digest="0" * 64, media_type="image/png", width=1, height=1, alt="Une salle",
        name="salle.png", consent=_CONSENT,
    )  # fmt: skip
    parts = (Part(text="un", pictures=(picture,)), Part(text="deux"))
    add(scene.ledger, wish(clock, due_in=0, content=Content(parts=parts, lang="fr")))
    return scene


STOPS: dict[str, tuple[Callable[[Scene], None], State, str]] = {
    "cancel": (Scene.cancel, State.CANCELLED, "changed"),
    "reject": (Scene.reject, State.REJECTED, "rejected by direction: wrong name"),
    "consent": (Scene.withdraw_consent, State.HELD, "consent withdrawn"),
    "edit": (Scene.edit_draft, State.HELD, "edited"),
    "removal": (Scene.remove_draft, State.CANCELLED, "its draft is gone"),
}
each_stop = pytest.mark.parametrize("name", STOPS)


@each_stop
def test_what_is_not_there_becomes_what_the_stop_says(scene: Scene, name: str) -> None:
    stop, state, reason = STOPS[name]
    scene.answer(scene.send(), Unknown("No answer."))
    stop(scene)
    assert (scene.delivery.state, scene.delivery.pending_stop) == (State.UNCERTAIN, state)
    after = scene.prove_absent()
    assert (after.state, after.pending_stop, after.reason) == (state, None, reason)
    assert not scene.goes_out()
    assert scene.audit.verify().breaks == ()


@each_stop
@pytest.mark.parametrize(
    "outcome",
    [
        Deferred(Kind.UNAVAILABLE, "No connection."),
        AccountSuspended(Kind.RATE_LIMIT, "Too many."),
        Refused(Kind.CONTENT, "Too long."),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_what_the_platform_did_not_take_becomes_what_the_stop_says(
    scene: Scene, name: str, outcome: Outcome
) -> None:
    """It came while the request was under way; the answer is written all the same."""
    stop, state, reason = STOPS[name]
    sending = scene.send()
    stop(scene)
    after = scene.answer(sending, outcome)
    assert (after.state, after.pending_stop, after.reason) == (state, None, reason)
    assert after.error_message == getattr(outcome, "message", None)


@each_stop
def test_a_stop_waits_while_nobody_knows_whether_it_is_out(scene: Scene, name: str) -> None:
    stop, state, _reason = STOPS[name]
    sending = scene.send()
    stop(scene)
    after = scene.answer(sending, Unknown("No answer."))
    assert (after.state, after.pending_stop) == (State.UNCERTAIN, state)
    assert scene.look(Accepted("1")).remote_ids == ("1",)


@each_stop
def test_of_a_thread_the_rest_does_not_follow(scene: Scene, name: str) -> None:
    stop, state, _reason = STOPS[name]
    sending = scene.send()
    stop(scene)
    after = scene.answer(sending, Accepted("1"))
    assert (after.state, after.remote_ids, after.pending_stop) == (state, ("1",), None)
    told = scene.queries.history("post.fr")[-1].detail["message"]
    assert told == "1 of 2 parts are out; the rest is stopped."


@each_stop
def test_of_a_thread_whose_part_is_found_the_rest_does_not_follow(scene: Scene, name: str) -> None:
    stop, state, _reason = STOPS[name]
    scene.answer(scene.send(), Unknown("No answer."))
    stop(scene)
    after = scene.look(Accepted("1"))
    assert (after.state, after.remote_ids, after.pending_stop) == (state, ("1",), None)


@each_stop
def test_what_is_out_after_all_is_published_and_the_stop_came_too_late(
    scene: Scene, name: str
) -> None:
    stop, state, _reason = STOPS[name]
    second = scene.intend(scene.answer(scene.send(), Accepted("1")))
    scene.answer(second, Unknown("No answer."))
    stop(scene)
    after = scene.look(Accepted("2"))
    assert (after.state, after.pending_stop) == (State.PUBLISHED, state)
    told = scene.queries.history("post.fr")[-1].detail["message"]
    assert "too late: it is out" in told


def test_a_stop_outlives_the_worker(scene: Scene) -> None:
    scene.send()
    scene.cancel()
    scene.clock.advance(60)
    scene.dispatch.reap()
    assert (scene.delivery.state, scene.delivery.pending_stop) == (State.UNCERTAIN, State.CANCELLED)
    assert scene.prove_absent().state is State.CANCELLED


def test_a_hold_beside_another_stop_loses_no_answer(scene: Scene) -> None:
    first = scene.send()
    scene.edit_draft()
    scene.holds.hold(["post.fr"], None, "direction", "a moment")
    after = scene.answer(first, Accepted("1"))
    assert (after.state, after.remote_ids) == (State.HELD, ("1",))


def test_a_late_answer_counts_after_a_stop(scene: Scene) -> None:
    sending = scene.send()
    scene.clock.advance(60)
    scene.dispatch.reap()
    scene.cancel()
    after = scene.answer(sending, Accepted("1"))
    assert (after.state, after.remote_ids) == (State.CANCELLED, ("1",))


def test_the_word_of_a_person_that_it_is_not_there_lets_the_stop_hold(scene: Scene) -> None:
    """`retry` says so; once more, it brings back what was cancelled."""
    scene.answer(scene.send(), Unknown("No answer."))
    scene.look(Absent())
    scene.cancel()
    (first,) = scene.control.retry("post.fr", None, "direction")
    assert (first.state, first.reason, first.pending_stop) == (State.CANCELLED, "changed", None)
    (second,) = scene.control.retry("post.fr", None, "direction")
    assert (second.state, second.reason) == (State.SCHEDULED, None)


def test_what_shows_a_picture_without_consent_is_held_whoever_looked(scene: Scene) -> None:
    scene.answer(scene.send(), Unknown("No answer."))
    scene.withdraw_consent()
    (after,) = scene.control.retry("post.fr", None, "direction")
    assert (after.state, after.draft_hold) == (State.HELD, "consent withdrawn")


def test_the_rest_of_a_thread_stays_stopped_when_a_person_names_its_part(scene: Scene) -> None:
    scene.answer(scene.send(), Unknown("No answer."))
    scene.cancel()
    (after,) = scene.control.resolve("post.fr", None, ("7",), "direction")
    assert (after.state, after.remote_ids) == (State.CANCELLED, ("7",))


def test_a_stop_that_its_draft_takes_back_does_not_hold(scene: Scene) -> None:
    scene.answer(scene.send(), Unknown("No answer."))
    scene.edit_draft()
    scene.queue(None)
    assert scene.prove_absent().state is State.SCHEDULED
    assert scene.goes_out()


def test_a_weaker_stop_leaves_a_stronger_one(scene: Scene) -> None:
    scene.answer(scene.send(), Unknown("No answer."))
    scene.cancel()
    scene.withdraw_consent()
    with pytest.raises(NotPossible):
        scene.reject()
    assert (scene.delivery.pending_stop, scene.delivery.reason) == (State.CANCELLED, "changed")


def test_a_reading_that_is_under_way_is_repeated_after_a_stop(scene: Scene) -> None:
    scene.answer(scene.send(), Unknown("No answer."))
    scene.clock.advance(10)
    (claim,) = scene.doubts.claim(scene.lease, 1)
    scene.cancel()
    assert scene.doubts.take(claim) is None
    assert len(scene.doubts.claim(scene.lease, 1)) == 1


def test_what_a_worker_has_in_hand_and_does_not_send_yet_can_be_rejected(scene: Scene) -> None:
    (claim,) = scene.dispatch.claim(scene.clock.ahead(2), scene.lease, 1)
    scene.reject()
    assert scene.delivery.state is State.REJECTED
    assert scene.attempts.take(claim) is None


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_stop_has_words_in_each_state(
    ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """Also where none can come from today: every page and export asks for them."""
    add(ledger, wish(clock))
    (delivery,) = queries.deliveries()
    for state in State:
        for stop in State:
            stopped = delivery.model_copy(update={"state": state, "pending_stop": stop})
            assert reason_of(stopped) or state is State.WITHDRAWN
