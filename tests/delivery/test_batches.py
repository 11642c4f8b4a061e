"""What one post of a batch meets harms no other, and no platform that hangs does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest

from publisher.base.errors import CredentialsMissing, LedgerUnavailable
from publisher.channels.base import Unverified
from publisher.channels.outgoing import Action, Objection
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Kind, Outcome
from publisher.model.states import State
from publisher.platforms.site.spec import SITE
from tests.delivery.desk import Aside, Desk, post
from tests.delivery.hands import Hands, Hanging
from tests.delivery.scripted import OnlySends
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards("publisher.delivery.result_writer")

# what one of them meets


def test_an_intent_that_is_not_taken_now_holds_up_no_other(desk: Desk, clock: ManualClock) -> None:
    """They leave at their instant; it is tried again, and leaves as soon as it is written."""
    due, tried, threads = clock.ahead(2), list[str](), Aside()

    def busy(name: str) -> bool:
        tried.append(name)
        return name == "b" and tried.count("b") < 10

    desk.attempts.busy = busy
    desk.deliver(desk.courier(threads), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    threads.work()
    assert desk.attempts.intents == [["a", "b", "c"]] + [["b"]] * 9
    assert set(desk.states().values()) == {State.PUBLISHED}
    assert dict(desk.platform.left)["b"] >= due


def test_an_intent_that_the_ledger_does_not_take_for_too_long_ends_for_this_one_alone(
    desk: Desk, clock: ManualClock
) -> None:
    """Its lease decides; its connection is kept for others."""
    threads, begun = Aside(), clock.monotonic()
    desk.attempts.busy = lambda name: name == "b"
    desk.deliver(desk.courier(threads), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    threads.work()
    assert clock.monotonic() - begun < 20, "not for longer than its lease"
    assert desk.platform.posts == ["a", "c"]
    assert desk.platform.released == ["b"]
    assert desk.states() == {"a": State.PUBLISHED, "b": State.PUBLISHING, "c": State.PUBLISHED}
    assert desk.of("b").intent_at is None
    desk.attempts.busy = lambda _name: False
    clock.advance(20)
    desk.dispatch.reap()
    desk.deliver(desk.courier())
    assert desk.states()["b"] is State.PUBLISHED


def test_a_connection_is_given_back_once(desk: Desk, clock: ManualClock) -> None:
    """Given back while it still waits to leave, it would get another request, and send that."""
    desk.attempts.busy = lambda _name: True
    desk.deliver(desk.courier(), post(clock, "a"))
    assert (desk.platform.posts, desk.platform.released) == ([], ["a"])


def test_an_intent_that_cannot_be_written_at_all_harms_no_other(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours that only its delivery meets."""
    due, changes = clock.ahead(2), desk.attempts._intents.changes

    def fail(connection: Any, intents: Any) -> Any:
        if any(one.delivery.post == "b" for one in intents):
            raise ZeroDivisionError
        return changes(connection, intents)

    monkeypatch.setattr(desk.attempts._intents, "changes", fail)
    desk.deliver(desk.courier(), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    assert desk.platform.released == ["b"]
    assert desk.of("b").intent_at is None


def test_what_must_not_leave_by_its_intent_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    """Its account is paused, it was cancelled, or it would be past its expiry."""
    due = clock.ahead(2)

    def meanwhile() -> None:
        desk.control.pause("b", "crise", "direction")
        desk.control.cancel("c", None, "direction", "changed")

    desk.attempts.before_intents = meanwhile
    wishes = [post(clock, name) for name in "abcd"]
    wishes[3] = wishes[3].model_copy(update={"expires_at": clock.ahead(1)})
    desk.deliver(desk.courier(), *wishes)
    assert desk.platform.left == [("a", due)]
    assert sorted(desk.platform.released) == ["b", "c", "d"]
    assert desk.states() == {
        "a": State.PUBLISHED, "b": State.SCHEDULED, "c": State.CANCELLED, "d": State.MISSED,
    }  # fmt: skip


def test_what_expires_just_before_it_leaves_stays_and_harms_no_other(
    desk: Desk, clock: ManualClock
) -> None:
    def before_leaving(name: str) -> None:
        if name == "b":
            clock.advance(1)

    desk.platform.before_leaving = before_leaving
    soon = clock.ahead(2.5)
    wishes = [post(clock, name, expires_at=soon) for name in "ab"]
    desk.deliver(desk.courier(), *wishes, post(clock, "c"))
    assert desk.platform.posts == ["a", "c"]
    desk.dispatch.expire()
    assert desk.states()["b"] is State.MISSED


def test_what_has_no_connection_holds_up_no_other(desk: Desk, clock: ManualClock) -> None:
    """What came of it is on record only once the others have left."""
    due = clock.ahead(2)
    desk.platform.unreachable = {"b"}
    recorded = list[list[str]]()
    desk.platform.before_leaving = lambda _name: recorded.append(list(*desk.attempts.results))
    desk.deliver(desk.courier(), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    assert recorded == [[], []]
    put_off = desk.of("b")
    assert (put_off.state, put_off.error_message) == (State.SCHEDULED, "connection refused")
    assert put_off.intent_at is None


def test_what_cannot_be_built_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    """Also where its outcome waits for the ledger."""
    due = clock.ahead(2)

    def channel_of(account: str) -> Any:
        if account == "b":
            raise CredentialsMissing("Account b has no api_key.")
        return desk.channel.channel_of(account)

    threads, desk.channel.unbuilt = Aside(), {"c"}
    desk.attempts.busy = lambda name: name in "bc"
    courier = desk.courier(threads, channel_of=channel_of)
    desk.deliver(courier, *(post(clock, name) for name in "abcd"))
    assert desk.platform.left == [("a", due), ("d", due)]
    desk.attempts.busy = lambda _name: False
    threads.work()
    assert [desk.of(name).error_kind for name in "bc"] == [Kind.AUTH, Kind.UNAVAILABLE]
    assert "no api_key" in str(desk.of("b").error_message)


def test_an_answer_that_cannot_be_judged_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    desk.channel.misread = {"b"}
    desk.deliver(desk.courier(), *(post(clock, name) for name in "abc"))
    assert desk.states() == {"a": State.PUBLISHED, "b": State.UNCERTAIN, "c": State.PUBLISHED}


def test_an_answer_that_the_ledger_does_not_take_now_holds_up_no_other(
    desk: Desk, clock: ManualClock
) -> None:
    """Neither another one's answer nor the next part of a thread; it keeps its own time."""
    due, free, tried = clock.ahead(2), Event(), list[str]()

    def busy(name: str) -> bool:
        if name == "b" and desk.platform.posts:
            tried.append(name)
            return len(tried) == 1 or not free.wait(20)
        return False

    desk.attempts.busy, desk.platform.held = busy, {"c"}
    with Hands() as hands:
        courier = desk.courier(hands)
        thread = post(clock, "a", texts=("un", "deux"))
        desk.deliver(courier, thread, post(clock, "b"), post(clock, "c"))
        wait_for(lambda: desk.states()["a"] is State.PUBLISHED)
        desk.platform.answer("c")
        wait_for(lambda: desk.states()["c"] is State.PUBLISHED)
        assert desk.of("b").state is State.PUBLISHING
        free.set()
    found = desk.of("b")
    assert (found.state, found.remote_ids, found.published_at) == (State.PUBLISHED, ("b 0",), due)


def test_answers_while_the_ledger_is_away_are_recorded_when_it_is_back(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own time; those that came first are not given up with the others lost."""
    due, write = clock.ahead(2), desk.database.write

    def be_away() -> Any:
        raise LedgerUnavailable

    def before_leaving(_name: str) -> None:
        monkeypatch.setattr(desk.database, "write", be_away)

    desk.platform.before_leaving, desk.platform.held = before_leaving, {"b"}
    with Hands() as hands:
        desk.deliver(desk.courier(hands), post(clock, "a"), post(clock, "b"))
        wait_for(lambda: clock.now() > due + timedelta(seconds=30))
        assert desk.states() == {"a": State.PUBLISHING, "b": State.PUBLISHING}
        monkeypatch.setattr(desk.database, "write", write)
        desk.platform.answer("b")
    assert desk.of("b").state is State.PUBLISHED


def test_each_answer_keeps_its_own_time_however_long_the_others_take(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says when a post was out, and not when a worker came to write it."""
    due, judge = clock.ahead(2), desk.channel.judge

    def slowly(*asked: Any) -> Outcome | Unverified:
        clock.advance(3)
        return judge(*asked)

    monkeypatch.setattr(desk.channel, "judge", slowly)
    desk.deliver(desk.courier(), *(post(clock, name) for name in "abc"))
    assert [desk.of(name).published_at for name in "abc"] == [due] * 3


# what hangs


def test_a_threads_next_part_goes_out_while_another_one_waits_for_its_answer(
    desk: Desk, clock: ManualClock
) -> None:
    desk.platform.held = {"b"}
    with Hands() as hands:
        thread = post(clock, "a", texts=("un", "deux", "trois"))
        desk.deliver(desk.courier(hands), thread, post(clock, "b"))
        wait_for(lambda: desk.states()["a"] is State.PUBLISHED)
        assert desk.platform.posts == ["a", "b", "a", "a"]
        assert desk.of("a").remote_ids == ("a 0", "a 1", "a 2")
        assert desk.of("b").state is State.PUBLISHING
        desk.platform.answer("b")
    assert desk.of("b").state is State.PUBLISHED


def test_a_platform_that_hangs_holds_no_other_ones_posts(desk: Desk, clock: ManualClock) -> None:
    """Neither those of the same instant nor those that come later."""
    due = clock.ahead(2)
    hanging = [f"{n}" for n in range(50)]
    desk.platform.held = set(hanging)
    with Hands() as hands:
        courier = desk.courier(hands)
        others = [post(clock, f"s{n}", channel="site") for n in range(5)]
        desk.deliver(courier, *(post(clock, name) for name in hanging), *others)
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 5)
        assert dict(desk.platform.left)["s0"] == due
        desk.deliver(courier, post(clock, "later", channel="site"), post(clock, "x"))
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 7)
        assert len(hands._begun) < 10, "what waits for an answer has no thread of its own"
        for name in hanging:
            desk.platform.answer(name)
    assert set(desk.states().values()) == {State.PUBLISHED}


def test_a_look_at_the_platform_that_hangs_holds_no_other_ones_answer(
    desk: Desk, clock: ManualClock
) -> None:
    """A success that has to be verified is, in its account's lane, and then recorded."""
    hanging = Hanging()
    desk.channel.unverified, desk.channel.look = {"b"}, hanging
    with Hands() as hands:
        thread = post(clock, "b", texts=("un", "deux"))
        desk.deliver(desk.courier(hands), post(clock, "a"), thread, post(clock, "c"))
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 2)
        assert desk.of("b").remote_ids == ()
        hanging.let_go.set()
    assert (desk.of("b").state, desk.of("b").remote_ids) == (State.PUBLISHED, ("b 0", "b 1"))


