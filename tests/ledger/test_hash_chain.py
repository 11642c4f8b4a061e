"""Whatever is changed in the history is found, on both databases."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity import hash_chain
from publisher.ledger.integrity.seals import Audit, Verdict
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import account_chains, deliveries, history, seals
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Kind, Unknown
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock)


@pytest.fixture
def _lived(
    database: Database,
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """A ledger in which something of every kind has happened."""
    add(
        ledger,
        wish(clock, "a", due_in=1, texts=("un", "deux")),
        wish(clock, "b", due_in=2),
        wish(clock, "c", due_in=3, account="bice-page", channel="facebook"),
        wish(clock, "d", due_in=900),
    )
    control.pause(None, "le programme change", "manager")
    control.resume(None, "manager")
    control.pause("bice-x", "une image", "manager")
    control.resume("bice-x", "manager")
    one, two, three = dispatch.claim(clock.ahead(5), clock.ahead(30), 10)
    for claim, outcomes in (
        (one, [Accepted("1"), Accepted("2")]),
        (two, [Unknown("reset")]),
        (three, [AccountSuspended(Kind.RATE_LIMIT, "later", clock.ahead(600))]),
    ):
        delivery = attempts.take(claim)
        for outcome in outcomes:
            assert delivery is not None
            delivery = attempts.intend(delivery, clock.now(), clock.ahead(30))
            assert delivery is not None
            delivery = attempts.record(delivery, outcome, clock.ahead(30))
    clock.advance(120)
    doubts = Doubts(database, clock)
    for claim in doubts.claim(clock.ahead(30), 10):
        delivery = doubts.take(claim)
        assert delivery is not None
        doubts.record(delivery, Absent())
    (waiting,) = queries.deliveries(post="d")
    edited = wish(clock, "d", due_in=901, texts=("nouveau",))
    ledger.apply(add=(), edit=[(waiting, edited)], cancel=(), pictures={}, actor="redaction")
    control.cancel("d", None, "manager", "trop tard")


pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.integrity.chain_links",
        "publisher.ledger.integrity.seals",
        "publisher.ledger.integrity.verification",
    ),
    pytest.mark.usefixtures("_lived"),
]


@pytest.fixture
def tamper(database: Database) -> Callable[..., None]:
    """Changes the database as somebody would who can get around every guard."""
    with database.write() as connection:
        for statement in _DISARM[database.is_sqlite]:
            connection.execute(text(statement))

    def run(*statements: Any) -> None:
        with database.write() as connection:
            for statement in statements:
                connection.execute(statement)

    return run


_DISARM = {
    True: [
        *(f"DROP TRIGGER {t}_no_{e}" for t in ("history", "seals") for e in ("update", "delete")),
        "DROP INDEX uq_history_delivery_seq",
        "DROP INDEX uq_history_account_seq",
    ],
    False: [
        "ALTER TABLE history DISABLE TRIGGER USER",
        "ALTER TABLE seals DISABLE TRIGGER USER",
        "ALTER TABLE history DROP CONSTRAINT history_delivery_fkey",
        "DROP INDEX uq_history_delivery_seq",
        "DROP INDEX uq_history_account_seq",
    ],
}


@contextmanager
def changed(database: Database, table: Any, where: Any, values: dict[str, Any]) -> Iterator[None]:
    """The row that `where` names with other values, for the length of the block."""
    with _unchecked(database) as connection:
        before = connection.execute(select(table).where(where)).mappings().one()
        key = next(iter(table.primary_key))
        connection.execute(update(table).where(key == before[key.name]).values(values))
    yield
    now = {**before, **values}[key.name]
    with _unchecked(database) as connection:
        connection.execute(update(table).where(key == now).values(dict(before)))


@contextmanager
def _unchecked(database: Database) -> Iterator[Connection]:
    if not database.is_sqlite:
        with database.write() as connection:
            yield connection
        return
    with database.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            yield connection
        raw.execute("PRAGMA foreign_keys = ON")


def found(verdict: Verdict) -> list[str]:
    return [str(flaw) for flaw in verdict.breaks]


def steps_of(database: Database, post: str) -> list[dict[str, Any]]:
    query = select(history).join(deliveries).where(deliveries.c.post == post)
    with database.read() as connection:
        return [dict(r) for r in connection.execute(query.order_by(history.c.seq)).mappings()]


def test_a_history_that_nobody_touched_is_unbroken(audit: Audit) -> None:
    assert audit.seal()
    verdict = audit.verify()
    assert found(verdict) == []
    assert (verdict.deliveries, verdict.unsealed) == (4, 0)
    assert verdict.steps > 20
    assert verdict.seal is not None
    assert verdict.seal.steps == verdict.steps


def test_an_account_that_moves_to_another_channel_breaks_nothing(
    audit: Audit, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """Post and account alone are what a delivery stays."""
    add(ledger, wish(clock, "e"))
    (waiting,) = queries.deliveries(post="e")
    edited = wish(clock, "e", channel="facebook")
    ledger.apply(add=(), edit=[(waiting, edited)], cancel=(), pictures={}, actor="redaction")
    assert found(audit.verify()) == []


def test_columns_that_were_renamed_have_the_digests_that_older_versions_made() -> None:
    """Of the row of a delivery and of an account, as version 0024 of the ledger computed them."""
    delivery = {
        "post": "a.fr", "account": "bice-x", "due_at": 1, "next_check_at": 2,
        "pending_stop": "held", "manual_hold": "held by direction: wait",
        "draft_hold": "its item is cancelled", "content": "c",
    }  # fmt: skip
    account = {
        "account": "bice-x", "suspended_at": 1, "suspended_until": 2, "suspension_kind": "auth",
        "suspension_message": "no",
    }  # fmt: skip
    assert hash_chain.delivery_digest(delivery) == (
        "689fd6f5dd141d38940bc1bb29b9cc21fbe4a15e1b7c807bf72914ec6927f23c"
    )
    assert hash_chain.account_digest(account) == (
        "0ec8dbc9a11f094b35e956731649d7e7bff1a1d6ad72321e2c94939e6b890e58"
    )


def test_every_step_of_a_delivery_has_the_number_that_its_delivery_had(
    database: Database,
) -> None:
    """The version that fences workers counts the steps."""
    for post in ("a", "b", "c", "d"):
        numbers = [step["seq"] for step in steps_of(database, post)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_change_of_any_field_of_any_step_is_found(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    assert audit.seal()
    with database.read() as connection:
        rows = connection.execute(select(history)).mappings().all()
    for row in rows:
        for field in history.c:
            old = row[field.name]
            new = {
                "id": 10_000,
                "delivery": 2 if old == 1 else 1,
                "at": row["at"].replace(microsecond=1),
                "seq": row["seq"] + 1,
                "source": "missed",
                "target": "held",
            }.get(field.name, f"{old}x"[-64:])
            with changed(database, history, history.c.id == row["id"], {field.name: new}):
                assert audit.verify().breaks, (row, field.name)
    assert found(audit.verify()) == []


@pytest.mark.parametrize("sealed", [True, False])
def test_a_step_that_is_removed_is_named(
    audit: Audit, database: Database, tamper: Callable[..., None], sealed: bool
) -> None:
    """In the middle and at the end, also when no seal covers it yet."""
    assert not sealed or audit.seal()
    steps = steps_of(database, "a")
    tamper(delete(history).where(history.c.id.in_([steps[1]["id"], steps[-1]["id"]])))
    breaks = found(audit.verify())
    assert "a to bice-x, step 2 is missing" in breaks
    assert f"a to bice-x, step {len(steps)} is missing" in breaks
    assert any(flaw.startswith("seal 1 covers") for flaw in breaks) is sealed


def test_a_tail_is_missed_although_its_delivery_was_set_back(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    """Somebody removes the newest steps and makes the delivery fit: the seal tells."""
    assert audit.seal()
    steps = steps_of(database, "a")
    last = steps[-3]
    tamper(
        delete(history).where(history.c.id.in_([step["id"] for step in steps[-2:]])),
        update(deliveries)
        .where(deliveries.c.post == "a")
        .values(version=last["seq"], head=last["hash"], state=last["target"], remote_ids='["1"]'),
    )
    (flaw,) = found(audit.verify())
    assert flaw.startswith("seal 1 covers")
    assert flaw.endswith("the ledger has 22")


def test_a_delivery_that_is_gone_with_all_its_steps_is_missed(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    assert audit.seal()
    key = steps_of(database, "b")[0]["delivery"]
    tamper(delete(history).where(history.c.delivery == key))
    assert "b to bice-x all its steps are missing" in found(audit.verify())
    tamper(delete(deliveries).where(deliveries.c.id == key))
    (flaw,) = found(audit.verify())
    assert flaw.startswith("seal 1 covers")


def test_a_delivery_that_is_gone_alone_is_missed(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    key = steps_of(database, "b")[0]["delivery"]
    with _unchecked(database) as connection:
        connection.execute(delete(deliveries).where(deliveries.c.id == key))
    (flaw,) = found(audit.verify())
    assert flaw.endswith(f"steps of delivery {key}, but not the delivery.")


def test_a_forged_step_is_found(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    """At the end, in the middle, and even with the right hash."""
    last = steps_of(database, "a")[-1]
    forged = {**last, "id": 5000, "seq": last["seq"] + 1, "event": "approved"}
    forged["hash"] = hash_chain.step_hash(forged, last["hash"])
    tamper(insert(history).values(forged))
    (flaw,) = found(audit.verify())
    assert flaw.startswith(f"a to bice-x, step {forged['seq']} was added by hand")
    tamper(insert(history).values({**forged, "id": 5001, "seq": 2}))
    assert "a to bice-x, step 2 appears more than once" in found(audit.verify())


def test_a_chain_that_was_computed_anew_is_found_by_the_seal(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    """Even when the delivery's head fits."""
    assert audit.seal()
    steps = steps_of(database, "d")
    previous = hash_chain.delivery_origin("d", "bice-x")
    for step in steps:
        step["actor"] = "nobody"
        step["hash"] = previous = hash_chain.step_hash(step, previous)
        tamper(update(history).where(history.c.id == step["id"]).values(step))
    assert "d to bice-x" in found(audit.verify())[0]
    tamper(update(deliveries).where(deliveries.c.post == "d").values(head=previous))
    (flaw,) = found(audit.verify())
    assert flaw.startswith("seal 1 covers other steps")


