"""A worker in front of each channel: a post, then its correction."""

from typing import Any

import pytest

from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Correction, Part
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stages
from tests.channels.desk import Desk
from tests.channels.test_contract_hostile import Work
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne

WRONG, RIGHT = "Trois enfants sur dix", "Quatre enfants sur dix"


@pytest.fixture(params=list(SPECS))
def counter(
    request: pytest.FixtureRequest,
    stages: Stages,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> Desk:
    return Desk(stages(request.param), ledger, dispatch, attempts, queries, clock)


def _correct(
    counter: Desk, post: str = "fix.fr", text: str = RIGHT, way: str | None = None, **more: Any
) -> None:
    edits = CAPABILITIES[counter.stage.name].edits
    told: dict[str, Any] = {"corrects": "post.fr", "reason": "Un chiffre."}
    told["way"] = way or ("edit" if edits else "reply")
    told["replaces"] = _of(counter, "post.fr").content.digest
    content = Content(parts=(Part(text=text),), lang="fr", correction=Correction(**told))
    counter.queue(text, post, content=content, **more)


def _work(counter: Desk) -> None:
    counter.clock.advance(2)
    counter.work()


def _of(counter: Desk, post: str) -> Delivery:
    (delivery,) = counter.queries.deliveries(post=post)
    return delivery


def test_a_worker_corrects_what_it_published(counter: Desk) -> None:
    counter.queue(WRONG)
    _work(counter)
    _correct(counter)
    _work(counter)
    original, fix = _of(counter, "post.fr"), _of(counter, "fix.fr")
    assert (original.state, fix.state) == (State.PUBLISHED, State.PUBLISHED)
    shown = [post.text for post in counter.stage.shown()]
    if CAPABILITIES[counter.stage.name].edits:
        assert shown == [RIGHT]
        assert fix.remote_ids[0].startswith(f"{original.remote_ids[0]}@")
        assert fix.url == original.url
    else:
        assert shown == [WRONG, RIGHT]
        assert counter.stage.shown()[1].in_reply_to == original.remote_ids[0]


@pytest.mark.parametrize("counter", [n for n in SPECS if CAPABILITIES[n].threads], indirect=True)
def test_a_thread_is_corrected_below_its_last_part(counter: Desk) -> None:
    """Also by a worker that knows the account's keys, so that nothing else asks the platform."""
    thread = Content(parts=(Part(text=WRONG), Part(text="La suite")), lang="fr")
    counter.queue(WRONG, content=thread)
    _work(counter)
    _correct(counter, way="reply")
    _work(counter)
    original, fix = _of(counter, "post.fr"), _of(counter, "fix.fr")
    assert (original.state, fix.state) == (State.PUBLISHED, State.PUBLISHED)
    assert counter.stage.shown()[-1].in_reply_to == original.remote_ids[-1]


@pytest.mark.parametrize("counter", ["mastodon"], indirect=True)
@pytest.mark.parametrize("is_correction", [True, False])
def test_on_mastodon_what_is_out_is_not_called_failed_once_what_was_above_is_deleted(
    counter: Desk, database: Database, *, is_correction: bool
) -> None:
    """After a lost answer: the server forgets what a correction, or a thread's part, was below."""
    work = Work(counter, Doubts(database, counter.clock))
    counter.queue(WRONG, content=Content(parts=(Part(text=WRONG), Part(text=RIGHT)), lang="fr"))
    lost = Fault(what=What.HANG_UP, endpoint="postStatus", commit=True, nth=(2,))
    if is_correction:
        _work(counter)
        lost = lost.model_copy(update={"nth": ()})
        _correct(counter, way="reply")
    counter.stage.sandbox.faults.set([lost])
    for _part in range(2):
        _work(counter)
    counter.stage.sandbox.faults.set([])
    for entry in counter.stage.sandbox.store.entries:
        entry.deleted = entry.id in _of(counter, "post.fr").remote_ids
    work.go_on(20)
    what = _of(counter, "fix.fr" if is_correction else "post.fr")
    assert what.state is State.UNCERTAIN
    assert "it may be this one" in str(what.error_message)
    assert [post.text for post in counter.stage.shown()] == [RIGHT]


def test_what_is_withdrawn_is_not_corrected(counter: Desk) -> None:
    """Nothing is sent, and what is held says why."""
    counter.queue(WRONG)
    _work(counter)
    original = _of(counter, "post.fr")
    Withdrawals(counter.queries._database, counter.clock).begin(original, "direction", "an error")
    _correct(counter)
    _work(counter)
    fix = _of(counter, "fix.fr")
    assert fix.state is State.HELD
    assert "post.fr is withdrawn" in (fix.reason or "")
    assert [post.text for post in counter.stage.shown()] == [WRONG]
