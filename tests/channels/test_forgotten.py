"""Looking for what a lost ledger sent, over real HTTP: by its words, and an account read once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from publisher.channels.answers import READING_KEPT
from publisher.channels.pool import Pool
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.forgotten import NEXT_LOOK
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from tests.channels.conftest import Stage, Stages
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, lanes, never
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.channels.timelines",
    "publisher.delivery.reconcile",
    "publisher.ledger.integrity.forgotten",
    "publisher.ledger.doubts.lookalikes",
    "publisher.ledger.doubts.reconciliation",
)

READING = {"twitter": "getUsersPosts", "facebook": "getPublishedPosts"}
OUT = 5
"""Posts that the lost ledger sent; as many again were never sent."""


@pytest.fixture(params=list(READING))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


def test_one_reading_of_an_account_tells_of_all_that_may_be_out(
    stage: Stage, database: Database, ledger: Ledger, queries: Queries, clock: ManualClock
) -> None:
    """X takes money for each post that is read; Facebook counts each request."""
    account = {"account": stage.account.name, "channel": stage.name}
    contents = [Content(parts=(Part(text=f"Texte {n}."),), lang="fr") for n in range(2 * OUT)]
    wishes = [wish(clock, f"{n}", n + 1, content=c, **account) for n, c in enumerate(contents)]
    add(ledger, *wishes)
    clock.advance(60)
    for one in wishes[:OUT]:
        parcel = Parcel(post=one.post, account=one.account, content=one.content, due_at=one.due_at)
        assert isinstance(stage.deliver(parcel)[-1], Accepted)
    clock.advance(600)
    face(database, clock, "manager")
    doubts, pool = Doubts(database, clock), Pool(lambda _account: stage.open())
    reconciler = Reconciler(doubts, pool.lend, AnyKeys(), lanes(), never)
    before = stage.sandbox.state()["requests"].get(READING[stage.name], 0)
    for _reading in range(2):
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(reconciler.reconcile, doubts.claim(clock.ahead(30), 100)))
        clock.advance(NEXT_LOOK)
    found = queries.deliveries()
    assert {d.post for d in found if d.state is State.PUBLISHED} == {str(n) for n in range(OUT)}
    shown = {post.text: post.id for post in stage.shown()}
    for delivery in found[:OUT]:
        assert delivery.remote_ids == (shown[delivery.content.parts[0].text],)
        assert delivery.published_at is not None
        assert delivery.published_at > delivery.due_at + timedelta(seconds=30)
    assert all(d.settled_at is None for d in found)
    assert stage.sandbox.state()["requests"][READING[stage.name]] - before == 2


def test_what_was_read_is_soon_too_old() -> None:
    """The second absence is another reading's."""
    assert READING_KEPT < NEXT_LOOK
