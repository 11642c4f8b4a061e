"""`publisher doctor`: what is wrong around a workspace, and what to do about it.

It looks, and changes nothing. It asks each account's platform about the account, which costs a
request that reads; with `offline` it asks nobody.
"""

from collections.abc import Iterator

from publisher.app import Application
from publisher.doctor import accounts, ledger, machine
from publisher.doctor.finding import Finding, Grade

__all__ = ["Finding", "Grade", "examine"]


def examine(app: Application, *, offline: bool) -> Iterator[Finding]:
    """Every finding, good ones too, as they are made. `app` need not be open."""
    yield from machine.examine(app.settings)
    yield from ledger.examine(app)
    yield from accounts.examine(app, offline=offline)
