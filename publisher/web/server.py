"""Web server of the pages: uvicorn in one process, with heartbeat and orderly shutdown."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from publisher.app import Application
from publisher.base import ports
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.base.process import Pulse, allow_many_files
from publisher.doctor.profiles import Refresher
from publisher.ledger.heartbeats import ProcessKind
from publisher.monitoring.broker import BrokerMarks, client
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.live_copies import LiveCopies
from publisher.monitoring.monitor import Monitor
from publisher.running.signals import Interruption
from publisher.settings.schema import WebSettings
from publisher.web.app import create
from publisher.web.server_sent_events import EventStream
from publisher.web.slow_requests import PatientProtocol

_PATIENCE = 2  # seconds that running responses may take after the shutdown signal
_BACKLOG = 256
_AT_ONCE = 2_000
"""Connections; further ones get a 503. Each open page has one."""
_BEAT = 1.0  # seconds between two signs of life
_BROKER_LIMIT = 1.0  # seconds
_LAST_HEARTBEAT = 1.0  # seconds that the end may take


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, live: EventStream) -> None:
        super().__init__(config)
        self._live = live

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone: uvicorn would miss those that come before it runs, and in the end die
        of the one that it got.
        """
        yield

    def end(self, *, at_once: bool = False) -> None:
        self._live.close()  # the shutdown would wait for event streams
        self.should_exit = True
        self.force_exit = at_once


def serve(app: Application, where: WebSettings, *, say: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; a second one ends running responses at once.

    Raises ConfigurationError if the port is unavailable. Raises LedgerGone and ends if the ledger's
    file is deleted or replaced: changes would be written to a file that is not read any more.
    """
    allow_many_files()
    listener = _listen(where.host, where.port)
    live = EventStream(app.queries)
    pulse = Pulse.of_environment()
    heartbeat = Beating(app.heartbeats, ProcessKind.WEB, pulse)
    config = uvicorn.Config(
        create(app, where, live, Monitor(app, heartbeat)),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=_PATIENCE,
        timeout_keep_alive=15,
        http=PatientProtocol,
        limit_concurrency=_AT_ONCE,
        proxy_headers=True,
        forwarded_allow_ips=trusted_proxies(where),
    )
    server, refresher = _Server(config, live), Refresher(app)
    with listener, Interruption() as interruption:
        say(_("The web pages are at {address}. Press Ctrl-C to stop them.", address=where.address))
        if where.is_open:
            say(_("Passwords come over plain HTTP: [web] host is {host}.", host=where.host))
        url = app.settings.broker.url
        if url:
            copies = LiveCopies(app, client(url, _BROKER_LIMIT))
            app.watermarks.start(BrokerMarks(url), copies=copies)
        else:
            app.watermarks.start()
        heartbeat.start()
        refresher.start()
        try:
            asyncio.run(_run(server, listener, pulse, app.database.check_file, interruption))
        finally:
            refresher.finish(_LAST_HEARTBEAT)
            heartbeat.finish(_LAST_HEARTBEAT)


def trusted_proxies(where: WebSettings) -> list[str]:
    """Who is believed about the clients: a proxy on this machine, or one that the settings name."""
    return ["127.0.0.1", "::1", *where.proxies]


async def _run(
    server: _Server,
    listener: socket.socket,
    pulse: Pulse,
    look: Callable[[], None],
    interruption: Interruption,
) -> None:
    def heed() -> None:
        interruption.wait(0)
        if interruption.wanted:
            server.end(at_once=interruption.urgent)

    asyncio.get_running_loop().add_reader(interruption, heed)
    beating = asyncio.create_task(_beat(pulse, look))
    beating.add_done_callback(lambda _task: server.end())
    try:
        await server.serve(sockets=[listener])
    finally:
        beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating


async def _beat(pulse: Pulse, look: Callable[[], None]) -> None:
    """Send a heartbeat and call `look` each second; an error of `look` ends the server."""
    while True:
        pulse.beat()
        look()
        await asyncio.sleep(_BEAT)


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = ports.bound(host, port)
        listener.listen(_BACKLOG)
    except OSError as error:
        hint = _("Choose another one with --port, or with [web] port in publisher.toml.")
        raise ConfigurationError(ports.refused(error, host, port), hint=hint) from None
    return listener
