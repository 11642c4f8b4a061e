"""Pool of open channels, each lent to one thread at a time."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock

from publisher.channels.base import Channel

ChannelOf = Callable[[str], AbstractContextManager[Channel]]
"""Lends a channel of an account for a `with` block."""
_MOST_IDLE = 100
"""The most idle channels that stay open: of a hundred thousand accounts, those used last."""


class Pool:
    """The channel pool of one process."""

    def __init__(
        self,
        open_channel: Callable[[str], Channel],
        version: Callable[[str], object] = lambda _account: None,
    ) -> None:
        """`open_channel` opens a channel of an account; its exceptions are raised by `lend`.

        `version` is another value when the account's keys are others: a channel that was opened
        before is not lent any more.
        """
        self._open = open_channel
        self._version = version
        self._lock = Lock()
        self._idle: OrderedDict[str, list[tuple[object, Channel]]] = OrderedDict()
        """By account, the one that was used last at the end."""
        self._idle_in_all = 0

    @contextmanager
    def lend(self, account: str) -> Iterator[Channel]:
        """Lend a free channel of an account, the last used one if there is any."""
        version = self._version(account)
        channel = self._take(account, version) or self._open(account)
        try:
            yield channel
        finally:
            self._put_back(account, version, channel)

    def _take(self, account: str, version: object) -> Channel | None:
        with self._lock:
            idle = self._idle.get(account, [])
            while idle:
                self._idle_in_all -= 1
                opened_with, channel = idle.pop()
                if opened_with == version:
                    return channel
            return None

    def _put_back(self, account: str, version: object, channel: Channel) -> None:
        with self._lock:
            self._idle.setdefault(account, []).append((version, channel))
            self._idle.move_to_end(account)
            self._idle_in_all += 1
            while self._idle_in_all > _MOST_IDLE:
                _account, forgotten = self._idle.popitem(last=False)
                self._idle_in_all -= len(forgotten)
