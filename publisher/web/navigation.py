"""Navigation: the pages in the rail and at the bottom of a phone, and where the session stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from publisher.base.i18n import later
from publisher.drafts.session import Session


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A page in the navigation."""

    address: str
    name: str
    """Its title; it is translated where it is shown."""
    icon: str
    counter: str = ""
    """The number beside it, of `counters.Counts`."""
    is_urgent: bool = False
    """Whether that number is of what must not wait."""
    thumb: bool = False
    """Whether it is at the bottom of a phone, if there is room."""
    rank: str = "staff"
    """The rank that sees it."""

    @property
    def counted_at(self) -> tuple[str, str]:
        """Where its number stands: in the rail, and on a phone at the bottom or at the menu."""
        return "rail", "bottom" if self.thumb else "menu"

    def is_at(self, path: str) -> bool:
        """Whether a path is this page or a page below it."""
        return path == self.address or path.startswith(f"{self.address}/")


ITEMS = (
    NavigationItem("/", later("Today"), "inbox", counter="trouble", is_urgent=True, thumb=True),
    NavigationItem(
        "/review", later("Review"), "check-check", counter="waiting", thumb=True, rank="manager"
    ),
    NavigationItem("/calendar", later("Calendar"), "calendar-days", thumb=True),
    NavigationItem("/agenda", later("Agenda"), "calendar-range"),
    NavigationItem("/posts", later("Posts"), "files", thumb=True),
    NavigationItem(
        "/answers", later("Comments"), "message-square", counter="answers", is_urgent=True
    ),
    NavigationItem("/media", later("Media library"), "image"),
    NavigationItem("/log", later("Log"), "scroll-text"),
    NavigationItem("/report", later("Report"), "chart-column"),
    NavigationItem("/accounts", later("Accounts"), "at-sign"),
    NavigationItem("/people", later("People"), "users", rank="admin"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands around a page."""

    items: Sequence[NavigationItem]
    """The pages that the reader may see."""
    current: NavigationItem | None
    """The one that is shown, or that is above it."""
    counts: Mapping[str, int]
    """The numbers beside items, by their counter."""
    mark: str
    day: tuple[int, int] | None
    """The number of today among the session's days, and their number."""
    may_pause: bool
    """Whether the reader may pause everything, and it is not paused."""


def day_of(session: Session, today: date) -> tuple[int, int] | None:
    """The number of today among the session's days, and their number; None outside of it."""
    if session.starts is None or session.ends is None:
        return None
    if not session.starts <= today <= session.ends:
        return None
    return (today - session.starts).days + 1, (session.ends - session.starts).days + 1


def mark_of(name: str) -> str:
    """One or two signs that stand for the session: its number, or its first letter."""
    words = name.split()
    number = next((word for word in words if word[:1].isdigit()), "")
    return "".join(filter(str.isdigit, number))[:2] or name[:1].upper()
