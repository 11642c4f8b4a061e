"""The embedded broker, as a real server."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from publisher.base.errors import BrokerUnavailable, StorageError
from publisher.monitoring import broker
from publisher.running import embedded_broker
from publisher.running.embedded_broker import EmbeddedBroker

Until = Callable[..., None]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    server = EmbeddedBroker(tmp_path / "var")
    server.start()
    yield server
    server.stop()


def _port(server: EmbeddedBroker) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


def _process_of(server: EmbeddedBroker) -> int:
    assert server.pid
    return server.pid


def test_started_broker_answers_and_keeps_messages(embedded: EmbeddedBroker) -> None:
    """What is pushed at its URL can be popped there."""
    assert embedded.alive()
    with redis.Redis.from_url(embedded.url) as client:
        client.lpush("queue", "hint")
        assert client.rpop("queue") == b"hint"


def test_broker_refuses_whoever_does_not_know_the_password(embedded: EmbeddedBroker) -> None:
    with (
        redis.Redis(port=_port(embedded), retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_broker_listens_on_this_machine_alone(embedded: EmbeddedBroker) -> None:
    """Only 127.0.0.1 is bound, of all addresses that the machine has."""
    addresses = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{_port(embedded):04X}")
    }  # fmt: skip
    assert addresses == {f"0100007F:{_port(embedded):04X}"}


def test_password_is_on_no_command_line_and_in_no_file(
    embedded: EmbeddedBroker, tmp_path: Path
) -> None:
    password = urlsplit(embedded.url).password
    assert password
    command = Path(f"/proc/{embedded.pid}/cmdline").read_bytes()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert password.encode() not in command + written


def test_stopped_broker_leaves_no_process_and_no_data(
    embedded: EmbeddedBroker, tmp_path: Path
) -> None:
    with redis.Redis.from_url(embedded.url) as client:
        client.lpush("queue", "hint")
    pid = _process_of(embedded)
    embedded.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not list((tmp_path / "var" / "broker").iterdir())


def test_killed_broker_starts_again_at_the_same_address(
    embedded: EmbeddedBroker, until: Until
) -> None:
    address = embedded.url
    os.kill(_process_of(embedded), signal.SIGKILL)
    until(embedded.tend)
    assert embedded.alive()
    assert embedded.url == address


def test_hung_broker_is_replaced(embedded: EmbeddedBroker, until: Until) -> None:
    """A server that is there but never answers is killed and started again."""
    address, hung = embedded.url, _process_of(embedded)
    os.kill(hung, signal.SIGSTOP)
    assert not embedded.alive()
    until(embedded.tend)
    assert embedded.alive()
    assert embedded.url == address
    assert not Path(f"/proc/{hung}").exists()


def test_one_missed_answer_kills_nothing(embedded: EmbeddedBroker) -> None:
    """A broker that was only busy goes on, with what is in it."""
    pid = _process_of(embedded)
    os.kill(pid, signal.SIGSTOP)
    assert not embedded.tend()
    os.kill(pid, signal.SIGCONT)
    for _ in range(6):
        assert not embedded.tend()
    assert embedded.pid == pid


def test_broker_moves_when_its_port_was_taken(embedded: EmbeddedBroker, until: Until) -> None:
    """Somebody else listens on the port when the server starts again: it takes another."""
    port = _port(embedded)
    os.kill(_process_of(embedded), signal.SIGKILL)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(lambda: _bound(other, port))
        other.listen()
        until(embedded.tend)
        assert _port(embedded) != port
        assert embedded.alive()


def _bound(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_broker_does_not_outlive_a_killed_parent(tmp_path: Path, until: Until) -> None:
    """kill -9 of whoever started it ends it, too."""
    script = (
        "import sys; from pathlib import Path; from publisher.running.embedded_broker import EmbeddedBroker\n"
        "broker = EmbeddedBroker(Path(sys.argv[1])); broker.start()\n"
        "print(broker.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout
        server = int(parent.stdout.readline())
        assert Path(f"/proc/{server}").exists()
        parent.kill()
    until(lambda: not Path(f"/proc/{server}").exists() or _is_zombie(server))


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_var_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A file where the folder should be; the same error tells of a read-only or full disk."""
    (tmp_path / "var").write_text("")
    with pytest.raises(StorageError, match=r"var/broker cannot be made"):
        EmbeddedBroker(tmp_path / "var").start()


def test_read_only_var_is_a_storage_error() -> None:
    """Below /sys nobody may make a folder, not even root."""
    with pytest.raises(StorageError, match="cannot be made"):
        EmbeddedBroker(Path("/sys/var")).start()


def test_server_that_ends_at_once_shows_its_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server said before it ended is in the message, and where its log is in the hint."""
    _first_on_path(tmp_path, monkeypatch, "echo 'out of luck'; exec <&-; exit 7")
    with pytest.raises(BrokerUnavailable, match="out of luck") as caught:
        EmbeddedBroker(tmp_path / "var").start()
    assert caught.value.hint
    assert "broker.log" in caught.value.hint


def test_server_on_path_comes_before_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _first_on_path(tmp_path, monkeypatch, "exit 0")
    assert embedded_broker.find_server() == str(program)


def test_no_server_anywhere_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(BrokerUnavailable, match="no valkey-server and no redis-server") as caught:
        embedded_broker.find_server()
    assert caught.value.hint
    assert "Install" in caught.value.hint


def _first_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "valkey-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return program


def test_check_passes_for_a_broker_that_answers(embedded: EmbeddedBroker) -> None:
    broker.check(embedded.url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:hush-hush@127.0.0.1:1/0", "at redis://127.0.0.1:1 cannot be reached"),
        ("redis://:hush-hush@127.0.0.1:port/0", "cannot be reached"),
        ("redis://:hush-hush@[::1", "cannot be reached"),
        ("redis://us:er:hush-hush@127.0.0.1:1", "cannot be reached"),
        ("amqp://me:hush-hush@127.0.0.1", "not one of the supported kinds"),
        ("hush-hush", "not one of the supported kinds"),
    ],
)
def test_check_says_what_is_wrong_without_the_password(url: str, message: str) -> None:
    with pytest.raises(BrokerUnavailable, match=message) as caught:
        broker.check(url, seconds=1)
    assert "hush-hush" not in f"{caught.value} {caught.value.hint}"


def test_check_tells_a_wrong_password_from_a_dead_broker(embedded: EmbeddedBroker) -> None:
    with pytest.raises(BrokerUnavailable, match="refuses the user or the password"):
        broker.check(f"redis://:hush-hush@127.0.0.1:{_port(embedded)}/0")


def test_check_does_not_wait_for_a_broker_that_hangs() -> None:
    """A server that accepts and never answers is reported within the time-out."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = mute.getsockname()
        with pytest.raises(BrokerUnavailable, match=r"does not answer within 0\.3 s"):
            broker.check(f"redis://{address[0]}:{address[1]}/0", seconds=0.3)
