"""Opening a workspace: its settings, and its ledger."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Self, TypeVar

import structlog

from publisher.base import clock as clocks
from publisher.base import i18n, logs, process
from publisher.base.clock import Clock
from publisher.base.errors import ConfigurationError, LedgerMissing, LedgerStarting, PublisherError
from publisher.channels.registry import SPECS
from publisher.ledger.database import Database
from publisher.ledger.heartbeats import Heartbeats
from publisher.ledger.integrity.watermarks import MarkFile, Watermarks
from publisher.settings import account_files, sources
from publisher.settings import settings as workspace_settings
from publisher.settings.readable import ledger_unclear, readable
from publisher.settings.settings import Settings

WORKSPACE_VARIABLE = "PUBLISHER_WORKSPACE"
_START_PATIENCE = 300.0  # seconds that a database may take to start
_START_PAUSE = 1.0  # seconds between two attempts

_T = TypeVar("_T")

_Mark = tuple[int, int, int] | None

log = structlog.get_logger()


class OpenWorkspace:
    """The settings, the clock and the database of one workspace."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        logs.configure()
        process.leave_no_dump()
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url)
        self.is_new = False
        """Whether the ledger was made just now."""
        self.without_ledger: LedgerMissing | None = None
        """Why the ledger is an empty one that is thrown away."""
        self.problem: ConfigurationError | None = None
        """What is wrong with the settings, where they are those that can be read."""
        self._keys_file = KeysFile(settings)
        self._taking_keys = Lock()

    @classmethod
    def open(cls, workspace: Path) -> Self:
        """Read the settings and open the existing ledger.

        Raises LedgerMissing when there is none: a new ledger, made by accident, would say that
        nothing is out. Raises LedgerUnavailable when it needs `publisher migrate` first.
        """
        return cls._opened(_load(workspace))

    @classmethod
    def open_ledger(cls, workspace: Path) -> Self:
        """As `open`, for what needs the ledger alone, with the settings as far as they can be read.

        Raises what is wrong with them where nobody can tell which ledger is meant.
        `problem` says what is wrong with them. Nothing may be published by them.
        """
        found = readable(workspace)
        try:
            app = cls._opened(found.settings)
        except LedgerMissing as error:
            raise found.problem or error from None
        doubt = found.settings.doubtful_ledger()
        app.problem = found.problem or doubt
        is_sure = found.is_ledger_sure and doubt is None
        if app.problem and not (is_sure or _is_in_use(app.database)):
            app.close()
            raise ledger_unclear(app.problem)
        return app

    @classmethod
    def _opened(cls, settings: Settings) -> Self:
        app = cls(settings, clocks.from_environment())
        with app._closed_on_error():
            app._patiently(app.database.check_revision)
        app.database.watch = app.watermarks
        return app

    @classmethod
    def open_or_make(
        cls, workspace: Path, allow: Callable[[Self], None] = lambda _app: None
    ) -> Self:
        """As `open`, for the few commands that may create or migrate a ledger.

        A new ledger does not know whether posts that were due earlier are out. `allow` is called
        before an older one is migrated, and may raise.
        """
        app = cls(_load(workspace), clocks.from_environment())
        with app._closed_on_error():
            if app._patiently(app.database.is_old):
                allow(app)
            app.is_new = app._migrate()
        app.database.watch = app.watermarks
        return app

    @classmethod
    @contextmanager
    def looking(cls, workspace: Path) -> Iterator[Self]:
        """For commands that only compare: an empty temporary ledger replaces a missing one."""
        app = cls(workspace_settings.load(workspace), clocks.from_environment())
        with TemporaryDirectory() as folder, closing(app):
            try:
                app._patiently(app.database.check_revision)
            except LedgerMissing as error:
                app.database.close()
                app.database = Database(f"sqlite:///{folder}/empty.db")
                app._migrate()
                app.without_ledger = error
            yield app

    @cached_property
    def watermarks(self) -> Watermarks:
        """What was seen of the ledger, with which it is compared before it is written."""
        return Watermarks(self.database, self.clock, [MarkFile(self.settings.var)])

    def _migrate(self) -> bool:
        """Migrate the ledger, or make it; returns whether it is new.

        A new ledger may replace a lost one, but not that of a trial: what another one published in
        the sandbox is not public.
        """
        return self.database.migrate(now=None if self.settings.in_sandbox else self.clock.now())

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """The ledger's answer, once its database has started, which takes a while after a crash."""
        until, is_told = time.monotonic() + _START_PATIENCE, False
        while True:
            try:
                return ask()
            except LedgerStarting as error:
                if time.monotonic() > until:
                    raise
                if not is_told:
                    log.warning(str(error), hint=error.hint)
                is_told = True
                time.sleep(_START_PAUSE)

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except PublisherError:
            self.database.close()
            raise

    @classmethod
    def of_environment(cls) -> Self:
        """The workspace that PUBLISHER_WORKSPACE names, or the one around the current folder."""
        named = os.environ.get(WORKSPACE_VARIABLE)
        workspace = Path(named) if named else workspace_settings.find_workspace(Path.cwd())
        i18n.use(sources.spoken(workspace))  # also for errors in the settings
        return cls.open(workspace)

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()


def _is_in_use(database: Database) -> bool:
    """Whether processes live by this ledger: an old one that lies about publishes nothing."""
    return bool(Heartbeats(database).users())


def _load(workspace: Path) -> Settings:
    """The settings, for what publishes or queues: nobody may doubt which ledger is meant."""
    settings = workspace_settings.load(workspace)
    if doubt := settings.doubtful_ledger():
        raise doubt
    return settings


class KeysFile:
    """The secrets.toml of one workspace, as it was when its settings were read."""

    def __init__(self, settings: Settings) -> None:
        self._workspace, self._path = settings.workspace, settings.secrets_file
        self._mark = self._look()
        try:
            self._text = self._lasting(settings)
        except ConfigurationError:
            self._text = ""  # it was read as far as it can be

    def changed(self) -> Settings | None:
        """The settings with the new file, if it was changed since the last question; else None.

        Keys that were renewed are no change: the keyring takes those itself. Asks the file system
        once. Raises PublisherError, once for each change, if the settings cannot be used with it.
        """
        mark = self._look()
        if mark == self._mark:
            return None
        self._mark = mark
        found = workspace_settings.load(self._workspace)
        before, self._text = self._text, self._lasting(found)
        return None if self._text == before else found

    def _lasting(self, settings: Settings) -> str:
        """What the file has, without the values that a renewal replaces."""
        renewed = {
            name: renewal.replaces
            for name, entry in settings.accounts.items()
            if (renewal := SPECS[entry.channel].renewal) and getattr(entry, renewal.by)
        }
        return account_files.without(self._path, renewed)

    def _look(self) -> _Mark:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
