"""What nobody foresaw is written down for whoever can mend it, not shown on the screen."""

import platform
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from publisher import __version__
from publisher.cli.arguments import workspace_in
from publisher.errors import PublisherError


def write(error: BaseException, arguments: Sequence[str]) -> Path | None:
    """Write a crash log into the workspace's var/log, or else among the temporary files.

    None when neither can be written.
    """
    text = "\n".join(
        [
            f"publisher {__version__}, Python {platform.python_version()}, {platform.platform()}",
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
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError:
            continue
        return path
    return None


def _folders(arguments: Sequence[str]) -> list[Path]:
    try:
        return [workspace_in(arguments) / "var" / "log", Path(tempfile.gettempdir())]
    except (PublisherError, OSError):
        return [Path(tempfile.gettempdir())]
