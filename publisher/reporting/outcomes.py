"""Outcomes of deliveries, counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from publisher.base.i18n import later
from publisher.ledger.reading.statistics import Count
from publisher.model.deliveries import Delivery
from publisher.model.states import WAITING, State


class Outcome(StrEnum):
    """The groups of states in reports, in the order of the charts."""

    PUBLISHED = later("published")
    WITHDRAWN = later("withdrawn")
    FAILED = later("failed")
    MISSED = later("missed")
    UNCERTAIN = later("uncertain")
    WAITING = later("waiting")
    CANCELLED = later("cancelled")

    @classmethod
    def of(cls, delivery: Delivery) -> "Outcome":
        return _OF[delivery.state]


_WAITING = (*WAITING, State.PUBLISHING)
_OF = {s: Outcome.WAITING if s in _WAITING else Outcome(s.value) for s in State}
TROUBLED = (Outcome.FAILED, Outcome.MISSED, Outcome.UNCERTAIN)
"""Outcomes of deliveries that went wrong."""


def states(*outcomes: Outcome) -> list[State]:
    """The states with these outcomes."""
    return [state for state, outcome in _OF.items() if outcome in outcomes]


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of deliveries by outcome, for one name."""

    name: str
    counts: Counter[Outcome]

    @property
    def total(self) -> int:
        return self.counts.total()

    @classmethod
    def of(cls, name: str, counts: Iterable[Count]) -> "Tally":
        tally: Counter[Outcome] = Counter()
        for count in counts:
            tally[_OF[count.state]] += count.number
        return cls(name, tally)


def by(counts: Iterable[Count], key: Callable[[Count], str]) -> list[Tally]:
    """A tally for each value of `key`, in the order of the values."""
    found: defaultdict[str, list[Count]] = defaultdict(list)
    for count in counts:
        found[key(count)].append(count)
    return [Tally.of(name, found[name]) for name in sorted(found)]


def occurring(tallies: Sequence[Tally]) -> list[Outcome]:
    """The outcomes that occur, for tables without empty columns."""
    return [outcome for outcome in Outcome if any(tally.counts[outcome] for tally in tallies)]


def by_time(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Sort deliveries by the instant at which they go out."""
    return sorted(deliveries, key=lambda delivery: (delivery.not_before, delivery.id))