@pytest.mark.parametrize("swap", ["contents", "numbers"])
def test_two_steps_that_changed_places_are_found(
    audit: Audit, database: Database, tamper: Callable[..., None], swap: str
) -> None:
    one, two = steps_of(database, "a")[1:3]
    kept = ("id", "seq") if swap == "contents" else ("id", "hash", *set(one) - {"seq"})
    for mine, other in ((one, two), (two, one)):
        values = {name: other[name] for name in other if name not in kept}
        tamper(update(history).where(history.c.id == mine["id"]).values(values))
    breaks = found(audit.verify())
    assert "a to bice-x, step 2 has changed since it was written" in breaks


@pytest.mark.parametrize("column", ["post", "account", "state", "version", "head"])
def test_a_delivery_that_does_not_fit_its_steps_is_found(
    audit: Audit, tamper: Callable[..., None], column: str
) -> None:
    value = 99 if column == "version" else "held"
    tamper(update(deliveries).where(deliveries.c.post == "a").values({column: value}))
    assert len(audit.verify().breaks) == 1


def test_steps_about_accounts_are_chained_as_well(
    audit: Audit, database: Database, tamper: Callable[..., None]
) -> None:
    of_account = (history.c.delivery.is_(None)) & (history.c.account == "bice-x")
    with database.read() as connection:
        ids = connection.execute(select(history.c.id).where(of_account)).scalars().all()
    tamper(delete(history).where(history.c.id == ids[-1]))
    assert found(audit.verify()) == [f"bice-x, step {len(ids)} is missing"]
    tamper(delete(history).where(of_account))
    assert found(audit.verify()) == [f"bice-x all its {len(ids)} steps are missing"]
    tamper(delete(account_chains))
    assert "*, step 1 was added by hand: there were only 0" in found(audit.verify())


