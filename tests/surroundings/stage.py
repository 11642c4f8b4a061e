"""A workspace, the stand-in platforms, and `publisher run` as a process that gets into trouble."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.app import Application
from publisher.base.clock import Clock, SystemClock
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.rehearsal import website
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import load
from tests.chaos.verdict import End, findings
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace

SETTINGS = """\
[delivery]
settle = "2s"
[accounts.bice-x]
channel = "twitter"
[accounts.bice-page]
channel = "facebook"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
"""
SESSION = "name: A session\ntimezone: UTC\ndefaults: {to: [bice-x], lang: en, expires: 4h}\n"
PATIENCE = 60.0  # seconds
_GRACE = timedelta(seconds=30)  # from the look at the expiry until a platform has carried it out
_KINDS = {b"workers.dispatcher": "dispatcher", b"celery": "worker", b"valkey-server": "broker", b"redis-server": "broker"}  # fmt: skip


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    wait_for(condition, seconds)


def fill_disk(pid: int, size: int = 0) -> None:
    """Let no file of this process grow beyond `size` bytes: to it, the disk is full."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def make_room(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Run:
    """`publisher run` and its children."""

    def __init__(self, process: subprocess.Popen[bytes], screen: Path) -> None:
        self.process = process
        self._screen = screen

    @property
    def screen(self) -> str:
        """What it has printed so far."""
        return self._screen.read_text(encoding="utf-8", errors="replace")

    def children(self) -> dict[str, int]:
        """The process ids of `dispatcher`, `worker` and `broker`, as far as they run."""
        found: dict[str, int] = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = (process / "stat").read_bytes().rpartition(b")")[2].split()[1]
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if int(parent) == self.process.pid:
                found |= {
                    kind: int(process.name) for word, kind in _KINDS.items() if word in command
                }
        return found

    def end(self, number: signal.Signals = signal.SIGTERM, code: int = 0) -> None:
        """Ask it to end; it must, with this exit code."""
        self.process.send_signal(number)
        assert self.process.wait(timeout=PATIENCE) == code, self.screen
        assert not self.children()


class Stage:
    """What the tests of one workspace share."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.folder = folder
        self.var = folder / "var"
        self.workspace = Workspace(folder, settings=SETTINGS, session=SESSION)
        accounts = accounts_for(load(folder, {}))
        self.workspace.write("secrets.toml", secrets_toml(accounts)).chmod(0o600)
        self.clock = clock or SystemClock()
        self.sandbox = Sandbox(accounts, self.clock)
        self.environment: dict[str, str] = {}
        self._runs = 0

    @contextmanager
    def serving(self) -> Iterator["Stage"]:
        """With the platforms at work."""
        with running(self.sandbox) as address:
            self.environment = {
                "PUBLISHER_TWITTER_API_URL": address,
                "PUBLISHER_FACEBOOK_GRAPH_URL": address,
            }
            yield self

    def answer_slowly(self, **seconds: float) -> None:
        """Let the answers to these operations of the platforms take so long."""
        self.sandbox.faults.set(
            [Fault(what=What.SLOW, endpoint=name, seconds=long) for name, long in seconds.items()]
        )

    def draft(
        self, name: str, due_in: float, *, to: str = "bice-x", text: str = "", more: str = ""
    ) -> None:
        """A draft that is due in so many seconds, or up to one more: drafts know whole seconds."""
        at = self.clock.now() + timedelta(seconds=due_in + 1)
        matter = f"at: {at:%Y-%m-%dT%H:%M:%SZ}\nto: [{to}]\n{more}".rstrip()
        self.workspace.draft(name, matter, text or f"This is {name}.")

    @contextmanager
    def app(self) -> Iterator[Application]:
        """The workspace in this process."""
        application = Application(load(self.folder, self.environment), self.clock)
        try:
            yield application
        finally:
            application.close()

    def queue(self) -> None:
        with self.app() as app:
            app.database.migrate()
            plan = app.planner.queue(actor="tests")
        assert not plan.errors

    def deliveries(self) -> list[Delivery]:
        with self.app() as app:
            return app.queries.deliveries()

    def steps(self) -> list[HistoryStep]:
        """The whole history."""
        with self.app() as app:
            found: list[HistoryStep] = []
            while steps := app.queries.steps(found[-1].id if found else 0):
                found += steps
            return found

    def has_published(self, *posts: str) -> Callable[[], bool]:
        """Whether each of them is published."""
        return lambda: set(posts) <= {d.post for d in self.deliveries() if d.state == "published"}

    def has_sent(self, text: str) -> Callable[[], bool]:
        """Whether the platform has it, whatever the ledger knows."""
        return lambda: (
            text in {post["text"] for post in self.sandbox.state()["posts"] if post["published"]}
        )

    def command(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "publisher", "--workspace", str(self.folder), *words],
            env={**os.environ, **self.environment}, capture_output=True, text=True, check=False,
            timeout=2 * PATIENCE, **more,
        )  # fmt: skip

    @contextmanager
    def run(self, **more: Any) -> Iterator[Run]:
        """`publisher run`, once a first post has gone through all of it; killed if not ended.

        `more` are options of Popen's.
        """
        with self.started(**more) as run:
            first = f"first-{self._runs}"
            self.draft(first, 0, to="bice-page")
            self.queue()
            until(lambda: run.process.poll() is not None or self.has_published(first)())
            yield run

    @contextmanager
    def started(self, **more: Any) -> Iterator[Run]:
        """`publisher run` as soon as its process is there; killed if not ended."""
        self._runs += 1
        screen = self.folder / f"screen-{self._runs}.txt"
        with screen.open("wb") as output:
            options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
            process = subprocess.Popen(
                [sys.executable, "-m", "publisher", "--workspace", str(self.folder), "run", "--no-web"],
                env={**os.environ, **self.environment}, **{**options, **more},
            )  # fmt: skip
        try:
            yield Run(process, screen)
        finally:
            process.kill()
            process.wait()

    def log(self, name: str) -> str:
        path = self.var / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def look_at(self, *, dates_of: Collection[str] = ()) -> None:
        """Nothing is lost, doubled or early, the log is true, and nobody saw a traceback.

        `dates_of`: posts during whose request the clock was set, so that their dates tell nothing.
        """
        state = self.sandbox.state()
        begun: dict[int, datetime] = {}
        for step in self.steps():
            if step.event == "sending" and step.delivery is not None:
                begun.setdefault(step.delivery, step.at)
        with self.app() as app:
            end = End(
                deliveries=app.queries.deliveries(), accounts=app.queries.accounts(),
                posts=[*state["posts"], *self._pages()], violations=state["violations"],
                begun=begun, now=self.clock.now(), grace=_GRACE,
            )  # fmt: skip
            assert not app.audit.verify().breaks
        assert [f for f in findings(end) if not ("out at" in f.what and f.post in dates_of)] == []
        for path in [*self.folder.glob("screen-*.txt"), *self.var.glob("log/*.log")]:
            text = path.read_text(errors="replace")
            assert "Traceback" not in text, f"{path.name}:\n{text}"

    def _pages(self) -> Iterator[dict[str, Any]]:
        root = self.var / "site"
        for post in website.posts(root):
            page = root / post["account"] / "posts" / f"{post['id']}.html"
            yield {
                **post,
                "published_at": datetime.fromtimestamp(page.stat().st_mtime, UTC).isoformat(),
            }
