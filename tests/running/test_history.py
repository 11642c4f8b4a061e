"""How `publisher run` follows the ledger's history."""

from pathlib import Path

from publisher.app import Application
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.running.supervisor import History
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace


def test_it_tells_each_step_once_and_says_whether_there_was_any(tmp_path: Path) -> None:
    """While there is none, it is asked less often."""
    Workspace(tmp_path)
    clock, told = ManualClock(), list[HistoryStep]()
    app = Application(settings.load(tmp_path, {}), clock)
    app.database.migrate()
    history = History(app, told.append)
    found = [history.follow()]
    add(app.ledger, wish(clock, "statement", 60))
    found += [history.follow(), history.follow()]
    app.close()
    assert found == [False, True, False]
    assert [step.post for step in told] == ["statement"]
