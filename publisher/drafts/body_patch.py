"""Body patches: change texts of sections, and leave the others and all between them as they are."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts import sections
from publisher.drafts.sections import SectionSpan
from publisher.model.problems import Findings

Texts = Mapping[str, tuple[str, ...]]
"""The parts of the texts, by section; `""` is the common text."""
_BETWEEN = "\n\n---\n\n"


def texts(body: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The texts of a body, without those in which nothing is written."""
    found = sections.parse(body, names, Findings("")).texts
    return {name: parts for name, parts in found.items() if any(parts)}


def patched(body: str, names: Collection[str], wanted: Texts) -> str:
    """The body with these texts: one that is not among `wanted` is removed with its heading.

    A line `---` in a part splits it, and parts without words are left out. Raises UsageError for a
    text that would begin a section, and for texts that a file cannot hold.
    """
    old = texts(body, names)
    new = {
        name: tuple(filter(None, chain.from_iterable(map(sections.thread, parts))))
        for name, parts in wanted.items()
        if parts != old.get(name)
    }
    new |= {name: () for name in old if name not in wanted}
    spans = sections.spans(f"\n{body}", names)
    _refuse(new, names, Counter(span.name for span in spans))
    lines = f"\n{body}"
    for span in reversed(spans):
        for start, end, text in reversed([*_changes(lines, span, new.get(span.name))]):
            lines = lines[:start] + text + lines[end:]
    there = {span.name for span in spans}
    for name, parts in new.items():
        if parts and name not in there:
            ends = len(lines) - len(lines.rstrip("\n"))
            lines += "\n" * max(0, 2 - ends) if lines.strip() else ""
            lines += f"## {name}\n{_BETWEEN.join(parts)}\n"
    after = texts(lines[1:], names)
    if any(after.get(name, ()) != parts for name, parts in new.items()):
        message = _("Publisher cannot tell these texts apart in a file.")
        raise UsageError(message, hint=_("Edit the draft as a file."))
    return lines[1:]


def _refuse(new: Texts, names: Collection[str], times: Mapping[str, int]) -> None:
    """Raise UsageError for what cannot be written. `times`: how often a section is in the body."""
    for name, parts in new.items():
        if name and name not in names:
            raise UsageError(_("There is no account or platform “{name}”.", name=name))
        if times.get(name, 0) > 1:  # the other one would take the place of this one
            message = _("The text for “{name}” is given twice.", name=name)
            raise UsageError(message, hint=_("Edit the draft as a file, and join the two."))
        begun = next(filter(None, (sections.begun_by(part, names) for part in parts)), None)
        if begun:
            message = _("A line of the text begins the text for {name}.", name=begun)
            hint = _(
                "Write those words into the separate text for {name}, without that line.",
                name=begun,
            )
            raise UsageError(message, hint=hint)


def _changes(
    lines: str, span: SectionSpan, new: Sequence[str] | None
) -> Iterator[tuple[int, int, str]]:
    """The changes that give a section these parts: from where to where which text is put."""
    if new is None:
        return
    begin, end = span.parts[0][0], span.parts[-1][1]
    if not new:
        kept = "\n" if not span.name and end == len(lines) else ""
        yield span.heading, end, kept
        return
    words = [_words(lines, *place) for place in span.parts]
    if not lines[begin:end].strip():
        yield begin, end, f"\n{_BETWEEN.join(new)}\n"
        return
    for (first, last), part in zip(words, new, strict=False):
        if unicodedata.normalize("NFC", lines[first:last]) != part:
            yield first, last, part if first < last else f"\n{part}\n"
    last = words[min(len(words), len(new)) - 1][1]
    if len(new) < len(words):
        yield last, words[-1][1], ""
    elif len(new) > len(words):
        yield last, last, "".join(_BETWEEN + part for part in new[len(words) :])


def _words(lines: str, start: int, end: int) -> tuple[int, int]:
    """Where the words between two places begin and end; at the end where there are none."""
    chunk = lines[start:end]
    words = chunk.lstrip()
    return end - len(words), end - len(chunk) + len(chunk.rstrip()) if words else end
