"""Notifications to people about what needs them: e-mail, Slack, ntfy and others.

The dispatcher starts them. Each service in `[notices]` has its own thread, so that a slow one
delays neither the posts nor the others. `ledger.outbox` decides what is reported, and that it is
reported once, even with many processes. Single people are told by `personal_notices`.
"""

import threading
import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from pydantic import SecretStr

from publisher.base.clock import Clock
from publisher.base.errors import PublisherError
from publisher.ledger.news.outbox import Item, News
from publisher.notices.message import Compose
from publisher.notices.personal_notices import PersonalNotices
from publisher.notices.sending import send_news
from publisher.notices.services import Service, open_services

_LOOK = 5.0  # real seconds between two reads of the ledger
_GATHER = 5.0  # real seconds in which a burst of news is collected into one message

log = structlog.get_logger()


class Notices:
    """The threads that send notices."""

    def __init__(
        self,
        urls: Sequence[SecretStr],
        news: News,
        clock: Clock,
        compose: Compose,
        personal: PersonalNotices | None = None,
    ) -> None:
        self._personal = personal
        self._urls = urls
        self._news = news
        self._clock = clock
        self._compose = compose
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the threads, which end with the process. Without services, nothing is started."""
        if self._personal:
            self._personal.start()
        if self._urls:
            # From now, not from when Apprise is loaded: posts fall due in the meantime.
            started = self._clock.now()
            self._thread = threading.Thread(
                target=self._run, args=(started,), name="notices", daemon=True
            )
            self._thread.start()

    def finish(self, limit: float) -> None:
        """Send the last news, and end; waits at most `limit` real seconds."""
        self._stop.set()
        until = time.monotonic() + limit
        if self._personal:
            self._personal.finish(limit)
        if self._thread:
            self._thread.join(max(0.0, until - time.monotonic()))

    def _run(self, started: datetime) -> None:
        services, problems = open_services(self._urls)
        for problem in problems:
            log.error(str(problem), hint=problem.hint)
        threads = [
            threading.Thread(
                target=Teller(service, self._news, self._compose, started).run,
                args=(self._stop,),
                name=f"notices to {service.name}",
                daemon=True,
            )
            for service in services
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Teller:
    """Sends notices to one service."""

    def __init__(self, service: Service, news: News, compose: Compose, started: datetime) -> None:
        """`started`: earlier news is not sent to a new service."""
        self._service = service
        self._news = news
        self._compose = compose
        self._started = started
        self._trouble: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Send news until `stop` is set, and once more then. No failure ends it."""
        ending = False
        while not ending:
            ending = stop.is_set()
            self._look(stop)
            stop.wait(_LOOK)

    def _look(self, stop: threading.Event) -> None:
        try:
            self._news.begin(self._service.name, self._started)
            if self._news.untold(self._service.name):
                stop.wait(_GATHER)
                if not self.tell():
                    return
            self._trouble = None
        except PublisherError as error:
            if self._is_new(str(error)):
                log.warning(str(error), hint=error.hint)
        except Exception as error:
            if self._is_new(repr(error)):
                log.exception("notices failed", service=self._service.name)

    def _is_new(self, trouble: str) -> bool:
        """Whether a trouble is not logged yet: it may last for long."""
        before, self._trouble = self._trouble, trouble
        return before != trouble

    def tell(self) -> Sequence[Item]:
        """Send all unsent news in one message, if it is this process's turn."""
        return send_news(self._news, lambda: self._service, self._service.name, self._compose)
