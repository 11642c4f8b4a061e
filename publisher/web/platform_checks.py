"""What the platforms said of the accounts when somebody last asked."""

from collections.abc import Mapping
from datetime import datetime

from publisher.app import Application
from publisher.doctor import Finding
from publisher.doctor.accounts import examine

_PREFIX = "account "


class Platforms:
    """Remembers the newest answers; asking costs each platform a request."""

    def __init__(self) -> None:
        self.asked_at: datetime | None = None
        self._findings: Mapping[str, Finding] = {}

    def ask(self, app: Application) -> None:
        """Ask them all now, as `publisher doctor` does."""
        self._findings = {finding.subject: finding for finding in examine(app, offline=False)}
        self.asked_at = app.clock.now()

    def finding(self, account: str) -> Finding | None:
        """What its platform said of an account; None before anybody asked."""
        return self._findings.get(_PREFIX + account)
