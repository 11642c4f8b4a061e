"""Bluesky's own server for the tests, from npm, on free ports of loopback.

`tests/support/system.sh test-parts` installs it. It has no AppView: a profile is not shown, and no
timeline; what is in an account's repository is what Bluesky shows.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support import system

_FOLDER = Path(__file__).with_name("bluesky_server")
_STARTED = 60.0  # real seconds, on a slow machine
_PATIENCE = 180.0  # real seconds for an answer, on a machine that is busy
_PASSWORD = "a password of the account itself"


@dataclass(frozen=True)
class Account:
    """An account on the server, and an app password of it."""

    address: str
    did: str
    handle: str
    app_password: str
    token: str
    """Of a log-in with the account's own password."""

    @property
    def credentials(self) -> dict[str, str]:
        return {"identifier": self.handle, "app_password": self.app_password}

    def call(self, method: str, name: str, **more: Any) -> Any:
        """The answer to a request as the account itself."""
        answer = requests.request(
            method,
            f"{self.address}/xrpc/{name}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=_PATIENCE,
            **more,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def posts(self) -> list[dict[str, Any]]:
        """All posts of the account, oldest key first: `uri`, `cid`, `value`."""
        query = {"repo": self.did, "collection": "app.bsky.feed.post", "limit": "100"}
        newest_first: list[dict[str, Any]] = []
        while page := self.call("GET", "com.atproto.repo.listRecords", params=query)["records"]:
            newest_first += page
            query["cursor"] = page[-1]["uri"].rpartition("/")[2]
        return list(reversed(newest_first))


@dataclass(frozen=True)
class BlueskyServer:
    """The running server."""

    address: str

    def account(self, name: str) -> Account:
        """A new account; `name` is the beginning of its handle."""
        wish = {"handle": f"{name}.test", "email": f"{name}@example.test", "password": _PASSWORD}
        headers = {"x-ratelimit-bypass": "tests"}
        made = requests.post(
            f"{self.address}/xrpc/com.atproto.server.createAccount",
            json=wish,
            headers=headers,
            timeout=_PATIENCE,
        )
        made.raise_for_status()
        told = made.json()
        account = Account(self.address, told["did"], told["handle"], "", told["accessJwt"])
        app = account.call("POST", "com.atproto.server.createAppPassword", json={"name": "tests"})
        return Account(self.address, account.did, account.handle, app["password"], account.token)


def available() -> bool:
    """Whether the server's programs are on this machine."""
    built = "node_modules/better-sqlite3/build/Release/better_sqlite3.node"
    return shutil.which("node") is not None and (_FOLDER / built).exists()


@contextmanager
def serve(folder: Path) -> Iterator[BlueskyServer]:
    """Run the server with its data in `folder`; skips where it is not installed."""
    if not available():
        system.missing_part("Bluesky's server", "sh tests/support/system.sh test-parts")
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            ["node", _FOLDER / "server.js", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={"PATH": os.environ["PATH"], "LOG_ENABLED": "false", "NODE_ENV": "production"},
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"Bluesky's server did not start:\n{log.read_text()}")
        yield BlueskyServer(json.loads(line)["address"])
    finally:
        process.stdin.close()  # it ends then
        process.stdout.close()
        process.wait(_STARTED)
