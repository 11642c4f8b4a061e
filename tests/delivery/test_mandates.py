"""A mandate is looked at once more as a post leaves."""

from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.ledger.worker.intents import Intent
from publisher.model.states import State
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.workspaces import SETTINGS, Workspace

pytestmark = pytest.mark.guards("publisher.ledger.worker.intents", "publisher.model.mandates")

MANDATE = '[accounts.bice-site.mandate]\nauthors = ["ann", "bob"]\nuntil = %s\n'


def application(workspace: Workspace, clock: ManualClock) -> Application:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    return app


@pytest.mark.parametrize(
    ("mandate", "state", "reason"),
    [
        (MANDATE % "2016-03-07", State.PUBLISHING, None),
        (
            MANDATE % "2016-03-06",
            State.HELD,
            "ended on 2016-03-06, and this goes out on 2016-03-07",
        ),
        (MANDATE.replace('"bob"', '"eva"') % "2016-03-07", State.HELD, "bob may not post as"),
        ("", State.PUBLISHING, None),
    ],
)
def test_what_was_queued_stays_when_its_mandate_was_taken_away_or_has_ended(
    tmp_path: Path, mandate: str, state: State, reason: str | None
) -> None:
    clock = ManualClock()  # 08:00 UTC on the annual day
    workspace = Workspace(tmp_path, SETTINGS + MANDATE % "2016-12-31")
    workspace.draft("a.fr", "at: 2016-03-07 12:00\nto: [bice-site]\nauthor: bob")
    with closing(application(workspace, clock)) as app:
        assert not app.planner.queue(actor="redaction").errors
    workspace.write("publisher.toml", SETTINGS + mandate)
    clock.advance(3 * 3600)
    with closing(application(workspace, clock)) as app:
        (delivery,) = app.attempts.take_all(app.dispatch.claim(clock.now(), clock.ahead(30), 1))
        intended = app.attempts.intend_all([Intent(delivery, clock.now(), clock.ahead(30))])
        (after,) = app.queries.deliveries()
    assert intended == [after]
    assert after.state is state
    assert (reason or "") in (after.reason or "")
