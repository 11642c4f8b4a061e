"""From a reader's comment to our answer below it: read, queued, sent by a worker, on record."""

from collections.abc import Callable

import pytest

from publisher.channels.registry import SPECS
from publisher.ledger.comments.comment_pages import ShownComment
from publisher.model.content import Content, Part
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty
from tests.channels.test_contract_replies import ANSWER, ANSWERING, ENDPOINTS

ONE_BY_ONE = ("twitter", "mastodon")
"""Channels that send the parts of a thread one by one."""


@pytest.fixture(params=ANSWERING)
def desk(request: pytest.FixtureRequest, duty_at: Callable[..., Duty]) -> Duty:
    return duty_at(request.param)


def asked(duty: Duty) -> ShownComment:
    """A comment that calls for somebody, as it was read."""
    duty.plant("help me: où est-ce ?")
    duty.look()
    (comment,) = duty.shown()
    return comment


def answer(duty: Duty, comment: ShownComment) -> None:
    content = Content(parts=(Part(text=ANSWER),), lang="fr", answers=comment.remote_id)
    duty.desk.queue(ANSWER, "answer.fr", content=content)


def work(duty: Duty) -> None:
    duty.desk.clock.advance(2)
    duty.desk.work()


def below(duty: Duty, comment: ShownComment) -> list[str]:
    shown = duty.desk.stage.shown()
    return [one.text for one in shown if one.in_reply_to == comment.remote_id]


def state(duty: Duty) -> State:
    (delivery,) = duty.desk.queries.deliveries(post="answer.fr")
    return delivery.state


def test_a_worker_answers_a_reader_who_is_then_answered(desk: Duty) -> None:
    comment = asked(desk)
    assert comment.is_calling
    answer(desk, comment)
    work(desk)
    assert (state(desk), below(desk, comment)) == (State.PUBLISHED, [ANSWER])
    (found,) = desk.shown()
    assert (found.state, found.is_calling) == (CommentState.ANSWERED, False)
    assert "answer answered" in desk.steps()
    assert desk.desk.stage.sandbox.state()["violations"] == []


def test_our_answer_is_no_comment_of_a_reader(desk: Duty) -> None:
    comment = asked(desk)
    answer(desk, comment)
    work(desk)
    desk.look()
    assert [one.remote_id for one in desk.shown()] == [comment.remote_id]


def test_what_was_hidden_meanwhile_is_not_answered(desk: Duty) -> None:
    comment = asked(desk)
    answer(desk, comment)
    if SPECS[desk.desk.stage.name].comments.hides:  # type: ignore[union-attr]
        desk.acts.hide(comment.id, "redaction")
    else:
        desk.watch._checks.forget(desk.account, comment.remote_id)
    work(desk)
    assert (state(desk), below(desk, comment)) == (State.HELD, [])


def test_what_was_deleted_on_the_platform_is_not_answered(desk: Duty) -> None:
    comment = asked(desk)
    answer(desk, comment)
    planted = desk.desk.stage.sandbox.store.comment(desk.desk.stage.name, comment.remote_id)
    assert planted
    planted.is_deleted = True
    desk.desk.clock.advance(900)  # X may not know a young one yet
    work(desk)
    assert state(desk) in (State.FAILED, State.HELD, State.MISSED)
    (found,) = desk.shown()
    assert found.state is CommentState.NEW


def test_a_lost_answer_leaves_one_reply(desk: Duty) -> None:
    comment = asked(desk)
    answer(desk, comment)
    name = desk.desk.stage.name
    rule = {"what": What.HANG_UP, "endpoint": ENDPOINTS[name], "commit": True}
    desk.desk.stage.sandbox.faults.set([Fault.model_validate(rule)])
    work(desk)
    desk.desk.stage.sandbox.faults.set([])
    assert below(desk, comment) == [ANSWER]
    assert state(desk) in (State.UNCERTAIN, State.PUBLISHED)


@pytest.mark.parametrize("desk", ONE_BY_ONE, indirect=True)
def test_an_answer_that_has_begun_is_not_cut(desk: Duty) -> None:
    """Its second part was refused, and is edited after the comment is deleted."""
    comment, counter = asked(desk), desk.desk
    parts = Part(text=ANSWER), Part(text="Salle XX")
    content = Content(parts=parts, lang="fr", answers=comment.remote_id)
    counter.queue(ANSWER, "answer.fr", content=content)
    rule = {"what": What.BAD_REQUEST, "endpoint": ENDPOINTS[counter.stage.name], "nth": (2,)}
    counter.stage.sandbox.faults.set([Fault.model_validate(rule)])
    work(desk)
    (begun,) = counter.queries.deliveries(post="answer.fr")
    assert (begun.state, len(begun.remote_ids)) == (State.FAILED, 1)
    planted = counter.stage.sandbox.store.comment(counter.stage.name, comment.remote_id)
    assert planted
    planted.is_deleted = True
    better = content.model_copy(update={"parts": (parts[0], Part(text="Salle XXI"))})
    wish = counter.wish(post="answer.fr", content=better)
    counter.ledger.apply(add=(), edit=[(begun, wish)], cancel=(), pictures={}, actor="redaction")
    work(desk)
    assert state(desk) is State.PUBLISHED
    first, second = counter.stage.shown()[-2:]
    assert (first.text, second.text) == (ANSWER, "Salle XXI")
    assert second.in_reply_to == first.id
