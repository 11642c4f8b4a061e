"""Live copies: of the copies of one ledger at one broker, one alone is at work.

A copy of a machine that runs beside the original has the same ledger id: each would find steps of
the other one missing in its own history, and each would publish. So the first process at work
leaves its name at the broker, with its last sign of life in its ledger. Where this ledger has no
such sign of it, that process is at work in a copy: then this ledger is neither compared nor written
by processes that publish, until the other one has shown no life for two minutes.
"""

import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import redis

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere
from publisher.base.i18n import _
from publisher.ledger.heartbeats import Process

LIFE = 60  # real seconds from the last sign of life at the broker until its name ends there
_EVERY = 1.0  # real seconds between two looks: posts wait for them
_REST = 10.0  # real seconds until a broker that did not answer is asked again


class LiveCopies:
    """Which copy of this ledger is at work, as one process sees it."""

    def __init__(
        self,
        app: Application,
        client: redis.Redis,
        process: Process | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """`process`: this one; None: one that publishes nothing. `client`: with a short limit."""
        self._app = app
        self._client = client
        self._process = process
        self._seconds = seconds
        self._key = f"publisher-{app.queries.ledger_id()}.at-work"
        self._other: LedgerElsewhere | None = None
        self._seen_at = 0.0
        self._rests_until = 0.0

    def elsewhere(self) -> LedgerElsewhere | None:
        """Why this copy must do nothing; None: it is the one at work, or the broker is away."""
        if self._seconds() >= self._rests_until:
            self._rests_until = self._seconds() + _EVERY
            try:
                self._look()
            except (redis.RedisError, OSError):
                # The other one may take its place again before this one, once it is back.
                self._seen_at = self._seconds()
                self._rests_until = self._seconds() + _REST
        return self._other

    def _look(self) -> None:
        found: Any = self._client.get(self._key)
        if found is None:
            if self._other and self._seconds() - self._seen_at < LIFE:
                return
            self._other = None
            if me := self._process:
                self._app.heartbeats.beat(me)  # others of this ledger must know it
                self._leave_name(me, nx=True)
            return
        at_work, signs = json.loads(found), self._app.heartbeats.signs_of_life()
        is_other = not self._process or at_work["process"] != self._process.id
        # Compared as they are on record: a clock that is set makes no copy of a ledger.
        if is_other and signs.get(at_work["process"], 0) < at_work["sign"]:
            self._other, self._seen_at = self._told(at_work), self._seconds()
            return
        self._other = None
        if (me := self._process) and me.id in signs:
            self._leave_name(me)

    def _leave_name(self, process: Process, *, nx: bool = False) -> None:
        """Only with a sign of life that this ledger has: else others would take it for a copy's."""
        name = {
            "process": process.id,
            "sign": self._app.heartbeats.signs_of_life()[process.id],
            "host": process.host,
            "place": self._app.database.place,
        }
        self._client.set(self._key, json.dumps(name), nx=nx, ex=LIFE)

    def _told(self, at_work: Mapping[str, str]) -> LedgerElsewhere:
        message = _(
            "A copy of this ledger is at work: {other} (from {host}). This one, {place}, sends "
            "nothing, so that no post goes out twice.",
            other=at_work["place"],
            host=at_work["host"],
            place=self._app.database.place,
        )
        return LedgerElsewhere(message, plainly=message)
