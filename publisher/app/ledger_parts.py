"""Parts of the ledger of one workspace, each built when it is first used."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.app.opening import OpenWorkspace
from publisher.delivery.leases import Leases
from publisher.ledger.account_owners import Owners
from publisher.ledger.comments.comment_acts import CommentActs
from publisher.ledger.comments.comment_pages import CommentPages
from publisher.ledger.dispatcher.backlog import Backlog
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.engagement import EngagementTurns
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeats
from publisher.ledger.integrity import after_restore, archive_files
from publisher.ledger.integrity.archiving import Archiving
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.integrity.silence import Silence
from publisher.ledger.limits.rate_limits import Limits
from publisher.ledger.manager.approvals import Approvals
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.file_changes import FileChanges
from publisher.ledger.manager.notes import Notes
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.manager.undo import Undo
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.news.notice_addresses import Addresses
from publisher.ledger.profiles import Profiles
from publisher.ledger.reading.engagement import EngagementCounts
from publisher.ledger.reading.gauges import Gauges
from publisher.ledger.reading.lateness import Lateness
from publisher.ledger.reading.log_pages import Logbook
from publisher.ledger.reading.placements import Placements
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.statistics import Figures
from publisher.ledger.saved_filters import SavedFilters
from publisher.ledger.tables import EVERYTHING
from publisher.ledger.worker.attempts import Attempts
from publisher.ledger.worker.intents import MandateCheck
from publisher.model.accounts import Mandate

if TYPE_CHECKING:
    from publisher.drafts.session import Session


class LedgerParts(OpenWorkspace):
    """What reads and changes the ledger, with the settings that each part needs."""

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
    def comment_acts(self) -> CommentActs:
        return CommentActs(self.database, self.clock, self.rights, self._channel_of)

    def _channel_of(self, account: str) -> str | None:
        entry = self.settings.accounts.get(account)
        return entry.channel if entry else None

    @cached_property
    def comment_pages(self) -> CommentPages:
        return CommentPages(self.database, self.clock)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        return Withdrawals(self.database, self.clock, self.longest_settle)

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
    def engagement_turns(self) -> EngagementTurns:
        return EngagementTurns(self.database, self.clock)

    @cached_property
    def engagement(self) -> EngagementCounts:
        return EngagementCounts(self.database)

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
    def silence(self) -> Silence:
        return Silence(self.database, self.clock)

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
    def leftovers(self) -> Orphans:
        return Orphans(self.database, self.clock)

    @cached_property
    def attempts(self) -> Attempts:
        from publisher.delivery.consent_check import ConsentCheck  # noqa: PLC0415 - as the planner

        return Attempts(
            self.database,
            self.clock,
            self._settle,
            self.settings.approval_rule,
            MandateCheck(self._mandate_of, lambda: self._zone),
            self._shares_with,
            self.settings.delivery.thread_pause.total_seconds(),
            ConsentCheck(self.settings.posts, self.settings.public_accounts(), lambda: self._zone),
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
    def owners(self) -> Owners:
        return Owners(self.database, self.clock)

    @cached_property
    def profiles(self) -> Profiles:
        return Profiles(self.database, self.clock, self.rights)

    @cached_property
    def notice_addresses(self) -> Addresses:
        return Addresses(self.database, self.clock)

    @cached_property
    def saved_filters(self) -> SavedFilters:
        return SavedFilters(self.database, self.clock)

    def session(self) -> "Session":
        """The session, as far as it can be read; `check` tells what is wrong with it."""
        from publisher.drafts import session_reader  # noqa: PLC0415 - as with the checks

        return session_reader.readable(self.settings.posts)
