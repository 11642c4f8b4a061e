"""Key renewer: the thread that renews keys long before they expire."""

import threading
from collections.abc import Callable

import structlog

from publisher.base.errors import PublisherError
from publisher.delivery.keyring import SOON, Keyring

_LOOK = 30.0  # real seconds between two looks for what is to be renewed

log = structlog.get_logger()


class KeyRenewer:
    """Renews keys long before they expire; of several processes, one does it."""

    def __init__(self, keyring: Keyring, is_busy: Callable[[str], bool]) -> None:
        """`is_busy`: whether something of an account is about to leave, with the keys of now."""
        self._keyring = keyring
        self._is_busy = is_busy
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    def start(self) -> None:
        """Start, if there is anything to renew."""
        if self._keyring.renewed:
            self._thread.start()

    def finish(self) -> None:
        """End, without waiting for a renewal that is under way."""
        self._stop.set()

    def look(self) -> None:
        """Renew what is to be renewed."""
        for account in self._keyring.renewed:
            try:
                self._keyring.restore(account)
                is_urgent = self._keyring.ends_within(account, 2 * SOON)
                if self._keyring.ends_within(account) and (is_urgent or not self._is_busy(account)):
                    self._keyring.renew(account)
            except PublisherError as error:
                log.warning(str(error), hint=error.hint, account=account)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:
                log.exception("keys were not renewed")
            self._stop.wait(_LOOK)
