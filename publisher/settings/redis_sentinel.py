"""An address of Sentinels in `[broker] url`: servers that know which broker is the primary now.

    sentinels://USER:PASSWORD@HOST1:26379,HOST2:26379/0?master_name=publisher

`sentinel://` is the same without TLS.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("sentinel", "sentinels")
_PORT = 26379
_MASTER = "master_name"
_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}
_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Whom to ask for the primary, and how to log in there and here."""

    hosts: tuple[tuple[str, int], ...]
    master_name: str
    """What the Sentinels call the primary and its replicas."""
    database: int
    login: dict[str, str]
    """User and password of the brokers, as the client takes them."""
    own_login: dict[str, str]
    """Those of the Sentinels, if they want any."""
    tls: dict[str, str] | None
    """Files for TLS, which is the same for both; None without it."""

    @classmethod
    def parse(cls, url: str) -> "Sentinels":
        """Raises ValueError; its text may repeat the URL and is not for people."""
        scheme, _, rest = url.partition("://")
        place, _, query = rest.partition("?")
        network, _, database = place.partition("/")
        login, _, hosts = network.rpartition("@")
        user, _, password = login.partition(":")
        options = dict(parse_qsl(query, strict_parsing=True))
        files = {key: options[key] for key in options.keys() & _FILES}
        unknown = options.keys() - _FILES - _LOGIN.keys() - {_MASTER}
        is_secure = scheme == "sentinels"
        if scheme not in SCHEMES or unknown or "@" in query or (files and not is_secure):
            raise ValueError(url)
        return cls(
            hosts=tuple(_hosts(hosts)),
            master_name=options.get(_MASTER) or _missing(),
            database=int(database or 0),
            login=_given(username=unquote(user), password=unquote(password)),
            own_login={name: options[key] for key, name in _LOGIN.items() if key in options},
            tls=files if is_secure else None,
        )

    def __str__(self) -> str:
        """Where they are, and nothing that is secret."""
        return f"{SCHEMES[self.tls is not None]}://{','.join(self.places)}"

    @property
    def places(self) -> list[str]:
        """As they stand in a URL: `host:port`."""
        return [f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in self.hosts]

    @property
    def options(self) -> dict[str, Any]:
        """What the client of a broker takes."""
        return {**self.login, "db": self.database, **self._secured}

    @property
    def own_options(self) -> dict[str, Any]:
        """What the client of a Sentinel takes."""
        return {**self.own_login, **self._secured}

    @property
    def _secured(self) -> dict[str, Any]:
        return {} if self.tls is None else {"ssl": True, **self.tls}


def is_meant(url: str) -> bool:
    """Whether `url` is one of Sentinels."""
    return url.partition("://")[0] in SCHEMES


def _hosts(text: str) -> Iterator[tuple[str, int]]:
    for place in text.split(","):
        parts = urlsplit(f"//{place}")
        if not parts.hostname or parts.path:
            raise ValueError(place)
        yield parts.hostname, parts.port or _PORT


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _missing() -> str:
    raise ValueError(_MASTER)
