"""Drafts are changed with the ledger: both or neither."""

import pytest

from publisher.base.errors import NotPossible
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.draft_edits import Edits
from publisher.model.events import Event
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


def test_a_draft_that_was_queued_meanwhile_is_not_deleted(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """It is looked for in the transaction that deletes the file."""
    add(ledger, wish(clock, "post.fr"))
    done: list[str] = []
    with pytest.raises(NotPossible, match="It is on the schedule, or out: bice-x"):
        Edits(database, clock).apply(
            "post.fr", Event.DRAFT_DELETED, {}, "stagiaire", ["bice-x"], digest="",
            save=lambda: done.append("deleted"), put_back=lambda: done.append("put back"),
        )  # fmt: skip
    assert done == []
