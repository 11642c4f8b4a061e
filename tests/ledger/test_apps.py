"""Accounts that share an app rest together when its limit is used up, and come back together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event, select

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.rate_limits import Limits
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import accounts
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Kind,
    Limit,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

APP = frozenset({"bice-es", "bice-fr", "bice-x", "bice-new"})
"""Of the last one the ledger has nothing yet."""
OTHER = "lima-x"

Send = Callable[[str], Delivery]


def shares_with(account: str) -> frozenset[str]:
    return APP if account in APP else frozenset({account})


@pytest.fixture
def attempts(database: Database, clock: ManualClock) -> OneByOne:
    return OneByOne(database, clock, 60, shares_with=shares_with)


@pytest.fixture
def sent(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> dict[str, Delivery]:
    """By account, a delivery whose request is under way."""
    names = sorted({*APP, OTHER} - {"bice-new"})
    add(ledger, *(wish(clock, "now.fr", 0, account=name) for name in names))
    claims = dispatch.claim(clock.ahead(2), clock.ahead(30), 10)
    taken = [delivery for delivery in map(attempts.take, claims) if delivery]
    intended = [attempts.intend(one, clock.now(), clock.ahead(30)) for one in taken]
    return {delivery.account: delivery for delivery in intended if delivery}


def used_up(until: datetime) -> AccountSuspended:
    return AccountSuspended(Kind.RATE_LIMIT, "Too many.", until, app_suspended_until=until)


def standing(queries: Queries) -> dict[str, AccountStatus]:
    return {status.account: status for status in queries.accounts()}


def suspended(queries: Queries) -> dict[str, datetime | None]:
    return {name: status.suspended_until for name, status in standing(queries).items()}


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (used_up, State.SCHEDULED),
        (
            lambda until: Accepted("1", suspended_until=until, app_suspended_until=until),
            State.PUBLISHED,
        ),
        (lambda until: Refused(Kind.CONTENT, "No.", app_suspended_until=until), State.FAILED),
        (lambda until: Unknown("Perhaps.", app_suspended_until=until), State.UNCERTAIN),
    ],
)
def test_accounts_of_one_app_rest_together_and_no_other_does(
    what: Callable[[datetime], Outcome],
    state: State,
    sent: dict[str, Delivery],
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The answer of one is enough, and is recorded as ever."""
    until = clock.ahead(3600)
    assert attempts.record(sent["bice-x"], what(until), clock.ahead(30)).state is state
    assert suspended(queries) == dict.fromkeys(("bice-es", "bice-fr", "bice-x"), until)
    assert {status.suspension_kind for status in queries.accounts()} == {Kind.APP_LIMIT}


