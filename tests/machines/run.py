"""One run: hosts, cuts, and the verdict."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.running.supervisor import nothing_waits
from publisher.sandbox import server
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.chaos import drafts, run, verdict
from tests.chaos.report import line
from tests.chaos.verdict import ENDED, End, Finding, Harm
from tests.machines import brokers, certificate, hosts, network
from tests.machines.hosts import WorkerHost
from tests.machines.network import Network
from tests.machines.report import Report
from tests.support import postgres

WORKER_HOSTS = ("worker1", "worker2")
CUT_OFF = WORKER_HOSTS[0]
ADDRESSES = {
    name: f"10.77.0.{number}"
    for number, name in enumerate(
        ("person", "ledger", "platform", *brokers.HOSTS, *WORKER_HOSTS), 10
    )
}
_ACCOUNTS = {channel: drafts.ACCOUNTS[channel] for channel in ("twitter", "facebook")}
_KINDS = {
    kind: share
    for kind, share in drafts.KINDS.items()
    if kind.partition(" ")[0] in ("twitter", "facebook")
}
_ROOT = Path(__file__).parents[2]
_TICK = 0.05  # seconds
_LEAD = 20.0  # seconds from the writing of the drafts to the first that is due
_QUEUED_IN_A_SECOND = 100  # drafts, by a machine that is busy
_LONGEST_REST = 240.0  # seconds
_ECHO = 3.0  # seconds in which a platform carries out what nobody waits for any more
_LONGEST_LULL = 10.0  # seconds
_LONGEST_CHOICE = 90.0  # seconds: a Sentinel on a busy machine distrusts its clock for thirty
_SLOW = 0.8  # seconds: somebody waits for an answer when the cable is pulled
_CREATING = ("createPosts", "mediaUpload", "createFeedPost", "createPhoto", "updatePost")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; instants are seconds from the first post on."""

    seed: int
    deliveries: int = 300
    seconds: float = 100.0
    """How long they are spread over."""
    cut: tuple[float, float] = (10.0, 50.0)
    """When the cable of a worker host is pulled, and when it is plugged in: longer than leases."""
    failover: tuple[float, float] = (64.0, 84.0)
    """The same for the broker that is the primary then, which stands still meanwhile; it is away
    for longer where the Sentinels take longer to choose another.
    """
    aimed: bool = True
    """Whether the cable is pulled when a request of that host is on its way; otherwise when none
    is, so that nobody has to wait for a doubt to settle.
    """
    keep: bool = False
    """Whether its folder stays also when all is well."""

    def shortened(self) -> "Plan":
        """A minute of it, for every day: both cuts at one time."""
        return replace(
            self, deliveries=self.deliveries // 10, seconds=20.0, cut=(2.0, 24.0),
            failover=(5.0, 17.0), aimed=False,
        )  # fmt: skip


