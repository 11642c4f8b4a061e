"""A workspace and its ledger, at 08:00 UTC on the annual day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    yield app
    app.close()
