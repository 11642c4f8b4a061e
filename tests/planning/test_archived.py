"""A post whose history is in an archive is as well known as any other."""

from collections.abc import Iterator

import pytest

from publisher.app import Application
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.planning.problems")

_THEN, _NOW = "at: 2016-03-07 12:00", "at: 2017-05-02 12:00"


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    """`a.fr` went out a year ago, and its history is in an archive."""
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    workspace.draft("a.fr", f"{_THEN}\nto: [bice-x]")
    app.planner.queue(actor="redaction")
    clock.advance(4 * 3600)
    (claim,) = app.dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    meet(app, claim, Accepted("1"))
    clock.advance(420 * 86_400)
    (made,) = app.archiving.run(app.archiving.before(12), "manager")
    assert made.deliveries == 1
    yield app
    assert app.audit.verify().breaks == ()
    app.close()


def sends_nothing(app: Application) -> bool:
    app.planner.queue(actor="redaction")
    (delivery,) = app.queries.deliveries()
    assert (delivery.state, delivery.remote_ids) == (State.PUBLISHED, ("1",))
    return app.dispatch.claim(app.clock.ahead(10**9), app.clock.ahead(10**9), 9) == []


def test_a_copy_is_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("copy.fr", f"{_NOW}\nto: [bice-x]")
    plan = app.planner.queue(actor="redaction")
    assert [problem.code for problem in plan.errors] == ["duplicate-text"]
    assert sends_nothing(app)


def test_another_name_sends_nothing(app: Application, workspace: Workspace) -> None:
    path = workspace.draft("a.fr", f"{_NOW}\nto: [bice-x]")
    path.rename(path.with_name("renamed.fr.md"))
    assert sends_nothing(app)


def test_another_time_or_another_text_sends_nothing(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOW}\nto: [bice-x]", "Un autre texte.")
    assert sends_nothing(app)
