"""Hints for invalid times: the time that was probably meant, never used as the time."""

import re
from collections.abc import Collection

from publisher.base import durations

_OFFSET = re.compile(r"(?P<item>.*?)\s*(?P<sign>[-+\u2010-\u2015\u2212])\s*(?P<span>\d.*)")
_NOW = frozenset(
    {
        "maintenant", "tout de suite", "immédiatement", "immediately", "asap", "at once", "ahora",
        "ahora mismo", "ya", "teraz", "natychmiast", "od razu",
    }
)  # fmt: skip


def anchors(text: str, items: Collection[str]) -> list[str]:
    """The anchors that `opening - 30 min` may mean, if there is an item `opening`."""
    if len(text) > durations.LONGEST:
        return []
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return [item] if (item := _item(text, items)) else []
    item, span = _item(match["item"], items), durations.spelled(match["span"])
    sign = "+" if match["sign"] == "+" else "-"
    return [f"{item} {sign} {span}"] if item and span else []


def is_nearly_now(text: str) -> bool:
    """Whether the text means `now` in one of Publisher's languages."""
    return text.strip(" !.").casefold() in _NOW


def _item(text: str, items: Collection[str]) -> str | None:
    """The item whose name is written in another case, or with spaces instead of dashes."""
    name, _dot, edge = text.strip().partition(".")
    wanted = re.sub(r"[\s_]+", "-", name).casefold()
    found = next((item for item in items if item.casefold().replace("_", "-") == wanted), None)
    return f"{found}.{edge}" if found and edge in ("start", "end") else found
