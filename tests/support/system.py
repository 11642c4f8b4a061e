"""What the tests need from the machine, and what happens where it is missing."""

import os
import shutil
import socket
from pathlib import Path
from typing import NoReturn

import pytest

_ROOM = 4 << 30
"""Bytes; a container has much less there, and it is not known what else the memory is for."""


def missing(what: str, package: str) -> NoReturn:
    """Skip the test, saying why; in CI, where everything is installed, fail it."""
    missing_part(what, f"apt-get install {package}")


def missing_part(what: str, command: str) -> NoReturn:
    """As `missing`, for what another command brings."""
    message = f"{what} is not installed; `{command}` brings it"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"{message}. CI leaves no test out.")
    pytest.skip(message)


def program(name: str, *folders: str) -> Path | None:
    """A program on the PATH or in one of the folders (patterns such as `/usr/lib/x/*/bin`)."""
    if found := shutil.which(name):
        return Path(found)
    candidates = [
        path
        for pattern in folders
        for path in sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"), reverse=True)
    ]
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def memory() -> Path | None:
    """A file system in memory with room for the tests' files, which need not outlive the power."""
    folder = Path("/dev/shm")  # noqa: S108 - each takes a folder of its own in it
    try:
        room = shutil.disk_usage(folder)
    except OSError:
        return None
    return folder if room.free >= _ROOM and os.access(folder, os.W_OK) else None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
