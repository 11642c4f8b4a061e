"""What nobody took at its time goes out spaced, whatever kept it."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher import backlog as backlog_module
from publisher.ledger.dispatcher.backlog import Backlog
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.model.outcomes import AccountSuspended, Deferred, Kind
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.manager.resume")

MINUTE = timedelta(minutes=1)


@pytest.fixture
def backlog(database: Database, clock: ManualClock) -> Backlog:
    return Backlog(database, clock)


def fill(ledger: Ledger, clock: ManualClock, count: int, account: str = "bice-x") -> None:
    """Posts that are due in ten seconds, and each a second after the one before."""
    posts = [
        wish(clock, f"{account}-{n:03}", 10 + n, account=account, texts=(f"{account} {n}",))
        for n in range(count)
    ]
    add(ledger, *posts)


def times(queries: Queries, account: str = "bice-x") -> list[datetime]:
    return sorted(d.send_at for d in queries.deliveries() if d.account == account)


def claimed(dispatch: Dispatch, queries: Queries, clock: ManualClock) -> list[str]:
    names = {delivery.id: delivery.post for delivery in queries.deliveries()}
    return [names[c.delivery] for c in dispatch.claim(clock.now(), clock.ahead(30), 1000)]


def test_after_an_outage_each_account_sends_one_post_a_minute(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """The first of each at once, in the order of their times; each change is on record."""
    fill(ledger, clock, 21)
    fill(ledger, clock, 3, "apg-x")
    clock.advance(360)
    assert backlog.spread() == ()
    now = clock.now()
    assert times(queries) == [now + n * MINUTE for n in range(21)]
    assert times(queries, "apg-x") == [now, now + MINUTE, now + 2 * MINUTE]
    assert sorted(claimed(dispatch, queries, clock)) == ["apg-x-000", "bice-x-000"]
    assert [step.event for step in queries.history("bice-x-001")] == ["queued", "overdue"]
    clock.advance(60)
    assert backlog.spread() == ()
    assert sorted(claimed(dispatch, queries, clock)) == ["apg-x-001", "bice-x-001"]


def test_what_falls_due_now_does_not_wait_behind_what_is_late(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    fill(ledger, clock, 5)
    clock.advance(400)
    add(ledger, wish(clock, "live", 0, texts=("live",)))
    backlog.spread()
    assert sorted(claimed(dispatch, queries, clock)) == ["bice-x-000", "live"]


def test_what_is_little_late_goes_at_once(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """A restart, a killed worker or a broker that hangs make nothing wait for longer."""
    fill(ledger, clock, 5)
    clock.advance(290)
    backlog.spread()
    assert len(claimed(dispatch, queries, clock)) == 5


def test_what_would_expire_goes_sooner(
    ledger: Ledger, backlog: Backlog, queries: Queries, clock: ManualClock
) -> None:
    over = clock.ahead(600)
    posts = [wish(clock, f"post-{n}", 1 + n, texts=(f"{n}",), expires_at=over) for n in range(10)]
    add(ledger, *posts)
    clock.advance(360)
    backlog.spread()
    found = times(queries)
    assert len(set(found)) == 10
    assert found[-1] < over


def test_a_second_outage_does_not_let_go_what_the_first_one_spaced(
    ledger: Ledger, backlog: Backlog, queries: Queries, clock: ManualClock
) -> None:
    fill(ledger, clock, 4)
    clock.advance(360)
    backlog.spread()
    clock.advance(3600)
    backlog.spread()
    assert times(queries) == [clock.now() + n * MINUTE for n in range(4)]


def test_of_many_nothing_is_claimed_until_all_have_their_times(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, queries: Queries, clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Batch by batch, one line: no batch begins with a first of its own."""
    monkeypatch.setattr(backlog_module, "_BATCH", 4)
    fill(ledger, clock, 10)
    fill(ledger, clock, 1, "apg-x")
    clock.advance(360)
    left = backlog.spread(8)
    assert left == ["bice-x"]
    names = {delivery.id: delivery.post for delivery in queries.deliveries()}
    claims = dispatch.claim(clock.now(), clock.ahead(30), 1000, left)
    assert [names[claim.delivery] for claim in claims] == ["apg-x-000"]
    assert backlog.spread(8) == ()
    assert times(queries) == [clock.now() + n * MINUTE for n in range(10)]


