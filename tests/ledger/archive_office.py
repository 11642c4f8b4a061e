"""A ledger with deliveries of every kind and its archives."""

import gzip
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text, update

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.integrity.archiving import Archiving
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import deliveries, history
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

DAY = 86_400.0
NOT_ENDED = {"uncertain", "later", "held", "asking", "leftovers", "half-down", "young"}


class Office:
    """A ledger with its archives, and a hand for what happens to deliveries."""

    def __init__(self, database: Database, clock: ManualClock, folder: Path) -> None:
        self.database, self.clock, self.folder = database, clock, folder
        self.ledger = Ledger(database, clock)
        self.control = Control(database, clock)
        self.queries = Queries(database, clock, folder)
        self.audit = Audit(database, clock, folder)
        self.archiving = Archiving(database, clock, self.audit, folder)

    def send(self, post: str, *outcomes: Outcome, **more: Any) -> None:
        """Queue a post and take it as far as these answers take it."""
        add(self.ledger, wish(self.clock, post, due_in=1, **more))
        dispatch = Dispatch(self.database, self.clock, settle=60)
        (claim,) = dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), 1)
        attempts = OneByOne(self.database, self.clock, settle=60)
        delivery = attempts.take(claim)
        for outcome in outcomes:
            assert delivery is not None
            delivery = attempts.intend(delivery, self.clock.now(), self.clock.ahead(30))
            assert delivery is not None
            delivery = attempts.record(delivery, outcome, self.clock.ahead(30))

    def withdraw(self, post: str, parts: int) -> None:
        withdrawals = Withdrawals(self.database, self.clock)
        (delivery,) = self.queries.deliveries(post=post)
        delivery = withdrawals.begin(delivery, "manager", "faux")
        for _ in range(parts):
            delivery = withdrawals.deleted(delivery, "manager", "faux", Accepted("gone"))

    def archive(self, months: int = 12) -> list[Archive]:
        return list(self.archiving.run(self.archiving.before(months), "manager"))

    def flaws(self) -> list[str]:
        return [str(flaw) for flaw in self.audit.verify().breaks]

    def posts_with_steps(self) -> set[str]:
        query = select(deliveries.c.post).join(history).distinct()
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def steps(self) -> int:
        with self.database.read() as connection:
            return connection.execute(select(func.count(history.c.id))).scalar_one()


def fill(office: Office) -> None:
    """Deliveries of every kind, all of March 2016; it ends in the April of the next year."""
    database, clock = office.database, office.clock
    office.send("out", Accepted("1"), Accepted("2"), texts=("un", "deux"))
    office.send("down", Accepted("3"))
    office.withdraw("down", 1)
    office.send("failed", Refused(Kind.CONTENT, "too long"), expires_at=None)
    office.send("uncertain", Unknown("reset"))
    office.send("half-down", Accepted("4"), Accepted("5"), texts=("un demi", "entier"))
    office.withdraw("half-down", 1)
    add(
        office.ledger,
        wish(clock, "cancelled"),
        wish(clock, "leftovers"),
        wish(clock, "later", due_in=500 * DAY),
        wish(clock, "held", state=State.HELD),
        wish(clock, "asking", state=State.AWAITING_APPROVAL),
    )
    clock.advance(30)
    for post in ("cancelled", "leftovers"):
        office.control.cancel(post, None, "manager", "trop tard")
    with database.write() as connection:  # no step tells of it
        left = update(deliveries).where(deliveries.c.post == "leftovers")
        connection.execute(left.values(clear_at=clock.now()))
    clock.advance(380 * DAY)
    office.send("young", Accepted("6"))
    clock.advance(15 * DAY)


def told(office: Office, post: str) -> list[tuple[str, str | None]]:
    return [(step.event, step.account) for step in office.queries.history(post)]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def rewrite(path: Path) -> None:
    data = gzip.decompress(path.read_bytes()).replace(b'"manager"', b'"nobody"')
    path.write_bytes(gzip.compress(data))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def disarm(database: Database) -> None:
    """Get around the guards of the history."""
    with database.write() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER history_no_update"))
        else:
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))
