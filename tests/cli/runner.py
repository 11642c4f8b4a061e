"""Runs commands in this process, through the same `main` as the console script."""

import io
import json
import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from publisher.base import i18n
from publisher.cli import app, main

SCRIPT = Path(sys.executable).with_name("publisher")
"""The installed console script."""


@dataclass(frozen=True)
class Result:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


_command = app.command


@cache
def _built(_language: str) -> object:
    """The command line in a language, built once: to build it takes longer than most commands."""
    return _command()


class Cli:
    """Call it with a command line; `stdin` is what is piped into it."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Result:
        self._capsys.readouterr()
        self._monkeypatch.setattr(app, "command", lambda: _built(i18n.current()))
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        return Result(code, out, err)


def run_script(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The real console script in a process of its own, without this machine's settings."""
    return subprocess.run(
        [SCRIPT, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def at_terminal(
    *arguments: str, folder: Path, typed: str = "", environment: dict[str, str] | None = None
) -> Result:
    """The real script for somebody at a terminal of 80 columns who types; all it shows is `out`."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *arguments],
        cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1", **(environment or {})},
    )  # fmt: skip
    os.close(terminal)
    os.write(controller, typed.encode())
    shown = b""
    try:
        while chunk := os.read(controller, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(controller)
    text = shown.decode().replace("\r\n", "\n")
    return Result(process.wait(timeout=60), text, text)


def shown_at_terminal(*arguments: str, monkeypatch: pytest.MonkeyPatch, typed: str = "") -> str:
    """The same in this process, which has imported everything: a tenth of the time."""
    controller, terminal = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the other end is closed
            while chunk := os.read(controller, 4096):
                shown.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    os.write(controller, typed.encode())
    with monkeypatch.context() as patch:
        for name, value in {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}.items():
            patch.setenv(name, value)
        streams = {name: os.fdopen(os.dup(terminal), mode, encoding="utf-8")
                   for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))}  # fmt: skip
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        main(list(arguments))
        for stream in streams.values():
            stream.close()
    os.close(terminal)
    reader.join()
    os.close(controller)
    return b"".join(shown).decode().replace("\r\n", "\n")
