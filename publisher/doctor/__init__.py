"""Diagnosis (`publisher doctor`): checks a workspace's environment, with hints.

It changes nothing but what the ledger keeps of the accounts' profiles. It asks each account's
platform about the account, which costs a read request; with `offline` it sends no request.
"""

from collections.abc import Iterator

from publisher.app import Application
from publisher.doctor import accounts, duty, ledger, machine
from publisher.doctor.finding import Finding, Grade

__all__ = ["Finding", "Grade", "examine"]


def examine(app: Application, *, offline: bool) -> Iterator[Finding]:
    """Run all checks and yield their findings, good ones too. `app` need not be open.

    A ledger that somebody may have planted is not opened, and nothing is asked with keys after it.
    """
    yield from machine.examine(app.settings)
    if machine.is_planted(app.settings):
        return
    yield from ledger.examine(app)
    yield from duty.examine(app)
    yield from accounts.examine(app, offline=offline)
