"""All that is logged by anybody, for tests that look for secrets in it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_ALL = 1
"""The level of a logger that leaves nothing out."""


class _Everything(logging.Handler):
    """Keeps every record whole, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.__dict__))


@contextmanager
def everything() -> Iterator[list[str]]:
    """Meanwhile, all that reaches a handler of the process, from the most talkative loggers."""
    handler, root = _Everything(), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    level = root.level
    root.addHandler(handler)
    root.setLevel(_ALL)
    listen_to_all()
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)


def listen_to_all() -> None:
    """Also to those loggers that have come since."""
    for name in list(logging.getLogger().manager.loggerDict):
        logging.getLogger(name).setLevel(_ALL)
