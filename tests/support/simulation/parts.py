"""Publisher's own parts, made to run in a simulated world; none of them is replaced.

Only their surroundings are: where a transaction begins and ends is a numbered step, a channel is
one of the simulated platform, and drafts are values instead of files.
"""

import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from unittest import mock

from PIL import Image
from sqlalchemy import Connection

from publisher.app import Application
from publisher.base.errors import LedgerUnavailable
from publisher.channels.base import Channel
from publisher.channels.http.client import Client, Connected, Leaving
from publisher.channels.http.connection import Connection as HttpConnection
from publisher.channels.outgoing import Request
from publisher.delivery.threads import Threads, guarded
from publisher.drafts.library import Library
from publisher.ledger.database import Database
from publisher.ledger.heartbeats import Heartbeat
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.integrity.silence import Silence
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Delivery
from publisher.model.posts import MediaItem, Post
from publisher.settings.account_settings import AccountSettings
from publisher.settings.schema import ApprovalSettings, BrokerSettings
from publisher.settings.settings import Settings
from tests.support import engines
from tests.support.simulation.plan import Act, Moment
from tests.support.simulation.platform import Platform, Posting
from tests.support.simulation.platforms import open_channel
from tests.support.simulation.said import Words
from tests.support.simulation.world import Process, SimulatedClock, SimulatedQueue, World

ACCOUNTS = {
    "bice-x": AccountSettings(channel="twitter"),
    "bice-page": AccountSettings(channel="facebook", page_id="100200300"),
    "bice-sky": AccountSettings(channel="bluesky"),
    "bice-fedi": AccountSettings(channel="mastodon"),
    "bice-snac": AccountSettings(channel="mastodon"),
    "bice-in": AccountSettings(channel="linkedin", organization_id="100200301"),
    "bice-wp": AccountSettings(channel="wordpress"),
    "bice-site": AccountSettings(channel="site"),
    "apg-sky": AccountSettings(channel="bluesky", approval=True),
    "apg-x": AccountSettings(channel="twitter", approval=True),
    "apg-page": AccountSettings(channel="facebook", page_id="400500600", approval=True),
}


class _Past(NamedTuple):
    """A state of the ledger, and what people had said by then."""

    at: float
    """Real seconds since the history began."""
    ledger: sqlite3.Connection
    words: Words