def test_a_limit_of_the_account_alone_holds_no_other(
    sent: dict[str, Delivery], attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    until = clock.ahead(900)
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", until)
    attempts.record(sent["bice-x"], held, clock.ahead(30))
    assert suspended(queries) == {"bice-x": until}
    assert standing(queries)["bice-x"].suspension_kind == Kind.RATE_LIMIT


def test_an_account_that_rests_longer_than_its_app_does_so_alone(
    sent: dict[str, Delivery], attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    own, app = clock.ahead(7200), clock.ahead(3600)
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", own, app_suspended_until=app)
    attempts.record(sent["bice-x"], held, clock.ahead(30))
    assert suspended(queries) == {"bice-x": own, "bice-es": app, "bice-fr": app}


def test_what_stands_in_the_way_of_another_account_stays(
    sent: dict[str, Delivery],
    attempts: OneByOne,
    control: Control,
    queries: Queries,
    database: Database,
    clock: ManualClock,
) -> None:
    """A pause, a hold that waits for a person, a longer hold; a shorter one becomes as long."""
    longer, until = clock.ahead(9000), clock.ahead(3600)
    attempts.record(sent["bice-fr"], Accepted("1"), clock.ahead(30))
    control.pause("bice-fr", "crise", "direction")
    with database.write() as connection:
        suspend(connection, "bice-es", AccountSuspended(Kind.AUTH, "No keys."), clock.now())
        suspend(connection, OTHER, AccountSuspended(Kind.RATE_LIMIT, "A lot.", longer), clock.now())
        for name in (OTHER, "bice-es"):
            suspend(connection, name, AccountSuspended(Kind.RATE_LIMIT, "Few.", until), clock.now())
    attempts.record(sent["bice-x"], used_up(until), clock.ahead(30))
    found = standing(queries)
    assert (found["bice-es"].suspension_kind, found["bice-es"].suspended_until) == (Kind.AUTH, None)
    assert (found["bice-fr"].pause_reason, found["bice-fr"].suspended_until) == ("crise", until)
    assert (found[OTHER].suspension_message, found[OTHER].suspended_until) == ("A lot.", longer)


def test_answers_that_come_together_note_the_rest_once(
    sent: dict[str, Delivery],
    attempts: OneByOne,
    queries: Queries,
    database: Database,
    clock: ManualClock,
) -> None:
    """Each of a thousand requests under way learns the same, with a second more or less."""
    for seconds, account in enumerate(("bice-x", "bice-fr", "bice-es")):
        answer = used_up(clock.ahead(3600 + seconds))
        attempts.record(sent[account], answer, clock.ahead(30))
    steps = [step.account for step in queries.steps_of(["account held"])]
    # The first for all, and each of the two others for itself.
    assert sorted(map(str, steps)) == ["bice-es", "bice-es", "bice-fr", "bice-fr", "bice-x"]
    audit = Audit(database, clock)
    audit.seal(always=True)
    assert not audit.verify().breaks


def test_they_come_back_at_one_instant_and_each_in_order(
    ledger: Ledger,
    dispatch: Dispatch,
    sent: dict[str, Delivery],
    attempts: OneByOne,
    clock: ManualClock,
) -> None:
    """Also those that were never refused anything."""
    names = [f"post-{number}" for number in range(3)]
    for account in ("bice-fr", "bice-es"):
        add(ledger, *(wish(clock, n, 60 + i, account=account) for i, n in enumerate(names)))
        attempts.record(sent[account], Accepted("1"), clock.ahead(30))
    attempts.record(sent["bice-x"], used_up(clock.ahead(600)), clock.ahead(30))
    attempts.record(sent[OTHER], Accepted("1"), clock.ahead(30))
    clock.advance(599)
    assert dispatch.claim(clock.now(), clock.ahead(30), 10) == []
    clock.advance(2)
    order = []
    while claims := dispatch.claim(clock.now(), clock.ahead(30), 10):
        taken = [delivery for delivery in map(attempts.take, claims) if delivery]
        for delivery in taken:
            intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
            assert intended
            attempts.record(intended, Accepted(f"2 {delivery.post}"), clock.ahead(30))
        order.append({(delivery.account, delivery.post) for delivery in taken})
    assert order == [
        {("bice-es", "post-0"), ("bice-fr", "post-0"), ("bice-x", "now.fr")},
        {("bice-es", "post-1"), ("bice-fr", "post-1")},
        {("bice-es", "post-2"), ("bice-fr", "post-2")},
    ]


@pytest.mark.each_database
@pytest.mark.each_database
@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_nobody_waits_for_an_account_that_somebody_has_in_hand(
    sent: dict[str, Delivery],
    attempts: OneByOne,
    queries: Queries,
    database: Database,
    clock: ManualClock,
) -> None:
    """A worker that is frozen with another account of the app in hand; that one learns for
    itself.
    """
    until = clock.ahead(3600)
    with database.write() as frozen:
        row = select(accounts).where(accounts.c.account == "bice-es")
        frozen.execute(row.with_for_update(read=True))
        with ThreadPoolExecutor(1) as pool:
            recording = pool.submit(
                attempts.record, sent["bice-x"], used_up(until), clock.ahead(30)
            )
            assert recording.result(timeout=30).state is State.SCHEDULED
    assert suspended(queries) == {"bice-fr": until, "bice-x": until}
    attempts.record(sent["bice-es"], used_up(until), clock.ahead(30))
    assert suspended(queries) == dict.fromkeys(("bice-es", "bice-fr", "bice-x"), until)


def test_workers_that_learn_it_at_once_do_not_stand_in_each_others_way(
    ledger: Ledger, dispatch: Dispatch, database: Database, queries: Queries, clock: ManualClock
) -> None:
    """Each from the answer to another account, and each in a process of its own."""
    names = [f"voice-{number}{mark}x" for number in range(8) for mark in "-_"]
    app = frozenset(names)
    add(ledger, *(wish(clock, "now.fr", 0, account=name) for name in names))
    workers = [OneByOne(database, clock, 60, shares_with=lambda _: app) for _ in range(8)]
    claims = dispatch.claim(clock.ahead(2), clock.ahead(30), 100)

    taken = [workers[0].take(claim) for claim in claims]
    sent = [workers[0].intend(d, clock.now(), clock.ahead(30)) for d in taken if d]

    def record(number: int) -> None:
        answer = used_up(clock.ahead(3600 + 100 * number))
        for delivery in sent[number::8]:
            assert delivery
            workers[number].record(delivery, answer, clock.ahead(30))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(8)))
    assert {d.state for d in queries.deliveries()} == {State.SCHEDULED}
    held = set(suspended(queries))
    assert held == app
    assert not Audit(database, clock).verify().breaks


