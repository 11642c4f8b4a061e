"""Sandbox accounts, with invented credentials that are valid nowhere else.

The credentials are derived from the account's name, so that two starts of the sandbox agree and a
workspace can keep its secrets.toml. No platform has ever issued them.
"""

import hashlib
from collections.abc import Iterable

from publisher.model.values import Frozen


class SandboxAccount(Frozen):
    """One account of a workspace on the simulated platform."""

    name: str
    """As in publisher.toml."""
    channel: str
    handle: str
    """The name in the timeline's address: letters, digits and underscores."""
    title: str
    organisation: str | None = None
    language: str | None = None
    user_id: str | None = None
    """The user's id, on platforms with users."""
    page_id: str | None = None
    """The Page's id, on platforms with Pages."""
    is_premium: bool = False
    """Whether it may post long texts, on platforms where one pays for it."""
    credentials: dict[str, str]
    """Under the names that secrets.toml uses."""


def secrets_toml(accounts: Iterable[SandboxAccount]) -> str:
    """The text of a secrets.toml for the sandbox."""
    tables = []
    for account in accounts:
        lines = [f"[{account.name}]"]
        lines += [f'{field} = "{value}"' for field, value in account.credentials.items()]
        tables.append("\n".join(lines))
    return "\n\n".join(["# For the sandbox only: these open nothing else.", *tables]) + "\n"


def digest(seed: str) -> str:
    """A digest in hexadecimal, as long as SHA-256."""
    return hashlib.sha256(f"publisher sandbox: {seed}".encode()).hexdigest()


def number(seed: str) -> str:
    """A number of ten digits."""
    return str(10**9 + int(digest(seed)[:12], 16) % (9 * 10**9))


def invented(seed: str, length: int) -> str:
    """Letters and digits that look like a platform's token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    number = int("".join(digest(f"{seed} {part}") for part in range(length // 40 + 1)), 16)
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        characters.append(alphabet[index])
    return "".join(characters)
