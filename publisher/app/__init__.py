"""Composition root: builds the objects of one workspace, each when it is first used.

Those of the ledger are in `ledger_parts.py`, those of the log-ins in `log_ins.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from publisher.app.log_ins import LogInParts
from publisher.app.opening import WORKSPACE_VARIABLE
from publisher.base.clock import SystemClock
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.channels.pool import Pool
from publisher.channels.registry import (
    SPECS,
    ChannelOptions,
    ask_for_the_time,
    open_channel,
    picture,
)
from publisher.delivery.comment_watch import CommentWatch, WatchedAccount
from publisher.delivery.engagement_reader import EngagementReader
from publisher.delivery.key_renewer import KeyRenewer
from publisher.delivery.keyring import SOON, Keyring
from publisher.drafts import alarm_words
from publisher.ledger.comment_readings import CommentReadings
from publisher.ledger.comment_wishes import CommentWishes
from publisher.ledger.heartbeats import wrong_clocks
from publisher.ledger.key_exchanges import KeyExchanges
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.outbox import Item, News
from publisher.ledger.personal_news import PersonalItem, PersonalNews
from publisher.ledger.webhook_news import WebhookNews
from publisher.model import duty
from publisher.model.clock_check import DATABASE, ClockCheck, Inquiry
from publisher.notices import Notices
from publisher.notices.message import Message, compose
from publisher.notices.personal_message import compose_personal
from publisher.notices.personal_notices import PersonalNotices
from publisher.notices.webhooks import Webhooks

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.delivery.services import DeliveryServices
    from publisher.planning import Planner
    from publisher.reporting.session_report import Reports
    from publisher.reporting.status import Overview

__all__ = ["WORKSPACE_VARIABLE", "Application"]

_BEFORE_COMMENTS = 3.0
"""Real seconds before a post in which no comments of its account are read."""
_BEFORE_POSTS = 60.0
"""Real seconds before a post in which no keys are renewed: it leaves with the old ones."""


class Application(LogInParts):
    """All objects that commands, pages and workers need for one workspace."""

    @cached_property
    def clock_check(self) -> ClockCheck:
        """The check of this process's clock; only a machine's clock is compared with others."""
        return ClockCheck(self.clock)

    @cached_property
    def clock_inquiry(self) -> Inquiry:
        """Asks others for the time. Every process that publishes starts it."""
        return Inquiry(
            self.clock_check,
            self._ask_platforms_for_the_time,
            None if self.database.is_sqlite else self._ask_database_for_the_time,
        )

    def watch_the_clock(self) -> None:
        """Begin to compare the machine's clock with others; a clock of a test is not compared."""
        if isinstance(self.clock, SystemClock):
            self.clock_inquiry.start()

    def _ask_platforms_for_the_time(self) -> None:
        channels = {entry.channel for entry in self.settings.accounts.values()}
        ask_for_the_time(channels, self.channel_options)

    def _ask_database_for_the_time(self) -> None:
        begun = self.clock.monotonic()
        told = self.database.time()
        self.clock_check.heard_from(DATABASE)(told, self.clock.monotonic() - begun)

    @cached_property
    def planner(self) -> "Planner":
        # Workers do not need it, and its parsers take long to import.
        from publisher.planning import Planner  # noqa: PLC0415

        return Planner(self.settings, self.ledger, self.queries, self.limits, self.clock)

    @cached_property
    def delivery(self) -> "DeliveryServices":
        # Most commands do without, and asyncio, TLS and HTTP take long to import.
        from publisher.delivery.services import DeliveryServices  # noqa: PLC0415

        return DeliveryServices(
            accounts=self.settings.public_accounts(),
            channel_of=self.channel,
            channel_to_ask=self.channel_to_ask,
            ends_soon=lambda account: self.keyring.ends_within(account, SOON),
            clock=self.clock,
            check=self.clock_check,
            request_timeout=self.settings.delivery.request_timeout,
            attempts=self.attempts,
            doubts=self.doubts,
            orphans=self.leftovers,
            owners=self.owners,
            control=self.control,
            withdrawals=self.withdrawals,
            safeguards=Safeguards(self.database, self.clock, rights=self.rights),
        )

    def overview(self, limit: int | None, most: int | None = None) -> "Overview":
        """What needs a person, and what comes next; see `Overview.of`."""
        from publisher.reporting.status import Overview  # noqa: PLC0415 - as with the planner

        return Overview.of(
            self.queries,
            now=self.clock.now(),
            zone=self.session().zone,
            limits=self.limits.current(),
            late=self.lateness.find(),
            clocks=wrong_clocks(self.heartbeats.all()),
            guessed=self.throttle.guessed(),
            limit=limit,
            most=most,
        )

    @cached_property
    def reports(self) -> "Reports":
        from publisher.reporting.session_report import Reports  # noqa: PLC0415 - as with the planner

        return Reports(
            self.settings, self.session, self.queries, self.figures, self.engagement, self.clock
        )

    @cached_property
    def notices(self) -> Notices:
        settings, news = self.settings, News(self.database, self.clock)
        rights = self.settings.approval_rule, self.rights
        personal = PersonalNotices(
            PersonalNews(self.database, self.clock, *rights, self.on_duty),
            settings.notices,
            settings.language,
            self._compose_personal,
        )
        return Notices(settings.notices.urls, news, self.clock, self._compose, personal)

    def on_duty(self, at: datetime) -> list[str]:
        """Who is on duty for readers' comments at an instant."""
        return duty.on_duty(self.settings.comments.duty, at, self.session().zone)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.settings.webhooks, WebhookNews(self.database, self.clock))

    def _compose(self, items: Sequence[Item]) -> Message:
        return compose(items, self.session().zone)

    def _compose_personal(self, items: Sequence[PersonalItem]) -> Message:
        return compose_personal(items, self.session().zone, self.settings.web.public_url)

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

    @cached_property
    def comment_watch(self) -> CommentWatch:
        return CommentWatch(
            CommentReadings(self.database, self.clock),
            CommentWishes(self.database, self.clock),
            self._watched_accounts,
            self._open_comments,
            lambda account: self.queries.is_busy(account, _BEFORE_COMMENTS),
            self._sign_lists.signs,
            self.settings.comments,
            self.clock,
            lambda: self.settings.accounts,
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
            raise ConfigurationError(_("{account} has no answers to read.", account=account))
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

    def _open_channel(self, account: str) -> "Channel":
        if account not in self.settings.accounts:
            message = _("publisher.toml has no account {account} any more.", account=account)
            raise ConfigurationError(message)
        return open_channel(
            self.settings.accounts[account].account(account),
            self.keyring.credentials(account),
            self.channel_options,
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
