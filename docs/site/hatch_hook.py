"""Builds the help into each wheel; not for an editable installation, whose pages `make` builds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class HelpPages(BuildHookInterface[Any]):
    """Runs docs/site/build.py before the files of the wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version != "editable":
            root = Path(self.root)
            command = [sys.executable, root / "docs/site/build.py", root / "publisher/web/help"]
            subprocess.run(command, check=True)
