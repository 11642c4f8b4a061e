"""Processes of one workspace: embedded broker, dispatcher, workers and web pages."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from publisher.app.opening import KeysFile
from publisher.base import ports
from publisher.base.errors import BrokerUnavailable, ProcessFailed, PublisherError
from publisher.base.i18n import _
from publisher.delivery.leases import LOOK_AHEAD
from publisher.monitoring import broker
from publisher.monitoring.disk_space import DiskSpace
from publisher.running import embedded_broker
from publisher.running.child_process import Child
from publisher.running.signals import Interruption
from publisher.running.supervised import QUICK_DEATHS, Kept, Say
from publisher.settings.settings import Settings

_BROKER_LOOK = 1.0  # seconds between two checks of the embedded broker
_LOG_LOOK = 5.0  # seconds between two checks of the logs' sizes
_KEYS_LOOK = 1.0  # seconds between two looks whether secrets.toml was changed
_KEYS_PAUSE = 60.0  # seconds between two new starts for that: workers have to get to work
_DISPATCHER_LIMIT = 5.0  # seconds that the dispatcher may take to finish its tick
_WEB_LIMIT = 5.0  # the same for the web pages
_WORKER_GRACE = LOOK_AHEAD + 10.0
"""Seconds after a request's timeout that a worker may take to end: it sends what it has in hand."""


