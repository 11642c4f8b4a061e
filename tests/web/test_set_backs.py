"""What each page says of a ledger, or a machine, that was set back."""

from datetime import timedelta

import pytest

from publisher.app import Application
from publisher.ledger.integrity.after_restore import put_back
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.tables import EVERYTHING
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from tests.support.pages import Visit
from tests.web.ledger_views import clock_of

pytestmark = pytest.mark.guards("publisher.ledger.reading.set_backs", "publisher.web.render")

HAPPENED = "Publisher&#39;s records were set back."


@pytest.mark.parametrize("page", ["/", "/log", "/accounts"])
def test_a_ledger_that_was_set_back_is_told_on_each_page_for_a_day(
    app: Application, manager: Visit, page: str
) -> None:
    clock_of(app).advance(3 * 3600)
    now = app.clock.now()
    app.database.face(Watermark(delivery=None, account="*", seq=99, hash="0" * 64, at=now), now)
    manager.get(page)
    assert HAPPENED in manager.text
    assert "may have gone out since" in manager.text
    assert "/log?state=uncertain" in manager.page
    clock_of(app).advance(86_401)
    manager.get(page)
    assert HAPPENED not in manager.text


def test_a_machine_that_was_put_back_is_told(app: Application, manager: Visit) -> None:
    now = app.clock.now()
    with app.database.write() as connection:
        detail = {"since": now - timedelta(minutes=5), "number": 0, "after": 0}
        note_account(connection, EVERYTHING, Event.DUE_IN_SILENCE, now, detail=detail)
        put_back(connection, now, now)
    manager.get("/")
    assert "The machine was put back to an earlier state." in manager.text


def test_nobody_is_told_before_they_logged_in(app: Application, anonymous: Visit) -> None:
    now = app.clock.now()
    app.database.face(Watermark(delivery=None, account="*", seq=99, hash="0" * 64, at=now), now)
    anonymous.get("/login")
    assert HAPPENED not in anonymous.text
