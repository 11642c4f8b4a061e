"""XRPC client: the requests of one log-in to one server, built by atproto.

The library builds each request and hands it over; it sends none, and reads no answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import requests
from atproto_client.client.raw import ClientRaw
from atproto_client.request import Request as LibraryRequest

from publisher.base import logs
from publisher.base.clock import Clock
from publisher.channels.http.recorder import Recorder
from publisher.channels.outgoing import Request
from publisher.model.clock_check import Heard
from publisher.model.outcomes import Answer

Call = Callable[[ClientRaw], object]
"""A request, as a call of the library's client."""
_PASSED_ON = ("authorization", "content-type", "user-agent")
"""The headers of the library that are sent: httpx adds some that our connections do not keep."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a channel reaches its servers."""

    base_url: str | None
    """A server that all requests go to instead; None: the account's own."""
    timeout: timedelta
    clock: Clock
    heard: Heard
    public_only: bool = False
    """Whether its servers have to be in the public internet."""

    def lasting(self, times: int) -> "Way":
        """The same for requests that may take so many times as long."""
        return replace(self, timeout=self.timeout * times)

    def client(self, server: str, secrets: Iterable[str], token: str | None = None) -> "Xrpc":
        """A client of `server`, with a log-in's token; `secrets` appear in no answer."""
        recorder = Recorder(
            server,
            base_url=self.base_url,
            timeout=self.timeout,
            clock=self.clock,
            secrets=secrets,
            heard=self.heard,
            public_only=self.public_only,
        )
        return Xrpc(server, recorder, token)


class Xrpc:
    """Requests to one server. Used by one thread at a time."""

    def __init__(self, server: str, recorder: Recorder, token: str | None) -> None:
        logs.silence("httpx", "atproto", "atproto_client")
        self._recorder = recorder
        library = LibraryRequest(transport=_Handover(recorder.session), trust_env=False)
        if token:
            library.add_additional_header("Authorization", f"Bearer {token}")
        self._client = ClientRaw(server, library)

    def call(self, function: Call) -> Answer:
        """Make the request; returns the answer."""
        return self._recorder.call(lambda: function(self._client))

    def built(self, function: Call) -> Request:
        """The request, as it would be sent."""
        return self._recorder.built(lambda: function(self._client))


class _Handover(httpx.BaseTransport):
    """Hands the library's requests over to the recorder, which raises past the library."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        self._session.request(
            request.method, str(request.url), headers=headers, data=request.read()
        )
        raise AssertionError("The request was not handed over.")
