"""Drafts that are written by hand, and commands on a full disk."""

import resource
import subprocess
import sys
from pathlib import Path


def write_draft(workspace: Path, text: str, name: str = "a.fr.md") -> Path:
    path = workspace / "posts" / name
    path.write_text(text, encoding="utf-8")
    return path


def on_a_full_disk(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command for which no file can grow; in a process of its own, whose output is a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "publisher", *words],
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
