"""A draft's file as somebody saw it, and as it is to be: only what was changed differs.

Whoever saves it shows the digest of what was seen, so that nobody's change is lost.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from publisher.content import nodes, replacing, textfile
from publisher.content.frontmatter import split
from publisher.content.patches import Patches, Unpatchable
from publisher.content.problems import Findings
from publisher.content.shelf import DraftFile
from publisher.errors import NotPossible
from publisher.language import _

_BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A draft's bytes, which are UTF-8 with a front matter."""

    path: Path
    file: str
    """Its path relative to the workspace."""
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, by which a change says what it was made to."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def body(self) -> str:
        r"""Everything after the front matter, with `\n` as line ends."""
        _front, begins = self._places()
        return _LINE_END.sub("\n", self._text[begins:])

    def value(self, key: str) -> str | None:
        """What stands under a key of the front matter, when that is a single value."""
        front, _begins = self._places()
        try:
            return Patches(self._text[front]).value((key,))
        except Unpatchable:
            return None

    def with_body(self, body: str) -> Self:
        """The same with another text: it gets the file's line ends, and one at its end."""
        _front, begins = self._places()
        found = _LINE_END.search(self._text)
        lines = _LINE_END.sub("\n", body)
        if lines and not lines.endswith("\n"):
            lines += "\n"
        written = lines.replace("\n", found.group() if found else "\n")
        return self._with_text(self._text[:begins] + written)

    def with_value(self, key: str, value: str) -> Self:
        """The same with another value in the front matter; NotPossible if only a person can."""
        front, _begins = self._places()
        try:
            patches = Patches(self._text[front])
            patches.set((key,), value)
            patched = patches.text()
        except Unpatchable:
            raise self._for_a_person(key, value) from None
        if not patched.endswith(("\n", "\r")):  # the fence must stay on a line of its own
            raise self._for_a_person(key, value)
        revised = self._with_text(self._text[: front.start] + patched + self._text[front.stop :])
        if _meaning(revised) != {**_meaning(self), key: value} or revised.body != self.body:
            raise self._for_a_person(key, value)
        return revised

    def save(self, revised: "Manuscript") -> None:
        """Put `revised` in the file's place; FileChanged or StorageError leave it as it is."""
        replacing.replace(self.path, self.file, self.data, revised.data)

    @property
    def _text(self) -> str:
        return self.data.decode("utf-8")

    def _with_text(self, text: str) -> Self:
        return replace(self, data=text.encode("utf-8"))

    def _places(self) -> tuple[slice, int]:
        """Where the front matter stands between its fences, and where the body begins."""
        text = self._text
        skipped = len(_BOM) if text.startswith(_BOM) else 0
        fences = (
            line for line in _LINE.finditer(text, skipped) if line[0].rstrip(" \t\r\n") == "---"
        )
        opening, closing = next(fences), next(fences)
        return slice(opening.end(), closing.start()), closing.end()

    def _for_a_person(self, key: str, value: str) -> NotPossible:
        return NotPossible(
            _(
                "{file} is written in a way that only a person can change; nothing was written.",
                file=self.file,
            ),
            hint=_("Write it there by hand: {lines}", lines=f"`{key}: {value}`"),
        )


def read(file: DraftFile) -> Manuscript:
    """The file as it is now; NotPossible for one whose front matter and text cannot be told."""
    findings = Findings(file.file)
    data = textfile.read_bytes(file.path, findings)
    text = None if data is None else textfile.decode(data, findings)
    if data is None or text is None or split(text, findings) is None:
        first = findings.problems[0]
        raise NotPossible(f"{file.file}:{first.line}: {first.message}", hint=first.hint)
    return Manuscript(file.path, file.file, data)


def _meaning(manuscript: Manuscript) -> dict[str, object]:
    """What the front matter says, without regard to where it stands."""
    findings = Findings(manuscript.file)
    text = textfile.decode(manuscript.data, findings)
    halves = None if text is None else split(text, findings)
    return {key: _plain(e.value) for key, e in halves.front.entries.items()} if halves else {}


def _plain(node: nodes.Node) -> object:
    if isinstance(node, nodes.Scalar):
        return node.value
    if isinstance(node, nodes.Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(entry.value) for key, entry in node.entries.items()}
