"""Answers to readers, on every channel that can give them: below the reader's comment, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from publisher.channels.base import NotPrepared
from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.model.content import Correction, Original, Part, Target
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Outcome, Refused, Unknown
from publisher.sandbox.comments import StoredComment, plant
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Attempt, Stage, Stages
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards(
    "publisher.channels", "publisher.platforms", "publisher.platforms.*.replies"
)

ANSWERING = [name for name, spec in SPECS.items() if spec.replies.can]
ENDPOINTS = {
    "twitter": "createPosts",
    "mastodon": "postStatus",
    "bluesky": "applyWrites",
    "facebook": "createComment",
    "wordpress": "createComment",
}
"""The request that answers, by channel."""
SAID, ANSWER = "Où est-ce ? <b> & 🕊️", "@reader@elsewhere.example À Genève & <b> ñ ł 🕊️"


@dataclass
class Answered:
    """A reader's comment, and the answer to it that is about to be sent."""

    stage: Stage
    comment: StoredComment
    parcel: Parcel

    def ready(self) -> Attempt:
        return self.stage.ready(self.parcel)

    def answers(self) -> list[str]:
        """What is shown below the comment."""
        return [one.text for one in self.stage.shown() if one.in_reply_to == self.comment.id]

    def outcome(self) -> Outcome:
        """What becomes of it, from the first request on."""
        try:
            return self.ready().send()
        except NotPrepared as problem:
            return problem.outcome

    def fail(self, what: What, *, commit: bool) -> None:
        rule = {"what": what, "endpoint": ENDPOINTS[self.stage.name], "commit": commit}
        self.stage.sandbox.faults.set([Fault.model_validate(rule)])


def answered(stage: Stage, text: str = ANSWER, **more: Any) -> Answered:
    (first, *_more) = stage.deliver(stage.parcel("Une journée à Genève"))
    assert isinstance(first, Accepted)
    (comment,) = plant(stage.sandbox.store, stage.account.name, SAID, **more)
    parcel = stage.parcel(text, post="answer.fr")
    content = parcel.content.model_copy(update={"answers": comment.id})
    update = {"content": content, "target": Target(remote_ids=(comment.id,), url=None)}
    return Answered(stage, comment, parcel.model_copy(update=update))


def corrected(stage: Stage, **more: Any) -> Answered:
    """An answer that is out, and whose correction is about to be sent below it."""
    one = answered(stage, **more)
    attempt = one.ready()
    assert isinstance(attempt.send(), Accepted)
    told = Correction(corrects=one.parcel.post, way="reply", reason="Un chiffre.")
    parts = (Part(text="À Berne."), Part(text="Salle XX."))
    content = one.parcel.content.model_copy(
        update={"answers": None, "correction": told, "parts": parts}
    )
    target = Original(remote_ids=tuple(attempt.sent), url=None, content=one.parcel.content)
    update = {"post": "fix", "content": content, "target": target}
    return Answered(stage, one.comment, one.parcel.model_copy(update=update))


@pytest.fixture(params=ANSWERING)
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture
def fedi(stages: Stages) -> Stage:
    return stages("mastodon")


def test_each_channel_says_whether_it_answers_readers_and_how() -> None:
    assert {"twitter", "mastodon", "bluesky"} <= set(ANSWERING)
    assert all(spec.replies.told for spec in SPECS.values())
    assert all(SPECS[name].comments for name in ANSWERING), "what is not read is not answered"


def test_an_answer_goes_out_below_the_comment(stage: Stage) -> None:
    one = answered(stage)
    assert isinstance(one.outcome(), Accepted)
    assert one.answers() == [ANSWER]
    assert stage.sandbox.state()["violations"] == []


def test_nothing_is_public_before_an_answer_is_sent(stage: Stage) -> None:
    one = answered(stage)
    one.ready()
    assert one.answers() == []


def test_a_mention_elsewhere_is_answered(stage: Stage) -> None:
    if SPECS[stage.name].comments.reads_each_post:  # type: ignore[union-attr]
        pytest.skip("it has comments under posts alone")
    one = answered(stage, under="")
    assert isinstance(one.outcome(), Accepted)
    assert one.answers() == [ANSWER]
    assert stage.sandbox.state()["violations"] == []


def test_an_answer_may_be_a_thread(stage: Stage) -> None:
    one = answered(stage)
    if not CAPABILITIES[stage.name].threads:
        pytest.skip("its posts have one part")
    parts = (*one.parcel.content.parts, Part(text="Salle XX"))
    content = one.parcel.content.model_copy(update={"parts": parts})
    attempt = stage.ready(one.parcel.model_copy(update={"content": content}))
    while len(attempt.sent) < len(parts):
        assert isinstance(attempt.send(), Accepted)
    _post, first, second = stage.shown()
    assert (first.in_reply_to, second.in_reply_to) == (one.comment.id, first.id)
    assert stage.sandbox.state()["violations"] == []


def test_an_answer_may_show_a_picture(stage: Stage) -> None:
    one = answered(stage)
    if not CAPABILITIES[stage.name].threads:
        pytest.skip("its comments are words alone")
    part = Part(text=ANSWER, pictures=(stage.picture("Une carte"),))
    content = one.parcel.content.model_copy(update={"parts": (part,)})
    attempt = stage.ready(one.parcel.model_copy(update={"content": content}))
    assert isinstance(attempt.send(), Accepted)
    assert [len(shown.pictures) for shown in stage.shown()] == [0, 1]
    assert stage.sandbox.state()["violations"] == []


