"""A draft's body: the text for everybody, and the texts for single channels and accounts.

A heading of exactly the second level whose words are a channel or an account (upper and lower case
are alike) begins the text for it; every other heading is text. A line `---` splits a thread. This
is not Markdown beyond that: a code fence hides neither headings nor `---`, and a line of dashes
under a line of words makes no heading. Space at the ends of a part is trimmed, everything within
is kept. Texts are put into Unicode's composed form (NFC), as X counts them.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from publisher.content.problems import Flaw, nearest
from publisher.language import _
from publisher.models import Position

_HEADING = re.compile(r"##[ \t]+(?P<name>.*?)[ \t]*#*[ \t]*")
_SEPARATOR = re.compile(r"---[ \t]*")


@dataclass(slots=True)
class Sections:
    """Texts by section (`""` is the common one), where they begin, and what is wrong."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    """`text:` the common text, `text:twitter` a section, `text:twitter:2` its second part."""
    errors: list[tuple[Flaw, Position]] = field(default_factory=list)
    warnings: list[tuple[Flaw, Position]] = field(default_factory=list)


def position_key(section: str, part: int = 1) -> str:
    """The key of `Post.positions` for a part (from 1) of a section."""
    return f"text:{section}" if part == 1 else f"text:{section}:{part}"


def parse(body: str, names: Collection[str], first_line: int = 1) -> Sections:
    """The sections of `body`, which begins on `first_line`; `names` are channels and accounts."""
    found = Sections()
    by_folded = {name.casefold(): name for name in names}
    name, start, lines = "", first_line, body.split("\n")
    gathered: list[str] = []
    for number, line in enumerate(lines, first_line):
        heading = line.startswith("##") and _HEADING.fullmatch(line)
        if heading and (section := by_folded.get(heading["name"].casefold())):
            _add(found, name, gathered, start)
            name, start, gathered = section, number + 1, []
            continue
        if heading:
            _warn_of_near_miss(found, heading["name"], names, number)
        elif "<!--" in line:
            message = _("An HTML comment is text here, and is published.")
            flaw = Flaw(
                "comment-as-text", message, _("Delete it; notes go into the front matter after #.")
            )
            found.warnings.append((flaw, Position(line=number, column=line.index("<!--") + 1)))
        gathered.append(line)
    _add(found, name, gathered, start)
    return found


def _add(found: Sections, name: str, lines: list[str], start: int) -> None:
    """Add the section that consists of `lines`, the first of which is line `start` of the file."""
    parts, where = _parts(lines, start)
    if not name and parts == [""]:
        found.positions[position_key("")] = Position(line=start)
        return
    if name in found.texts:
        flaw = Flaw(
            "duplicate-section",
            _("The text for `{name}` is given twice.", name=name),
            _("Join the two sections; a thread is split by a line `---`."),
        )
        found.errors.append((flaw, Position(line=start - 1)))
        return
    found.texts[name] = tuple(parts)
    for number, (part, position) in enumerate(zip(parts, where, strict=True), 1):
        found.positions[position_key(name, number)] = position
        if not part and len(parts) > 1:
            flaw = Flaw(
                "empty-part",
                _("Part {number} of the thread has no text.", number=number),
                _("Write it, or delete one of the lines `---`."),
            )
            found.errors.append((flaw, position))


def _parts(lines: list[str], start: int) -> tuple[list[str], list[Position]]:
    """The parts of a thread, and where the first words of each stand."""
    parts, where = [], []
    begin, last = 0, start + len(lines) - 1
    ends = [
        number
        for number, line in enumerate(lines)
        if line.startswith("---") and _SEPARATOR.fullmatch(line)
    ]
    for end in [*ends, len(lines)]:
        chunk = lines[begin:end]
        blank = next((n for n, line in enumerate(chunk) if line.strip()), 0)
        parts.append(unicodedata.normalize("NFC", "\n".join(chunk).strip()))
        where.append(Position(line=min(start + begin + blank, last)))
        begin = end + 1
    return parts, where


def _warn_of_near_miss(found: Sections, words: str, names: Collection[str], line: int) -> None:
    near = nearest(words, names) if " " not in words else None
    if near:
        flaw = Flaw(
            "heading-as-text",
            _(
                "`{words}` is no channel or account, so this heading is published as text.",
                words=words,
            ),
            _("Did you mean `## {near}`?", near=near),
        )
        found.warnings.append((flaw, Position(line=line)))
