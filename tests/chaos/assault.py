"""The assault on the processes: what is killed, frozen and restarted when, chosen by chance."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.chaos.processes import Member, Tree
from tests.support import postgres

_BETWEEN = (0.4, 1.2)  # seconds between two strikes, and then until the next request …
_LONGEST_LULL = 1.0  # … but no longer than these
_STRIKES = {"kill": 76, "freeze": 20, "database": 4}
_KILLED = {"worker": 60, "dispatcher": 10, "broker": 24, "supervisor": 2, "everything": 4}
"""Few of what makes a new dispatcher: platforms settle anew then, and nothing is found
meanwhile.
"""
_SEVERAL = 15  # fewer may all have found nobody alive
_FROZEN = {"worker": 65, "dispatcher": 15, "broker": 20}
_GROWN = 4.0  # seconds; a younger process has hardly begun, and nothing would ever go out
_LONGEST_FREEZE = 20.0  # seconds; longer than every lease but that of making ready
_AT_ONCE = 2  # so many processes stand still at a time
_RESPITE = 5.0  # seconds until a process that stood still may be frozen again


class Assault:
    """Strikes about once a second while posts go out, and counts what hit a living process."""

    def __init__(
        self,
        tree: Tree,
        seed: int,
        requests: Callable[[], int],
        database: postgres.Server | None,
        pace: int = 1,
    ) -> None:
        """`requests`: how many the platforms have had. Just after one is the time to strike:
        somebody waits for its answer. `database`: the server to restart; None for SQLite.
        `pace`: how many times as long strikes are apart, and processes are spared.
        """
        self._pace = pace
        self._tree = tree
        self._requests = requests
        self._seen = 0
        self._chance = random.Random(f"assault {seed}")  # noqa: S311 - must be repeatable
        self._database = database
        self._next = 0.0
        self._frozen: dict[int, threading.Timer] = {}
        self._spared: dict[int, float] = {}
        self._first_seen: dict[int, float] = {}
        self.kills: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()

    def tend(self) -> None:
        """Strike when it is time; to be called all the time."""
        requests, late = self._requests(), time.monotonic() - self._next
        if late < 0:
            self._seen = requests
        if late < 0 or (requests == self._seen and late < _LONGEST_LULL):
            return
        strike: Callable[[], None] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "database": self._restart_database,
        }[self._choose(_STRIKES)]
        strike()
        self._next = time.monotonic() + self._pace * self._chance.uniform(*_BETWEEN)

    @property
    def over(self) -> bool:
        """Whether everything that was frozen moves again."""
        return not any(timer.is_alive() for timer in self._frozen.values())

    @property
    def never_hit(self) -> list[str]:
        """The kinds of processes of which several should have been killed, and none was."""
        share = self.kills.total() / sum(_KILLED.values())
        return [k for k, n in _KILLED.items() if n * share >= _SEVERAL and not self.kills[k]]

    def _kill(self) -> None:
        kind = self._choose(_KILLED)
        if kind == "supervisor":
            hit = self._tree.kill_supervisor()
        elif kind == "everything":
            hit = self._tree.kill_all()
        else:
            # What stands still wakes again: that is worth more than its death.
            victim = self._pick(kind, lambda member: not member.frozen)
            hit = victim is not None and victim.send(signal.SIGKILL)
        self.kills[kind] += hit

    def _freeze(self) -> None:
        now = time.monotonic()
        if sum(timer.is_alive() for timer in self._frozen.values()) >= _AT_ONCE:
            return
        kind = self._choose(_FROZEN)
        victim = self._pick(kind, lambda m: not m.frozen and self._spared.get(m.pid, 0.0) < now)
        seconds = self._chance.uniform(1, _LONGEST_FREEZE)
        if victim is None or not victim.send(signal.SIGSTOP):
            return
        timer = threading.Timer(seconds, victim.send, [signal.SIGCONT])
        timer.daemon = True
        timer.start()
        self._frozen[victim.pid] = timer
        self._spared[victim.pid] = now + seconds + _RESPITE
        self.freezes[kind] += 1

    def _restart_database(self) -> None:
        if self._database:
            mode = self._chance.choice(postgres.STOP_MODES)
            self._database.restart(mode)
            self.restarts[mode] += 1

    def _pick(self, kind: str, fits: Callable[[Member], bool]) -> Member | None:
        """One that is at work; if there is none, one that has just been started."""
        members, now = self._tree.members(), time.monotonic()
        self._first_seen = {m.pid: self._first_seen.get(m.pid, now) for m in members}
        found = [m for m in members if m.kind == kind and fits(m)]
        grown = [m for m in found if now - self._first_seen[m.pid] > _GROWN * self._pace]
        return self._chance.choice(grown or found) if found else None

    def _choose(self, weights: dict[str, int]) -> str:
        return self._chance.choices(list(weights), list(weights.values()))[0]
