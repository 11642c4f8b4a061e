"""A refusal is the post's until proven the account's, and every suspension ends by itself."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.dispatcher.due import DuePoll
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.outcomes import (
    CAPPED,
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    SuspensionScope,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.manager.pauses",
        "publisher.ledger.reading.account_status",
        "publisher.ledger.limits.refusals",
        "publisher.ledger.worker.results",
    ),
]

KEYS = AccountSuspended(Kind.AUTH, "The keys are not accepted.", backoff=UNTIL_MENDED)
WALL = AccountSuspended(Kind.UNAVAILABLE, "A page instead.", backoff=UNTIL_MENDED)
TOO_MANY = AccountSuspended(Kind.RATE_LIMIT, "Too many.", backoff=THROTTLED)
TOO_LONG = Refused(Kind.CONTENT, "Too long for the account.", of_length=True)
UNLISTED = Refused(Kind.CONTENT, "You are not permitted.")
OTHER = Refused(Kind.PERMISSION, "Nobody knows this code.")


@dataclass
class Desk:
    """Posts of one account, and what their platform answers."""

    ledger: Ledger
    dispatch: Dispatch
    attempts: OneByOne
    queries: Queries
    clock: ManualClock
    due_poll: DuePoll

    def add(self, *posts: str, due_in: float = 0, account: str = "bice-x") -> None:
        for post in posts:
            add(self.ledger, wish(self.clock, post, due_in=due_in, account=account))

    def add_pictured(self, post: str) -> None:
        data = post.encode()
        digest = hashlib.sha256(data).hexdigest()
        picture = Picture(
            digest=digest,
            media_type="image/png",
            width=64,
            height=48,
            alt="Une carte",
            name="a.png",
        )
        content = Content(parts=(Part(text=post, pictures=(picture,)),), lang="fr")
        self.ledger.apply(
            add=[wish(self.clock, post, due_in=0, content=content)], edit=(), cancel=(),
            pictures={digest: StoredPicture(digest, "image/png", data)}, actor="redaction",
        )  # fmt: skip

    def in_hand(self) -> list[Delivery]:
        """What is claimed now, as often as anything is; the look that goes before finds the
        same.
        """
        found: list[Delivery] = []
        while True:
            horizon = self.clock.ahead(2)
            is_seen = self.due_poll.poll(horizon).due
            claims = self.dispatch.claim(horizon, self.clock.ahead(17), 10)
            assert bool(claims) == is_seen
            if not claims:
                return found
            found += [delivery for delivery in map(self.attempts.take, claims) if delivery]

    def answer(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        intended = self.attempts.intend(delivery, self.clock.now(), self.clock.ahead(30))
        assert intended is not None
        return self.attempts.record(intended, outcome, self.clock.ahead(30))

    def send(self, *outcomes: Outcome) -> list[tuple[str, State]]:
        """All that is claimed now, one answer each; what became of it."""
        taken = self.in_hand()
        assert len(taken) == len(outcomes), [delivery.post for delivery in taken]
        return [
            (delivery.post, self.answer(delivery, outcome).state)
            for delivery, outcome in zip(taken, outcomes, strict=True)
        ]

    def post(self, name: str) -> Delivery:
        (delivery,) = self.queries.deliveries(post=name)
        return delivery

    @property
    def status(self) -> AccountStatus | None:
        return next(iter(self.queries.accounts()), None)


@pytest.fixture
def desk(
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> Desk:
    return Desk(ledger, dispatch, attempts, queries, clock, DuePoll(database, clock))


def taken(number: int) -> Accepted:
    return Accepted(str(number), f"https://x.com/{number}")


@pytest.mark.parametrize(
    ("outcome", "pauses"),
    [
        (KEYS, [60, 300, 900, 1800, 1800]),
        (TOO_MANY, [30, 60, 120, 240, 480, 960, 1920, 1920]),
    ],
)
def test_a_suspension_without_a_named_end_is_tried_again_by_itself_at_growing_distances(
    desk: Desk, outcome: AccountSuspended, pauses: list[float]
) -> None:
    desk.add("one")
    for pause in pauses:
        desk.send(outcome)
        assert desk.status
        assert desk.status.suspended_until == desk.clock.now() + timedelta(seconds=pause)
        desk.clock.advance(pause - 1)
        assert desk.in_hand() == []
        desk.clock.advance(1)
    assert desk.send(taken(1)) == [("one", State.PUBLISHED)]
    assert desk.status is None


def test_one_post_asks_whether_the_account_goes_on_and_no_other_leaves_before_its_answer(
    desk: Desk,
) -> None:
    """Neither what waited, nor what falls due later."""
    desk.add("one", "two", "three")
    desk.add("later", due_in=200)
    first, *others = desk.in_hand()
    desk.answer(first, KEYS)
    for other in others:
        assert desk.attempts.intend(other, desk.clock.now(), desk.clock.ahead(30)) is None
    desk.clock.advance(300)
    (probe,) = desk.in_hand()
    assert probe.post == "two", "not the one that was refused"
    assert desk.answer(probe, KEYS).state is State.SCHEDULED
    desk.clock.advance(301)
    (probe,) = desk.in_hand()
    assert probe.post == "three"
    desk.answer(probe, taken(1))
    assert desk.status is None
    order = []
    while found := desk.in_hand():
        order.append([delivery.post for delivery in found])
        for delivery in found:
            desk.answer(delivery, taken(len(order) + 10 * delivery.id))
    assert sorted(post for found in order for post in found) == ["later", "one", "two"]


def test_a_post_that_was_never_refused_asks_first(desk: Desk) -> None:
    """However many bad ones wait, each of which may be refused for itself."""
    desk.add("bad-1")
    desk.send(KEYS)
    desk.add("bad-2", due_in=10)
    desk.add("good", due_in=120)
    desk.clock.advance(60)
    assert desk.send(KEYS) == [("bad-2", State.SCHEDULED)]
    desk.clock.advance(300)
    assert desk.send(taken(1)) == [("good", State.PUBLISHED)]


def test_posts_that_were_refused_ask_by_turns(desk: Desk) -> None:
    """If one is refused for itself, the other finds out that the account goes on."""
    asked = []
    desk.add("one")
    desk.add("two", due_in=30)
    for pause in (60, 300, 900, 1800):
        asked += desk.send(KEYS)
        desk.clock.advance(pause)
    assert [post for post, _state in asked] == ["one", "two", "one", "two"]


def test_what_left_together_and_is_refused_together_is_one_suspension(desk: Desk) -> None:
    desk.add("one", "two", "three")
    sent = [
        intended
        for delivery in desk.in_hand()
        if (intended := desk.attempts.intend(delivery, desk.clock.now(), desk.clock.ahead(30)))
    ]
    for delivery in sent:
        desk.attempts.record(delivery, KEYS, desk.clock.ahead(30))
    assert desk.status
    assert (desk.status.suspended_times, desk.status.suspended_until) == (1, desk.clock.ahead(60))


def test_what_left_before_the_account_was_suspended_does_not_end_that(desk: Desk) -> None:
    desk.add("one", "two")
    one, two = (
        desk.attempts.intend(delivery, desk.clock.now(), desk.clock.ahead(30))
        for delivery in desk.in_hand()
    )
    assert one
    assert two
    desk.attempts.record(one, KEYS, desk.clock.ahead(30))
    desk.attempts.record(two, taken(2), desk.clock.ahead(30))
    assert desk.status
    assert desk.status.suspension_kind == "auth"


FOUND = ["read", "answered late", "public on its own"]


def found_out(desk: Desk, doubts: Doubts, delivery: Delivery, how: str) -> Delivery:
    """It turns out that the platform took it."""
    if how == "public on its own":
        receipt = Accepted("77", public_since=desk.clock.now())
        return desk.attempts.record_public(delivery, Prepared(), receipt)
    intended = desk.attempts.intend(delivery, desk.clock.now(), desk.clock.ahead(30))
    assert intended
    desk.attempts.record(intended, Unknown("No answer."), desk.clock.ahead(30))
    if how == "answered late":
        return desk.attempts.record(intended, Accepted("77"), desk.clock.ahead(30))
    desk.clock.advance(6)
    (taken,) = filter(None, map(doubts.take, doubts.claim(desk.clock.ahead(30), 1)))
    return doubts.record(taken, Accepted("77"))


@pytest.mark.parametrize("how", FOUND)
def test_it_goes_on_with_the_post_that_asked_and_whose_outcome_was_found_out_later(
    desk: Desk, database: Database, how: str
) -> None:
    desk.add("un")
    (asks,) = desk.in_hand()
    desk.answer(asks, KEYS)
    desk.clock.advance(61)
    (asks,) = desk.in_hand()
    assert desk.status
    found = found_out(desk, Doubts(database, desk.clock), asks, how)
    assert found.state is State.PUBLISHED
    assert desk.status is None, "proved to be over"


def test_what_left_before_and_is_found_after_the_suspension_does_not_end_it(
    desk: Desk, database: Database
) -> None:
    desk.add("un", "deux")
    first, second = desk.in_hand()
    desk.answer(first, Unknown("No answer."))
    desk.answer(second, KEYS)
    desk.clock.advance(70)
    doubts = Doubts(database, desk.clock)
    (taken,) = filter(None, map(doubts.take, doubts.claim(desk.clock.ahead(30), 1)))
    assert doubts.record(taken, Accepted("77")).state is State.PUBLISHED
    assert desk.status


def test_the_status_says_that_it_is_not_proved_to_be_over(desk: Desk) -> None:
    """A person is called from the first refusal on, and the machines wait until it is tried
    again.
    """
    desk.add("one")
    desk.send(KEYS)
    assert desk.status
    assert desk.status.needs_person
    assert desk.queries.waiting().scheduled == 0
    desk.clock.advance(3600)
    assert desk.queries.waiting().scheduled == 1, "it may go on by itself"
    assert desk.status
    assert desk.status.needs_person
    desk.send(KEYS)
    assert desk.queries.waiting().scheduled == 0


def test_a_limit_calls_nobody(desk: Desk) -> None:
    desk.add("one")
    desk.send(TOO_MANY)
    assert desk.status
    assert not desk.status.needs_person


def test_a_refusal_that_may_be_the_accounts_is_the_posts_at_first(desk: Desk) -> None:
    desk.add("bad")
    assert desk.send(UNLISTED) == [("bad", State.FAILED)]
    desk.add("innocent")
    assert desk.send(taken(1)) == [("innocent", State.PUBLISHED)]
    assert desk.status is None


def test_a_second_post_that_is_refused_waits_whatever_was_said_of_it(desk: Desk) -> None:
    """The second one stays on the schedule; a success ends it."""
    desk.add("one")
    desk.send(UNLISTED)
    desk.clock.advance(3 * 86_400)
    desk.add("two")
    assert desk.send(OTHER) == [("two", State.SCHEDULED)]
    assert desk.status
    assert (desk.status.suspension_kind, desk.status.suspended_until) == (
        "permission",
        desk.clock.ahead(60),
    )
    assert "`publisher retry one --account bice-x`" in str(desk.status.suspension_message)
    desk.clock.advance(60)
    assert desk.send(UNLISTED) == [("two", State.SCHEDULED)], "nobody else is there to ask"
    assert desk.status.suspension_message
    desk.clock.advance(300)
    assert desk.send(taken(1)) == [("two", State.PUBLISHED)]
    assert desk.status is None


NEARLY = Accepted("9", suspended_until=ManualClock().ahead(30), backoff=THROTTLED)


@pytest.mark.parametrize("is_its_own", [False, True])
@pytest.mark.parametrize("why", [KEYS, WALL, TOO_MANY, NEARLY])
def test_one_post_that_is_refused_after_a_suspension_fails(
    desk: Desk, why: Outcome, is_its_own: bool
) -> None:
    """Who answers about a post has heard the account, and the next post asks at once."""
    desk.add("one")
    desk.send(why)
    desk.clock.advance(61)
    if not is_its_own or why is NEARLY:
        desk.add("bad")
    (bad,) = desk.in_hand()
    assert desk.answer(bad, UNLISTED).state is State.FAILED
    desk.add("innocent")
    (asks,) = desk.in_hand()
    assert desk.answer(asks, taken(1)).state is State.PUBLISHED
    assert desk.status is None


@pytest.mark.parametrize("why", [KEYS, WALL, AccountSuspended(Kind.POLICY, "", backoff=CAPPED)])
def test_a_suspension_between_two_refusals_clears_nothing(
    desk: Desk, why: AccountSuspended
) -> None:
    desk.add("one")
    desk.send(UNLISTED)
    desk.add("two")
    desk.send(why)
    desk.clock.advance(1801)
    assert desk.send(OTHER) == [("two", State.SCHEDULED)]
    assert "Publisher tries this one again by itself: publish nothing of it by hand" in str(
        desk.post("two").error_message
    )


@pytest.mark.parametrize("between", [taken(7), Refused(Kind.CONTENT, "Too long.", of_post=True)])
def test_what_goes_out_in_between_clears_the_account(desk: Desk, between: Outcome) -> None:
    """A refusal that is a post's for certain does not."""
    desk.add("one")
    desk.send(UNLISTED)
    desk.add("between")
    desk.send(between)
    desk.add("two")
    is_certain = isinstance(between, Refused)
    assert desk.send(UNLISTED) == [("two", State.SCHEDULED if is_certain else State.FAILED)]


