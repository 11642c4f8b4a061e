"""Connection settings of Celery for the broker of `[broker] url`."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from redis.backoff import NoBackoff
from redis.retry import Retry

from publisher.settings import redis_sentinel
from publisher.settings.redis_sentinel import Sentinels

_PATIENCE = 2.0  # seconds that the dispatcher waits for a broker that does not answer
_SILENCE = 5.0  # seconds without an answer after which a worker pings the broker
_KEEPALIVE = {
    # A cut cable, or a machine that disappears, does not close a connection.
    "TCP_KEEPIDLE": 10,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 20_000,  # milliseconds
}
_SOCKETS = {
    "socket_timeout": _PATIENCE,
    "socket_connect_timeout": _PATIENCE,
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): value for name, value in _KEEPALIVE.items() if hasattr(socket, name)
    },
}


def celery_settings(url: str) -> dict[str, Any]:
    """Celery's settings for the broker at `url`."""
    transport: dict[str, Any] = {
        **_SOCKETS,
        "health_check_interval": _SILENCE,
        "retry_on_timeout": False,
        "max_retries": 0,
        # The ledger records what was taken. To record it at the broker as well needs a second
        # connection, and if that hangs the message is lost.
        "ack_emulation": False,
    }
    if not redis_sentinel.is_meant(url):
        # kombu does not verify the server's certificate by itself.
        tls = {"ssl_cert_reqs": ssl.CERT_REQUIRED} if url.startswith("rediss://") else None
        return _settings(url, tls, transport)
    known = Sentinels.parse(url)
    transport["master_name"] = known.master_name
    # By default the client tries a Sentinel that is away for half a minute before the next one.
    once = Retry(NoBackoff(), 0)
    transport["sentinel_kwargs"] = {**_SOCKETS, **known.own_options, "retry": once}
    files = known.tls
    own = None if files is None else {**files, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return _settings(_kombu_url(known), own, transport)


def _settings(url: str, tls: Mapping[str, Any] | None, transport: dict[str, Any]) -> dict[str, Any]:
    return {"broker_url": url, "broker_use_ssl": tls, "broker_transport_options": transport}


def _kombu_url(known: Sentinels) -> str:
    """The broker URL with all Sentinels; kombu goes on to the next if one does not answer."""
    login = ":".join(quote(known.login.get(key, ""), safe="") for key in ("username", "password"))
    return ";".join(f"sentinel://{login}@{place}/{known.database}" for place in known.places)
