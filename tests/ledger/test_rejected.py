"""A rejected post is in a state of its own, also in a ledger from before there was one."""

from contextlib import closing
from datetime import UTC
from pathlib import Path

from publisher.ledger import migrate
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.approvals import Approvals
from publisher.ledger.outbox import News, StuckDelivery
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import change
from publisher.model.events import Event
from publisher.model.models import ApprovalRule
from publisher.model.states import Role, State
from publisher.notices.message import compose
from tests.support.clock import ManualClock
from tests.support.older_ledgers import copy_rows
from tests.support.wishes import add, wish


def test_a_ledger_from_before_tells_what_was_rejected_from_what_waits(
    ledger_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    with closing(Database(ledger_url)) as database:
        with database.write() as connection:
            migrate.upgrade(connection, "0022")
        with closing(Database(f"sqlite:///{tmp_path}/newer.db")) as newer:
            newer.migrate()
            for name in ("rejected.fr", "waits.fr"):
                add(Ledger(newer, clock), wish(clock, name, state=State.AWAITING_APPROVAL))
            (rejected,) = Queries(newer, clock).deliveries(post="rejected.fr")
            with newer.write() as connection:
                change(
                    connection, rejected, Event.REJECTED, role=Role.MANAGER, actor="direction",
                    at=clock.now(), reason="rejected by direction: too long",
                )  # fmt: skip
            copy_rows(newer, database)
        database.migrate()
        found = {d.post: d for d in Queries(database, clock).deliveries()}
        assert found["waits.fr"].state is State.AWAITING_APPROVAL
        assert found["rejected.fr"].state is State.REJECTED
        assert found["rejected.fr"].reason == "rejected by direction: too long"
        assert Audit(database, clock).verify().breaks == ()
        approvals = Approvals(database, clock, lambda _account: ApprovalRule(required=True))
        assert [d.post for d in approvals.waiting()] == ["waits.fr"]


def test_a_rejection_is_told_without_its_words(database: Database, clock: ManualClock) -> None:
    """They may repeat what is under embargo."""
    news = News(database, clock)
    news.begin("team", clock.now())
    ledger = Ledger(database, clock)
    add(ledger, wish(clock, "p.fr", state=State.AWAITING_APPROVAL, queued_by="redaction"))
    approvals = Approvals(database, clock, lambda _account: ApprovalRule(required=True))
    approvals.reject(["p.fr"], None, "direction", "the figure is secret")
    (item,) = news.untold("team")
    assert isinstance(item, StuckDelivery)
    assert (item.state, item.author) == (State.REJECTED, "redaction")
    told = compose([item], UTC)
    assert "p.fr to bice-x was rejected" in told.title
    assert "Its author: redaction." in told.body
    assert "secret" not in told.body + told.title
