"""Log-ins at Bluesky: one for each account in a process, made with the app password and renewed.

A server allows 30 log-ins of an account in 5 minutes and 300 in a day (docs.bsky.app, rate limits),
so all channels of a process share one. Its tokens are in memory only. The token that renews it is
valid once: it is used under a lock.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from publisher.base.clock import Clock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.http.server_address import server_address
from publisher.model.outcomes import Answer, Wire
from publisher.platforms.bluesky.answers import did_of

_SHORTEST, _LONGEST = timedelta(minutes=2), timedelta(days=1)
_ASK_AGAIN = 15.0
"""Real seconds for which a refused log-in is not tried again: each attempt counts."""


@dataclass(frozen=True, slots=True)
class AppLogin:
    """What an account logs in with."""

    identifier: str
    """Its handle or its DID."""
    password: str = field(repr=False)
    server: str
    """Where it logs in."""


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A log-in that was accepted."""

    did: str
    server: str
    """The server that has the account's posts."""
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    renew_at: datetime
    """By our clock: halfway to the end of `access`, whose length counts, not the server's date."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a channel asks for a log-in."""

    create: Callable[[], Answer]
    """With the app password."""
    refresh: Callable[[AccountSession], Answer]


class SharedLogin:
    """The log-in of one account in this process."""

    def __init__(self, login: AppLogin) -> None:
        self._login = login
        self._lock = Lock()
        self._refused: tuple[float, Answer] | None = None
        self.session: AccountSession | None = None
        """None: there is none yet."""

    def obtain(
        self, clock: Clock, asking: Asking, besides: AccountSession | None = None
    ) -> AccountSession | Answer:
        """A session that lasts a while, other than `besides`; the answer that refuses one."""
        with self._lock:
            known = self.session
            if known and known is not besides and clock.now() < known.renew_at:
                return known
            if self._refused and clock.monotonic() < self._refused[0]:
                return self._refused[1]
            made = self._renewed(clock, asking, known) if known else None
            if made is None:
                made = self._made(clock, asking.create())
            if isinstance(made, AccountSession):
                self.session = made
            elif _is_refused(made):
                self.session, self._refused = None, (clock.monotonic() + _ASK_AGAIN, made)
            return made

    def _renewed(
        self, clock: Clock, asking: Asking, known: AccountSession
    ) -> AccountSession | Answer | None:
        """None: the server does not renew it, so a new one has to be made."""
        made = self._made(clock, asking.refresh(known))
        return None if isinstance(made, Answer) and _is_refused(made) else made

    def _made(self, clock: Clock, answer: Answer) -> AccountSession | Answer:
        told = mapping(parsed(answer.body))
        access, refresh = told.get("accessJwt"), told.get("refreshJwt")
        did = did_of(told)
        is_made = answer.wire is Wire.ANSWERED and answer.status == 200
        if not is_made or not did or not isinstance(access, str) or not isinstance(refresh, str):
            return answer
        server = own_server(mapping(told.get("didDoc"))) or self._login.server
        return AccountSession(did, server, access, refresh, clock.now() + _lifetime(access) / 2)


def _is_refused(answer: Answer) -> bool:
    refused = answer.wire is Wire.ANSWERED and 400 <= (answer.status or 0) < 500
    return refused and answer.status != 429


def own_server(document: dict[str, Any]) -> str | None:
    """The account's own server by its DID document, if it is reached by HTTPS."""
    services = document.get("service")
    for service in map(mapping, services if isinstance(services, list) else []):
        address = service.get("serviceEndpoint")
        is_its_own = str(service.get("id", "")).endswith("#atproto_pds")
        if is_its_own and isinstance(address, str) and address.lower().startswith("https://"):
            return server_address(address)
    return None


def login_server(address: str) -> str:
    """The address of a server to log in at; ConfigurationError if passwords must not go there."""
    found = server_address(address)
    if found is None:
        raise ConfigurationError(
            _("The address of this account's Bluesky server cannot be used."),
            hint=_("Next to the account's keys, write `server` like https://bsky.social."),
        )
    return found


def claims(token: str) -> dict[str, Any]:
    """What a token contains itself; nothing if it cannot be read."""
    padded = token.split(".")[1] + "==" if token.count(".") == 2 else ""
    try:
        return mapping(parsed(base64.urlsafe_b64decode(padded).decode()))
    except ValueError:
        return {}


def _lifetime(token: str) -> timedelta:
    """How long a token is valid, by what it contains itself."""
    told = claims(token)
    begins, ends = whole(told.get("iat")), whole(told.get("exp"))
    lasts = timedelta(seconds=(ends or 0) - (begins or 0))
    return min(max(lasts, _SHORTEST), _LONGEST)


_lock = Lock()
_shared: dict[tuple[str, str, str], SharedLogin] = {}


def shared(login: AppLogin, base_url: str | None) -> SharedLogin:
    """The log-in of an account that all channels of this process share."""
    secret = hashlib.sha256(login.password.encode()).hexdigest()
    with _lock:
        return _shared.setdefault(
            (base_url or login.server, login.identifier, secret), SharedLogin(login)
        )
