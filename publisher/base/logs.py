"""Logging: one line per event, without the values of variables.

structlog's own rendering of an exception shows local variables, which may be credentials; ours
shows only the traceback.
"""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog
from structlog.typing import Processor


class _Output:
    """Standard error, with errors ignored: a full disk must not stop the work.

    Standard output is for a command's result, which scripts read.
    """

    def write(self, text: str) -> None:
        if sys.stderr is not None:  # it was closed before the start
            with suppress(OSError):
                sys.stderr.write(text)

    def flush(self) -> None:
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.flush()


_PROCESSORS: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    structlog.processors.KeyValueRenderer(
        key_order=["timestamp", "level", "event"], drop_missing=True
    ),
]
"""One list for the whole process: loggers keep the one that they are first used with."""


def configure() -> None:
    """Set up logging for this process; safe to repeat."""
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Output())),
        cache_logger_on_first_use=True,
    )


def silence(*libraries: str) -> None:
    """Keep libraries' own log lines from every handler: they hold tokens and whole URLs.

    A level would not be enough, because it may be lowered again, and urllib3 warns with the URL.
    """
    for name in libraries:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL)
