"""Filters of lists that people saved under a name, each for themselves."""

from dataclasses import dataclass
from unicodedata import normalize

from sqlalchemy import Connection, delete, insert, select

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.ledger.database import LedgerPart
from publisher.ledger.manager.rights import Person
from publisher.ledger.tables import people, saved_filters

MOST = 20
"""Saved filters of one person for one page."""
LONGEST = 40  # characters of a name


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """Filters of a page under the name that a person gave them."""

    name: str
    query: str
    """The query string of the page's address."""


class SavedFilters(LedgerPart):
    """Reads and changes the saved filters of people."""

    def of(self, person: Person, page: str) -> list[SavedFilter]:
        """A person's saved filters of a page, such as `log`, by name."""
        with self._database.read() as connection:
            return sorted(_read(connection, person, page), key=lambda one: one.name.casefold())

    def save(self, person: Person, page: str, name: str, query: str) -> SavedFilter:
        """Save filters under a name; to save them once more changes nothing.

        Raises UsageError for a name that cannot be shown or is too long, and NotPossible when other
        filters have it or the person has too many.
        """
        new = SavedFilter(_checked(name), query)
        with self._database.write() as connection:
            # A lock, so that two tabs do not both count the others.
            locked = select(people.c.id).where(people.c.id == person.id).with_for_update()
            connection.execute(locked)
            known = _read(connection, person, page)
            if new in known:
                return new
            if any(one.name.casefold() == new.name.casefold() for one in known):
                raise NotPossible(
                    _("You have already saved other filters as “{name}”.", name=new.name),
                    hint=_("Choose another name, or remove the others first."),
                )
            if len(known) >= MOST:
                raise NotPossible(
                    _("You have already saved {most} filters for this page.", most=MOST),
                    hint=_("Remove some of them first."),
                )
            row = {"person": person.id, "page": page, "name": new.name, "query": query}
            connection.execute(insert(saved_filters).values(row))
        return new

    def remove(self, person: Person, page: str, saved: SavedFilter) -> None:
        """Remove saved filters; others that have their name by now stay."""
        ours = (saved_filters.c.person == person.id) & (saved_filters.c.page == page)
        same = (saved_filters.c.name == saved.name) & (saved_filters.c.query == saved.query)
        with self._database.write() as connection:
            connection.execute(delete(saved_filters).where(ours & same))


def _read(connection: Connection, person: Person, page: str) -> list[SavedFilter]:
    query = select(saved_filters.c.name, saved_filters.c.query).where(
        saved_filters.c.person == person.id, saved_filters.c.page == page
    )
    return [SavedFilter(*row) for row in connection.execute(query)]


def _checked(name: str) -> str:
    name = normalize("NFC", " ".join(name.split()))
    if not name or not name.isprintable() or len(name) > LONGEST:
        raise UsageError(
            _("Filters cannot be saved under this name."),
            hint=_("Write 1 to {most} visible characters.", most=LONGEST),
        )
    return name
