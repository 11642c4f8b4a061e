"""Answers to readers, where a platform has a way of its own: what is gone, closed or refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from publisher.channels.engagement import EngagementReading
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.engagement import EngagementTurns
from publisher.model.content import Content, Part
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    Unknown,
)
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty
from tests.channels.conftest import Stage, Stages
from tests.channels.test_contract_replies import ANSWER, answered
from tests.channels.test_replies_worker import answer, asked, work
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.platforms.*.answers", "publisher.platforms.*.replies")

DAY = timedelta(days=1)
LATER = 2 * 3600
"""Seconds after which a server knows no key of a request any more."""


@pytest.fixture
def fedi(stages: Stages) -> Stage:
    return stages("mastodon")


@pytest.mark.parametrize("text", [ANSWER, "@reader@elsewhere.example À Genève\n\n> ici"])
def test_on_mastodon_an_answer_whose_comment_is_deleted_is_not_called_absent(
    fedi: Stage, clock: ManualClock, text: str
) -> None:
    """The server forgets what it answers, and refuses a repeat before it looks at the key."""
    one = answered(fedi, text)
    attempt = one.ready()
    one.fail(What.HANG_UP, commit=True)
    assert isinstance(attempt.send(), Unknown)
    fedi.sandbox.faults.set([])
    one.comment.is_deleted = True
    clock.advance(LATER)
    seen = attempt.find(())
    assert isinstance(seen, Unknown)
    assert fedi.shown()[-1].id in seen.message
    assert "it may be this one" in seen.message


@pytest.mark.parametrize("fault", ["server-error", "rate-limit"])
def test_on_mastodon_nothing_is_left_to_a_person_while_the_comment_cannot_be_read(
    fedi: Stage, fault: str
) -> None:
    """A server that is just down, or takes no more requests, says nothing of it."""
    one = answered(fedi)
    attempt = one.ready()
    one.fail(What.HANG_UP, commit=True)
    attempt.send()
    one.comment.is_deleted = True
    fail(fedi, fault, "getStatus")
    assert isinstance(attempt.find(()), Deferred | AccountSuspended), (
        "Publisher looks for this one again"
    )


def test_on_mastodon_an_answer_that_never_arrived_is_absent_also_without_its_comment(
    fedi: Stage,
) -> None:
    one = answered(fedi)
    attempt = one.ready()
    one.fail(What.HANG_UP, commit=False)
    attempt.send()
    fedi.sandbox.faults.set([])
    one.comment.is_deleted = True
    fedi.deliver(fedi.parcel("Autre chose", post="other.fr"))
    seen = attempt.find(())
    assert isinstance(seen, Absent)
    assert seen.is_proof


def test_on_mastodon_the_same_words_answer_nobody_while_the_comment_is_there(fedi: Stage) -> None:
    one = answered(fedi)
    attempt = one.ready()
    (other,) = fedi.deliver(fedi.parcel(ANSWER, post="other.fr"))
    assert isinstance(other, Accepted)
    seen = attempt.find(())
    assert isinstance(seen, Absent)
    assert seen.is_proof


READS = {"facebook": "getObject", "mastodon": "getStatus"}
"""The request that reads a comment before it is answered, by channel."""


def fail(stage: Stage, what: str, endpoint: str, **more: Any) -> None:
    stage.sandbox.faults.set([Fault.model_validate({"what": what, "endpoint": endpoint, **more})])


def answer_all(duty: Duty) -> list[State]:
    """Answer each comment, then publish a post for everybody: what became of them."""
    for number, comment in enumerate(duty.shown()):
        content = Content(
            parts=(Part(text=f"{ANSWER} {number}"),), lang="fr", answers=comment.remote_id
        )
        duty.desk.queue(ANSWER, f"answer{number}.fr", content=content)
        work(duty)
    duty.desk.stage.sandbox.faults.set([])
    duty.desk.queue("Pour tout le monde", "post2.fr")
    work(duty)
    return [one.state for one in duty.desk.queries.deliveries() if one.post != "post.fr"]


def test_readers_who_do_not_let_us_answer_on_x_stop_no_post(duty_at: Callable[..., Duty]) -> None:
    """Two refusals alike are no sign of the account's fault."""
    duty = duty_at("twitter")
    for name in ("amina", "bruno"):
        duty.plant(f"@bice {name}", author=name, closed=True)
    duty.look()
    duty.desk.clock.advance(900)
    states = answer_all(duty)
    assert sorted(states) == [State.FAILED, State.FAILED, State.PUBLISHED]
    (first,) = duty.desk.queries.deliveries(post="answer0.fr")
    assert "The reader may block the account, or limit who replies" in str(first.error_message)