def test_what_is_never_out_in_between_fails_one_of_a_series(desk: Desk) -> None:
    """Though each is told something else."""
    states = []
    for number in range(12):
        desk.add(f"post-{number}")
        for delivery in desk.in_hand():
            answer = Refused(Kind.CONTENT, f"Code {delivery.id}.")
            states.append(desk.answer(delivery, answer).state)
        desk.clock.advance(1200)
    assert len(states) > 6, "they are tried"
    assert states.count(State.FAILED) == 1
    assert desk.queries.counts() == {State.FAILED: 1, State.SCHEDULED: 11}


def upload(desk: Desk, post: str) -> Delivery:
    """What becomes of a post whose picture is refused before it can leave."""
    (delivery,) = (one for one in desk.in_hand() if one.post == post)
    return desk.attempts.record(delivery, UNLISTED, desk.clock.ahead(30))


def test_refused_pictures_fail_one_post_and_hold_no_text(desk: Desk) -> None:
    """Until a picture has gone out: a text that did says nothing of uploads."""
    for number in range(4):
        desk.add_pictured(f"picture-{number}")
        refused = upload(desk, f"picture-{number}")
        assert refused.state is (State.SCHEDULED if number else State.FAILED)
        desk.add(f"text-{number}")
        assert desk.send(taken(number)) == [(f"text-{number}", State.PUBLISHED)]
        assert desk.status is None
    desk.clock.advance(60)
    assert upload(desk, "picture-3").state is State.SCHEDULED, "the last that was refused"
    desk.add_pictured("picture-4")
    (good, *_others) = (one for one in desk.in_hand() if one.post == "picture-4")
    assert desk.answer(good, taken(14)).state is State.PUBLISHED
    desk.clock.advance(300)
    assert upload(desk, "picture-3").state is State.FAILED, "its own picture"


