"""What can be wrong with what is brought along, at its place in the file it comes from."""

from typing import NamedTuple

from publisher.model.models import Problem, Severity
from publisher.model.problems import Flaw

CODES: dict[str, str] = {
    # Files
    "unreadable": "The file or folder cannot be read.",
    "outside-folder": "The file is a symbolic link that leads out of the folder.",
    "file-too-big": "The file is bigger than any plan of posts.",
    "encoding": "The file is neither UTF-8 nor UTF-16 text.",
    "csv": "This is no valid CSV.",
    "header": "The columns are not those of this service.",
    "nothing-found": "There is no post in it.",
    # Rows and posts
    "too-many-cells": "The row has more cells than there are columns.",
    "column-left-out": "The draft has no place for what a column holds.",
    "empty-text": "There is no text.",
    "formula": "The cell holds a spreadsheet's formula or its error, and no text.",
    "bad-time": "The time cannot be read.",
    "ambiguous-date": "The date can be read in two ways, and no other date of the file tells which.",
    "nonexistent-time": "The local time does not exist, because the clocks skip it.",
    "ambiguous-time": "The local time exists twice, because the clocks are set back.",
    "no-time": "No time is given: the draft is unfinished.",
    "past": "The time is over: the post will not go out.",
    "bad-value": "The value is not of the kind that the key needs.",
    "unknown-profile": "No account has the name of the profile that the post is for.",
    "not-supported": "A draft cannot say this.",
    "read-as-layout": "A line of the text would split the draft or begin a section.",
    "hashtag-left-out": "This is no hashtag.",
    "mentions-left-out": "Names of another platform mean nothing here.",
    "picture-not-fetched": "The picture is an address: nothing is fetched from the network.",
    "same-text": "The same text is imported already, from another row or file.",
    "already-imported": "The post was imported before, and is not imported again.",
}
"""The codes that only an import has; a draft that comes of it can have those of `check` as well."""


class Place(NamedTuple):
    """Where something stands in the file it comes from; line and column count from 1.

    In a table, the column is the number of the cell.
    """

    file: str
    line: int = 1
    column: int = 1


class Notes:
    """Gathers problems; errors refuse their row or file, warnings refuse nothing."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def error(self, code: str, place: Place, message: str, hint: str | None = None) -> None:
        self.add(Flaw(code, message, hint), place)

    def warning(self, code: str, place: Place, message: str, hint: str | None = None) -> None:
        self.add(Flaw(code, message, hint), place, Severity.WARNING)

    def add(self, flaw: Flaw, place: Place, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(
            Problem(
                file=place.file,
                line=place.line,
                column=place.column,
                severity=severity,
                code=flaw.code,
                message=flaw.message,
                hint=flaw.hint,
            )
        )

    @property
    def errors(self) -> int:
        return sum(problem.severity is Severity.ERROR for problem in self.problems)
