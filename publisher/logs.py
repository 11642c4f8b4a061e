"""How the processes log: one line each, and nothing of what a variable held.

structlog's own rendering of an exception shows local variables, and among those may be
credentials; ours shows the traceback alone.
"""

import structlog


def configure() -> None:
    """Set up logging for this process; safe to repeat."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "event"], drop_missing=True
            ),
        ],
        cache_logger_on_first_use=True,
    )
