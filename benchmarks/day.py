"""A day of many deliveries, played through Publisher's parts with what each costs: for scale.py.

A discrete-event simulation. What moves is a batch, as at the broker: up to 25 deliveries. Each part
is a queue with so many servers, first come, first served: dispatchers, the broker, the processor of
each worker process (Python uses one core), its threads, PostgreSQL's cores, its commits. What the
threads of a process want of the ledger while a transaction runs, the next one does for all of them,
as in ledger/group_commit.py. Nothing fails, and no account is paused.
"""

import heapq
import itertools
import random
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

DAY, LOOK_AHEAD, INTENT_AHEAD, TICK = 86_400, 4.0, 0.5, 0.1
BATCH, CLAIM_LIMIT, TOGETHER = 25, 1000, 200
LEASE = 19.0
"""Seconds from a claim until its intent must be on record: otherwise it is claimed anew."""
ZONES = ((-5, 0.3), (1, 0.5), (8, 0.2))
"""Hours from UTC, and which share of the posts is due there."""
WORKING_TIME = range(8, 18)
AT_HOURS, AT_QUARTERS = 0.6, 0.25
"""Shares of the posts that are due at full hours, and at the other quarters; the rest is anywhere."""


@dataclass(frozen=True)
class Costs:
    """Seconds of the processor: pairs are for a transaction, and for each delivery in it."""

    hand_over: float
    broker: float
    before: float
    at_instant: float
    after: float
    claim: tuple[float, float]
    take: tuple[float, float]
    intend: tuple[float, float]
    record: tuple[float, float]
    dispatcher: tuple[float, float] = (0.002, 0.00004)
    """A dispatcher's own share of a claim; the other pairs are PostgreSQL's."""


@dataclass(frozen=True)
class Plant:
    """What there is."""

    name: str
    workers: int
    threads: int
    dispatchers: int = 1
    brokers: int = 1
    cores: int = 4
    """Of PostgreSQL's machine."""
    commits: float = 3000.0
    """That its disk takes in a second."""
    latency: float = 0.2
    shared_cores: int | None = None
    """One machine's, that dispatchers, workers and the ledger share; None: each has its own."""
    ledgers: int = 1
    """So many plants like this, each with its share of the day; one of them is played."""
    spread: int = 1
    """Seconds over which people spread what they plan for a full hour or quarter."""


def due_seconds(count: int, seed: int, spread: int = 1) -> Counter[int]:
    """How many are due in each second of a day, by UTC."""
    rng = random.Random(seed)
    zones, shares = [zone for zone, _ in ZONES], [share for _, share in ZONES]
    found: Counter[int] = Counter()
    slots: dict[tuple[int, int], float] = {}
    for zone, share in zip(zones, shares, strict=True):
        for hour in WORKING_TIME:
            base, part = (hour - zone) % 24 * 3600, share / len(WORKING_TIME)
            slots[zone, base] = part * AT_HOURS
            for quarter in (900, 1800, 2700):
                slots[zone, base + quarter] = part * AT_QUARTERS / 3
    for (_, second), share in slots.items():
        for offset in range(spread):
            found[second + offset] += round(count * share / spread)
    rest = count - found.total()
    hours = [((hour - zone) % 24 * 3600, share) for zone, share in ZONES for hour in WORKING_TIME]
    chosen = rng.choices([base for base, _ in hours], [share for _, share in hours], k=rest)
    for base in chosen:
        found[base + rng.randrange(3600)] += 1
    return found


