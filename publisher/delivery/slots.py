"""Time slots: what leaves on one channel within a tenth of a second shares a thread.

Its intents are one commit, it leaves in one go, and results that come together are one commit.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import NamedTuple

import structlog

from publisher.base.clock import Clock
from publisher.channels.http.connection import Connection
from publisher.channels.outgoing import Exchanged, Outgoing
from publisher.delivery.leases import EARLY
from publisher.delivery.threads import Threads
from publisher.model.deliveries import Delivery

_LONGEST_WAIT = EARLY + 5.0
"""The longest wait for an instant, in real seconds: a longer one means that the clock was set
back.
"""
_SLOT = 0.1
"""Real seconds: what leaves within them shares a thread, a commit of intents and one of results."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GATHERING = 0.01
"""Real seconds for which what is due already waits for others, so that a batch stays together."""
_GATHERED = 4.0
"""Real seconds before its instant at which most of a slot has gathered."""
_INTENT_AHEAD = 0.5
"""Real seconds from the intents to the instant: time for their commit."""
_INTENT_EACH = 0.0006
"""As many more for each of them."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Departure:
    """The next part of a delivery, built and connected, and not sent."""

    delivery: Delivery
    outgoing: Outgoing
    connection: Connection | Exchanged | None = None
    """Of a request, or why there is none; None: it needs none."""
    leave_by: float = 0.0
    """By the clock's monotonic seconds, the last moment at which it may leave."""


class Slot(NamedTuple):
    """What leaves together: on one channel, within a tenth of a second."""

    channel: str
    begins: datetime | None
    """None: at once."""


class Slots:
    """The slots of one process."""

    def __init__(
        self,
        clock: Clock,
        threads: Threads,
        way_out: Callable[[list[Departure]], None],
        give_back: Callable[[list[Departure]], None],
        let_go: Callable[[list[Departure]], None],
    ) -> None:
        """A slot's thread ends with `way_out`, or with `give_back` if the clock was set back.

        `let_go` gets what has no thread, because the system gives none.
        """
        self._clock = clock
        self._threads = threads
        self._way_out = way_out
        self._give_back = give_back
        self._let_go = let_go
        self._lock = Lock()
        self._gathering: dict[Slot, list[Departure]] = {}

    def join(self, departures: Sequence[Departure]) -> None:
        """Put departures into their slots; the first one of a slot starts its thread."""
        slots = defaultdict[Slot, list[Departure]](list)
        for departure in departures:
            slots[self._slot(departure.delivery)].append(departure)
        with self._lock:
            fresh = [slot for slot in slots if slot not in self._gathering]
            for slot, gathered in slots.items():
                self._gathering.setdefault(slot, []).extend(gathered)
        for slot in fresh:
            try:
                self._threads.start(partial(self._run, slot))
            except RuntimeError:
                log.exception("no thread for what leaves", channel=slot.channel)
                self._let_go(self._close(slot))

    def _slot(self, delivery: Delivery) -> Slot:
        if delivery.send_at <= self._clock.now():
            return Slot(delivery.channel, None)
        begins = delivery.send_at - (delivery.send_at - _EPOCH) % self._span(_SLOT)
        return Slot(delivery.channel, begins)

    def _run(self, slot: Slot) -> None:
        try:
            has_come = self._wait(slot)
        except BaseException:
            self._let_go(self._close(slot))
            raise
        gathered = self._close(slot)
        if has_come:
            self._way_out(gathered)
        else:
            self._give_back(gathered)

    def _close(self, slot: Slot) -> list[Departure]:
        """Remove and return what has gathered; what comes later has another slot."""
        with self._lock:
            return self._gathering.pop(slot)

    def _wait(self, slot: Slot) -> bool:
        """Wait until it is time for the intents of a slot; False if the clock was set back."""
        if slot.begins is None:
            self._clock.sleep_until(self._clock.ahead(_GATHERING), _GATHERING)
            return True
        give_up = self._clock.monotonic() + _LONGEST_WAIT
        self._clock.sleep_until(slot.begins - self._span(_GATHERED), _LONGEST_WAIT)
        ahead = self._span(_INTENT_AHEAD + _INTENT_EACH * len(self._gathering[slot]))
        self._clock.sleep_until(slot.begins - ahead, max(0.0, give_up - self._clock.monotonic()))
        return self._clock.now() >= slot.begins - ahead

    def _span(self, seconds: float) -> timedelta:
        """So many real seconds, by the clock."""
        return timedelta(seconds=seconds * self._clock.speed)
