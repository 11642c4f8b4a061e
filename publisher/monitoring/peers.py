"""Peers: the processes that publish for one ledger compare their settings and versions.

Each leaves digests of its settings at the broker, beside its heartbeat in the ledger. A machine
that differs publishes otherwise than the others, and nobody knows which one takes a post.
"""

import json
from collections.abc import Mapping, Sequence

import redis

from publisher.app import Application
from publisher.ledger.heartbeats import Heartbeat, Process, ProcessKind
from publisher.monitoring.troubles import Trouble, of_settings
from publisher.settings.digests import differing, digests, of_account, of_keys

_PUBLISHING = (ProcessKind.WORKER, ProcessKind.RUN)
_COMPARED = (*_PUBLISHING, ProcessKind.DISPATCHER)
_LIFE = 120  # real seconds


class Peers:
    """The other processes of one ledger, as one of them sees them."""

    def __init__(self, app: Application, process: Process, client: redis.Redis) -> None:
        """`process`: this one. `client`: of the broker, with a short time limit."""
        self._app = app
        self._process = process
        self._client = client
        self._own = digests(app.settings, app.queries.ledger_id())

    def announce(self) -> None:
        """Leave this process's digests at the broker for two minutes. Raises its errors."""
        self._client.set(_key(self._process.id), json.dumps(self._own), ex=_LIFE)

    def troubles(self) -> list[Trouble]:
        """The differences between the processes at work, by machine.

        Raises the broker's errors, and the ledger's.
        """
        self.announce()
        alive = [
            one
            for one in self._app.heartbeats.all()
            if one.is_alive and one.process.kind in _COMPARED
        ]
        alive.sort(key=lambda one: (one.process.host, one.process.kind, -one.up))
        found = {
            _label(one, number): {**told, "version": one.process.version}
            for number, (one, told) in enumerate(zip(alive, self._told(alive), strict=True))
            if told is not None
        }
        return [
            of_settings(machine.partition("#")[0], other.partition("#")[0], names)
            for machine, (other, names) in differing(found).items()
        ]

    def have(self, account: str) -> str | None:
        """Another machine that publishes and has the account and its keys; None: none is known."""
        me = self._process.id
        others = [
            one
            for one in self._app.heartbeats.all()
            if one.is_alive and one.process.kind in _PUBLISHING and one.process.id != me
        ]
        wanted = {of_account(account), of_keys(account)}
        try:
            told = self._told(others)
        except (redis.RedisError, OSError):
            return None
        having = (
            one for one, found in zip(others, told, strict=True) if found and wanted <= found.keys()
        )
        return next((one.process.host for one in having), None)

    def _told(self, processes: Sequence[Heartbeat]) -> list[Mapping[str, str] | None]:
        keys = [_key(one.process.id) for one in processes]
        found = self._client.mget(keys) if keys else []
        return [json.loads(told) if told else None for told in found]


def _key(process: str) -> str:
    return f"publisher.peer.{process}"


def _label(one: Heartbeat, number: int) -> str:
    return f"{one.process.kind} ({one.process.host})#{number}"
