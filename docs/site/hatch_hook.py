"""Builds the help into each wheel; not for an editable installation, whose pages `make` builds."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class HelpPages(BuildHookInterface[Any]):
    """Runs docs/site/build.py, beside the sources: others may be at work in them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._made = TemporaryDirectory()
        folder = Path(self._made.name) / "help"
        script = Path(self.root) / "docs/site/build.py"
        subprocess.run([sys.executable, str(script), str(folder)], check=True)
        build_data["force_include"][str(folder)] = "publisher/web/help"

    def finalize(self, version: str, _build_data: dict[str, Any], _artifact: str) -> None:
        if version != "editable":
            self._made.cleanup()
