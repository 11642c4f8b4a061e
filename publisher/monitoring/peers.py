"""Peers: the processes that publish for one ledger compare their settings and versions.

Each leaves digests of its settings at the broker, beside its heartbeat in the ledger. A machine
that differs publishes otherwise than the others, and nobody knows which one takes a post.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread

import redis
import structlog

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.ledger.heartbeats import NEEDED, Heartbeat, Process, ProcessKind
from publisher.monitoring.troubles import Trouble, of_settings
from publisher.settings.digests import differing, digests, of_account, of_keys

_LIFE = 120  # real seconds
_KEPT_EVERY = 30.0  # real seconds

log = structlog.get_logger()


class Peers:
    """The other processes of one ledger, as one of them sees them."""

    def __init__(self, app: Application, process: Process, client: redis.Redis) -> None:
        """`process`: this one. `client`: of the broker, with a short time limit."""
        self._app = app
        self._process = process
        self._client = client
        self._own = digests(app.settings, app.queries.ledger_id())

    def announce(self) -> None:
        """Leave this process's digests at the broker for two minutes. Raises its errors.

        Call it regularly.
        """
        self._client.set(_key(self._process.id), json.dumps(self._own), ex=_LIFE)

    def have(self, account: str) -> str | None:
        """Another machine that publishes and has the account and its keys; None: none is known."""
        me = self._process.id
        others = [
            one
            for one in self._app.heartbeats.all()
            if one.is_alive and one.process.kind is ProcessKind.WORKER and one.process.id != me
        ]
        wanted = {of_account(account), of_keys(account)}
        try:
            told = _told(self._client, others)
        except (redis.RedisError, OSError):
            return None
        having = (
            one for one, found in zip(others, told, strict=True) if found and wanted <= found.keys()
        )
        return next((one.process.host for one in having), None)


def differences(app: Application, client: redis.Redis) -> list[Trouble]:
    """The differences between the processes at work, by machine.

    Raises the broker's errors, and the ledger's.
    """
    alive = [one for one in app.heartbeats.all() if one.is_alive and one.process.kind in NEEDED]
    alive.sort(key=lambda one: (one.process.host, one.process.kind, -one.up))
    found = {
        number: {**told, "version": one.process.version}
        for number, (one, told) in enumerate(zip(alive, _told(client, alive), strict=True))
        if told is not None
    }
    return [
        of_settings(_name(alive[one]), _name(alive[other]), names)
        for one, (other, names) in differing(found).items()
    ]


def _told(client: redis.Redis, processes: Sequence[Heartbeat]) -> list[Mapping[str, str] | None]:
    """The digests of these processes; None for one that left none."""
    keys = [_key(one.process.id) for one in processes]
    found = client.mget(keys) if keys else []
    return [json.loads(told) if told else None for told in found]


def _key(process: str) -> str:
    return f"publisher.peer.{process}"


def _name(one: Heartbeat) -> str:
    return f"{one.process.kind} ({one.process.host})"


def keep(*refreshes: Callable[[], None]) -> None:
    """Keep up what this process has at the broker, in a thread, until the process ends.

    What cannot be done because broker or ledger are away is done later; others report that.
    """
    Thread(target=_keep, args=(refreshes,), name="at the broker", daemon=True).start()


def _keep(refreshes: tuple[Callable[[], None], ...]) -> None:
    while True:
        for refresh in refreshes:
            try:
                refresh()
            except (redis.RedisError, OSError, PublisherError) as error:
                log.info("not kept up at the broker", reason=type(error).__name__)
            except Exception:
                log.exception("not kept up at the broker")
        time.sleep(_KEPT_EVERY)