@pytest.mark.parametrize("what", [what for what in LOST if what is not What.HANG])
@pytest.mark.parametrize("commit", [True, False])
def test_after_a_lost_answer_it_is_found_out_whether_it_is_out(
    stage: Stage, what: What, *, commit: bool
) -> None:
    """Below the comment, among what the account wrote since."""
    one = answered(stage)
    attempt = one.ready()
    one.fail(what, commit=commit)
    outcome = attempt.send()
    stage.sandbox.faults.set([])
    if isinstance(outcome, Accepted):  # looked for at once, by a key of its own
        assert commit
    else:
        assert isinstance(outcome, Unknown)
        seen = attempt.find(())
        assert isinstance(seen, Accepted if commit else Absent)
    assert one.answers() == ([ANSWER] if commit else [])


def test_the_same_words_elsewhere_are_not_taken_for_it(stage: Stage) -> None:
    one = answered(stage)
    attempt = one.ready()
    others = stage.deliver(stage.parcel(ANSWER, post="other.fr"))
    assert all(isinstance(other, Accepted) for other in others)
    assert isinstance(attempt.find(()), Absent)


def test_a_comment_that_is_gone_is_not_answered(stage: Stage, clock: ManualClock) -> None:
    one = answered(stage)
    one.comment.is_deleted = True
    clock.advance(900)  # X may not know a young one yet
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert "no longer on the platform" in outcome.message
    assert one.answers() == []


def test_a_comment_that_goes_at_the_last_moment_is_not_answered(
    stage: Stage, clock: ManualClock
) -> None:
    one = answered(stage)
    clock.advance(900)
    attempt = one.ready()
    one.comment.is_deleted = True
    assert isinstance(attempt.send(), Refused)
    assert one.answers() == []


def test_an_answer_is_withdrawn_like_a_post(stage: Stage) -> None:
    one = answered(stage)
    attempt = one.ready()
    assert isinstance(attempt.send(), Accepted)
    assert isinstance(stage.open().withdraw(attempt.sent[0], Prepared()), Accepted)
    assert one.answers() == []


@pytest.mark.parametrize(("comment", "answer"), [("public", "public"), ("unlisted", "unlisted")])
def test_on_mastodon_no_more_people_see_the_answer_than_the_comment(
    fedi: Stage, comment: str, answer: str
) -> None:
    one = answered(fedi, visibility=comment)
    assert isinstance(one.outcome(), Accepted)
    (shown,) = [entry for entry in fedi.sandbox.store.entries if entry.in_reply_to]
    assert shown.visibility == answer
    assert fedi.sandbox.state()["violations"] == []


def test_on_mastodon_no_more_people_see_the_correction_of_an_answer_than_the_answer(
    fedi: Stage,
) -> None:
    fedi.deliver(corrected(fedi, visibility="unlisted").parcel)
    assert [entry.visibility for entry in fedi.sandbox.store.entries][-2:] == ["unlisted"] * 2
    assert fedi.sandbox.state()["violations"] == []


@pytest.mark.parametrize("visibility", ["direct", None])
def test_on_mastodon_a_post_that_is_not_public_is_not_spoken_of_as_a_readers(
    fedi: Stage, visibility: str | None
) -> None:
    """It is corrected by a post of its own."""
    one = corrected(fedi)
    for entry in fedi.sandbox.store.entries:
        entry.visibility = visibility  # type: ignore[assignment]
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert "The post above this one is not public" in outcome.message


def test_on_mastodon_a_post_that_cannot_be_read_is_not_spoken_of_as_a_readers(fedi: Stage) -> None:
    one = corrected(fedi)
    fedi.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="getStatus")])
    outcome = one.outcome()
    assert isinstance(outcome, AccountSuspended)
    assert "Mastodon does not let this account" in outcome.message


@pytest.mark.parametrize("visibility", ["direct", "private"])
def test_a_private_message_is_not_answered(fedi: Stage, visibility: str) -> None:
    """Nor what its author's followers see: a reply would go to ours."""
    one = answered(fedi, visibility=visibility)
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert "private message" in outcome.message
    assert one.answers() == []


def test_on_x_a_reader_who_does_not_mention_the_account_is_answered_by_hand(
    stages: Callable[[str], Stage],
) -> None:
    stage = stages("twitter")
    one = answered(stage)
    attempt = one.ready()
    stage.sandbox.faults.set([Fault.model_validate({"what": "reply-not-allowed"})])
    outcome = attempt.send()
    assert isinstance(outcome, Refused)
    assert "Answer on X by hand" in outcome.message


def test_on_facebook_what_answers_another_comment_is_answered_by_hand(
    stages: Callable[[str], Stage],
) -> None:
    stage = stages("facebook")
    one = answered(stage)
    one.comment.parent = "1_2"
    outcome = one.outcome()
    assert isinstance(outcome, Refused)
    assert "by hand" in outcome.message
    assert one.answers() == []


def test_on_facebook_a_reply_that_is_not_listed_is_left_to_a_person(
    stages: Callable[[str], Stage],
) -> None:
    """Nobody says that the list of replies is whole, and nothing is sent twice."""
    one = answered(stages("facebook"))
    seen = one.ready().find(())
    assert isinstance(seen, Absent)
    assert not seen.lists_all
