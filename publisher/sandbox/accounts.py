"""Sandbox accounts, with invented credentials that are valid nowhere else.

The credentials are derived from the account's name, so that two starts of the sandbox agree and a
workspace can keep its secrets.toml. No platform has ever issued them.
"""

import hashlib
import re
from collections.abc import Iterable

from publisher.model.values import Frozen
from publisher.settings.schema import AccountSettings
from publisher.settings.settings import Settings

_HANDLE_LENGTH = 15  # of X; help.x.com/managing-your-account/x-username-rules


class SandboxAccount(Frozen):
    """One account of a workspace on the simulated platform."""

    name: str
    """As in publisher.toml."""
    channel: str
    """`twitter` or `facebook`."""
    handle: str
    """The name in the timeline's address: letters, digits and underscores."""
    title: str
    organisation: str | None = None
    language: str | None = None
    user_id: str | None = None
    """The numeric user id at X; only for `twitter`."""
    page_id: str | None = None
    """The Page's id; only for `facebook`."""
    credentials: dict[str, str]
    """Under the names that secrets.toml uses."""


def accounts_for(settings: Settings) -> list[SandboxAccount]:
    """The workspace's accounts on X and Facebook, with invented credentials."""
    accounts: list[SandboxAccount] = []
    for name, entry in settings.accounts.items():
        if entry.channel in ("twitter", "facebook"):
            taken = {account.handle for account in accounts if account.channel == entry.channel}
            handle = (entry.handle or "").removeprefix("@") or _handle(name, taken)
            accounts.append(_account(name, entry, handle))
    return accounts


def secrets_toml(accounts: Iterable[SandboxAccount]) -> str:
    """The text of a secrets.toml for the sandbox."""
    tables = []
    for account in accounts:
        lines = [f"[{account.name}]"]
        lines += [f'{field} = "{value}"' for field, value in account.credentials.items()]
        tables.append("\n".join(lines))
    return "\n\n".join(["# For the sandbox only: these open nothing else.", *tables]) + "\n"


def _account(name: str, entry: AccountSettings, handle: str) -> SandboxAccount:
    title = entry.title or entry.organisation or name
    app = f"app of {entry.organisation or name}"
    common = {
        "name": name,
        "channel": entry.channel,
        "handle": handle,
        "title": title,
        "organisation": entry.organisation,
        "language": entry.language,
    }
    if entry.channel == "facebook":
        credentials = {
            "page_token": "EAA" + _invented(f"page token of {name}", 120),
            "app_secret": _digest(f"facebook {app}")[:32],
        }
        return SandboxAccount(**common, page_id=entry.page_id, credentials=credentials)
    user_id = _number(f"user {name}")
    credentials = {
        "api_key": _invented(f"key, {app}", 25),
        "api_secret": _invented(f"secret, {app}", 50),
        "access_token": f"{user_id}-{_invented(f'token of {name}', 30)}",
        "access_token_secret": _invented(f"token secret of {name}", 45),
    }
    return SandboxAccount(**common, user_id=user_id, credentials=credentials)


def _handle(name: str, taken: set[str]) -> str:
    wish = re.sub(r"\W", "_", name, flags=re.ASCII)[:_HANDLE_LENGTH]
    handle, count = wish, 1
    while handle in taken:
        count += 1
        handle = f"{wish[: _HANDLE_LENGTH - len(str(count))]}{count}"
    return handle


def _digest(seed: str) -> str:
    return hashlib.sha256(f"publisher sandbox: {seed}".encode()).hexdigest()


def _number(seed: str) -> str:
    return str(10**9 + int(_digest(seed)[:12], 16) % (9 * 10**9))


def _invented(seed: str, length: int) -> str:
    """Letters and digits that look like a platform's token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    number = int("".join(_digest(f"{seed} {part}") for part in range(length // 40 + 1)), 16)
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        characters.append(alphabet[index])
    return "".join(characters)
