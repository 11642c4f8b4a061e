"""Facebook: looking for a post that has its id before it is public."""

from dataclasses import replace

import pytest

from publisher.channels.base import NotPrepared
from publisher.channels.registry import SPECS
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Deferred, Unknown
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Attempt, Stage, Stages
from tests.support.sending import send


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture
def page(stages: Stages) -> Stage:
    return stages("facebook")


# Facebook: a post that has its id before it is public.


def test_a_prepared_post_that_was_deleted_is_a_persons_affair(page: Stage) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    attempt.channel.withdraw(str(attempt.prepared.draft_id), Prepared())
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "deleted" in outcome.message


def test_a_post_that_is_public_with_an_earlier_text_is_a_persons_affair(page: Stage) -> None:
    attempt = page.ready(page.parcel("Avant"))
    later = replace(attempt, parcel=page.parcel("Après"))
    assert later.find() == Absent()
    attempt.send()
    outcome = later.find(sent=())
    assert isinstance(outcome, Unknown)
    assert str(attempt.prepared.draft_id) in outcome.message


def test_an_edit_leaves_no_unpublished_post_behind(page: Stage) -> None:
    before = page.ready(page.parcel("Avant"))
    prepared = prepare_again(before, "Après")
    assert prepared.draft_id != before.prepared.draft_id
    assert {post["text"]: post["deleted"] for post in page.sandbox.state()["posts"]} == {
        "Avant": True,
        "Après": False,
    }


def prepare_again(before: Attempt, text: str) -> Prepared:
    stage = before.stage
    return stage.open().prepare(stage.parcel(text), before.prepared, stage.media.__getitem__)


@pytest.mark.parametrize("what", [*LOST, What.BAD_REQUEST, What.RATE_LIMIT])
def test_an_old_unpublished_post_that_cannot_be_deleted_stops_nothing(
    what: What, page: Stage
) -> None:
    """Nobody sees it."""
    before = page.ready(page.parcel("Avant"))
    page.sandbox.faults.set([Fault(what=what, endpoint="deletePost")])
    prepared = prepare_again(before, "Après")
    assert isinstance(send(before.channel, page.parcel("Après"), prepared, ()), Accepted)
    assert [shown.text for shown in page.shown()] == ["Après"]


def test_an_old_post_that_is_gone_stops_nothing(page: Stage) -> None:
    before = page.ready(page.parcel("Avant"))
    before.channel.withdraw(str(before.prepared.draft_id), Prepared())
    assert prepare_again(before, "Après").draft_id


def test_an_old_post_that_is_public_already_is_not_followed_by_a_new_one(page: Stage) -> None:
    """Nor is it deleted: it is out, and a person decides."""
    before = page.ready(page.parcel("Avant"))
    before.send()
    with pytest.raises(NotPrepared) as problem:
        prepare_again(before, "Après")
    assert isinstance(problem.value.outcome, Unknown)
    assert [shown.text for shown in page.shown()] == ["Avant"]
    assert len(page.sandbox.state()["posts"]) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [*((what, Deferred) for what in LOST), (What.TOKEN_DEAD, AccountSuspended)],
)
def test_an_old_post_of_which_nothing_is_known_is_not_followed_by_a_new_one(
    what: What, expected: type, page: Stage
) -> None:
    """It may be public; the next try will know more."""
    before = page.ready(page.parcel("Avant"))
    page.sandbox.faults.set([Fault(what=what, endpoint="getObject")])
    with pytest.raises(NotPrepared) as problem:
        prepare_again(before, "Après")
    assert isinstance(problem.value.outcome, expected)
    posts = page.sandbox.state()["posts"]
    assert [(post["text"], post["deleted"]) for post in posts] == [("Avant", False)]
