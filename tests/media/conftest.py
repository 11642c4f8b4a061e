"""What the tests of the media share."""

from pathlib import Path

import pytest

from tests.drafts.drafts import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