def test_a_first_part_that_is_out_says_nothing_of_the_second(desk: Desk) -> None:
    """One thread ends after its first part, the others wait there, and single posts go out."""
    states = []
    for number in range(4):
        texts = (f"Un {number}", f"Deux {number}")
        add(desk.ledger, wish(desk.clock, f"thread-{number}", due_in=0, texts=texts))
        (thread,) = desk.in_hand()
        states.append(desk.answer(desk.answer(thread, taken(number)), UNLISTED).state)
        desk.add(f"text-{number}")
        assert desk.send(taken(10 + number)) == [(f"text-{number}", State.PUBLISHED)]
    assert states == [State.FAILED, *[State.SCHEDULED] * 3]
    assert desk.status is None


def test_what_is_too_long_for_the_account_holds_nothing_shorter(desk: Desk) -> None:
    """As after the end of Premium: one long post fails, the others wait for it to come back."""
    states = []
    for number in range(3):
        desk.add(f"long-{number}")
        states += [state for _post, state in desk.send(TOO_LONG)]
        desk.add(f"short-{number}")
        assert desk.send(taken(number)) == [(f"short-{number}", State.PUBLISHED)]
        assert desk.status is None
    assert states == [State.FAILED, *[State.SCHEDULED] * 2]
    desk.add("other")
    assert desk.send(UNLISTED) == [("other", State.FAILED)]
    assert desk.status is None, "its length is not its fault"


