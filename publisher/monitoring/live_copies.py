"""Live copies: of the copies of one ledger at one broker, one alone is at work.

A copy of a machine that runs beside the original has the same ledger id: each would find steps of
the other one missing in its own history, and each would publish. So the first process at work
leaves its name at the broker, and has a sign of life in its ledger before that. Where the broker
knows a process that showed life later than this ledger knows of it, it is at work in a copy: then
this ledger is neither compared nor written by processes that publish, until the other one has shown
no life for two minutes.
"""

import json
from collections.abc import Callable
from time import monotonic

import redis

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere
from publisher.base.i18n import _
from publisher.ledger.heartbeats import SILENT_AFTER, Process

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
        with self._client.pipeline() as commands:
            commands.get(self._key)
            commands.pttl(self._key)
            found, left = commands.execute()
        if found is None:
            if self._other and self._seconds() - self._seen_at < LIFE:
                return
            self._other = None
            if me := self._process:
                self._app.heartbeats.beat(me)  # others of this ledger must know it
                self._client.set(self._key, self._name_of(me), nx=True, ex=LIFE)
            return
        holder, ages = json.loads(found), self._ages()
        kept_up = LIFE - left / 1000  # seconds ago
        if ages.get(holder["process"], float("inf")) - SILENT_AFTER > kept_up:
            self._other, self._seen_at = self._told(holder), self._seconds()
            return
        self._other = None
        # Only with a sign of life that this ledger has: else others would take it for a copy's.
        if (me := self._process) and ages.get(me.id, SILENT_AFTER) < SILENT_AFTER:
            self._client.set(self._key, self._name_of(me), ex=LIFE)

    def _ages(self) -> dict[str, float]:
        return {one.process.id: one.age for one in self._app.heartbeats.lives()}

    def _name_of(self, process: Process) -> str:
        place = self._app.database.place
        return json.dumps({"process": process.id, "host": process.host, "place": place})

    def _told(self, holder: dict[str, str]) -> LedgerElsewhere:
        message = _(
            "A copy of this ledger is at work: {other} (from {host}). This one, {place}, sends "
            "nothing, so that no post goes out twice.",
            other=holder["place"],
            host=holder["host"],
            place=self._app.database.place,
        )
        return LedgerElsewhere(message, plainly=message)