def play(plan: Plan) -> Report:
    """Do one run; its folder is kept when anything is wrong."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"publisher-machines-{plan.seed}-")).resolve()
    with ExitStack() as stack:
        try:
            report = _Stage(plan, folder, stack).play(begun)
        except BaseException as error:
            error.add_note(f"What the run left is in {folder}")
            raise
    if report.findings or plan.keep:
        (folder / "report.txt").write_text(f"{report}\n")
        report.kept = folder
    else:
        shutil.rmtree(folder)
    return report


class _Stage:
    """All hosts; this process is the person, who queues, and all that answers as a platform."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self._plan, self._folder, self._stack = plan, folder, stack
        self._workspace = folder / "person"
        self._network: Network = stack.enter_context(network.lay_out(ADDRESSES, brokers.HOSTS))
        stack.enter_context(self._network.inside("person"))
        drafts.lay_out(self._workspace, _ACCOUNTS)
        self._certificate = certificate.write(folder / "ca.pem", ADDRESSES.values())
        self._brokers = stack.enter_context(brokers.serve(self._network, folder, self._certificate))
        self._sandbox, address = self._platform()
        self._environment = {
            **hosts.clean_environment(),
            "PYTHONPATH": str(_ROOT),  # they run in their own folders
            "PUBLISHER_TWITTER_API_URL": address,
            "PUBLISHER_FACEBOOK_GRAPH_URL": address,
            "PUBLISHER_DATABASE__URL": self._database(),
            "PUBLISHER_BROKER__URL": self._brokers.url(self._certificate),
        }
        self._command("migrate")
        self._app = Application(settings.load(self._workspace, self._environment), SystemClock())
        stack.callback(self._app.close)
        self._note_hosts()
        self._workers: Sequence[WorkerHost] = stack.enter_context(
            hosts.all_of(
                self._network, WORKER_HOSTS, self._workspace, self._environment, self._certificate
            )
        )
        self._wrong: list[str] = []
        self._cut_at = self._away = 0.0
        self._pulled_at = 0.0

    def _platform(self) -> tuple[Sandbox, str]:
        accounts = accounts_for(settings.load(self._workspace, {}))
        secrets = self._workspace / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(secrets_toml(accounts))
        slow = [
            Fault(endpoint=endpoint, probability=0.5, seed=number, what=What.SLOW, seconds=_SLOW)
            for number, endpoint in enumerate(_CREATING, self._plan.seed)
        ]
        sandbox = Sandbox(accounts, SystemClock(), limited=False, faults=slow)
        with self._network.inside("platform"):
            host = self._network.addresses["platform"]
            running = server.running(sandbox, host=host, certificate=self._certificate)
            return sandbox, self._stack.enter_context(running)

    def _database(self) -> str:
        with self._network.inside("ledger"):
            host = self._network.addresses["ledger"]
            running = self._stack.enter_context(
                postgres.serve(durable=True, host=host, certificate=self._certificate)
            )
        return self._stack.enter_context(running.database())

    def _note_hosts(self) -> None:
        """Let the database write down from which host each step of the history came."""
        with self._app.database.write() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE history ADD COLUMN host text DEFAULT host(inet_client_addr())"
            )

    def play(self, begun: float) -> Report:
        plan = self._plan
        listeners = len(self._workers) * hosts.WORKERS
        self._until(lambda: self._brokers.listeners() >= listeners)
        first = datetime.now(UTC) + timedelta(seconds=_LEAD + plan.deliveries / _QUEUED_IN_A_SECOND)
        drafts.write(self._workspace, plan.seed, plan.deliveries, first, plan.seconds, _KINDS)
        self._command("queue")
        if datetime.now(UTC) > first:
            raise RuntimeError("Queueing took longer than until the first post.")
        for after, act in self._acts():
            self._until_instant(first + timedelta(seconds=after))
            act()
        self._until_instant(first + timedelta(seconds=plan.seconds))
        give_up = time.monotonic() + _LONGEST_REST
        self._until(lambda: nothing_waits(self._app) or time.monotonic() > give_up)
        stopped_at = datetime.now(UTC)
        for host in self._workers:
            host.ask_to_end()
        for host in self._workers:
            self._wrong += host.wait()
        time.sleep(_ECHO)
        verified = self._command("log", "verify", codes=(0, 1))
        if verified.returncode:
            self._wrong.append(verified.stdout)
        return self._report(stopped_at, begun)

    def _acts(self) -> list[tuple[float, Callable[[], None]]]:
        off, on = self._plan.cut
        away, back = self._plan.failover
        acts: list[tuple[float, Callable[[], None]]] = [
            (off, self._pull),
            (on, lambda: self._plug_in_after(on - off)),
            (away, self._cut_the_broker),
            (back, self._bring_the_broker_back),
        ]
        return sorted(acts, key=lambda act: act[0])

    def _pull(self) -> None:
        """Pull the cable at the moment that is planned; if it does not come, all the same."""
        give_up = time.monotonic() + _LONGEST_LULL
        self._until(
            lambda: (self._is_sending(CUT_OFF) is self._plan.aimed) or time.monotonic() > give_up
        )
        self._network.pull(CUT_OFF)
        self._pulled_at = time.monotonic()

    def _plug_in_after(self, seconds: float) -> None:
        self._until(lambda: time.monotonic() > self._pulled_at + seconds)
        self._network.plug_in(CUT_OFF)

    def _is_sending(self, host: str) -> bool:
        with self._app.database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT 1 FROM history WHERE event = 'sending' AND host = %s AND NOT EXISTS"
                " (SELECT 1 FROM history later"
                " WHERE later.delivery = history.delivery AND later.seq > history.seq)",
                (self._network.addresses[host],),
            )
            return found.first() is not None

    def _cut_the_broker(self) -> None:
        self._brokers.cut(brokers.HOSTS[0])
        self._cut_at = time.monotonic()

    def _bring_the_broker_back(self) -> None:
        give_up = time.monotonic() + _LONGEST_CHOICE
        self._until(
            lambda: self._brokers.primary() != brokers.HOSTS[0] or time.monotonic() > give_up
        )
        if self._brokers.primary() == brokers.HOSTS[0]:
            self._wrong.append("the Sentinels chose no other primary")
        self._away = time.monotonic() - self._cut_at
        self._brokers.bring_back(brokers.HOSTS[0])

    def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            for host in self._workers:
                if ended := list(host.ended()):
                    raise RuntimeError(", ".join(ended))
            time.sleep(_TICK)

    def _until_instant(self, instant: datetime) -> None:
        self._until(lambda: datetime.now(UTC) >= instant)

    def _command(
        self, *words: str, codes: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*hosts.trusting(self._certificate), "publisher", *words], cwd=self._workspace,
            env=self._environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode not in codes:
            raise RuntimeError(f"publisher {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def _report(self, stopped_at: datetime, begun: float) -> Report:
        deliveries, steps = self._app.queries.deliveries(), list(run.all_steps(self._app))
        state: dict[str, Any] = self._sandbox.state()
        end = End(
            deliveries=deliveries,
            accounts=self._app.queries.accounts(),
            posts=state["posts"],
            violations=state["violations"],
            begun=run.first_sent(steps),
            now=stopped_at,
            grace=run.grace(),
        )
        (self._folder / "state.json").write_text(json.dumps(state, indent=1))
        (self._folder / "history.txt").write_text("\n".join(map(line, steps)))
        return Report(
            seed=self._plan.seed,
            seconds=time.monotonic() - begun,
            end=end,
            steps=steps,
            in_hand=self._ever_in_hand_of(CUT_OFF),
            cuts={CUT_OFF: self._plan.cut, "the primary broker": (0.0, round(self._away))},
            findings=[*self._findings(end)],
        )

    def _findings(self, end: End) -> Iterator[Finding]:
        yield from (Finding(Harm.UNTRUE, what) for what in self._wrong)
        yield from verdict.findings(end)
        if len(end.deliveries) != self._plan.deliveries:
            yield Finding(Harm.LOST, f"only {len(end.deliveries)} deliveries were queued")
        for delivery in end.deliveries:
            if delivery.state not in ENDED:
                what = f"it has not ended: {delivery.state}"
                yield Finding(Harm.LOST, what, delivery.post, delivery.account)

    def _ever_in_hand_of(self, host: str) -> frozenset[int]:
        """The deliveries that this host claimed or took, by their ids."""
        with self._app.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT DISTINCT delivery FROM history WHERE host = %s AND delivery IS NOT NULL",
                (self._network.addresses[host],),
            )
            return frozenset(row[0] for row in rows)
