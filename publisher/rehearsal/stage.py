"""Environment of a rehearsal: folder, clock, sandbox, and environment variables."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.base.clock import ENVIRONMENT_VARIABLE as CLOCK
from publisher.base.clock import SharedClock
from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.base.lock import locked
from publisher.drafts.session import Session
from publisher.sandbox import server
from publisher.sandbox.accounts import secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import sandbox_mode
from publisher.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """The environment of one rehearsal."""

    folder: Path
    """`var/rehearsal/` of the workspace."""
    clock: SharedClock
    sandbox: Sandbox
    """Read it only after the children have ended; until then its own thread uses it."""

    @classmethod
    @contextmanager
    def set_up(
        cls, settings: Settings, session: Session, start: datetime, speed: float
    ) -> Iterator["Stage"]:
        """Set up an empty folder, a clock at `start`, the sandbox, and environment variables.

        Raises AlreadyRunning if a rehearsal runs in this workspace, StorageError if its folder
        cannot be written.
        """
        folder = settings.var / "rehearsal"
        with locked(settings.var / "rehearsal.lock", "`publisher rehearse`"):
            accounts = accounts_for(settings)
            clock = _furnish(folder, secrets_toml(accounts), start, speed)
            sandbox = Sandbox(accounts, clock, timezone=session.zone.key, title=session.name or "")
            with server.running(sandbox) as address, _environment(folder, address):
                yield cls(folder, clock, sandbox)


def _furnish(folder: Path, secrets: str, start: datetime, speed: float) -> SharedClock:
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        secrets_file = folder / "secrets.toml"
        secrets_file.touch(mode=0o600)
        secrets_file.write_text(secrets, encoding="utf-8")
        return SharedClock.create(folder / "clock.json", start, speed)
    except OSError as error:
        message = _("{folder} cannot be prepared: {reason}.", folder=folder, reason=why(error))
        raise StorageError(message) from error


@contextmanager
def _environment(folder: Path, address: str) -> Iterator[None]:
    """Point this process and its children to the rehearsal, away from all real services.

    The workspace's credentials, broker and ledger may come from its files or from the environment;
    here all of them are replaced.
    """
    before = dict(os.environ)
    for variable in _real_credentials(before):
        del os.environ[variable]
    os.environ |= {
        CLOCK: f"file:{folder / 'clock.json'}",
        "PUBLISHER_VAR": str(folder),
        "PUBLISHER_DATABASE__URL": f"sqlite:///{folder / 'publisher.db'}",
        "PUBLISHER_BROKER__URL": "",
        "PUBLISHER_SECRETS_FILE": str(folder / "secrets.toml"),
        **dict.fromkeys(sandbox_mode.addresses().values(), address),
        "PUBLISHER_APPROVAL__REQUIRED": "false",
        "PUBLISHER_NOTICES__URLS": "",  # a failed rehearsal notifies no one
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _real_credentials(environment: Mapping[str, str]) -> list[str]:
    """The variables about accounts; settings that are not secret are in publisher.toml."""
    return [name for name in environment if name.startswith("PUBLISHER_ACCOUNTS__")]
