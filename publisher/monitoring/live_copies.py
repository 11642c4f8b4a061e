"""Live copies: of the copies of one ledger at one broker, one alone is at work.

A copy of a machine that runs beside the original has the same ledger id: each would find steps of
the other one missing in its own history, and each would publish. So the first process at work
leaves its name at the broker, with its last sign of life in its ledger. Where this ledger has no
such sign of it, that process is at work in a copy: then this ledger is neither compared nor written
by processes that publish, until the other one has shown no life for two minutes.

A copy that saw the other one live, and lacks what that did, does not go on by itself: the other one
may be cut off for a while. A person starts it again.
"""

from collections.abc import Callable
from contextlib import suppress
from math import inf, isfinite
from time import monotonic, sleep
from typing import Any

import redis
from pydantic import BaseModel, ValidationError

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere, PublisherError
from publisher.base.i18n import _
from publisher.ledger.heartbeats import NEEDED, Process

LIFE = 60  # real seconds from the last sign of life at the broker until its name ends there
TURN = 4.0  # real seconds in which one at work leaves its name at a broker that was restarted
_EVERY = 1.0  # real seconds between two looks: posts wait for them
_REST = 10.0  # for how many times as long as it kept us waiting a broker is then left alone


class _Name(BaseModel, frozen=True):
    """The name of a process at work."""

    process: str
    sign: int
    host: str
    place: str


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
        self.known: LedgerElsewhere | None = None
        """What `elsewhere` found last."""
        self._patience: float = LIFE
        self._seen_at = 0.0
        self._rests_until = 0.0
        self._heard: _Name | None = None
        self._lives = False
        self._has_worked = self._has_ended = False

    def elsewhere(self) -> LedgerElsewhere | None:
        """Why this copy must do nothing; None: it is the one at work, or the broker is away."""
        if (began := self._seconds()) >= self._rests_until and not self._has_ended:
            self._rests_until = began + _EVERY
            try:
                self._look()
            except (redis.RedisError, OSError):
                # The other one may take its place again before this one, once it is back.
                self._seen_at = now = self._seconds()
                self._rests_until = now + max(_EVERY, _REST * (now - began))
        return self.known

    def wait(self, beat: Callable[[], object], limit: float = inf) -> None:
        """Wait until it is certain that this copy is at work, at most `limit` real seconds."""
        until = monotonic() + limit
        while self._is_held() and monotonic() < until:
            beat()
            sleep(_EVERY)

    def end(self) -> None:
        """Take the name of this process away, so that nobody waits for one that has ended."""
        self._has_ended = True
        with suppress(redis.RedisError, OSError):
            name = self._name()
            # Who leaves its name just now does it again a second later.
            if name and self._process and name.process == self._process.id:
                self._client.delete(self._key)

    def _is_held(self) -> bool:
        try:
            return bool(self.elsewhere())
        except PublisherError:
            return True  # the ledger is away

    def _look(self) -> None:
        if name := self._name():
            self._compare(name)
            return
        if not self.known and self._is_too_early():
            message = _("Whether a copy of this ledger is at work shows in a few seconds.")
            hint = _("Publisher tries again by itself.")
            self.known, self._patience = LedgerElsewhere(message, hint=hint, plainly=message), TURN
            self._seen_at = self._seconds()
        if self.known and self._seconds() - self._seen_at < self._patience:
            return
        if self._lives and self._app.watermarks.lost():
            return
        self._go_on()
        if me := self._process:
            self._app.heartbeats.beat(me)  # others of this ledger must know it
            if self._has_ended:  # meanwhile, in another thread
                self._app.heartbeats.end(me)
                return
            sign = self._app.heartbeats.signs_of_life().get(me.id, inf)
            if isfinite(sign) and not self._leave_name(me, sign, nx=True):
                self._look()

    def _name(self) -> _Name | None:
        found: Any = self._client.get(self._key)
        try:
            return _Name.model_validate_json(found) if found is not None else None
        except ValidationError:
            self._client.delete(self._key)
            return None

    def _is_too_early(self) -> bool:
        """Whether this one was not at work yet, but one of its ledger was, and maybe still is."""
        if not self._process or self._has_worked:
            return False
        return any(one.process.kind in NEEDED for one in self._app.heartbeats.all())

    def _compare(self, name: _Name) -> None:
        signs, me = self._app.heartbeats.signs_of_life(), self._process
        is_other = not me or name.process != me.id
        if is_other and signs.get(name.process, 0) < name.sign:
            self._lives |= self._heard not in (None, name)
            self._heard, self._seen_at = name, self._seconds()
            self.known, self._patience = self._told(name), LIFE
            return
        self._go_on()
        if me and isfinite(sign := signs.get(me.id, inf)):
            self._leave_name(me, sign)

    def _go_on(self) -> None:
        self.known, self._heard, self._lives = None, None, False
        self._has_worked = True

    def _leave_name(self, process: Process, sign: float, *, nx: bool = False) -> bool:
        """Only with a sign of life that this ledger has: else others would take it for a copy's.

        False if there is another name, with `nx`.
        """
        place = self._app.database.place
        name = _Name(process=process.id, sign=int(sign), host=process.host, place=place)
        return bool(self._client.set(self._key, name.model_dump_json(), nx=nx, ex=LIFE))

    def _told(self, name: _Name) -> LedgerElsewhere:
        message = _(
            "A copy of this ledger is at work: {other} (from {host}). This one, {place}, sends "
            "nothing, so that no post goes out twice.",
            other=name.place,
            host=name.host,
            place=self._app.database.place,
        )
        return LedgerElsewhere(message, plainly=message)
