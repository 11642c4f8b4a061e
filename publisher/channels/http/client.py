"""HTTP client of one process: many requests leave at one instant, and none has a thread.

Its event loop has a thread of its own. `ask` makes one request and waits; `connect` and `leave` are
for those that publish.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog

from publisher.base.public_addresses import NotPublic, is_public
from publisher.channels.http.connection import Connection, Ended, connect, reason
from publisher.channels.outgoing import Exchanged, Objection, Request
from publisher.model.outcomes import Answer, Outcome, Wire

CONNECT_LIMIT = 5.0
"""Real seconds to connect to the server: name, addresses and TLS together."""
IDLE_LIMIT = 30.0
"""Real seconds after which an idle connection is not used again: a NAT may have dropped it
silently, and the outcome of a post sent into it would be unknown.
"""
_MOST_IDLE = 256
"""The most idle connections to a server that stay open."""
_CONNECTING = 100
"""The most connections to a server that are made at a time."""
_SAME_LOOK_UP = 1.0
"""Real seconds for which those who look up the same name wait for one look-up."""

log = structlog.get_logger()

_T = TypeVar("_T")
_Addresses = Sequence[tuple[int, int, int, str, Any]]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A request that is about to leave on its connection."""

    connection: Connection
    objection: Objection
    ended: Callable[[Exchanged | Outcome], None]
    """Called once, in another thread, with how the exchange ended or the objection; it must not
    block.
    """


Connected = Callable[[Sequence[tuple[int, Connection | Exchanged]]], None]


