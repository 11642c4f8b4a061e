"""An account's own server: its name may be led to this machine after it was connected."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.base.clock import SystemClock
from publisher.channels.http import client
from publisher.channels.http.client import Client
from publisher.channels.registry import SPECS, open_channel
from publisher.channels.spec import ChannelOptions
from publisher.model.accounts import Account
from tests.support.lines import nothing, serving

KEYS = {
    "bluesky": {"identifier": "bice.bsky.social", "app_password": "abcd-efgh-ijkl-mnop"},
    "mastodon": {"access_token": "a token of the account"},
    "wordpress": {"user": "bice", "application_password": "abcd efgh ijkl mnop"},
}
NAME = "server.example.org"
PRIVATE = "its address is not on the public internet"
Asked = Callable[..., tuple[str, int]]


def test_these_are_the_channels_whose_accounts_have_a_server_of_their_own() -> None:
    addressed = {n for n, s in SPECS.items() if any(key.is_address for key in s.credentials)}
    assert addressed == set(KEYS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Asked]:
    """Asks for the owner of an account whose server's name leads here: what is said, who came."""
    look_up, own = socket.getaddrinfo, Client()

    def resolve(host: str, port: int | None, *rest: Any, **more: Any) -> Any:
        return look_up("127.0.0.1" if host == NAME else host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(client, "shared", lambda: own)
    with serving(nothing) as (address, connections):

        def ask(channel: str, host: str = NAME, *, private: str = "", instead: str = "") -> Any:
            options = ChannelOptions(
                request_timeout=timedelta(seconds=3),
                folder=tmp_path,
                clock=SystemClock(),
                private_hosts=(private,),
                servers={channel: address} if instead else {},
            )
            server = {"server": f"https://{host}:{address.rpartition(':')[2]}"}
            account = Account(name="bice", channel=channel)
            opened = open_channel(account, KEYS[channel] | server, options)
            return str(opened.owner()), len(connections)

        yield ask


@pytest.mark.parametrize("channel", KEYS)
def test_a_name_that_leads_to_this_machine_is_not_asked(channel: str, asked: Asked) -> None:
    said, came = asked(channel)
    assert PRIVATE in said
    assert came == 0


@pytest.mark.parametrize("channel", KEYS)
@pytest.mark.parametrize(
    "meant", [{"private": NAME}, {"host": "127.0.0.1"}, {"instead": "the sandbox"}]
)
def test_one_that_the_operator_means_is_asked(
    channel: str, meant: dict[str, str], asked: Asked
) -> None:
    """An intranet's site by its name; one written as a private address; a stand-in."""
    said, came = asked(channel, **meant)
    assert PRIVATE not in said
    assert came == 1
