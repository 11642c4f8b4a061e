"""The sandbox's accounts for tests, by name."""

from collections.abc import Sequence

from publisher.sandbox.accounts import SandboxAccount


def by_name(accounts: Sequence[SandboxAccount]) -> dict[str, SandboxAccount]:
    return {account.name: account for account in accounts}
