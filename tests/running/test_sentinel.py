"""A broker that Sentinels know, as real servers on this machine; see also tests/machines/."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from publisher.base.errors import BrokerUnavailable
from publisher.monitoring import broker
from publisher.running import embedded_broker
from tests.support import system
from tests.support.waiting import wait_for

PASSWORD, OWN_PASSWORD = "hush-hush", "psst-psst"
_SENTINEL = """\
bind 127.0.0.1
port {port}
requirepass {own_password}
sentinel monitor publisher 127.0.0.1 {broker} 1
sentinel auth-pass publisher {password}
"""


@dataclass(frozen=True)
class Servers:
    sentinel: int
    """Its port."""

    def url(self, **other: str) -> str:
        words = {
            "password": PASSWORD, "own": OWN_PASSWORD, "master": "publisher", "scheme": "sentinel",
            **other,
        }  # fmt: skip
        return (
            "{scheme}://:{password}@127.0.0.1:1,127.0.0.1:{port}/0?master_name={master}"
            "&sentinel_password={own}"
        ).format(port=self.sentinel, **words)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("sentinel")
    port, own_port = system.free_port(), system.free_port()
    configurations = {
        "broker": f"bind 127.0.0.1\nport {port}\nrequirepass {PASSWORD}\nsave ''\n",
        "sentinel": _SENTINEL.format(
            port=own_port, broker=port, password=PASSWORD, own_password=OWN_PASSWORD
        ),
    }
    with ExitStack() as stack:
        for kind, configuration in configurations.items():
            file = folder / f"{kind}.conf"
            file.write_text(configuration)
            more = ["--sentinel"] if kind == "sentinel" else []
            log = stack.enter_context((folder / f"{kind}.log").open("wb"))
            process = stack.enter_context(
                subprocess.Popen(
                    [embedded_broker.find_server(), file, *more], cwd=folder, stdout=log
                )
            )
            stack.callback(process.kill)
        running = Servers(own_port)
        wait_for(lambda: broker.reachable(running.url(), 0.5))
        yield running


def test_the_primary_is_found_though_the_first_sentinel_is_away(servers: Servers) -> None:
    broker.check(servers.url())


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"password": "wrong-wrong"}, "refuses the user or the password"),
        ({"own": "wrong-wrong"}, "no primary that can be reached: .*AuthenticationError"),
        ({"master": "somebody"}, "no primary that can be reached: No master found for 'somebody'"),
        ({"scheme": "sentinels"}, "no primary that can be reached"),
    ],
    ids=["password", "sentinel-password", "name", "tls"],
)
def test_what_is_wrong_is_said_shortly_and_without_a_password(
    servers: Servers, other: dict[str, str], message: str
) -> None:
    with pytest.raises(BrokerUnavailable, match=message) as caught:
        broker.check(servers.url(**other))
    text = f"{caught.value} {caught.value.hint}"
    assert not any(secret in text for secret in (PASSWORD, OWN_PASSWORD, "wrong-wrong"))
    assert f"at {other.get('scheme', 'sentinel')}://127.0.0.1:1,127.0.0.1:" in text
    assert len(str(caught.value)) < 250