def test_while_a_platform_is_away_what_is_late_tries_it_a_minute_apart(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    """Then nothing goes in a burst when it is back, either."""
    fill(ledger, clock, 6)
    clock.advance(20)
    away = Deferred(Kind.UNAVAILABLE, "Away.")
    for _second in range(1200):
        clock.advance(1)
        for claim in dispatch.claim(clock.now(), clock.ahead(30), 100):
            delivery = attempts.take(claim)
            assert delivery
            attempts.record(delivery, away, clock.ahead(30))
    found = times(queries)
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(gap >= timedelta(seconds=59) for gap in gaps), gaps


def test_what_fell_due_during_a_hold_still_goes_one_by_one(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, attempts: OneByOne, queries: Queries,
    clock: ManualClock,
) -> None:  # fmt: skip
    """The platform let it go again: that has a rule of its own."""
    fill(ledger, clock, 3)
    clock.advance(10)
    (claim,) = dispatch.claim(clock.now(), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", clock.ahead(900))
    attempts.record(delivery, held, clock.ahead(30))
    clock.advance(901)
    backlog.spread()
    assert claimed(dispatch, queries, clock) == ["bice-x-000"]
    assert {step.event for step in queries.history("bice-x-001")} == {"queued"}


def test_what_is_paused_is_left_as_it_is(
    ledger: Ledger, backlog: Backlog, control: Control, queries: Queries, clock: ManualClock
) -> None:
    """Whoever resumes decides what becomes of it."""
    fill(ledger, clock, 3)
    control.pause(None, actor="redaction", reason="")
    clock.advance(900)
    backlog.spread()
    assert {d.state for d in queries.deliveries()} == {State.SCHEDULED}
    assert times(queries)[0] < clock.now() - timedelta(minutes=10)


def test_what_is_left_behind_does_not_wait_behind_what_was_put_off_for_long(
    ledger: Ledger,
    backlog: Backlog,
    attempts: OneByOne,
    dispatch: Dispatch,
    control: Control,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Neither behind what a person let go tomorrow, nor behind a post that is refused for
    itself.
    """
    add(ledger, wish(clock, "tomorrow", 10, texts=("demain",), expires_at=None))
    control.pause("bice-x", "a pause", "manager")
    clock.advance(20)
    (overdue,) = control.overdue("bice-x")
    control.resume("bice-x", "manager", {overdue.id: clock.now() + timedelta(days=1)})
    add(ledger, wish(clock, "refused", 0, texts=("refus",), expires_at=None))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    assert delivery is not None
    again_at = clock.now() + timedelta(minutes=40)
    attempts.record(delivery, Deferred(Kind.AUTH, "not this one", again_at=again_at), lease)
    add(ledger, wish(clock, "left", 10, texts=("reste",)))
    clock.advance(400)
    assert backlog.spread() == ()
    assert claimed(dispatch, queries, clock) == ["left"]


def test_what_would_expire_does_not_wait_behind_what_may_wait(
    ledger: Ledger, backlog: Backlog, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """Also where those before it were spread already, in an earlier look."""
    later = [
        wish(clock, f"later-{n}", n, texts=(f"{n}",), expires_at=clock.now() + timedelta(days=1))
        for n in range(30)
    ]
    add(ledger, *later)
    clock.advance(400)
    backlog.spread()
    in_ten_minutes = clock.now() + timedelta(minutes=10)
    add(ledger, wish(clock, "soon over", -350, texts=("bientôt",), expires_at=in_ten_minutes))
    backlog.spread()
    assert "soon over" in claimed(dispatch, queries, clock)
