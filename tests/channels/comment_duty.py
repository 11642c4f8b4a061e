"""A post that is out, and all that has to do with what readers write under it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from publisher.auth.users import People, Rank
from publisher.channels.registry import SPECS
from publisher.delivery.comment_watch import CommentWatch, WatchedAccount
from publisher.ledger.comments.comment_acts import CommentActs
from publisher.ledger.comments.comment_budget import CommentBudget
from publisher.ledger.comments.comment_checks import CommentChecks
from publisher.ledger.comments.comment_pages import CommentPages, ShownComment
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.comments.comment_wishes import CommentWishes
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Rights
from publisher.ledger.news.notice_addresses import Addresses, Topic
from publisher.ledger.news.personal_news import PersonalNews
from publisher.ledger.tables import history
from publisher.model.accounts import ApprovalRule
from publisher.model.alarms import AlarmWord, Signs
from publisher.sandbox.comments import StoredComment, plant
from publisher.settings.schema import CommentSettings
from tests.channels.desk import Desk
from tests.support.clock import ManualClock
from tests.support.pages import PASSWORD

if TYPE_CHECKING:
    from tests.channels.conftest import Stages

WORD = AlarmWord.of("help me")
MANY = 10_000
COSTS = Decimal("0.005"), Decimal("0.010")
"""Of a comment on X, and of its author."""
"""Requests for comments in a day: an account is read as often as others."""
CHANNELS = tuple(name for name, spec in SPECS.items() if spec.comments)


@dataclass
class Duty:
    """A post that is out, and all that has to do with what readers write under it."""

    desk: Desk
    database: Database
    watch: CommentWatch
    acts: CommentActs
    pages: CommentPages
    busy: set[str]
    people: People

    @property
    def account(self) -> str:
        return self.desk.stage.account.name

    def plant(self, text: str, **more: Any) -> StoredComment:
        self.desk.clock.advance(1)
        return plant(self.desk.stage.sandbox.store, self.account, text, **more)[-1]

    def look(self, after: float = 61) -> None:
        self.desk.clock.advance(after)
        self.watch.look()

    def shown(self, **more: Any) -> list[ShownComment]:
        return self.pages.page(100, **more).comments

    def steps(self) -> list[str]:
        """What the history says of comments."""
        with self.database.read() as connection:
            events = connection.execute(select(history.c.event).order_by(history.c.id)).scalars()
            return [one for one in events if "answer" in one]


def _early(clock: ManualClock) -> None:
    """For eight hours no day begins: charges are counted by day, and the tests share a clock."""
    if clock.now().hour >= 12:
        clock.advance(16 * 3600)


@pytest.fixture
def duty_at(
    stages: "Stages", database: Database, ledger: Any, dispatch: Any, attempts: Any, queries: Any,
    clock: ManualClock,
) -> Callable[..., Duty]:  # fmt: skip
    """Makes a post that is out on a channel, and what watches it."""

    def make(channel: str, **settings: Any) -> Duty:
        _early(clock)
        stage = stages(channel)
        desk = Desk(stage, ledger, dispatch, attempts, queries, clock)
        desk.queue(due_in=1)
        desk.work()
        support = SPECS[channel].comments
        assert support
        busy: set[str] = set()
        is_read = settings.get("read") != "none"
        watched = WatchedAccount(support, is_read=is_read, has_fees=SPECS[channel].has_fees)
        watch = CommentWatch(
            CommentReadings(database, clock),
            CommentChecks(database, clock),
            CommentWishes(database, clock),
            CommentBudget(database, clock, Decimal(settings.get("budget_per_month", 50)), *COSTS),
            lambda: {stage.account.name: watched},
            lambda _account: support.open(stage.account, stage.credentials, stage.options),
            busy.__contains__,
            lambda: Signs([WORD] if WORD else [], ["Amina Diallo"]),
            CommentSettings(**{"requests_per_day": MANY, **settings}),
            clock,
            lambda: {stage.account.name},
        )
        rights = Rights({stage.account.name: "BICE"}.get)
        people = People(database, clock)
        for name, rank, of in (
            ("redaction", Rank.STAFF, ["BICE"]), ("kasia", Rank.MANAGER, ["Warsaw"]),
            ("chef", Rank.ADMIN, None),
        ):  # fmt: skip
            people.add(name, rank, PASSWORD, organisations=of)
        acts = CommentActs(database, clock, rights, lambda _account: channel)
        return Duty(desk, database, watch, acts, CommentPages(database, clock), busy, people)

    return make


@pytest.fixture(params=CHANNELS)
def duty(request: pytest.FixtureRequest, duty_at: Callable[..., Duty]) -> Duty:
    return duty_at(request.param)


@pytest.fixture
def page(duty_at: Callable[..., Duty]) -> Duty:
    return duty_at("facebook")


def told_to(duty: Duty, on_duty: list[str]) -> dict[str, list[Topic]]:
    """Whom the news reach at their own addresses."""
    addresses = Addresses(duty.database, duty.desk.clock)
    for name in ("redaction", "kasia", "chef"):
        addresses.add(duty.people.find(name), f"ntfys://ntfy.example.org/{name}")
    duty.plant("help me")
    duty.look()
    news = PersonalNews(
        duty.database, duty.desk.clock, lambda _account: ApprovalRule(),
        Rights({duty.account: "BICE"}.get), lambda _at: on_duty,
    )  # fmt: skip
    return {one.person.name: [item.topic for item in items] for one, items in news.all_untold()}
