"""Hints for missing media: pictures in another folder or with a slightly different name."""

import difflib
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from publisher.base.i18n import _
from publisher.base.text import did_you_mean
from publisher.model.problems import Flaw

_MOST = 20_000
"""Files that are searched."""
_QUOTES = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u202f": " "}
)  # fmt: skip
_ADDRESS = re.compile(r"(?:https?|ftp):/?/?|www\.", re.IGNORECASE)


def missing(name: str, folder: Path, posts: Path, files: Sequence[Path]) -> Flaw:
    """The error for a picture that does not exist, with a hint.

    `folder` is the draft's, `posts` the root, and `files` those below it (see `media`).
    """
    if _ADDRESS.match(name):
        hint = _("Save the picture into posts/media/, and name it: `file: /media/name.jpg`.")
        return Flaw("media-missing", _("“{name}” is a web address, not a file.", name=name), hint)
    near = _nearest(name, folder, posts, files)
    hint = (
        did_you_mean(near)
        if near
        else _("Names are relative to the draft; with a leading slash, to posts/.")
    )
    return Flaw("media-missing", _("There is no file {file}.", file=name), hint)


def _nearest(name: str, folder: Path, posts: Path, files: Sequence[Path]) -> str | None:
    """The file that was meant, as the draft would name it: the same or a similar name elsewhere."""
    wanted = _folded(PurePosixPath(name.replace("\\", "/")).name)
    names = [_folded(path.name) for path in files]
    same = [path for path, its in zip(files, names, strict=True) if its == wanted]
    if not same:
        near = difflib.get_close_matches(wanted, set(names), n=1, cutoff=0.8)
        same = [path for path, its in zip(files, names, strict=True) if its in near]
    if not same:
        return None
    best = min(same, key=lambda path: (not path.is_relative_to(folder), len(path.parts), path))
    inside = best.is_relative_to(folder)
    return (
        best.relative_to(folder).as_posix() if inside else f"/{best.relative_to(posts).as_posix()}"
    )


def media(posts: Path) -> list[Path]:
    """All files under posts/ that may be pictures."""
    found: list[Path] = []
    for parent, folders, files in os.walk(posts):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(parent, name)
            for name in sorted(files)
            if not name.startswith(".") and not name.lower().endswith((".md", ".yaml"))
        ]
        if len(found) > _MOST:
            break
    return found


def _folded(name: str) -> str:
    """A name normalised for comparison: case, quotes, Unicode form and spaces."""
    return unicodedata.normalize("NFC", name.translate(_QUOTES)).casefold()
