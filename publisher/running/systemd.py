"""systemd units: they run Publisher as a service of the machine.

The files in `units/` work as they are, for the user `publisher`, the workspace /srv/publisher and
the programs in /opt/publisher/.venv/bin. Here the three are replaced by those of this machine.
"""

import re
from pathlib import Path

from publisher.base.errors import UsageError
from publisher.base.i18n import _

FOLDER = Path("/etc/systemd/system")
ONE_MACHINE = ("publisher.service", "publisher-backup.service", "publisher-backup.timer")
SEVERAL_MACHINES = (
    "publisher-dispatcher.service",
    "publisher-worker@.service",
    "publisher-web.service",
)
_UNITS = Path(__file__).with_name("units")
_HOMES = (Path("/home"), Path("/root"))
_PLAIN = re.compile(r"[\w./+:@-]+", re.ASCII)
"""systemd takes spaces, quotes and % for something else."""


def unit(name: str, *, programs: Path, workspace: Path, user: str) -> str:
    """The text of the unit `name`, for a folder of programs, a workspace and a user."""
    for path in (programs, workspace):
        if not _PLAIN.fullmatch(str(path)):
            raise UsageError(
                _("systemd cannot read the path {path}.", path=path),
                hint=_("Move it to a path of plain letters, digits, dots and hyphens."),
            )
    text = (_UNITS / name).read_text(encoding="utf-8")
    text = text.replace("/opt/publisher/.venv/bin", str(programs))
    text = text.replace("/srv/publisher", str(workspace))
    text = text.replace("User=publisher", f"User={user}")
    if any(path.is_relative_to(home) for path in (programs, workspace) for home in _HOMES):
        # Of homes it then sees what it must, and still changes the workspace alone.
        text = text.replace("ProtectHome=true", "ProtectHome=read-only")
    return text


def to_start(names: tuple[str, ...]) -> list[str]:
    """The units that a person starts; the timer starts the backup."""
    first = [name.replace("@.", "@1.") for name in names]
    return [name for name in first if name != "publisher-backup.service"]
