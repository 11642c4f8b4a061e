"""Keys that expire: several workers renew them once, before anything leaves with them."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.channels.connect import Authorization
from publisher.connect.connection import AccountConnection
from publisher.platforms.twitter.stand_in.oauth2 import client_of, secret_of
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from publisher.settings.settings import load
from tests.connect.conftest import allow
from tests.end_to_end.conftest import Publisher
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep


def connect(workspace: Workspace, sandbox: Sandbox) -> None:
    """Connect bice-x by OAuth 2.0, with an access token that ends at once."""
    app = Application(load(workspace.path), SystemClock())
    connection = AccountConnection(app, app.settings.public_accounts()["bice-x"], "oauth2")
    client = client_of(next(one for one in sandbox.accounts if one.name == "bice-x"))
    begun = connection.begin({"client_id": client, "client_secret": secret_of(client)})
    assert isinstance(begun, Authorization)
    sandbox.faults.set([Fault(what=XFault.SHORT_LIVED, seconds=1)])
    (keys,) = connection.finish(begun, allow(begun, "bice-x"))
    connection.store(keys, connection.check(keys))
    sandbox.faults.set([])
    app.close()


@pytest.mark.timeout(240)
def test_several_workers_renew_once_and_everything_goes_out(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_DELIVERY__WORKERS", "2")
    connect(workspace, sandbox)
    at = datetime.now(UTC) + timedelta(seconds=12)
    for number in range(5):
        workspace.draft(
            f"post-{number}.fr", f"at: {at:%Y-%m-%dT%H:%M:%S}Z\nto: bice-x", f"Texte {number}."
        )
    publisher("queue")
    sandbox.store.requests.clear()
    publisher("run", "--no-web", "--until-idle")
    state = sandbox.state()
    assert sorted(post["text"] for post in state["posts"]) == [f"Texte {n}." for n in range(5)]
    assert state["requests"]["getOAuth2Token"] == 1
    assert state["requests"]["createPosts"] == 5  # none left with the old token
    assert not state["violations"]
