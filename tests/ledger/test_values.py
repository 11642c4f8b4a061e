"""What a delivery or an account says is vouched for by its steps: `log verify` finds any change."""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, delete, insert, select, text, update

from publisher.ledger import tables
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity import hash_chain
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import account_chains, accounts, deliveries, history
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, AccountSuspended, Kind, Refused
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

SOURCES = Path(__file__).parents[2] / "publisher"
IN_HAND = {"lease_until", "intent_at", "clear_at", "withdraw_at"}
"""Columns that only tell who has a delivery in hand."""


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock)


@pytest.fixture(autouse=True)
def _lived(
    ledger: Ledger, control: Control, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    """One is out, one was refused, one is in hand, one waits; one account is held, one paused."""
    add(
        ledger,
        wish(clock, "out", due_in=0, texts=("un", "deux")),
        wish(clock, "refused", due_in=0, account="bice-page", channel="facebook"),
        wish(clock, "in-hand", due_in=1),
        wish(clock, "waits", due_in=900),
    )
    lease = clock.ahead(60)
    out, refused = dispatch.claim(clock.now(), lease, 2)
    for claim, outcomes in (
        (out, [Accepted("1", url="https://x.com/1"), Accepted("2")]),
        (refused, [Refused(Kind.CONTENT, "Too long.")]),
    ):
        delivery = attempts.take(claim)
        assert delivery
        delivery = attempts.checkpoint(delivery, Prepared(draft_id="9"), lease)
        for outcome in outcomes:
            intended = attempts.intend(delivery, clock.now(), lease)
            assert intended
            delivery = attempts.record(intended, outcome, lease)
    dispatch.claim(clock.ahead(2), lease, 10)
    control.pause("lima-x", "le programme change", "manager")
    (held,) = dispatch.claim(clock.ahead(901), lease, 1)
    delivery = attempts.take(held)
    assert delivery
    attempts.record(delivery, AccountSuspended(Kind.AUTH, "The token is dead."), lease)
    control.pause(None, "tout", "manager")
    control.resume(None, "manager")


def another(column: Any, value: Any) -> Any:
    """Some other value of the column's kind."""
    if isinstance(column.type, tables.Instant):
        return value.replace(microsecond=7) if value else datetime.fromisoformat("2016-03-07T09Z")
    if column.name in ("remote_ids", "withdrawn_ids"):
        return '["3"]'
    if isinstance(value, bool):
        return not value
    if isinstance(column.type, Integer):
        return (value or 0) + 1
    return f"{value or ''}x"[-64:] if column.name != "content" else value.replace("un", "une")


def breaks(audit: Audit) -> list[str]:
    return [str(flaw) for flaw in audit.verify().breaks]


@pytest.mark.parametrize("post", ["out", "refused", "in-hand", "waits"])
def test_a_change_of_anything_that_a_delivery_says_is_found(
    audit: Audit, database: Database, post: str
) -> None:
    """Every column but those that tell who has it in hand, each with plain SQL."""
    assert breaks(audit) == []
    with database.read() as connection:
        of_post = select(deliveries).where(deliveries.c.post == post)
        row = connection.execute(of_post).mappings().one()
    silent = set()
    for column in deliveries.c:
        if column.name == "id" or (column.name == "content" and post != "out"):
            continue
        change(database, row["id"], {column.name: another(column, row[column.name])})
        if not breaks(audit):
            silent.add(column.name)
        change(database, row["id"], {column.name: row[column.name]})
    assert silent == IN_HAND
    assert breaks(audit) == []


def test_what_was_changed_is_named_with_the_step_that_knew_it(
    audit: Audit, database: Database
) -> None:
    with database.read() as connection:
        out = connection.execute(select(deliveries).where(deliveries.c.post == "out")).one()
    change(database, out.id, {"remote_ids": '["1", "3"]'})
    told = "left other values than the ledger has: someone changed them without a step"
    assert breaks(audit) == [f"out to bice-x, step {out.version} {told}"]


def change(database: Database, key: int, values: dict[str, Any]) -> None:
    with database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == key).values(values))


@pytest.mark.parametrize("account", ["bice-x", "lima-x", "*"])
def test_a_change_of_an_accounts_pause_or_hold_is_found(
    audit: Audit, database: Database, account: str
) -> None:
    with database.read() as connection:
        of_account = select(accounts).where(accounts.c.account == account)
        row = connection.execute(of_account).mappings().one()
    for column in accounts.c:
        if column.name == "account":
            continue
        forged = {column.name: another(column, row[column.name])}
        for values in (forged, dict(row)):
            with database.write() as connection:
                connection.execute(
                    update(accounts).where(accounts.c.account == account).values(values)
                )
            assert bool(breaks(audit)) is (values is forged), column.name


def test_an_account_whose_row_is_gone_is_found(audit: Audit, database: Database) -> None:
    with database.write() as connection:
        connection.execute(delete(accounts).where(accounts.c.account == "lima-x"))
    assert len(breaks(audit)) == 1


def test_a_pause_that_nobody_asked_for_is_found(
    audit: Audit, database: Database, clock: ManualClock
) -> None:
    forged = {"account": "nobody", "paused_at": clock.now()}
    with database.write() as connection:
        connection.execute(insert(accounts).values(account="quiet"))
        connection.execute(insert(accounts).values(forged))
    assert breaks(audit) == ["nobody is paused or suspended, but no step says so"]


