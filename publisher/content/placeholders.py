"""What stands in a text until somebody writes the right word: TODO, [LIEN], XX, Lorem ipsum."""

import re
from collections.abc import Iterator

_IN_BRACKETS = (
    "lien|link|url|enlace|vínculo|adresse|address|dirección|adres|date|fecha|data|heure|time|hora|"
    "godzina|nom|name|nombre|imię|nazwa|lieu|place|lugar|miejsce|titre|title|título|tytuł|texte|text|"
    "texto|tekst|photo|foto|zdjęcie|image|obraz|source|fuente|źródło|chiffre|number|número|liczba|"
    "todo|tbd|tbc|à compléter|a completar|do uzupełnienia|insert [^]\n]{1,40}|insérer [^]\n]{1,40}|xx+"
)
_SURE = re.compile(
    rf"\[(?:{_IN_BRACKETS})\](?!\()|\b(?:lorem ipsum|FIXME|TBD|TBC)\b|\bX{{4,}}\b"
    r"|\b(?:à compléter|por completar|do uzupełnienia)\b|\?{4,}",
    re.IGNORECASE,
)
_TODO = re.compile(r"\bTODO\b(?P<colon>\s*:)?")
_SPACES = "[ \u00a0\u202f]*"
_NUMBER = re.compile(
    rf"(?:(?P<before>[^\W\d_]+)\.?{_SPACES})?(?<![\w@#/.-])(?P<sign>XXX?|xx+)(?![\w-])"
    rf"(?:{_SPACES}(?P<after>[^\W\d_]+))?"
)
_NUMBERED = frozenset(
    [
        "salle",
        "salles",
        "room",
        "rooms",
        "sala",
        "salas",
        "sali",
        "salą",
        "salę",
        "sale",
        "salon",
        "article",
        "articles",
        "art",
        "artículo",
        "artykuł",
        "chapitre",
        "chapter",
        "capítulo",
        "rozdział",
        "annexe",
        "annex",
        "anexo",
        "aneks",
        "tome",
        "tom",
        "tomo",
        "vol",
        "volume",
        "siècle",
        "siècles",
        "century",
        "siglo",
        "siglos",
        "wiek",
        "wieku",
        "louis",
        "partie",
        "part",
        "parte",
        "część",
        "session",
        "sesión",
        "sesja",
        "sesji",
        "édition",
        "edition",
        "edición",
        "edycja",
        "lat",
    ]
)
"""What has Roman numbers, before or behind it."""


_MAY_BE = re.compile(r"\[|\?{4}|xx|todo|lorem|fixme|tbd|tbc|compl[ée]t|uzupe", re.IGNORECASE)
"""Nearly all texts have none of them."""


def find(text: str, lang: str | None) -> Iterator[tuple[str, int]]:
    """The placeholders of a text, and at which character each stands.

    In Spanish TODO is a word, and XX may be a Roman number.
    """
    if not _MAY_BE.search(text):
        return
    for match in _SURE.finditer(text):
        yield match.group(), match.start()
    # Where the language is not known, it may be Spanish.
    is_no_word = lang is not None and not lang.startswith(("es", "pt"))
    for match in _TODO.finditer(text):
        if is_no_word or match["colon"]:
            yield "TODO", match.start()
    for match in _NUMBER.finditer(text):
        if _is_unknown_number(match):
            yield match["sign"], match.start("sign")


def _is_unknown_number(match: re.Match[str]) -> bool:
    beside = {(match[name] or "").casefold().rstrip(".") for name in ("before", "after")}
    return not beside & _NUMBERED
