"""A real server with Mastodon's API for tests: Debian's snac, on loopback, in a folder of its own.

It federates with nobody: it knows no other server, and its requests lead to a closed port.
"""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from tests.support import system

_DEBIAN = "/usr/bin"
_NOWHERE = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens
_PATIENCE = 20.0  # seconds
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class Account(NamedTuple):
    """An account on the server, with a token that may read and write."""

    server: str
    name: str
    token: str


def available() -> bool:
    return system.program("snac", _DEBIAN) is not None


@contextmanager
def serve(folder: Path, name: str = "bice") -> Iterator[Account]:
    """Run the server with one account."""
    snac = system.program("snac", _DEBIAN)
    assert snac is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = folder / "snac"
    answers = f"127.0.0.1\n{port}\n127.0.0.1:{port}\n\n\n"
    _run([snac, "init", base], answers)
    settings = json.loads((base / "server.json").read_text())
    (base / "server.json").write_text(json.dumps({**settings, "protocol": "http"}))
    told = _run([snac, "adduser", base, name])
    password = re.search(r"User password is (\S+)", told)
    assert password, told
    environment = {**os.environ, "http_proxy": _NOWHERE, "https_proxy": _NOWHERE}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([snac, "httpd", base], stdout=log, stderr=log, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            yield Account(address, name, _token(address, name, password[1]))
        finally:
            process.kill()
            process.wait()


def _run(command: list[str | Path], told: str = "") -> str:
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def _wait(address: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            requests.get(f"{address}/api/v1/instance", timeout=30).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < end, "snac does not listen"
            time.sleep(0.05)
        else:
            return


def _token(address: str, name: str, password: str) -> str:
    """A token by OAuth, as a person gets one who signs in and copies the code."""
    wish = {"client_name": "tests", "redirect_uris": _OUT_OF_BAND, "scopes": "read write"}
    app = _post(f"{address}/api/v1/apps", wish).json()
    code = _post(
        f"{address}/oauth/x-snac-login",
        {"login": name, "passwd": password, "redir": _OUT_OF_BAND, "cid": app["client_id"]},
    ).text.strip()
    told = _post(
        f"{address}/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": _OUT_OF_BAND,
        },
    ).json()
    token: str = told["access_token"]
    return token


def _post(url: str, form: dict[str, str]) -> requests.Response:
    answer = requests.post(url, data=form, timeout=30)
    answer.raise_for_status()
    return answer
