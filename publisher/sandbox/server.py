"""Sandbox server: one port of 127.0.0.1 for all platforms and their timelines."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.base.clock import Clock
from publisher.base.errors import UsageError, why
from publisher.base.i18n import _
from publisher.sandbox import profiles
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import plant
from publisher.sandbox.fault_responses import ELSEWHERE
from publisher.sandbox.faults import Fault, Faults, parse_faults
from publisher.sandbox.gateway import DATE_AHEAD, Gateway
from publisher.sandbox.pages import Timelines
from publisher.sandbox.platforms import PLATFORMS
from publisher.sandbox.store import Store

HOST = "127.0.0.1"


class Sandbox:
    """The simulated platforms with the accounts of one workspace. All data is in memory.

    `timezone` is the zone of the times on the timeline pages; `title` is their heading.
    `limited=False` disables the rate limits, for measurements.
    """

    def __init__(
        self,
        accounts: Sequence[SandboxAccount],
        clock: Clock,
        *,
        timezone: str = "UTC",
        title: str = "",
        limited: bool = True,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.accounts = tuple(accounts)
        self.store = Store(accounts, clock)
        platforms = {
            channel: spec.open(self.store, limited=limited) for channel, spec in PLATFORMS.items()
        }
        self.faults = Faults(faults)
        self._pages = Timelines(self.store, timezone=timezone, title=title)
        timelines = [
            Route(f"/{spec.page}{rest}", partial(self._timeline, channel))
            for channel, spec in PLATFORMS.items()
            for rest in ("", "/{account}")
        ]
        self._gateway = Gateway(self.store, platforms, self.faults)
        served: ASGIApp = Starlette(
            routes=[
                Route("/", self._index),
                *timelines,
                Route("/favicon.ico", self._no_icon),
                Route("/media/{sha256}", self._media),
                Route(f"{profiles.AVATAR}/{{name}}", profiles.answer),
                Route("/sandbox/state.json", self._state),
                Route("/sandbox/reset", self._reset, methods=["POST"]),
                Route("/sandbox/comments", self._plant, methods=["POST"]),
                Route("/sandbox/faults", self._list_faults),
                Route("/sandbox/faults", self._set_faults, methods=["POST"]),
                Route(ELSEWHERE, self._elsewhere, methods=["GET", "POST", "DELETE"]),
                Mount("/", app=self._gateway),
            ]
        )
        self.app: ASGIApp = _dated(served, self.faults)

    def state(self) -> dict[str, Any]:
        """All posts, the request counters, and the violations."""
        return self.store.state()

    def timeline(
        self, channel: str, name: str | None = None, *, self_contained: bool = False
    ) -> str:
        """Render a channel's timeline, of one account or of all.

        `name` is a handle, or the id of a Page. Raises KeyError for an unknown one.
        """
        account = None
        if name is not None:
            known = {
                key: account
                for account in self.accounts
                if account.channel == channel
                for key in (account.page_id, account.handle)
            }
            account = known[name]
        return self._pages.timeline(channel, account, self_contained=self_contained)

    def timelines(self) -> dict[str, str]:
        """Each platform's timeline of all accounts as a self-contained file, by file name."""
        return {
            f"{spec.page}.html": self.timeline(channel, self_contained=True)
            for channel, spec in PLATFORMS.items()
        }

    async def _index(self, _request: Request) -> Response:
        return _page(self._pages.index())

    async def _timeline(self, channel: str, request: Request) -> Response:
        """Show a timeline; `?self_contained=1` gives a page that can be saved as one file."""
        self_contained = request.query_params.get("self_contained") == "1"
        try:
            name = request.path_params.get("account")
            return _page(self.timeline(channel, name, self_contained=self_contained))
        except KeyError:
            return PlainTextResponse("No such account here.", 404)

    async def _no_icon(self, _request: Request) -> Response:
        return Response(status_code=204)

    async def _media(self, request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        for upload in self.store.uploads.values():
            if upload.sha256 == sha256:
                headers = {"cache-control": "max-age=86400", "x-content-type-options": "nosniff"}
                return Response(upload.content, media_type=upload.media_type, headers=headers)
        return PlainTextResponse("No such picture here.", 404)

    async def _state(self, _request: Request) -> Response:
        return JSONResponse(self.state())

    async def _plant(self, request: Request) -> Response:
        """Write a reader's comment: `account`, `text`, and as `plant` takes it, in JSON."""
        try:
            planted = plant(self.store, **await request.json())
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"ids": [one.id for one in planted]})

    async def _list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": self.faults.as_json()})

    async def _set_faults(self, request: Request) -> Response:
        try:
            self.faults.set(parse_faults(await request.json()))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return await self._list_faults(request)

    async def _elsewhere(self, request: Request) -> Response:
        """The target of the fault `redirect`: answers with success, and records the request."""
        self.store.note("redirect-followed", "", f"{request.method} {ELSEWHERE}")
        return JSONResponse({"success": True})

    async def _reset(self, _request: Request) -> Response:
        """Delete posts, uploads, counters and faults; the accounts stay."""
        self.faults.set(())
        self.store.clear()
        self._gateway.clear()
        return JSONResponse({"reset": True})


def _dated(app: ASGIApp, faults: Faults) -> ASGIApp:
    """Add a `Date` header to each answer: the machine's time, unless a fault changes it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                ahead = scope.get(DATE_AHEAD, faults.date_ahead)
                date = formatdate(time.time() + ahead, usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await app(scope, receive, send_dated)

    return answer


@contextmanager
def running(
    sandbox: Sandbox, port: int = 0, host: str = HOST, certificate: Path | None = None
) -> Iterator[str]:
    """Run the sandbox in a thread; yields its address, such as `http://127.0.0.1:4321`.

    With a `certificate`, and its key in the same file, it uses TLS: beyond loopback, Publisher
    connects only by TLS.
    """
    listener = _listen(port, host)
    server = uvicorn.Server(_config(sandbox, certificate))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        scheme = "https" if certificate else "http"
        yield f"{scheme}://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        listener.close()


def _listen(port: int, host: str = HOST) -> socket.socket:
    # asyncio disables Nagle's algorithm only if the protocol is named; it costs 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        message = _("The sandbox cannot use port {port}: {error}.", port=port, error=why(error))
        raise UsageError(message, hint=_("Choose a free one with --port.")) from None
    # Clients that connect before the server's loop runs wait in the queue.
    listener.listen(2048)
    return listener


def _page(html: str) -> Response:
    # These pages contain drafts: they may run no script, and load nothing from other servers.
    policy = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
    return HTMLResponse(html, headers={"content-security-policy": policy})


def _config(sandbox: Sandbox, certificate: Path | None = None) -> uvicorn.Config:
    # No access log: the addresses contain Facebook's tokens.
    return uvicorn.Config(
        sandbox.app,
        access_log=False,
        log_level="critical",
        lifespan="off",
        server_header=False,
        date_header=False,  # `_dated` adds it
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
    )
