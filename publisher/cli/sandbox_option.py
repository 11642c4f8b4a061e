"""`--sandbox`: a command against the workspace's sandbox, and what says so."""

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.cli.output import console
from publisher.settings import sandbox_mode

if TYPE_CHECKING:
    from publisher.settings.settings import Settings

_WITHOUT = frozenset({"init", "sandbox", "rehearse", "start"})
"""Commands that make a workspace, or have a sandbox of their own: they begin with the real one."""
_PATIENCE = 5.0  # seconds


def begin(command: str | None, *, wanted: bool) -> None:
    """Lead this process and its children to the sandbox, where that is asked for, and say so."""
    if command in _WITHOUT:
        os.environ.pop(sandbox_mode.VARIABLE, None)
        return
    if wanted or sandbox_mode.is_on(os.environ):
        os.environ[sandbox_mode.VARIABLE] = "1"
        os.environ.pop(sandbox_mode.BROKER, None)
    warning = sandbox_mode.warning_of(os.environ)
    if warning:
        console.print_warning(warning)


def refuse_silence(settings: "Settings") -> None:
    """ConfigurationError when the sandbox that a trial is to publish to does not answer."""
    address = next(iter(settings.servers.values()), None)
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
