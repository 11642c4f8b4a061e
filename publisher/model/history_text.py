"""Text of history steps: their details as lines for people."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from publisher.base.i18n import _
from publisher.model.draft_keys import BY_HISTORY, KeyKind
from publisher.model.events import kind, label

_INSTANTS = frozenset(
    {"due_at", "expires_at", "embargo_until", "until", "backup_of", "goes_out_at", "since",
     "starts_at", "ends_at"}
)  # fmt: skip
_UNTOLD = frozenset({"after", "approved", "form", "former", "still_out"})
"""The step before others, what was approved, in full, the fingerprint of a form, a ledger's id
before, and what the message says: on record, and nothing to read.
"""

_FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DIGITS = 12
"""Digits of a fingerprint that people are shown: enough to compare, and `--json` has all."""

Spelled = Callable[[datetime], str]


def details(
    detail: Mapping[str, Any], zone: tzinfo, spelled: Spelled = "{:%Y-%m-%d %H:%M}".format
) -> list[str]:
    """The details of a step, one line each; an edit shows old and new.

    `spelled` formats an instant in `zone`.
    """

    def plain(key: str, value: object) -> str:
        return _plain(key, value, zone, spelled)

    lines = []
    for key, value in detail.items():
        if key in _UNTOLD or value is None or value == "":
            continue
        name = label(key)
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            lines.append(_("{name} before: {value}", name=name, value=plain(key, value["from"])))
            lines.append(_("{name} now: {value}", name=name, value=plain(key, value["to"])))
        else:
            lines.append(_("{name}: {value}", name=name, value=plain(key, value)))
    return lines


def _plain(key: str, value: object, zone: tzinfo, spelled: Spelled) -> str:
    """A value as text: instants in `zone`, lists in one line, what a draft says in its words."""
    if key in BY_HISTORY and BY_HISTORY[key].kind in (KeyKind.FLAG, KeyKind.CHOICE):
        return BY_HISTORY[key].in_words(value)
    if key in _INSTANTS and isinstance(value, str):
        return spelled(datetime.fromisoformat(value).astimezone(zone))
    if isinstance(value, list):
        return " / ".join(map(_short, value))
    if key == "kind":
        return kind(str(value))
    # A state, a person's role, or why `queue` cancelled it; other reasons stay as they are.
    if key in ("if_not_out", "role", "reason"):
        return _(str(value))
    return "—" if value is None else _short(value)


def _short(value: object) -> str:
    """The value as text; of a fingerprint its first digits."""
    text = str(value)
    return f"{text[:_DIGITS]}…" if _FINGERPRINT.fullmatch(text) else text
