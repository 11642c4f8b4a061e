"""Watermarks: the marks of this process, of other processes and of those before it, compared.

Processes that publish keep the newest step that they have seen in a file in var/ and at the broker,
and compare the ledger with it: before the first thing that they write, before each intent, after
each lost connection, and every two seconds. An intent is kept before its request leaves. What this
process wrote itself is compared with each transaction.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Protocol

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, select

from publisher.base import files
from publisher.base.clock import Clock
from publisher.base.errors import LedgerGone, PublisherError
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.integrity import marks
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.tables import identity

EVERY = 2.0  # real seconds

log = structlog.get_logger()


class MarkKeeper(Protocol):
    """Where marks are kept, best effort: what cannot be read or written is not there."""

    def read(self, ledger: str) -> bytes | None: ...

    def write(self, ledger: str, mark: bytes) -> None: ...


class CopyWatch(Protocol):
    """Knows whether a copy of the ledger is at work: see `publisher.monitoring.live_copies`."""

    def elsewhere(self) -> PublisherError | None: ...


class MarkFile:
    """A file for each ledger in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, ledger: str) -> bytes | None:
        try:
            return self._path(ledger).read_bytes()
        except OSError:
            return None

    def write(self, ledger: str, mark: bytes) -> None:
        files.keep(self._path(ledger), mark)

    def _path(self, ledger: str) -> Path:
        return self._folder / f"ledger-{ledger}.mark"


class Watermarks(LedgerPart):
    """Compares the ledger with its marks, and keeps them."""

    def __init__(self, database: Database, clock: Clock, places: Sequence[MarkKeeper]) -> None:
        super().__init__(database, clock)
        self._places = [*places]
        self._copies: CopyWatch | None = None
        self._kept: Watermark | None = None

    def start(self, *places: MarkKeeper, copies: CopyWatch | None = None) -> None:
        """Compare from now on, also with marks in `places`, in a thread that never ends."""
        self._places += places
        self._copies = copies
        self._database.watch = self
        Thread(target=self._run, name="watermarks", daemon=True).start()

    def look(self) -> None:
        """Compare the ledger with all marks, and keep its newest step.

        If it lacks one, what may be out becomes uncertain. Raises LedgerElsewhere, and does
        nothing, while a copy of the ledger is at work: its steps are missing here.
        """
        if self._copies and (elsewhere := self._copies.elsewhere()):
            self._database.look_again()
            self._remember(self.lost())
            raise elsewhere
        before, known = self._database.seen, self._known()
        with self._database.read() as connection:
            lost, newest = _missing(connection, known), marks.newest(connection)
        if lost:
            self._database.face(lost, self._clock.now())
        elif self._database.seen is before:
            self._database.seen = newest
        self.keep()

    def lost(self) -> Watermark | None:
        """A mark whose step the ledger lacks; None while it has all that was seen of it."""
        known = self._known()
        with self._database.read() as connection:
            return _missing(connection, known)

    def _known(self) -> list[Watermark]:
        """All marks, each of a step that was in the ledger before this is called."""
        known = [self._database.seen] if self._database.seen else []
        ledger = self._ledger()
        for place in self._places:
            if text := place.read(ledger):
                try:
                    known.append(Watermark.model_validate_json(text))
                except ValidationError:
                    log.warning("a mark of the ledger cannot be read", place=type(place).__name__)
        return known

    def keep(self) -> None:
        """Keep the newest step, for other processes and those that start later."""
        seen = self._database.seen
        if seen is None or seen == self._kept:
            return
        ledger, text = self._ledger(), seen.model_dump_json().encode()
        for place in self._places:
            place.write(ledger, text)
        self._kept = seen

    def _remember(self, lost: Watermark | None) -> None:
        """Keep in var/ what a copy did: who starts this one in its place looks for it."""
        if lost and lost != self._kept:
            self._places[0].write(self._ledger(), lost.model_dump_json().encode())
            self._kept = lost

    def _ledger(self) -> str:
        with self._database.read() as connection:
            found: str = connection.execute(select(identity.c.id)).scalar_one()
        return found

    def _run(self) -> None:
        while True:
            sleep(EVERY)
            try:
                self.look()
            except LedgerGone:
                return
            except PublisherError:
                pass  # the heartbeat reports that the ledger is away
            except Exception:
                log.exception("marks of the ledger failed")


def _missing(connection: Connection, known: Iterable[Watermark]) -> Watermark | None:
    return next((mark for mark in known if not mark.is_in(connection)), None)
