"""Broker checks: whether the server of `[broker] url` can be reached and written; what it keeps."""

import secrets
from collections.abc import Callable
from time import monotonic
from typing import Any

import redis
import redis.sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from publisher.base.errors import BrokerUnavailable
from publisher.base.i18n import _
from publisher.monitoring.broker_errors import address_of, unavailable
from publisher.settings import redis_sentinel

NO_EVICTION = "noeviction"
_MARK_PATIENCE = 0.3  # real seconds
_MARK_REST = 10.0  # real seconds until a broker that did not answer is asked again
_SCHEMES = ("redis", "rediss", *redis_sentinel.SCHEMES)


def reachable(url: str, seconds: float) -> bool:
    """Whether the broker at `url` answers a PING within `seconds`."""
    try:
        _ping(url, seconds)
    except (redis.RedisError, OSError):
        return False
    return True


def check(url: str, seconds: float = 3.0) -> None:
    """Check that a broker answers at `url`, or through its Sentinels. Raises BrokerUnavailable."""
    _check(url, seconds, _ping)


def check_writes(url: str, seconds: float = 3.0) -> None:
    """Check also that the broker accepts writes: it may be full, or a read-only replica."""
    _check(url, seconds, _put)


def _check(url: str, seconds: float, ask: Callable[[str, float], None]) -> None:
    if url.partition("://")[0] not in _SCHEMES:
        message = _("[broker] url is not one of the supported kinds.")
        hint = _(
            "Begin [broker] url with redis://, rediss://, sentinel:// or sentinels://, or leave "
            "it empty to use the embedded broker."
        )
        raise BrokerUnavailable(message, hint=hint)
    try:
        ask(url, seconds)
    except redis.TimeoutError:
        where = _("The broker at {address}", address=address_of(url))
        raise BrokerUnavailable(
            _("{broker} does not answer within {seconds} s.", broker=where, seconds=f"{seconds:g}"),
            plainly=_("The broker does not answer."),
        ) from None
    except Exception as error:  # noqa: BLE001 - the client raises anything for an option in the URL
        raise unavailable(url, error) from None


def _ping(url: str, seconds: float) -> None:
    with client(url, seconds) as asker:
        asker.ping()


def _put(url: str, seconds: float) -> None:
    """Write as Celery does, to a separate key that is deleted at once."""
    key = f"publisher.check.{secrets.token_hex(8)}"
    with client(url, seconds) as asker, asker.pipeline(transaction=False) as commands:
        commands.lpush(key, "")
        commands.delete(key)
        commands.execute()


def eviction_policy(url: str, seconds: float = 3.0) -> str:
    """What the broker does when its memory is full, as Redis names it.

    NO_EVICTION too where it does not say so, as managed servers may.
    """
    found: list[str] = []

    def ask(url: str, seconds: float) -> None:
        with client(url, seconds) as asker:
            told = asker.info("memory")
            found.append(str(told.get("maxmemory_policy", NO_EVICTION)))

    _check(url, seconds, ask)
    return found[0]


def client(url: str, seconds: float) -> redis.Redis:
    patience = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    once = Retry(NoBackoff(), 0)
    if not redis_sentinel.is_meant(url):
        return redis.Redis.from_url(url, retry=once, **patience)
    known = redis_sentinel.Sentinels.parse(url)
    asked = {**known.own_options, "retry": once, **patience}
    servers: Any = redis.sentinel.Sentinel(  # type: ignore[no-untyped-call]
        known.hosts, sentinel_kwargs=asked, **patience
    )
    client: redis.Redis = servers.master_for(known.master_name, retry=once, **known.options)
    return client


class BrokerMarks:
    """Watermarks of ledgers at the broker, for processes on other machines; best effort.

    See `publisher.ledger.integrity.watermarks`. Posts wait for it, so that it is left alone for a
    while when it does not answer.
    """

    def __init__(self, url: str) -> None:
        self._asker = client(url, _MARK_PATIENCE)
        self._rests_until = 0.0

    def read(self, ledger: str) -> bytes | None:
        found = self._told("GET", _mark_key(ledger))
        return found if isinstance(found, bytes) else None

    def write(self, ledger: str, mark: bytes) -> None:
        self._told("SET", _mark_key(ledger), mark)

    def _told(self, *command: str | bytes) -> object:
        if monotonic() < self._rests_until:
            return None
        try:
            return self._asker.execute_command(*command)  # type: ignore[no-untyped-call]
        except (redis.RedisError, OSError):
            self._rests_until = monotonic() + _MARK_REST
            return None


def _mark_key(ledger: str) -> str:
    return f"publisher-{ledger}.mark"
