"""A rejected post is in a state of its own, also in a ledger from before there was one."""

from datetime import UTC

from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals
from publisher.ledger.news.outbox import News, StuckDelivery
from publisher.model.accounts import ApprovalRule
from publisher.model.states import State
from publisher.notices.message import compose
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


def test_a_rejection_is_told_without_its_words(database: Database, clock: ManualClock) -> None:
    """They may repeat what is under embargo."""
    news = News(database, clock)
    news.begin("team", clock.now())
    ledger = Ledger(database, clock)
    add(ledger, wish(clock, "p.fr", state=State.AWAITING_APPROVAL, author="redaction"))
    approvals = Approvals(database, clock, lambda _account: ApprovalRule(required=True))
    approvals.reject(["p.fr"], None, "direction", "the figure is secret")
    (item,) = news.untold("team")
    assert isinstance(item, StuckDelivery)
    assert (item.state, item.author) == (State.REJECTED, "redaction")
    told = compose([item], UTC)
    assert "p.fr to bice-x was sent back to its author" in told.title
    assert "Author: redaction." in told.body
    assert "secret" not in told.body + told.title
