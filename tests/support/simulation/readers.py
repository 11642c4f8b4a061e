"""A reader whose comment is answered: what the ledger has of it, and what people do with it."""

from datetime import datetime

from publisher.ledger.database import Database
from publisher.ledger.tables import reader_comments

COMMENT, ACCOUNT = "77", "bice-x"
"""The platform's id of the comment, and whom the reader wrote to."""
NUMBER = 1


def write(database: Database, now: datetime) -> None:
    """A comment as a reading keeps it; it calls for somebody."""
    row = {
        "id": NUMBER, "account": ACCOUNT, "remote_id": COMMENT, "post": None, "author": "@reader",
        "text": "Where?", "url": "", "written_at": now, "read_at": now, "signs": "[]", "urgency": 2,
        "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(reader_comments.insert().values(row))
