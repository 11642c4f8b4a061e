"""Outgoing heartbeat: pings an external service, which raises an alarm when pings stop.

The protocol is that of healthchecks.io (https://healthchecks.io/docs/http_api/): a request to the
address reports that all is well, one to ADDRESS/fail that it is not. Only another machine notices
that this one, or its network, is down. The address is a secret: anyone who has it can suppress the
alarm. It is in no message and no log.
"""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import structlog
from pydantic import SecretStr

EVERY = 60.0
"""Real seconds between two pings."""
_PATIENCE = 10.0  # seconds
_FAIL_AFTER = 60.0  # real seconds that a trouble lasts before it is reported

log = structlog.get_logger()


class Ping:
    """Pings one address."""

    def __init__(
        self, address: SecretStr | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._monotonic = monotonic
        self._next = float("-inf")
        self._ill_since: float | None = None
        self._is_failed = False
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    def look(self, *, is_well: bool) -> None:
        """Ping if it is time; returns at once. Call it every few seconds."""
        now = self._monotonic()
        if self._address is None or (self._thread and self._thread.is_alive()):
            return
        if is_well:
            self._ill_since, self._is_failed = None, False
            if now >= self._next:
                self._next = now + EVERY
                self._send("")
            return
        self._ill_since = now if self._ill_since is None else self._ill_since
        if not self._is_failed and now - self._ill_since >= _FAIL_AFTER:
            self._is_failed = True
            self._next = float("-inf")  # so that the recovery is reported at once
            self._send("/fail")

    def _send(self, suffix: str) -> None:
        assert self._address  # noqa: S101 - for the type checker
        parts = urlsplit(self._address.get_secret_value())
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix))
        self._thread = threading.Thread(target=self._get, args=(url,), name="ping", daemon=True)
        self._thread.start()

    def _get(self, url: str) -> None:
        """Send the request, and log a problem once."""
        trouble = None
        try:
            # Only http and https: the settings refuse any other address.
            with urllib.request.urlopen(url, timeout=_PATIENCE):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            trouble = f"status {error.code}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it may repeat the address
            trouble = type(error).__name__
        if trouble and trouble != self._trouble:
            log.warning("heartbeat not taken", reason=trouble)
        self._trouble = trouble
