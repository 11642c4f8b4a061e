"""The `.tweet` files of twitter-together: a text, with front matter if it needs any.

github.com/twitter-together/action, lib/common/parse-tweet-file-content.js: `schedule` is a date as
JavaScript reads it, `media` lists files of the folder media/ with `alt`, `reply` and `retweet` are
addresses, `poll` or last lines `( ) option` make a poll, `thread-delimiter` (else `---`) begins the
next message of a thread, which has front matter of its own.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.drafts import front_matter, text_files, yaml_tree
from publisher.importers import dates, files
from publisher.importers.items import Item, Options, PictureFile
from publisher.importers.problems import Notes, Place
from publisher.media import media_file
from publisher.model.models import Position
from publisher.model.problems import Findings, Flaw

_FRONT = re.compile(r"---\n(?s:.*?)\n---(?:\n+|\Z)")
_POLL_LINE = re.compile(r"\(\s?\)\s+\S")
_KEYS = ("schedule", "media", "reply", "retweet", "poll", "thread-delimiter")
_POLL = later("A poll is not supported.")
_UNSUPPORTED = {
    "reply": later("Answering somebody else's post is not supported."),
    "retweet": later("Sharing somebody else's post is not supported."),
    "poll": _POLL,
}


class _Message(NamedTuple):
    """One message of a thread, with the line before its front matter and that of its text."""

    front: yaml_tree.Mapping
    text: str
    before: int
    line: int


def read(folder: Path, options: Options, notes: Notes) -> list[Item]:
    """The posts of all .tweet files in the folder and below it."""
    paths = files.below(folder, "*.tweet", notes)
    if not paths and not notes.errors:
        notes.error("nothing-found", Place(str(folder)), _("There is no .tweet file in it."))
    items = (_File(path, folder, options, notes).item() for path in paths)
    return [item for item in items if item]


class _File:
    """Reads one file."""

    def __init__(self, path: Path, folder: Path, options: Options, notes: Notes) -> None:
        self._path, self._folder = path, folder
        self._name = str(path)
        self._options, self._notes = options, notes

    def item(self) -> Item | None:
        before = self._notes.errors
        findings = Findings(self._name)
        text = text_files.read(self._path, findings)
        messages = [] if text is None else [*self._messages(text, findings)]
        self._notes.problems += findings.problems
        if not messages:
            return None
        for number, message in enumerate(messages):
            self._refuse(message, first=number == 0)
        at, found = self._schedule(messages[0]), [*self._pictures(messages[0])]
        if self._notes.errors > before:
            return None
        return Item(
            place=Place(self._name, messages[0].line),
            where=self._path.relative_to(self._folder).as_posix(),
            parts=tuple(message.text for message in messages),
            at=at,
            name=self._path.stem,
            profiles=("twitter",),
            pictures=tuple(found),
        )

    def _messages(self, text: str, findings: Findings) -> Iterator[_Message]:
        """The messages of the thread; each may say how the next one is parted from it."""
        line, delimiter, parted = 1, "---", True
        while parted:
            before, front = line - 1, yaml_tree.Mapping({}, Position())
            if found := _FRONT.match(text):
                halves = front_matter.split(found.group(), findings)
                if halves is None:
                    return
                front, text = halves.front, text[found.end() :]
                line += found.group().count("\n")
            if given := _value(front, "thread-delimiter"):
                delimiter = given
            end = re.search(rf"\n+{re.escape(delimiter)}\n+", text)
            parted = end is not None
            own = text[: end.start()] if end else text
            yield _Message(front, own.strip(), before, line)
            if end:
                line += text[: end.end()].count("\n")
                text = text[end.end() :]

    def _refuse(self, message: _Message, *, first: bool) -> None:
        """Note what a draft cannot say."""
        for key, entry in message.front.entries.items():
            place = self._place(message, entry.value)
            if key in _UNSUPPORTED:
                self._notes.error("not-supported", place, _(_UNSUPPORTED[key]))
            elif key == "media" and not first:
                text = _("Pictures go with the first message of a thread.")
                self._notes.error("not-supported", place, text, _("Move them there."))
            elif key not in _KEYS:
                self._notes.warning("column-left-out", place, _("`{key}` is left out.", key=key))
        lines = message.text.split("\n")
        if _POLL_LINE.match(lines[-1]):
            place = Place(self._name, message.line + len(lines) - 1)
            self._notes.error("not-supported", place, _(_POLL))

    def _schedule(self, message: _Message) -> datetime | None:
        entry = message.front.entries.get("schedule")
        if entry is None:
            return None
        text = _value(message.front, "schedule") or ""
        instant = dates.parse(text, self._options.zone, self._options.order)
        if isinstance(instant, Flaw):
            self._notes.add(instant, self._place(message, entry.value))
            return None
        return instant

    def _pictures(self, message: _Message) -> Iterator[PictureFile]:
        entry = message.front.entries.get("media")
        if entry is None:
            return
        listed = (
            entry.value.items if isinstance(entry.value, yaml_tree.Sequence) else (entry.value,)
        )
        for node in listed:
            place = self._place(message, node)
            name = _value(node, "file") or _value(node, "url")
            if not name:
                hint = _("Each has `file` and `alt`.")
                self._notes.error("bad-value", place, _("`media` lists pictures."), hint)
            elif "://" in name:
                text = _("The picture {name} is not fetched.", name=name)
                self._notes.error("picture-not-fetched", place, text, _("Save it in media/."))
            elif picture := self._picture(name, _value(node, "alt"), place):
                yield picture

    def _picture(self, name: str, alt: str | None, place: Place) -> PictureFile | None:
        if alt is None:
            hint = _("Say in `alt:` what it shows, for those who cannot see it.")
            self._notes.error(
                "alt-missing", place, _("{name} has no alternative text.", name=name), hint
            )
            return None
        folders = [folder / "media" for folder in (self._folder, self._folder.parent)]
        folder = next((folder for folder in folders if _is_file(folder / name)), folders[0])
        path = folder / name
        # The folder itself may be a link, too.
        if any(files.leads_out(path, root) for root in (folder, folder.parent)):
            text = _("{file} lies outside of the folder media/; it is not read.", file=name)
            self._notes.error("media-outside", place, text, _("Copy the picture itself there."))
            return None
        if flaw := media_file.inspect(path, folder):
            is_missing = flaw.code == "media-missing"
            self._notes.add(
                flaw._replace(hint=_("Save it in media/.")) if is_missing else flaw, place
            )
            return None
        return PictureFile(path=path.resolve(), alt=alt)

    def _place(self, message: _Message, node: yaml_tree.Node) -> Place:
        return Place(self._name, message.before + node.position.line, node.position.column)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _value(node: yaml_tree.Node, key: str) -> str | None:
    """The single value under a key of a mapping."""
    entry = node.entries.get(key) if isinstance(node, yaml_tree.Mapping) else None
    value = entry.value if entry else None
    return value.value.strip() or None if isinstance(value, yaml_tree.Scalar) else None
