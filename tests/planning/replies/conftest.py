"""A workspace with a reader's comment below a published post."""

from pathlib import Path

import pytest

from publisher.app import Application
from tests.planning.replies.comments import write
from tests.support.queueing import NOON, finish, queue
from tests.support.workspaces import SETTINGS, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, f'{SETTINGS}[accounts.bice-fedi]\nchannel = "mastodon"\n')


@pytest.fixture
def comment(app: Application, workspace: Workspace) -> int:
    """A reader's comment below a post that is out on X."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Une journée à Genève.")
    queue(app)
    finish(app, "a.fr")
    return write(app)
