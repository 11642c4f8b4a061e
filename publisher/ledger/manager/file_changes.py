"""Changes of files that many posts share, on the web pages: the agenda and the consents.

Each is a step in a chain per file, as edits of drafts are, and is recorded in the transaction that
changes the schedule with it. The file is saved last in that transaction: if it cannot be saved,
nothing is recorded, and if the ledger does not take the transaction, the file is put back. A
process that dies between the two leaves the file changed and the schedule as it was, as if
`publisher queue` had not been run yet.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from publisher.base.clock import Clock
from publisher.base.errors import NotPermitted, PublisherError
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.tables import EVERYTHING
from publisher.ledger.transitions import note_account
from publisher.model.events import Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FileChange:
    """A change of a file that posts share."""

    file: str
    """Its path relative to the workspace: `posts/session.yaml`."""
    steps: Sequence[tuple[Event, Mapping[str, Any]]]
    """What the history says of it: events with their details."""
    save: Callable[[], None]
    put_back: Callable[[], None]
    accounts: Collection[str] = ()
    """The accounts of the posts that it drags along."""
    rank: Rank = Rank.MANAGER
    """The role that it takes without a right over everything."""


def refusal(
    rights: Rights,
    connection: Connection,
    actor: str,
    accounts: Collection[str],
    rank: Rank = Rank.MANAGER,
) -> NotPermitted | None:
    """Why a person may not change such a file; None when they may.

    The file is of all organisations: it takes a right over everything, or the role of manager and a
    right over the accounts of the posts that follow.
    """
    if rights.refusal(connection, actor, Rank.STAFF, (EVERYTHING,)) is None:
        return None
    return rights.refusal(connection, actor, rank, accounts)


@contextmanager
def put_back_on_error(change: FileChange | None) -> Iterator[Callable[[], None]]:
    """Yield what saves the file, if there is a change; put it back if the block raises later."""
    is_saved = False

    def save() -> None:
        nonlocal is_saved
        if change:
            change.save()
            is_saved = True

    try:
        yield save
    except BaseException:
        if change and is_saved:
            try:
                change.put_back()
            except PublisherError:  # another change came, or the disk is full
                log.exception("a file stays changed", file=change.file)
        raise


def record(
    connection: Connection, change: FileChange, rights: Rights, clock: Clock, actor: str
) -> None:
    """Record a change in the transaction that saves it. Raises NotPermitted."""
    if error := refusal(rights, connection, actor, change.accounts, change.rank):
        raise error
    for event, detail in change.steps:
        note_account(connection, change.file, event, clock.now(), actor, detail)


class FileChanges(Commands):
    """Changes of such files that bring nothing on the schedule, and the right to make any."""

    def apply(self, change: FileChange, actor: str) -> None:
        """Save and record a change. Raises NotPermitted, FileChanged or StorageError."""
        with put_back_on_error(change) as save, self._database.write() as connection:
            record(connection, change, self._rights, self._clock, actor)
            save()

    def refusal(
        self, actor: str, accounts: Collection[str] = (), rank: Rank = Rank.MANAGER
    ) -> NotPermitted | None:
        """Why a person may not change such a file, if these accounts follow; None: they may."""
        with self._database.read() as connection:
            return refusal(self._rights, connection, actor, accounts, rank)

    def require(self, actor: str) -> None:
        """Raise NotPermitted for a person who may change no such file."""
        if error := self.refusal(actor):
            raise error
