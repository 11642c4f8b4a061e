"""Editing of draft files: changes one value or the text, and leaves the rest as it is.

A save carries the digest of what the editor saw, so that no other person's change is lost.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.drafts import line_ends, text_files, yaml_tree
from publisher.drafts import replace as replacing
from publisher.drafts.draft_files import DraftFile
from publisher.drafts.front_matter import split
from publisher.drafts.yaml_patch import NOTHING, Patches, Unpatchable
from publisher.model.problems import Findings

_MEDIA = "media"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A draft's bytes, which are UTF-8 with a front matter."""

    path: Path
    file: str
    """Its path relative to the workspace."""
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: a change says with it which version it was made to."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def body(self) -> str:
        r"""Everything after the front matter, with `\n` as line ends."""
        _front, begins = self._places()
        return line_ends.plain(self._text[begins:])

    @property
    def text(self) -> str:
        r"""The whole file, with `\n` as line ends."""
        return line_ends.plain(self._text.removeprefix(_BOM))

    def with_text(self, text: str) -> Self:
        """A copy with another text of the whole file, which keeps its line ends.

        Raises UsageError if its front matter and its body could not be separated any more.
        """
        mark = _BOM if self._text.startswith(_BOM) else ""
        old = self._text.removeprefix(_BOM)
        revised = self._with_text(mark + line_ends.revised(old, text, self._line_end))
        findings = Findings(self.file)
        decoded = text_files.decode(revised.data, findings)
        if decoded is None or split(decoded, findings) is None:
            first = findings.problems[0]
            line = _("Line {line}: {message}", line=first.line, message=first.message)
            raise UsageError(line, hint=first.hint)
        return revised

    def value(self, key: str) -> str | None:
        """The value of a key of the front matter, if it is a single value."""
        front, _begins = self._places()
        try:
            return Patches(self._text[front]).value((key,))
        except Unpatchable:
            return None

    @property
    def front(self) -> Mapping[str, object]:
        """The values of the front matter: strings, lists and mappings."""
        return _meaning(self)

    def with_body(self, body: str) -> Self:
        """A copy with another text: it gets the file's line ends, and one at its end.

        Raises NotPossible if the file would then be parsed differently.
        """
        _front, begins = self._places()
        lines = line_ends.revised(self._text[begins:], body, self._line_end)
        head = self._text[:begins]
        if lines and not head.endswith(("\n", "\r")):  # the fence is all of its line
            head += self._line_end
        revised = self._with_text(head + lines)
        if _meaning(revised) != _meaning(self) or revised.body != line_ends.plain(lines):
            raise self._for_a_person(_("the text"))
        return revised

    @property
    def media(self) -> list[dict[str, str]]:
        """The front matter's entries for pictures. Raises NotPossible if it is no such list."""
        entries = _meaning(self).get(_MEDIA) or ""
        if isinstance(entries, str) and entries in NOTHING:
            return []
        if not isinstance(entries, list) or not all(map(_is_flat, entries)):
            raise self._for_a_person(f"`{_MEDIA}:`")
        return entries

    def with_value(self, key: str, value: str) -> Self:
        """A copy with another value in the front matter. NotPossible if only a person can edit."""
        return self._patched(
            lambda patches: patches.put((key,), value),
            {**_meaning(self), key: value},
            f"`{key}: {value}`",
        )

    def without(self, key: str) -> Self:
        """A copy without a key of the front matter. NotPossible if only a person can edit."""
        meaning = _meaning(self)
        if meaning.pop(key, None) is None:
            return self
        return self._patched(lambda patches: patches.remove((key,)), meaning, f"`{key}:`")

    def with_words(self, key: str, words: Sequence[str]) -> Self:
        """A copy with a list of single values; those that stay keep their places and comments."""
        old = _meaning(self).get(key)
        if not isinstance(old, list) or not any(word in old for word in words):
            return self._patched(
                lambda patches: patches.put((key,), words),
                {**_meaning(self), key: [*words]},
                f"`{key}: [{', '.join(words)}]`",
            )
        revised = self
        for number in reversed(range(len(old))):
            if old[number] not in words:
                revised = revised.without_item(key, number)
        for word in words:
            if word not in old:
                revised = revised.with_item(key, word)
        return revised

    def with_picture(self, entry: Mapping[str, str]) -> Self:
        """A copy with one more picture, the last. NotPossible if only a person can edit."""
        return self.with_item(_MEDIA, entry)

    def with_pictures_in_order(self, places: Sequence[int]) -> Self:
        """A copy with its pictures in another order: `places[0]` is where the first is now."""
        media = [self.media[place] for place in places]
        return self._patched(
            lambda patches: patches.order(_MEDIA, places),
            {**_meaning(self), _MEDIA: media},
            f"`{_MEDIA}:`",
        )

    def with_picture_as(self, number: int, entry: Mapping[str, str]) -> Self:
        """A copy with another entry for a picture, counted from 0. NotPossible as above."""
        revised = self
        for key in {**self.media[number], **entry}:
            if entry.get(key) != revised.media[number].get(key):
                revised = revised._with_said(number, key, entry.get(key))
        return revised

    def without_picture(self, number: int) -> Self:
        """A copy without one of its pictures, counted from 0. NotPossible as above."""
        return self.without_item(_MEDIA, number)

    def save(self, revised: "Manuscript") -> None:
        """Replace the file with `revised`; FileChanged or StorageError leave it as it is."""
        replacing.replace(self.path, self.file, self.data, revised.data)

    def delete(self) -> None:
        """Delete the file; FileChanged or StorageError leave it as it is."""
        replacing.delete(self.path, self.file, self.data)

    def create(self) -> None:
        """Make the file, which must not exist; FileChanged or StorageError if it cannot be made."""
        replacing.create(self.path, self.file, self.data)

    @property
    def _text(self) -> str:
        return self.data.decode("utf-8")

    @property
    def _line_end(self) -> str:
        return line_ends.first(self._text)

    def _with_text(self, text: str) -> Self:
        return replace(self, data=text.encode("utf-8"))

    def _places(self) -> tuple[slice, int]:
        """Where the front matter is between its fences, and where the body begins."""
        text = self._text
        skipped = len(_BOM) if text.startswith(_BOM) else 0
        fences = (
            line
            for line in line_ends.LINE.finditer(text, skipped)
            if line[0].rstrip(" \t\r\n") == "---"
        )
        opening, closing = next(fences), next(fences)
        return slice(opening.end(), closing.start()), closing.end()

    def with_item(self, key: str, item: str | Mapping[str, str]) -> Self:
        """A copy with one more item at the end of a list of the front matter."""
        plain = item if isinstance(item, str) else dict(item)
        old = self.media if key == _MEDIA else _meaning(self)[key]
        assert isinstance(old, list)  # noqa: S101 - callers have seen it
        return self._patched(
            lambda patches: patches.append(key, item),
            {**_meaning(self), key: [*old, plain]},
            f"`{key}:`",
        )

    def without_item(self, key: str, number: int) -> Self:
        """A copy without an item of a list of the front matter, counted from 0."""
        meaning = _meaning(self)
        items = meaning.pop(key)
        assert isinstance(items, list)  # noqa: S101 - callers have seen it
        others = items[:number] + items[number + 1 :]
        return self._patched(
            lambda patches: patches.remove((key, number)),
            {**meaning, key: others} if others else meaning,
            f"`{key}:`",
        )

    def _with_said(self, number: int, key: str, value: str | None) -> Self:
        """A copy with another value for one key of a picture; None removes the key."""
        path = (_MEDIA, number, key)
        media = [dict(entry) for entry in self.media]
        media[number].pop(key, None)
        if value is not None:
            media[number][key] = value
        return self._patched(
            lambda patches: patches.remove(path) if value is None else patches.put(path, value),
            {**_meaning(self), _MEDIA: media},
            f"`{key}: {value or ''}`",
        )

    def _patched(
        self, patch: Callable[[Patches], None], meant: Mapping[str, object], lines: str
    ) -> Self:
        """A copy with a patch of the front matter, whose values must then be `meant`.

        Raises NotPossible otherwise; `lines` is what a person would write.
        """
        front, _begins = self._places()
        try:
            patches = Patches(self._text[front], self._line_end)
            patch(patches)
            patched = patches.text()
        except Unpatchable:
            raise self._for_a_person(lines) from None
        if not patched.endswith(("\n", "\r")):  # the fence must stay on a line of its own
            raise self._for_a_person(lines)
        revised = self._with_text(self._text[: front.start] + patched + self._text[front.stop :])
        if _meaning(revised) != meant or revised.body != self.body:
            raise self._for_a_person(lines)
        return revised

    def _for_a_person(self, lines: str) -> NotPossible:
        message = _(
            "{file} is written in a way that only a person can change. Nothing was written.",
            file=self.file,
        )
        return NotPossible(message, hint=_("Add it there by hand: {lines}", lines=lines))


