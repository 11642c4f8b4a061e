"""Placeholder detection: TODO, [LIEN], XX, Lorem ipsum, "Write the text here"."""

import re
from collections.abc import Iterator

_IN_BRACKETS = (
    "lien|link|url|enlace|vínculo|adresse|address|dirección|adres|date|fecha|data|heure|time|hora|"
    "godzina|nom|name|nombre|imię|nazwa|lieu|place|lugar|miejsce|titre|title|título|tytuł|texte|text|"
    "texto|tekst|photo|foto|zdjęcie|image|obraz|source|fuente|źródło|chiffre|number|número|liczba|"
    "todo|tbd|tbc|à compléter|a completar|do uzupełnienia|insert [^]\n]{1,40}|insérer [^]\n]{1,40}|xx+"
)
_PROMPTS = (
    r"(?:write|type|insert|enter|add|put) (?:the|your) (?:text|words) here|"
    r"(?:[ée]crivez|[ée]crire|saisissez|ins[ée]rez|ajoutez|mettez) (?:le|votre) texte ici|"
    r"(?:escriba|escribe|inserte|introduzca|ponga) (?:el|su|tu) texto aqu[íi]|"
    r"(?:napisz|wpisz|wstaw|dodaj) (?:sw[óo]j )?tekst tu(?:taj)?|"
    r"(?:napisz|wpisz|wstaw|dodaj) tu(?:taj)? (?:sw[óo]j )?tekst"
)
"""Words that ask for the text, in whatever language: drafts began with them until 0.9."""
_SURE = re.compile(
    rf"\b(?:{_PROMPTS})\b(?!\s?:)|\[(?:{_IN_BRACKETS})\](?!\()|\b(?:lorem ipsum|FIXME|TBD|TBC)\b|\bX{{4,}}\b"
    r"|\b(?:à compléter|por completar|do uzupełnienia)\b|\?{4,}"
    r"|\{\{[^{}\n]{1,60}\}\}|\{%[^{}\n]{1,60}%\}|\$\{\w{1,60}\}|(?<![\w%])%[A-Z][A-Z_]{2,40}%(?!\w)"
    r"|\[(?:note|nota|notatka|uwaga|comment|commentaire|comentario|komentarz)\s*:[^]\n]*\]"
    r"|^[ \t]*(?:[-*][ \t]+)?\[[ xX]\][ \t](?!https?:)",
    re.IGNORECASE | re.MULTILINE,
)
_TODO = re.compile(r"\bTODO\b(?P<colon>\s*:)?")
_NUMBER = re.compile(r"(?<![\w@#/.-])(?:XXX?|xx+)(?![\w-])")
_WORDS = re.compile(r"[^\W\d_]+")
_NEAR = 25
"""Characters within which the word before or after is."""
_NUMBERED = frozenset({
    "salle", "salles", "room", "rooms", "sala", "salas", "sali", "salą", "salę", "sale", "salon",
    "article", "articles", "art", "artículo", "artykuł", "chapitre", "chapter", "capítulo",
    "rozdział", "annexe", "annex", "anexo", "aneks", "tome", "tom", "tomo", "vol", "volume",
    "siècle", "siècles", "century", "siglo", "siglos", "wiek", "wieku", "louis", "partie", "part",
    "parte", "część", "session", "sesión", "sesja", "sesji", "édition", "edition", "edición",
    "edycja", "lat",
})  # fmt: skip
"""Words that have Roman numbers before or after them."""
_SIGNS = (
    "[", "{", "%", "????", "xx", "todo", "lorem", "fixme", "tbd", "tbc", "complet", "complét",
    "uzupe", "text here", "words here", "texte ici", "texto aqu", "tekst tu",
    " tu tekst", "tutaj tekst", " tu sw", "tutaj sw", "\u0131", "\u0307",
)  # fmt: skip
"""In small letters, one of which is in each placeholder; nearly all texts have none. The last two
are what is left of an i with another dot, which expressions take for an i.
"""


def find(text: str, lang: str | None) -> Iterator[tuple[str, int]]:
    """The placeholders of a text, each with its index.

    In Spanish TODO is a word, and XX may be a Roman number.
    """
    small = text.lower()
    if not any(sign in small for sign in _SIGNS):  # an expression would take ten times as long
        return
    # Where the language is not known, it may be Spanish.
    is_no_word = lang is not None and not lang.startswith(("es", "pt"))
    found = [
        *_SURE.finditer(text),
        *(match for match in _TODO.finditer(text) if is_no_word or match["colon"]),
        *(match for match in _NUMBER.finditer(text) if not _is_roman(text, match)),
    ]
    end = 0
    for match in sorted(found, key=re.Match.start):
        if match.start() >= end:
            yield match.group().rstrip(" :\n"), match.start()
            end = match.end()


def _is_roman(text: str, match: re.Match[str]) -> bool:
    """Whether a word that takes Roman numbers is beside it."""
    before = _WORDS.findall(text[max(0, match.start() - _NEAR) : match.start()])[-1:]
    after = _WORDS.findall(text[match.end() : match.end() + _NEAR])[:1]
    return not _NUMBERED.isdisjoint(word.casefold() for word in (*before, *after))
