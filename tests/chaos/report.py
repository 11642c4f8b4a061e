"""What one run prints."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.states import State
from tests.chaos.assault import Assault
from tests.chaos.verdict import ENDED, End, Finding, Harm, orphans, public, waits_for

_MOST_SHOWN = 5  # deliveries whose history is printed; history.txt has all of them


@dataclass(slots=True)
class Report:
    """One run's figures and findings."""

    name: str
    """The database and the seed."""
    seconds: float
    assault: Assault
    end: End
    set_backs: int
    """How often the ledger was put back to an earlier state."""
    ends: Sequence[str]
    """How `publisher run` ended whenever it did so by itself."""
    findings: Sequence[Finding]
    steps: Sequence[HistoryStep]
    kept: Path | None = None
    """Where everything lies."""

    def __str__(self) -> str:
        harms = Counter(finding.harm for finding in self.findings)
        states = Counter(delivery.state.value for delivery in self.end.deliveries)
        waiting = self._waiting()
        figures = {
            "posts": sum(map(public, self.end.posts)),
            "left unpublished": orphans(self.end),
            "set-backs of the ledger": self.set_backs,
            "unknown outcomes": sum(map(became_unknown, self.steps)),
            "of them by a worker's end": sum(
                became_unknown(step) for step in self.steps if step.event == "lease ran out"
            ),
            "waiting at the end": len(waiting),
        }
        return "\n".join(
            [
                f"Chaos on {self.name}, {self.seconds:.0f} s",
                _figure("deliveries", states),
                self._corrections(),
                _figure("kills", self.assault.kills),
                _figure("frozen", self.assault.freezes),
                _figure("PostgreSQL restarted", self.assault.restarts),
                "  " + ", ".join(f"{name}: {count}" for name, count in figures.items()),
                *self._by_channel(),
                "  " + ", ".join(f"{harm}: {harms[harm]}" for harm in Harm),
                *(f"  `publisher run` ended by itself: {how}" for how in self.ends),
                *(f"  {line}" for line in waiting),
                *(f"  {finding}" for finding in self.findings),
                *(f"  {line(step)}" for step in self._shown_steps()),
                *([f"  All of it is in {self.kept}"] if self.kept else ()),
            ]
        )

    def _corrections(self) -> str:
        """How the corrections ended, and how often the outcome of one was unknown."""
        made = {one.id: one for one in self.end.deliveries if one.content.correction}
        ways = Counter(
            f"{'edits' if one.content.edits else 'replies'} {one.state}" for one in made.values()
        )
        unknown = sum(step.delivery in made and became_unknown(step) for step in self.steps)
        return f"{_figure('corrections', ways)}; unknown outcomes: {unknown}"

    def _by_channel(self) -> list[str]:
        """Of each channel: its deliveries, its posts, how often an outcome was unknown, and how
        many deliveries had to wait until an absence counted.
        """
        states: dict[str, Counter[str]] = {}
        waited = Counter[str]()
        for one in self.end.deliveries:
            states.setdefault(one.channel, Counter())[one.state.value] += 1
            waited[one.channel] += one.id in self.end.waited
        channel_of = {one.id: one.channel for one in self.end.deliveries}
        unknown = Counter(
            channel_of[step.delivery]
            for step in self.steps
            if step.delivery in channel_of and became_unknown(step)
        )
        posts = Counter(post["channel"] for post in self.end.posts if public(post))
        return [
            f"{_figure(channel, counter)}; posts: {posts[channel]}; unknown outcomes: "
            f"{unknown[channel]}; waited until an absence counted: {waited[channel]}"
            for channel, counter in sorted(states.items())
        ]

    def _waiting(self) -> list[str]:
        return [
            f"{delivery.post} to {delivery.account} is {delivery.state} and waits for "
            f"{waits_for(delivery, self.end) or 'nobody'}"
            for delivery in self.end.deliveries
            if delivery.state not in ENDED | {State.HELD}
        ]

    def _shown_steps(self) -> list[HistoryStep]:
        """The histories of the first deliveries with a finding."""
        concerned = dict.fromkeys((f.post, f.account) for f in self.findings if f.post)
        return [
            step
            for subject in list(concerned)[:_MOST_SHOWN]
            for step in self.steps
            if (step.post, step.account) == subject
        ]


def line(step: HistoryStep) -> str:
    """A step of the history."""
    move = f" {step.source} -> {step.target}" if step.source is not step.target else ""
    detail = f" {step.detail}" if step.detail else ""
    return f"{step.at:%H:%M:%S.%f} {step.post} to {step.account}: {step.event}{move}{detail}"


def became_unknown(step: HistoryStep) -> bool:
    """Whether an outcome was not known any more from this step on."""
    return step.target == "uncertain" and step.source != "uncertain"


def _figure(name: str, counter: Counter[str]) -> str:
    parts = ", ".join(f"{count} {kind}" for kind, count in counter.most_common() if count)
    return f"  {name}: {counter.total()}" + (f" ({parts})" if parts else "")
