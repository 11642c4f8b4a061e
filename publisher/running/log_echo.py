"""Log echo: shows the warnings of the child processes in the output of `publisher run`.

Their logs are files that people open only when they know of a problem. This follows the warnings
and errors in them; each is shown once a minute.
"""

import ast
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_ONCE_IN = 60.0  # seconds between two equal lines
_MOST = 20  # lines in a minute, of all processes together
_READ = 65536  # bytes at a time; more is skipped
_QUOTED = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""  # as `repr` writes a text
_LINE = re.compile(rf"level='(?:warning|error|critical)' event={_QUOTED}")
_HINT = re.compile(rf" hint={_QUOTED}")
_OWN = re.compile(r"level='\w+' event=")
"""A line of Publisher."""
_CELERY = re.compile(r"\[[^\]]*: (?:WARNING|ERROR|CRITICAL)/[^\]]*\] (?P<event>.*)")


class Echo:
    """Follows the logs, and shows new warnings."""

    def __init__(self, logs: Mapping[str, Path], say: Callable[[str], None]) -> None:
        """`logs`: by the name of the process. Old lines in them are not shown."""
        self._logs = logs
        self._say = say
        self._read = {name: _size(path) for name, path in logs.items()}
        self._shown: dict[str, float] = {}

    def look(self) -> None:
        """Show new warnings. Call it in a loop."""
        for name, path in self._logs.items():
            size = _size(path)
            if size < self._read[name]:
                self._read[name] = 0  # it was rotated
            if size == self._read[name]:
                continue
            begin = max(self._read[name], size - _READ)
            self._read[name] = size
            for line in _lines(path, begin, size):
                self._show(name, line)

    def _show(self, name: str, line: str) -> None:
        text = _warning(line)
        if text is None:
            return
        now = time.monotonic()
        self._shown = {said: at for said, at in self._shown.items() if now - at < _ONCE_IN}
        if text in self._shown or len(self._shown) >= _MOST:
            return
        self._shown[text] = now
        self._say(f"{name}: {text}")


def _warning(line: str) -> str | None:
    """The warning in a line of a log; None for any other line."""
    if found := _LINE.search(line):
        hint = _HINT.search(line)
        parts = [ast.literal_eval(one[1]) for one in (found, hint) if one]
        return " ".join(" ".join(parts).split())
    if _OWN.search(line):
        return None
    found = _CELERY.match(line)
    return found["event"] if found else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _lines(path: Path, begin: int, end: int) -> list[str]:
    try:
        with path.open("rb") as log:
            log.seek(begin)
            return log.read(end - begin).decode(errors="replace").splitlines()
    except OSError:
        return []
