"""What the size of the ledger costs: the dispatcher's tick, and what people look at.

Two ledgers grow side by side, one a hundred times as large as the other. They are measured in
turns, so that what else the machine does slows both alike. Neither clock moves, so nothing falls
due by itself; first there are only deliveries to come, then come others that must not be in the
tick's way: what is out, what waits for an approval, what is overdue on an account that is paused,
is held, or was held until just now and has one post under way.

Two more are alike but for their accounts, of which one has a hundred times as many; each has one
post to come. Where over a hundred posts are overdue on accounts that go nowhere, a dispatcher looks
at all accounts once a second, which stands by itself: the ticks in between do without.

    .venv/bin/python benchmarks/size.py [--deliveries 1000000] [--databases SQLite PostgreSQL]
"""

import argparse
import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text, update

from benchmarks import page
from benchmarks.ledger import Alike, analyze, fill_in_bulk
from publisher.app import Application
from publisher.delivery.leases import LOOK_AHEAD
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.reading.log_pages import Cursor, Wanted
from publisher.ledger.tables import accounts
from publisher.model.deliveries import Claim
from publisher.model.states import State
from publisher.settings import settings
from tests.support import postgres
from tests.support.clock import ManualClock

TIMES = 100  # how much larger the one ledger is
MOST_TIMES_AS_LONG = 1.5
MOST_MILLISECONDS = 2.0
ROUNDS = 20
IN_A_ROW = 20  # ticks of one ledger before it is the other's turn
PATIENCE = 3000.0  # milliseconds after which something slow is not repeated any more
DUE_AT_ONCE = 25
AT_ONCE = 100  # of one account in workers' hands, as for the dispatcher
AHEAD = timedelta(seconds=LOOK_AHEAD)
PAGE = 50  # as on the web pages
SQLITE, POSTGRESQL = DATABASES = ["SQLite", "PostgreSQL"]
QUEUED, RESTING = "queued", "resting"
CLOCK = ManualClock()
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SETTINGS = f"""\
[accounts.{QUEUED}]
channel = "twitter"
[accounts.{RESTING}]
channel = "twitter"
"""
Work = Callable[["Ledger"], object]


class Ledger:
    """One of the two, and a dispatcher that hands nothing to anybody."""

    def __init__(self, app: Application, count: int) -> None:
        self.app = app
        self.count = count
        self.claims: list[Claim] = []
        self.dispatcher = importlib.import_module("workers.dispatcher").Dispatcher(
            app, lambda _task, claims: self.claims.extend(claims), lambda: 0
        )

    def release(self) -> None:
        """Put back what was claimed: at the next tick it is due again."""
        self.app.dispatch.release(self.claims)
        self.claims.clear()

    @property
    def overdue(self) -> int:
        """How many fell due while their account was held, but for one."""
        return self.count // 10 - 1

    @cached_property
    def late_place(self) -> Cursor:
        """Where a page deep in the log begins."""
        query = (
            "SELECT due_at, id FROM deliveries ORDER BY due_at DESC, id DESC"
            f" LIMIT 1 OFFSET {self.count * 19 // 20}"
        )
        with self.app.database.read() as connection:
            return Cursor(*connection.execute(text(query)).one())


