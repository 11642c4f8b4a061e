"""The agenda that posts are anchored on: moved, cancelled, imported, exported as .ics.

Every change is proposed first and then saved into posts/session.yaml; `publisher queue` makes it
so. What it brings for posts is planning's to say: `publisher.planning.impact`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.agenda import session_file
from publisher.agenda.changes import ItemChange
from publisher.agenda.session_file import SessionFile
from publisher.drafts.session import Session
from publisher.model.values import Problem

__all__ = ["Proposal", "propose"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of posts/session.yaml that can be looked at before it is made."""

    changes: tuple[ItemChange, ...]
    _seen: SessionFile
    _revised: SessionFile

    @property
    def before(self) -> Session:
        return self._seen.session

    @property
    def after(self) -> Session:
        return self._revised.session

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What would be wrong in the file: with one of these it cannot be saved."""
        return tuple(self._revised.errors)

    @property
    def data(self) -> bytes:
        """What the file holds then."""
        return self._revised.data

    def save(self) -> None:
        """Write the file; FileChanged or StorageError, and then it is as it was."""
        if self.problems:
            raise ValueError("a session with errors is never saved")
        session_file.save(self._seen, self._revised)

    def put_back(self) -> None:
        """Undo `save`; FileChanged if the file was changed again, or StorageError."""
        session_file.save(self._revised, self._seen)


def propose(seen: SessionFile, changes: Sequence[ItemChange]) -> Proposal:
    """These changes of a file without errors; nothing is written.

    NotPossible if only a person can make them.
    """
    return Proposal(tuple(changes), seen, session_file.revise(seen, changes))
