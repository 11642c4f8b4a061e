"""Atomic write of an import's drafts: all of them, or none.

They are first written to a hidden folder in posts/, where no drafts are read. Only when all are
synced to disk are they moved to their places, and none overwrites a file.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from publisher.base.files import file_errors
from publisher.base.i18n import _
from publisher.importers.to_drafts import NewDraft


def write(posts: Path, drafts: Sequence[NewDraft]) -> None:
    """Write the drafts below `posts`. StorageError leaves everything as it was."""
    placed: list[Path] = []
    hint = _(
        "Nothing was imported. You need permission to write to the folder posts/, on a disk with "
        "free space."
    )
    with (
        file_errors(posts, hint),
        tempfile.TemporaryDirectory(prefix=".import-", dir=posts) as folder,
    ):
        staged = [*_stage(Path(folder), drafts)]
        try:
            for source, name in staged:
                _place(source, posts / name)
                placed.append(posts / name)
        except BaseException:
            for path in placed:
                path.unlink(missing_ok=True)
            raise


def _stage(folder: Path, drafts: Sequence[NewDraft]) -> list[tuple[Path, str]]:
    """Write all files into the folder; returns where each is, and its path below posts/."""
    staged = []
    for number, draft in enumerate(drafts):
        path = folder / f"{number}.md"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(draft.text)
            file.flush()
            os.fsync(file.fileno())
        staged.append((path, draft.file))
    return staged


def _place(source: Path, target: Path) -> None:
    """Move a file to its place. Raises FileExistsError instead of overwriting a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a disk without hard links; or it is taken, which this finds as well
        with target.open("xb") as file, source.open("rb") as data:
            shutil.copyfileobj(data, file)