def test_a_seal_that_was_changed_or_removed_is_found(
    audit: Audit, control: Control, tamper: Callable[..., None], clock: ManualClock
) -> None:
    for reason in ("un", "deux", "trois"):
        control.pause(None, reason, "manager")
        assert audit.seal()
    tamper(update(seals).where(seals.c.number == 1).values(at=clock.ahead(1)))
    assert found(audit.verify()) == ["seal 1 has changed since it was written"]
    tamper(delete(seals).where(seals.c.number == 1))
    assert found(audit.verify()) == ["seal 1 is missing"]


def test_a_seal_that_somebody_noted_tells_of_a_history_that_was_replaced(
    audit: Audit, control: Control, tamper: Callable[..., None]
) -> None:
    assert audit.seal()
    noted = audit.verify().seal
    assert noted is not None
    assert found(audit.verify(noted.hash)) == []
    tamper(delete(seals))
    assert found(audit.verify()) == []
    (flaw,) = found(audit.verify(noted.hash))
    assert flaw.startswith(f"No seal has the hash {noted.hash}")


def test_nothing_new_needs_no_new_seal(audit: Audit, clock: ManualClock) -> None:
    assert audit.seal()
    first = audit.verify().seal
    assert audit.seal()
    assert audit.verify().seal == first
    clock.advance(5)
    assert audit.seal(always=True)
    second = audit.verify().seal
    assert second is not None
    assert (second.number, second.steps, second.at) == (2, 0, clock.now())


