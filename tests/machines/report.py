"""What one run prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from tests.chaos.report import became_unknown
from tests.chaos.verdict import End, Finding, Harm

_RAN_OUT = "lease ran out"


@dataclass(slots=True)
class Report:
    """One run's figures and findings."""

    seed: int
    seconds: float
    end: End
    steps: Sequence[HistoryStep]
    in_hand: frozenset[int]
    """The deliveries that the cut-off host ever claimed or took."""
    cuts: Mapping[str, tuple[float, float]]
    """What was cut off, and for how long."""
    findings: Sequence[Finding]
    kept: Path | None = None
    """Where everything lies."""

    def __str__(self) -> str:
        harms = Counter(finding.harm for finding in self.findings)
        states = Counter(delivery.state.value for delivery in self.end.deliveries)
        figures = {
            "seed": self.seed,
            "deliveries": ", ".join(f"{count} {state}" for state, count in states.most_common()),
            "cuts": ", ".join(f"{what} {on - off:g} s" for what, (off, on) in self.cuts.items()),
            "unknown outcomes": sum(map(became_unknown, self.steps)),
            "leases that ran out": sum(step.event == _RAN_OUT for step in self.steps),
            **{harm.value: harms[harm] for harm in Harm},
            "latest, never in the cut-off host's hands": _latest(self.untouched()),
            "latest of all": _latest(self.end.deliveries),
            "whole run": f"{self.seconds:.0f} s",
        }
        width = max(map(len, figures))
        return "\n".join(
            [
                *(f"| {name:{width}} | {value} |" for name, value in figures.items()),
                *(f"{finding}" for finding in self.findings),
                *([f"All of it is in {self.kept}"] if self.kept else ()),
            ]
        )

    def untouched(self) -> list[Delivery]:
        """What the cut-off host never had, nor anybody whose lease ran out."""
        lost = {step.delivery for step in self.steps if step.event == _RAN_OUT}
        return [d for d in self.end.deliveries if d.id not in self.in_hand | lost]


def _latest(deliveries: Sequence[Delivery]) -> str:
    late = [(d.lateness.total_seconds(), d) for d in deliveries if d.lateness is not None]
    if not late:
        return "none"
    seconds, delivery = max(late, key=lambda pair: pair[0])
    return (
        f"{seconds:.2f} s ({delivery.post} to {delivery.account}, due {delivery.due_at:%H:%M:%S})"
    )
