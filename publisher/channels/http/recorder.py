"""HTTP recorder: takes the requests that a platform's library builds, and records the answers.

The library builds and signs a request, and hands it over instead of sending it. Its interpretation
of an answer is not used, because both misread some answers (a 500 as a success, a success as an
error): only an `Answer` is interpreted.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import h11
import requests
from requests.adapters import BaseAdapter

from publisher.base import logs
from publisher.base.clock import Clock, SystemClock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.answers import dated
from publisher.channels.http import client
from publisher.channels.outgoing import Exchanged, Request
from publisher.model.clock_check import Heard, unheard
from publisher.model.outcomes import Answer

_KEPT_HEADERS = (
    "content-type",
    "date",
    "etag",
    "ratelimit-",
    "retry-after",
    "x-access-level",
    "x-rate-limit-",
    "x-ratelimit-",
    "x-user-limit-",
    "x-app-",
    "x-business-",
    "x-page-usage",
    "x-restli-id",
)
MASK = "[secret]"
"""What stands in the place of a secret of the request."""
_SHORTEST_SECRET = 6
_TIME_LIMIT = timedelta(seconds=5)  # for a request that only asks for the time
_LOQUACIOUS = ("tweepy", "oauthlib", "requests_oauthlib", "urllib3", "requests")


class Recorder:
    """The requests of one account to one platform. Used by one thread at a time.

    `platform` is the platform's address, which requests are signed for. If the library has an older
    address in its code, that is `written`. If `base_url` is given, requests go there instead, while
    the signature stays the same. `timeout` (real time) covers the connection, and then the request
    and its whole answer. `secrets` never appear in an answer, even if the platform repeats them.
    `heard` gets the time that each answer names, and checks our clock with it. `public_only`:
    requests go to addresses in the public internet alone, which is looked at as each connection is
    made.
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
        public_only: bool = False,
    ) -> None:
        logs.silence(*_LOQUACIOUS)
        self._clock = clock
        self._heard = heard
        self._secrets = _pattern(secrets)
        self._platform = platform
        self._server = _checked(base_url or platform)
        self._timeout = timeout.total_seconds()
        self._public_only = public_only
        self.session: requests.Session = _Session(platform, written or platform)

    def call(self, function: Callable[[], object]) -> Answer:
        """Make the request that a library's function builds; returns the answer.

        Raises as `built`.
        """
        return client.shared().ask(self.built(function))

    def built(self, function: Callable[[], object]) -> Request:
        """The request that a library's function builds and signs, as it would send it.

        Raises what the function raises before it makes a request: that is a mistake in our code.
        """
        try:
            function()
        except _HandedOver as handed_over:
            return self._request(handed_over.request)
        except Exception as mistake:
            if self.redacted(repr(mistake)) != repr(mistake):
                raise RuntimeError(self.redacted(repr(mistake))) from None
            raise
        raise RuntimeError("The library made no request.")

    def _request(self, prepared: requests.PreparedRequest) -> Request:
        """The request to the actual server; its signature is for the platform's URL."""
        if not str(prepared.url).startswith(self._platform):
            raise RuntimeError("The library asks another server than the account's.")
        url = self._server + str(prepared.url).removeprefix(self._platform)
        scheme, host, path, query, _fragment = urlsplit(url)
        headers = {"Host": host, **prepared.headers}
        body = prepared.body or b""
        return Request(
            origin=f"{scheme}://{host}",
            head=h11.Request(
                method=str(prepared.method),
                target=(path or "/") + (query and f"?{query}"),
                headers=list(headers.items()),
            ),
            body=body.encode() if isinstance(body, str) else body,
            timeout=self._timeout,
            answer=self._recorded,
            public_only=self._public_only,
        )

    def _recorded(self, exchanged: Exchanged) -> Answer:
        """The platform's answer."""
        headers = {name: self.redacted(value) for name, value in _kept(exchanged.headers).items()}
        # A cached answer is as old as `Age` says; and a test's fast clock is not compared.
        is_fresh = all(name != "age" for name, _value in exchanged.headers)
        told, ahead = dated(headers.get("date", "")) if is_fresh else None, None
        if told and isinstance(self._clock, SystemClock):
            ahead = self._heard(told, exchanged.took)
        return Answer(
            exchanged.wire,
            self._clock.now(),
            exchanged.status,
            headers,
            self.redacted(exchanged.body.decode("utf-8-sig", "replace")),
            exchanged.reason,
            ahead,
        )

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
        return self._secrets.sub(MASK, text) if self._secrets else text


class _Session(requests.Session):
    """A session that hands its requests over, for one platform only."""

    def __init__(self, platform: str, written: str) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "gzip"
        self.adapters.clear()
        self.mount(f"{platform}/", _Handover())
        self._platform = platform
        self._written = written

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Change the library's address of the platform to the current one, before signing."""
        url = str(request.url)
        if url.startswith(f"{self._written}/"):
            request.url = self._platform + url.removeprefix(self._written)
        return super().prepare_request(request)


class _HandedOver(BaseException):
    """A request is built; raised in place of sending it, past what the libraries catch."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        super().__init__()
        self.request = request


class _Handover(BaseAdapter):
    """Hands each request over."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        raise _HandedOver(request)

    def close(self) -> None:
        """Do nothing: nothing is open."""


def ask_for_the_time(platform: str, base_url: str | None, clock: Clock, heard: Heard) -> None:
    """Send one unsigned HEAD request, whose answer contains the time.

    Without an answer, `heard` is not called.
    """
    recorder = Recorder(
        platform, base_url=base_url, timeout=_TIME_LIMIT, clock=clock, secrets=(), heard=heard
    )
    recorder.call(lambda: recorder.session.head(f"{platform}/"))


def _kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers that tell something.

    One that comes twice is the list of its values (RFC 9110, section 5.3): of two ids, none.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers:
        if name.startswith(_KEPT_HEADERS) and value not in values.setdefault(name, []):
            values[name].append(value)
    return {name: ", ".join(found) for name, found in values.items()}


def _checked(base_url: str) -> str:
    """The URL without a slash at its end; ConfigurationError when it is not usable."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            _("The address of the server that stands in for the platform cannot be used."),
            hint=_(
                "Write the variables that name such servers, PUBLISHER_…_URL, like "
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