@pytest.mark.parametrize("table", ["history", "seals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_what_happened(
    audit: Audit, database: Database, table: str, statement: str
) -> None:
    assert audit.seal()

    def change() -> None:
        with database.write() as connection:
            connection.execute(text(statement.format(table)))

    with pytest.raises(DatabaseError, match="append-only"):
        change()
    assert found(audit.verify()) == []


def test_many_writers_at_once_leave_unbroken_chains(
    audit: Audit, database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """Claims, pauses and seals from seven threads."""
    add(ledger, *(wish(clock, f"m{n}", due_in=1) for n in range(200)))
    dispatch, control = Dispatch(database, clock, settle=60), Control(database, clock)
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                claims = dispatch.claim(clock.ahead(2), clock.ahead(30), 5)
                dispatch.release(claims[:2])
                if number % 4 == 0:
                    audit.seal()
        except Exception as error:  # noqa: BLE001 - any failure fails the test
            failures.append(error)

    def pause() -> None:
        for _ in range(5):
            control.pause("lima-x", "essai", "manager")
            control.resume("lima-x", "manager")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    threads.append(threading.Thread(target=pause))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert found(audit.verify()) == []
    assert audit.seal()
    verdict = audit.verify()
    assert (found(verdict), verdict.unsealed) == ([], 0)


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_a_seal_waits_for_nobody_and_covers_nothing_that_may_still_come(
    audit: Audit, database: Database, control: Control
) -> None:
    """On PostgreSQL, an open transaction may hold a lower number than one that is committed."""
    with database.engine.connect() as slow:
        slow.execute(text("SELECT nextval('history_id_seq')"))
        slow.execute(text("LOCK TABLE history IN ROW EXCLUSIVE MODE"))
        control.pause("lima-x", "essai", "manager")
        assert not audit.seal()
    assert audit.seal()
    assert found(audit.verify()) == []