class Processes:
    """Starts, supervises and ends the processes of one workspace."""

    def __init__(
        self,
        settings: Settings,
        say: Say,
        environment: Mapping[str, str] | None = None,
        *,
        web: bool = False,
        opened: Callable[[str], object] = lambda _address: None,
    ) -> None:
        """`environment`: added to this process's own for the children; `web`: pages too.

        `opened` is called once with the address of the pages, as soon as they answer.
        """
        self._say = say
        self._room = DiskSpace(settings.var, say)
        more = {**(environment or {}), "PUBLISHER_WORKSPACE": str(settings.workspace)}
        self._broker = None if settings.broker.url else embedded_broker.EmbeddedBroker(settings.var)
        self._external = settings.broker.url
        self._ledger = settings.database_url
        self._broker_failures = 0
        self._next_broker_look = 0.0
        self._next_log_look = 0.0
        self._keys = KeysFile(settings)
        self._next_keys_look = 0.0
        self._patience = settings.delivery.request_timeout.total_seconds() + _WORKER_GRACE
        self._dispatcher = Kept(_child(settings, more, "dispatcher", "workers.dispatcher"), say)
        self._workers = [
            Kept(_worker(settings, number, more), say)
            for number in range(1, settings.delivery.workers + 1)
        ]
        self._web_settings = settings.web
        self._is_web_open = False
        self._opened = opened
        self._web = Kept(_child(settings, more, "web", "publisher.web"), say) if web else None

    def start(self) -> None:
        """Start all processes. Raises BrokerUnavailable and StorageError."""
        if self._broker:
            self._broker.start()
        else:
            broker.check(self._external)
        self._tell_address()
        for kept in (*self._workers, self._dispatcher):  # the workers take longer to be ready
            kept.start()
        self._start_web()

    def ready(self) -> bool:
        """Whether every worker waits for work; True at once with an external broker: unknown."""
        return self._broker is None or self._broker.listeners() >= len(self._workers)

    def tend(self) -> None:
        """Restart processes that died or hang. Raises ProcessFailed if that does not help."""
        self._room.look()
        if self._broker and time.monotonic() >= self._next_broker_look:
            self._tend_broker(self._broker)
            self._next_broker_look = time.monotonic() + _BROKER_LOOK
        for kept in (self._dispatcher, *self._workers):
            kept.tend()
        self._tend_web()
        self._tend_logs()
        self._tend_keys()

    def _tend_keys(self) -> None:
        """Start the processes again when an account was connected: each reads the keys once."""
        if time.monotonic() < self._next_keys_look:
            return
        self._next_keys_look = time.monotonic() + _KEYS_LOOK
        try:
            if self._keys.changed() is None:
                return
        except PublisherError as error:
            self._say(_("The processes go on with the keys that they have: {error}", error=error))
            return
        self._next_keys_look = time.monotonic() + _KEYS_PAUSE
        self._say(_("The keys of the accounts have changed: the processes restart with them."))
        for kept in (self._dispatcher, *self._workers):  # the pages look themselves
            kept.end()  # it finishes what it has in hand

    def _tend_logs(self) -> None:
        if time.monotonic() >= self._next_log_look:
            self._next_log_look = time.monotonic() + _LOG_LOOK
            for kept in self._all():
                kept.child.trim_log()

    @property
    def logs(self) -> Mapping[str, Path]:
        """The logs of dispatcher and workers, by the name of the process."""
        return {kept.child.name: kept.child.log for kept in (self._dispatcher, *self._workers)}

    def broker_url(self) -> str:
        """The broker's present URL, with the password."""
        return self._broker.url if self._broker else self._external

    def _start_web(self) -> None:
        """Start the pages, unless their port is taken: that must not stop publishing."""
        if self._web is None:
            return
        host, port = self._web_settings.host, self._web_settings.port
        try:
            ports.bound(host, port).close()
        except OSError as error:
            self._web = None
            told = _(
                "{problem} So the web pages are not served, but publishing goes on. For "
                "another port, start again with `publisher run --port {other}`.",
                problem=ports.refused(error, host, port),
                other=port + 1 if port < ports.HIGHEST else port - 1,
            )
            self._say(told)
            return
        self._web.start()

    def _tend_web(self) -> None:
        if self._web is None:
            return
        try:
            self._web.tend()
        except ProcessFailed as error:
            self._web = None
            self._say(
                _("The web pages are no longer served. Publishing goes on. {error}", error=error)
            )
            return
        where = self._web_settings
        if not self._is_web_open and ports.answers(where.host, where.port):
            self._is_web_open = True
            self._say(_("The web pages are at {address}.", address=where.address))
            self._opened(where.address)

    def drain(
        self, interruption: Interruption, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Shut down: accept no new work, finish running deliveries, end the broker last.

        `meanwhile` is called in a loop. A second interruption kills everything at once; a worker
        that takes longer than any request may is killed too. The ledger has its running deliveries.
        """
        if self._web:
            self._web.child.terminate()  # it has no work that must be finished
        workers = [kept.child for kept in self._workers]
        self._end([self._dispatcher.child], _DISPATCHER_LIMIT, interruption, meanwhile)
        self._end(workers, self._patience, interruption, meanwhile)
        if self._web:
            self._end([self._web.child], _WEB_LIMIT, interruption, meanwhile)
        if self._broker:
            self._broker.stop()

    def _end(
        self,
        children: Sequence[Child],
        limit: float,
        interruption: Interruption,
        meanwhile: Callable[[], object],
    ) -> None:
        for child in children:
            child.terminate()
        end = time.monotonic() + limit
        while any(child.running for child in children):
            if interruption.urgent or time.monotonic() > end:
                break
            meanwhile()
            time.sleep(0.05)
        for child in children:
            if child.running:
                self._say(_("{name} did not end by itself and was stopped.", name=child.name))
                child.kill()

    def _tend_broker(self, embedded: embedded_broker.EmbeddedBroker) -> None:
        address = embedded.url
        try:
            restarted = embedded.tend()
        except BrokerUnavailable as error:
            self._broker_failures += 1
            if self._broker_failures >= QUICK_DEATHS:
                raise
            self._say(_("broker: {problem}", problem=error))
            return
        self._broker_failures = 0
        if restarted:
            self._say(_("The broker had died or hung and was restarted."))
        if embedded.url != address:
            self._tell_address()
            for kept in self._all():
                kept.child.terminate()  # it starts again with the new address

    def _all(self) -> list[Kept]:
        return [self._dispatcher, *self._workers, *([self._web] if self._web else [])]

    def _tell_address(self) -> None:
        url = self.broker_url()
        for kept in self._all():
            kept.child.environment["PUBLISHER_BROKER__URL"] = url
            if self._broker:  # beside a broker, a ledger that nobody named is taken for a mistake
                kept.child.environment["PUBLISHER_DATABASE__URL"] = self._ledger


def _worker(settings: Settings, number: int, environment: Mapping[str, str]) -> Child:
    name = f"worker-{number}"
    # Mingling, gossip and heartbeats let Celery's workers know one another; ours need not, and
    # mingling would delay the first delivery by a second.
    # Quiet: Celery does not start if it cannot write its banner to the log.
    options = ["--quiet", "-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING"]
    options += ["-n", f"{name}@%h"]
    options += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    return _child(settings, environment, name, "celery", *options)


def _child(
    settings: Settings, environment: Mapping[str, str], name: str, module: str, *options: str
) -> Child:
    return Child(
        name,
        [sys.executable, "-P", "-m", module, *options],
        settings.var / "log" / f"{name}.log",
        environment=dict(environment),
        # Celery looks for modules in the working directory: never start it where committed files
        # are.
        folder=Path("/"),
        listen=True,
    )
