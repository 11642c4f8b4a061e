"""Builds the help into each wheel; not for an editable installation, whose pages `make` builds."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SCRIPT, _FOLDER = "docs/site/build.py", "publisher/web/help"


class HelpPages(BuildHookInterface[Any]):
    """Runs docs/site/build.py before the files of the wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version != "editable":
            script, folder = (f"{self.root}/{name}" for name in (_SCRIPT, _FOLDER))
            subprocess.run([sys.executable, script, folder], check=True)
