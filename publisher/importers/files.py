"""The files of a folder that is brought along. Nothing outside of it is read."""

from pathlib import Path

from publisher.base.i18n import _
from publisher.importers.problems import Notes, Place


def below(folder: Path, pattern: str, notes: Notes) -> list[Path]:
    """The files in the folder and below it, sorted; a link that leads out of it is refused."""
    found = []
    for path in sorted(folder.rglob(pattern)):
        if leads_out(path, folder):
            message = _("The file is a symbolic link that leads out of the folder; it is not read.")
            notes.error("outside-folder", Place(str(path)), message, _("Copy the file itself."))
        else:
            found.append(path)
    return found


def leads_out(path: Path, folder: Path) -> bool:
    """Whether it is, through links or `..`, a file that does not lie in the folder."""
    try:
        return not path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False  # a broken link: reading it reports that
