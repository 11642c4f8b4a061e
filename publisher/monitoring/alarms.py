"""Alarms: report problems of the environment directly, without the ledger.

Notices wait in the ledger until a service has taken them. So people would not hear of a ledger
that is unavailable, or of missing dispatchers. Alarms are kept in memory: one is sent when a
trouble has lasted for a minute, and one when it has been over for half a minute. Several processes
that see the same trouble may each report it.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from pydantic import SecretStr

from publisher.base.errors import NoticeNotSent
from publisher.base.i18n import _
from publisher.monitoring.troubles import SEVERAL, WARNINGS, Subject, Trouble
from publisher.notices.message import Message
from publisher.notices.services import Service, open_services

PATIENCE = 60.0
"""Real seconds that a trouble lasts before it is reported."""
LONG_PATIENCE = {Subject.BACKUPS: 7200.0}
"""The same for some: the first backup is made in the first hour."""
CALM = 30.0
"""Real seconds without a trouble after which it is over. An intermittent one counts as one."""
_FIRST_DELAY = 30.0  # real seconds until a failed service is tried again, then doubled
_LONGEST_DELAY = 1800.0
_KEPT = 20  # messages for a service that does not accept any

log = structlog.get_logger()


class _Lasting:
    """A trouble with the time since which it lasts."""

    def __init__(self, trouble: Trouble, now: float) -> None:
        self.trouble = trouble
        self.since = self.seen = now
        self.is_told = False


class Alarms:
    """Decides which troubles are reported, and when."""

    def __init__(
        self, tell: Callable[[Message], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._lasting: dict[tuple[Subject, str], _Lasting] = {}

    def look(self, troubles: Sequence[Trouble]) -> None:
        """Report troubles that lasted long enough or are over. Call it every few seconds."""
        now = self._monotonic()
        for trouble in troubles:
            found = self._lasting.setdefault(_key(trouble), _Lasting(trouble, now))
            found.seen = now
            if not found.is_told:  # its end names what was told
                found.trouble = trouble
        lasting = [
            one
            for one in self._lasting.values()
            if not one.is_told
            and one.seen == now
            and now - one.since >= LONG_PATIENCE.get(one.trouble.subject, PATIENCE)
        ]
        for one in lasting:
            one.is_told = True
        over = [one for one in self._lasting.values() if now - one.seen >= CALM]
        for one in over:
            del self._lasting[_key(one.trouble)]
        if lasting:
            self._tell(_begun([one.trouble for one in lasting]))
        if ended := [one for one in over if one.is_told]:
            self._tell(_over([one.trouble for one in ended]))


def _key(trouble: Trouble) -> tuple[Subject, str]:
    """What counts as one trouble: the subject, and of some each cause."""
    return trouble.subject, trouble.message if trouble.subject in SEVERAL else ""


def _begun(troubles: Sequence[Trouble]) -> Message:
    host = socket.gethostname()
    delays = any(one.subject not in WARNINGS for one in troubles)
    late = [_("Posts may be late until this is fixed.")] if delays else []
    return Message(
        _("Publisher on {host}: {trouble}", host=host, trouble=troubles[0].message),
        "\n\n".join([*map(str, troubles), *late]),
    )


def _over(troubles: Sequence[Trouble]) -> Message:
    return Message(
        _("Publisher on {host} continues", host=socket.gethostname()),
        "\n\n".join(_("Resolved: {trouble}", trouble=one.message) for one in troubles),
    )


class Outbox:
    """Sends messages to all services, in a thread that starts with the first message.

    Apprise is loaded only then. A service that fails is tried again later.
    """

    def __init__(self, urls: Sequence[SecretStr]) -> None:
        self._urls = urls
        self._new = threading.Event()
        self._lock = threading.Lock()
        self._waiting: deque[Message] = deque(maxlen=_KEPT)
        self._thread: threading.Thread | None = None

    def put(self, message: Message) -> None:
        """Queue a message; returns at once."""
        if not self._urls:
            return
        with self._lock:
            self._waiting.append(message)
            self._new.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        services, problems = open_services(self._urls)
        for problem in problems:
            log.error(str(problem), hint=problem.hint)
        lines = [_Line(service) for service in services]
        while True:
            pauses = [pause for line in lines if (pause := line.pause()) is not None]
            self._new.wait(min(pauses, default=None))
            with self._lock:
                messages = list(self._waiting)
                self._waiting.clear()
                self._new.clear()
            for line in lines:
                line.put(messages)
                line.send()


class _Line:
    """The queue of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting: deque[Message] = deque(maxlen=_KEPT)
        self._delay = _FIRST_DELAY
        self._next = 0.0

    def put(self, messages: Sequence[Message]) -> None:
        self._waiting.extend(messages)

    def pause(self) -> float | None:
        """Seconds until the next try; None while nothing waits."""
        return max(0.0, self._next - time.monotonic()) if self._waiting else None

    def send(self) -> None:
        while self._waiting and time.monotonic() >= self._next:
            try:
                self._service.send(self._waiting[0])
            except NoticeNotSent as error:
                log.warning(str(error), hint=error.hint)
                self._next = time.monotonic() + self._delay
                self._delay = min(2 * self._delay, _LONGEST_DELAY)
            else:
                self._waiting.popleft()
                self._delay = _FIRST_DELAY
