"""Listing of the draft files under posts/; it does not parse them."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from publisher.base import git
from publisher.base.errors import UsageError, why
from publisher.base.i18n import _
from publisher.model.problems import Flaw, problem
from publisher.model.values import Position, Problem, Severity

_NOT_DRAFTS = {"readme.md"}
_ALMOST_DRAFTS = (".markdown", ".mdown", ".mkd", ".mdx", ".txt")
_DOCUMENTS = (".doc", ".docx", ".odt", ".rtf", ".pages")
_OF_PROGRAMS = ("._", ".#", ".~", "~$")
"""Name prefixes of files that editors and systems create beside a file.

Backups such as `x.md~` are not reported either: the draft is beside them.
"""
COMPARED = 400
"""With more files under posts/, status and pages do not compare them with the ledger by themselves:
it would take too long."""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A draft by its id, its path relative to the workspace and its place on disk."""

    id: str
    file: str
    place: str

    @property
    def path(self) -> Path:
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class DraftIds:
    """The ids of all drafts."""

    known: frozenset[str]
    unreadable: tuple[str, ...] = ()
    """Beginnings of ids about which nothing can be said, because a folder cannot be read."""

    def has(self, post_id: str) -> bool:
        """Whether the post has a draft, or may have one that cannot be read.

        A missing draft was deleted; one that cannot be read was not.
        """
        return post_id in self.known or post_id.startswith(self.unreadable)


