"""HTTP recorder: makes the only HTTP session of a channel, and records each answer.

The platforms' libraries build the requests; their interpretation of an answer is ignored, because
both misread some answers (a 500 as a success, a success as an error). The adapter below records
every exchange as an `Answer`, and only that is interpreted.
"""

import base64
import io
import json
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
from requests import adapters
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

from publisher.base import logs
from publisher.base.clock import Clock, SystemClock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.answers import dated
from publisher.channels.base import Depart, at_once
from publisher.channels.http import sockets
from publisher.model.clock_check import Heard, unheard
from publisher.model.outcomes import Answer, Wire

MAX_BODY = 1_000_000
"""The most bytes of an answer that are read; no API's answer is longer."""
_CHUNK = 65_536
IDLE_LIMIT = 30.0
"""Real seconds after which an idle connection is not used again: a NAT may have dropped it
silently, and the outcome of a post sent into it would be unknown.
"""
_KEPT_HEADERS = (
    "content-type",
    "date",
    "retry-after",
    "x-access-level",
    "x-rate-limit-",
    "x-user-limit-",
    "x-app-",
    "x-business-",
    "x-page-usage",
)
_SHORTEST_SECRET = 6
_TIME_LIMIT = timedelta(seconds=5)  # for a request that only asks for the time
_LOQUACIOUS = ("tweepy", "oauthlib", "requests_oauthlib", "urllib3", "requests")


class Recorder:
    """The HTTP session of one account with one platform. Used by one thread at a time.

    `platform` is the platform's address, which requests are signed for. If the library has an older
    address in its code, that is `written`. If `base_url` is given, requests go there instead, while
    the signature stays the same. `timeout` (real time) covers the connection, the answer's
    beginning and its end together. `secrets` never appear in an answer, even if the platform
    repeats them. `heard` gets the time that each answer names, and checks our clock with it.
    """

    def __init__(
        self,
        platform: str,
        *,
        base_url: str | None,
        timeout: timedelta,
        clock: Clock,
        secrets: Iterable[str],
        heard: Heard = unheard,
        written: str | None = None,
    ) -> None:
        logs.silence(*_LOQUACIOUS)
        self._clock = clock
        self._heard = heard
        self._secrets = _pattern(secrets)
        self._exchanges: list[Answer] = []
        self.depart: Depart = at_once
        self.session: requests.Session = _Session(platform, written or platform)
        self.session.mount(
            f"{platform}/", _Adapter(self, platform, _checked(base_url or platform), timeout)
        )

    def call(self, function: Callable[[], object], depart: Depart = at_once) -> Answer:
        """Run a library's function that makes one request; returns the recorded answer.

        `depart` is called when the request is ready, and lets it leave. Raises what `depart`
        raises, and what the function raises before it makes a request: that is a mistake in our
        code.
        """
        self._exchanges.clear()
        self.depart = depart
        failure: Exception | None = None
        try:
            function()
        except Exception as error:  # noqa: BLE001  the libraries raise all kinds for an answer
            failure = error
        if self._exchanges:
            return self._exchanges[-1]
        if failure is None:
            raise RuntimeError("The library made no request.")
        if self.redacted(repr(failure)) != repr(failure):
            raise RuntimeError(self.redacted(repr(failure))) from None
        raise failure

    def record(
        self,
        wire: Wire,
        *,
        response: requests.Response | None = None,
        body: bytes = b"",
        reason: str = "",
        took: float = 0.0,
    ) -> None:
        """Record how an exchange ended; `took`: real seconds from its first byte to the answer."""
        headers = (
            {}
            if response is None
            else {
                name.lower(): self.redacted(value)
                for name, value in response.headers.items()
                if name.lower().startswith(_KEPT_HEADERS)
            }
        )
        status = None if response is None else response.status_code
        text = self.redacted(body.decode("utf-8-sig", "replace"))
        now, ahead = self._clock.now(), None
        # A cached answer is as old as `Age` says; and a test's fast clock is not compared.
        is_fresh = response is not None and "age" not in response.headers
        told = dated(headers.get("date", "")) if is_fresh else None
        if told and isinstance(self._clock, SystemClock):
            ahead = self._heard(told, took)
        self._exchanges.append(Answer(wire, now, status, headers, text, reason, ahead))

    def redacted(self, text: str) -> str:
        """The text without any of the account's secrets.

        A JSON text is serialised again, with the same values, if its escapes hid a secret.
        """
        clear = self._replaced(text)
        try:
            plain = json.dumps(json.loads(clear), ensure_ascii=False)
        except (ValueError, RecursionError):
            return clear
        found = self._replaced(plain)
        return clear if found == plain else found

    def _replaced(self, text: str) -> str:
        return self._secrets.sub("[secret]", text) if self._secrets else text

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def close(self) -> None:
        """Close the session."""
        self.session.close()


