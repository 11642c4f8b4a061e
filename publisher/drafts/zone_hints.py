"""Hints for time zones: the zone of a city, suggested but never used as the zone.

A zone is never proposed because another place has a similar name: it would shift every post of
the schedule to another hour.
"""

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from zoneinfo import available_timezones

_WITHOUT_A_ZONE = {
    "Europe/Zurich": "Geneva Genève Genf Ginebra Genewa Bern Berne Berna Berno Lausanne Lozanna "
    "Lausana Basel Bâle Basilea Bazylea Fribourg Neuchâtel Lugano Lucerne Luzern Sion Zoug",
    "Europe/Warsaw": "Kraków Krakow Cracow Cracovie Cracovia Krakau Gdańsk Łódź Poznań Wrocław "
    "Lublin Katowice Białystok Szczecin",
    "Europe/Paris": "Lyon Marseille Marsella Strasbourg Strasburg Estrasburgo Toulouse Lille Nantes",
    "Europe/Madrid": "Barcelona Barcelone Sevilla Séville Valencia Bilbao",
    "Europe/Brussels": "Antwerpen Anvers Liège Gand Gent",
    "Europe/Berlin": "Bonn München Munich Hamburg Köln Cologne Frankfurt Francfort",
    "Europe/Rome": "Milano Milan Torino Turin Napoli Naples",
    "Africa/Abidjan": "Yamoussoukro Yamusukro Jamusukro Bouaké Korhogo Daloa",
    "America/Lima": "Cusco Cuzco Arequipa Trujillo Iquitos Puno Ayacucho Piura",
    "America/New_York": "Washington Waszyngton Boston Miami Philadelphia",
    "America/Bogota": "Medellín Cali",
    "America/Guayaquil": "Quito Kito",
}
"""Cities where Publisher's users live or travel, and that no zone is named after."""
_LANGUAGES = ("en", "fr", "es", "pl", "de", "it")
_ALIKE = 0.8
"""Share of equal letters: a typing error in one name, not another name."""
_SHORTEST = 5
"""Letters: shorter names are too similar to one another."""
_LETTERS = str.maketrans({"ł": "l", "_": " ", "-": " ", "\u2019": " ", "'": " "})


def nearest(name: str) -> str | None:
    """The zone of the city in `Europe/Geneve`, `Kraków` or `New York`; None for an unknown one."""
    area, _slash, city = name.strip().rpartition("/")
    wanted, area = _folded(city), _folded(area)
    known: dict[str, str] = {}
    for spelled, zone, is_sure in _cities():
        its_area = _folded(zone.partition("/")[0])
        if is_sure or area == its_area or area not in _AREAS:
            known.setdefault(spelled, zone)
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1, cutoff=_ALIKE) if len(wanted) >= _SHORTEST else []
    return known[near[0]] if near else None


def _cities() -> Iterator[tuple[str, str, bool]]:
    """Spellings of cities, with their zones, and whether the zone applies in any area."""
    for zone, names in _WITHOUT_A_ZONE.items():
        for name in names.split():
            yield _folded(name), zone, True
    zones = sorted(zone for zone in available_timezones() if _folded(zone).startswith(_AREAS))
    for zone in zones:
        yield _folded(zone.rpartition("/")[2]), zone, False
    from babel import Locale  # noqa: PLC0415 - it takes long, and only a wrong zone asks for it

    for language in _LANGUAGES:
        for zone, names in Locale(language).time_zones.items():
            if zone in zones and "city" in names:
                yield _folded(names["city"]), zone, False


_AREAS = (
    "africa", "america", "antarctica", "asia", "atlantic", "australia", "europe", "indian",
    "pacific",
)  # fmt: skip


def _folded(name: str) -> str:
    """The name in small letters without accents: `Kraków` as `krakow`."""
    parts = unicodedata.normalize("NFKD", name[:100].casefold().translate(_LETTERS))
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())
