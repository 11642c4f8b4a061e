"""The ledger's database: connections, transactions, migrations and errors."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import IntEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from publisher.base.clock import Clock
from publisher.base.errors import (
    ConfigurationError,
    LedgerMissing,
    LedgerSetBack,
    LedgerTooNew,
    LedgerTooOld,
    LedgerUnavailable,
)
from publisher.base.i18n import _
from publisher.ledger import schema
from publisher.ledger.driver_errors import URL_HINT, database_name, plain_errors
from publisher.ledger.integrity import marks
from publisher.ledger.sqlite_file import LedgerFile
from publisher.ledger.tables import REVISION, metadata

_BUSY_TIMEOUT_S = 30
_ANSWER_LIMIT = 65.0  # real seconds; a little longer than PostgreSQL gives a statement, below
_LAST_LIMIT = 10.0  # real seconds, for a process that is to end
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class Turn(IntEnum):
    """Keys of PostgreSQL advisory locks, for what transactions must do one after the other."""

    QUEUE = 7305135
    LOG_IN = 7305137
    BACKLOG = 7305139
    PEOPLE = 7305141
    DRAFTS = 7305143
    OWNERS = 7305145
    SET_BACK = 7305147


class LedgerWatch(Protocol):
    """Compares the ledger with what was seen of it, here and elsewhere: see `watermarks.py`."""

    def look(self) -> None:
        """Compare, and quarantine a ledger that was set back."""

    def keep(self) -> None:
        """Let other processes see the newest step."""


class Database:
    """SQLite or PostgreSQL: transactions that read, and transactions that write."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._answer_limit = _ANSWER_LIMIT
        self.engine = _engine(url, lambda: self._answer_limit)
        self.seen: marks.Watermark | None = None
        """The newest step that this process has seen of the history."""
        self.watch: LedgerWatch | None = None
        """Looks at the ledger before the first transaction that writes, and after each lost
        connection.
        """
        self._is_looked_at = False
        event.listen(self.engine, "invalidate", self._lost_connection)
        self._file: LedgerFile | None = None
        if self.is_sqlite:
            self._file = file = LedgerFile(Path(str(self.engine.url.database)))
            event.listen(self.engine, "connect", lambda *_of_it: file.opened())
        # SQLite lets one writer in at a time; threads of this process wait here instead of polling.
        self._one_writer: AbstractContextManager[Any] = Lock() if self.is_sqlite else nullcontext()
        # By default each statement on PostgreSQL sees another state, so that what changes between
        # two of them would be counted by neither.
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading: dict[str, Any] = {"read_only": True, **({} if self.is_sqlite else snapshot)}

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def hurry(self) -> None:
        """Wait only briefly for PostgreSQL's answers, also those awaited now: the process ends."""
        self._answer_limit = _LAST_LIMIT

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def place(self) -> str:
        """The ledger's file, or the database on its server, within a sentence; no password."""
        url = self.engine.url
        if self.is_sqlite:
            return str(url.database)
        return _("the database {database} on {host}", database=url.database, host=url.host)

    def check_file(self) -> None:
        """Raise LedgerGone when the file of an SQLite ledger was deleted or replaced."""
        if self._file:
            self._file.check()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: it sees one state of the ledger and changes nothing."""
        self.check_file()
        with plain_errors(self.engine.url), self.engine.connect() as connection:
            yield connection.execution_options(**self._reading)
            # Not rolled back: with that, psycopg forgets what the server has planned already.
            connection.commit()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: commits when the block ends, rolls back when it raises.

        Raises LedgerSetBack instead of appending to a history that lacks what this process has seen
        of it: then nothing of the block is done, and what may be out is uncertain.
        """
        self._look_first()
        try:
            with plain_errors(self.engine.url), self._one_writer, self.engine.begin() as connection:
                self.check_file()
                if self.watch and not self._is_looked_at:
                    raise LedgerUnavailable(_("The connection to the ledger was lost just now."))
                marks.begin(connection, self.seen)
                yield connection
                self.check_file()  # an intent in a file that is gone is worth nothing
                written = marks.written(connection)
        except marks.Behind as behind:
            self.face(behind.mark, behind.at)
            raise LedgerSetBack from None
        if written:
            self.seen = written

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What is written here knows what other processes saw, and they see it at its end."""
        if self.watch:
            self.watch.look()
        yield
        if self.watch:
            self.watch.keep()

    def _look_first(self) -> None:
        if self.watch and not self._is_looked_at:
            self._is_looked_at = True  # it writes as well
            try:
                self.watch.look()
            except BaseException:
                self._is_looked_at = False
                raise

    def _lost_connection(self, *_of_it: object) -> None:
        """Look again: the server may be another one now, or go on from an earlier instant."""
        self.look_again()

    def look_again(self) -> None:
        """Compare before the next transaction that writes; it fails if that fails."""
        self._is_looked_at = False

    def face(self, mark: marks.Watermark, now: datetime) -> None:
        """Put a ledger that lacks the step of `mark` into quarantine, if no other process did."""
        from publisher.ledger.integrity.after_restore import set_back  # noqa: PLC0415 - seldom needed, and a circle

        if not set_back(self, mark, now) and self.seen == mark:
            self.seen = None

    def time(self) -> datetime:
        """The time by the clock of PostgreSQL's machine, in UTC."""
        with self.read() as connection:
            told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)

    def not_durable(self) -> list[str]:
        """The durability settings of PostgreSQL that are off: without them it may lose a commit."""
        with self.read() as connection:
            shown = {name: connection.exec_driver_sql(f"SHOW {name}") for name in _DURABLE}
            return [name for name, found in shown.items() if found.scalar_one() == "off"]

    def limits_not_in_force(self) -> list[str]:
        """The time limits that a session of PostgreSQL has not kept since its connection began.

        None: all are in force. A pooler that gives each transaction another session keeps none of
        them: while another transaction has the session that was free, this one gets one of others.
        """
        from publisher.ledger.timeouts import SESSION_LIMITS  # noqa: PLC0415 - PostgreSQL's driver, slow to load

        begun = select(func.set_config("publisher.session", mark := uuid4().hex, False))  # noqa: FBT003
        kept = select(func.current_setting("publisher.session", True))  # noqa: FBT003
        with self.read() as own:
            own.execute(begun)
            own.commit()
            with self.read() as other:
                other.execute(kept)
                is_kept = own.execute(kept).scalar_one() == mark
                shown = own.execute(text("SELECT name, setting FROM pg_settings")).all()
        found: dict[str, str] = {name: setting for name, setting in shown}  # noqa: C416 - of rows
        return [
            name
            for name, limit in SESSION_LIMITS.items()
            if not (is_kept and found.get(name) == str(limit))
        ]

    def insert_missing(
        self, connection: Connection, table: Table, rows: list[dict[str, Any]]
    ) -> None:
        """Insert the rows whose primary key is not there yet."""
        if rows:
            connection.execute(
                insert_into(connection.dialect.name, table).on_conflict_do_nothing(), rows
            )

    def take_turns(self, connection: Connection, at: Turn, about: str = "") -> None:
        """Take the advisory lock `at` for this transaction; SQLite has one writer anyway.

        `about`: what it concerns, where those that concern something else need not wait.
        """
        if self.is_sqlite:
            return
        lock = func.pg_advisory_xact_lock
        connection.execute(select(lock(at, func.hashtext(about)) if about else lock(at)))

    def migrate(self, *, now: datetime | None = None) -> bool:
        """Migrate the tables to this version; returns whether that made a new ledger.

        `now`: the `knows_since` of a new ledger; None: it knows all that ever went out. Raises
        LedgerTooNew or LedgerTooOld when they cannot be.
        """
        if self._file:
            self._file.make_private()
        with self.write() as connection:
            if not self.is_sqlite:
                # Two processes that start together must not both create the tables.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7305134)")
            found = self._revision(connection)
            if found is None:
                schema.create(connection, knows_since=now)
            elif found != REVISION:
                self._refuse_unknown(found)
                self._prepare_to_migrate(connection)
                from publisher.ledger import migrations as migrating  # noqa: PLC0415 - seldom needed, slow to load

                migrating.upgrade(connection)
        return found is None

    def _prepare_to_migrate(self, connection: Connection) -> None:
        """Lift the time limits and lock the deliveries.

        A large ledger takes long to migrate, and a worker may still run.
        """
        if not self.is_sqlite:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            waits: Any = connection.connection.driver_connection
            waits.is_endless = True
            connection.detach()  # it is closed with this transaction
            connection.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")

    def check_migrated(self, connection: Connection) -> None:
        """Raise LedgerTooNew when the ledger is of another version than when it was opened."""
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        if found != REVISION:
            raise LedgerTooNew(
                _(
                    "Another version of Publisher migrated or restored the ledger while this "
                    "process used it. This process has stopped: nothing more goes out from here."
                ),
                hint=_(
                    "Update Publisher on this machine to the version that the other machines "
                    "use, and start it again."
                ),
            )

    def is_old(self) -> bool:
        """Whether there is a ledger of an older version; raises LedgerTooNew for a newer one."""
        self.check_file()
        if self._file and not self._file.exists():
            return False
        with self.read() as connection:
            found = self._revision(connection)
        if found in (None, REVISION):
            return False
        self._refuse_unknown(found)
        return True

    def check_revision(self) -> None:
        """Raise unless there is a ledger of this version.

        LedgerMissing, LedgerTooNew, LedgerTooOld or LedgerUnavailable.
        """
        self.check_file()
        if self._file and not self._file.exists():
            # Opening it would create it.
            raise LedgerMissing(
                _("There is no ledger yet: {path} does not exist.", path=self._file.path)
            )
        with self.read() as connection:
            found = self._revision(connection)
        if found is None:
            raise LedgerMissing(
                _("There is no ledger yet: {path} is empty.", path=self._file.path)
                if self._file
                else _("The database has no ledger yet."),
            )
        if found != REVISION:
            self._refuse_unknown(found)
            raise LedgerUnavailable(
                _("An older version of Publisher wrote this ledger."),
                hint=_("Make a backup, then run `publisher migrate`."),
            )

    def _revision(self, connection: Connection) -> str | None:
        """The ledger's revision, or None; LedgerUnavailable when there are other tables."""
        names = set(inspect(connection).get_table_names())
        query = "SELECT version_num FROM alembic_version"
        is_marked = "alembic_version" in names
        found = connection.exec_driver_sql(query).scalar_one_or_none() if is_marked else None
        ours = names & set(metadata.tables)
        # A server's database may be shared with other programs; a file is a ledger or not.
        taken = names if self.is_sqlite else ours
        if taken if found is None else not ours:
            raise LedgerUnavailable(
                _(
                    "{database} is not a ledger of Publisher: it contains other tables.",
                    database=database_name(self.engine.url),
                ),
                hint=_(
                    "Choose another file or database in [database] url; `publisher migrate` "
                    "prepares a new one."
                ),
            )
        return found

    @staticmethod
    def _refuse_unknown(found: str) -> None:
        from publisher.ledger import migrations as migrating  # noqa: PLC0415 - seldom needed, slow to load

        if not migrating.knows(found):
            raise LedgerTooOld if found < REVISION else LedgerTooNew


