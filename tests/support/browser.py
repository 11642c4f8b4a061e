"""A real browser that opens a file: what it complains about, and what it shows."""

import re
import subprocess
from pathlib import Path

from PIL import Image

_CONSOLE = re.compile(r":(?:INFO|WARNING|ERROR):CONSOLE\S* (.*)")


class Browser:
    """Debian's Chromium, without a screen; `profile` is a folder of the test's own."""

    def __init__(self, program: Path, profile: Path) -> None:
        self._program = program
        self._profile = profile

    def complaints(self, page: Path) -> list[str]:
        """What the console shows: errors, and all that the page's own policy stopped."""
        done = self._run("--enable-logging=stderr", "--dump-dom", page.as_uri())
        assert "</html>" in done.stdout
        return _CONSOLE.findall(done.stderr)

    def screenshot(
        self, page: Path, target: Path, width: int = 1000, height: int = 800
    ) -> Image.Image:
        self._run(f"--window-size={width},{height}", f"--screenshot={target}", page.as_uri())
        with Image.open(target) as image:
            return image.convert("RGB")

    def print(self, page: Path, target: Path) -> bytes:
        """The page as PDF."""
        self._run("--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
        return target.read_bytes()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={self._profile}", *arguments],
            capture_output=True, text=True, timeout=90, check=True,
        )  # fmt: skip