def test_what_is_too_long_does_not_hide_that_all_others_are_refused(desk: Desk) -> None:
    """Else each of those would be the first, and fail."""
    for number in range(2):
        desk.add(f"long-{number}")
        desk.send(TOO_LONG)
    desk.add("short-0")
    (short,) = (one for one in desk.in_hand() if one.post == "short-0")
    assert desk.answer(short, UNLISTED).state is State.FAILED
    desk.clock.advance(60)
    (long,) = desk.in_hand()
    assert desk.answer(long, TOO_LONG).state is State.SCHEDULED
    assert "tries again by itself" in str(desk.post("long-1").error_message)
    desk.add("short-1")
    (short,) = (one for one in desk.in_hand() if one.post == "short-1")
    assert desk.answer(short, OTHER).state is State.SCHEDULED
    assert desk.status


def test_once_the_account_may_be_long_again_a_refusal_is_the_posts(desk: Desk) -> None:
    desk.add("one")
    desk.send(TOO_LONG)
    desk.add("two")
    assert desk.send(TOO_LONG) == [("two", State.SCHEDULED)]
    desk.clock.advance(60)
    assert desk.send(taken(1)) == [("two", State.PUBLISHED)]
    desk.add("three")
    assert desk.send(TOO_LONG) == [("three", State.FAILED)]


