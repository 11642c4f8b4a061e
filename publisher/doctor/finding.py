"""Finding: the result of one check."""

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
"""Subjects of the checks: scripts read them, and people see them translated."""


class Grade(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    """It works, but may do harm."""
    BAD = "bad"
    """Something cannot be published."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking `subject`, with a hint if it is not good."""

    subject: str
    """One of `SUBJECTS`, or a file; `account` and `limits` are followed by the account's name."""
    grade: Grade
    message: str
    hint: str | None = None


def good(subject: str, message: str) -> Finding:
    return Finding(subject, Grade.GOOD, message)


def warning(subject: str, message: str, hint: str | None) -> Finding:
    return Finding(subject, Grade.WARNING, message, hint)


def bad(subject: str, message: str, hint: str | None) -> Finding:
    return Finding(subject, Grade.BAD, message, hint)
