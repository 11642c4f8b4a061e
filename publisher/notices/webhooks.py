"""Webhooks: programs of the organisation are told of each change of a delivery's state.

Each message is signed as Standard Webhooks says (https://www.standardwebhooks.com).
`ledger/news/webhook_news.py` decides what is sent, and that it is sent once; a receiver that takes
nothing is asked again, later each time.
"""

import base64
import hashlib
import hmac
import http.client
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from publisher.base.errors import NoticeNotSent, PublisherError
from publisher.base.i18n import _
from publisher.ledger.news.webhook_news import DeliveryEvent, WebhookNews
from publisher.notices.network_guard import public_only
from publisher.notices.webhook_message import WebhookMessage
from publisher.settings.schema import WebhookSettings

_LOOK = 2.0  # real seconds between two reads of the ledger
_PATIENCE = 15.0  # seconds, as Standard Webhooks advises
_TURN = 90.0  # real seconds, within the lease of a turn

log = structlog.get_logger()


def signature(secret: str, message: str, timestamp: int, body: bytes) -> str:
    """The signature of a message. `secret`: `whsec_` and a key in base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Receiver:
    """One address that gets the events. Neither it nor a secret is in any message or log."""

    def __init__(
        self,
        address: SecretStr,
        secrets: Sequence[SecretStr],
        hosts: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hosts`: servers that may be asked although they are not public."""
        self._parts = urlsplit(address.get_secret_value())
        self._secrets = [secret.get_secret_value() for secret in secrets]
        self._is_guarded = (self._parts.hostname or "") not in hosts
        self._clock = clock
        digest = hashlib.sha256(address.get_secret_value().encode()).hexdigest()
        self.service = f"webhook/{digest[:16]}"
        """Its name in the ledger."""

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    def send(self, event: DeliveryEvent) -> None:
        """Send an event. Raises NoticeNotSent if the receiver has not taken it."""
        body, now = WebhookMessage.of(event).model_dump_json().encode(), int(self._clock())
        signatures = [signature(secret, event.id, now, body) for secret in self._secrets]
        headers = {
            "content-type": "application/json",
            "user-agent": "Publisher",
            "webhook-id": event.id,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(signatures),
        }
        guard: AbstractContextManager[list[str]] = (
            public_only() if self._is_guarded else nullcontext([])
        )
        try:
            with guard as refused:
                status = self._post(body, headers)
        except (OSError, http.client.HTTPException) as error:
            why = (
                _("it points to a network that is not public") if refused else type(error).__name__
            )
            raise self._not_sent(why) from None
        if not 200 <= status < 300:  # a redirection could lead anywhere
            raise self._not_sent(_("it answered with status {status}", status=status))

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        make: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        more = {}
        if self._parts.scheme == "https":
            make, more = http.client.HTTPSConnection, {"context": ssl.create_default_context()}
        connection = make(self.host, self._parts.port, timeout=_PATIENCE, **more)
        try:
            path = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _not_sent(self, why: str) -> NoticeNotSent:
        message = _(
            "The webhook at {host} did not accept the message: {reason}.",
            host=self.host,
            reason=why,
        )
        hint = _(
            "Fix the receiver, or [webhooks] in secrets.toml; Publisher tries again by itself."
        )
        return NoticeNotSent(message, hint=hint)


class Webhooks:
    """The threads that send events, one for each receiver: a slow one delays no other."""

    def __init__(self, settings: WebhookSettings, news: WebhookNews) -> None:
        self._news = news
        self._receivers = [Receiver(url, settings.secrets, settings.hosts) for url in settings.urls]
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads, which end with the process."""
        for receiver in self._receivers:
            thread = threading.Thread(
                target=Sender(receiver, self._news).run,
                args=(self._stop,),
                name="webhook",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    def finish(self, limit: float) -> None:
        """Send the last events, and end; waits at most `limit` real seconds."""
        self._stop.set()
        until = time.monotonic() + limit
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))


class Sender:
    """Sends events to one receiver, in the order in which they happened."""

    def __init__(self, receiver: Receiver, news: WebhookNews) -> None:
        self._receiver = receiver
        self._news = news
        self._trouble: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set, and once more then. No failure ends it."""
        ending = False
        while not ending:
            ending = stop.is_set()
            try:
                self.send()
                self._trouble = None
            except PublisherError as error:
                self._report(str(error), error.hint)
            except Exception as error:  # noqa: BLE001 - the thread must go on
                self._report(f"{type(error).__name__}", None)
            stop.wait(_LOOK)

    def send(self) -> int:
        """Send what is new, if it is this process's turn; returns how many events were taken."""
        service = self._receiver.service
        self._news.start(service)
        events = self._news.untold(service)
        turn = self._news.claim(service) if events else None
        if turn is None:
            return 0
        until, taken = time.monotonic() + _TURN, 0
        try:
            for event in self._news.untold(service):  # those of now: it may have waited
                self._receiver.send(event)
                self._news.sent(service, event)
                taken += 1
                if time.monotonic() > until:
                    break
        except Exception:
            self._news.not_told(service, turn)
            raise
        self._news.told(service, turn)
        return taken

    def _report(self, trouble: str, hint: str | None) -> None:
        """Log a trouble once while it lasts."""
        if trouble != self._trouble:
            log.warning(trouble, hint=hint)
        self._trouble = trouble
