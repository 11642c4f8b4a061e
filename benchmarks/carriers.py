"""What a post costs in a worker, in a dispatcher and at the broker, and what a process costs to
start: for scale.py, with unit_costs.py."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import burst
import redis
import requests
import unit_costs
from kombu import Connection
from unit_costs import CLOCK, Meter, Used

from publisher.app import Application
from publisher.model.models import Claim
from publisher.running.embedded_broker import EmbeddedBroker
from publisher.settings import settings

HERE = Path(__file__).parent


def start_of_a_process(accounts: int) -> dict[str, float]:
    """What reading the settings of so many accounts takes: seconds and MB; one channel, seconds."""
    code = (
        "import sys, resource, time; from pathlib import Path; from publisher import settings;"
        "from publisher.app import Application; from publisher.base.clock import SystemClock;"
        "before = resource.getrusage(0).ru_maxrss; begun = time.process_time();"
        "read = settings.load(Path(sys.argv[1]), {}); loaded = time.process_time() - begun;"
        "memory = resource.getrusage(0).ru_maxrss - before; app = Application(read, SystemClock());"
        "app.channel('a0').__enter__(); begun = time.process_time();"
        "[app.channel(f'a{n}').__enter__() for n in range(1, 201)];"
        "print(loaded, memory / 1024, (time.process_time() - begun) / 200)"
    )
    with TemporaryDirectory() as folder:
        made = unit_costs.workspace(Path(folder, "campaign"), accounts)
        done = subprocess.run(
            [sys.executable, "-c", code, made], check=True, capture_output=True, text=True
        )
    loaded, memory, channel = map(float, done.stdout.split())
    return {"settings": loaded, "megabytes": memory, "channel": channel}


@contextmanager
def platform(folder: Path, latency: float, *, tls: bool) -> Iterator[str]:
    """The stand-in; gives its address, which this process trusts."""
    arrivals = folder / "arrivals.jsonl"
    arrivals.unlink(missing_ok=True)
    command: list[Any] = [
        sys.executable, HERE / "stand_in.py", "--port", burst.PORT, "--latency", latency,
        "--arrivals", arrivals,
    ]  # fmt: skip
    if tls:
        certificate = certify(folder)
        command += ["--tls", certificate]
        trusted = folder / "trusted.pem"  # as many authorities as anywhere, and this one
        known = Path(requests.certs.where()).read_text()
        trusted.write_text(known + certificate.read_text())
        requests.adapters.DEFAULT_CA_BUNDLE_PATH = str(trusted)
    with burst.process([str(word) for word in command], {}):
        burst.wait_for(arrivals.exists)
        time.sleep(0.5)
        yield f"http{'s' if tls else ''}://127.0.0.1:{burst.PORT}"


def certify(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, and its key, in one file."""
    path = folder / "stand-in.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", "-", "-out", "-",
    ]  # fmt: skip
    path.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return path


def worker(url: str, *, tls: bool, warm: bool, posts: int) -> dict[str, float]:
    """A post in a worker, whose channel is new or warm: before its instant, at it, and after.

    Every post has a thread and an account of its own, and all are due at one instant.
    """
    rounds = 4 if warm else 1
    with TemporaryDirectory() as name, platform(Path(name), 0.6, tls=tls) as address:
        folder = unit_costs.workspace(Path(name, "campaign"), posts + 10)
        environment = {"PUBLISHER_TWITTER_API_URL": address, "PUBLISHER_DATABASE__URL": url}
        app = Application(settings.load(folder, environment), CLOCK)
        app.database.migrate()
        with ThreadPoolExecutor(posts) as hands:
            _round(app, hands, 10, "first")  # imports, connections to the database
            names = (f"{tls}-{warm}-{number}" for number in range(rounds))
            spent = [_round(app, hands, posts, name) for name in names]
        app.close()
    counted = spent[1:] if warm else spent
    before, at, after = (sum(parts) / len(counted) / posts for parts in zip(*counted, strict=True))
    return {"before": before, "at": at, "after": after}


