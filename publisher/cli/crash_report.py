"""What nobody foresaw is written down for whoever can mend it, not shown on the screen."""

import os
import platform
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from publisher import version
from publisher.base.errors import PublisherError
from publisher.base.files import create_private
from publisher.cli.arguments import workspace_in


def write(error: BaseException, arguments: Sequence[str]) -> Path | None:
    """Write a crash log into the workspace's var/log, or else among the temporary files.

    None when neither can be written.
    """
    text = "\n".join(
        [
            f"publisher {version()}, Python {platform.python_version()}, {platform.platform()}",
            f"command: publisher {' '.join(arguments)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.log"
    for folder in _folders(arguments):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            # It may hold reasons and ids: as all logs, for this user alone.
            create_private(path)
            path.write_text(text, errors="replace")
        except OSError:
            continue
        return path
    return None


def _folders(arguments: Sequence[str]) -> list[Path]:
    """Where all logs are, as far as that can be told without the settings; then anywhere."""
    try:
        var = workspace_in(arguments) / (os.environ.get("PUBLISHER_VAR") or "var")
        return [var / "log", Path(tempfile.gettempdir())]
    except (PublisherError, OSError):
        return [Path(tempfile.gettempdir())]
