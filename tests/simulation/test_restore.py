"""A ledger that is put back from a backup, and what it has forgotten since."""

from unittest import mock

import pytest
from sqlalchemy import false

from publisher.ledger.integrity import after_restore
from tests.support.simulation.machine import Newsroom
from tests.support.simulation.office import Wanted
from tests.support.simulation.persons import Persons

_DUE = 60


def _restored(
    *,
    waits: int,
    account: str = "bice-x",
    parts: int = 2,
    approved_since: bool = False,
    reads: bool = False,
) -> int:
    """A post of which a backup was taken while it waited, `waits` seconds before the restore; how
    many parts are on record afterwards.
    """
    newsroom = Newsroom()
    wanted = Wanted((account,), parts, _DUE, None, 3600, False, False, False)
    newsroom.open(seed=0, dispatchers=1, workers=1, first=[wanted], aims=[])
    try:
        newsroom.wait(1)
        newsroom.back_up()
        if approved_since:
            newsroom.approve(steps=10)
        newsroom.wait(waits)
        newsroom.restore(reads=reads)
        on_record = [d.remote_ids for d in newsroom.stage.app().queries.deliveries()]
        if approved_since:
            newsroom.approve(steps=10)
        newsroom.nothing_is_broken()
    finally:
        newsroom.teardown()
    return sum(map(len, on_record))


@pytest.mark.parametrize("account", ["bice-x", "bice-page"])
@pytest.mark.parametrize("waits", [10, _DUE - 1, _DUE, _DUE + 30])
def test_nothing_goes_out_again_that_the_lost_ledger_published(waits: int, account: str) -> None:
    """Neither whole nor in part, whenever the ledger was lost, whoever finds it out."""
    for reads in (False, True):
        _restored(waits=waits, account=account, reads=reads)


@pytest.mark.parametrize("account", ["apg-x", "apg-page"])
@pytest.mark.parametrize("waits", [10, _DUE - 1, _DUE, _DUE + 30])
def test_nothing_goes_out_again_that_was_approved_only_since(waits: int, account: str) -> None:
    """The backup has it as waiting for an approval, and gets another one."""
    _restored(waits=waits, account=account, approved_since=True)


@pytest.mark.parametrize(("account", "parts"), [("bice-x", 3), ("bice-page", 1)])
def test_what_is_out_is_on_record_without_a_person(account: str, parts: int) -> None:
    """Workers read it: of a thread part by part."""
    with mock.patch.object(Persons, "decide"):
        assert _restored(waits=_DUE + 30, account=account, parts=parts, reads=True) == parts


def test_a_restored_ledger_that_trusts_its_backup_is_caught() -> None:
    trusting = mock.patch.object(after_restore, "_may_be_out", return_value=false())
    with trusting, pytest.raises(AssertionError, match="the log does not know it"):
        _restored(waits=_DUE + 30)