def test_a_limit_of_one_kind_of_request_holds_the_post_that_met_it_alone(desk: Desk) -> None:
    until = desk.clock.ahead(1740)
    apart = AccountSuspended(
        Kind.RATE_LIMIT, "No more uploads.", until, scope=SuspensionScope.APART
    )
    unnamed = AccountSuspended(
        Kind.RATE_LIMIT, "No more uploads.", backoff=THROTTLED, scope=SuspensionScope.APART
    )
    for post, outcome, again in (("one", apart, until), ("two", unnamed, desk.clock.ahead(30))):
        desk.add(post)
        (delivery,) = desk.in_hand()
        waits = desk.attempts.record(delivery, outcome, desk.clock.ahead(30))
        assert (waits.state, waits.next_check_at) == (State.SCHEDULED, again)
        assert desk.status is None
    desk.add("text")
    assert desk.send(taken(1)) == [("text", State.PUBLISHED)]


def test_what_is_told_an_instant_each_time_lets_the_others_go_first(desk: Desk) -> None:
    desk.add("bad", "innocent")
    first, second = desk.in_hand()
    held = AccountSuspended(Kind.RATE_LIMIT, "Too many.", desk.clock.ahead(600))
    desk.answer(first, held)
    desk.attempts.intend(second, desk.clock.now(), desk.clock.ahead(30))
    desk.clock.advance(601)
    assert desk.send(replace(held, until=desk.clock.ahead(600))) == [("bad", State.SCHEDULED)]
    desk.clock.advance(601)
    (probe,) = desk.in_hand()
    assert probe.post == "innocent"


def test_the_same_post_twice_proves_nothing(desk: Desk, control: Control) -> None:
    desk.add("one")
    desk.send(UNLISTED)
    control.retry("one", None, "redaction")
    assert desk.send(UNLISTED) == [("one", State.FAILED)]
    assert desk.status is None


