"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum

from publisher.base.i18n import later

SUBJECTS = (
    later("account"),
    later("accounts"),
    later("broker"),
    later("clock"),
    later("deliveries"),
    later("disk"),
    later("drafts"),
    later("ledger"),
    later("limits"),
    later("notices"),
    later("pages"),
    later("platforms"),
    later("publishing"),
)
"""What is looked at: scripts read it, and people see it translated."""


class Grade(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    """It works, and may harm all the same."""
    BAD = "bad"
    """Something cannot be published."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of `subject`, and what to do if it is not good."""

    subject: str
    """One of `SUBJECTS`, or a file; `account` and `limits` have the account's name behind it."""
    grade: Grade
    message: str
    hint: str | None = None


def good(subject: str, message: str) -> Finding:
    return Finding(subject, Grade.GOOD, message)


def warning(subject: str, message: str, hint: str) -> Finding:
    return Finding(subject, Grade.WARNING, message, hint)


def bad(subject: str, message: str, hint: str | None) -> Finding:
    return Finding(subject, Grade.BAD, message, hint)
