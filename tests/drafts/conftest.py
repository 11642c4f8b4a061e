"""What the tests of the content share; see `drafts.py`."""

from pathlib import Path

import pytest

from tests.drafts.drafts import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
