"""Accounts to connect, on a sandbox that plays the platforms' side of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.channels.connect import Authorization, Keys
from publisher.connect.connection import AccountConnection
from publisher.model.accounts import Account
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings import sandbox_mode, settings
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "en"  # of messages

[accounts.bice-x]  # the main one
channel = "twitter"
organisation = "BICE"

[accounts.lima-x]
channel = "twitter"
organisation = "BICE"

[accounts.bice-page]
channel = "facebook"
organisation = "BICE"
page_id = "100200300"

[accounts.lima-page]
channel = "facebook"
organisation = "BICE"
page_id = "100200301"

[accounts.bice-fedi]
channel = "mastodon"
handle = "@bice@mastodon.example"

[accounts.bice-linkedin]
channel = "linkedin"
organisation = "BICE"
organization_id = "2414183"

[accounts.lima-linkedin]
channel = "linkedin"
organisation = "BICE"
organization_id = "2414184"

[accounts.bice-wp]
channel = "wordpress"

[accounts.bice-sky]
channel = "bluesky"
"""


@dataclass
class Desk:
    """A workspace without keys, and the accounts as the platforms have them."""

    workspace: Workspace
    sandbox: Sandbox
    address: str

    def app(self) -> Application:
        return Application(settings.load(self.workspace.path), SystemClock())

    def account(self, name: str) -> SandboxAccount:
        return next(one for one in self.sandbox.accounts if one.name == name)

    def connection(
        self, name: str, channel: str | None = None, method: str = ""
    ) -> AccountConnection:
        app = self.app()
        known = app.settings.public_accounts().get(name)
        return AccountConnection(app, known or Account(name=name, channel=channel or ""), method)

    def app_keys(self, name: str = "bice-x") -> Mapping[str, str]:
        keys = self.account(name).credentials
        return {field: keys[field] for field in ("api_key", "api_secret")}

    @property
    def secrets(self) -> Path:
        return self.workspace.path / "secrets.toml"

    def nothing_is_stored(self) -> bool:
        toml = (self.workspace.path / "publisher.toml").read_text()
        return toml == SETTINGS and not self.secrets.exists()


def allow(authorization: Authorization, *accounts: str, answer: str = "allow") -> str:
    """What a person does in a browser; returns the PIN, or the address where it ends."""
    page = requests.get(authorization.url, timeout=30)
    assert page.status_code == 200
    form: Any = {"account": accounts, "answer": answer}
    end = requests.post(authorization.url, data=form, timeout=30, allow_redirects=False)
    found = re.search("<code>(.*?)</code>", end.text)
    return found[1] if found else end.headers.get("location", authorization.url)


def pin(desk: Desk, name: str, as_account: str | None = None) -> tuple[Keys, ...]:
    """Connect an account of X as far as its keys."""
    connector = desk.connection(name).connector
    begun = connector.begin(desk.app_keys())
    assert isinstance(begun, Authorization)
    return connector.finish(begun, allow(begun, as_account or name))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    workspace = Workspace(tmp_path, settings=SETTINGS)
    sandbox = Sandbox(accounts_for(settings.load(tmp_path, {})), SystemClock())
    with running(sandbox) as address:
        for variable in sandbox_mode.addresses().values():
            monkeypatch.setenv(variable, address)
        yield Desk(workspace, sandbox, address)