def test_many_accounts_take_no_more_statements_than_few(
    ledger: Ledger, dispatch: Dispatch, database: Database, queries: Queries, clock: ManualClock
) -> None:
    def statements(size: int) -> int:
        names = [f"voice{size}-{number}" for number in range(size)]
        add(ledger, *(wish(clock, "later.fr", account=name) for name in names))
        add(ledger, wish(clock, "now.fr", 0, account=names[0]))
        worker = OneByOne(database, clock, 60, shares_with=lambda _: frozenset(names))
        (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 10)
        taken = worker.take(claim)
        assert taken
        intended = worker.intend(taken, clock.now(), clock.ahead(30))
        assert intended
        asked: list[str] = []

        def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
            asked.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        worker.record(intended, used_up(clock.ahead(3600)), clock.ahead(30))
        event.remove(database.engine, "before_cursor_execute", note)
        assert len([name for name in suspended(queries) if name in names]) == size
        return len(asked)

    assert statements(400) <= statements(3) + 3


def test_who_is_not_held_is_not_asked_whose_app_it_is(
    sent: dict[str, Delivery], database: Database, clock: ManualClock
) -> None:
    def never(account: str) -> frozenset[str]:
        raise AssertionError(account)

    worker = OneByOne(database, clock, 60, shares_with=never)
    worker.record(sent["bice-x"], Accepted("1"), clock.ahead(30))
    worker.record(sent["bice-fr"], AccountSuspended(Kind.AUTH, "No keys."), clock.ahead(30))


def test_each_account_shows_the_newest_word_on_the_limit_of_its_app(
    database: Database, clock: ManualClock
) -> None:
    def told(name: str, left: int) -> Limit:
        return Limit(name, 10_000, left, clock.now(), clock.now() + timedelta(hours=5))

    older, own = told("posts-24h-app", 70), told("posts-15min", 99)
    clock.advance(1)
    newer, others = told("posts-24h-app", 0), told("posts-24h-app", 5)
    with database.write() as connection:
        rate_limits.keep(connection, "bice-x", (older, own))
        rate_limits.keep(connection, "bice-fr", (newer,))
        rate_limits.keep(connection, OTHER, (others,))
    found = Limits(database, clock, [frozenset({"bice-x", "bice-fr", "bice-es"})]).current()
    assert found == {
        "bice-x": [own, newer], "bice-fr": [newer], "bice-es": [newer], OTHER: [others],
    }  # fmt: skip