def test_two_bad_posts_stop_no_third_for_longer_than_the_first_pause(desk: Desk) -> None:
    """Another one asks, and what was refused twice turns out to be its own fault."""
    desk.add("one")
    desk.send(UNLISTED)
    desk.add("two")
    desk.send(UNLISTED)
    desk.add("innocent")
    desk.clock.advance(60)
    assert desk.send(taken(1)) == [("innocent", State.PUBLISHED)]
    assert desk.send(UNLISTED) == [("two", State.FAILED)]
    assert desk.status is None


def test_one_post_whose_answer_names_the_account_stops_no_other_for_ever(desk: Desk) -> None:
    """Such as one with a link where the credits suffice for one without."""
    desk.add("dear")
    desk.send(KEYS)
    desk.add("cheap")
    desk.clock.advance(60)
    assert desk.send(taken(1)) == [("cheap", State.PUBLISHED)]
    assert desk.send(KEYS) == [("dear", State.SCHEDULED)]
    assert desk.status is None, "it is this post's own"
    desk.add("another")
    assert desk.send(taken(2)) == [("another", State.PUBLISHED)]
    assert desk.post("dear").next_check_at == desk.clock.ahead(60)


def test_an_instant_that_the_platform_names_is_its_end(desk: Desk) -> None:
    desk.add("one", "two")
    first, second = desk.in_hand()
    until = desk.clock.ahead(600)
    desk.answer(first, AccountSuspended(Kind.RATE_LIMIT, "Too many.", until))
    assert desk.attempts.intend(second, desk.clock.now(), desk.clock.ahead(30)) is None
    desk.add("later", "last", due_in=700)
    desk.clock.advance(700)
    assert [delivery.post for delivery in desk.in_hand()] == ["one", "later", "last"]


def test_a_limit_that_is_nearly_used_up_lets_the_account_rest_at_growing_distances(
    desk: Desk,
) -> None:
    for number, pause in enumerate((30, 60, 120)):
        desk.add(f"post-{number}")
        desk.send(Accepted(str(number), suspended_until=desk.clock.ahead(30), backoff=THROTTLED))
        assert desk.status
        assert desk.status.suspended_until == desk.clock.ahead(pause)
        desk.clock.advance(pause)


def test_resume_ends_a_suspension_at_once(desk: Desk, control: Control) -> None:
    """Also for the post that was refused, which waits for its end."""
    desk.add("one")
    desk.send(KEYS)
    assert [delivery.post for delivery in control.overdue("bice-x")] == ["one"]
    control.resume("bice-x", "direction")
    assert desk.send(taken(1)) == [("one", State.PUBLISHED)]


def test_each_step_of_a_suspension_is_vouched_for(desk: Desk, database: Database) -> None:
    """And that it goes on is one of them."""
    desk.add("one")
    desk.send(KEYS)
    desk.clock.advance(60)
    desk.send(taken(1))
    steps = [(step.event, step.account) for step in desk.queries.steps_of(["account goes on"])]
    assert steps == [("account goes on", "bice-x")]
    assert Audit(database, desk.clock).verify().breaks == ()


@pytest.mark.parametrize("is_certain", [True, False])
def test_what_may_pass_in_a_few_tries_is_refused_after_them(desk: Desk, is_certain: bool) -> None:
    """Such as a link that leads nowhere, as the page may appear with the post; or, which may be of
    all posts, a disk that is full.
    """
    desk.add("linked")
    states = []
    unread = Deferred(Kind.CONTENT, "The page cannot be read.", most=3, of_post=is_certain)
    for _ in range(3):
        states += desk.send(unread)
        desk.clock.advance(60)
    assert [state for _post, state in states] == [
        State.SCHEDULED, State.SCHEDULED, State.FAILED,
    ]  # fmt: skip
    desk.add("next")
    for _ in range(3):
        states += desk.send(unread)
        desk.clock.advance(60)
    assert states[-1] == ("next", State.FAILED if is_certain else State.SCHEDULED)