class Part:
    """So many servers with one queue; tells how busy they were, and how long was waited."""

    def __init__(self, servers: int) -> None:
        self._free = [0.0] * servers
        self.busy = array("d", [0.0]) * (DAY // 60 + 120)

    def serve(self, at: float, seconds: float) -> float:
        """When it is done; asked in the order of time."""
        begun = max(at, heapq.heappop(self._free))
        heapq.heappush(self._free, begun + seconds)
        self.busy[min(int(begun // 60), len(self.busy) - 1)] += seconds
        return begun + seconds

    def load(self) -> float:
        """In its busiest minute; a part that is asked for more than it can do has more than 1."""
        return max(self.busy) / 60 / len(self._free)


@dataclass
class Batch:
    due: float
    size: int
    claimed: float
    process: "Process | None" = None


@dataclass
class Process:
    """A worker."""

    processor: Part
    slots: int
    """Batches for which it has threads."""
    waiting: deque[tuple[float, Batch]] = field(default_factory=deque)
    wishes: dict[str, deque[Batch]] = field(default_factory=dict)
    at_work: set[str] = field(default_factory=set)


class Day:
    """One plant's day."""

    def __init__(self, plant: Plant, costs: Costs, due: Counter[int]) -> None:
        self.plant, self.costs = plant, costs
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = itertools.count()
        self._due: deque[list[float]] = deque([float(at), n] for at, n in sorted(due.items()))
        shared = Part(plant.shared_cores) if plant.shared_cores else None
        self.parts = {
            "dispatchers": shared or Part(plant.dispatchers),
            "broker": Part(plant.brokers),
            "ledger's cores": shared or Part(plant.cores),
            "ledger's commits": Part(1),
        }
        self._processes = [
            Process(shared or Part(1), max(1, plant.threads // BATCH)) for _ in range(plant.workers)
        ]
        self._turn = itertools.cycle(self._processes)
        self.late: Counter[int] = Counter()
        """Milliseconds, and how many left so late; those of a batch as its middle one."""
        self.out_of_lease = 0
        self.waits = {name: array("d") for name in ("dispatchers", "threads", "ledger", "workers")}

    def play(self) -> "Day":
        for number in range(self.plant.dispatchers):
            self._at(number * TICK / self.plant.dispatchers - LOOK_AHEAD, self._tick)
        while self._events:
            at, _, act, given = heapq.heappop(self._events)
            act(at, *given)
        return self

    def _at(self, at: float, act: Callable[..., None], *given: object) -> None:
        heapq.heappush(self._events, (at, next(self._order), act, given))

    def _tick(self, at: float) -> None:
        if not self._due:
            return
        batches = list(self._claimed(at))
        if not batches:
            self._at(max(at + TICK, self._due[0][0] - LOOK_AHEAD), self._tick)
            return
        number = sum(batch.size for batch in batches)
        fixed, each = self.costs.claim
        done = self._commit(self.parts["ledger's cores"].serve(at, fixed + each * number))
        own_fixed, own_each = self.costs.dispatcher
        own = own_fixed + own_each * number
        for batch in batches:
            own += self.costs.hand_over
            arrived = self.parts["broker"].serve(done + own, self.costs.broker)
            self.waits["dispatchers"].append(max(0.0, arrived - batch.due + LOOK_AHEAD - TICK))
            self._at(arrived, self._arrive, batch)
        if self.plant.shared_cores is None:
            self.parts["dispatchers"].busy[int(max(at, 0) // 60)] += done - at + own
        else:
            self.parts["dispatchers"].serve(at, own)
        self._at(done + own + TICK, self._tick)

    def _claimed(self, at: float) -> Iterator[Batch]:
        room = CLAIM_LIMIT
        while room and self._due and self._due[0][0] <= at + LOOK_AHEAD:
            due, left = self._due[0]
            size = min(BATCH, int(left), room)
            yield Batch(due, size, at)
            room -= size
            self._due[0][1] -= size
            if not self._due[0][1]:
                self._due.popleft()

    def _arrive(self, at: float, batch: Batch) -> None:
        process = batch.process = next(self._turn)
        process.waiting.append((at, batch))
        self._begin(at, process)

    def _begin(self, at: float, process: Process) -> None:
        while process.slots and process.waiting:
            process.slots -= 1
            arrived, batch = process.waiting.popleft()
            self.waits["threads"].append(at - arrived)
            self._want(at, "take", batch)

    def _want(self, at: float, kind: str, batch: Batch) -> None:
        process = batch.process
        assert process
        process.wishes.setdefault(kind, deque()).append(batch)
        if kind not in process.at_work:
            self._together(at, kind, process)

    def _together(self, at: float, kind: str, process: Process) -> None:
        """One transaction for all that wait."""
        waiting = process.wishes[kind]
        batches = [waiting.popleft() for _ in range(min(len(waiting), TOGETHER // BATCH))]
        if not batches:
            process.at_work.discard(kind)
            return
        process.at_work.add(kind)
        fixed, each = getattr(self.costs, kind)
        seconds = fixed + each * sum(batch.size for batch in batches)
        done = self.parts["ledger's cores"].serve(at, seconds)
        if kind != "take":
            done = self._commit(done)
        self.waits["ledger"].append(done - at - seconds)
        self._at(done, self._answered, kind, process, batches)

    def _commit(self, at: float) -> float:
        return self.parts["ledger's commits"].serve(at, 1 / self.plant.commits)

    def _answered(self, at: float, kind: str, process: Process, batches: Sequence[Batch]) -> None:
        for batch in batches:
            if kind == "take":
                ready = self._work(at, process, batch.size * self.costs.before)
                self._at(max(ready, batch.due - INTENT_AHEAD), self._want, "intend", batch)
            elif kind == "intend":
                self.out_of_lease += batch.size if at > batch.claimed + LEASE else 0
                self._at(max(at, batch.due), self._send, batch)
            else:
                process.slots += 1
        self._together(at, kind, process)
        self._begin(at, process)

    def _work(self, at: float, process: Process, seconds: float) -> float:
        done = process.processor.serve(at, seconds)
        self.waits["workers"].append(done - at - seconds)
        return done

    def _send(self, at: float, batch: Batch) -> None:
        assert batch.process
        seconds = batch.size * self.costs.at_instant
        done = self._work(at, batch.process, seconds)
        self.late[int((done - seconds / 2 - batch.due) * 1000)] += batch.size
        self._at(done + self.plant.latency, self._receive, batch)

    def _receive(self, at: float, batch: Batch) -> None:
        assert batch.process
        done = self._work(at, batch.process, batch.size * self.costs.after)
        self._at(done, self._want, "record", batch)

    def loads(self) -> dict[str, float]:
        """How busy each part was in its busiest minute."""
        found = {name: part.load() for name, part in self.parts.items()}
        return found | {"workers": max(one.processor.load() for one in self._processes)}

    def lateness(self, share: float) -> float:
        """Seconds within which so many left."""
        left = share * self.late.total()
        for milliseconds in sorted(self.late):
            left -= self.late[milliseconds]
            if left <= 0:
                return milliseconds / 1000
        return max(self.late) / 1000
