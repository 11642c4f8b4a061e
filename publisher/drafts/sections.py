"""Sections of a draft's body: the common text, and the texts for single channels and accounts.

A second-level heading that names a channel or an account begins the text for it: case and a colon
at its end do not matter. Every other heading is text, which is an error where it resembles such a
name, and otherwise a warning. A line `---` splits a thread.
This is not Markdown beyond that: a code fence hides neither headings nor `---`, and a line of
dashes under a line of words makes no heading. Space at the ends of a part is trimmed, everything
within is kept. Texts are normalised to Unicode's composed form (NFC), as X counts them.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from publisher.base.i18n import _
from publisher.drafts import horizontal_rules
from publisher.drafts import names as naming
from publisher.model.problems import Flaw
from publisher.model.values import Position

# Lines are matched with the line feed before them: `re` is fast for a fixed beginning.
# Any kind of space: on a Mac, the keys for `#` and the space bar make a no-break one.
# `#word` is a hashtag, and no heading.
_HEADING = re.compile(
    r"\n[^\S\n]{0,3}(?P<line>(?P<level>##+|#(?=[^\S\n]|$))(?P<words>.*))$", re.MULTILINE
)
_BEHIND_NAME = " \t\u00a0\u202f:\uff1a#"
_SEPARATOR = re.compile(r"\n---[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"\n(?!##[ \t])(?P<before>.*?)<!--")
# A line of few words in bold letters or brackets, or with a colon at its end.
_LABEL = re.compile(
    r"\n[^\S\n]*(?P<line>(?:\*\*|__|\[)(?P<bold>[^\n*_\[\]]{1,40})(?:\*\*|__|\])[^\S\n]*:?"
    r"|(?P<plain>[^\s:][^\n:]{0,38}?)[^\S\n]*:)[^\S\n]*$",
    re.MULTILINE,
)


@dataclass(slots=True)
class Sections:
    """Texts by section (`""` is the common one), their positions, and their problems."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    """`text:` the common text, `text:twitter` a section, `text:twitter:2` its second part."""
    errors: list[tuple[Flaw, Position]] = field(default_factory=list)
    warnings: list[tuple[Flaw, Position]] = field(default_factory=list)


def position_key(section: str, part: int = 1) -> str:
    """The key of `Post.positions` for a part (from 1) of a section."""
    return f"text:{section}" if part == 1 else f"text:{section}:{part}"


def parse(body: str, names: Collection[str], first_line: int = 1) -> Sections:
    """Parse `body`, which begins on `first_line`; `names` are channels and accounts."""
    found = Sections()
    name, start, begin = "", first_line, 0
    line, counted = first_line, 0
    lines = f"\n{body}"  # each with the line feed before it
    for heading in _HEADING.finditer(lines):
        line, counted = line + lines.count("\n", counted, heading.start()), heading.start()
        if section := _section(heading, names):
            _add(found, name, lines[begin : heading.start()], start)
            name, start, begin = section, line + 1, heading.end()
        else:
            _note_heading(found, heading, names, line)
    _add(found, name, lines[begin:], start)
    for flaw, index in _oddities(lines, names):
        line = first_line + lines.count("\n", 0, index) - 1
        column = index - lines.rfind("\n", 0, index)
        found.warnings.append((flaw, Position(line=line, column=column)))
    return found


def _section(heading: re.Match[str], names: Collection[str]) -> str | None:
    """The channel or account whose text the heading begins."""
    if heading["level"] != "##" or not heading["words"][:1].isspace():
        return None
    return naming.meant(heading["words"].strip().rstrip(_BEHIND_NAME), names)


def _note_heading(
    found: Sections, heading: re.Match[str], names: Collection[str], line: int
) -> None:
    """Report a heading that begins no section.

    One that resembles a section's is an error, so that its text does not go to every account.
    """
    shown = heading["line"].strip()
    near = naming.resembled(heading["words"], names)
    if near is None:
        flaw = Flaw(
            "heading-as-text",
            _("`{line}` is published as it stands here, with its #.", line=shown),
            _("Leave the # out. Only `## facebook` or the like begins a text for one channel."),
        )
        found.warnings.append((flaw, Position(line=line)))
        return
    flaw = Flaw(
        "unknown-section",
        _("`{line}` begins no text for a channel or account, and would be published.", line=shown),
        _("Write `## {near}`; or leave the # out, if it is a heading for readers.", near=near),
    )
    found.errors.append((flaw, Position(line=line)))


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
    """The parts of a thread, and the position of the first words of each."""
    parts, where = [], []
    last = start + lines.count("\n") - 1
    for chunk in _SEPARATOR.split(lines):
        words = chunk.lstrip()
        blank = chunk.count("\n", 0, -len(words)) - 1 if words else 0
        parts.append(unicodedata.normalize("NFC", words.rstrip()))
        where.append(Position(line=min(start + blank, last)))
        start += chunk.count("\n") + 1
    return parts, where


def _oddities(lines: str, names: Collection[str]) -> Iterator[tuple[Flaw, int]]:
    """Text that was probably not meant to be published, each with its index."""
    if "<!--" in lines:
        for comment in _COMMENT.finditer(lines):
            flaw = Flaw(
                "comment-as-text",
                _("An HTML comment is text here, and is published."),
                _("Delete it; notes go into the front matter after #."),
            )
            yield flaw, comment.end("before")
    for rule in horizontal_rules.find(lines):
        yield horizontal_rules.flaw(rule), rule.start("line")
    for label in _LABEL.finditer(lines):
        if near := naming.meant((label["bold"] or label["plain"]).strip(" :"), names):
            flaw = Flaw(
                "heading-as-text",
                _("`{line}` is published as it stands here.", line=label["line"].strip()),
                _("Write `## {near}` if the text below it is for {near} alone.", near=near),
            )
            yield flaw, label.start("line")