class SimulatedDatabase(Database):
    """A ledger whose transactions are steps of a world."""

    def __init__(self, url: str) -> None:
        self.world: World | None = None
        self._seen: dict[Process | None, Watermark | None] = {}
        self._looked_at: set[Process | None] = set()
        super().__init__(url)
        self._as_new: sqlite3.Connection | None = None
        self._past: list[_Past] | None = None
        self._heard: Callable[[], Words] | None = None
        self.went_back_at: float | None = None
        self._beside = sqlite3.connect(str(self.engine.url.database), isolation_level=None)

    @property
    def seen(self) -> Watermark | None:
        """Each process remembers for itself."""
        return self._seen.get(self._process())

    @seen.setter
    def seen(self, mark: Watermark | None) -> None:
        self._seen[self._process()] = mark

    @property
    def _is_looked_at(self) -> bool:
        """Each process looks for itself."""
        return self._process() in self._looked_at

    @_is_looked_at.setter
    def _is_looked_at(self, value: bool) -> None:
        (self._looked_at.add if value else self._looked_at.discard)(self._process())

    def begin(self) -> None:
        """A process begins: it has seen nothing of the ledger."""
        self.seen, self._is_looked_at = None, False

    def _process(self) -> Process | None:
        thread = self.world.current() if self.world else None
        return thread.process if thread else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._step(Moment.LOOK)
        with super().read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._step(Moment.BEGIN)
        with super().write() as connection:
            yield connection
        if self.world:
            self.world.changes += 1
            self._remember()
        self._step(Moment.COMMITTED)

    def _step(self, moment: Moment) -> None:
        faults = self.world.step(moment) if self.world else []
        if any(fault.act is Act.AWAY for fault in faults):
            self._is_looked_at = False
            raise LedgerUnavailable

    def _lost_connection(self, *_of_it: object) -> None:
        """None is lost but by a plan."""

    def close(self) -> None:
        super().close()
        if self._as_new:
            self._as_new.close()
        self._beside.close()

    def keep(self) -> None:
        """Remember the ledger as it is now, for `empty`."""
        self._as_new = self.copy()

    def empty(self) -> None:
        """Make it as it was after its migration. The history refuses to be deleted."""
        self.leave()
        if self._as_new:
            self.put_back(self._as_new)

    def copy(self) -> sqlite3.Connection:
        """The ledger as it is now, in memory."""
        copy = sqlite3.connect(":memory:")
        with self._raw() as connection:
            connection.backup(copy)
        return copy

    def put_back(self, copy: sqlite3.Connection) -> None:
        self._seen, self._looked_at = {}, set()
        with self._raw() as connection:
            copy.backup(connection)

    @property
    def has_past(self) -> bool:
        return self._past is not None

    def keep_past(self, heard: Callable[[], Words]) -> None:
        """Remember each state from now on, for `go_back`, and what people had said by then."""
        self._past, self._heard = [], heard
        self._remember()

    def leave(self) -> None:
        """Forget the world and the past: the history is over."""
        for past in self._past or ():
            past.ledger.close()
        self.world = self._past = self.went_back_at = self.watch = None

    def _remember(self) -> None:
        if self._past is not None and self.world and self._heard:
            self._past.append(_Past(self.world.elapsed, self.copy(), self._heard()))

    def go_back(self, seconds: float) -> Words:
        """Make it as it was so long ago, and at least without the last commit; nobody is told.

        Returns what people had said by then.
        """
        assert self.world
        assert self._past
        self.went_back_at = self.world.elapsed
        until = self.world.elapsed - seconds
        while len(self._past) > 1:
            self._past.pop().ledger.close()
            if self._past[-1].at <= until:
                break
        with self._raw() as connection:
            self._past[-1].ledger.backup(connection)
        self.world.changes += 1
        return self._past[-1].words

    def peek(self, query: str, values: Mapping[str, int | str]) -> tuple[Any, ...]:
        """One row, read beside SQLAlchemy, which would take most of a history's time."""
        row: tuple[Any, ...] = self._beside.execute(query, values).fetchone()
        return row

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        pooled = self.engine.raw_connection()
        try:
            yield cast("sqlite3.Connection", pooled.driver_connection)
        finally:
            pooled.close()


FIRST, SECOND = "first", "second"


@cache
def ledger(name: str = FIRST) -> SimulatedDatabase:
    """One of each name for all histories, because making one takes longer than a history; in memory
    if we can.
    """
    memory = Path("/dev/shm")  # noqa: S108 - SQLite's own database in memory has one connection
    folder = tempfile.mkdtemp(prefix=f"publisher-{name}-", dir=memory if memory.is_dir() else None)
    database = SimulatedDatabase(f"sqlite:///{folder}/publisher.db")
    engines.share(database.engine)
    database.migrate()
    database.keep()
    _made.append(database)
    return database


_made: list[SimulatedDatabase] = []


def close_ledger() -> None:
    """Take the ledgers' files away."""
    for database in _made:
        database.close()
        shutil.rmtree(Path(str(database.engine.url.database)).parent, ignore_errors=True)
    _made.clear()
    ledger.cache_clear()
    _picture_file.cache_clear()


class Asking(ClockCheck):
    """Whoever wants to know whether the clock is right asks a platform first."""

    def __init__(self, world: World) -> None:
        super().__init__(SimulatedClock(world), lambda: world.elapsed)
        self._world = world

    def _wrong(self) -> tuple[str, timedelta, datetime] | None:
        self._keep("X", self._world.true_time(), 0.0)
        return super()._wrong()


class SimulatedThreads(Threads):
    """The threads of one process of a world."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    def start(self, run: Callable[[], None]) -> None:
        self._world.spawn(self._process, partial(guarded, run))

    def queue(self) -> Any:
        return SimulatedQueue(self._world)


class SimulatedClient(Client):
    """Requests of one process go to the simulated platform."""

    def __init__(self, platform: Platform, threads: SimulatedThreads) -> None:
        super().__init__()
        self._platform = platform
        self._threads = threads

    def connect(self, requests: Sequence[Request], connected: Connected) -> None:
        loaded = [cast("HttpConnection", SimpleNamespace(request=request)) for request in requests]
        connected(list(enumerate(loaded)))

    def leave(self, leaving: Sequence[Leaving]) -> None:
        for one in leaving:
            if objection := one.objection():
                one.ended(objection)
            else:
                posting = cast("Posting", one.connection.request)
                self._platform.leave(posting, self._threads.start, one.ended)

    def release(self, connections: Sequence[HttpConnection]) -> None:
        pass


class AnyKeys:
    """All keys are an account's own; else real threads would ask, and wait for one another."""

    def is_verified(self, account: str) -> bool:
        return True

    def check(self, account: str, channel: Channel) -> None:
        return None