def _round(
    app: Application, hands: ThreadPoolExecutor, posts: int, name: str
) -> tuple[float, float, float]:
    due = CLOCK.now() + timedelta(seconds=3.9 + posts / 500)
    unit_costs.queue(app, posts, due, f"{name}-{time.time_ns()}", posts)
    while CLOCK.ahead(3.8) < due:
        time.sleep(0.01)
    claims = app.dispatch.claim(CLOCK.ahead(4), CLOCK.ahead(60), posts)
    begun = time.process_time()
    done = [hands.submit(app.courier.deliver, claim) for claim in claims]
    CLOCK.sleep_until(due - timedelta(seconds=0.02))
    waiting = time.process_time()
    CLOCK.sleep_until(due + timedelta(seconds=0.55))
    sent = time.process_time()
    for one in done:
        one.result()
    return waiting - begun, sent - waiting, time.process_time() - sent


@contextmanager
def broker() -> Iterator[EmbeddedBroker]:
    """A broker, which this process's Celery uses from now on; those it starts do so meanwhile."""
    with TemporaryDirectory() as name:
        folder = unit_costs.workspace(Path(name, "campaign"), 1)
        server = EmbeddedBroker(folder / "var")
        server.start()
        places = {"PUBLISHER_WORKSPACE": str(folder), "PUBLISHER_BROKER__URL": server.url}
        os.environ |= places
        try:
            yield server
        finally:
            for variable in places:
                del os.environ[variable]
            server.stop()


def batches(server: EmbeddedBroker, many: int = 2000) -> dict[str, float]:
    """A batch of 25 at the broker, and what handing it over takes."""
    from workers.tasks import hand_over, publish  # noqa: PLC0415 - needs a broker

    client = redis.Redis.from_url(server.url)

    def counted() -> tuple[float, ...]:
        told = client.info()
        through = told["total_net_input_bytes"] + told["total_net_output_bytes"]
        used = unit_costs.of_process(server.pid or 0)
        memory, commands = told["used_memory"], told["total_commands_processed"]
        return through, commands, used, memory, time.process_time()

    batch = [Claim(delivery=9_000_000 + number, version=4) for number in range(25)]
    hand_over(publish, batch)
    begun = counted()
    for _ in range(many):
        hand_over(publish, batch)
    waiting = counted()
    with Connection(server.url) as connection, connection.SimpleQueue("publisher") as queue:
        for _ in range(many):
            queue.get(timeout=5).ack()
    ended = counted()
    through, commands, used = ((ended[n] - begun[n]) / many for n in range(3))
    memory, own = ((waiting[n] - begun[n]) / many for n in (3, 4))
    return {
        "bytes": through, "commands": commands, "broker": used, "memory": memory, "hand over": own,
    }  # fmt: skip


def ticks(app: Application, due: int) -> dict[str, float]:
    """A dispatcher's ticks while nothing is due, and while so many are, of which each finds 1,000."""
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    dispatcher, meter = Dispatcher(app), Meter(app.database)
    busy, idle = Used(), Used()
    dispatcher.tick()  # warms up
    with meter.into(idle):
        for _ in range(200):
            dispatcher.tick()
    unit_costs.queue(app, due, CLOCK.now(), "ticks", due)
    unit_costs.analyse(app.database)
    handed = dispatcher.tick()
    with meter.into(busy):
        for _ in range(due // 1000 - 1):
            handed += dispatcher.tick()
    if handed != due:
        raise SystemExit(f"{handed} of {due} were due")
    counted = due - 1000
    return {
        "tick, each delivery": busy.client / counted, "tick, each delivery, server": busy.server / counted,
        "idle tick": idle.client / 200, "idle tick, server": idle.server / 200,
    }  # fmt: skip
