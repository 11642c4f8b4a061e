"""A browser for pages that lie in files."""

from pathlib import Path

import pytest

from tests.support.browser import Browser


@pytest.fixture
def browser(chromium: Path, tmp_path: Path) -> Browser:
    return Browser(chromium, tmp_path / "profile")