def test_a_look_at_the_platform_that_breaks_leaves_its_own_post_uncertain(
    desk: Desk, clock: ManualClock
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    desk.channel.unverified, desk.channel.look = {"b"}, broken
    threads = Aside()
    desk.deliver(desk.courier(threads), post(clock, "a"), post(clock, "b"))
    threads.work()
    assert desk.states() == {"a": State.PUBLISHED, "b": State.UNCERTAIN}


class Folders(OnlySends):
    """A channel that writes into a folder of each account, of which some hang or fail."""

    capabilities = SITE

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.hanging = Hanging()
        self.written: list[tuple[str, datetime]] = []

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: Any) -> Prepared:
        return prepared

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Action:
        def run(objection: Objection) -> Outcome:
            if parcel.account == "hangs":
                self.hanging()
            if parcel.account == "fails":
                raise ZeroDivisionError
            if objected := objection():
                return objected
            self.written.append((parcel.post, self._clock.now()))
            return Accepted(parcel.post)

        return Action(run)


def test_a_folder_that_hangs_holds_no_other_accounts_posts(desk: Desk, clock: ManualClock) -> None:
    """Nor does one that fails: whether that is out is not known."""
    due, folders = clock.ahead(2), Folders(clock)
    accounts = ["hangs"] * 6 + ["fails", "a", "b"]
    with Hands() as hands:
        courier = desk.courier(hands, channel_of=lambda _account: contextmanager(just)(folders))
        desk.deliver(
            courier,
            *(
                post(clock, f"{n}", account=account, channel="site")
                for n, account in enumerate(accounts)
            ),
        )
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 2)
        assert sorted(folders.written) == [("7", due), ("8", due)]
        wait_for(lambda: desk.states()["6"] is State.UNCERTAIN)
        clock.advance(6)
        folders.hanging.let_go.set()
    hung = {desk.states()[f"{n}"] for n in range(6)}
    assert hung == {State.SCHEDULED}, "what hung for so long does not leave any more"


def just(folders: Folders) -> Iterator[Folders]:
    yield folders
