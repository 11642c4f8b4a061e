"""One run: real processes against the sandbox, an assault on them, and the verdict."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.base.errors import LedgerUnavailable
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.states import State
from publisher.running.supervisor import nothing_waits
from publisher.sandbox import server
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import sandbox_mode, settings
from tests.chaos import corrections, drafts, faults, real_bluesky, verdict
from tests.chaos.assault import Assault
from tests.chaos.person import Person
from tests.chaos.processes import Tree
from tests.chaos.report import Report, line
from tests.chaos.set_backs import SetBacks
from tests.chaos.verdict import End, Finding, Harm, Post
from tests.chaos.website_pages import Pages
from tests.support import postgres

DATABASES = ("sqlite", "postgresql")
_ROOT = Path(__file__).parents[2]
_TICK = 0.05  # seconds
_LEAD = 4.0  # seconds from the writing of the drafts to the first that is due
_MORE_LEAD = 3.0  # times what a machine that is busy needs to queue one draft
_QUEUED_IN_A_SECOND = 150  # drafts, by a machine that is busy
_LONGEST_REST = 2700.0  # seconds after the last kill: what is late goes out a minute apart
_ECHO = 3.0  # seconds in which a platform carries out what nobody waits for any more
_LONG = 100  # kills, from which on a run has the minutes in which accounts wait


def grace(pace: int = 1) -> timedelta:
    """How late a post may become public after its expiry.

    Five seconds from the look at the expiry to the request, the time-outs of its connection and its
    answer, and what the platform does only then.
    """
    return timedelta(seconds=5 + 2 * drafts.REQUEST_TIMEOUT * pace + faults.LATEST + 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    seed: int
    deliveries: int
    kills: int
    database: str
    """One of DATABASES."""
    set_backs: int = 0
    """How often the ledger goes back by some seconds."""
    keep: bool = False
    """Whether its folder stays also when all is well."""
    real_bluesky: bool = False
    """Whether Bluesky's own server takes the sandbox's place for its accounts."""
    pace: int = 1
    """So many times as long are deliveries and strikes apart, and time-outs: for a machine that is
    busy, where a worker would be killed before it has begun."""

    @property
    def name(self) -> str:
        bluesky = ", Bluesky's own server" if self.real_bluesky else ""
        return f"{self.database}, seed {self.seed}{bluesky}"

    @property
    def seconds(self) -> float:
        """How long the deliveries are spread over: about as long as the kills take."""
        return self.kills * 1.3 * self.pace


def play(plan: Plan) -> Report:
    """Do one run; its folder is kept when anything is wrong."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"publisher-chaos-{plan.seed}-")).resolve()
    drafts.lay_out(folder, pace=plan.pace)
    with (
        _platforms(plan, folder) as (sandbox, posts),
        _database(plan.database) as (database, url),
        server.running(sandbox) as address,
    ):
        stage = _Stage(
            plan,
            folder,
            _environment(address, url),
            lambda: [*sandbox.state()["posts"], *posts()],
            database,
        )
        assault = Assault(
            stage.tree, plan.seed, lambda: _requests(sandbox), database, pace=plan.pace
        )
        try:
            wrong = stage.play(assault)
            report = stage.report(assault, wrong, sandbox.state(), posts(), begun)
        except BaseException as error:
            error.add_note(f"What the run left is in {folder}")
            stage.write_history()
            raise
        finally:
            stage.close()
    if report.kept:
        (folder / "report.txt").write_text(f"{report}\n")
    else:
        shutil.rmtree(folder)
    return report


@contextmanager
def _platforms(plan: Plan, folder: Path) -> Iterator[tuple[Sandbox, Callable[[], Sequence[Post]]]]:
    """The sandbox with the workspace's accounts, and what gives the posts that it does not have."""
    accounts = accounts_for(settings.load(folder, {}))
    rules = faults.rules(plan.seed, with_rests=plan.kills >= _LONG)
    with ExitStack() as stack:
        posts: Callable[[], Sequence[Post]] = tuple
        if plan.real_bluesky:
            real = stack.enter_context(real_bluesky.serve(folder / "bluesky"))
            stack.enter_context(real.in_place())
            accounts, posts = real.moved(accounts), real.posts
        (folder / "secrets.toml").touch(mode=0o600)
        (folder / "secrets.toml").write_text(secrets_toml(accounts))
        yield Sandbox(accounts, SystemClock(), limited=False, faults=rules), posts


@contextmanager
def _database(kind: str) -> Iterator[tuple[postgres.Server | None, str]]:
    """A server of this run's own and its database's URL; neither for SQLite."""
    if kind == "sqlite":
        yield None, ""
        return
    with postgres.serve(durable=True) as running, running.database() as url:
        yield running, url


def _environment(address: str, database_url: str) -> dict[str, str]:
    """What the processes get: nothing that this machine says about Publisher."""
    clean = {key: os.environ[key] for key in os.environ if not key.startswith("PUBLISHER_")}
    return {
        **clean,
        "PYTHONPATH": str(_ROOT),  # they run in the workspace
        **dict.fromkeys(sandbox_mode.addresses().values(), address),
        **({"PUBLISHER_DATABASE__URL": database_url} if database_url else {}),
    }


