"""Hints for invalid times: the time that was probably meant, never used as the time."""

import re
from collections.abc import Collection, Iterator
from datetime import date

_LONGEST = 80
"""A longer text is no time."""
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}) ?(?:[:.h] ?(?P<minute>\d{2})|h|(?=[ap]\.?m))(?P<second>:\d{2})? ?(?P<half>[ap])?\.?(?:m\.?)?",
    re.ASCII,
)
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})", re.ASCII)
_BETWEEN = r"(?: *[,T] *| +)(?:à +|at +|a las +|a la +|o +|um +|o godz\.? +|godz\.? +)?"
_WHOLE = re.compile(rf"(?P<day>[\d/. -]+?){_BETWEEN}(?P<clock>\d.*)", re.IGNORECASE)
_OFFSET = re.compile(r"(?P<item>.*?)\s*(?P<sign>[-+\u2010-\u2015\u2212])\s*(?P<span>\d.*)")
_AMOUNT = re.compile(r"(?P<number>\d+)\s*(?P<unit>[^\W\d_]+)\.?\s*(?:et|and|y|i)?\s*")
_UNITS = {
    "d": ("d", "day", "days", "j", "jour", "jours", "día", "días", "dia", "dias", "dzień", "dni"),
    "h": ("h", "hr", "hrs", "hour", "hours", "heure", "heures", "hora", "horas", "godz", "godziny",
          "godzin", "godzina", "godzinę"),
    "m": ("m", "min", "mins", "mn", "minute", "minutes", "minuto", "minutos", "minuta", "minuty",
          "minut", "minutę"),
    "s": ("s", "sec", "second", "seconds", "seconde", "secondes", "segundo", "segundos", "sekund"),
}  # fmt: skip
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_NOW = frozenset(
    {
        "maintenant", "tout de suite", "immédiatement", "immediately", "asap", "at once", "ahora",
        "ahora mismo", "ya", "teraz", "natychmiast", "od razu",
    }
)  # fmt: skip


def clock(text: str) -> str | None:
    """Normalise `11h20`, `8h`, `6.30 pm` to `11:20`, `08:00`, `18:30`; None for anything else."""
    match = _CLOCK.fullmatch(text.strip().casefold()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "p" else 0) if 1 <= hour <= 12 else 24
    second = match["second"] or ""
    return f"{hour:02}:{minute:02}{second}" if hour < 24 and minute < 60 else None


def times(text: str) -> list[str]:
    """The times that `31/12/2026 11:20` may mean, as drafts write them; day before month first."""
    match = _WHOLE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    of_day = match and clock(match["clock"])
    return [f"{day} {of_day}" for day in _days(match["day"])] if match and of_day else []


def anchors(text: str, items: Collection[str]) -> list[str]:
    """The anchors that `opening - 30 min` may mean, if there is an item `opening`."""
    if len(text) > _LONGEST:
        return []
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return [item] if (item := _item(text, items)) else []
    item, span = _item(match["item"], items), _span(match["span"])
    sign = "+" if match["sign"] == "+" else "-"
    return [f"{item} {sign} {span}"] if item and span else []


def is_nearly_now(text: str) -> bool:
    """Whether the text means `now` in one of Publisher's languages."""
    return text.strip(" !.").casefold() in _NOW


def _days(text: str) -> Iterator[str]:
    """The existing dates that the numbers may mean."""
    if match := _YEAR_FIRST.fullmatch(text.strip()):
        orders = [match.group(1, 2, 3)]
    elif match := _DAY_FIRST.fullmatch(text.strip()):
        orders = [match.group(3, 2, 1), match.group(3, 1, 2)]
    else:
        return
    for year, month, day in dict.fromkeys(orders):
        try:
            yield date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue


def _item(text: str, items: Collection[str]) -> str | None:
    """The item whose name is written in another case, or with spaces instead of dashes."""
    name, _dot, edge = text.strip().partition(".")
    wanted = re.sub(r"[\s_]+", "-", name).casefold()
    found = next((item for item in items if item.casefold().replace("_", "-") == wanted), None)
    return f"{found}.{edge}" if found and edge in ("start", "end") else found


def _span(text: str) -> str | None:
    """`1 h 30` as `1h30m`."""
    text = re.sub(r"(\d\s*h(?:eures?|oras?|ours?)?)\s*(\d+)$", r"\1 \2m", text.strip().casefold())
    found, at = "", 0
    while at < len(text):
        match = _AMOUNT.match(text, at)
        if match is None or match["unit"] not in _UNIT_OF:
            return None
        found += match["number"] + _UNIT_OF[match["unit"]]
        at = match.end()
    return found or None
