"""Lives of processes, in place of their heartbeats, which are in real seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from publisher.ledger.heartbeats import EVERY, Heartbeat, ProcessKind
from publisher.ledger.heartbeats import Process as Recorded
from tests.support.simulation.world import Process, World


@dataclass
class _Life:
    process: Process
    kind: ProcessKind
    began: float
    ended: float | None = None
    """Real seconds since the history began; None: as its process."""

    def seen_at(self, now: float) -> float:
        """Its last heartbeat."""
        died_at = self.process.died_at if self.ended is None else self.ended
        end = now if died_at is None else died_at
        return self.began + (end - self.began) // EVERY * EVERY


class Lives:
    """What the ledger knows of them; it goes back with the ledger."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lives: list[_Life] = []

    def begin(self, process: Process, kind: ProcessKind) -> None:
        for life in self._lives:
            if life.process is process and life.ended is None:
                life.ended = process.died_at
        process.died_at = None
        self._lives.append(_Life(process, kind, self._world.elapsed))

    def go_back(self, seconds: float) -> None:
        """To so long ago, and at most to the start of the first ones."""
        until = max(0.0, self._world.elapsed - seconds)
        self._lives = [life for life in self._lives if life.began <= until]
        for life in self._lives:
            life.ended = life.seen_at(until)

    def heartbeats(self, _connection: Connection) -> Sequence[Heartbeat]:
        """As `lives_in` has them."""
        now = self._world.elapsed
        found = [
            Heartbeat(
                Recorded(str(number), life.kind, "host", 1, "1"),
                age=now - life.seen_at(now),
                up=life.seen_at(now) - life.began,
            )
            for number, life in enumerate(self._lives)
        ]
        return sorted(found, key=lambda one: one.age)
