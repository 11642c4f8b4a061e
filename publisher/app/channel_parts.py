"""Channels of one workspace, their keys, and what reads from the platforms."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from publisher.app.log_ins import LogInParts
from publisher.base.errors import (
    AccountElsewhere,
    ConfigurationError,
    CredentialsMissing,
    KeysExpired,
)
from publisher.base.i18n import _
from publisher.channels.pool import Pool
from publisher.channels.registry import SPECS, ChannelOptions, open_channel, picture
from publisher.delivery.comment_watch import CommentWatch, WatchedAccount
from publisher.delivery.engagement_reader import EngagementReader
from publisher.delivery.key_renewer import KeyRenewer
from publisher.delivery.keyring import SOON, Keyring
from publisher.drafts import alarm_words
from publisher.ledger.comments.comment_budget import CommentBudget
from publisher.ledger.comments.comment_checks import CommentChecks
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.comments.comment_wishes import CommentWishes
from publisher.ledger.key_exchanges import KeyExchanges
from publisher.model.clock_check import ClockCheck
from publisher.settings.account_settings import AccountSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader

_BEFORE_COMMENTS = 3.0
"""Real seconds before a post in which no comments of its account are read."""
_BEFORE_POSTS = 60.0
"""Real seconds before a post in which no keys are renewed: it leaves with the old ones."""


class ChannelParts(LogInParts):
    """What asks the platforms, for every account."""

    @cached_property
    def clock_check(self) -> ClockCheck:
        """The check of this process's clock; only a machine's clock is compared with others."""
        return ClockCheck(self.clock)

    def channel(self, account: str) -> "AbstractContextManager[Channel]":
        """A channel of an account, for one thread, in a `with` block."""
        return self._channels.lend(account)

    @contextmanager
    def channel_to_ask(self, account: str) -> "Iterator[Channel]":
        """The same, for who waits for the platform anyway: keys that end soon are renewed first.

        Raises KeysExpired if they have ended, and cannot be.
        """
        self.keyring.renew(account, SOON)
        with self.channel(account) as channel:
            yield channel

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring(
            self.settings,
            self.clock,
            lambda: self.channel_options,
            KeyExchanges(self.database, self.clock),
        )

    def renew_keys(self) -> None:
        """Begin to renew the keys that expire, in a thread. A process that publishes does it."""
        KeyRenewer(
            self.keyring, lambda account: self.queries.is_busy(account, _BEFORE_POSTS)
        ).start()

    def take_keys(self) -> frozenset[str]:
        """Read the settings again if secrets.toml was changed; the accounts whose keys are others.

        What was built from the settings before goes on with them. Raises PublisherError, once for
        each change, if the settings cannot be used with it.
        """
        with self._taking_keys:
            found = self._keys_file.changed()
            if found is None:
                return frozenset()
            before, self.settings = self.settings, found
            for built in ("_channels", "delivery", "keyring"):
                self.__dict__.pop(built, None)
        return frozenset(name for name in found.accounts if not found.same_keys(before, name))

    def profile_picture(self, account: str, address: str) -> bytes | None:
        """Download the picture of an account's profile; None if it cannot be had."""
        return picture(self.settings.accounts[account].channel, address, self.channel_options)

    @cached_property
    def _channels(self) -> Pool:
        return Pool(self._open_channel, self.keyring.version)

    other_machine: Callable[[str], str | None] = staticmethod(lambda _account: None)
    """Another machine that has an account and its keys; only workers know of others."""

    def _open_channel(self, account: str) -> "Channel":
        try:
            return open_channel(
                self._entry(account).account(account),
                self.keyring.credentials(account),
                self.channel_options,
            )
        except KeysExpired:
            raise
        except (ConfigurationError, CredentialsMissing) as problem:
            if other := self.other_machine(account):
                message = _(
                    "{problem} {other} has the account, and sends the post.",
                    problem=problem,
                    other=other,
                )
                raise AccountElsewhere(message) from problem
            raise

    def _entry(self, account: str) -> AccountSettings:
        if entry := self.settings.accounts.get(account):
            return entry
        raise ConfigurationError(
            _(
                "publisher.toml on {host} no longer has an account {account}.",
                host=socket.gethostname(),
                account=account,
            )
        )

    @property
    def channel_options(self) -> ChannelOptions:
        return ChannelOptions(
            request_timeout=self.settings.delivery.request_timeout,
            folder=self.settings.var,
            servers=self.settings.servers,
            clock=self.clock,
            check=self.clock_check,
            private_hosts=self.settings.delivery.private_hosts,
        )

    @cached_property
    def comment_watch(self) -> CommentWatch:
        return CommentWatch(
            CommentReadings(self.database, self.clock),
            CommentChecks(self.database, self.clock),
            CommentWishes(self.database, self.clock),
            CommentBudget(
                self.database,
                self.clock,
                self.settings.comments.budget_per_month,
                self.settings.prices.x_read,
                self.settings.prices.x_author,
            ),
            self._watched_accounts,
            self._open_comments,
            lambda account: self.queries.is_busy(account, _BEFORE_COMMENTS),
            self._sign_lists.signs,
            self.settings.comments,
            self.clock,
            lambda: frozenset(self.settings.accounts),
        )

    @cached_property
    def _sign_lists(self) -> alarm_words.SignLists:
        return alarm_words.SignLists(self.settings.posts)

    def _watched_accounts(self) -> dict[str, WatchedAccount]:
        lacking = self.settings.without_credentials()
        return {
            name: WatchedAccount(
                support,
                is_read=self.settings.reads_comments(entry.channel),
                has_fees=SPECS[entry.channel].has_fees,
            )
            for name, entry in self.settings.accounts.items()
            if (support := SPECS[entry.channel].comments) and name not in lacking
        }

    def _open_comments(self, account: str) -> "CommentReader":
        entry = self.settings.accounts[account]
        support = SPECS[entry.channel].comments
        if support is None:
            raise ConfigurationError(_("{account} has no comments to read.", account=account))
        return support.open(
            entry.account(account), self.keyring.credentials(account), self.channel_options
        )

    @cached_property
    def engagement_reader(self) -> EngagementReader:
        read = {
            name: account
            for name, account in self.settings.public_accounts().items()
            if self.settings.reads_engagement(account.channel)
        }
        return EngagementReader(
            self.engagement_turns,
            read,
            self.channel_to_ask,
            lambda account: self.queries.is_busy(account, _BEFORE_POSTS),
        )

    def without_figures(self) -> dict[str, str]:
        """Why the keys of accounts give no figures, or not all, by account."""
        accounts, reads = self.settings.accounts, self.settings.reads_engagement
        return {
            name: reason
            for name, reason in self.engagement_turns.troubles().items()
            if name in accounts and reads(accounts[name].channel)
        }
