"""Delivery services of one process: courier, reconciler, cleanup and withdrawal."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cached_property

from publisher.base.clock import Clock
from publisher.base.errors import (
    ConfigurationError,
    CredentialsMissing,
    LedgerUnavailable,
    StorageError,
)
from publisher.channels.http.client import Client
from publisher.channels.pool import ChannelOf
from publisher.delivery.cleanup import Clearing
from publisher.delivery.courier import Courier
from publisher.delivery.identity import AccountLock, Identity
from publisher.delivery.leases import Leases
from publisher.delivery.preparation import Preparation
from publisher.delivery.reconcile import Reconciler
from publisher.delivery.result_writer import ResultWriter
from publisher.delivery.threads import Lanes, Threads
from publisher.delivery.withdraw import Withdrawal
from publisher.ledger.account_owners import Owners
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.worker.attempts import Attempts
from publisher.model.accounts import Account
from publisher.model.clock_check import ClockCheck

_FEW = 200
"""The most accounts whose owners a worker verifies at its start."""


class DeliveryServices:
    """Builds the services, each when it is first used."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, Account],
        channel_of: ChannelOf,
        channel_to_ask: ChannelOf,
        ends_soon: Callable[[str], bool],
        clock: Clock,
        check: ClockCheck,
        request_timeout: timedelta,
        attempts: Attempts,
        doubts: Doubts,
        orphans: Orphans,
        owners: Owners,
        control: Control,
        withdrawals: Withdrawals,
        safeguards: Safeguards,
        lock: AccountLock,
    ) -> None:
        """`channel_to_ask` lends a channel whose keys were renewed, if `ends_soon` says that they
        end soon. `channel_of` asks nobody.
        """
        self._accounts = accounts
        self._channel_of = channel_of
        self._channel_to_ask = channel_to_ask
        self._ends_soon = ends_soon
        self._clock = clock
        self._check = check
        self._leases = Leases.for_timeout(request_timeout)
        self._attempts = attempts
        self._doubts = doubts
        self._orphans = orphans
        self._owners = owners
        self._control = control
        self._withdrawals = withdrawals
        self._safeguards = safeguards
        self._lock = lock

    @cached_property
    def courier(self) -> Courier:
        results = ResultWriter(self._attempts, self._clock, self._leases, self._check)
        preparation = Preparation(
            self._attempts,
            results,
            self._channel_to_ask,
            self._clock,
            self._leases,
            self.identity,
            self._ends_soon,
            self._lock,
        )
        return Courier(
            self._attempts,
            preparation,
            results,
            self._channel_of,
            self.client,
            self._clock,
            self._leases,
            self.threads,
            self.lanes,
            self._check,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            self._doubts,
            self._channel_to_ask,
            self.identity,
            self.lanes,
            self.courier.send_again,
            self._check,
        )

    @cached_property
    def clearing(self) -> Clearing:
        return Clearing(self._orphans, self._channel_to_ask, self.identity, self.lanes)

    @cached_property
    def withdrawal(self) -> Withdrawal:
        return Withdrawal(
            self._control,
            self._withdrawals,
            self._safeguards,
            self._channel_to_ask,
            self.identity,
            self.lanes,
        )

    @cached_property
    def identity(self) -> Identity:
        return Identity(self._accounts, self._owners, self._clock)

    @cached_property
    def client(self) -> Client:
        """The client that posts leave by; what prepares them has one of its own."""
        return Client()

    @cached_property
    def threads(self) -> Threads:
        return Threads()

    @cached_property
    def lanes(self) -> Lanes:
        """The lanes that keep an account from taking all threads of a worker process."""
        return Lanes(self.threads)

    def warm_up(self) -> None:
        """Import what the accounts' channels need, so that the first post does not wait for it."""
        for account in self._accounts:
            # Missing credentials are reported when the account has something to publish.
            with suppress(ConfigurationError, CredentialsMissing), self._channel_of(account):
                pass

    def introduce(self) -> None:
        """Verify the owner of each account's keys before its first post, in its own thread.

        With very many accounts this is left to their first posts: otherwise each start would send
        very many requests to a platform.
        """
        for account in self._accounts if len(self._accounts) <= _FEW else ():
            with (
                suppress(ConfigurationError, CredentialsMissing, LedgerUnavailable, StorageError),
                self._channel_to_ask(account) as channel,
            ):
                self.identity.introduce(account, channel)
