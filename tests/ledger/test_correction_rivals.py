"""A correction, and the withdrawal of what it corrects, at the same moment."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from publisher.base.errors import LedgerUnavailable
from publisher.ledger import ended_edits
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.corrections import aimed
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.engagement import EngagementTurns
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import By, change
from publisher.ledger.worker import targets
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.content import Content, Correction, Part, edit_id
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Accepted
from publisher.model.states import Role, State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.corrections", "publisher.ledger.ended_edits"),
]


class Desk:
    """A post that is out on a Page, and its correction in a worker's hands."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.attempts = Attempts(database, clock, settle=60)
        self.dispatch = Dispatch(database, clock, settle=60)
        on_the_page = {"account": "page", "channel": "facebook"}
        wrong = Content(parts=(Part(text="Trois"),), lang="fr")
        add(Ledger(database, clock), wish(clock, "a.fr", 0, content=wrong, **on_the_page))
        self.record(self.intend(self.take()), "1")
        told = Correction(corrects="a.fr", way="edit", reason="x", replaces=wrong.digest)
        right = Content(parts=(Part(text="Quatre"),), lang="fr", correction=told)
        add(Ledger(database, clock), wish(clock, "fix.fr", 0, content=right, **on_the_page))
        self.fix = self.take()

    def take(self) -> Delivery:
        claims = self.dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), 1)
        (taken,) = self.attempts.take_all(claims)
        return taken

    def try_to_intend(self, taken: Delivery) -> Written:
        now, lease = self.clock.now(), self.clock.ahead(30)
        (written,) = self.attempts.intend_all([Intent(taken, now, lease)])
        return written

    def intend(self, taken: Delivery) -> Delivery:
        written = self.try_to_intend(taken)
        assert isinstance(written, Delivery)
        assert written.state is State.PUBLISHING
        return written

    def record(self, sent: Delivery, remote_id: str) -> Written:
        now, lease = self.clock.now(), self.clock.ahead(30)
        (written,) = self.attempts.record_all([Result(sent, Accepted(remote_id), lease, now)])
        return written

    def stored(self, post: str) -> Delivery:
        (found,) = Queries(self.database, self.clock).deliveries(post=post)
        return found

    def wait_until_somebody_waits(self, other: Future[Written]) -> None:
        """Return once `other` waits for a row that is locked. Raises AssertionError if it ends."""
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while True:
            with self.database.engine.connect() as connection:
                if connection.execute(waiting).scalar_one():
                    return
            assert not other.done()
            time.sleep(0.01)

    @property
    def by(self) -> By:
        return By(Role.MANAGER, "direction", self.clock.now())

    def withdraw(self, connection: Connection, original: Delivery) -> None:
        """Note that a post and its edits are off the platform."""
        gone = change(
            connection, original, Event.WITHDRAWN, self.by,
            target=State.WITHDRAWN, remote_ids="[]", withdrawn_ids='["1"]', reason="x",
        )  # fmt: skip
        ended_edits.end_all(connection, gone, self.by, "x")


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    return Desk(database, clock)


def test_a_correction_aims_at_nothing_before_its_post_is_out(
    database: Database, clock: ManualClock
) -> None:
    ledger = Ledger(database, clock)
    add(ledger, wish(clock, "a.fr", 5, account="page", channel="facebook"))
    told = Correction(corrects="a.fr", way="edit", reason="x")
    content = Content(parts=(Part(text="Quatre"),), lang="fr", correction=told)
    add(ledger, wish(clock, "fix.fr", 5, content=content, account="page", channel="facebook"))
    (fix,) = Queries(database, clock).deliveries(post="fix.fr")
    with database.read() as connection:
        assert aimed(connection, fix).target is None


def test_nothing_is_sent_while_the_withdrawal_of_its_post_begins(desk: Desk) -> None:
    """The worker reads the post before that is written, and waits for nothing."""
    original = desk.stored("a.fr")
    with ThreadPoolExecutor(1) as threads:
        with desk.database.write() as beginning:
            change(beginning, original, Event.WITHDRAWING, desk.by, withdrawn_ids="[]")
            intending = threads.submit(desk.try_to_intend, desk.fix)
            if desk.database.engine.dialect.name == "postgresql":
                intending.result(20)  # it does not wait
        written = intending.result(20)
    assert not (isinstance(written, Delivery) and written.state is State.PUBLISHING)
    assert desk.stored("fix.fr").intent_at is None


def test_an_edit_that_is_recorded_while_its_post_is_withdrawn_is_withdrawn(desk: Desk) -> None:
    sent = desk.intend(desk.fix)
    original = desk.stored("a.fr")
    with ThreadPoolExecutor(1) as threads:
        with desk.database.write() as ending:
            desk.withdraw(ending, original)
            new_id = edit_id("1", sent.post, sent.content)
            recording = threads.submit(desk.record, sent, new_id)
        recording.result(20)
    fix = desk.stored("fix.fr")
    assert (fix.state, fix.withdrawn_ids) == (State.WITHDRAWN, (new_id,))


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_an_edit_is_recorded_by_what_its_post_is_once_its_row_is_free(desk: Desk) -> None:
    """The withdrawal of its post is written, and not committed, when the worker begins."""
    sent = desk.intend(desk.fix)
    original = desk.stored("a.fr")
    with ThreadPoolExecutor(1) as threads:
        with desk.database.write() as ending:
            desk.withdraw(ending, original)
            recording = threads.submit(desk.record, sent, edit_id("1", sent.post, sent.content))
            desk.wait_until_somebody_waits(recording)
        recording.result(20)
    assert desk.stored("fix.fr").state is State.WITHDRAWN


def test_figures_and_comments_are_read_of_posts_alone(desk: Desk) -> None:
    """No platform knows the id of an edit, and one unknown id may fail the whole request."""
    sent = desk.intend(desk.fix)
    desk.record(sent, edit_id("1", sent.post, sent.content))
    since = desk.clock.now()
    watched = CommentReadings(desk.database, desk.clock).watched(["page"], since)
    assert [one.remote_id for one in watched] == ["1"]
    desk.clock.advance(70 * 60)
    due = EngagementTurns(desk.database, desk.clock).due(["facebook"])
    assert {one.remote_id for one in due["page"]} == {"1"}


def test_a_correction_that_the_ledger_does_not_take_keeps_no_other_post(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease brings it back; the others of its batch go out at their time."""
    plain = Content(parts=(Part(text="Autre"),), lang="fr")
    desk.attempts.put_down(desk.fix, desk.fix.prepared, desk.clock.now())
    more = wish(desk.clock, "b.fr", 0, content=plain, account="page", channel="facebook")
    add(Ledger(desk.database, desk.clock), more)

    def away(*_given: object) -> None:
        raise LedgerUnavailable("it is away")

    monkeypatch.setattr(targets, "take", away)
    claims = desk.dispatch.claim(desk.clock.ahead(30), desk.clock.ahead(60), 10)
    assert len(claims) == 2
    assert [one.post for one in desk.attempts.take_all(claims)] == ["b.fr"]
