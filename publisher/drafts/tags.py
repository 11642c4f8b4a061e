"""Hashtags, cashtags and mentions in a text, and accessible capitals for hashtags.

A screen reader takes #droitsdelenfant for one unpronounceable word, and reads #DroitsDeLEnfant as
four. Where a word ends is not known in general (#communication is one, #childrights are two), so a
hashtag is reported only where it is certain: its words are in the vocabulary below, the workspace
itself writes it with capitals elsewhere, or it is longer than any word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

HASHTAG = re.compile(r"[#\uff03](?<![\w&/#].)(?=\w*[^\W\d_])(\w++)(?!://)")
"""A hashtag as X finds it: with a letter in it, and not within a word or a web address."""

_LONGEST_WORD = 20
"""Letters: longer than the words of English, French, Spanish and Polish that posts use."""
_LONGEST_ACRONYM = 12
_SHORTEST = 8
"""Letters of a hashtag that is checked: shorter ones are understood either way."""

# The words of hashtags about children's and human rights, unaccented, four languages. Words that
# begin or end longer ones (`line`, `art`, `week`) are left out.
_VOCABULARY = """
abuse against action awareness campaign child childhood children childrens council day days digital
education equality families family future girls goals health human internet international justice
kids online peace people prevention protect protection refugees rights safe safer safety school
schools security sexual stop violence voices women world young youth

abus avenir conseil contre defense dignite droit droits ecole ecoles egalite enfance enfant enfants
familles femmes filles garcons homme hommes humains jeunes jeunesse journee ligne mondiale mondial
numerique paix parents proteger refugies securite sexuelle sexuelles violences voix

abuso adolescencia adolescentes consejo contra defensa derecho derechos dia educacion escuela
explotacion humanos igualdad infancia infantil jovenes juventud linea mujeres mundial mundo ninas
ninez nino ninos paz proteccion salud seguridad seguro violencia voces

bezpieczenstwo bezpieczny czlowieka dzieci dzieciom dziecka dziecko dzien internecie kobiet ochrona
praw prawa prawo przemoc przemocy przeciw rodzina rodziny seksualna seksualnej sieci sprawiedliwosc
swiat szkola szkole zdrowie
"""
_LITTLE_WORDS = """
a and au aux by d da de del des dla du el en et for i in l la las le les los na no o of on or para
por pour the to u un una une w y z za
"""
_WORDS = frozenset(_VOCABULARY.split())
_LINKS = frozenset(_LITTLE_WORDS.split())
_LONGEST_PART = max(map(len, _WORDS))


def joined(text: str) -> Iterator[tuple[str, int]]:
    """The hashtags of a text without their sign, each with its index."""
    for match in HASHTAG.finditer(text) if "#" in text or "\uff03" in text else ():
        yield match[1], match.start()


def has_inner_capitals(tag: str) -> bool:
    """Whether capitals or underscores separate the words: `ChildRights`, `child_rights`."""
    return "_" in tag or (any(map(str.isupper, tag[1:])) and any(map(str.islower, tag)))


def spellings(texts: Iterable[str]) -> dict[str, str]:
    """The texts' own spellings of hashtags with capitals inside, by the case-folded tag."""
    found: dict[str, str] = {}
    for text in texts:
        for tag, _ in joined(text):
            if has_inner_capitals(tag) and "_" not in tag:
                found.setdefault(tag.casefold(), tag)
    return found


def better(tag: str, lang: str | None, known: Mapping[str, str]) -> str | None:
    """The better spelling of a hashtag; "" if only a person knows it; None if the tag is right.

    `known` are the spellings that the workspace uses.
    """
    if has_inner_capitals(tag):
        return None
    if (spelling := known.get(tag.casefold())) is not None:
        return spelling
    if len(tag) < _SHORTEST:
        return None
    bare = tag.rstrip("0123456789")
    words = _words_of(bare.casefold(), spanish=lang == "es")
    if words is not None:
        return "".join(word[:1].upper() + word[1:] for word in words) + tag[len(bare) :]
    longest = _LONGEST_ACRONYM if tag.isupper() else _LONGEST_WORD
    return "" if sum(map(str.isalpha, tag)) > longest else None


@lru_cache(maxsize=4096)
def _words_of(tag: str, *, spanish: bool) -> tuple[str, ...] | None:
    """The words in the tag, if it is at least two of `_WORDS` and linking words."""
    links = _LINKS if spanish else _LINKS - {"del", "el"}  # in French that is `de l'`
    bare = _bare(tag)
    if len(bare) != len(tag):  # a letter that is two without its accent: places would not match
        return None
    ways: list[tuple[str, ...] | None] = [()]
    for end in range(1, len(bare) + 1):
        ways.append(None)
        for start in range(max(0, end - _LONGEST_PART), end):
            before, part = ways[start], bare[start:end]
            if before is not None and (part in _WORDS or part in links):
                ways[end] = (*before, tag[start:end])
                break
    found = ways[-1]
    if found is None or sum(_bare(word) in _WORDS for word in found) < 2:
        return None
    return found


def _bare(word: str) -> str:
    """Without accents; Polish ł has none that Unicode would take away."""
    parts = unicodedata.normalize("NFD", word.replace("ł", "l"))
    return "".join(c for c in parts if not unicodedata.combining(c))


_PUNCTUATION = re.escape("!'#%&()*+,\\-./:;<=>?@[]^_{|}~$")
CASHTAG = re.compile(
    rf"(?<!\S)\$([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?=\Z|[\s{_PUNCTUATION}])"
)
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@\uff20/])[@\uff20]([A-Za-z0-9_]{1,20})(?![A-Za-z0-9_@\uff20\u00c0-\u024f]|://)"
)


def cashtags(text: str) -> list[str]:
    """The cashtags of a text, without `$`, in its order."""
    return CASHTAG.findall(text) if "$" in text else []


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """The names that a text mentions, without `@`, each with its index."""
    for match in _MENTION.finditer(text):
        yield match[1], match.start()