class SimulatedApplication(Application):
    """What one process has of Publisher."""

    def __init__(
        self,
        settings: Settings,
        platform: Platform,
        database: SimulatedDatabase,
        lives: Callable[[Connection], Sequence[Heartbeat]],
    ) -> None:
        self.settings = settings
        self.clock = SimulatedClock(platform.world)
        self.database = database
        self.silence = Silence(database, self.clock, lives)
        self._platform = platform
        self._simulated = database

    @cached_property
    def clock_check(self) -> ClockCheck:
        return Asking(self._platform.world)

    def peek(self) -> list[Delivery]:
        """What the ledger has at this instant, whoever is in the middle of a step."""
        world, self._simulated.world = self._simulated.world, None
        try:
            return self.queries.deliveries()
        finally:
            self._simulated.world = world

    def work_in(self, process: Process) -> None:
        """Let this process do what a worker does."""
        threads = SimulatedThreads(self._platform.world, process)
        self.delivery.__dict__.update(
            threads=threads, client=SimulatedClient(self._platform, threads), identity=AnyKeys()
        )

    def channel(self, account: str) -> AbstractContextManager[Channel]:
        kind = self.settings.accounts[account].channel
        return nullcontext(open_channel(self._platform, account, kind))


@cache
def _picture_file() -> Path:
    path = Path(str(ledger().engine.url.database)).with_name("picture.jpg")
    Image.new("RGB", (8, 8)).save(path)
    return path


def picture(consent: str | None) -> MediaItem:
    """The one picture, of people who gave a consent; None: the draft does not name it."""
    named = consent is not None
    return MediaItem(path=_picture_file(), alt="Une salle", people=named, consent=consent)


def _digests(path: Path) -> frozenset[str]:
    return frozenset({hashlib.sha256(path.read_bytes()).hexdigest()})


def library(posts: Sequence[Post]) -> Library:
    """Drafts that lie in no folder, as `queue` reads them."""
    names = {post.id for post in posts}
    simulated = SimpleNamespace(
        posts=tuple(posts),
        broken=frozenset(),
        has=names.__contains__,
        session=SimpleNamespace(zone=UTC),
        consents={},
    )
    return cast("Library", simulated)


SAID = SimpleNamespace(digests=_digests, of=lambda _path, _draft: ())
"""What is said of the people in each picture, as `check.said` has it."""


def settings(*, approvals: bool = False) -> Settings:
    """`approvals`: whether every account needs them."""
    return Settings(
        workspace=Path(tempfile.gettempdir()),
        accounts=ACCOUNTS,
        approval=ApprovalSettings(required=approvals),
        broker=BrokerSettings(url="redis://127.0.0.1:1/0"),
    )


@cache
def dispatcher_class() -> Any:
    """`workers.dispatcher.Dispatcher`; its package reads a workspace when it is imported."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "publisher.toml").write_text(
            '[broker]\nurl = "redis://127.0.0.1:1/0"\n'
            '[database]\nurl = "sqlite:///var/publisher.db"\n'
        )
        Application.open_or_make(Path(folder)).close()
        before = {name: module for name, module in sys.modules.items() if _is_workers(name)}
        for name in before:
            del sys.modules[name]
        with mock.patch.dict(os.environ, {"PUBLISHER_WORKSPACE": folder}):
            from workers.app import publisher  # noqa: PLC0415
            from workers.dispatcher import Dispatcher  # noqa: PLC0415

            publisher().close()
        for name in [name for name in sys.modules if _is_workers(name)]:
            del sys.modules[name]
        sys.modules.update(before)
    return Dispatcher


def _is_workers(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == "workers"