class Bench:
    """The two ledgers of one database, and what was found."""

    def __init__(self, name: str, pair: Sequence[Ledger], clock: ManualClock) -> None:
        self.name = name
        self.pair = pair
        self.clock = clock
        self.figures: list[page.Figure] = []
        self._base = clock.now()
        self._last = 0

    def add(self, state: State, account: str, first: timedelta, share: int = 1) -> None:
        """Fill both with deliveries, a `share`-th of each one's size; one is due each second."""
        self._fill(state, account, first, [ledger.count // share for ledger in self.pair])

    def add_alike(self, state: State, account: str, first: timedelta, number: int) -> None:
        """Fill both with as many deliveries."""
        self._fill(state, account, first, [number] * len(self.pair))

    def add_accounts(self, first: timedelta) -> None:
        """Fill both with accounts that have a delivery each, as many as each one's size."""
        self._fill(State.SCHEDULED, QUEUED, first, [one.count for one in self.pair], is_spread=True)

    def _fill(
        self,
        state: State,
        account: str,
        first: timedelta,
        counts: Sequence[int],
        *,
        is_spread: bool = False,
    ) -> None:
        begin = time.perf_counter()
        lasts = HOUR * 4 if first > -HOUR or state is State.PUBLISHED else None  # it is not missed
        alike = Alike(state, account, "twitter", self._base + first, SECOND, lasts, is_spread)
        fill_in_bulk([ledger.app for ledger in self.pair], alike, counts, self._last)
        self._last += max(counts)
        for ledger in self.pair:
            analyze(ledger.app)
        took = time.perf_counter() - begin
        print(f"{'':29}  + {max(counts):,} {state}, in {took:.0f} s")

    def rest(self, **columns: Any) -> None:
        """Pause or hold the account that rests, or let it go on."""
        free = dict.fromkeys(("paused_at", "suspended_at", "suspended_until"))
        resting = update(accounts).where(accounts.c.account == RESTING)
        for ledger in self.pair:
            with ledger.app.database.write() as connection:
                connection.execute(resting.values(**{**free, **columns}))

    def tick(self, shape: str, claims: int = 0, *, bound: bool = True) -> None:
        """Let both tick in turns; each tick has to claim so many. `bound`: it is held to limits."""

        def one(ledger: Ledger) -> None:
            found = ledger.dispatcher.tick()
            if found not in (claims, min(claims, ledger.overdue)):
                sys.exit(f"{self.name}, {shape}: a tick claimed {found}")

        self.time(
            f"tick, {shape}",
            one,
            Ledger.release if claims else None,
            most=MOST_MILLISECONDS if bound and not claims else None,
            times=MOST_TIMES_AS_LONG if bound else None,
            chart=f"A tick with nothing due, {self.name}" if bound and not claims else None,
        )

    def time(
        self,
        what: str,
        work: Work,
        afterwards: Work | None = None,
        *,
        most: float | None = None,
        times: float | None = None,
        chart: str | None = None,
    ) -> None:
        """Note how long it takes in the larger ledger, and how many times as long as in the other.

        `most` and `times` are the limits of the two. What `work` leaves is put right by
        `afterwards`, which is not timed.
        """
        small, large = in_turns(self.pair, work, afterwards)
        name = f"{self.name}: {what}"
        self.figures += [
            page.Figure(name, large, "ms", most, chart=chart),
            page.Figure(f"{name}, large / small", large / small, "times", times),
        ]
        print(f"{small:9.3f} ms {large:9.3f} ms {large / small:7.2f}  {name}")


def in_turns(pair: Sequence[Ledger], work: Work, afterwards: Work | None) -> list[float]:
    """The median of the milliseconds that it takes in each."""
    took: Mapping[int, list[float]] = {place: [] for place in range(len(pair))}
    for _ in range(ROUNDS):
        for place, ledger in enumerate(pair):
            for _ in range(IN_A_ROW):
                if sum(took[place]) > PATIENCE:
                    break
                begin = time.perf_counter()
                work(ledger)
                took[place].append((time.perf_counter() - begin) * 1000)
                if afterwards:
                    afterwards(ledger)
    return [statistics.median(milliseconds) for milliseconds in took.values()]


def measure(bench: Bench) -> None:
    """Let the ledgers grow, and measure at each stage."""
    clock, until_due = bench.clock, HOUR + SECOND * (DUE_AT_ONCE - 1) - AHEAD
    bench.add(State.SCHEDULED, QUEUED, HOUR)
    bench.time("look, all to come", look, times=MOST_TIMES_AS_LONG)
    bench.tick("all to come")
    clock.advance(until_due.total_seconds())
    bench.tick(f"{DUE_AT_ONCE} due", DUE_AT_ONCE)
    clock.advance(-until_due.total_seconds())
    bench.add(State.PUBLISHED, QUEUED, -timedelta(days=20))
    bench.tick("as many are out")
    bench.add(State.AWAITING_APPROVAL, QUEUED, -timedelta(days=2), share=10)
    bench.tick("a tenth awaits approval, past its time")
    bench.add(State.SCHEDULED, RESTING, -timedelta(days=2), share=10)
    now = clock.now()
    bench.rest(paused_at=now)
    bench.tick("a tenth is overdue, paused")
    bench.time("status", status)
    bench.rest(suspended_at=now, suspended_until=now + HOUR)
    bench.tick("a tenth is overdue, held")
    bench.rest(suspended_at=now - HOUR, suspended_until=now)
    for ledger in bench.pair:
        ledger.app.dispatch.claim(now, clock.ahead(3600), 1)
    bench.tick("a tenth is overdue, after a hold, one under way")
    bench.rest()
    for ledger in bench.pair:
        while ledger.app.backlog.spread():
            pass
    bench.tick("a tenth is overdue, and goes, a minute apart", 1)
    bench.time("log, first page", lambda ledger: ledger.app.logbook.page(Wanted(), PAGE))
    bench.time("log, late page", late_page)


def measure_accounts(bench: Bench) -> None:
    """One account is paused and has something overdue, beside many that have nothing due."""
    bench.add_accounts(HOUR)
    bench.add_alike(State.SCHEDULED, RESTING, -timedelta(days=2), 1)
    bench.rest(paused_at=bench.clock.now())
    bench.tick("many accounts, one post is overdue, paused")
    bench.add_alike(State.SCHEDULED, RESTING, -timedelta(days=1), 200)
    bench.tick("many accounts, 201 posts are overdue, paused")
    bench.time("the same, once a second: look at all accounts", look_at_all)


def look(ledger: Ledger) -> None:
    ledger.app.due_poll.poll(ledger.app.clock.now() + AHEAD)


def look_at_all(ledger: Ledger) -> None:
    """As a dispatcher that has not looked at all accounts within the last second."""
    DuePoll(ledger.app.database, CLOCK).poll(CLOCK.now() + AHEAD)


def status(ledger: Ledger) -> None:
    ledger.app.overview(20, 20)


def late_page(ledger: Ledger) -> None:
    ledger.app.logbook.page(Wanted(), PAGE, after=ledger.late_place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    options = parser.parse_args()
    figures, versions = [], {}
    print(f"{options.deliveries // TIMES:,} and {options.deliveries:,} deliveries, medians:")
    for name in options.databases:
        with ExitStack() as stack:
            pair = opened(name, options.deliveries, stack)
            bench = Bench(name, pair, CLOCK)
            measure(bench)
            of_accounts = Bench(name, opened(name, options.deliveries // 10, stack), CLOCK)
            measure_accounts(of_accounts)
            figures += [*bench.figures, *of_accounts.figures]
            if name == POSTGRESQL:
                with pair[0].app.database.read() as connection:
                    version = connection.execute(text("SHOW server_version")).scalar_one()
                versions[name] = version.split()[0]
    page.keep("size", figures, **versions)


def opened(name: str, count: int, stack: ExitStack) -> list[Ledger]:
    """An empty ledger of each size, for as long as `stack` lasts."""
    server = stack.enter_context(postgres.serve()) if name == POSTGRESQL else None
    folder = Path(stack.enter_context(TemporaryDirectory()))
    pair = []
    for size in (count // TIMES, count):
        workspace = folder / str(size)
        (workspace / "posts").mkdir(parents=True)
        (workspace / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
        given = (
            {"PUBLISHER_DATABASE__URL": stack.enter_context(server.database())} if server else {}
        )
        app = Application(settings.load(workspace, given), CLOCK)
        app.database.migrate()
        stack.callback(app.close)
        # What Celery asks of whoever imports the dispatcher; nobody connects to it.
        os.environ["PUBLISHER_WORKSPACE"] = str(workspace)
        os.environ["PUBLISHER_BROKER__URL"] = "redis://127.0.0.1:1/0"
        os.environ["PUBLISHER_DATABASE__URL"] = app.database.url
        pair.append(Ledger(app, size))
    return pair


if __name__ == "__main__":
    main()
