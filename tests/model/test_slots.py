"""Slots: the times of the week at which an account's posts go out, and the next that is free."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.model import slots
from publisher.model.accounts import Account

pytestmark = pytest.mark.guards("publisher.model.weekdays")

ZURICH = ZoneInfo("Europe/Zurich")
SUNDAY = datetime(2016, 3, 6, 12, tzinfo=UTC)


def account(name: str, *told: str, timezone: str | None = None) -> Account:
    return Account(name=name, channel="twitter", slots=told, timezone=timezone)


BICE = account("bice-x", "weekdays 09:00", "monday and thursday 17:00")
LIMA = account("lima-x", "weekdays 09:00", timezone="America/Lima")


def free(*accounts: Account, **taken: datetime) -> datetime | None:
    names = {name.replace("_", "-"): {at} for name, at in taken.items()}
    return slots.next_free(accounts, names, ZURICH, SUNDAY)


def test_the_first_slot_is_taken_that_no_other_post_has() -> None:
    nine = datetime(2016, 3, 7, 8, tzinfo=UTC)
    assert free(BICE) == nine
    assert free(BICE, bice_x=nine) == datetime(2016, 3, 7, 16, tzinfo=UTC)
    assert free(BICE, lima_x=nine) == nine, "another account's post takes nothing away"


def test_an_account_has_its_own_clock() -> None:
    assert free(LIMA) == datetime(2016, 3, 7, 14, tzinfo=UTC)


def test_several_accounts_need_a_slot_in_common_and_those_without_slots_none() -> None:
    late = account("page", "thursday 17:00")
    assert free(BICE, late) == datetime(2016, 3, 10, 16, tzinfo=UTC)
    assert free(BICE, LIMA) is None
    assert free(BICE, account("site")) == free(BICE)
    assert free(account("site")) is None


def test_a_time_that_the_clocks_skip_is_no_slot() -> None:
    found = slots.times(["sunday 02:30"], ZURICH, datetime(2016, 3, 21, tzinfo=UTC))
    assert next(found) == datetime(2016, 4, 3, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "09:00", "weekdays", "weekdays 9", "holidays 09:00"])
def test_what_is_no_slot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a slot"):
        slots.parse(text)
