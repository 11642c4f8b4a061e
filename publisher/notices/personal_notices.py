"""Notices to single people, at their own addresses and in their language.

One thread looks at the ledger for all of them. An address is sent to in a thread of its own, which
ends with its message: one that hangs, or whose server answers byte by byte, delays nobody else.
"""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from publisher.base import i18n
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.ledger.news.notice_addresses import NoticeAddress
from publisher.ledger.news.personal_news import PersonalItem, PersonalNews
from publisher.notices.addresses import opened
from publisher.notices.message import Message
from publisher.notices.sending import send_news
from publisher.notices.services import Service
from publisher.settings.schema import NoticeSettings

_LOOK = 10.0  # real seconds between two reads of the ledger
_AGAIN = 30.0  # real seconds between them while no step was added; time alone makes some news
_GATHER = 5.0  # real seconds in which a burst of news is collected into one message

log = structlog.get_logger()

ComposePersonal = Callable[[Sequence[PersonalItem]], Message]


class PersonalNotices:
    """The threads that tell people."""

    def __init__(
        self,
        news: PersonalNews,
        settings: NoticeSettings,
        language: str,
        compose: ComposePersonal,
    ) -> None:
        """`language`: that of people who chose none."""
        self._news = news
        self._settings = settings
        self._language = language
        self._compose = compose
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._sending: dict[str, threading.Thread] = {}
        self._troubles: dict[str, str] = {}
        self._seen: int | None = None
        self._again_at = 0.0

    def start(self) -> None:
        """Start the thread, which ends with the process."""
        self._thread = threading.Thread(target=self._run, name="notices to people", daemon=True)
        self._thread.start()

    def finish(self, limit: float) -> None:
        """Send the last news, and end; waits at most `limit` real seconds."""
        self._stop.set()
        until = time.monotonic() + limit
        if self._thread:
            self._thread.join(limit)
        for thread in [*self._sending.values()]:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        ending = False
        while not ending:
            ending = self._stop.is_set()
            self._look()
            self._stop.wait(_LOOK)

    def _look(self) -> None:
        try:
            newest = self._news.newest()
            if newest == self._seen and time.monotonic() < self._again_at:
                return
            found = self._news.all_untold()
            # What is not told now is looked at again soon: its turn comes later.
            self._seen = None if found else newest
            self._again_at = time.monotonic() + _AGAIN
            for address, items in found:
                if items:
                    self._begin(address)
            self._report("", None)
        except Exception as error:  # noqa: BLE001 - the thread must go on
            self._report("", error)

    def _begin(self, address: NoticeAddress) -> None:
        """Send to an address in a thread of its own, unless one is still at it."""
        before = self._sending.get(address.service)
        if before is None or not before.is_alive():
            thread = threading.Thread(
                target=self._tell, args=(address,), name="notices to a person", daemon=True
            )
            self._sending[address.service] = thread
            thread.start()

    def _tell(self, address: NoticeAddress) -> None:
        def compose(items: Sequence[PersonalItem]) -> Message:
            with i18n.speaking(address.person.language or self._language):
                return self._compose(items)

        def service() -> Service:
            return opened(address.address, self._settings)

        self._stop.wait(_GATHER)
        try:
            if send_news(self._news, service, address.service, compose):
                self._report(address.service, None)
        except Exception as error:  # noqa: BLE001 - the person's own mistake, or their server's
            self._report(address.service, error, address.person.name)

    def _report(self, service: str, error: Exception | None, name: str = "") -> None:
        """Log an error once while it lasts."""
        before, now = self._troubles.get(service), repr(error) if error else None
        if now is None:
            self._troubles.pop(service, None)
        else:
            self._troubles[service] = now
        if error is None or before == now:
            return
        if isinstance(error, PublisherError):
            hint = _("That person sees it on their own page.") if name else error.hint
            log.warning(f"{name}: {error}" if name else str(error), hint=hint)
        else:
            log.error("notices to people failed", exc_info=error)