class DraftFiles:
    """The drafts under posts/, and the problems with their names.

    Folders called `media`, hidden files and README.md are not drafts.
    """

    def __init__(self, posts: Path, more: Iterable[str] = ()) -> None:
        """Walk through `posts`, an absolute path. Never raises, whatever files are there.

        `more` are drafts as well, by their paths relative to the workspace, also if there are no
        such files yet.
        """
        self.posts = posts
        self.problems: list[Problem] = []
        self._unreadable: list[str] = []
        if posts.is_dir():
            self.files = sorted(self._walk(posts, ""), key=lambda file: file.file)
        else:
            self.files = []
            self._unreadable.append("")
            hint = _("Make it, or choose the right workspace with --workspace DIR.")
            self._note(Flaw("no-posts", _("The workspace has no folder posts/."), hint), "")
        known = {file.file for file in self.files}
        self._new = [
            DraftFile(file.removeprefix("posts/")[: -len(".md")], file, str(posts.parent / file))
            for file in more
            if file not in known
        ]
        if self._new:
            self.files = sorted([*self.files, *self._new], key=lambda file: file.file)
        self.ids = DraftIds(frozenset(file.id for file in self.files), tuple(self._unreadable))
        self._note_twins()

    def select(self, paths: Sequence[str | Path]) -> list[DraftFile]:
        """The drafts that the paths name, ordered by file; all drafts if there are no paths.

        A path is a draft or a folder, relative to the working directory or to the workspace.
        Raises UsageError if a path does not exist, is outside posts/, or is neither a folder nor a
        draft.
        """
        if not paths:
            return self.files
        wanted: dict[str, DraftFile] = {}
        drafts = {file.place: file for file in self.files}
        for path in paths:
            target = self._find(path)
            place, inside = os.fspath(target), os.path.join(target, "")  # noqa: PTH118 - thousands
            draft = drafts.get(place)
            chosen = [draft] if draft else [f for f in self.files if f.place.startswith(inside)]
            if not chosen and not target.is_dir():
                hint = _("Drafts are files under posts/ whose names end in .md.")
                raise UsageError(_("{path} is not a draft.", path=path), hint=hint)
            wanted |= {file.file: file for file in chosen}
        return [wanted[file] for file in sorted(wanted)]

    def _find(self, path: str | Path) -> Path:
        for base in (Path.cwd(), self.posts.parent):
            candidate = Path(os.path.normpath(base / path))
            if os.path.lexists(candidate) or any(file.path == candidate for file in self._new):
                if self.posts.is_relative_to(candidate) or candidate.is_relative_to(self.posts):
                    return candidate
                message = _("{path} is not in this workspace's posts/.", path=path)
                raise UsageError(message, hint=_("Choose another workspace with --workspace DIR."))
        hint = _("Name a draft or a folder, relative to here or to the workspace.")
        raise UsageError(_("{path} does not exist.", path=path), hint=hint)

    def _walk(self, folder: Path, prefix: str) -> Iterator[DraftFile]:
        """The drafts in a folder; `prefix` is its path under posts/ with a slash at the end."""
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._unreadable.append(prefix)
            message = _("The folder cannot be read: {reason}.", reason=why(error))
            self._note(Flaw("unreadable", message), prefix)
            return
        self._note_repository(prefix, (entry.name for entry in entries))
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                if entry.is_symlink():
                    self._note(_hidden_link(), prefix + name, Severity.WARNING)
                elif not name.startswith(_OF_PROGRAMS) and _begins_like_a_draft(entry):
                    self._note(_hidden_draft(), prefix + name, Severity.WARNING)
                self._look_for_repositories(entry, prefix)
                continue
            if _is_folder(entry):
                yield from self._descend(entry, prefix)
            elif name.lower().endswith(".md") and name.lower() not in _NOT_DRAFTS:
                if flaw := self._flaw_of(entry):
                    self._note(flaw, prefix + name)
                    self._unreadable.append((prefix + name)[: -len(".md")])
                else:
                    path = prefix + name
                    yield DraftFile(path[: -len(".md")], f"posts/{path}", entry.path)
            elif flaw := _almost(name):
                self._note(flaw, prefix + name, Severity.WARNING)

    def _descend(self, entry: "os.DirEntry[str]", prefix: str) -> Iterator[DraftFile]:
        if entry.name == "media":
            self._look_for_repositories(entry, prefix)
            self._note_drafts_among_pictures(Path(entry.path), f"{prefix}media/")
            return
        if entry.is_symlink():
            hint = _("Move the drafts here, or link to them one by one.")
            message = _("The folder is a symbolic link, which Publisher does not follow.")
            self._note(Flaw("symbolic-link", message, hint), prefix + entry.name)
            self._unreadable.append(f"{prefix}{entry.name}/")
            return
        yield from self._walk(Path(entry.path), f"{prefix}{entry.name}/")

    def _look_for_repositories(self, entry: "os.DirEntry[str]", prefix: str) -> None:
        """Find git repositories in a folder without drafts; `.git` itself cannot be committed."""
        if entry.name == ".git" or not entry.is_dir(follow_symlinks=False):
            return
        for folder, folders, files in os.walk(entry.path):
            path = f"{prefix}{entry.name}{folder.removeprefix(entry.path)}/"
            self._note_repository(path, (*folders, *files))
            folders[:] = [name for name in folders if name != ".git"]

    def _note_repository(self, prefix: str, names: Iterable[str]) -> None:
        if git.is_bare_repository(names):
            message = _(
                "git treats this folder as a separate repository. When anyone uses git in it, "
                "git runs what the folder says."
            )
            hint = _("Delete HEAD, objects and refs in it, and ask who made them.")
            self._note(Flaw("repository", message, hint), prefix)

    def _note_drafts_among_pictures(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*.[mM][dD]")):
            if not path.name.startswith(".") and _begins_like_a_draft(path):
                message = _("Publisher does not read this: nothing in a folder `media` is a draft.")
                flaw = Flaw("not-a-draft", message, _("Move it out of that folder."))
                self._note(flaw, prefix + path.relative_to(folder).as_posix(), Severity.WARNING)

    def _flaw_of(self, entry: "os.DirEntry[str]") -> Flaw | None:
        if not entry.name.isprintable():
            hint = _("Rename it. A name has only letters, digits, - and _.")
            return Flaw(
                "file-name", _("The file's name contains characters that cannot be shown."), hint
            )
        if entry.is_symlink() and not _leads_into(Path(entry.path), self.posts):
            hint = _("Copy the draft here.")
            return Flaw("outside-posts", _("The draft is a link that leads out of posts/."), hint)
        return None

    def _note_twins(self) -> None:
        """Report two files with the same id, or with ids that some disks or people confuse."""
        alike: dict[str, list[DraftFile]] = defaultdict(list)
        for file in self.files:
            alike[unicodedata.normalize("NFC", file.id).casefold()].append(file)
        for twins in alike.values():
            for file in twins if len(twins) > 1 else ():
                others = ", ".join(twin.file for twin in twins if twin is not file)
                message = _("This draft has the same id as {others}.", others=others)
                flaw = Flaw("duplicate-id", message, _("Rename one of them."))
                self.problems.append(problem(file.file, flaw, Position()))

    def _note(self, flaw: Flaw, path: str, severity: Severity = Severity.ERROR) -> None:
        shown = f"posts/{path}".encode("utf-8", "backslashreplace").decode()
        self.problems.append(problem(shown, flaw, Position(), severity))


def _hidden_link() -> Flaw:
    """Publisher creates none; an attacker may hope that something is written through it."""
    message = _(
        "A symbolic link with a hidden name: nobody sees it, and Publisher does not read it."
    )
    return Flaw("symbolic-link", message, _("Delete it, and ask who made it."))


def _begins_like_a_draft(file: "os.PathLike[str]") -> bool:
    """Whether it is Markdown with front matter, not, for example, a list of photo credits."""
    path = Path(file)
    if path.suffix.lower() != ".md" or path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as text:
            return text.read(6).removeprefix(b"\xef\xbb\xbf").startswith(b"---")
    except OSError:
        return False


def _hidden_draft() -> Flaw:
    message = _("Publisher does not read this: its name begins with a dot.")
    return Flaw("not-a-draft", message, _("If it is a draft, rename it without the dot."))


def _almost(name: str) -> Flaw | None:
    """The problem with a file's name that a person may take for a draft's."""
    message = _("Publisher does not read this: the name of a draft ends in .md.")
    if name.lower().endswith(_DOCUMENTS) and not name.startswith(_OF_PROGRAMS):
        hint = _("Copy its text into a draft: `publisher new TITLE` makes one.")
        return Flaw("not-a-draft", message, hint)
    return Flaw("not-a-draft", message) if name.lower().endswith(_ALMOST_DRAFTS) else None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _leads_into(link: Path, posts: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(posts.resolve())
    except (OSError, RuntimeError):
        return True  # a broken link: reading it reports that


def newest_change(folder: Path) -> tuple[int, float]:
    """The number of files below a folder, and the newest change of a file or folder in it.

    The change is in seconds since 1970 by the system's clock.
    """
    number, youngest = 0, 0.0
    folders = [os.fspath(folder)]
    with suppress(OSError):
        while folders:
            above = folders.pop()
            status = os.stat(above)  # noqa: PTH116 - ten thousand times
            youngest = max(youngest, status.st_mtime, status.st_ctime)
            with os.scandir(above) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    status = entry.stat()
                    number += 1
                    youngest = max(youngest, status.st_mtime, status.st_ctime)
    return number, youngest
