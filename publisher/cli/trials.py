"""`--sandbox`: a command against the workspace's sandbox, and what says so."""

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publisher import trial
from publisher.cli import output
from publisher.errors import ConfigurationError
from publisher.language import _

if TYPE_CHECKING:
    from publisher.settings import Settings

_WITHOUT = frozenset({"sandbox", "rehearse"})
"""Commands that have a sandbox of their own, and start from the real settings."""
_PATIENCE = 5.0  # seconds


def begin(command: str | None, *, wanted: bool) -> None:
    """Lead this process and its children to the sandbox, where that is asked for, and say so."""
    if command in _WITHOUT:
        os.environ.pop(trial.VARIABLE, None)
        return
    if wanted or trial.is_on(os.environ):
        os.environ[trial.VARIABLE] = "1"
        os.environ.pop(trial.BROKER, None)
    warning = trial.warning_of(os.environ)
    if warning:
        output.print_warning(warning)


def refuse_silence(settings: "Settings") -> None:
    """ConfigurationError when the sandbox that a trial is to publish to does not answer."""
    address = settings.twitter_api_url
    if not (settings.in_sandbox and address):
        return
    parts = urlsplit(address)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 80), _PATIENCE).close()
    except OSError:
        raise ConfigurationError(
            _("The sandbox does not answer at {address}.", address=address),
            hint=_("Start it in another terminal: publisher sandbox"),
        ) from None
