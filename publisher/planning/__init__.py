"""Planner: compares drafts with the ledger, and applies the difference.

Drafts are the desired state, the ledger is the actual state. `Planner.plan` reads both and changes
nothing; `Planner.queue` writes the difference in one transaction.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType

from publisher.base.clock import Clock
from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.drafts import check
from publisher.drafts.check import Checks
from publisher.drafts.consents import Consents
from publisher.drafts.library import Library
from publisher.drafts.session import Session
from publisher.ledger.enqueue import Ledger
from publisher.ledger.limits.rate_limits import Limits
from publisher.ledger.manager.file_changes import FileChange
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.posts import Post
from publisher.model.values import Problem
from publisher.planning.conflicts import Planned
from publisher.planning.diff import Comparison
from publisher.planning.forecast import TO_COME, Forecast
from publisher.planning.plan import Change, Plan, PlannedChange, Stopped
from publisher.settings.settings import Settings

__all__ = ["Change", "Plan", "PlannedChange", "Planner", "Stopped"]

_TRIES = 3


class Planner:
    """Plans and applies the changes from drafts to the ledger."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        queries: Queries,
        limits: Limits,
        clock: Clock,
        checks: Callable[[], Checks] = lambda: check,
    ) -> None:
        self._limits = limits
        self._settings = settings
        self._ledger = ledger
        self._queries = queries
        self._clock = clock
        self._checks = checks

    def queue(
        self,
        paths: Sequence[str | Path] = (),
        *,
        actor: str,
        keep_going: bool = False,
        read: Collection[str] = (),
        agree: Callable[[Plan], None] = lambda _plan: None,
    ) -> Plan:
        """Apply the drafts to the ledger; returns the plan that was applied.

        All or nothing: with an error in any draft nothing is written, unless `keep_going`, which
        skips the drafts with errors. What a program wrote is left out until a person has read it,
        but for the posts in `read`. `agree` is called before anything is written, and may raise.
        """
        return self._applied(
            lambda: self.plan(paths, read=read), actor=actor, keep_going=keep_going, agree=agree
        )

    def change(
        self,
        file: FileChange,
        paths: Sequence[str | Path],
        *,
        actor: str,
        programme: Session | None = None,
        records: Consents | None = None,
        agree: Callable[[Plan], None] = lambda _plan: None,
    ) -> Plan:
        """Save a changed file that posts share, and apply what these drafts want then: both or
        neither.

        `programme` or `records` are what the file says then. Drafts with errors stay on the
        schedule as they are. `agree` is as for `queue`.
        """
        return self._applied(
            lambda: self.plan(paths, programme=programme, records=records),
            actor=actor,
            keep_going=True,
            agree=agree,
            file=file,
        )

    def _applied(
        self,
        planned: Callable[[], Plan],
        *,
        actor: str,
        keep_going: bool,
        agree: Callable[[Plan], None],
        file: FileChange | None = None,
    ) -> Plan:
        for tries_left in reversed(range(_TRIES)):
            plan = planned()
            if plan.errors and not keep_going:
                return plan
            agree(plan)
            try:
                self._apply(plan, actor, file)
            except Conflict:
                # A delivery changed state while the drafts were read: read the ledger again.
                if not tries_left:
                    message = _(
                        "The schedule kept changing while the drafts were read; nothing was "
                        "written."
                    )
                    hint = _("Someone else is queueing right now. Try again.")
                    raise NotPossible(message, hint=hint) from None
                continue
            return plan
        raise AssertionError("unreachable")

    def _apply(self, plan: Plan, actor: str, file: FileChange | None) -> None:
        if not plan.changes and not file:
            return
        self._ledger.apply(
            add=[c.wish for c in plan.changes if c.wish and not c.delivery],
            edit=[(c.delivery, c.wish) for c in plan.changes if c.wish and c.delivery],
            cancel=[
                (c.delivery, c.note) for c in plan.changes if c.delivery and c.kind is Change.CANCEL
            ],
            stop=[
                (c.delivery, c.pending_stop)
                for c in plan.changes
                if c.delivery and c.concerns_a_stop
            ],
            pictures=plan.pictures,
            consents=plan.consents,
            unread=plan.marks,
            actor=actor,
            file=file,
        )

    def plan(
        self,
        paths: Sequence[str | Path] = (),
        revised: Mapping[str, bytes] = MappingProxyType({}),
        programme: Session | None = None,
        records: Consents | None = None,
        read: Collection[str] = (),
    ) -> Plan:
        """Plan what `queue` would change; the others replace contents of files, as for `check`.

        `read` is as for `queue`.
        """
        marks = self._queries.unread_drafts()  # before the files: see `Ledger.apply`
        recorded = self._queries.picture_consents()
        found = self._checks().check(
            self._settings, paths, programme, revised, records=records, recorded=recorded
        )
        return self.compare(*found, paths, revised, read, marks)

    def compare(
        self,
        drafts: Library,
        problems: Sequence[Problem],
        paths: Sequence[str | Path] = (),
        revised: Mapping[str, bytes] = MappingProxyType({}),
        read: Collection[str] = (),
        marks: Sequence[UnreadDraft] | None = None,
    ) -> Plan:
        """Plan what `queue` would change, for drafts that were checked already.

        `paths` are those that were checked; `read` is as for `queue`; `marks`: what programs wrote
        and no person has read, as it was before the drafts were read.
        """
        comparison = Comparison(
            self._settings,
            self._queries,
            self._clock.now(),
            drafts,
            [*problems],
            said=check.said(self._settings, revised, self._queries.picture_consents()),
            scope=_scope(self._settings, paths),
            limits=self._limits.current(),
            marks=self._queries.unread_drafts() if marks is None else marks,
            read=read,
        )
        return comparison.plan()

    def forecast(
        self,
        ahead: Sequence[Planned],
        zone: tzinfo,
        posts: Mapping[str, Post] = MappingProxyType({}),
    ) -> list[Problem]:
        """What `plan` warns of, about deliveries that are on the schedule, or that a draft wants.

        `zone`: the session's; `posts`: their drafts, by whose places the warnings go.
        """
        to_come = [one for one in ahead if one.state in TO_COME]
        fresh = {(one.post, one.account) for one in to_come}
        forecast = Forecast(
            self._settings, self._queries, self._limits.current(), zone, self._clock.now()
        )
        return [*forecast.warnings(to_come, fresh, posts)]


def _scope(settings: Settings, paths: Sequence[str | Path]) -> tuple[str, ...]:
    """The id prefixes of the named folders, whose drafts are all read."""
    posts = settings.posts.resolve()
    folders = [path for path in map(Path, paths) if path.is_dir()] if paths else [posts]
    ids = [folder.resolve().relative_to(posts).as_posix() for folder in folders]
    return tuple("" if folder == "." else f"{folder}/" for folder in ids)
