"""The sandbox as a server: one port of 127.0.0.1 for both platforms and their timelines."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from publisher.clock import Clock
from publisher.errors import UsageError
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.facebook import Facebook
from publisher.sandbox.failing import ELSEWHERE
from publisher.sandbox.faults import Fault, Faults, parse_faults
from publisher.sandbox.gateway import Gateway
from publisher.sandbox.store import Store
from publisher.sandbox.x import X

HOST = "127.0.0.1"


class Sandbox:
    """The two stand-in platforms with the accounts of one workspace. All is in memory.

    `timezone` is the zone of the times on the timeline pages; `title` stands above them.
    `limited=False` takes the rate limits away, for measurements.
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
        self.timezone, self.title = timezone, title
        self.store = Store(accounts, clock)
        self.x = X(self.store, limited=limited)
        self.facebook = Facebook(self.store, limited=limited)
        self.faults = Faults(faults)
        self.app: ASGIApp = Starlette(
            routes=[
                Route("/sandbox/state.json", self._state),
                Route("/sandbox/reset", self._reset, methods=["POST"]),
                Route("/sandbox/faults", self._list_faults),
                Route("/sandbox/faults", self._set_faults, methods=["POST"]),
                Route(ELSEWHERE, self._elsewhere, methods=["GET", "POST", "DELETE"]),
                Mount("/", app=Gateway(self.store, self.x, self.facebook, self.faults)),
            ]
        )

    def state(self) -> dict[str, Any]:
        """Everything that was published, the counters of requests, and the violations."""
        return self.store.state()

    async def _state(self, _request: Request) -> Response:
        return JSONResponse(self.state())

    async def _list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": self.faults.as_json()})

    async def _set_faults(self, request: Request) -> Response:
        try:
            self.faults.set(parse_faults(await request.json()))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return await self._list_faults(request)

    async def _elsewhere(self, request: Request) -> Response:
        """Where the fault `redirect` leads: it says yes to everything, and notes who came."""
        self.store.note("redirect-followed", "", f"{request.method} {ELSEWHERE}")
        return JSONResponse({"success": True})

    async def _reset(self, _request: Request) -> Response:
        """Forget posts, uploads, counters and faults; the accounts stay."""
        self.faults.set(())
        self.store.clear()
        self.x.clear()
        self.facebook.clear()
        return JSONResponse({"reset": True})


@contextmanager
def running(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """The sandbox at work in a thread; gives its address, such as `http://127.0.0.1:4321`."""
    server = uvicorn.Server(_config(sandbox, port))
    socket = server.config.bind_socket()
    socket.listen(server.config.backlog)  # whoever connects before the thread is up waits
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{socket.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        socket.close()


def serve(sandbox: Sandbox, port: int) -> None:
    """Serve until the process is told to end."""
    try:
        uvicorn.Server(_config(sandbox, port)).run()
    except SystemExit as error:
        raise UsageError(
            f"The sandbox cannot use port {port}.", hint="Choose a free one with --port."
        ) from error


def _config(sandbox: Sandbox, port: int) -> uvicorn.Config:
    # No access log: Facebook's tokens stand in the addresses.
    return uvicorn.Config(
        sandbox.app,
        host=HOST,
        port=port,
        access_log=False,
        log_level="critical",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
