"""Follows a tutorial as its reader does, with the `publisher` that is on the PATH.

    python3 tests/support/tutorial.py docs/guides/tutorial.en.md

Its commands run as they stand, one block after the other; what stays open is open until the end.
At last the post is in each timeline that the page names. Only the ports are not those of the page,
which others may use. It needs nothing but Python: it also runs where nothing else is.
"""

import html
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIG_IGN, SIGINT, default_int_handler, getsignal, signal

SANDBOX, PAGES = "http://127.0.0.1:8099", "http://127.0.0.1:8080"
"""Where the page says that they are."""
_BLOCK = re.compile(r"^```sh ?(.*)\n(?s:(.*?))^```$", re.MULTILINE)
_TYPED = ("", "me", *["four voices from Geneva"] * 2)
"""What `publisher start` is answered: no approval, a name, and twice the password."""
_ASKS = (": ", "] ")
_SANDBOX_SAID = re.compile(r": (http://[\d.]+:\d+)\s")
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
    answers: Sequence[str] = _TYPED
    open: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        port = self.pages.rpartition(":")[2]
        own = {"PATH": self.programs, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return {**kept, **own, "PUBLISHER_WEB__PORT": port}

    def do(self, commands: str, *, fails: bool) -> None:
        """Run a block, and stay in the folder in which it ends."""
        done = subprocess.run(
            ["sh", "-ec", f"{commands}\npwd"], cwd=self.folder,
            env=self.environment, capture_output=True, encoding="utf-8", timeout=_PATIENCE, check=False,
        )  # fmt: skip
        if bool(done.returncode) != fails:
            raise AssertionError(f"{commands}\n{done.stdout}{done.stderr}")
        if not fails:
            self.folder = Path(done.stdout.splitlines()[-1])

    def start(self, command: str) -> None:
        """Leave a command open, as in a terminal of its own, once its questions are answered."""
        ours, its = pty.openpty()
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command} --no-browser"], start_new_session=True,
            cwd=self.folder, env=self.environment, stdin=its, stdout=its, stderr=its,
        )  # fmt: skip
        os.close(its)
        self.open.append(process)
        shown, answers = "", iter(self.answers)
        while not (said := _SANDBOX_SAID.search(shown)):
            try:
                shown += os.read(ours, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"{command}\n{shown}") from None
            if shown.endswith(_ASKS) and (answer := next(answers, None)) is not None:
                os.write(ours, f"{answer}\n".encode())
        self.sandbox = said[1]
        threading.Thread(target=_read_on, args=(ours,), daemon=True).start()

    def read(self, address: str) -> str:
        """A page as text; empty while nobody serves it."""
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return html.unescape(answer.read().decode())
        except OSError:  # also a server that is slow
            return ""

    def await_text(self, timeline: str, text: str) -> None:
        """Until the public would see it, which is once."""
        end = time.monotonic() + _PATIENCE
        while (number := self.read(f"{self.sandbox}{timeline}").count(text)) < 1:
            assert time.monotonic() < end, timeline
            time.sleep(0.2)
        assert number == 1, timeline

    def await_pages(self) -> None:
        end = time.monotonic() + _PATIENCE
        while "<form" not in self.read(f"{self.pages}/login"):
            assert time.monotonic() < end, "the pages are not served"
            time.sleep(0.2)


def _read_on(terminal: int) -> None:
    """Whoever writes to a terminal that nobody reads waits."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        os.close(terminal)


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
        reader.await_text(timeline, said)
    reader.await_pages()


@contextmanager
def reading(reader: Reader) -> Iterator[Reader]:
    """The reader ends with Ctrl-C what is still open."""
    try:
        yield reader
    finally:
        for process in reversed(reader.open):
            process.send_signal(SIGINT)
            process.wait(timeout=_PATIENCE)


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
