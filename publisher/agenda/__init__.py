"""The programme that posts hang on: moved, cancelled, imported and exported.

Every change is proposed first, with all that it drags along, and then saved into
posts/session.yaml; `publisher queue` makes it so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.agenda import file
from publisher.agenda.changes import ItemChange
from publisher.agenda.effects import Effects, effects
from publisher.agenda.file import SessionFile
from publisher.ledger.queries import Queries
from publisher.models import Problem
from publisher.settings import Settings

__all__ = ["Proposal", "propose"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of posts/session.yaml that can be looked at before it is made."""

    changes: tuple[ItemChange, ...]
    effects: Effects
    problems: tuple[Problem, ...]
    """What would be wrong in the file: with one of these it cannot be saved."""
    _seen: SessionFile
    _revised: SessionFile

    def save(self) -> None:
        """Write the file; FileChanged or StorageError, and then it is as it was."""
        if self.problems:
            raise ValueError("a session with errors is never saved")
        file.save(self._seen, self._revised)


def propose(
    settings: Settings,
    queries: Queries,
    now: datetime,
    seen: SessionFile,
    changes: Sequence[ItemChange],
) -> Proposal:
    """What these changes would bring; nothing is written. `seen` is a file without errors.

    NotPossible if only a person can make them.
    """
    revised = file.revise(seen, changes)
    found = Effects((), (), ())
    if not revised.errors:
        found = effects(settings, queries, now, seen.session, revised.session)
    return Proposal(tuple(changes), found, tuple(revised.errors), seen, revised)