class LedgerPart:
    """What reads and writes one part of the ledger."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock


def insert_into(dialect: str, table: Table) -> Any:
    """An INSERT that can have an ON CONFLICT, in the dialect of this database."""
    # Loading both dialects takes long.
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


MOST_CONNECTIONS = 15
"""Connections of one process to PostgreSQL, whose default of 100 is enough for three workers, two
dispatchers and the web pages. More would not be faster: many threads share a transaction.
"""
_KEPT_OPEN = 8

_POSTGRESQL_PATIENCE = {
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}


def _engine(url: str, answer_limit: Callable[[], float]) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise ConfigurationError(_("[database] url names no file."), hint=_(URL_HINT))
            engine = create_engine(parsed, hide_parameters=True, pool_size=20, max_overflow=100)
            event.listen(engine, "connect", _configure_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        if parsed.get_backend_name() != "postgresql":
            raise ConfigurationError(
                _(
                    "[database] url names {backend}, which the ledger cannot use.",
                    backend=parsed.get_backend_name(),
                ),
                hint=_(URL_HINT),
            )
        if parsed.get_dialect().is_async:
            raise ConfigurationError(
                _("[database] url names a driver that the ledger cannot use."), hint=_(URL_HINT)
            )
        engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=_KEPT_OPEN,
            max_overflow=MOST_CONNECTIONS - _KEPT_OPEN,
            connect_args=_POSTGRESQL_PATIENCE,
        )
        event.listen(engine, "do_connect", partial(_connect, answer_limit))
    except (ArgumentError, NoSuchModuleError, ValueError):
        # The URL may hold a password, so it is not repeated here.
        raise ConfigurationError(
            _("[database] url is not a database URL."), hint=_(URL_HINT)
        ) from None
    except ModuleNotFoundError:
        raise ConfigurationError(
            _("The PostgreSQL driver is not installed."),
            hint=_("Install it into Publisher's environment: pip install 'psycopg[binary]'."),
        ) from None
    return engine


def _connect(
    answer_limit: Callable[[], float], _dialect: Any, _record: Any, arguments: Any, options: Any
) -> Any:
    from publisher.ledger.timeouts import TimedConnection  # noqa: PLC0415 - PostgreSQL's driver, slow to load

    connection = TimedConnection.connect(*arguments, **options)
    connection.answer_limit = answer_limit
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise ConfigurationError(
            _("The database's encoding is {encoding}, but it must be UTF8.", encoding=encoding),
            hint=_(
                "`publisher help deployment` shows, under PostgreSQL, how to make such a database."
            ),
        )
    connection.limit_session()
    return connection


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


_LOCKED = "database is locked"  # as SQLite says it
_MALFORMED = "database disk image is malformed"  # the same


def _use_wal(connection: Any) -> None:
    # SQLite does not wait for the lock that changes a new file's mode, despite busy_timeout.
    deadline = monotonic() + _BUSY_TIMEOUT_S
    if _is_cut_off(connection):
        raise sqlite3.DatabaseError(_MALFORMED)
    while not _enters_wal(connection):
        if monotonic() > deadline:
            raise sqlite3.OperationalError(_LOCKED)
        sleep(0.01)


def _is_cut_off(connection: Any) -> bool:
    """Whether the file is empty but has a log; SQLite calls that busy while it is in use."""
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    return Path(f"{path}-wal").exists() and path.exists() and not path.stat().st_size


def _enters_wal(connection: Any) -> bool:
    """Whether the file is now in write-ahead mode; False while another connection has it locked."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails with "database is locked", whatever its
    # time limit; one that takes the write lock at the start waits for its turn.
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def parsed(url: str) -> URL:
    """`[database] url` as its parts: host, user, name and options."""
    return make_url(url)
