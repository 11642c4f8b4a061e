"""Marks of the ledger at the broker, for processes on other machines.

Best effort: the broker may be away, or lose all that it has.
"""

from contextlib import suppress

import redis

from publisher.monitoring import broker

_PATIENCE = 1.0  # real seconds


class BrokerMarks:
    """A key for each ledger; see `publisher.ledger.integrity.watermarks`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, ledger: str) -> bytes | None:
        with suppress(redis.RedisError, OSError), broker.client(self._url, _PATIENCE) as asker:
            found = asker.get(_key(ledger))
            return found if isinstance(found, bytes) else None
        return None

    def write(self, ledger: str, mark: bytes) -> None:
        with suppress(redis.RedisError, OSError), broker.client(self._url, _PATIENCE) as asker:
            asker.set(_key(ledger), mark)


def _key(ledger: str) -> str:
    return f"publisher-{ledger}.mark"
