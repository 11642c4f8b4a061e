"""A reader's comment in the ledger, and drafts that answer it."""

from typing import Any

from sqlalchemy import select, update

from publisher.app import Application
from publisher.ledger.tables import reader_comments
from tests.support.queueing import claim_first, standing
from tests.support.workspaces import Workspace

LATER = "at: 2016-03-07 13:00"
ANSWER = f"{LATER}\nto: [bice-x]\nanswers: '77'"


def write(app: Application, **more: Any) -> int:
    """Store the comment, with other values; its number."""
    now = app.clock.now()
    row = {
        "account": "bice-x", "remote_id": "77", "post": "a.fr", "author": "@zofia",
        "text": "Où est-ce ?", "url": "https://x.com/i/web/status/77", "written_at": now,
        "read_at": now, "signs": "[]", "urgency": 2, "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with app.database.write() as connection:
        made = reader_comments.insert().values({**row, **more}).returning(reader_comments.c.id)
        return int(connection.execute(made).scalar_one())


def change(app: Application, **values: Any) -> None:
    """Change what the ledger says of it."""
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(**values))


def row(app: Application) -> Any:
    with app.database.read() as connection:
        return connection.execute(select(reader_comments)).one()


def answer(workspace: Workspace, front: str = ANSWER, text: str = "À Genève.") -> None:
    workspace.draft("answer.fr", front, text)


def take(app: Application) -> Any:
    """The answer after a worker came for it."""
    assert app.attempts.take_all([claim_first(app)]) == []
    return standing(app, "answer.fr", "bice-x")
