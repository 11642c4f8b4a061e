"""The words by which the log is searched: one index on both databases, that finds the same in each.

What is indexed, and what is looked for, is cut into words here, without capitals and accents, so
that neither database's own idea of words and letters matters: an FTS5 table on SQLite, a `tsvector`
under a GIN index on PostgreSQL. A hashtag counts as one word and as the words that it is made of.
The index follows a delivery in the transaction that changes it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sqlalchemy import BigInteger, ColumnElement, Connection, false, literal_column, text

from publisher.ledger.tables import deliveries
from publisher.model.models import Content, Delivery

_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_LETTER = re.compile("[łŁđĐøØ]")
_HASHTAG = re.compile(r"#(\w+)")
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where #DroitsDeLEnfant falls into words."""
_LETTERS = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O"}
"""Those whose accent is a part of the letter."""
_LAST_PLACE = 16_383  # PostgreSQL counts no further

_INDEX = {
    "sqlite": text("INSERT OR REPLACE INTO search (rowid, words) VALUES (:delivery, :words)"),
    "postgresql": text(
        "INSERT INTO search (delivery, words) VALUES (:delivery, CAST(:words AS tsvector))"
        " ON CONFLICT (delivery) DO UPDATE SET words = excluded.words"
    ),
}
_FOUND = {
    "sqlite": text("SELECT rowid FROM search WHERE search MATCH :wanted"),
    "postgresql": text("SELECT delivery FROM search WHERE words @@ CAST(:wanted AS tsquery)"),
}
_ID: dict[str, ColumnElement[int]] = {
    # With the plus SQLite walks through the log in its order until the page is full. Without it, it
    # would fetch and sort all that is found, which takes twenty times as long for a frequent word.
    "sqlite": literal_column("+deliveries.id", BigInteger),
    "postgresql": deliveries.c.id,
}


def words_of(
    post: str, content: Content, url: str | None = None, error: str | None = None
) -> list[str]:
    """All words of a delivery, in their order."""
    texts = [post, content.title, content.link, url, error]
    for part in content.parts:
        texts += [part.text, *(picture.alt for picture in part.pictures)]
    words: list[str] = []
    for one in filter(None, texts):
        words += _words(one)
    return words


def index(connection: Connection, words: Mapping[int, list[str]]) -> None:
    """Let these deliveries be found by these words, and by no others."""
    dialect = connection.dialect.name
    as_indexed = _numbered if dialect == "postgresql" else " ".join
    rows = [{"delivery": key, "words": as_indexed(its)} for key, its in words.items()]
    if rows:
        connection.execute(_INDEX[dialect], rows)


def follow(connection: Connection, changes: Iterable[tuple[Delivery, Delivery]]) -> None:
    """Bring the index up to date where a delivery, before and after its change, has other words."""
    changed = [after for before, after in changes if _said(before) != _said(after)]
    index(connection, {delivery.id: words_of(*_said(delivery)) for delivery in changed})


def holds(dialect: str, wanted: str) -> ColumnElement[bool]:
    """Deliveries with all these words, or words that begin so; what is written together, in a row."""
    phrases = [
        words
        for chunk in wanted.split()
        if (words := _WORD.findall(_without_accents(chunk).casefold()))
    ]
    if not phrases:
        return false()
    query = " AND ".join(f'"{" ".join(words)}" *' for words in phrases)
    if dialect == "postgresql":
        query = " & ".join(" <-> ".join(f"'{word}'" for word in words) + ":*" for words in phrases)
    found = _FOUND[dialect].bindparams(wanted=query).columns(deliveries.c.id)
    return _ID[dialect].in_(found)


def _said(delivery: Delivery) -> tuple[str, Content, str | None, str | None]:
    return delivery.post, delivery.content, delivery.url, delivery.error_message


@lru_cache(maxsize=64)  # one text goes to many accounts
def _words(said: str) -> list[str]:
    plain = _without_accents(said)
    words = _WORD.findall(plain.casefold())
    for tag in _HASHTAG.findall(plain):
        pieces = _SEAM.sub(" ", tag)
        if " " in pieces:
            words += _WORD.findall(pieces.casefold())
    return words


def _without_accents(said: str) -> str:
    if said.isascii():
        return said
    latin = _LETTER.sub(lambda found: _LETTERS[found[0]], said)
    return _ACCENT.sub("", unicodedata.normalize("NFKD", latin))


def _numbered(words: list[str]) -> str:
    """A `tsvector` as PostgreSQL reads it. Words have no character that it takes for its own."""
    return " ".join(f"'{word}':{min(place, _LAST_PLACE)}" for place, word in enumerate(words, 1))
