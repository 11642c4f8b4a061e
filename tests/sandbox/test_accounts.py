"""The invented accounts and their credentials."""

import re
import tomllib
from pathlib import Path

from publisher.channels.registry import SPECS
from publisher.sandbox.accounts import SandboxAccount, secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.settings.settings import Settings, load

PUBLISHER_TOML = """
[accounts.bice-x]
channel = "twitter"
organisation = "BICE"
[accounts.bice-2]
channel = "twitter"
organisation = "BICE"
[accounts.a-very-long-name-one]
channel = "twitter"
[accounts.a-very-long-name-two]
channel = "twitter"
[accounts.bice-page]
channel = "facebook"
organisation = "BICE"
title = "BICE International"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
"""


def workspace(folder: Path) -> Settings:
    (folder / "publisher.toml").write_text(PUBLISHER_TOML)
    return load(folder, {})


def test_every_account_of_the_two_platforms_is_there(tmp_path: Path) -> None:
    accounts = accounts_for(workspace(tmp_path))
    assert [account.name for account in accounts] == [
        "bice-x",
        "bice-2",
        "a-very-long-name-one",
        "a-very-long-name-two",
        "bice-page",
    ]
    assert accounts[4].page_id == "100200300"
    assert accounts[4].title == "BICE International"


def test_credentials_are_the_same_at_every_start(tmp_path: Path) -> None:
    settings = workspace(tmp_path)
    assert accounts_for(settings) == accounts_for(settings)


def test_a_workspace_can_live_on_the_secrets(tmp_path: Path) -> None:
    accounts = accounts_for(workspace(tmp_path))
    (tmp_path / "secrets.toml").write_text(secrets_toml(accounts))
    settings = load(tmp_path, {})
    for account in accounts:
        assert settings.credentials(account.name) == account.credentials
        assert set(SPECS[account.channel].required) <= set(account.credentials)
    assert tomllib.loads(secrets_toml(accounts)).keys() == {a.name for a in accounts}


def test_an_organisation_has_one_app_and_its_accounts_tokens_of_their_own(
    accounts: dict[str, SandboxAccount],
) -> None:
    first, second, other = (accounts[name].credentials for name in ("bice-x", "bice-2", "peru-x"))
    assert first["api_key"] == second["api_key"] != other["api_key"]
    assert first["access_token"] != second["access_token"]


def test_an_access_token_begins_with_its_users_id(accounts: dict[str, SandboxAccount]) -> None:
    account = accounts["bice-x"]
    assert account.credentials["access_token"].startswith(f"{account.user_id}-")


def test_handles_are_such_as_x_allows_and_differ(tmp_path: Path) -> None:
    handles = [a.handle for a in accounts_for(workspace(tmp_path)) if a.channel == "twitter"]
    assert all(re.fullmatch(r"\w{1,15}", handle, re.ASCII) for handle in handles)
    assert len(set(handles)) == len(handles)
