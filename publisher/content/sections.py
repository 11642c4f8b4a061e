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

# A line is looked for with the line feed before it: for a beginning that is fixed, `re` is quick.
_HEADING = re.compile(r"\n##[ \t]+(?P<name>.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SEPARATOR = re.compile(r"\n---[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"\n(?!##[ \t])(?P<before>.*?)<!--")


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
    lines = f"\n{body}"  # each with the line feed before it
    name, start, begin = "", first_line, 0
    for heading in _HEADING.finditer(lines):
        line = first_line + lines.count("\n", 0, heading.start())
        if section := by_folded.get(heading["name"].casefold()):
            _add(found, name, lines[begin : heading.start()], start)
            name, start, begin = section, line + 1, heading.end()
        else:
            _warn_of_near_miss(found, heading["name"], names, line)
    _add(found, name, lines[begin:], start)
    if "<!--" in body:
        _warn_of_comments(found, lines, first_line)
    return found


def _add(found: Sections, name: str, lines: str, start: int) -> None:
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


def _parts(lines: str, start: int) -> tuple[list[str], list[Position]]:
    """The parts of a thread, and where the first words of each stand."""
    parts, where = [], []
    last = start + lines.count("\n") - 1
    for chunk in _SEPARATOR.split(lines):
        words = chunk.lstrip()
        blank = chunk.count("\n", 0, -len(words)) - 1 if words else 0
        parts.append(unicodedata.normalize("NFC", words.rstrip()))
        where.append(Position(line=min(start + blank, last)))
        start += chunk.count("\n") + 1
    return parts, where


def _warn_of_comments(found: Sections, lines: str, first_line: int) -> None:
    for comment in _COMMENT.finditer(lines):
        place = Position(
            line=first_line + lines.count("\n", 0, comment.start()),
            column=len(comment["before"]) + 1,
        )
        flaw = Flaw(
            "comment-as-text",
            _("An HTML comment is text here, and is published."),
            _("Delete it; notes go into the front matter after #."),
        )
        found.warnings.append((flaw, place))


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
