"""Taking posts down: from the end of a thread, and on record only when confirmed."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from publisher.channels.base import Channel
from publisher.ledger.attempts import Attempts
from publisher.ledger.control import Control
from publisher.ledger.dispatch import Dispatch
from publisher.ledger.ledger import Ledger
from publisher.ledger.queries import Queries
from publisher.ledger.safeguards import Safeguards
from publisher.models import Content, Part, Picture
from publisher.outcome import Accepted, Deferred, Kind, Outcome, Unknown
from publisher.states import State
from publisher.withdrawal import Withdrawal
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


@dataclass
class DeletingChannel:
    """Deletes, unless the test says that it fails at an id."""

    fails_at: str | None = None
    deleted: list[str] = field(default_factory=list)

    def withdraw(self, remote_id: str) -> Outcome:
        if remote_id == self.fails_at:
            return Deferred(Kind.UNAVAILABLE, "X could not be reached.")
        self.deleted.append(remote_id)
        return Accepted(remote_id)


@pytest.fixture
def _thread(ledger: Ledger, dispatch: Dispatch, attempts: Attempts, clock: ManualClock) -> None:
    """A thread of three parts that is out."""
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois")))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    for remote_id in ("1", "2", "3"):
        assert delivery is not None
        intended = attempts.intend(delivery, clock.now(), lease)
        assert intended is not None
        delivery = attempts.record(intended, Accepted(remote_id), lease)


def withdrawal_through(control: Control, channel: DeletingChannel) -> Withdrawal:
    safeguards = Safeguards(control._database, control._clock)
    return Withdrawal(control, safeguards, lambda _account: cast("Channel", channel))


def withdraw(control: Control, channel: DeletingChannel) -> Any:
    withdrawal = withdrawal_through(control, channel)
    (done,) = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    return done


@pytest.mark.usefixtures("_thread")
def test_a_thread_is_deleted_from_its_end(control: Control, queries: Queries) -> None:
    channel = DeletingChannel()
    assert withdraw(control, channel).problem is None
    assert channel.deleted == ["3", "2", "1"]
    assert queries.counts() == {State.WITHDRAWN: 1}


@pytest.mark.usefixtures("_thread")
def test_what_is_not_confirmed_is_not_on_record_and_may_be_withdrawn_again(
    control: Control, queries: Queries
) -> None:
    failed = withdraw(control, DeletingChannel(fails_at="2"))
    assert "Part 2: X could not be reached." in failed.problem
    assert queries.counts() == {State.PUBLISHED: 1}
    assert queries.history("post.fr")[-1].event == "not withdrawn"
    assert withdraw(control, DeletingChannel()).problem is None
    assert queries.counts() == {State.WITHDRAWN: 1}


def showing(consent: str | None, text: str) -> Content:
    picture = Picture(
        digest="a" * 64, media_type="image/png", width=1, height=1, alt="", name="a.png",
        consent=consent,
    )  # fmt: skip
    return Content(parts=(Part(text=text, pictures=(picture,)),))


@pytest.mark.parametrize("consent", ["abidjan-2016", 'l\'école 50% "A_B"'])
def test_a_consent_that_ends_holds_what_waits_and_takes_down_what_is_out(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    control: Control,
    queries: Queries,
    clock: ManualClock,
    consent: str,
) -> None:
    lease = clock.ahead(60)
    answers: dict[str, Outcome] = {"out": Accepted("1"), "doubtful": Unknown("No answer.")}
    for post, outcome in answers.items():
        add(ledger, wish(clock, post, 0, content=showing(consent, post)))
        delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
        assert delivery
        intended = attempts.intend(delivery, clock.now(), lease)
        assert intended
        attempts.record(intended, outcome, lease)
    add(ledger, wish(clock, "waits", 600, content=showing(consent, "waits")))
    add(ledger, wish(clock, "other", 600, content=showing(f"{consent}-bis", "other")))
    add(ledger, wish(clock, "none", 600, content=showing(None, consent)))
    channel = DeletingChannel()
    held, done = withdrawal_through(control, channel).withdraw_consent(
        consent, actor="direction", reason="the family asked for it"
    )
    assert [delivery.post for delivery in held] == ["waits"]
    assert channel.deleted == ["1"]
    assert [(one.delivery.post, one.problem is None) for one in done] == [
        ("out", True),
        ("doubtful", False),
    ]
    states = {delivery.post: delivery.state for delivery in queries.deliveries()}
    assert states == {
        "out": State.WITHDRAWN,
        "doubtful": State.UNCERTAIN,
        "waits": State.HELD,
        "other": State.SCHEDULED,
        "none": State.SCHEDULED,
    }
