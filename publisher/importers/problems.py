"""Import problems: their codes, and the refusal of a whole file."""

from publisher.model.problems import Flaw
from publisher.model.values import Position

CODES: dict[str, str] = {
    # The file
    "unreadable": "The file cannot be read.",
    "file-too-big": "The file, or what it unpacks to, is bigger than any plan of posts.",
    "encoding": "The file is neither an Excel workbook nor UTF-8 or UTF-16 text.",
    "csv": "This is not a valid CSV file.",
    "workbook": "This is not a valid Excel workbook.",
    "sheet": "The workbook has several sheets, or none of that name.",
    "header": "A column is missing, or two columns are for the same thing.",
    "nothing-found": "There is no post in it.",
    # Rows
    "too-many-cells": "The row has more cells than there are columns.",
    "column-left-out": "The draft has no place for what a column holds.",
    "empty-text": "There is no text.",
    "formula": "A cell contains a formula without its result, or an error.",
    "bad-time": "The time cannot be read.",
    "ambiguous-date": "The date can be read in two ways, and no other date in the file shows which.",
    "nonexistent-time": "The local time does not exist, because the clocks skip it.",
    "ambiguous-time": "The local time exists twice, because the clocks are set back.",
    "no-time": "No time is given: the draft is unfinished.",
    "past": "The time has passed: the post will not go out.",
    "bad-value": "The value is not of the kind that the column needs.",
    "read-as-layout": "A line of the text would split the draft or begin a section.",
    "picture-not-fetched": "The picture is an address: nothing is fetched from the network.",
    "same-text": "Another row of the file has the same text, time and recipients.",
    "already-imported": "The post was imported before, and is not imported again.",
}
"""The codes of an import; its drafts can have those of `check` as well."""


class FileRefused(Exception):
    """The whole file is refused."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, *, line: int = 1, column: int = 1
    ) -> None:
        super().__init__(message)
        self.flaw = Flaw(code, message, hint)
        self.position = Position(line=line, column=column)
