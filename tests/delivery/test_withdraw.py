"""Taking posts down: from the end of a thread, and on record only when confirmed."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from publisher.base.errors import (
    AccountElsewhere,
    CredentialsMissing,
    LedgerUnavailable,
    NotPossible,
)
from publisher.channels.answers import still_out
from publisher.channels.base import Channel
from publisher.delivery.identity import KeyCheck
from publisher.delivery.withdraw import Withdrawal
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.news.outbox import News, StuckDelivery
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Correction, Part, Picture
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from publisher.reporting.log_export import log_rows
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, Strangers, first_found, lanes
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.manager.consent_holds", "publisher.ledger.manager.withdrawals"
)

_AWAY = Deferred(Kind.UNAVAILABLE, "X could not be reached.")


class Killed(BaseException):
    """The process ends here."""


@dataclass
class DeletingChannel:
    """Deletes, unless the test says that it fails at an id; what is gone is deleted once more."""

    fails_at: str | None = None
    answer: Outcome = _AWAY
    before: Callable[[str], None] = lambda _id: None
    after: Callable[[str], None] = lambda _id: None
    deleted: list[str] = field(default_factory=list)

    def withdraw(self, remote_id: str, prepared: Prepared | None = None) -> Outcome:
        self.before(remote_id)
        if remote_id == self.fails_at:
            return self.answer
        self.deleted.append(remote_id)
        self.after(remote_id)
        return Accepted(remote_id)


@pytest.fixture
def _thread(ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> None:
    """A thread of three parts that is out."""
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois")))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    for remote_id in ("1", "2", "3"):
        assert delivery is not None
        intended = attempts.intend(delivery, clock.now(), lease)
        assert intended is not None
        delivery = attempts.record(intended, Accepted(remote_id), lease)


def withdrawal_through(
    control: Control, channel: DeletingChannel, identity: KeyCheck | None = None
) -> Withdrawal:
    database, clock = control._database, control._clock
    return Withdrawal(
        control,
        Withdrawals(database, clock),
        Safeguards(database, clock),
        lambda _account: nullcontext(cast("Channel", channel)),
        identity or AnyKeys(),
        lanes(),
    )


def withdraw(control: Control, channel: DeletingChannel) -> Any:
    withdrawal = withdrawal_through(control, channel)
    (done,) = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    return done


@pytest.mark.usefixtures("_thread")
def test_what_only_another_machine_can_delete_may_yet_be_deleted_there(control: Control) -> None:
    def channel_of(account: str) -> AbstractContextManager[Channel]:
        raise AccountElsewhere(f"The machine vm-1 has no keys for {account}.")

    withdrawal = withdrawal_through(control, DeletingChannel())
    withdrawal._channel_of = channel_of
    (done,) = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    assert "The machine vm-1 has no keys for bice-x." in str(done.problem)
    assert done.delivery.error_kind == Kind.UNAVAILABLE, "wrong keys would call somebody at once"


@pytest.mark.usefixtures("_thread")
def test_a_thread_is_deleted_from_its_end(control: Control, queries: Queries) -> None:
    channel = DeletingChannel()
    assert withdraw(control, channel).problem is None
    assert channel.deleted == ["3", "2", "1"]
    assert queries.counts() == {State.WITHDRAWN: 1}


@pytest.mark.usefixtures("_thread")
def test_what_was_read_as_public_is_to_be_deleted_by_hand(control: Control) -> None:
    """For a child's picture minutes count, and this platform may let no program delete."""
    failed = withdraw(control, DeletingChannel(fails_at="2", answer=still_out("X")))
    assert failed.problem.startswith("Part 2 is still out: delete it by hand now.")


@pytest.mark.usefixtures("_thread")
def test_what_is_not_confirmed_is_not_on_record_and_may_be_withdrawn_again(
    control: Control, queries: Queries
) -> None:
    failed = withdraw(control, DeletingChannel(fails_at="2"))
    assert "Part 2 may still be out: X could not be reached." in failed.problem
    assert told(queries)[-3:] == [
        ("withdrawing", {"reason": "erreur", "ids": ["1", "2", "3"]}),
        ("part withdrawn", {"part": 3, "id": "3", "reason": "erreur"}),
        ("not withdrawn", {"kind": "unavailable", "message": failed.problem}),
    ]
    (row,) = log_rows(queries.deliveries())
    assert (row["state"], row["remote_ids"]) == ("published", ["1", "2"])
    assert row["withdrawn_ids"] == ["3"]
    assert row["error"] == {"kind": "unavailable", "message": failed.problem}
    channel = DeletingChannel()
    assert withdraw(control, channel).problem is None
    assert channel.deleted == ["2", "1"]
    (row,) = log_rows(queries.deliveries())
    assert (row["state"], row["remote_ids"], row["error"]) == ("withdrawn", [], None)
    assert row["withdrawn_ids"] == ["1", "2", "3"]


