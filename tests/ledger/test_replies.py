"""Answers to readers in the ledger: the comment that is meant, and what it becomes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from publisher.ledger.comments import replies
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import reader_comments
from publisher.model.content import Content, Part
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

ADDRESS = "https://x.com/i/web/status/77"


def write(database: Database, clock: ManualClock, **more: Any) -> None:
    now = clock.now()
    row = {
        "account": "bice-x", "remote_id": "77", "post": None, "author": "@zofia", "text": "Où ?",
        "url": ADDRESS, "written_at": now, "read_at": now, "signs": "[]", "urgency": 2,
        "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(reader_comments.insert().values({**row, **more}))


def answer(clock: ManualClock, post: str = "answer.fr", comment: str = "77") -> Any:
    content = Content(parts=(Part(text=post),), answers=comment)
    return wish(clock, post, account="bice-x", channel="twitter", content=content)


@pytest.mark.parametrize("named", ["77", ADDRESS])
def test_a_comment_is_named_by_its_id_or_its_address(
    database: Database, queries: Queries, clock: ManualClock, named: str
) -> None:
    write(database, clock)
    found = queries.comment("bice-x", named)
    assert found
    assert (found.id, found.author, found.obstacle) == ("77", "@zofia", None)
    assert queries.comment("bice-page", named) is None, "another account's"
    assert queries.comment("bice-x", "") is None


def test_a_comment_that_may_not_be_kept_any_more_is_not_there(
    database: Database, queries: Queries, clock: ManualClock
) -> None:
    """It is deleted a while later, and never while no worker runs."""
    write(database, clock, keep_until=clock.now() + timedelta(hours=47))
    assert queries.comment("bice-x", "77")
    with database.read() as connection:
        assert replies.obstacle(connection, "bice-x", "77", clock.now()) is None
        clock.advance(47 * 3_600)
        told = replies.obstacle(connection, "bice-x", "77", clock.now())
    assert told
    assert "no longer here" in told
    assert queries.comment("bice-x", "77") is None


def test_an_id_comes_before_the_same_words_as_an_address(
    database: Database, queries: Queries, clock: ManualClock
) -> None:
    """What a platform says of a comment's address leads nobody to another comment."""
    write(database, clock, remote_id="78", url="77")
    write(database, clock)
    found = queries.comment("bice-x", "77")
    assert found
    assert found.id == "77"


def test_the_answers_to_several_comments_are_found_at_once(
    ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, answer(clock), answer(clock, "other.fr", "78"))
    found = queries.answers_of([("bice-x", "77"), ("bice-page", "78")])
    assert [one.post for one in found["bice-x", "77"]] == ["answer.fr"]
    assert ("bice-page", "78") not in found, "it is not that account's"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CommentState.NEW, CommentState.ANSWERED),
        (CommentState.SEEN, CommentState.ANSWERED),
        (CommentState.HANDED, CommentState.ANSWERED),
        (CommentState.HIDDEN, CommentState.HIDDEN),
    ],
)
def test_what_is_hidden_stays_so_when_an_answer_is_out(
    database: Database, ledger: Ledger, queries: Queries, clock: ManualClock,
    before: CommentState, after: CommentState,
) -> None:  # fmt: skip
    write(database, clock, state=before)
    add(ledger, answer(clock))
    (delivery,) = queries.deliveries()
    with database.write() as connection:
        out = delivery.model_copy(update={"state": State.PUBLISHED})
        replies.follow(connection, delivery, out, "", clock.now())
        row = connection.execute(select(reader_comments)).one()
    assert row.state == after
    assert row.urgency == (0 if after is CommentState.ANSWERED else 2)
