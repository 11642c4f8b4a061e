"""Durations as people write them, in the languages of Publisher: `2 heures`, `1 h 30`, `1j`."""

import re

from publisher.base.text import unaccented

LONGEST = 80
"""Characters; a longer text is no duration and no time."""
_AMOUNT = re.compile(r"(\d{1,9}) ?([a-z]+)\.?(?: ?(?:et|and|y|i) | )?", re.ASCII)
_UNITS = {
    "w": "week weeks semaine semaines semana semanas tydzien tygodnie tygodni",
    "d": "d day days j jour jours dia dias dzien dni",
    "h": "h hr hrs hour hours heure heures hora horas g godz godzina godziny godzin godzine",
    "m": "m min mins mn minute minutes minuto minutos minuta minuty minut minute",
    "s": "s sec second seconds seconde secondes segundo segundos sekunda sekundy sekund sekunde",
}
"""Words without accents. No month and no year: none has always the same length."""
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_NUMBERS = {
    1: "a an one un une una uno jeden jedna jedno",
    2: "two deux dos dwa dwie",
    3: "three trois tres trzy",
    4: "four quatre cuatro cztery",
    5: "five cinq cinco piec",
    6: "six seis szesc",
    7: "seven sept siete siedem",
    8: "eight huit ocho osiem",
    9: "nine neuf nueve dziewiec",
    10: "ten dix diez dziesiec",
    11: "eleven onze once jedenascie",
    12: "twelve douze doce dwanascie",
    15: "fifteen quinze quince pietnascie",
    20: "twenty vingt veinte dwadziescia",
    30: "thirty trente treinta trzydziesci",
}
_NUMBER_OF = {word: str(number) for number, words in _NUMBERS.items() for word in words.split()}
_NUMBER_SAID = re.compile(rf"\b({'|'.join(_NUMBER_OF)}) (?=[a-z])", re.ASCII)
_WEEK = 7  # days
_HALF_SAID = re.compile(
    r"(\d ?(?:h|heures?|hours?|horas?))(?: ?(?:et|and|y|i))? ?(\d{1,2})$", re.ASCII
)


def spelled(text: str) -> str | None:
    """The duration as files have it: `1 h 30` is `1h30m`; None for what is none."""
    text = " ".join(unaccented(text).split()) if len(text) <= LONGEST else ""
    text = _NUMBER_SAID.sub(lambda word: f"{_NUMBER_OF[word[1]]} ", text)
    text = _HALF_SAID.sub(r"\1 \2m", text)
    found, at = "", 0
    while at < len(text):
        match = _AMOUNT.match(text, at)
        unit = match and _UNIT_OF.get(match[2])
        if match is None or unit is None:
            return None
        found += f"{int(match[1]) * _WEEK}d" if unit == "w" else match[1] + unit
        at = match.end()
    return found or None