def told(queries: Queries) -> list[tuple[str, Any]]:
    return [(step.event, step.detail) for step in queries.history("post.fr")]


@pytest.mark.usefixtures("_thread")
def test_nothing_is_deleted_before_it_is_on_record_who_wants_it_and_why(
    control: Control, queries: Queries
) -> None:
    def look(remote_id: str) -> None:
        (begun,) = [step for step in queries.history("post.fr") if step.event == "withdrawing"]
        assert (begun.actor, begun.detail["reason"]) == ("direction", "erreur")
        assert remote_id in begun.detail["ids"]

    channel = DeletingChannel(before=look)
    assert withdraw(control, channel).problem is None
    assert len(channel.deleted) == 3


@pytest.mark.usefixtures("_thread")
@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_in_the_middle_leaves_on_record_which_parts_are_down(
    control: Control, queries: Queries, when: str
) -> None:
    """Before or after the platform deleted the second; another withdrawal goes on from there."""

    def die(remote_id: str) -> None:
        if remote_id == "2":
            raise Killed

    channel = DeletingChannel()
    setattr(channel, when, die)
    with pytest.raises(Killed):
        withdraw(control, channel)
    (delivery,) = queries.deliveries()
    assert (delivery.remote_ids, delivery.withdrawn_ids) == (("1", "2"), ("3",))
    assert told(queries)[-1] == ("part withdrawn", {"part": 3, "id": "3", "reason": "erreur"})
    channel = DeletingChannel()
    assert withdraw(control, channel).problem is None
    assert channel.deleted == ["2", "1"]


@pytest.mark.usefixtures("_thread")
@pytest.mark.parametrize(
    "answer",
    [
        Deferred(Kind.UNAVAILABLE, "X could not be reached."),
        Refused(Kind.PERMISSION, "No."),
        AccountSuspended(Kind.AUTH, "The keys are dead."),
        Unknown("No answer."),
    ],
)
def test_what_may_still_be_out_is_tried_again_by_itself_until_it_is_gone(
    control: Control, queries: Queries, clock: ManualClock, answer: Outcome
) -> None:
    """With growing pauses, whatever the platform answered; who began it, and why, stays on
    record.
    """
    withdraw(control, DeletingChannel(fails_at="2", answer=answer))
    pauses = [tried_again(control, clock, DeletingChannel(fails_at="2", answer=answer))]
    pauses += [
        tried_again(control, clock, DeletingChannel(fails_at="2", answer=answer)) for _ in range(12)
    ]
    assert pauses[0] == 60
    assert pauses == sorted(pauses)
    assert 3600 < pauses[-1] <= 6 * 3600
    (row,) = log_rows(queries.deliveries())
    assert (row["state"], row["remote_ids"]) == ("published", ["1", "2"])
    assert "may still be out" in row["error"]["message"]
    channel = DeletingChannel()
    tried_again(control, clock, channel)
    assert channel.deleted == ["2", "1"]
    (row,) = log_rows(queries.deliveries())
    assert (row["state"], row["remote_ids"], row["error"]) == ("withdrawn", [], None)
    last = queries.history("post.fr")[-1]
    assert (last.event, last.actor, last.detail["reason"]) == ("withdrawn", "publisher", "erreur")
    clock.advance(24 * 3600)
    assert withdrawals_of(control).claim(clock.ahead(60), 9) == []


STRANGER = AccountSuspended(Kind.AUTH, "The page token belongs to another Page.")


@pytest.mark.usefixtures("_thread")
def test_with_somebody_elses_keys_nothing_is_deleted_nor_called_gone(
    control: Control, queries: Queries
) -> None:
    channel = DeletingChannel()
    withdrawal = withdrawal_through(control, channel, Strangers(STRANGER))
    (done,) = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    assert "another Page" in str(done.problem)
    assert (channel.deleted, queries.counts()) == ([], {State.PUBLISHED: 1})


