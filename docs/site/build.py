"""Builds the help pages out of docs/: a static site, which searches itself and needs no server.

    python docs/site/build.py FOLDER

The same sources give the same bytes. What Sphinx warns of ends it: a link that leads nowhere, a
page that docs/README.md does not list.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main(folder: Path) -> int:
    """Build the pages in place of what is in the folder; returns the exit code."""
    with tempfile.TemporaryDirectory() as made:
        site = Path(made) / "site"
        options = ["--quiet", "--fail-on-warning", "--doctree-dir", f"{made}/parsed"]
        sphinx = [sys.executable, "-m", "sphinx", *options]
        command = [*sphinx, "--conf-dir", str(HERE), str(HERE.parent), str(site)]
        code = subprocess.run(command, check=False).returncode
        if code == 0:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(site, folder)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
