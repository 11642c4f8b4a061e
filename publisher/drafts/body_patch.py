"""Body patches: change texts of sections, and leave the others and all between them as they are."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts import sections
from publisher.drafts.sections import Span
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
    text that would begin a section.
    """
    old = texts(body, names)
    new = {name: parts for name, parts in wanted.items() if parts != old.get(name)}
    new = {
        name: tuple(filter(None, chain.from_iterable(map(sections.thread, parts))))
        for name, parts in new.items()
    }
    new |= {name: () for name in old if name not in wanted}
    for name in new:
        if name and name not in names:
            raise UsageError(_("There is no account and no channel {name}.", name=name))
    for part in (part for parts in new.values() for part in parts):
        if begun := sections.begun_by(part, names):
            message = _("A line of the text begins the text for {name}.", name=begun)
            hint = _(
                "Write those words into the own text of {name}, without that line.", name=begun
            )
            raise UsageError(message, hint=hint)
    meant, lines = dict(new), f"\n{body}"
    spans = sections.spans(lines, names)
    for name, times in Counter(span.name for span in spans).items():
        if name in new and times > 1:  # the other one would take the place of this one
            message = _("The text for `{name}` is given twice.", name=name)
            raise UsageError(message, hint=_("Edit the draft as a file, and join the two."))
    changes: list[tuple[int, int, str]] = []
    for span in spans:
        if span.name in new:
            changes += _changes(lines, span, new.pop(span.name))
    for start, end, text in reversed(changes):
        lines = lines[:start] + text + lines[end:]
    for name, parts in new.items():
        if parts:
            ends = len(lines) - len(lines.rstrip("\n"))
            lines += "\n" * max(0, 2 - ends) if lines.strip() else ""
            lines += f"## {name}\n{_BETWEEN.join(parts)}\n"
    if any(texts(lines[1:], names).get(name, ()) != parts for name, parts in meant.items()):
        message = _("These texts cannot be told apart in a file.")
        raise UsageError(message, hint=_("Edit the draft as a file."))
    return lines[1:]


def _changes(lines: str, span: Span, new: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The changes that give a section these parts: from where to where which text is put."""
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