def withdrawals_of(control: Control) -> Withdrawals:
    return Withdrawals(control._database, control._clock)


def tried_again(control: Control, clock: ManualClock, channel: DeletingChannel) -> float:
    """A worker tries again as soon as it may; after how many seconds that is."""
    withdrawals, begun = withdrawals_of(control), clock.now()
    (delivery,) = Queries(control._database, clock).deliveries()
    (claim,) = first_found(
        clock, delivery.withdraw_at, lambda: withdrawals.claim(clock.ahead(205), 9)
    )
    withdrawal_through(control, channel).go_on(claim)
    return (clock.now() - begun).total_seconds()


@pytest.mark.usefixtures("_thread")
def test_a_withdrawal_waits_as_long_as_the_platform_asks(
    control: Control, clock: ManualClock
) -> None:
    until = clock.now() + timedelta(minutes=15)
    answer = AccountSuspended(Kind.RATE_LIMIT, "Too many.", until)
    withdraw(control, DeletingChannel(fails_at="3", answer=answer))
    assert tried_again(control, clock, DeletingChannel()) == 15 * 60


@pytest.mark.usefixtures("_thread")
def test_a_withdrawal_whose_process_dies_is_gone_on_with(
    control: Control, queries: Queries, clock: ManualClock
) -> None:
    """Also when the worker that went on dies."""

    def die(_id: str) -> None:
        raise Killed

    with pytest.raises(Killed):
        withdraw(control, DeletingChannel(before=die))
    with pytest.raises(Killed):
        tried_again(control, clock, DeletingChannel(before=die))
    channel = DeletingChannel()
    tried_again(control, clock, channel)
    assert channel.deleted == ["3", "2", "1"]
    assert queries.counts() == {State.WITHDRAWN: 1}


@pytest.mark.usefixtures("_thread")
@pytest.mark.parametrize(
    ("answer", "by_itself"),
    [
        (_AWAY, 1),
        (Unknown("No answer."), 1),
        (AccountSuspended(Kind.RATE_LIMIT, "Too many."), 1),
        (AccountSuspended(Kind.AUTH, "The token is invalid."), 0),
        (Refused(Kind.CONTENT, "Not yours."), 0),
        (still_out("X"), 0),
    ],
)
def test_what_needs_nobody_to_be_deleted_is_counted_apart(
    control: Control, queries: Queries, clock: ManualClock, answer: Outcome, by_itself: int
) -> None:
    assert queries.waiting().withdrawing == 0
    withdraw(control, DeletingChannel(fails_at="2", answer=answer))
    assert queries.waiting().withdrawing == by_itself
    assert queries.waiting({"bice-x"}).withdrawing == 0, "nobody has its keys"
    tried_again(control, clock, DeletingChannel())
    assert queries.waiting().withdrawing == 0


@pytest.mark.usefixtures("_thread")
def test_a_person_is_told_once_what_may_still_be_out_until_it_is_gone(
    control: Control, queries: Queries, clock: ManualClock
) -> None:
    news = News(control._database, clock)
    news.begin("ntfy", clock.now())
    channel = DeletingChannel(fails_at="3")
    withdraw(control, channel)
    (item,) = news.untold("ntfy")
    assert isinstance(item, StuckDelivery)
    assert (item.post, item.parts_out, item.is_withdrawn) == ("post.fr", 3, True)
    turn = news.claim("ntfy")
    assert turn
    news.told("ntfy", turn, [item])
    tried_again(control, clock, channel)
    assert news.untold("ntfy") == []
    assert [delivery.post for delivery in queries.still_out()] == ["post.fr"]
    for told_now in (["Part 3 is still out: delete it by hand now."], []):
        tried_again(control, clock, DeletingChannel(fails_at="3", answer=still_out("X")))
        tried_again(control, clock, channel)
        items = news.untold("ntfy")
        told = [item.message for item in items if isinstance(item, StuckDelivery) and item.message]
        assert [text[: len(said)] for text, said in zip(told, told_now, strict=True)] == told_now
        turn = news.claim("ntfy")
        assert turn
        news.told("ntfy", turn, items)
    tried_again(control, clock, DeletingChannel())
    assert queries.still_out() == []
    news.begin("mail", clock.now() - timedelta(days=1))
    assert news.untold("mail") == []


