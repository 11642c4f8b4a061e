"""Horizontal rules: lines of dashes or stars that word processors and phones make from `---`."""

import re
import unicodedata
from collections.abc import Iterator

from publisher.base.i18n import _, later
from publisher.model.problems import Flaw

_SIGN = "[-\u2010-\u2015\u2043\u2212\u2500\u2501\u2e3a\u2e3b\ufe58\ufe63\uff0d*\u2217\uff0a_=]"
_RULE = re.compile(rf"\n[^\S\n]*(?P<line>{_SIGN}(?:{_SIGN}|[^\S\n])*)$", re.MULTILINE)
_SEPARATOR = re.compile(r"\n---[ \t]*")
_NAMES = {
    "-": later("hyphen"),
    "\N{EM DASH}": later("em dash"),
    "\N{EN DASH}": later("en dash"),
    "\N{MINUS SIGN}": later("minus sign"),
    "*": later("asterisk"),
    "_": later("underscore"),
    "=": later("equals sign"),
}


def find(lines: str) -> Iterator[re.Match[str]]:
    """The lines of only dashes, stars and similar signs, except `---`; each as group `line`.

    In `lines`, each line has its line feed before it.
    """
    return (rule for rule in _RULE.finditer(lines) if not _SEPARATOR.fullmatch(rule.group()))


def flaw(rule: re.Match[str]) -> Flaw:
    """The warning for a rule that does not split a thread."""
    message = _("{line} is published exactly as it is here.", line=shown(rule["line"]))
    hint = _("To split a thread, use a line of three hyphens, `---`, with no space before them.")
    return Flaw("rule-as-text", message, hint)


def shown(line: str) -> str:
    """The line with the names of its characters: `—` (em dash, U+2014)."""
    signs = dict.fromkeys(sign for sign in line if not sign.isspace())
    named = "; ".join(f"{_name(sign)}, U+{ord(sign):04X}" for sign in signs)
    return f"`{line.strip()}` ({named})"


def _name(sign: str) -> str:
    known = _NAMES.get(sign)
    return _(known) if known else unicodedata.name(sign).lower()