class _Session(requests.Session):
    """A session without redirects and environment variables, for one platform only."""

    def __init__(self, platform: str, written: str) -> None:
        super().__init__()
        self.trust_env = False
        self.adapters.clear()
        self._platform = platform
        self._written = written

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Change the library's address of the platform to the current one, before signing."""
        url = str(request.url)
        if url.startswith(f"{self._written}/"):
            request.url = self._platform + url.removeprefix(self._written)
        return super().prepare_request(request)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirected POST becomes a GET, and looks like a success."""


class _Adapter(HTTPAdapter):
    """Sends a request to its server, within its time, and records how that ended."""

    def __init__(
        self, recorder: Recorder, platform: str, base_url: str, timeout: timedelta
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = sockets.POOLS
        self._recorder = recorder
        self._platform = platform
        self._base_url = base_url
        self._timeout = timeout.total_seconds()
        self._used_at = recorder.monotonic()

    def send(
        self, request: requests.PreparedRequest, *_ignored: Any, **_named: Any
    ) -> requests.Response:
        monotonic = self._recorder.monotonic
        if monotonic() - self._used_at > IDLE_LIMIT:
            self._hang_up()
        exchange = sockets.begin(monotonic, self._timeout, self._recorder.depart)
        try:
            response = super().send(self._readdressed(request), stream=True, timeout=self._timeout)
            body = _read(response)
        except Exception as error:
            self._hang_up()
            if exchange.sent:
                self._recorder.record(Wire.NO_ANSWER, reason=sockets.reason(error, sent=True))
            elif isinstance(error, OSError):  # requests' exceptions are OSErrors too
                self._recorder.record(Wire.NOT_SENT, reason=sockets.reason(error, sent=False))
            raise
        self._used_at = monotonic()
        self._recorder.record(Wire.ANSWERED, response=response, body=body, took=exchange.took())
        response.raw = io.BytesIO(body)
        return response

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Use the TLS context that all connections share."""
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            options["ssl_context"] = _certificates(adapters.DEFAULT_CA_BUNDLE_PATH)
        return host, options

    def cert_verify(self, *_ignored: Any) -> None:
        """Do nothing: requests would have the certificates' file read for each connection."""

    def _hang_up(self) -> None:
        """Drop all connections, so that no later request uses one."""
        self.poolmanager.clear()

    def _readdressed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """A copy of the request for the actual server; the original keeps the signed URL."""
        copy = request.copy()
        copy.url = self._base_url + str(copy.url).removeprefix(self._platform)
        return copy


@cache
def _certificates(bundle: str) -> ssl.SSLContext:
    """A TLS context that verifies a server's certificate and name, by the authorities in this file.

    To read the file takes longer than everything else that a new connection needs.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(bundle)
    return context


def ask_for_the_time(platform: str, base_url: str | None, clock: Clock, heard: Heard) -> None:
    """Send one unsigned HEAD request, whose answer contains the time.

    Without an answer, `heard` is not called.
    """
    recorder = Recorder(
        platform, base_url=base_url, timeout=_TIME_LIMIT, clock=clock, secrets=(), heard=heard
    )
    try:
        with suppress(OSError):  # requests' exceptions are OSErrors too
            recorder.session.head(f"{platform}/")
    finally:
        recorder.close()


def _read(response: requests.Response) -> bytes:
    """The body, or its first megabyte; a connection with more to come is closed."""
    raw: HTTPResponse = response.raw
    body = b""
    try:
        if response.status_code < HTTPStatus.OK:
            raise requests.ConnectionError(_("No final answer."))
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY:
                raw.close()
                break
    except Exception:
        raw.close()
        raise
    return body[:MAX_BODY]


def _checked(base_url: str) -> str:
    """The URL without a slash at its end; ConfigurationError when it is not usable."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            _("The address of the server that stands in for the platform is not usable."),
            hint=_(
                "Write PUBLISHER_TWITTER_API_URL and PUBLISHER_FACEBOOK_GRAPH_URL like "
                "http://127.0.0.1:8080, or unset them."
            ),
        )
    return base_url.rstrip("/")


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Matches each secret as it is, and as it looks in a URL, in JSON and in base64.

    Upper and lower case are the same. The longest comes first. None: there are no secrets.
    """
    usable = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    in_url = [
        spelled
        for secret in usable
        for spelled in (quote(secret, safe=""), quote(secret), quote_plus(secret))
    ]
    in_json = [json.dumps(secret, ensure_ascii=False)[1:-1] for secret in usable]
    in_base64 = [spelled for secret in usable for spelled in _in_base64(secret.encode())]
    spellings = {*usable, *in_url, *in_json, *in_base64}
    longest_first = sorted(spellings, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if usable else None


def _in_base64(secret: bytes) -> Iterator[str]:
    """The letters that stand for the secret wherever it begins, as in `Basic` behind a name."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
