"""Engagement reader: the thread that reads the public counts of posts that are out.

It looks once a minute, in a thread of its own, and asks a platform nothing while something of the
account is about to leave. What goes wrong here suspends no account: it is told on the page of the
accounts and by `publisher doctor`.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

import structlog

from publisher.base.errors import ConfigurationError, CredentialsMissing, PublisherError
from publisher.base.i18n import joined
from publisher.channels.engagement import EngagementReading
from publisher.channels.pool import ChannelOf
from publisher.channels.registry import SPECS
from publisher.ledger.engagement import DueCounts, EngagementTurns
from publisher.model.accounts import Account
from publisher.model.outcomes import AccountSuspended, Deferred, Kind

_LOOK = 60.0  # real seconds between two looks for what is due

log = structlog.get_logger()


class EngagementReader:
    """Reads the counts that are due; of several processes, one reads an account."""

    def __init__(
        self,
        turns: EngagementTurns,
        accounts: Mapping[str, Account],
        channel_of: ChannelOf,
        is_busy: Callable[[str], bool],
    ) -> None:
        """`accounts`: those whose counts are read. `is_busy`: whether something of an account is
        about to leave.
        """
        self._turns = turns
        self._accounts = accounts
        self._channels = {account.channel for account in accounts.values()}
        self._channel_of = channel_of
        self._is_busy = is_busy
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engagement", daemon=True)

    def start(self) -> None:
        """Start, if there is anything to read."""
        if self._accounts:
            self._thread.start()

    def finish(self) -> None:
        """End, without waiting for a reading that is under way."""
        self._stop.set()

    def look(self) -> None:
        """Read what is due."""
        for account, due in self._turns.due(self._channels).items():
            if self._stop.is_set():
                return
            is_ours = account in self._accounts
            if is_ours and not self._is_busy(account) and self._turns.take(account):
                self._read_account(account, due)

    def _read_account(self, account: str, due: Sequence[DueCounts]) -> None:
        """Read what is due of an account, in as few requests as its platform allows."""
        source = SPECS[self._accounts[account].channel].metrics
        if source is None:
            return
        is_whole, remark = True, ""
        for start in range(0, len(due), source.at_once):
            some = due[start : start + source.at_once]
            reading = self._ask(account, [one.remote_id for one in some])
            if not isinstance(reading, EngagementReading):
                self._put_off(account, reading)
                return
            posts = reading.posts
            self._turns.record(
                {one: posts[one.remote_id] for one in some if one.remote_id in posts}
            )
            is_whole = is_whole and all(one.remote_id in posts for one in some)
            remark = reading.remark or remark
            if self._is_busy(account):  # the rest is due at the next look
                break
        if is_whole:
            self._turns.give_back(account, remark or None, source.pause)
        else:
            self._turns.put_off(account, None, remark or None)

    def _put_off(self, account: str, reading: AccountSuspended | Deferred) -> None:
        if isinstance(reading, AccountSuspended):
            passes = reading.until is not None
            self._turns.put_off(account, reading.until, None if passes else reading.message)
            log.info("counts cannot be read", account=account, reason=reading.message)
        else:
            self._turns.put_off(account, reading.again_at)

    def _ask(
        self, account: str, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        try:
            with self._channel_of(account) as channel:
                return channel.engagement(remote_ids)
        except (ConfigurationError, CredentialsMissing) as problem:
            return AccountSuspended(Kind.AUTH, joined(*problem.args[:1], problem.hint or ""))
        except PublisherError:
            raise
        except Exception:
            log.exception("a channel raised", account=account)
            return Deferred(Kind.UNAVAILABLE, "")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except PublisherError as error:
                log.warning(str(error), hint=error.hint)
            except Exception:
                log.exception("counts were not read")
            self._stop.wait(_LOOK)