def test_an_answer_that_is_too_long_for_x_is_told_so(duty_at: Callable[..., Duty]) -> None:
    """It is no reader's doing, so the second one waits."""
    duty = duty_at("twitter")
    for name in ("amina", "bruno"):
        duty.plant(f"@bice {name}", author=name)
    duty.look()
    duty.desk.clock.advance(900)
    body = {"detail": "Your Tweet text is too long.", "type": "about:blank"}
    fail(duty.desk.stage, "answer", "createPosts", status=403, body=body)
    assert answer_all(duty).count(State.FAILED) == 1
    (first,) = duty.desk.queries.deliveries(post="answer0.fr")
    assert "The text is too long for X" in str(first.error_message)


@pytest.mark.parametrize("channel", READS)
def test_a_comment_that_the_account_may_not_see_stops_no_post(
    duty_at: Callable[..., Duty], channel: str
) -> None:
    duty = duty_at(channel)
    for name in ("amina", "bruno"):
        duty.plant(name, author=name)
    duty.look()
    fail(duty.desk.stage, "forbidden", READS[channel])
    assert sorted(answer_all(duty)) == [State.FAILED, State.FAILED, State.PUBLISHED]


@pytest.mark.parametrize("code", [10, 200, 368])
def test_on_facebook_a_refusal_of_one_comment_is_not_the_accounts(
    stages: Stages, code: int
) -> None:
    one = answered(stages("facebook"))
    fail(one.stage, "graph-error", "getObject", code=code)
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert outcome.of_post
    assert "answer by hand" in outcome.message


def test_on_facebook_what_refuses_the_answer_is_no_sign_of_the_accounts_fault(
    stages: Stages,
) -> None:
    one = answered(stages("facebook"))
    attempt = one.ready()
    fail(one.stage, "graph-error", "createComment", code=1705)
    outcome = attempt.send()
    assert isinstance(outcome, Refused)
    assert outcome.of_post


@pytest.mark.parametrize("channel", READS)
@pytest.mark.parametrize(
    ("what", "kind"), [("unauthorised", Kind.AUTH), ("rate-limit", Kind.RATE_LIMIT)]
)
def test_keys_and_limits_are_the_accounts_also_when_a_comment_is_read(
    stages: Stages, channel: str, what: str, kind: Kind
) -> None:
    one = answered(stages(channel))
    fail(one.stage, what, READS[channel])
    outcome = one.outcome()
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is kind


@pytest.mark.parametrize("channel", READS)
@pytest.mark.parametrize("what", ["server-error", "hang-up", "html", "empty"])
def test_before_an_answer_is_sent_nothing_is_said_to_be_in_doubt(
    stages: Stages, channel: str, what: str
) -> None:
    one = answered(stages(channel))
    fail(one.stage, what, READS[channel])
    outcome = one.outcome()
    assert isinstance(outcome, Deferred)
    assert "Nothing is public" in outcome.message


def test_on_bluesky_what_would_be_hidden_is_answered_by_hand(stages: Stages) -> None:
    """A server takes a reply where the thread's owner limits who replies, and the app hides it."""
    one = answered(stages("bluesky"), closed=True)
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert "yourself" in outcome.message
    assert one.answers() == []
    assert one.stage.sandbox.state()["violations"] == []


def test_on_facebook_an_answer_among_posts_costs_no_figures(stages: Stages) -> None:
    """A comment has no shares and no insights, and one unknown field fails its request."""
    one = answered(stages("facebook"))
    attempt = one.ready()
    attempt.send()
    post = one.stage.shown()[0].id
    channel = one.stage.open()
    alone, together = (channel.engagement(ids) for ids in ([post], [post, *attempt.sent]))
    assert isinstance(alone, EngagementReading)
    assert together == alone


def test_figures_and_comments_are_read_of_posts_and_not_of_answers_that_are_comments(
    duty_at: Callable[..., Duty],
) -> None:
    duty = duty_at("facebook")
    comment = asked(duty)
    answer(duty, comment)
    work(duty)
    (post,) = duty.desk.queries.deliveries(post="post.fr")
    database, clock = duty.database, duty.desk.clock
    watched = CommentReadings(database, clock).watched([duty.account], clock.now() - DAY)
    assert [one.remote_id for one in watched] == [post.remote_ids[0]]
    clock.advance(70 * 60)
    due = EngagementTurns(database, clock).due(["facebook"])[duty.account]
    assert {one.remote_id for one in due} == {post.remote_ids[0]}


def test_on_facebook_a_lost_answer_below_a_deleted_comment_is_spoken_of_as_an_answer(
    stages: Stages,
) -> None:
    one = answered(stages("facebook"))
    attempt = one.ready()
    one.fail(What.HANG_UP, commit=True)
    assert isinstance(attempt.send(), Unknown)
    one.stage.sandbox.faults.set([])
    one.comment.is_deleted = True
    seen = attempt.find(())
    assert isinstance(seen, Unknown)
    assert "The answer may have been out" in seen.message
