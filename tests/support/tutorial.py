"""Follows a tutorial as its reader does, with the `publisher` that is on the PATH.

    python3 tests/support/tutorial.py docs/guides/tutorial.en.md

Its commands run as they stand, one block after the other; what stays open is open until the end.
At last the post is in each timeline that the page names. Only the ports are not those of the page,
which others may use. It needs nothing but Python: it also runs where nothing else is.
"""

import html
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIG_IGN, SIGINT, default_int_handler, getsignal, signal
from urllib.error import URLError

SANDBOX, PAGES = "http://127.0.0.1:8099", "http://127.0.0.1:8080"
"""Where the page says that they are."""
_BLOCK = re.compile(r"^```sh ?(.*)\n(?s:(.*?))^```$", re.MULTILINE)
_TYPED = "four voices from Geneva\n"
"""The password."""
_PATIENCE = 120  # seconds


@dataclass
class Reader:
    """A person at a terminal, without the settings of this machine."""

    folder: Path
    programs: str
    """The PATH."""
    pages: str
    """The address of the pages, with a port that is free."""
    sandbox: str = ""
    """The address of the sandbox, once it runs."""
    open: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        port = self.pages.rpartition(":")[2]
        own = {"PATH": self.programs, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return {**kept, **own, "PUBLISHER_WEB__PORT": port}

    def do(self, commands: str, *, fails: bool) -> None:
        """Run a block, and stay in the folder in which it ends."""
        done = subprocess.run(
            ["sh", "-ec", f"{commands}\npwd"], input=_TYPED, cwd=self.folder,
            env=self.environment, capture_output=True, encoding="utf-8", timeout=_PATIENCE, check=False,
        )  # fmt: skip
        if bool(done.returncode) != fails:
            raise AssertionError(f"{commands}\n{done.stdout}{done.stderr}")
        if not fails:
            self.folder = Path(done.stdout.splitlines()[-1])

    def start(self, command: str) -> None:
        """Leave a command open, as in a terminal of its own."""
        is_sandbox = command.split() == ["publisher", "sandbox"]
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command}{' --port 0' * is_sandbox}"],
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        self.open.append(process)
        if is_sandbox:
            assert process.stdout
            (self.sandbox,) = re.findall(r"http://[\d.:]+\d", process.stdout.readline())

    def read(self, address: str) -> str:
        """A page as text; empty while nobody serves it."""
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return html.unescape(answer.read().decode())
        except URLError:
            return ""


def follow(text: str, reader: Reader) -> None:
    """Do all that the tutorial says. Raises AssertionError where it ends otherwise."""
    (said,) = re.findall(r'^echo "(.+) #\w+" >>', text, re.MULTILINE)
    timelines = re.findall(rf"<{SANDBOX}(/\w+)>", text)
    assert len(timelines) == 3
    assert f"<{PAGES}>" in text
    for kind, commands in _BLOCK.findall(text):
        if kind == "stays":
            reader.start(commands.strip())
        else:
            reader.do(commands, fails=kind == "fails")
    for timeline in timelines:
        assert reader.read(f"{reader.sandbox}{timeline}").count(said) == 1, timeline
    end = time.monotonic() + _PATIENCE
    while "<form" not in reader.read(f"{reader.pages}/login"):
        assert time.monotonic() < end, "the pages are not served"
        time.sleep(0.2)


@contextmanager
def reading(reader: Reader) -> Iterator[Reader]:
    """The reader ends with Ctrl-C what is still open."""
    try:
        yield reader
    finally:
        for process in reversed(reader.open):
            process.send_signal(SIGINT)
            process.communicate(timeout=_PATIENCE)


def main(tutorials: list[str]) -> int:
    """Follow each tutorial, in a fresh folder."""
    if getsignal(SIGINT) is SIG_IGN:  # as a shell lets what it starts in the background
        signal(SIGINT, default_int_handler)
    for tutorial in tutorials:
        with tempfile.TemporaryDirectory() as folder:
            address = f"http://127.0.0.1:{_free_port()}"
            with reading(Reader(Path(folder), os.environ["PATH"], address)) as reader:
                follow(Path(tutorial).read_text(encoding="utf-8"), reader)
        sys.stdout.write(f"{tutorial}: its posts are in the timelines.\n")
    return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
