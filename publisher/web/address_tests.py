"""Test messages that people send to their own addresses: rarely, and without holding a page."""

import threading
import time
from collections import defaultdict

from publisher.base.errors import NoticeNotSent, NotPossible, PublisherError
from publisher.base.i18n import _
from publisher.notices.message import Message
from publisher.notices.services import Service

_APART = 15.0  # real seconds between two tests of one person
_SPAN, _IN_SPAN = 3600.0, 10  # real seconds, and the most tests of one person within them
_PATIENCE = 15.0
"""Real seconds: longer than a service takes, unless it hangs. Its thread then ends by itself."""


class TestMessages:
    """Limits the tests of each person, whose addresses lead to any server."""

    def __init__(self) -> None:
        self._sent: dict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def send(self, person: str, service: Service, message: Message) -> None:
        """Send a test message. Raises NotPossible when there were too many, or NoticeNotSent."""
        self._count(person)
        ended: list[PublisherError | None] = []

        def work() -> None:
            try:
                service.send(message)
                ended.append(None)
            except NoticeNotSent as error:
                ended.append(error)

        thread = threading.Thread(target=work, name="a test message", daemon=True)
        thread.start()
        thread.join(_PATIENCE)
        if not ended:
            raise NoticeNotSent(_("{service} does not answer.", service=service.name))
        if ended[0]:
            raise ended[0]

    def _count(self, person: str) -> None:
        now = time.monotonic()
        with self._lock:
            sent = [at for at in self._sent[person] if now - at < _SPAN]
            if len(sent) >= _IN_SPAN or (sent and now - sent[-1] < _APART):
                raise NotPossible(
                    _("You have just sent a test, or several."),
                    hint=_("Wait a while, then send another one."),
                )
            self._sent[person] = [*sent, now]
