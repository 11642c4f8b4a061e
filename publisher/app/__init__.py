"""Composition root: builds the objects of one workspace, each when it is first used.

Those of the ledger are in `ledger_parts.py`, those of the log-ins in `log_ins.py`, those that ask
the platforms in `channel_parts.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.app.channel_parts import ChannelParts
from publisher.app.opening import WORKSPACE_VARIABLE
from publisher.base.clock import SystemClock
from publisher.channels.registry import ask_for_the_time
from publisher.delivery.identity import AccountLock, Unlocked
from publisher.delivery.keyring import SOON
from publisher.ledger.heartbeats import wrong_clocks
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.news.outbox import Item, News
from publisher.ledger.news.personal_news import PersonalItem, PersonalNews
from publisher.ledger.news.webhook_news import WebhookNews
from publisher.model import duty
from publisher.model.clock_check import DATABASE, Inquiry
from publisher.notices import Notices
from publisher.notices.message import Message, compose
from publisher.notices.personal_message import compose_personal
from publisher.notices.personal_notices import PersonalNotices
from publisher.notices.webhooks import Webhooks

if TYPE_CHECKING:
    from publisher.app.names import Names
    from publisher.delivery.services import DeliveryServices
    from publisher.drafts.check import Checked, Checks, Records
    from publisher.planning import Planner
    from publisher.reporting.session_report import Reports
    from publisher.reporting.status import Overview

__all__ = ["WORKSPACE_VARIABLE", "Application"]


class Application(ChannelParts):
    """All objects that commands, pages and workers need for one workspace."""

    account_lock: AccountLock = Unlocked()
    """The workers' lock at the broker; a command that publishes nothing needs none."""
    checks_apart = False
    """Whether drafts are checked in a process of their own: where others must not wait for it."""

    @property
    def checks(self) -> "Checks":
        """What reads and checks drafts."""
        # Workers do not need it, and its parsers take long to import.
        from publisher.drafts import check, check_process  # noqa: PLC0415

        return check_process if self.checks_apart else check

    def checked(self, paths: Sequence[str | Path], records: "Records" = None) -> "Checked":
        """Drafts with their problems, by what the ledger has of consents as well, as in a queue."""
        recorded = self.queries.picture_consents()
        return self.checks.check(self.settings, paths, records=records, recorded=recorded)

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
        from publisher.planning import Planner  # noqa: PLC0415 - as with the checks

        return Planner(
            self.settings,
            self.ledger,
            self.queries,
            self.limits,
            self.clock,
            lambda: self.checks,
        )

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
            safeguards=Safeguards(self.database, self.clock, self.rights, self._drafted),
            lock=self.account_lock,
        )

    def _drafted(self, consent: str) -> Mapping[str, str]:
        from publisher.drafts import check  # noqa: PLC0415 - as with the checks

        return check.said(self.settings).naming(consent)

    @property
    def names(self) -> "Names":
        """What readers call accounts and posts now, for one page or the output of a command."""
        from publisher.app.names import Names  # noqa: PLC0415 - as with the checks

        return Names(self)

    def overview(self, limit: int | None, most: int | None = None) -> "Overview":
        """What needs a person, and what comes next; see `Overview.of`."""
        from publisher.reporting.status import Overview  # noqa: PLC0415 - as with the checks

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
        from publisher.reporting.session_report import Reports  # noqa: PLC0415 - as with the checks

        return Reports(
            self.settings,
            self.session,
            self.queries,
            self.figures,
            self.engagement,
            self.clock,
            lambda: self.names,
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
        return self._in_words(compose(items, self.session().zone))

    def _compose_personal(self, items: Sequence[PersonalItem]) -> Message:
        composed = compose_personal(items, self.session().zone, self.settings.web.public_url)
        return self._in_words(composed)

    def _in_words(self, message: Message) -> Message:
        """A notice with the accounts' names; a post is not quoted, which may be under embargo."""
        named = partial(self.names.in_words, posts=False)
        return Message(named(message.title), named(message.body))
