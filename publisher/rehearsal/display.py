"""Progress display of a rehearsal."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from publisher.base import formats
from publisher.base.clock import Clock
from publisher.base.i18n import _, weekday
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.model.states import State, state_name

_STYLES = {
    State.PUBLISHED: "green",
    State.FAILED: "bold red",
    State.MISSED: "bold red",
    State.UNCERTAIN: "bold yellow",
}
"""The final states that get a line, with their styles."""


class Display:
    """Shows a line for each finished delivery and, on a terminal, a progress bar."""

    def __init__(
        self, deliveries: Sequence[Delivery], zone: ZoneInfo, clock: Clock, console: Console
    ) -> None:
        self._due = {delivery.id: delivery.due_at for delivery in deliveries}
        self._out_at: dict[int, datetime] = {}
        self._zone = zone
        self._clock = clock
        self._console = console
        # Refreshed by `tick`, not by a thread: children live as long as the thread that starts
        # them, and signals belong to the main one.
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(_("posts out")),
            TimeElapsedColumn(),
            console=console,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=len(deliveries))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tick(self, seconds: float) -> None:
        """Show the session's date and time, and sleep."""
        now = self._clock.now().astimezone(self._zone)
        self._progress.update(self._task, description=_moment(now), refresh=True)
        time.sleep(seconds)

    def say(self, line: str) -> None:
        """Show a line about the processes."""
        self._print(Text(line, style="dim"))

    def show(self, step: HistoryStep) -> None:
        """Show a line for a step that ends a delivery, with the time of a thread's first part."""
        if step.delivery is None:
            return
        if "id" in step.detail:
            self._out_at.setdefault(step.delivery, step.at)
        if step.target not in _STYLES or step.target is step.source:
            return
        due = self._due[step.delivery].astimezone(self._zone)
        at = self._out_at.get(step.delivery, step.at)
        real = (at - due).total_seconds() / self._clock.speed
        state = state_name(step.target)
        line = f"{_moment(due)}  {state:<10} +{formats.number(real, 3)} s  {step.account:<16} {step.post}"
        self._print(Text(line, style=_STYLES[step.target]))
        if step.target is State.PUBLISHED:
            self._progress.advance(self._task)

    def _print(self, line: Text) -> None:
        """Print a line, wrapped between words on a terminal only, so that no post's id is cut."""
        self._console.print(line, soft_wrap=not self._console.is_terminal)


def _moment(local: datetime) -> str:
    return f"{weekday(local)} {local:%Y-%m-%d %H:%M}"
