"""The words by which the log is searched"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from publisher.ledger.reading import search_index
from publisher.model.models import Content

revision = "0010"
down_revision = "0009"

_CHUNK = 500


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # Words come without accents and capitals; the tokenizer has only to cut at the spaces.
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5"
            " (words, tokenize = 'unicode61 remove_diacritics 0', columnsize = 0)"
        )
    else:
        op.execute(
            "CREATE TABLE search (words TSVECTOR NOT NULL, delivery BIGINT PRIMARY KEY"
            " REFERENCES deliveries (id) ON DELETE CASCADE)"
        )
        op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    for rows in _chunks(connection):
        words = {
            row.id: search_index.words_of(
                row.post, Content.model_validate_json(row.content), row.url, row.error_message
            )
            for row in rows
        }
        search_index.index(connection, words)


def _chunks(connection: sa.Connection) -> Iterator[list[Any]]:
    query = sa.text(
        "SELECT id, post, content, url, error_message FROM deliveries WHERE id > :last"
        " ORDER BY id LIMIT :chunk"
    )
    last = 0
    while rows := list(connection.execute(query, {"last": last, "chunk": _CHUNK})):
        yield rows
        last = rows[-1].id
