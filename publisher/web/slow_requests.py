"""Timeouts for slow requests: half-open connections would use up all connections.

uvicorn limits only the time between requests.
"""

import asyncio
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD = 10.0
"""Seconds for the head of a request, from the start of the connection or its first byte."""
_GRACE = 60.0
"""Seconds for its body, and more for a long one, which must arrive at this rate:"""
_RATE = 20_000  # bytes a second


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with timeouts; a client that takes longer is disconnected."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._phase: object = None
        self._begun = 0.0
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Start the timer for a head or a body that is arriving; keep it while it still is."""
        phase = self._expected()
        if phase is self._phase:
            return
        self._stop()
        self._phase = phase
        if phase is not None:
            self._begun, self._received = time.monotonic(), 0
            wait = _HEAD if phase is h11.IDLE else _GRACE
            self._deadline = self.loop.call_later(wait, self._look)

    def _expected(self) -> object:
        """h11.IDLE while a head is awaited, h11.SEND_BODY while a body is; None otherwise.

        Between requests, with nothing of the next one there, `timeout_keep_alive` counts.
        """
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            return state
        is_first = self.cycle is None
        return state if state is h11.IDLE and (is_first or self.conn.trailing_data[0]) else None

    def _look(self) -> None:
        over = time.monotonic() - self._begun - _GRACE - self._received / _RATE
        if self._phase is h11.SEND_BODY and (over < 0 or self.flow.read_paused):
            # While reading is paused, the server keeps the client waiting.
            self._deadline = self.loop.call_later(max(1.0, -over), self._look)
        else:
            self.transport.abort()

    def _stop(self) -> None:
        self._phase = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
