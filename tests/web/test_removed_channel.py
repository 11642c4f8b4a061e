"""Posts of a channel whose distribution is no longer installed."""

import pytest

from publisher.app import Application
from publisher.model.states import State
from publisher.planning import PlannedChange
from tests.support.clock import ManualClock
from tests.support.pages import Visit
from tests.support.wishes import add, wish

TEXT = "Un mot au tableau."


@pytest.fixture
def gone(app: Application, channel: str) -> str:
    """A post of the channel, or of the account, which nobody knows here."""
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, wish(clock, "note.fr", account="hall", channel=channel, texts=(TEXT,)))
    return "note.fr"


@pytest.mark.parametrize("channel", ["board", "site"])
def test_every_page_still_shows_them(gone: str, channel: str, manager: Visit) -> None:
    for path in ("/", "/posts", f"/posts/{gone}", "/log", "/report", "/calendar"):
        found = manager.get(path)
        assert found.status_code == 200, path
    page = manager.get(f"/posts/{gone}").text
    assert TEXT in page
    assert channel in page


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("channel", ["board"])
def test_queue_takes_them_off_the_schedule(app: Application) -> None:
    """As every post whose draft is gone."""

    def of_board(changes: tuple[PlannedChange, ...]) -> list[str]:
        return [change.post for change in changes if change.account == "hall"]

    assert of_board(app.planner.plan().changes) == ["note.fr"]
    app.planner.queue(actor="redaction")
    (found,) = app.queries.deliveries(post="note.fr")
    assert found.state is State.CANCELLED