@pytest.mark.usefixtures("_thread")
def test_a_person_may_say_that_what_could_not_be_deleted_is_gone(
    control: Control, queries: Queries, clock: ManualClock
) -> None:
    """Of an account whose keys are gone; but only of what somebody tried to withdraw."""
    channel = DeletingChannel(fails_at="2")
    withdrawal = withdrawal_through(control, channel)
    with pytest.raises(NotPossible, match="Nobody has tried"):
        withdrawal.found_gone("post.fr", None, actor="direction", reason="seen")
    withdraw(control, channel)
    (done,) = withdrawal.found_gone("post.fr", None, actor="direction", reason="seen")
    assert done.problem is None
    (row,) = log_rows(queries.deliveries())
    assert (row["state"], row["remote_ids"], row["withdrawn_ids"], row["error"]) == (
        "withdrawn", [], ["1", "2", "3"], None,
    )  # fmt: skip
    last = queries.history("post.fr")[-1]
    assert (last.event, last.actor, last.detail) == (
        "found gone", "direction", {"ids": ["1", "2"], "reason": "seen"},
    )  # fmt: skip
    clock.advance(24 * 3600)
    assert withdrawals_of(control).claim(clock.ahead(60), 9) == []
    assert channel.deleted == ["3"]


@pytest.mark.usefixtures("_thread")
@pytest.mark.parametrize("at", ["3", "2", "1"])
def test_of_two_withdrawals_at_once_both_end_well(
    control: Control, queries: Queries, at: str
) -> None:
    """The second one begins, and ends, while the first waits for an answer."""
    second: list[Any] = []

    def interfere(remote_id: str) -> None:
        if remote_id == at and not second:
            second.append(withdraw(control, DeletingChannel()))

    first = withdraw(control, DeletingChannel(after=interfere))
    assert (first.problem, second[0].problem) == (None, None)
    assert queries.counts() == {State.WITHDRAWN: 1}
    assert [step.detail["id"] for step in queries.history("post.fr") if "withdrawn" in step.event] == [
        "3", "2", "1",
    ]  # fmt: skip


@pytest.mark.each_database
@pytest.mark.usefixtures("_thread")
def test_two_withdrawals_that_take_turns_delete_each_part_once_on_record(
    control: Control, queries: Queries
) -> None:
    barrier = threading.Barrier(2, timeout=10)

    def meet(_id: str) -> None:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.2)

    ends: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: ends.append(withdraw(control, DeletingChannel(before=meet)))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [end.problem for end in ends] == [None, None]
    (delivery,) = queries.deliveries()
    assert (delivery.state, delivery.withdrawn_ids) == (State.WITHDRAWN, ("1", "2", "3"))


def test_a_thread_that_is_partly_down_does_not_go_on(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, control: Control, clock: ManualClock,
) -> None:  # fmt: skip
    """Neither after a part that is deleted nor after one of which nobody knows."""
    add(ledger, wish(clock, due_in=0, texts=("un", "deux", "trois")))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    for outcome in (Accepted("1"), Accepted("2"), Refused(Kind.POLICY, "No.")):
        assert delivery
        intended = attempts.intend(delivery, clock.now(), lease)
        assert intended
        delivery = attempts.record(intended, outcome, lease)
    assert withdraw(control, DeletingChannel(fails_at="2")).problem
    with pytest.raises(NotPossible, match="began to withdraw"):
        control.retry("post.fr", None, "manager")
    assert withdraw(control, DeletingChannel()).problem is None