def test_what_waited_for_other_reasons_is_uploaded_again_as_often(desk: Desk) -> None:
    """And told in words of its own at last, that do not say that it is tried again."""
    desk.add_pictured("pictured")
    away, states = Deferred(Kind.UNAVAILABLE, "Away."), []
    lost = Deferred(Kind.UNAVAILABLE, "Again.", most=3, at_last="Lost.", uploads_gone=True)
    for outcome in (away, away, away, lost, away, lost, lost):
        states += desk.send(outcome)
        desk.clock.advance(60)
    assert [state for _post, state in states] == [*[State.SCHEDULED] * 6, State.FAILED]
    assert desk.post("pictured").error_message == "Lost."
    desk.add("text")
    assert desk.send(taken(1)) == [("text", State.PUBLISHED)]
    desk.add_pictured("other")
    for outcome in (lost, lost, lost):
        (delivery,) = desk.in_hand()
        prepared = Prepared(media_ids={"a": "1"})
        delivery = desk.attempts.checkpoint(delivery, prepared, desk.clock.ahead(30))
        waits = desk.answer(delivery, outcome)
        assert (waits.state, waits.prepared.media_ids) == (State.SCHEDULED, {})
        desk.clock.advance(60)
    assert desk.status is None, "it is of uploads"


@pytest.mark.parametrize(
    "why", [KEYS, TOO_MANY, AccountSuspended(Kind.POLICY, "", backoff=UNTIL_MENDED)]
)
def test_reading_goes_on_while_the_account_is_suspended(
    desk: Desk, database: Database, why: AccountSuspended
) -> None:
    doubts = Doubts(database, desk.clock)
    desk.add("lost")
    desk.send(Unknown("No answer."))
    desk.add("refused")
    desk.send(why)
    desk.clock.advance(5)
    (claim,) = doubts.claim(desk.clock.ahead(30), 10)
    delivery = doubts.take(claim)
    assert delivery
    assert doubts.record(delivery, Accepted("1")).state is State.PUBLISHED


def test_reading_that_is_refused_comes_later_and_suspends_nobody(
    desk: Desk, database: Database
) -> None:
    doubts = Doubts(database, desk.clock)
    desk.add("lost")
    desk.send(Unknown("No answer."))
    desk.clock.advance(5)
    until = desk.clock.ahead(900)
    for sighting in (KEYS, AccountSuspended(Kind.RATE_LIMIT, "Too many.", until)):
        (claim,) = doubts.claim(desk.clock.ahead(30), 10)
        delivery = doubts.take(claim)
        assert delivery
        after = doubts.record(delivery, sighting)
        assert (after.state, after.error_message) == (State.UNCERTAIN, sighting.message)
        assert desk.status is None
        desk.clock.advance(10)
    assert after.next_check_at == until, "as the platform asked"
    desk.add("innocent")
    assert desk.send(taken(2)) == [("innocent", State.PUBLISHED)]


def test_several_posts_that_meet_it_alone_do_not_suspend_the_account_by_turns(desk: Desk) -> None:
    """Such as posts with pictures, where the platform takes none of this account."""
    desk.add("picture 1", "picture 2")
    suspended = 0
    for minute in range(100):
        if minute % 5 == 0:
            desk.add(f"text {minute}")
        for delivery in desk.in_hand():
            lease, alone = desk.clock.ahead(30), delivery.post.startswith("picture")
            if intended := desk.attempts.intend(delivery, desk.clock.now(), lease):
                desk.attempts.record(intended, KEYS if alone else taken(delivery.id), lease)
        desk.clock.advance(60)
        suspended += minute >= 60 and desk.status is not None
    assert suspended == 0
    assert {desk.post(f"text {minute}").state for minute in range(0, 100, 5)} == {State.PUBLISHED}


def test_what_waits_for_the_end_of_its_suspension_is_overdue(desk: Desk, control: Control) -> None:
    desk.add("a")
    desk.add("later", due_in=60)
    assert desk.send(KEYS) == [("a", State.SCHEDULED)]
    assert [delivery.post for delivery in control.overdue("bice-x")] == ["a"]
    assert control.overdue("bice-page") == []
