"""The budget for reading comments: of each account, in thousandths of a dollar, new each month."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from publisher.ledger.comments.comment_budget import CommentBudget
from publisher.ledger.database import Database
from tests.support.clock import ManualClock

pytestmark = pytest.mark.each_database

COMMENT, AUTHOR = Decimal("0.005"), Decimal("0.010")


def budget(database: Database, clock: ManualClock, most: str = "0.30") -> CommentBudget:
    return CommentBudget(database, clock, Decimal(most), COMMENT, AUTHOR)


def test_what_was_spent_leaves_less_room_for_this_account_alone(
    database: Database, clock: ManualClock
) -> None:
    own = budget(database, clock)
    assert own.room("bice-x") == 20
    own.spend("bice-x", comments=10, authors=2)  # $0.07
    assert own.room("bice-x") == 15
    assert own.room("lima-x") == 20
    own.spend("bice-x", comments=0, authors=16)  # $0.16 more
    assert own.room("bice-x") == 0, "fewer than a platform shows at once"


def test_a_new_month_has_a_new_budget_and_another_one_counts_at_once(
    database: Database, clock: ManualClock
) -> None:
    own = budget(database, clock)
    own.spend("bice-x", comments=60, authors=0)
    assert own.room("bice-x") == 0
    assert budget(database, clock, "0.60").room("bice-x") == 20
    clock.advance((own.next_month - clock.now()).total_seconds())
    assert own.room("bice-x") == 20
    own.spend("bice-x", comments=6, authors=0)
    assert own.room("bice-x") == 18


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (datetime(2016, 12, 31, 23, 59, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC)),
        (datetime(2016, 1, 31, tzinfo=UTC), datetime(2016, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_month_ends_with_the_calendar(
    database: Database, clock: ManualClock, now: datetime, begins: datetime
) -> None:
    clock.advance((now - clock.now()).total_seconds())
    assert budget(database, clock).next_month == begins
