"""A worker in front of WordPress: drafts whose ids got lost, and what is cleared away."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from publisher.delivery.cleanup import Clearing
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Prepared, Wish
from publisher.model.states import State
from tests.channels.conftest import Stage, Stages
from tests.channels.desk import TEXT, Desk
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, lanes
from tests.support.wishes import wish


class SiteDesk(Desk):
    """A WordPress site, and a ledger whose deliveries a worker takes there."""

    def wish(self, text: str = TEXT, post: str = "post.fr", **more: Any) -> Wish:
        account = {"account": self.stage.account.name, "channel": "wordpress"}
        content = {"content": Content(parts=(Part(text=text),), lang="fr")}
        return wish(self.clock, post, **{"due_in": 1, **account, **content, **more})


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("wordpress")


@pytest.fixture
def site_desk(
    stage: Stage,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> SiteDesk:
    return SiteDesk(stage, ledger, dispatch, attempts, queries, clock)


@pytest.fixture
def clear(site_desk: SiteDesk, database: Database, clock: ManualClock) -> Callable[[], None]:
    """Let a worker clear away what is to be cleared away now."""
    orphans = Orphans(database, clock)

    def run() -> None:
        clock.advance(60)
        channel = site_desk.stage.open()
        clearing = Clearing(orphans, lambda _account: nullcontext(channel), AnyKeys(), lanes())
        for claim in orphans.claim(clock.ahead(30), 10):
            clearing.clear(claim)

    return run


def test_a_draft_whose_id_got_lost_goes_out_once(site_desk: SiteDesk) -> None:
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    assert site_desk.there == [(TEXT, False)]
    site_desk.mend()
    site_desk.work()
    assert site_desk.there == [(TEXT, True)]
    assert site_desk.state() is State.PUBLISHED
    assert "left these unpublished on the website" in site_desk.told()


def test_a_draft_is_on_record_on_an_account_that_publishes_early_too(
    site_desk: SiteDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WordPress makes drafts all the same, so a lost one must be found."""
    monkeypatch.setattr(site_desk.attempts, "publishes_early", lambda _account: True)
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    assert site_desk.delivery.prepared.begun
    assert not site_desk.delivery.prepared.at_once
    site_desk.mend()
    site_desk.work()
    assert site_desk.there == [(TEXT, True)]


def test_a_cancelled_posts_draft_does_not_stay_on_the_site(
    site_desk: SiteDesk, control: Control, clear: Callable[[], None]
) -> None:
    """Not even one whose id nobody knows."""
    site_desk.queue()
    site_desk.lose(endpoint="createArticle")
    site_desk.work()
    site_desk.stage.sandbox.faults.set([])
    control.cancel("post.fr", None, "manager", "trop tard")
    clear()
    assert site_desk.there == []
    assert (site_desk.state(), site_desk.delivery.prepared) == (State.CANCELLED, Prepared())