class Client:
    """The HTTP client of one process."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` gives real seconds, for the age of idle connections."""
        self._seconds = seconds
        self._idle: dict[tuple[str, bool], list[tuple[Connection, float]]] = {}
        """By origin, and whether it is known to lead to a public address; each with since when, the
        one that was used last at the end.
        """
        self._look_ups: dict[tuple[str, int], tuple[asyncio.Future[_Addresses], float]] = {}
        self._doors: dict[str, asyncio.Semaphore] = {}
        """By origin: so many connect at a time that each has the processor within its limit."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._lock = Lock()
        self._running: asyncio.AbstractEventLoop | None = None

    def ask(self, request: Request) -> Answer:
        """Make one request, and wait for the answer."""
        return request.answer(self.exchange(request))

    def exchange(self, request: Request) -> Exchanged:
        """Make one request, and wait for how its exchange ends."""
        return self._run(self._exchange(request))

    def connect(self, requests: Sequence[Request], connected: Connected) -> None:
        """Connect for each request, for all at once.

        `connected` is called in another thread, with those that have a connection or none, by their
        place in `requests`, until it has had them all; it must not block.
        """

        def begin() -> None:
            kept = [self._kept(request) for request in requests]
            if at_once := [(n, one) for n, one in enumerate(kept) if one]:
                connected(at_once)
            for n, one in enumerate(kept):
                if one is None:
                    self._start(self._connect(n, requests[n], connected))

        self._loop.call_soon_threadsafe(begin)

    def leave(self, leaving: Sequence[Leaving]) -> None:
        """Let each request leave now, in this order, unless there is an objection to it.

        If its server has hung up meanwhile, it leaves on another connection, unless there is an
        objection then.
        """

        def let_go() -> None:
            gone: list[Connection] = []
            for one in leaving:
                connection = one.connection
                if objection := _objection(one):
                    one.ended(objection)
                elif connection.is_usable():
                    connection.leave(self._keeping(connection, one.ended))
                    gone.append(connection)
                else:
                    self._start(self._leave_anew(one))
            for connection in gone:
                connection.listen()

        self._loop.call_soon_threadsafe(let_go)

    def release(self, connections: Sequence[Connection]) -> None:
        """Keep the connections of requests that will not leave."""

        def keep() -> None:
            for connection in connections:
                self._keep(connection)

        self._loop.call_soon_threadsafe(keep)

    async def _exchange(self, request: Request) -> Exchanged:
        connection = await self._connected(request)
        if isinstance(connection, Exchanged):
            return connection
        done: asyncio.Future[Exchanged] = self._loop.create_future()
        self._send(connection, done.set_result)
        return await done

    async def _connect(self, place: int, request: Request, connected: Connected) -> None:
        connected([(place, await self._connected(request))])

    async def _leave_anew(self, leaving: Leaving) -> None:
        connection = await self._connected(leaving.connection.request)
        if isinstance(connection, Exchanged):
            leaving.ended(connection)
        elif objection := _objection(leaving):
            leaving.ended(objection)
        else:
            self._send(connection, leaving.ended)

    def _send(self, connection: Connection, ended: Ended) -> None:
        connection.leave(self._keeping(connection, ended))
        connection.listen()

    def _keeping(self, connection: Connection, ended: Ended) -> Ended:
        """`ended`, after the connection is kept for another request."""

        def keep(exchanged: Exchanged) -> None:
            self._keep(connection)
            ended(exchanged)

        return keep

    def _keep(self, connection: Connection) -> None:
        idle = self._idle.setdefault(_kind(connection.request), [])
        if len(idle) < _MOST_IDLE and connection.is_open:
            idle.append((connection, self._seconds()))
        else:
            connection.close()

    def _kept(self, request: Request) -> Connection | None:
        """An idle connection to the request's server that may still be used, with the request."""
        idle = self._idle.get(_kind(request), [])
        while idle:
            connection, since = idle.pop()
            if self._seconds() - since <= IDLE_LIMIT and connection.is_usable():
                connection.load(request)
                return connection
            connection.close()
        return None

    async def _connected(self, request: Request) -> Connection | Exchanged:
        """A connection with the request; how its exchange ended if there is none."""
        if kept := self._kept(request):
            return kept
        try:
            async with (
                self._doors.setdefault(request.origin, asyncio.Semaphore(_CONNECTING)),
                asyncio.timeout(min(CONNECT_LIMIT, request.timeout)) as limit,
            ):
                connection = await self._new(request, limit)
        except Exception as error:  # noqa: BLE001  whatever it is, others wait for the outcome
            return Exchanged(Wire.NOT_SENT, reason(error, sent=False))
        connection.load(request)
        return connection

    async def _new(self, request: Request, limit: asyncio.Timeout) -> Connection:
        """Connect to the first address that answers; they share the time that is left."""
        from requests import adapters  # noqa: PLC0415 - slow to load; who has a request has loaded it

        server = urlsplit(request.origin)
        host, is_safe = str(server.hostname), server.scheme == "https"
        tls = _certificates(adapters.DEFAULT_CA_BUNDLE_PATH) if is_safe else None
        addresses = await self._look_up(host, server.port or (443 if is_safe else 80))
        if request.public_only:
            addresses = [one for one in addresses if is_public(str(one[4][0]))]
            if not addresses:
                raise NotPublic
        problem: OSError | None = None
        for place, (family, _kind, _protocol, _name, address) in enumerate(addresses):
            left = (limit.when() or 0.0) - self._loop.time()
            try:
                async with asyncio.timeout(left / (len(addresses) - place)):
                    return await connect(family, address, host, tls, request.timeout)
            except OSError as error:
                problem = error
        raise problem or socket.gaierror

    async def _look_up(self, host: str, port: int) -> _Addresses:
        """The addresses of a host.

        A look-up that hangs cannot be ended, so a thread waits for it; a late result is ignored.
        """
        with suppress(ValueError):
            family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 0, "", (host, port))]
        future, begun = self._look_ups.get((host, port), (None, 0.0))
        if future is None or future.done() or self._seconds() - begun > _SAME_LOOK_UP:
            future = self._loop.create_future()
            future.add_done_callback(asyncio.Future.exception)  # maybe no one waits any more
            self._look_ups[host, port] = future, self._seconds()
            Thread(
                target=_look_up, args=(host, port, self._loop, future), name="look up", daemon=True
            ).start()
        return await asyncio.shield(future)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._running is None:
                self._running = asyncio.new_event_loop()
                Thread(target=self._running.run_forever, name="http", daemon=True).start()
            return self._running

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._under_way.add(task)  # a loop keeps none of its tasks alive
        task.add_done_callback(self._under_way.discard)


def _kind(request: Request) -> tuple[str, bool]:
    """What a request needs of a connection: where one leads is looked at as it is made."""
    return request.origin, request.public_only


def _objection(leaving: Leaving) -> Outcome | Exchanged | None:
    """Why it may not leave; others leave also where nobody can say whether this one may."""
    try:
        return leaving.objection()
    except Exception:
        log.exception("whether it may leave is not known")
        return Exchanged(Wire.NOT_SENT, reason(None, sent=False))


def _look_up(
    host: str, port: int, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[_Addresses]"
) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as error:  # noqa: BLE001  raised in those that wait
        loop.call_soon_threadsafe(future.set_exception, error)
    else:
        loop.call_soon_threadsafe(future.set_result, found)


@cache
def shared() -> Client:
    """The client of this process for all that is not published at an instant."""
    return Client()


@cache
def _certificates(bundle: str) -> ssl.SSLContext:
    """A TLS context that verifies a server's certificate and name, by the authorities in this file.

    To read the file takes longer than everything else that a new connection needs.
    """
    return ssl.create_default_context(cafile=bundle)
