"""Answers to readers, where a platform has a way of its own: what is gone, closed or refused."""

import pytest

from publisher.model.outcomes import Absent, Accepted, Unknown
from publisher.sandbox.fault_kinds import What
from tests.channels.conftest import Stage, Stages
from tests.channels.test_contract_replies import ANSWER, answered
from tests.support.clock import ManualClock

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
    assert "it may be the answer" in seen.message


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