def read(file: DraftFile) -> Manuscript:
    """Read the file. Raises NotPossible if its front matter and text cannot be separated."""
    findings = Findings(file.file)
    data = text_files.read_bytes(file.path, findings, text_files.MAX_DRAFT)
    text = None if data is None else text_files.decode(data, findings)
    if data is None or text is None or split(text, findings) is None:
        first = findings.problems[0]
        raise NotPossible(f"{file.file}:{first.line}: {first.message}", hint=first.hint)
    return Manuscript(file.path, file.file, data)


def first_words(file: DraftFile) -> str:
    """A draft's title or its first line; its id if it has none, or cannot be read."""
    try:
        draft = read(file)
    except NotPossible:
        return file.id
    lines = (line.strip() for line in draft.body.splitlines())
    first = next((line for line in lines if line and not line.startswith(("## ", "---"))), "")
    return draft.value("title") or first or file.id


def _meaning(manuscript: Manuscript) -> dict[str, object]:
    """The values of the front matter, without their positions."""
    findings = Findings(manuscript.file)
    text = text_files.decode(manuscript.data, findings)
    halves = None if text is None else split(text, findings)
    return {key: _plain(e.value) for key, e in halves.front.entries.items()} if halves else {}


def _plain(node: yaml_tree.Node) -> object:
    if isinstance(node, yaml_tree.Scalar):
        return node.value
    if isinstance(node, yaml_tree.Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(entry.value) for key, entry in node.entries.items()}


def _is_flat(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())
