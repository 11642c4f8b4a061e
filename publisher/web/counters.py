"""Counters of the navigation: what is in trouble, and what waits for the reader's approval."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from publisher.app import Application
from publisher.ledger.manager.rights import Person, Rank
from publisher.model.states import State

_IN_TROUBLE = (State.UNCERTAIN, State.FAILED, State.HELD)
_FRESH = timedelta(days=1)
"""How long a missed delivery counts."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers beside Today and Review."""

    trouble: int = 0
    waiting: int = 0


class Counters:
    """Cache of the numbers, valid until the ledger changes."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._found: tuple[int, int, Mapping[str, Collection[str]]] | None = None

    def of(self, person: Person, step: int) -> Counts:
        """The numbers for a reader; `step`: the newest one of the history, 0 if it is not known."""
        step = step or self._app.queries.last_step()
        found = self._found
        if found is None or found[0] != step:
            found = self._found = step, self._trouble(), self._app.queries.awaiting_approval()
        __, trouble, waiting = found
        return Counts(
            trouble,
            sum(
                self._app.rights.permits(person, Rank.MANAGER, names) for names in waiting.values()
            ),
        )

    def _trouble(self) -> int:
        counts = self._app.queries.counts()
        missed = self._app.queries.missed(self._app.clock.now() - _FRESH)
        return missed + sum(counts.get(state, 0) for state in _IN_TROUBLE)
