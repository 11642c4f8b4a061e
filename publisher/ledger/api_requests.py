"""Requests of programs that may be repeated: each is carried out once under its idempotency key.

A program that got no answer sends the same request again, with the same key, and gets the answer of
the first one. Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.base.errors import KeyReused, StillRunning
from publisher.ledger.database import LedgerPart
from publisher.ledger.tables import api_requests

KEPT = timedelta(hours=24)
"""How long an answer is kept."""
_ABANDONED = timedelta(minutes=5)
"""After that time the process that worked on a request has died."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a request: the status and the body."""

    status: int
    body: str


@dataclass(slots=True)
class RequestTurn:
    """The turn of a request; `before` is the answer if it was carried out already."""

    before: Answered | None
    answer: Answered | None = None
    """Set it to what is answered. Without one, the request may be sent again."""


class ApiRequests(LedgerPart):
    """Records requests and what was answered. The clock is the machine's own, as for sessions."""

    @contextmanager
    def turn(self, token: int, key: str, request: str) -> Iterator[RequestTurn]:
        """The turn of a request of this token. `request`: all that was asked, as SHA-256.

        Raises KeyReused for a key of another request, StillRunning while another process is at it.
        """
        key = hashlib.sha256(key.encode()).hexdigest()
        turn = RequestTurn(self._begin(token, key, request))
        if turn.before:
            yield turn
            return
        try:
            yield turn
        finally:
            self._end(token, key, turn.answer)

    def _begin(self, token: int, key: str, request: str) -> Answered | None:
        now = self._clock.now()
        mine = (api_requests.c.token == token) & (api_requests.c.key == key)
        row = {"token": token, "key": key, "request": request, "begun_at": now}
        try:
            with self._database.write() as connection:
                old = api_requests.c.begun_at < now - KEPT  # whichever token asked
                connection.execute(delete(api_requests).where(old))
                query = select(api_requests).where(mine).with_for_update()
                found = connection.execute(query).one_or_none()
                if found is None:
                    connection.execute(insert(api_requests).values(row))
                    return None
                if found.request != request:
                    raise KeyReused
                if found.status is not None:
                    return Answered(found.status, found.answer)
                if found.begun_at > now - _ABANDONED:
                    raise StillRunning
                connection.execute(update(api_requests).where(mine).values(begun_at=now))
                return None
        except IntegrityError:  # the same request at the same moment
            raise StillRunning from None

    def _end(self, token: int, key: str, answer: Answered | None) -> None:
        mine = (api_requests.c.token == token) & (api_requests.c.key == key)
        with self._database.write() as connection:
            if answer is None:
                connection.execute(delete(api_requests).where(mine))
                return
            values = {"status": answer.status, "answer": answer.body}
            connection.execute(update(api_requests).where(mine).values(values))
