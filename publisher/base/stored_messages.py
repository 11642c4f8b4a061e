"""Stored messages: kept untranslated, so that each person reads them in their own language.

The ledger stores the English message and its values, not one process's translation. Older texts,
and texts without such parts, stay as they are.

`locales/former_messages.json` leads from the English of stored messages whose words have changed to
the words of today, with the same values in them: without it they would stay English for everybody.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from publisher.base.i18n import LOCALES, Text, _, joined, plural

_MARK = "\N{INFORMATION SEPARATOR ONE}"
"""The first character of a text in this form: it cannot be typed."""
_PLAIN = (int, float, bool, type(None))


class _Unsaid(Exception):
    """A value that cannot be stored."""


def kept(text: str | None) -> str | None:
    """A text in its stored form. A text from elsewhere is never mistaken for this form."""
    if not isinstance(text, Text):
        return text and text.lstrip(_MARK)
    try:
        return _MARK + json.dumps(_parts(text), ensure_ascii=False, separators=(",", ":"))
    except _Unsaid:
        return str(text).lstrip(_MARK)


def told(stored: str | None) -> str | None:
    """A stored text in the current language."""
    if stored is None or not stored.startswith(_MARK):
        return stored
    return _text(json.loads(stored.removeprefix(_MARK)))


def is_alike(stored: str | None, text: str) -> bool:
    """Whether a stored text is this message, perhaps with other values."""
    return _sentence(stored) == _sentence(kept(text))


def again(text: str) -> str:
    """Translate a text that was made in another language into the current one."""
    if not isinstance(text, Text):
        return text
    values = {name: again(value) if isinstance(value, str) else value
              for name, value in text.values.items()}  # fmt: skip
    return _said(text.said, values)


def _sentence(stored: str | None) -> object:
    if stored is None or not stored.startswith(_MARK):
        return stored
    parts = json.loads(stored.removeprefix(_MARK))
    return _as_said_now(parts["said"]) or parts


def _parts(text: Text) -> dict[str, Any]:
    values = {name: _value(value) for name, value in text.values.items()}
    return {"said": list(text.said), "with": values}


def _value(value: object) -> object:
    if isinstance(value, Text):
        return _parts(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, _PLAIN):
        return value
    raise _Unsaid


def _text(parts: Mapping[str, Any]) -> str:
    values = {name: _read(value) for name, value in parts["with"].items()}
    return _said(_as_said_now(parts["said"]), values)


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["at"]) if "at" in value else _text(value)


def _as_said_now(said: Sequence[str]) -> list[str]:
    return [former_messages().get(message, message) for message in said]


@cache
def former_messages() -> Mapping[str, str]:
    """The present words of each stored message by its former ones; may raise OSError."""
    found: dict[str, str] = json.loads((LOCALES / "former_messages.json").read_text("utf-8"))
    return found


def _said(said: Sequence[str], values: Mapping[str, Any]) -> str:
    if not said:
        return joined(*values.values())
    if len(said) == 1:
        return _(said[0], **values)
    others = {name: value for name, value in values.items() if name != "number"}
    return plural(said[0], said[1], values["number"], **others)
