"""A broker that is there and does not take what it is given."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from publisher.monitoring import broker
from publisher.running import embedded_broker
from tests.support import system
from tests.surroundings.stage import Run, Stage, until

PASSWORD = "hunter2-hunter2"
_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
"""


@dataclass
class Server:
    """A broker of somebody else's, and a client that may do everything there."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str

    def tell(self, *words: str) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.execute_command(*words)

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def lose_its_disk(self) -> None:
        """Where its dump should go there is a folder: it cannot save, and so takes nothing."""
        (self.folder / "dump.rdb").mkdir(exist_ok=True)
        with redis.Redis.from_url(self.url) as client:
            client.config_set("save", "3600 100000")
            client.bgsave()
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("broker"), system.free_port()
    configuration = _CONFIGURATION.format(port=port, password=PASSWORD, folder=folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [embedded_broker.find_server(), "-"], cwd=folder, stdin=subprocess.PIPE, stdout=log
        )
    assert process.stdin
    process.stdin.write(configuration.encode())
    process.stdin.close()
    url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    until(lambda: broker.reachable(url, 0.5))
    yield Server(process, folder, url)
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def stage(stage: Stage, server: Server) -> Stage:
    stage.environment["PUBLISHER_BROKER__URL"] = server.url
    stage.environment["PUBLISHER_DATABASE__URL"] = f"sqlite:///{stage.folder}/var/publisher.db"
    return stage


Trouble = Callable[[Server], None]
TROUBLES: dict[str, tuple[Trouble, Trouble, str]] = {
    "full": (
        lambda server: server.tell("CONFIG", "SET", "maxmemory", "1"),
        lambda server: server.tell("CONFIG", "SET", "maxmemory", "0"),
        "Raise its maxmemory",
    ),
    "not-permitted": (
        lambda server: server.tell("ACL", "SETUSER", "default", "-@list", "-@set"),
        lambda server: server.tell("ACL", "SETUSER", "default", "+@all"),
        "Give the user of [broker] url all commands and keys",
    ),
    "without-its-disk": (
        Server.lose_its_disk,
        lambda server: server.tell("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"),
        "If its disk is full, make room on it",
    ),
    "frozen": (Server.freeze, Server.thaw, "Check [broker] url"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_broker_that_refuses_delays_and_says_why(
    stage: Stage, server: Server, run: Run, trouble: str
) -> None:
    """Also a worker that is started meanwhile waits, and all goes on when the broker does."""
    begin, end, remedy = TROUBLES[trouble]
    begin(server)
    stage.draft(trouble, 0)
    stage.queue()
    if trouble == "not-permitted":
        os.kill(run.children()["worker"], signal.SIGKILL)
    until(lambda: remedy in stage.log("dispatcher"))
    assert not stage.has_published(trouble)()
    end(server)
    until(stage.has_published(trouble))
    assert PASSWORD not in stage.log("dispatcher") + stage.log("worker-1") + run.screen
    stage.look_at()


def test_a_run_with_a_wrong_password_says_so(stage: Stage, server: Server) -> None:
    wrong = server.url.replace(PASSWORD, "hunter3-hunter3")
    done = _run_with(stage, wrong)
    assert "refuses the user or the password" in done.stderr
    assert "hint: Put both into [broker] url" in done.stderr
    assert "hunter3" not in done.stdout + done.stderr


def test_a_run_with_a_broker_that_never_answers_says_so(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        done = _run_with(stage, f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
    assert f"The broker at redis://127.0.0.1:{port} does not answer within" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def _run_with(stage: Stage, url: str) -> subprocess.CompletedProcess[str]:
    """`publisher run` in a workspace of the same settings, with another broker."""
    environment = {"PUBLISHER_BROKER__URL": url, "PUBLISHER_VAR": str(stage.folder / "other")}
    kept = stage.environment
    stage.environment = {**kept, **environment}
    try:
        done = stage.command("run", "--no-web", "--until-idle")
    finally:
        stage.environment = kept
    assert done.returncode == 3
    return done
