"""Drafts against ledger: what `queue` would change, and the change itself.

Files are the wish, the ledger is the truth. `Planner.plan` reads both and changes nothing;
`Planner.queue` writes the difference in one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from publisher.base.clock import Clock
from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.drafts.check import check
from publisher.drafts.result_cache import LastAnswer
from publisher.ledger.enqueue import Ledger
from publisher.ledger.rate_limits import Limits
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Moved
from publisher.model.models import Problem
from publisher.planning.diff import Comparison
from publisher.planning.plan import Change, Plan, PlannedChange, Stopped
from publisher.settings import Settings

__all__ = ["Change", "Plan", "PlannedChange", "Planner", "Stopped"]

_Nothing = tuple[datetime, tuple[Problem, ...], int, tuple[Stopped, ...]]
"""What is kept of a plan that changes nothing: when it was made, and what it says all the same."""
_TRIES = 3
_UNNOTICED = timedelta(minutes=1)
"""By so much clocks are set back all the time."""


class Planner:
    """Compares drafts with the ledger."""

    def __init__(
        self, settings: Settings, ledger: Ledger, queries: Queries, limits: Limits, clock: Clock
    ) -> None:
        self._limits = limits
        self._settings = settings
        self._ledger = ledger
        self._queries = queries
        self._clock = clock

    def queue(
        self,
        paths: Sequence[str | Path] = (),
        *,
        actor: str,
        keep_going: bool = False,
        agree: Callable[[Plan], None] = lambda _plan: None,
    ) -> Plan:
        """Write what the drafts want into the ledger; returns what was changed.

        All or nothing: with an error in any draft nothing is written, unless `keep_going`, which
        leaves the drafts with errors as the ledger has them. `agree` is asked before anything is
        written, and may raise.
        """
        for tries_left in reversed(range(_TRIES)):
            plan = self.plan(paths)
            if plan.errors and not keep_going:
                return plan
            agree(plan)
            try:
                self._apply(plan, actor)
            except Moved:
                # A delivery moved on while the drafts were read: look at the ledger again.
                if not tries_left:
                    raise NotPossible(
                        _(
                            "The ledger kept changing while the drafts were read; nothing was written."
                        ),
                        hint=_("Somebody else is queueing at this moment. Try again."),
                    ) from None
                continue
            return plan
        raise AssertionError("unreachable")

    def _apply(self, plan: Plan, actor: str) -> None:
        if not plan.changes:
            return
        self._ledger.apply(
            add=[c.wish for c in plan.changes if c.wish and not c.delivery],
            edit=[(c.delivery, c.wish) for c in plan.changes if c.wish and c.delivery],
            cancel=[
                (c.delivery, c.note) for c in plan.changes if c.delivery and c.kind is Change.CANCEL
            ],
            stop=[(c.delivery, c.stop) for c in plan.changes if c.delivery and c.concerns_a_stop],
            pictures=plan.pictures,
            actor=actor,
        )

    def plan(
        self,
        paths: Sequence[str | Path] = (),
        revised: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Plan:
        """What `queue` would change, or would if there were `revised` drafts, as `check` says.

        Where nothing was to be changed the last time, and neither drafts nor ledger have changed,
        nothing is: an expiry that has passed since only takes out what is asked for anew. What was
        refused is looked at again, and so is everything when the clock was set back.
        """
        if paths or revised:
            return self._compared(paths, revised)
        form, now = TypeAdapter(_Nothing), self._clock.now()
        last = LastAnswer(self._settings, "plan", form, self._queries.mark)
        if (answer := last.recall()) and answer[0] <= now + _UNNOTICED:
            stopped = tuple(one for one in answer[3] if one.until is None or one.until > now)
            return Plan(changes=(), problems=answer[1], undated=answer[2], stopped=stopped)
        plan = self._compared((), {})
        if plan.is_whole and not plan.changes and not plan.errors:
            last.keep((now, plan.problems, plan.undated, plan.stopped))
        return plan

    def _compared(self, paths: Sequence[str | Path], revised: Mapping[str, bytes]) -> Plan:
        drafts, problems = check(self._settings, paths, revised=revised)
        comparison = Comparison(
            self._settings,
            self._queries,
            self._clock.now(),
            drafts,
            problems,
            scope=_scope(self._settings, paths),
            limits=self._limits.current(),
        )
        return comparison.plan()


def _scope(settings: Settings, paths: Sequence[str | Path]) -> tuple[str, ...]:
    """What the ids of posts begin with whose drafts are all read: those of the named folders."""
    posts = settings.posts.resolve()
    folders = [path for path in map(Path, paths) if path.is_dir()] if paths else [posts]
    ids = [folder.resolve().relative_to(posts).as_posix() for folder in folders]
    return tuple("" if folder == "." else f"{folder}/" for folder in ids)
