"""Counters of the navigation: what is in trouble, and what waits for the reader's approval."""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.ledger.manager.approvals import Unapproved
from publisher.ledger.manager.rights import Person, Rank


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers beside Today, Review and Answers."""

    trouble: int = 0
    waiting: int = 0
    answers: int = 0
    """Readers' comments that call for somebody."""


class Counters:
    """Cache of the numbers, valid until the ledger changes."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._trouble: tuple[int, int] | None = None
        self._unapproved: tuple[int, Sequence[Unapproved]] | None = None
        self._calling: dict[tuple[str, ...] | None, tuple[int, int]] = {}
        """By organisations. All with the step at which they were read."""

    def of(self, person: Person, step: int) -> Counts:
        """The numbers for a reader; `step`: the newest one of the history, 0 if it is not known."""
        step = step or self._app.queries.last_step()
        return Counts(
            self._in_trouble(step), self._waiting(person, step), self._answers(person, step)
        )

    def _in_trouble(self, step: int) -> int:
        found = self._trouble
        if found is None or found[0] != step:
            found = self._trouble = step, self._app.queries.in_trouble()
        return found[1]

    def _answers(self, person: Person, step: int) -> int:
        """How many comments of the person's accounts call for somebody."""
        own = person.organisations
        known = self._calling.get(own)
        if known is None or known[0] != step:
            accounts = self._app.accounts() if own is not None else None
            permits = self._app.rights.permits
            its = accounts and [one for one in accounts if permits(person, Rank.STAFF, [one])]
            known = self._calling[own] = step, self._app.comment_pages.calling(its)
        return known[1]

    def _waiting(self, person: Person, step: int) -> int:
        """How many posts wait that this person may approve: nobody approves their own."""
        if not person.rank.includes(Rank.MANAGER):
            return 0
        found = self._unapproved
        if found is None or found[0] != step:
            found = self._unapproved = step, self._app.approvals.unapproved()
        permits, is_open = self._app.rights.permits, self._app.approvals.is_open_to
        own = {
            name
            for name in {one.account for one in found[1]}
            if permits(person, Rank.MANAGER, [name])
        }
        return len(
            {one.post for one in found[1] if one.account in own and is_open(person.name, one)}
        )
