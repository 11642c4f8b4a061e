"""What the tests of the workers share: their application, imported as in a process of its own."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from publisher.app import Application
from tests.support.workspaces import Workspace


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module `workers.app`, which has some broker."""
    Workspace(tmp_path)
    Application.open_or_make(tmp_path).close()
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    module: Any = import_module("workers.app")
    yield module
    module.publisher().close()
