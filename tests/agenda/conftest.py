"""What the tests of the agenda share."""

from pathlib import Path

import pytest

from tests.support.workspaces import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
