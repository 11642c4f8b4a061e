"""Account locks: at one broker, one ledger alone publishes to an account of a platform.

A second ledger, made by accident, would publish everything a second time. So each ledger has a lock
at the broker for each account, from before its first post there. It is named by the platform's
owner of the keys, whatever the account is called, and is kept for ten minutes after its ledger's
last worker: an update lets no other ledger in. Only a post takes a lock that is free: a second
ledger that is idle keeps nobody out.

A broker that is away delays nothing: posts go out all the same, and the locks are taken later.
"""

import hashlib
import json
import socket
from collections.abc import Collection, Sequence
from datetime import timedelta
from threading import Lock

import redis
import structlog

from publisher.app import Application
from publisher.base.i18n import _, joined
from publisher.channels.registry import spec_of
from publisher.model.accounts import Owner
from publisher.model.outcomes import AccountSuspended, Kind
from publisher.settings.account_settings import ADDRESSES

_LIFE = 600  # real seconds from the last sign of a ledger's workers until its locks end
_CHUNK = 1000  # locks in a request
_SKEW = timedelta(seconds=5)  # between the clocks of two machines

log = structlog.get_logger()


class AccountLocks:
    """The locks of one ledger, in one process that publishes. Thread-safe."""

    def __init__(self, app: Application, client: redis.Redis) -> None:
        """`client`: of the broker, with a short time limit."""
        self._app = app
        self._client = client
        self._lock = Lock()
        self._held: set[str] = set()
        self._former = app.queries.former_ids()
        self._mine = json.dumps(
            {
                "ledger": app.queries.ledger_id(),
                "place": app.database.place,
                "host": socket.gethostname(),
            }
        )

    def is_held(self, account: str) -> bool:
        """Whether posts of the account need not ask any more."""
        return account in self._held

    def take(self, account: str) -> AccountSuspended | None:
        """Take the lock of an account; the suspension where another ledger has it.

        A broker that does not answer is asked again later, and keeps no post waiting.
        """
        holder = None
        owner = self._app.owners.of(account)
        if owner and (name := self._name_of(account, owner)):
            try:
                is_taken = self._client.set(name, self._mine, nx=True, ex=_LIFE)
                found = None if is_taken else self._client.get(name)
                holder = None if found is None or self._is_mine(name, found) else found
            except (redis.RedisError, OSError):
                log.info("the broker keeps no lock of the account now", account=account)
        if holder:
            return self._refusal(account, holder)
        with self._lock:
            self._held.add(account)
        return None

    def refresh(self) -> None:
        """Keep the locks, and take again those that the broker has lost. Call it regularly.

        Raises what the broker and the ledger raise.
        """
        # What is suspended by another ledger's lock must not take it when that one is updated.
        suspended = {
            one.account
            for one in self._app.queries.accounts()
            if one.suspended_at and one.suspended_until is None
        }
        names = [
            (account, name)
            for account, owner in self._app.owners.all().items()
            if (name := self._name_of(account, owner))
        ]
        for start in range(0, len(names), _CHUNK):
            self._refresh(names[start : start + _CHUNK], suspended)

    def _refresh(self, names: Sequence[tuple[str, str]], suspended: Collection[str]) -> None:
        holders = self._client.mget([name for __, name in names])
        wanted: list[str] = []
        with self._client.pipeline(transaction=False) as commands:
            for (account, name), holder in zip(names, holders, strict=True):
                if holder is None and account in self._held and account not in suspended:
                    commands.set(name, self._mine, nx=True, ex=_LIFE)
                elif holder and self._is_mine(name, holder):
                    commands.set(name, self._mine, ex=_LIFE)
                else:
                    continue
                wanted.append(account)
            taken = {one for one, is_set in zip(wanted, commands.execute(), strict=True) if is_set}
        with self._lock:
            # The next post of one that another ledger has taken asks again, and is told.
            self._held = self._held - {account for account, __ in names} | taken

    def _name_of(self, account: str, owner: Owner) -> str | None:
        """The lock's name, by the platform's server and its owner of the keys.

        Several accounts of some channels may have one owner, also those of two organisations.
        """
        settings = self._app.settings
        entry = settings.accounts.get(account)
        if entry is None:
            return None
        servers = [getattr(entry, one, None) for one in sorted(ADDRESSES)]
        known = [
            entry.channel,
            settings.servers.get(entry.channel),
            *(one and one.get_secret_value().rstrip("/").lower() for one in servers),
            owner.id,
            *((account, entry.organisation) if spec_of(entry.channel).shares_owner else ()),
        ]
        digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
        return f"publisher.account.{digest[:32]}"

    def _is_mine(self, name: str, holder: bytes | str) -> bool:
        """Whether this ledger took the lock, perhaps before it was restored.

        What was kept up since is of the ledger that this one is a copy of.
        """
        ledger = json.loads(holder)["ledger"]
        if restored_at := self._former.get(ledger):
            left = timedelta(milliseconds=self._client.pttl(name))
            kept_up_at = self._app.clock.now() - (timedelta(seconds=_LIFE) - left)
            return bool(kept_up_at < restored_at + _SKEW)
        return bool(ledger == json.loads(self._mine)["ledger"])

    def _refusal(self, account: str, holder: bytes | str) -> AccountSuspended:
        other, mine = json.loads(holder), json.loads(self._mine)
        message = _(
            "Another ledger publishes to the same account: {other} (from {host}). This one, {place}, "
            "sends nothing to it, so that no post goes out twice.",
            other=other["place"],
            host=other["host"],
            place=mine["place"],
        )
        hint = _(
            "Compare [database] url on both, and stop the one that is not intended. If that is "
            "the other one, run `publisher resume --account {account}` ten minutes later.",
            account=account,
        )
        return AccountSuspended(Kind.DUPLICATE, joined(message, hint))
