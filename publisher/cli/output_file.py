"""Files that commands write where they are told to."""

import stat
from pathlib import Path
from typing import Annotated

import typer

from publisher.base import files
from publisher.base.errors import UsageError
from publisher.base.i18n import _, later

HTML = b'<meta name="generator" content="Publisher">'
CALENDAR = b"PRODID:-//Publisher//"
"""What stands at the beginning of each such file that is ours."""
_HEAD = 1000  # bytes, within which it stands
_HINT = later("Name a file in a folder that you can write to, on a disk with free space.")

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="Write it to this file, whole or not at all; only a file that Publisher wrote is "
        "overwritten.",
    ),
]


def write(data: bytes, path: Path, mark: bytes) -> None:
    """Put `data` there, whole or not at all.

    UsageError where anything stands but such a file of ours, which `mark` tells, or an empty one.
    """
    with files.file_errors(path, _(_HINT)):
        if _is_free(path, mark):
            files.write(path, data)
            return
    message = _("{path} already exists, and was not written by this command.", path=path)
    raise UsageError(message, hint=_("Choose another name for --output."))


def write_in_var(data: bytes, path: Path) -> None:
    """The same in the folder that is ours, whose folders are made where they lack."""
    with files.file_errors(path, _(_HINT)):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, data)


def _is_free(path: Path, mark: bytes) -> bool:
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return True
    if not stat.S_ISREG(kind):
        return stat.S_ISDIR(kind)  # writing says what is wrong with that
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return not head or mark in head
