"""Composition root: builds the objects of one workspace, each when it is first used."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import structlog

from publisher.base import clock as clocks
from publisher.base import i18n, logs
from publisher.base.clock import Clock, SystemClock
from publisher.base.errors import (
    ConfigurationError,
    LedgerMissing,
    LedgerStarting,
    PublisherError,
)
from publisher.base.i18n import _
from publisher.channels.pool import Pool
from publisher.channels.registry import ChannelOptions, ask_for_the_time, open_channel, picture
from publisher.delivery.leases import Leases
from publisher.ledger.account_owners import Owners
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.backlog import Backlog
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeats, wrong_clocks
from publisher.ledger.integrity import after_restore, archive_files
from publisher.ledger.integrity.archiving import Archiving
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.approvals import Approvals
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.file_changes import FileChanges
from publisher.ledger.manager.notes import Notes
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.manager.undo import Undo
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.notice_addresses import Addresses
from publisher.ledger.orphans import Orphans
from publisher.ledger.outbox import Item, News
from publisher.ledger.personal_news import PersonalItem, PersonalNews
from publisher.ledger.profiles import Profiles
from publisher.ledger.rate_limits import Limits
from publisher.ledger.reading.gauges import Gauges
from publisher.ledger.reading.lateness import Lateness
from publisher.ledger.reading.log_pages import Logbook
from publisher.ledger.reading.placements import Placements
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.statistics import Figures
from publisher.ledger.reconciliation import Doubts
from publisher.ledger.saved_filters import SavedFilters
from publisher.ledger.tables import EVERYTHING
from publisher.ledger.worker.attempts import Attempts
from publisher.ledger.worker.intents import MandateCheck
from publisher.model.accounts import Mandate
from publisher.model.clock_check import DATABASE, ClockCheck, Inquiry
from publisher.notices import Notices
from publisher.notices.message import Message, compose
from publisher.notices.personal_message import compose_personal
from publisher.notices.personal_notices import PersonalNotices
from publisher.settings import settings as workspace_settings
from publisher.settings import sources
from publisher.settings.keys_file import KeysFile
from publisher.settings.settings import Settings

if TYPE_CHECKING:
    from publisher.auth.challenges import Challenges
    from publisher.auth.feed_keys import FeedKeys
    from publisher.auth.known_browsers import Browsers
    from publisher.auth.login_throttle import Throttle
    from publisher.auth.password_links import PasswordLinks
    from publisher.auth.second_factors import SecondFactors
    from publisher.auth.sessions import Sessions
    from publisher.auth.users import People
    from publisher.channels.base import Channel
    from publisher.delivery.services import DeliveryServices
    from publisher.drafts.session import Session
    from publisher.planning import Planner
    from publisher.reporting.session_report import Reports
    from publisher.reporting.status import Overview

WORKSPACE_VARIABLE = "PUBLISHER_WORKSPACE"
_START_PATIENCE = 300.0  # seconds that a database may take to start
_START_PAUSE = 1.0  # seconds between two attempts

_T = TypeVar("_T")

log = structlog.get_logger()


class Application:
    """All objects that commands, pages and workers need for one workspace."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        logs.configure()
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url)
        self.is_new = False
        """Whether the ledger was made just now."""
        self.without_ledger: LedgerMissing | None = None
        """Why the ledger is an empty one that is thrown away."""
        self._keys_file = KeysFile(settings)
        self._taking_keys = Lock()

    @classmethod
    def open(cls, workspace: Path) -> "Application":
        """Read the settings and open the existing ledger.

        Raises LedgerMissing when there is none: a new ledger, made by accident, would say that
        nothing is out. Raises LedgerUnavailable when it needs `publisher migrate` first.
        """
        app = cls(workspace_settings.load(workspace), clocks.from_environment())
        with app._closed_on_error():
            app._patiently(app.database.check_revision)
        return app

    @classmethod
    def open_or_make(
        cls, workspace: Path, allow: "Callable[[Application], None]" = lambda _app: None
    ) -> "Application":
        """As `open`, for the few commands that may create or migrate a ledger.

        A new ledger does not know whether posts that were due earlier are out. `allow` is called
        before an older one is migrated, and may raise.
        """
        app = cls(workspace_settings.load(workspace), clocks.from_environment())
        with app._closed_on_error():
            if app._patiently(app.database.is_old):
                allow(app)
            app.is_new = app.database.migrate(now=app.clock.now())
        return app

    @classmethod
    @contextmanager
    def looking(cls, workspace: Path) -> "Iterator[Application]":
        """For commands that only compare: an empty temporary ledger replaces a missing one."""
        app = cls(workspace_settings.load(workspace), clocks.from_environment())
        with TemporaryDirectory() as folder, closing(app):
            try:
                app._patiently(app.database.check_revision)
            except LedgerMissing as error:
                app.database.close()
                app.database = Database(f"sqlite:///{folder}/empty.db")
                app.database.migrate(now=app.clock.now())
                app.without_ledger = error
            yield app

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
    def of_environment(cls) -> "Application":
        """The workspace that PUBLISHER_WORKSPACE names, or the one around the current folder."""
        named = os.environ.get(WORKSPACE_VARIABLE)
        workspace = Path(named) if named else workspace_settings.find_workspace(Path.cwd())
        i18n.use(sources.spoken(workspace))  # also for errors in the settings
        return cls.open(workspace)

    def accounts(self) -> list[str]:
        """The accounts of publisher.toml, and those that were in it when something was queued."""
        return sorted({*self.settings.accounts, *self.queries.known_accounts()})

    @cached_property
    def rights(self) -> Rights:
        return Rights(self._organisation_of, self._mandate_of)

    def _organisation_of(self, account: str) -> str | None:
        entry = self.settings.accounts.get(account)
        return entry.organisation if entry else None

    def _mandate_of(self, account: str) -> Mandate | None:
        entry = self.settings.accounts.get(account)
        return entry.mandate if entry else None

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.database, self.clock, self.rights)

    @cached_property
    def control(self) -> Control:
        return Control(
            self.database,
            self.clock,
            self.settings.approval_rule,
            self.rights,
            lambda: self._zone,
        )

    @cached_property
    def holds(self) -> Holds:
        return Holds(self.database, self.clock, self.settings.approval_rule, self.rights)

    @cached_property
    def undo(self) -> Undo:
        return Undo(self.database, self.clock, self.settings.approval_rule, self.rights)

    @cached_property
    def edits(self) -> Edits:
        return Edits(self.database, self.clock, rights=self.rights)

    @cached_property
    def file_changes(self) -> FileChanges:
        return FileChanges(self.database, self.clock, rights=self.rights)

    @cached_property
    def notes(self) -> Notes:
        return Notes(self.database, self.clock, rights=self.rights)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        return Withdrawals(self.database, self.clock)

    @cached_property
    def queries(self) -> Queries:
        return Queries(self.database, self.clock, self.archive)

    @cached_property
    def placements(self) -> Placements:
        return Placements(self.database)

    @cached_property
    def logbook(self) -> Logbook:
        return Logbook(self.database)

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.database)

    @cached_property
    def gauges(self) -> Gauges:
        return Gauges(self.database, self.clock)

    @cached_property
    def lateness(self) -> Lateness:
        return Lateness(self.database, self.clock)

    @cached_property
    def heartbeats(self) -> Heartbeats:
        return Heartbeats(self.database)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self.database, self.clock, frozenset(self._apps.values()))

    @cached_property
    def people(self) -> "People":
        from publisher.auth.users import People  # noqa: PLC0415 - only the pages need Argon2

        return People(self.database, self.clock, self.rights, self._known_words())

    def _known_words(self) -> list[str]:
        """Words of this workspace that a person would try as a password."""
        accounts = self.settings.accounts
        of = [entry.organisation for entry in accounts.values() if entry.organisation]
        session = self.session()
        agenda = [
            word for one in session.agenda.values() for word in (one.title or "", one.place or "")
        ]
        return [*accounts, *of, session.name or "", self.settings.workspace.name, *agenda]

    @cached_property
    def sessions(self) -> "Sessions":
        from publisher.auth.sessions import Sessions  # noqa: PLC0415

        return Sessions(self.database, SystemClock())

    @cached_property
    def throttle(self) -> "Throttle":
        from publisher.auth.login_throttle import Throttle  # noqa: PLC0415

        return Throttle(self.database, SystemClock(), self.people)

    @cached_property
    def browsers(self) -> "Browsers":
        from publisher.auth.known_browsers import Browsers  # noqa: PLC0415

        return Browsers(self.database, SystemClock())

    @cached_property
    def challenges(self) -> "Challenges":
        from publisher.auth.challenges import Challenges  # noqa: PLC0415

        return Challenges(self.database, SystemClock())

    @cached_property
    def password_links(self) -> "PasswordLinks":
        from publisher.auth.password_links import PasswordLinks  # noqa: PLC0415

        return PasswordLinks(self.database, SystemClock(), self.people)

    @cached_property
    def feed_keys(self) -> "FeedKeys":
        from publisher.auth.feed_keys import FeedKeys  # noqa: PLC0415

        return FeedKeys(self.database, SystemClock(), self.people)

    @cached_property
    def second_factors(self) -> "SecondFactors":
        from publisher.auth.sealing import Sealing  # noqa: PLC0415
        from publisher.auth.second_factors import SecondFactors  # noqa: PLC0415

        key = self.settings.web.totp_key
        seal = Sealing(key.get_secret_value() if key else "")
        return SecondFactors(self.database, SystemClock(), self.people, seal)

    @property
    def archive(self) -> Path:
        """The folder of the archives."""
        return self.settings.var / archive_files.FOLDER

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.database, self.clock, self.archive)

    @cached_property
    def archiving(self) -> Archiving:
        return Archiving(self.database, self.clock, self.audit, self.archive)

    @cached_property
    def dispatch(self) -> Dispatch:
        return Dispatch(self.database, self.clock, self.longest_settle)

    @cached_property
    def backlog(self) -> Backlog:
        return Backlog(self.database, self.clock)

    @cached_property
    def due_poll(self) -> DuePoll:
        return DuePoll(self.database, self.clock)

    @property
    def _settle(self) -> float:
        return self.settings.delivery.settle.total_seconds()

    @property
    def longest_settle(self) -> float:
        """Real seconds until an absence counts while a request may still be under way.

        That is so when a lease ran out: if the clock was set, it may have done so early.
        """
        return self._settle + self._leases.sending

    @property
    def _leases(self) -> Leases:
        return Leases.for_timeout(self.settings.delivery.request_timeout)

    @cached_property
    def doubts(self) -> Doubts:
        return Doubts(self.database, self.clock, self._settle)

    @cached_property
    def clock_check(self) -> ClockCheck:
        """The check of this process's clock; only a machine's clock is compared with others."""
        return ClockCheck(self.clock)

    @cached_property
    def clock_inquiry(self) -> Inquiry:
        """Asks others for the time. Every process that publishes starts it."""
        return Inquiry(
            self.clock_check,
            self._ask_platforms_for_the_time,
            None if self.database.is_sqlite else self._ask_database_for_the_time,
        )

    def watch_the_clock(self) -> None:
        """Begin to compare the machine's clock with others; a clock of a test is not compared."""
        if isinstance(self.clock, SystemClock):
            self.clock_inquiry.start()

    def _ask_platforms_for_the_time(self) -> None:
        channels = {entry.channel for entry in self.settings.accounts.values()}
        ask_for_the_time(channels, self.channel_options)

    def _ask_database_for_the_time(self) -> None:
        begun = self.clock.monotonic()
        told = self.database.time()
        self.clock_check.heard_from(DATABASE)(told, self.clock.monotonic() - begun)

    @cached_property
    def leftovers(self) -> Orphans:
        return Orphans(self.database, self.clock)

    @cached_property
    def attempts(self) -> Attempts:
        return Attempts(
            self.database,
            self.clock,
            self._settle,
            self.settings.approval_rule,
            MandateCheck(self._mandate_of, lambda: self._zone),
            self._shares_with,
            self.settings.delivery.thread_pause.total_seconds(),
        )

    def _shares_with(self, account: str) -> frozenset[str]:
        return self._apps.get(account, frozenset({account}))

    @cached_property
    def _apps(self) -> Mapping[str, frozenset[str]]:
        return self.settings.apps()

    @cached_property
    def _zone(self) -> tzinfo:
        return self.session().zone

    def trust_ledger(self, actor: str) -> int:
        """Record a person's word that a new ledger is the first one; see after_restore.py."""
        with self.database.read() as connection:
            self.rights.require(connection, actor, Rank.STAFF, [EVERYTHING])
        return after_restore.trust(self.database, self.clock, actor)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.database, self.clock, self.settings.approval_rule, self.rights)

    @cached_property
    def planner(self) -> "Planner":
        # Workers do not need it, and its parsers take long to import.
        from publisher.planning import Planner  # noqa: PLC0415

        return Planner(self.settings, self.ledger, self.queries, self.limits, self.clock)

    @cached_property
    def delivery(self) -> "DeliveryServices":
        # Most commands do without, and asyncio, TLS and HTTP take long to import.
        from publisher.delivery.services import DeliveryServices  # noqa: PLC0415

        return DeliveryServices(
            accounts=self.settings.public_accounts(),
            channel_of=self.channel,
            clock=self.clock,
            check=self.clock_check,
            request_timeout=self.settings.delivery.request_timeout,
            attempts=self.attempts,
            doubts=self.doubts,
            orphans=self.leftovers,
            owners=self.owners,
            control=self.control,
            withdrawals=self.withdrawals,
            safeguards=Safeguards(self.database, self.clock, rights=self.rights),
        )

    def overview(self, limit: int | None, most: int | None = None) -> "Overview":
        """What needs a person, and what comes next; see `Overview.of`."""
        from publisher.reporting.status import Overview  # noqa: PLC0415 - as with the planner

        return Overview.of(
            self.queries,
            now=self.clock.now(),
            zone=self.session().zone,
            limits=self.limits.current(),
            late=self.lateness.find(),
            clocks=wrong_clocks(self.heartbeats.all()),
            guessed=self.throttle.guessed(),
            limit=limit,
            most=most,
        )

    @cached_property
    def reports(self) -> "Reports":
        from publisher.reporting.session_report import Reports  # noqa: PLC0415 - as with the planner

        return Reports(self.settings, self.session, self.queries, self.figures, self.clock)

    @cached_property
    def owners(self) -> Owners:
        return Owners(self.database, self.clock)

    @cached_property
    def profiles(self) -> Profiles:
        return Profiles(self.database, self.clock, self.rights)

    @cached_property
    def notices(self) -> Notices:
        settings, news = self.settings, News(self.database, self.clock)
        rights = self.settings.approval_rule, self.rights
        personal = PersonalNotices(
            PersonalNews(self.database, self.clock, *rights),
            settings.notices,
            settings.language,
            self._compose_personal,
        )
        return Notices(settings.notices.urls, news, self.clock, self._compose, personal)

    @cached_property
    def notice_addresses(self) -> Addresses:
        return Addresses(self.database, self.clock)

    @cached_property
    def saved_filters(self) -> SavedFilters:
        return SavedFilters(self.database, self.clock)

    def session(self) -> "Session":
        """The session, as far as it can be read; `check` tells what is wrong with it."""
        from publisher.drafts import session_reader  # noqa: PLC0415 - as with the planner

        return session_reader.readable(self.settings.posts)

    def _compose(self, items: Sequence[Item]) -> Message:
        return compose(items, self.session().zone)

    def _compose_personal(self, items: Sequence[PersonalItem]) -> Message:
        return compose_personal(items, self.session().zone, self.settings.web.public_url)

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()

    def channel(self, account: str) -> "AbstractContextManager[Channel]":
        """A channel of an account, for one thread, in a `with` block."""
        return self._channels.lend(account)

    def take_keys(self) -> frozenset[str]:
        """Read the settings again if secrets.toml was changed; the accounts whose keys are others.

        What was built from the settings before goes on with them. Raises PublisherError, once for
        each change, if the settings cannot be used with it.
        """
        with self._taking_keys:
            found = self._keys_file.changed()
            if found is None:
                return frozenset()
            before, self.settings = self.settings, found
            for built in ("_channels", "delivery"):
                self.__dict__.pop(built, None)
        return frozenset(name for name in found.accounts if not found.same_keys(before, name))

    def profile_picture(self, account: str, address: str) -> bytes | None:
        """Download the picture of an account's profile; None if it cannot be had."""
        return picture(self.settings.accounts[account].channel, address, self.channel_options)

    @cached_property
    def _channels(self) -> Pool:
        return Pool(self._open_channel)

    def _open_channel(self, account: str) -> "Channel":
        if account not in self.settings.accounts:
            message = _("publisher.toml has no account {account} any more.", account=account)
            raise ConfigurationError(message)
        return open_channel(
            self.settings.accounts[account].account(account),
            self.settings.credentials(account),
            self.channel_options,
        )

    @property
    def channel_options(self) -> ChannelOptions:
        return ChannelOptions(
            request_timeout=self.settings.delivery.request_timeout,
            folder=self.settings.var,
            servers=self.settings.servers,
            clock=self.clock,
            check=self.clock_check,
        )
