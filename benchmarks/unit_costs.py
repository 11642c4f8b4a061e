"""What a post costs at each part of Publisher, in seconds of the processor: for scale.py.

The ledger's share is measured through `Attempts` and `Dispatch` themselves, alone and among as many
as share a transaction; the worker's through `Courier`, which sends to the stand-in for X. Times are
the processor's, so that a busy machine changes them little: this process's own, and those of
PostgreSQL's and the broker's processes.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.worker.attempts import Attempts
from publisher.model.models import Content, Delivery, Part, Wish
from publisher.model.outcomes import Accepted, Limit
from publisher.model.states import State

CLOCK = SystemClock()
LIMITS = ("posts-15m", "posts-24h", "posts-24h-app")
"""What X tells of with each answer."""
TEXT = (
    "Today's session is about the protection of children online. We are four organisations from "
    "four countries, and we say it together: the rights of the child do not end at the screen. "
)


@dataclass
class Used:
    """Of the processor, in seconds; of the database, in statements (one for many rows is one)."""

    client: float = 0.0
    server: float = 0.0
    statements: int = 0

    def each(self, count: int) -> tuple[float, float, float]:
        return self.client / count, self.server / count, self.statements / count


class Meter:
    """Reads what was used while a block runs."""

    def __init__(self, database: Database) -> None:
        self._statements = 0
        event.listen(database.engine, "after_cursor_execute", self._count)
        self._server: int | None = None
        if not database.is_sqlite:
            with database.read() as connection:
                backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            self._server = parent(backend)

    def _count(self, *_: Any) -> None:
        self._statements += 1

    @contextmanager
    def into(self, used: Used) -> Iterator[None]:
        server, statements, client = self._of_server(), self._statements, time.process_time()
        yield
        used.client += time.process_time() - client
        # What has ended meanwhile is autovacuum's.
        used.server += sum(at - server.get(pid, 0.0) for pid, at in self._of_server().items())
        used.statements += self._statements - statements

    def _of_server(self) -> dict[int, float]:
        return {} if self._server is None else of_family(self._server)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def of_process(pid: int) -> float:
    """Seconds of the processor that the first thread of a process has used, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def of_family(pid: int) -> dict[int, float]:
    """The same for a process and all that it started and that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {one: of_process(one) for one in [pid, *map(int, children)]}


def queue(app: Application, count: int, due_at: datetime, name: str, accounts: int) -> None:
    """`count` deliveries, each to the next of so many accounts."""
    for start in range(0, count, 2000):
        wishes = [
            Wish(
                post=f"2016-03/{name}-{number}.en",
                account=f"a{number % accounts}",
                channel="twitter",
                due_at=due_at,
                expires_at=due_at + timedelta(hours=4),
                content=Content(parts=(Part(text=f"{TEXT}{name} {number}"),), lang="en"),
                state=State.SCHEDULED,
            )
            for number in range(start, min(start + 2000, count))
        ]
        app.ledger.apply(add=wishes, edit=(), cancel=(), pictures={}, actor="redaction")


def analyse(database: Database) -> None:
    """As autovacuum does it."""
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")


def accepted(number: int, *, limits: bool = True) -> Accepted:
    now = CLOCK.now()
    told = [Limit(name, 10_000, 9_000, now, now + timedelta(hours=1)) for name in LIMITS]
    return Accepted(
        remote_id=str(700_000_000_000_000_000 + number),
        url=f"https://x.com/i/status/{700_000_000_000_000_000 + number}",
        limits=tuple(told) if limits else (),
    )


def lives(url: str, size: int, rounds: int, *, limits: bool = True) -> dict[str, Used]:
    """What claim, take, intend and record use for `rounds` groups of `size` that are due.

    Of those that come together the first goes alone, and the others share a transaction.
    """
    database = Database(url)
    attempts, dispatch = Attempts(database, CLOCK, 60.0), Dispatch(database, CLOCK, 60.0)
    used = {name: Used() for name in ("claim", "take", "intend", "record")}
    meter = Meter(database)

    def together(act: Callable[[Any], Any], wishes: Sequence[Any]) -> list[Any]:
        if size == 1:
            return [act(wish) for wish in wishes]
        return list(pool.map(act, wishes))

    with ThreadPoolExecutor(size) as pool:
        for number in range(rounds + 1):
            into = used if number else {name: Used() for name in used}  # the first one warms up
            lease = CLOCK.ahead(600)
            with meter.into(into["claim"]):
                claims = dispatch.claim(CLOCK.ahead(4), lease, size)
            if len(claims) != size:
                raise SystemExit(f"{len(claims)} of {size} were due")
            with meter.into(into["take"]):
                taken = together(attempts.take, claims)
            with meter.into(into["intend"]):
                meant = together(partial(_intend, attempts, lease), taken)
            with meter.into(into["record"]):
                together(partial(_record, attempts, lease, limits=limits), meant)
    database.close()
    return used


def _intend(attempts: Attempts, lease: datetime, one: Delivery) -> Delivery | None:
    return attempts.intend(one, CLOCK.now(), lease)


def _record(attempts: Attempts, lease: datetime, one: Delivery, *, limits: bool) -> Delivery:
    return attempts.record(one, accepted(one.id, limits=limits), lease)


def sizes(database: Database) -> dict[str, int]:
    """Bytes of each table with its indexes; of SQLite, of the file as a whole."""
    with database.read() as connection:
        if database.is_sqlite:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return {"all": pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()}
        names = ("deliveries", "history", "ids_out", "search")
        query = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        return {name: connection.execute(query, {"name": name}).scalar_one() for name in names}


def workspace(folder: Path, accounts: int) -> Path:
    """A workspace of so many accounts of X."""
    folder.mkdir()
    (folder / "publisher.toml").write_text(
        "".join(f'[accounts.a{number}]\nchannel = "twitter"\n' for number in range(accounts))
    )
    secrets = folder / "secrets.toml"
    secrets.write_text(
        "".join(
            f'[a{number}]\napi_key = "{"k" * 25}"\napi_secret = "{"s" * 50}"\n'
            f'access_token = "{number + 1}-{"a" * 40}"\naccess_token_secret = "{"t" * 45}"\n'
            for number in range(accounts)
        )
    )
    secrets.chmod(0o600)
    return folder
