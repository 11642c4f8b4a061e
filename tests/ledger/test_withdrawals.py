"""Withdrawals: what may yet come back after it was deleted."""

from datetime import timedelta

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.model.outcomes import Accepted, Unknown
from publisher.model.states import State
from tests.ledger.test_reconciliation import doubtful, look
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


@pytest.mark.parametrize("speed", [1.0, 60.0])
@pytest.mark.parametrize(("channel", "comes"), [("bluesky", True), ("twitter", False)])
def test_a_request_in_doubt_may_bring_a_post_back_until_the_platform_has_settled(
    channel: str, comes: bool, speed: float, database: Database, ledger: Ledger,
    dispatch: Dispatch, attempts: OneByOne, clock: ManualClock, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Where such a request is repeated at once; a rehearsal's clock goes faster."""
    add(ledger, wish(clock, due_in=0, account=f"bice-{channel}", channel=channel))
    doubtful(dispatch, attempts, clock, Unknown("No answer."))
    asked_at = clock.now()
    out = look(Doubts(database, clock), clock, Accepted("7"))
    assert out.state is State.PUBLISHED
    monkeypatch.setattr(clock, "speed", speed)
    withdrawals = Withdrawals(database, clock, settle=1_000)
    clock.sleep_until(asked_at + timedelta(seconds=999 * speed))
    assert withdrawals.may_come_back(out) is comes
    clock.advance(2 * speed)
    assert not withdrawals.may_come_back(out)