def test_a_channel_that_cannot_be_opened_or_raises_keeps_no_other_delivery_back(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Of a withdrawn consent, for example."""
    lease = clock.ahead(60)
    for number, account in enumerate(("gone-x", "broken-x", "bice-x")):
        content = showing("abidjan", f"Texte {number}")
        add(ledger, wish(clock, f"p{number}", 0, account=account, content=content))
        delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
        assert delivery
        intended = attempts.intend(delivery, clock.now(), lease)
        assert intended
        attempts.record(intended, Accepted(str(number)), lease)
    deleting = DeletingChannel()

    def fail(_id: str) -> None:
        raise RuntimeError

    def channel_of(account: str) -> AbstractContextManager[Channel]:
        if account == "gone-x":
            raise CredentialsMissing("No credentials.", hint="Write them.")
        broken = account == "broken-x"
        channel = DeletingChannel(before=fail) if broken else deleting
        return nullcontext(cast("Channel", channel))

    withdrawal = withdrawal_through(control, deleting)
    withdrawal._channel_of = channel_of
    _, done = withdrawal.withdraw_consent("abidjan", actor="direction", reason="la famille")
    problems = {one.delivery.account: one.problem for one in done}
    # Of a post that is no thread nobody is told of parts.
    assert str(problems["gone-x"]).startswith("It may still be out: No credentials. Write them.")
    assert "its log" in str(problems["broken-x"])
    assert problems["bice-x"] is None
    assert deleting.deleted == ["2"]
    assert queries.counts() == {State.PUBLISHED: 2, State.WITHDRAWN: 1}


def test_nothing_is_deleted_while_the_ledger_is_away(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, control: Control, clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    add(ledger, wish(clock, due_in=0))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    assert delivery
    intended = attempts.intend(delivery, clock.now(), lease)
    assert intended
    attempts.record(intended, Accepted("1"), lease)

    def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(Withdrawals, "begin", away)
    channel = DeletingChannel()
    assert withdraw(control, channel).problem
    assert channel.deleted == []


@pytest.mark.usefixtures("_thread")
def test_a_ledger_that_is_away_after_a_deletion_stops_no_other_account(
    control: Control, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable("it is away")

    monkeypatch.setattr(Withdrawals, "below", away)
    withdrawal = withdrawal_through(control, DeletingChannel())
    done = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    gone, unknown = done
    assert gone.problem is None
    assert "it is away" in (unknown.problem or "")
    assert queries.counts() == {State.WITHDRAWN: 1}


@pytest.mark.parametrize(
    ("outcome", "deleted", "told"),
    [
        (Accepted("4"), ["3", "2", "1", "4"], ""),
        (Unknown("No answer."), ["3", "2", "1"], "It may be out."),
    ],
)
@pytest.mark.usefixtures("_thread")
def test_a_correction_below_it_is_deleted_too_once_it_is_known_to_be_out(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, control: Control, clock: ManualClock,
    outcome: Outcome, deleted: list[str], told: str,
) -> None:  # fmt: skip
    wrong = wish(clock, texts=("un", "deux", "trois")).content.digest
    correction = Correction(corrects="post.fr", way="reply", reason="x", replaces=wrong)
    content = Content(parts=(Part(text="quatre"),), lang="fr", correction=correction)
    add(ledger, wish(clock, "fix.fr", 0, content=content))
    lease = clock.ahead(60)
    delivery = attempts.take(dispatch.claim(clock.now(), lease, 1)[0])
    assert delivery
    intended = attempts.intend(delivery, clock.now(), lease)
    assert intended
    attempts.record(intended, outcome, lease)
    channel = DeletingChannel()
    withdrawal = withdrawal_through(control, channel)
    _post, fix = withdrawal.withdraw("post.fr", None, actor="direction", reason="erreur")
    assert (fix.delivery.post, channel.deleted) == ("fix.fr", deleted)
    assert (fix.problem or "")[:14] == told


def showing(consent: str | None, text: str, shown: str = "a") -> Content:
    picture = Picture(
        digest=shown * 64, media_type="image/png", width=1, height=1, alt="", name="a.png",
        consent=consent,
    )  # fmt: skip
    return Content(parts=(Part(text=text, pictures=(picture,)),))


@pytest.mark.parametrize("consent", ["abidjan-2016", 'l\'école 50% "A_B"'])
def test_a_consent_that_ends_holds_what_waits_and_takes_down_what_is_out(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
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
    add(ledger, wish(clock, "unnamed", 600, content=showing(None, "unnamed")))
    add(ledger, wish(clock, "other", 600, content=showing(f"{consent}-bis", "other", "b")))
    add(ledger, wish(clock, "none", 600, content=showing(None, consent, "c")))
    channel = DeletingChannel()
    held, done = withdrawal_through(control, channel).withdraw_consent(
        consent, actor="direction", reason="the family asked for it"
    )
    assert [delivery.post for delivery in held] == ["waits", "unnamed"]
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
        "unnamed": State.HELD,
        "other": State.SCHEDULED,
        "none": State.SCHEDULED,
    }