class _Stage:
    """A workspace, its processes, and the person who looks after them."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        environment: dict[str, str],
        posts: Callable[[], Sequence[Post]],
        server: postgres.Server | None,
    ) -> None:
        self._plan, self._folder, self._environment = plan, folder, environment
        self._app = Application(settings.load(folder, environment), SystemClock())
        self._app.database.watch = self._app.watermarks  # as commands do
        self.tree = Tree(folder, environment)
        self._pages = Pages(self._app.settings.var / "site")
        self._person = Person(self._app, folder / "posts", lambda: [*posts(), *self._pages.posts()])
        self._set_backs = SetBacks(self._app.database, server, plan.seed, plan.set_backs)
        self._stopped_at = datetime.now(UTC)

    def close(self) -> None:
        self.tree.sweep()
        self._set_backs.close()
        self._app.close()

    def play(self, assault: Assault) -> list[Finding]:
        """Queue, publish under the assault, come to rest, end; what was wrong with the ending."""
        plan = self._plan
        self._command("migrate")
        drafts.write_first(self._folder, datetime.now(UTC) + timedelta(seconds=_LEAD))
        begun = time.monotonic()
        self._command("queue")
        busy = _MORE_LEAD * (time.monotonic() - begun)
        self.tree.start()
        self._until(lambda: State.PUBLISHED in self._app.queries.counts())
        lead = max(_LEAD, busy) + plan.deliveries / _QUEUED_IN_A_SECOND
        start = datetime.now(UTC) + timedelta(seconds=lead)
        count, seconds = plan.deliveries - 1, plan.seconds
        drafts.write(self._folder, plan.seed, count, start, seconds, with_corrections=True)
        self._command("queue")
        self._until(lambda: datetime.now(UTC) > start)

        def strike() -> None:
            progress = assault.kills.total() / plan.kills
            if progress < 1:
                assault.tend()
            self._set_backs.tend(progress)

        self._until(lambda: assault.kills.total() >= plan.kills and self._set_backs.over, strike)
        give_up = time.monotonic() + _LONGEST_REST
        self._until(lambda: (assault.over and self._is_at_rest()) or time.monotonic() > give_up)
        self._stopped_at = datetime.now(UTC)
        status = self.tree.stop()
        time.sleep(_ECHO)
        return self._wrong_with_the_end(status)

    def _is_at_rest(self) -> bool:
        return nothing_waits(self._app) and not self._person.is_asked

    def _until(
        self, done: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        while not done():
            self.tree.tend()
            self._person.look()
            self._pages.look()
            meanwhile()
            time.sleep(_TICK)

    def _wrong_with_the_end(self, status: int | None) -> list[Finding]:
        wrong = []
        if status is None:
            wrong.append("`publisher run` did not end when it was asked to")
        if left := self.tree.sweep():
            wrong.append(f"`publisher run` left processes behind: {left}")
        verified = self._command("log", "verify", codes=(0, 1))
        if verified.returncode:
            wrong.append(verified.stdout)
        return [Finding(Harm.UNTRUE, what) for what in wrong]

    def _command(
        self, *words: str, codes: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "publisher", *words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120 * self._plan.pace,
            check=False,
        )
        if done.returncode not in codes:
            raise RuntimeError(f"publisher {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def write_history(self) -> None:
        """Leave the whole history in the folder: a database's server goes away."""
        with suppress(LedgerUnavailable):
            lines = "\n".join(map(line, all_steps(self._app)))
            (self._folder / "history.txt").write_text(lines)

    def report(
        self,
        assault: Assault,
        wrong: Sequence[Finding],
        state: dict[str, Any],
        posts: Sequence[Post],
        begun: float,
    ) -> Report:
        """The verdict on what the ledger and the platforms have: the sandbox, and `posts`."""
        deliveries, steps = self._app.queries.deliveries(), list(all_steps(self._app))
        end = End(
            deliveries=deliveries,
            accounts=self._app.queries.accounts(),
            posts=[*state["posts"], *posts, *self._pages.posts()],
            violations=state["violations"],
            begun=first_sent(steps),
            waited=verdict.waited(steps),
            forgotten=verdict.forgotten(steps),
            now=self._stopped_at,
            grace=grace(self._plan.pace),
            held_in_vain=corrections.held_in_vain(steps, deliveries),
        )
        found = [*wrong, *verdict.findings(end)]
        if len(deliveries) != self._plan.deliveries:
            found.append(Finding(Harm.LOST, f"only {len(deliveries)} deliveries were queued"))
        keep = bool(found) or self._plan.keep
        if keep:  # what a person needs to find the cause; the database's server goes away
            (self._folder / "state.json").write_text(
                json.dumps({**state, "elsewhere": posts}, indent=1)
            )
            self.write_history()
        return Report(
            name=self._plan.name,
            seconds=time.monotonic() - begun,
            assault=assault,
            end=end,
            set_backs=self._set_backs.done,
            ends=self.tree.ends,
            findings=found,
            steps=steps,
            kept=self._folder if keep else None,
        )


def all_steps(app: Application) -> Iterator[HistoryStep]:
    """The whole history."""
    seen = 0
    while steps := app.queries.steps(seen):
        yield from steps
        seen = steps[-1].id


def _requests(sandbox: Sandbox) -> int:
    """How many requests there were to make something public."""
    return sum(sandbox.store.requests[name] for name in faults.PUBLISHING)


def first_sent(steps: Sequence[HistoryStep]) -> dict[int, datetime]:
    """When the history says that each delivery was sent for the first time."""
    begun: dict[int, datetime] = {}
    for step in steps:
        if step.event == "sending" and step.delivery is not None:
            begun.setdefault(step.delivery, step.at)
    return begun
