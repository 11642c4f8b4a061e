"""Full-text index of the log, with the same results on SQLite and PostgreSQL.

Both the indexed text and the search text are split into words here, without capitals and accents,
so that the databases' own tokenizers do not matter: an FTS5 table on SQLite, a `tsvector` under a
GIN index on PostgreSQL. A hashtag counts as one word and as the words that it consists of. The
index is updated in the transaction that changes a delivery.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sqlalchemy import BigInteger, ColumnElement, Connection, false, literal_column, text

from publisher.ledger.tables import deliveries
from publisher.model.content import Content
from publisher.model.deliveries import Delivery

_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_LETTER = re.compile("[łŁđĐøØ]")
_HASHTAG = re.compile(r"#(\w+)")
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""The boundaries between the words of #DroitsDeLEnfant."""
_LETTERS = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O"}
"""Letters whose accent Unicode does not separate."""
_LAST_PLACE = 16_383  # PostgreSQL counts no further

_CREATE = {
    # Words come without accents and capitals; the tokenizer has only to cut at the spaces.
    "sqlite": """
        CREATE VIRTUAL TABLE search USING fts5
        (words, tokenize = 'unicode61 remove_diacritics 0', columnsize = 0)
    """,
    "postgresql": """
        CREATE TABLE search (words TSVECTOR NOT NULL, delivery BIGINT PRIMARY KEY
        REFERENCES deliveries (id) ON DELETE CASCADE);
        CREATE INDEX ix_search_words ON search USING gin (words)
    """,
}
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
    # The plus makes SQLite read the log in its order until the page is full. Without it, SQLite
    # would fetch and sort all matches, which takes twenty times as long for a frequent word.
    "sqlite": literal_column("+deliveries.id", BigInteger),
    "postgresql": deliveries.c.id,
}


def create(connection: Connection) -> None:
    """Create the empty index of a new ledger."""
    connection.exec_driver_sql(_CREATE[connection.dialect.name])


def words_of(
    post: str, content: Content, url: str | None = None, error: str | None = None
) -> list[str]:
    """All words of a delivery, in order."""
    texts = [post, content.title, content.link, url, error]
    for part in content.parts:
        texts += [part.text, *(picture.alt for picture in part.pictures)]
    words: list[str] = []
    for one in filter(None, texts):
        words += _words(one)
    return words


def index(connection: Connection, words: Mapping[int, list[str]]) -> None:
    """Index these deliveries under these words, and no others."""
    dialect = connection.dialect.name
    as_indexed = _numbered if dialect == "postgresql" else " ".join
    rows = [{"delivery": key, "words": as_indexed(its)} for key, its in words.items()]
    if rows:
        connection.execute(_INDEX[dialect], rows)


def follow(connection: Connection, changes: Iterable[tuple[Delivery, Delivery]]) -> None:
    """Update the index for deliveries whose text changed, given before and after."""
    changed = [after for before, after in changes if _said(before) != _said(after)]
    index(connection, {delivery.id: words_of(*_said(delivery)) for delivery in changed})


def holds(dialect: str, wanted: str) -> ColumnElement[bool]:
    """Deliveries with all these words, as beginnings; joined words must be adjacent."""
    phrases = [
        words
        for chunk in wanted.split()
        if (words := _WORD.findall(without_accents(chunk).casefold()))
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
    plain = without_accents(said)
    words = _WORD.findall(plain.casefold())
    for tag in _HASHTAG.findall(plain):
        pieces = _SEAM.sub(" ", tag)
        if " " in pieces:
            words += _WORD.findall(pieces.casefold())
    return words


def without_accents(said: str) -> str:
    """A text without accents, as both sides of a search have it."""
    if said.isascii():
        return said
    latin = _LETTER.sub(lambda found: _LETTERS[found[0]], said)
    return _ACCENT.sub("", unicodedata.normalize("NFKD", latin))


def _numbered(words: list[str]) -> str:
    """A `tsvector` as PostgreSQL reads it. Words contain no character with a special meaning."""
    return " ".join(f"'{word}':{min(place, _LAST_PLACE)}" for place, word in enumerate(words, 1))
