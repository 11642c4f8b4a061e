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
from typing import NamedTuple

from publisher.base.i18n import _
from publisher.drafts import horizontal_rules
from publisher.drafts import names as naming
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position, Severity

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
    """Texts by section (`""` is the common one), and their positions."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    """`text:` the common text, `text:twitter` a section, `text:twitter:2` its second part."""


def position_key(section: str, part: int = 1) -> str:
    """The key of `Post.positions` for a part (from 1) of a section."""
    return f"text:{section}" if part == 1 else f"text:{section}:{part}"


def parse(body: str, names: Collection[str], findings: Findings, first_line: int = 1) -> Sections:
    """Parse `body`, which begins on `first_line`; `names` are channels and accounts."""
    found = Sections()
    name, start, begin = "", first_line, 0
    line, counted = first_line, 0
    lines = f"\n{body}"  # each with the line feed before it
    for heading in _HEADING.finditer(lines):
        line, counted = line + lines.count("\n", counted, heading.start()), heading.start()
        if section := _section(heading, names):
            _add(found, name, lines[begin : heading.start()], start, findings)
            name, start, begin = section, line + 1, heading.end()
        else:
            _note_heading(heading, names, line, findings)
    _add(found, name, lines[begin:], start, findings)
    for flaw, index in _oddities(lines, names):
        if findings.is_full(flaw.code):
            continue
        line = first_line + lines.count("\n", 0, index) - 1
        column = index - lines.rfind("\n", 0, index)
        findings.add(flaw, Position(line=line, column=column), Severity.WARNING)
    return found


class SectionSpan(NamedTuple):
    """The place of a section in a body that has a line feed before it."""

    name: str
    heading: int
    """Where its heading begins, at the line feed before it; for the common text, where it does."""
    parts: tuple[tuple[int, int], ...]
    """Where each part of its thread begins and ends; the lines `---` are between them."""


def spans(lines: str, names: Collection[str]) -> list[SectionSpan]:
    """The sections of `lines`, which are a body with a line feed before it, in their order."""
    headings = ((_section(heading, names), *heading.span()) for heading in _HEADING.finditer(lines))
    begins = [("", 0, 0), *((name, start, end) for name, start, end in headings if name)]
    ends = [start for _name, start, _text in begins[1:]] + [len(lines)]
    found = []
    for (name, start, text), end in zip(begins, ends, strict=True):
        lines_between = list(_SEPARATOR.finditer(lines, text, end))
        firsts = [text, *(one.end() for one in lines_between)]
        lasts = [*(one.start() for one in lines_between), end]
        found.append(SectionSpan(name, start, tuple(zip(firsts, lasts, strict=True))))
    return found


def thread(text: str) -> tuple[str, ...]:
    """The parts into which the lines `---` split a text."""
    return tuple(part for part, _place in zip(*_parts(f"\n{text}", 1), strict=True))


def begun_by(text: str, names: Collection[str]) -> str | None:
    """The section that a line of the text would begin, if one does."""
    headings = _HEADING.finditer(f"\n{text}")
    return next(filter(None, (_section(heading, names) for heading in headings)), None)


def _section(heading: re.Match[str], names: Collection[str]) -> str | None:
    """The channel or account whose text the heading begins."""
    if heading["level"] != "##" or not heading["words"][:1].isspace():
        return None
    return naming.meant(heading["words"].strip().rstrip(_BEHIND_NAME), names)


def _note_heading(
    heading: re.Match[str], names: Collection[str], line: int, findings: Findings
) -> None:
    """Report a heading that begins no section.

    One that resembles a section's is an error, so that its text does not go to every account.
    """
    shown, place = heading["line"].strip(), Position(line=line)
    if near := naming.resembled(heading["words"], names):
        message = _(
            "“{line}” does not begin a text for a platform or account, so it would be published.",
            line=shown,
        )
        hint = _("Write `## {near}`. If it is a heading for readers, leave the # out.", near=near)
        findings.error("unknown-section", place, message, hint)
    else:
        message = _("“{line}” is published exactly as it is here, with its #.", line=shown)
        hint = _("Leave the # out. Only `## CHANNEL` begins a text for one platform.")
        findings.warning("heading-as-text", place, message, hint)


def _add(found: Sections, name: str, lines: str, start: int, findings: Findings) -> None:
    """Add the section that consists of `lines`, the first of which is line `start` of the file."""
    parts, where = _parts(lines, start)
    if not name and parts == [""]:
        found.positions[position_key("")] = Position(line=start)
        return
    if name in found.texts:
        message = _("The text for “{name}” is given twice.", name=name)
        hint = _("Join the two sections. To split a thread, use a line `---`.")
        findings.error("duplicate-section", Position(line=start - 1), message, hint)
        return
    found.texts[name] = tuple(parts)
    for number, (part, position) in enumerate(zip(parts, where, strict=True), 1):
        found.positions[position_key(name, number)] = position
        if not part and len(parts) > 1:
            message = _("Part {number} of the thread has no text.", number=number)
            hint = _("Write it, or delete one of the lines `---`.")
            findings.error("empty-part", position, message, hint)


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
            message = _("An HTML comment counts as text here, and is published.")
            hint = _("Delete it. Notes go into the front matter after #.")
            yield Flaw("comment-as-text", message, hint), comment.end("before")
    for rule in horizontal_rules.find(lines):
        yield horizontal_rules.flaw(rule), rule.start("line")
    for label in _LABEL.finditer(lines):
        if near := naming.meant((label["bold"] or label["plain"]).strip(" :"), names):
            message = _("“{line}” is published exactly as it is here.", line=label["line"].strip())
            hint = _("If the text below it is only for {near}, write `## {near}`.", near=near)
            yield Flaw("heading-as-text", message, hint), label.start("line")