@pytest.fixture
def _older(database: Database) -> None:
    """The steps as versions wrote them that knew no digests."""
    with database.write() as connection:
        for statement in (
            ["DROP TRIGGER history_no_update"]
            if database.is_sqlite
            else ["ALTER TABLE history DISABLE TRIGGER USER"]
        ):
            connection.execute(text(statement))
        connection.execute(update(history).values(digest=None))
        for row in connection.execute(select(deliveries)).mappings().all():
            mine = history.c.delivery == row["id"]
            head = rehash(connection, mine, hash_chain.delivery_origin(row["post"], row["account"]))
            connection.execute(
                update(deliveries).where(deliveries.c.id == row["id"]).values(head=head)
            )
        for name in connection.execute(select(account_chains.c.account)).scalars().all():
            mine = history.c.delivery.is_(None) & (history.c.account == name)
            head = rehash(connection, mine, hash_chain.account_origin(name))
            of_account = account_chains.c.account == name
            connection.execute(update(account_chains).where(of_account).values(head=head))
    database.seen = None  # as if they were written before this process started


def rehash(connection: Any, mine: Any, previous: str) -> str:
    steps = connection.execute(select(history).where(mine).order_by(history.c.seq)).mappings()
    for step in steps.all():
        previous = hash_chain.step_hash(step, previous)
        connection.execute(update(history).where(history.c.id == step["id"]).values(hash=previous))
    return previous


@pytest.mark.usefixtures("_older")
def test_steps_without_digests_are_compared_as_before(
    audit: Audit, database: Database, control: Control, queries: Queries
) -> None:
    """By the state alone, until the delivery's next step vouches for all of it."""
    assert breaks(audit) == []
    (refused,) = queries.deliveries(post="refused")
    change(database, refused.id, {"state": "cancelled"})
    assert len(breaks(audit)) == 1
    change(database, refused.id, {"state": "failed", "error_message": "forged"})
    assert breaks(audit) == []
    control.retry("refused", None, "manager")
    assert breaks(audit) == []
    change(database, refused.id, {"error_message": "forged"})
    assert len(breaks(audit)) == 1


def test_what_is_claimed_is_still_vouched_for_by_the_step_before(
    database: Database, queries: Queries
) -> None:
    """A claim changes nothing that a digest covers, so that thousands of them stay cheap."""
    with database.read() as connection:
        query = select(history.c.event).where(history.c.digest.is_(None))
        assert set(connection.execute(query).scalars()) == {"claimed"}


def statements() -> Iterator[tuple[str, str, str, ast.Call]]:
    """Every statement in the code that writes a table of the ledger: file, verb, table, call."""
    for path in sorted(SOURCES.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", ""))
                in ("update", "insert", "delete")
                and node.args
                and isinstance(table := node.args[0], ast.Name)
            ):
                verb = getattr(node.func, "id", getattr(node.func, "attr", ""))
                yield path.relative_to(SOURCES).as_posix(), verb, table.id, node


def test_deliveries_accounts_and_people_change_in_few_places() -> None:
    """A new place has to note a step that vouches for what it wrote."""
    written = {(file, verb, table) for file, verb, table, _ in statements()}
    assert {entry for entry in written if entry[2] in ("deliveries", "accounts", "people")} == {
        ("ledger/transitions.py", "update", "deliveries"),
        ("ledger/enqueue.py", "insert", "deliveries"),
        ("ledger/dispatcher/claims.py", "update", "deliveries"),
        ("ledger/dispatcher/due_queries.py", "update", "deliveries"),
        ("ledger/manager/pauses.py", "update", "accounts"),
        ("ledger/limits/suspensions.py", "update", "accounts"),
        ("ledger/account_owners.py", "update", "accounts"),
        ("auth/feed_keys.py", "update", "people"),
        ("auth/password_links.py", "update", "people"),
        ("auth/second_factors.py", "update", "people"),
        ("ledger/people.py", "delete", "people"),
        ("auth/users.py", "insert", "people"),
        ("auth/users.py", "update", "people"),
        ("ledger/people.py", "update", "people"),
    }
    for path in SOURCES.rglob("*.py"):
        if "migrations" not in path.parts:
            source = path.read_text(encoding="utf-8")
            assert "UPDATE deliveries" not in source, path
            assert "INSERT INTO deliveries" not in source, path


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("dispatcher/claims", {"lease_until"}),
        ("doubts/orphans", {"clear_at"}),
        ("manager/withdrawals", {"withdraw_at"}),
    ],
)
def test_beside_the_moves_only_what_no_digest_covers_is_written(
    file: str, written: set[str]
) -> None:
    calls = ast.walk(ast.parse((SOURCES / f"ledger/{file}.py").read_text(encoding="utf-8")))
    columns = {
        str(keyword.arg)
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and _writes(call.func.attr, ast.unparse(call.func.value))
        for keyword in call.keywords
    }
    assert columns == written
    assert written <= IN_HAND <= hash_chain._APART


def _writes(method: str, of: str) -> bool:
    """Whether the method's keywords are columns: of an update, or of a claim without a step."""
    is_query = of in ("LEFT_OVER", "STILL_OUT")
    return (method == "values" and "update(deliveries)" in of) or (method == "claim" and is_query)
