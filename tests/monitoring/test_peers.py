"""Machines that publish for one ledger and have other settings are told of, and hold nothing up."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
import redis
import yaml

from publisher.app import Application
from publisher.doctor import ledger
from publisher.ledger.heartbeats import NEEDED, ProcessKind
from publisher.monitoring.broker import client
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.peers import Peers, differences
from publisher.monitoring.troubles import Trouble
from publisher.settings import settings
from publisher.settings.digests import differing, digests
from tests.monitoring.conftest import process
from tests.support.clock import ManualClock
from tests.support.workspaces import SETTINGS, Workspace

pytestmark = pytest.mark.guards("publisher.settings.digests")

ROOT = Path(__file__).parents[2]
SECRETS = "[bice-x]\napi_key = 's3cret-1'\napi_secret = 'b'\naccess_token = '7-c'\naccess_token_secret = 'd'\n"


class Machine(Protocol):
    """Starts a worker on a machine of its own, with these settings."""

    def __call__(self, host: str, told: str = SETTINGS, secrets: str = SECRETS) -> Peers: ...


@pytest.fixture
def machine(
    tmp_path: Path, ledger_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)
    with ExitStack() as stack:

        def start(host: str, told: str = SETTINGS, secrets: str = SECRETS) -> Peers:
            workspace = Workspace(tmp_path / host, told)
            workspace.write("secrets.toml", secrets).chmod(0o600)
            app = Application(settings.load(workspace.path), ManualClock())
            stack.callback(app.close)
            app.database.migrate()
            worker = process(ProcessKind.WORKER, host)
            app.heartbeats.beat(worker)
            peers = Peers(app, worker, stack.enter_context(client(broker_url, 1.0)))
            peers.announce()
            return peers

        yield start


def found_by(peers: Peers) -> list[Trouble]:
    return differences(peers._app, peers._client)


DIFFERENT = {
    "a setting": (SETTINGS + "[delivery]\nexpires = '2h'\n", SECRETS, "delivery.expires"),
    "an account's": (
        SETTINGS.replace('"100200300"', '"100200301"'), SECRETS, "accounts.bice-page",
    ),
    "an account": (
        SETTINGS + '[accounts.other]\nchannel = "site"\n', SECRETS,
        "accounts.other, secrets.toml [other]",
    ),
    "a key": (SETTINGS, SECRETS.replace("s3cret-1", "s3cret-2"), "secrets.toml [bice-x]"),
    "no keys": (SETTINGS, "", "secrets.toml [bice-x]"),
    "a secret of a section": (
        SETTINGS, f"{SECRETS}[notices]\nurls = ['json://s3cret-3']\n", "notices.urls",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "secrets", "names"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_difference_is_told_with_machine_and_setting_and_without_its_value(
    machine: Machine, broker_url: str, told: str, secrets: str, names: str
) -> None:
    machine("alpha")
    peers = machine("beta")
    assert found_by(peers) == []
    machine("gamma", told, secrets)
    (found,) = found_by(peers)
    assert found.message in [one.message for one in ledger.examine(peers._app)]
    assert found.message == f"worker (gamma) has other settings than worker (alpha): {names}."
    with redis.Redis.from_url(broker_url) as at_the_broker:
        kept = b"".join(filter(None, at_the_broker.mget(at_the_broker.keys())))
    assert b"s3cret" not in kept
    assert "s3cret" not in str(found)


def test_what_differs_from_machine_to_machine_by_its_nature_is_no_difference(
    machine: Machine,
) -> None:
    """Folders, how many workers there are, where pages listen, and keys that one has renewed."""
    keys = "[bice-x]\nclient_id = 'c'\naccess_token = '{0}'\nrefresh_token = '{0}'\n"
    machine("alpha", secrets=keys.format("new"))
    own = "[delivery]\nworkers = 3\n[web]\nport = 8099\n"
    beta = machine("beta", 'var = "/srv/var"\n' + SETTINGS + own, keys.format("old"))
    assert found_by(beta) == []


def test_services_of_compose_differ_by_nothing_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    told = []
    for needed in NEEDED:
        with monkeypatch.context() as environment:
            for name, value in services[needed]["environment"].items():
                if "__" in name:
                    environment.setenv(name, value)
            told.append(digests(settings.load(workspace.path), ""))
    assert differing(dict(enumerate(told))) == {}


def test_another_version_is_a_difference(machine: Machine) -> None:
    machine("alpha")
    peers = machine("beta")
    object.__setattr__(newer := process(ProcessKind.WORKER, "gamma"), "version", "9.9")
    peers._app.heartbeats.beat(newer)
    Peers(peers._app, newer, peers._client).announce()
    (found,) = found_by(peers)
    assert found.message == "worker (gamma) has other settings than worker (alpha): version."


def test_who_has_an_account_with_its_keys_is_known_while_it_shows_life(machine: Machine) -> None:
    without = SETTINGS.partition("[accounts.bice-page]")[0]
    peers = machine("beta", without, "")
    machine("gamma", SETTINGS, "")
    assert (peers.have("bice-x"), peers.have("bice-site")) == (None, "gamma")
    alpha = machine("alpha")
    assert peers.have("bice-x") == "alpha"
    alpha._app.heartbeats.end(alpha._process)
    assert peers.have("bice-x") is None


def test_a_broker_that_is_away_tells_no_difference_and_hides_no_trouble(machine: Machine) -> None:
    app = machine("alpha")._app
    peers = Peers(app, process(ProcessKind.WORKER, "alpha"), client("redis://127.0.0.1:1/0", 0.5))
    monitor = Monitor(
        app,
        broker_url=lambda: "redis://127.0.0.1:1/0",
        differences=lambda: differences(app, peers._client),
    )
    report = monitor.look()
    assert [one.subject for one in report.troubles] == ["broker", "dispatchers"]
    assert report.warnings == []
    assert peers.have("bice-x") is None


def test_a_difference_is_a_warning(machine: Machine) -> None:
    """Everything goes out all the same."""
    machine("alpha")
    peers = machine("beta", SETTINGS + "[delivery]\nexpires = '2h'\n")
    peers._app.heartbeats.beat(process(ProcessKind.DISPATCHER))
    report = Monitor(peers._app, differences=lambda: found_by(peers)).look()
    assert report.is_well
    assert [one.subject for one in report.warnings] == ["settings"]
