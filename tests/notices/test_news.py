"""What is news to a service, and what is not."""

from datetime import UTC
from unittest.mock import ANY

import pytest

from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.key_exchanges import KeyExchanges
from publisher.ledger.limits.suspensions import suspend, suspend_together
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.rights import Rights
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.news.outbox import AccountGoesOn, Item, News, StuckDelivery, SuspendedAccount
from publisher.ledger.news.owner_news import KeysEnd, OwnerChange
from publisher.ledger.profiles import Profiles
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Profile
from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Unknown,
)
from publisher.model.states import State
from publisher.notices.message import compose
from tests.notices.conftest import MORNING, SERVICE, Mishaps
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.news.outbox", "publisher.ledger.news.owner_news")


def take_note(news: News) -> list[Item]:
    """What is told now; it is told then."""
    turn = news.claim(SERVICE)
    assert turn is not None
    items = news.untold(SERVICE)
    news.told(SERVICE, turn, items)
    return items


def test_what_goes_well_is_no_news(news: News, mishaps: Mishaps) -> None:
    mishaps.end(Accepted("1"))
    mishaps.end(Deferred(Kind.UNAVAILABLE, "No connection."))
    assert news.untold(SERVICE) == []


def test_a_failed_delivery_is_news_once(news: News, mishaps: Mishaps, clock: ManualClock) -> None:
    mishaps.fail()
    (item,) = take_note(news)
    assert isinstance(item, StuckDelivery)
    assert (item.post, item.account, item.state) == ("post-0.fr", "bice-x", State.FAILED)
    assert (item.due_at, item.kind, item.message) == (MORNING, "content", "Too long.")
    assert news.untold(SERVICE) == []


def test_a_delivery_that_fails_again_is_news_again(
    news: News, mishaps: Mishaps, control: Control, clock: ManualClock
) -> None:
    mishaps.fail()
    take_note(news)
    control.retry("post-0.fr", None, "manager")
    assert news.untold(SERVICE) == []
    mishaps.fail(count=2)
    assert len(news.untold(SERVICE)) == 2


def test_a_missed_delivery_is_news(news: News, mishaps: Mishaps) -> None:
    mishaps.miss()
    (item,) = news.untold(SERVICE)
    assert isinstance(item, StuckDelivery)
    assert (item.state, item.kind) == (State.MISSED, "expired")


def test_an_uncertain_delivery_is_news_when_a_person_must_decide(
    news: News, mishaps: Mishaps
) -> None:
    mishaps.leave_uncertain()
    assert news.untold(SERVICE) == []
    mishaps.give_up_reading()
    (item,) = take_note(news)
    assert isinstance(item, StuckDelivery)
    assert (item.state, item.message) == (State.UNCERTAIN, "The page does not show it.")
    assert news.untold(SERVICE) == []


def test_what_somebody_has_seen_to_is_no_news(
    news: News, mishaps: Mishaps, control: Control
) -> None:
    mishaps.fail()
    mishaps.hold("lima-x")
    control.cancel("post-0.fr", None, "manager", "out of date")
    control.resume("lima-x", "manager")
    assert news.untold(SERVICE) == []


def test_what_a_person_does_to_a_failed_delivery_is_no_news(
    news: News, mishaps: Mishaps, database: Database, clock: ManualClock
) -> None:
    """Such as to begin to withdraw what is out of it."""
    (delivery,) = mishaps.fail()
    take_note(news)
    Withdrawals(database, clock).begin(delivery, "manager", "an error")
    assert news.untold(SERVICE) == []


def test_what_its_platform_does_not_take_as_it_is_is_news_once_it_has_lasted(
    news: News, mishaps: Mishaps, clock: ManualClock, queries: Queries
) -> None:
    """Such as an alternative text; a request that only failed is tried again and told to nobody."""
    mishaps.end(Deferred(Kind.UNAVAILABLE, "No connection."))
    (kept,) = mishaps.end(Deferred(Kind.CONTENT, "X does not take the alternative text."))
    assert news.untold(SERVICE) == []
    clock.advance(61)
    (item,) = take_note(news)
    assert isinstance(item, StuckDelivery)
    assert (item.post, item.state) == (kept.post, State.SCHEDULED)
    assert news.untold(SERVICE) == []
    assert [delivery.post for delivery in queries.kept_back()] == [kept.post]


@pytest.mark.parametrize(
    ("kind", "lasts", "told_after"),
    [(Kind.PERMISSION, 1800, 61), (Kind.RATE_LIMIT, 86_400, 1201), (Kind.RATE_LIMIT, 1100, None)],
)
def test_what_waits_alone_is_news_unless_it_is_a_short_limit(
    kind: Kind, lasts: float, told_after: float | None,
    news: News, mishaps: Mishaps, clock: ManualClock, queries: Queries,
) -> None:  # fmt: skip
    """Nothing else tells of it: its account goes on."""
    (alone,) = mishaps.end(Deferred(kind, "No more pictures.", clock.ahead(lasts)))
    clock.advance((told_after or lasts) - 2)
    assert news.untold(SERVICE) == []
    clock.advance(2)
    items = take_note(news)
    assert [item.post for item in items if isinstance(item, StuckDelivery)] == (
        [alone.post] if told_after else []
    )
    assert [one.id for one in queries.kept_back()] == ([alone.id] if told_after else [])
    assert news.untold(SERVICE) == []


@pytest.mark.parametrize(("seconds", "ends"), [(30, False), (61, False), (61, True)])
def test_what_waits_with_its_account_is_told_with_it(
    seconds: float, ends: bool,
    news: News, mishaps: Mishaps, clock: ManualClock, queries: Queries,
) -> None:  # fmt: skip
    """Also in its turn, once the account goes on."""
    mishaps.end(AccountSuspended(Kind.PERMISSION, "Two in a row.", backoff=UNTIL_MENDED))
    clock.advance(seconds)
    if ends:
        mishaps.end(Accepted("1"))
    assert not [item for item in news.untold(SERVICE) if isinstance(item, StuckDelivery)]
    assert queries.kept_back() == []


def test_an_account_that_waits_for_a_person_is_news_once(news: News, mishaps: Mishaps) -> None:
    """However many requests were refused, at once and later."""
    mishaps.hold(count=5)
    (item,) = take_note(news)
    assert isinstance(item, SuspendedAccount)
    assert (item.account, item.until) == ("bice-x", None)
    assert item.message == "The keys are not accepted."
    assert (item.waiting, item.next_due) == (5, MORNING)
    assert news.untold(SERVICE) == []


def test_a_later_refusal_of_a_held_account_is_no_news(
    news: News, mishaps: Mishaps, database: Database, clock: ManualClock
) -> None:
    mishaps.hold()
    take_note(news)
    clock.advance(30)
    with database.write() as connection:
        suspend(connection, "bice-x", AccountSuspended(Kind.AUTH, "Not accepted."), clock.now())
    assert news.untold(SERVICE) == []


def test_an_account_that_is_held_again_after_it_was_resumed_is_news_again(
    news: News, mishaps: Mishaps, control: Control, clock: ManualClock
) -> None:
    mishaps.hold()
    take_note(news)
    clock.advance(300)
    control.resume("bice-x", "manager")
    assert news.untold(SERVICE) == []
    mishaps.hold()
    assert len(news.untold(SERVICE)) == 1


def test_each_account_is_news_of_its_own(news: News, mishaps: Mishaps) -> None:
    mishaps.hold("bice-x")
    mishaps.hold("lima-x")
    accounts = [item.account for item in news.untold(SERVICE) if isinstance(item, SuspendedAccount)]
    assert accounts == ["bice-x", "lima-x"]


@pytest.mark.parametrize(("minutes", "told"), [(15, False), (20, False), (21, True)])
def test_a_rest_is_news_when_it_is_long(
    news: News, mishaps: Mishaps, minutes: float, *, told: bool
) -> None:
    mishaps.hold(minutes=minutes)
    assert bool(news.untold(SERVICE)) is told


def test_short_rests_that_follow_one_another_at_once_are_a_long_one(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.hold(minutes=15)
    clock.advance(15 * 60 + 2)
    mishaps.hold(minutes=15)
    assert len(take_note(news)) == 1
    for _ in range(3):
        clock.advance(15 * 60 + 2)
        mishaps.hold(minutes=15)
        assert news.untold(SERVICE) == []


def test_short_rests_that_lie_apart_are_no_news(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    for _ in range(3):
        mishaps.hold(minutes=15)
        assert news.untold(SERVICE) == []
        clock.advance(17 * 60)


def test_a_rest_is_news_once_however_often_it_is_prolonged(
    news: News, mishaps: Mishaps, database: Database, clock: ManualClock
) -> None:
    mishaps.hold(minutes=60, count=3)
    (item,) = take_note(news)
    assert isinstance(item, SuspendedAccount)
    assert item.until == clock.ahead(3600)
    clock.advance(600)
    with database.write() as connection:
        longer = AccountSuspended(Kind.RATE_LIMIT, "Not now.", clock.ahead(7200))
        suspend(connection, "bice-x", longer, clock.now())
    assert news.untold(SERVICE) == []


def test_a_rest_that_becomes_a_matter_for_a_person_is_news_again(
    news: News, mishaps: Mishaps, database: Database, clock: ManualClock
) -> None:
    mishaps.hold(minutes=60)
    take_note(news)
    clock.advance(600)
    with database.write() as connection:
        suspend(connection, "bice-x", AccountSuspended(Kind.AUTH, "Not accepted."), clock.now())
    (item,) = news.untold(SERVICE)
    assert isinstance(item, SuspendedAccount)
    assert item.until is None


@pytest.fixture
def app(mishaps: Mishaps, clock: ManualClock) -> frozenset[str]:
    """Accounts of one app, each with a post on its schedule."""
    mishaps.app = frozenset({"bice-es", "bice-fr", "bice-x"})
    for due_in, account in enumerate(sorted(mishaps.app), 600):
        add(mishaps.ledger, wish(clock, "next.fr", due_in, account=account))
    return mishaps.app


def test_accounts_that_rest_with_their_app_are_one_piece_of_news(
    news: News, mishaps: Mishaps, app: frozenset[str], clock: ManualClock
) -> None:
    mishaps.use_up("bice-x", clock.ahead(3600))
    mishaps.hold("lima-x", minutes=60)
    ours, other = take_note(news)
    assert isinstance(ours, SuspendedAccount)
    assert isinstance(other, SuspendedAccount)
    assert (ours.account, len(ours.others), ours.waiting) == ("bice-es", 2, 4)
    assert (ours.next_due, ours.until) == (MORNING, clock.ahead(3600))
    assert (other.account, other.others) == ("lima-x", ())
    assert news.untold(SERVICE) == []


def test_the_rest_of_an_app_is_told_once_whoever_comes_or_goes(
    news: News,
    mishaps: Mishaps,
    app: frozenset[str],
    control: Control,
    database: Database,
    clock: ManualClock,
) -> None:
    """All of them are prolonged, one is resumed, and another one is new."""
    until = clock.ahead(7200)
    mishaps.use_up("bice-x", clock.ahead(3600))
    take_note(news)
    clock.advance(60)
    with database.write() as connection:
        suspend_together(connection, app, until, clock.now())
    assert news.untold(SERVICE) == []
    control.resume("bice-es", "manager")
    assert news.untold(SERVICE) == []
    clock.advance(60)
    mishaps.app |= {"a-new-x"}
    mishaps.use_up("a-new-x", until)
    assert news.untold(SERVICE) == []


def test_a_rest_that_is_over_is_no_news(news: News, mishaps: Mishaps, clock: ManualClock) -> None:
    mishaps.hold(minutes=60)
    clock.advance(3601)
    assert news.untold(SERVICE) == []


def test_a_new_service_does_not_tell_the_past(
    database: Database, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.fail(3)
    mishaps.miss()
    mishaps.leave_uncertain()
    mishaps.give_up_reading()
    mishaps.hold()
    clock.advance(1)
    news = News(database, clock)
    news.begin("slack", clock.now())
    assert news.untold("slack") == []
    news.begin("slack", clock.now())  # as each start of a dispatcher does
    mishaps.hold("lima-x")
    assert len(news.untold("slack")) == 1


def test_what_is_older_than_a_week_is_no_news(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    """A service that is named again after a month does not tell all of it."""
    mishaps.fail()
    clock.advance(7 * 86400 - 1)
    assert len(news.untold(SERVICE)) == 1
    clock.advance(2)
    assert news.untold(SERVICE) == []


def test_each_service_is_told(news: News, mishaps: Mishaps) -> None:
    news.begin("slack", MORNING)
    mishaps.fail()
    take_note(news)
    assert len(news.untold("slack")) == 1


def test_what_a_restored_ledger_does_not_know_is_news_when_it_was_looked_for_in_vain(
    news: News, mishaps: Mishaps, ledger: Ledger, database: Database, clock: ManualClock
) -> None:
    add(ledger, *(wish(clock, f"post-{n}.fr", 60) for n in range(3)))
    clock.advance(120)
    face(database, clock, "manager")
    assert news.untold(SERVICE) == []
    for _ in range(3):
        mishaps.give_up_reading()
    items = [item for item in news.untold(SERVICE) if isinstance(item, StuckDelivery)]
    assert [(item.post, item.state) for item in items] == [
        (f"post-{n}.fr", State.UNCERTAIN) for n in range(3)
    ]


def test_no_words_of_a_post_are_read(news: News, mishaps: Mishaps) -> None:
    """They may be under embargo."""
    mishaps.fail()
    mishaps.end(Unknown("No answer."))
    mishaps.give_up_reading()
    mishaps.hold()
    assert "Le texte" not in repr(news.untold(SERVICE))


# Turns


def test_a_turn_belongs_to_one_process(news: News, database: Database, clock: ManualClock) -> None:
    assert news.claim(SERVICE) is not None
    assert News(database, clock).claim(SERVICE) is None


def test_a_turn_of_a_dead_process_runs_out(news: News, clock: ManualClock) -> None:
    first = news.claim(SERVICE)
    clock.advance(119)
    assert news.claim(SERVICE) is None
    clock.advance(2)
    second = news.claim(SERVICE)
    assert second not in (None, first)


def test_who_comes_back_after_its_turn_does_not_end_the_next_one(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.fail()
    late = news.claim(SERVICE)
    assert late is not None
    items = news.untold(SERVICE)
    clock.advance(121)
    assert news.claim(SERVICE) is not None
    news.told(SERVICE, late, [])
    assert news.claim(SERVICE) is None
    news.told(SERVICE, late, items)
    assert news.untold(SERVICE) == []  # it was sent all the same


def test_messages_to_one_service_are_a_minute_apart(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.fail()
    take_note(news)
    mishaps.fail()
    clock.advance(59)
    assert news.claim(SERVICE) is None
    clock.advance(2)
    assert len(take_note(news)) == 1


def test_after_failures_the_turns_are_further_and_further_apart(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.fail()
    for delay in (30, 60, 120, 240, 480, 960, 1800, 1800):
        turn = news.claim(SERVICE)
        assert turn is not None
        news.not_told(SERVICE, turn)
        clock.advance(delay - 1)
        assert news.claim(SERVICE) is None
        clock.advance(2)
    assert len(take_note(news)) == 1


def test_a_clock_that_is_set_back_does_not_silence_a_service(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    clock.advance(5 * 3600)
    mishaps.fail()
    take_note(news)
    mishaps.fail()
    clock.advance(-4 * 3600)
    assert len(take_note(news)) == 1
    assert news.claim(SERVICE) is None


def test_what_is_out_although_it_was_stopped_is_news_once(
    news: News, mishaps: Mishaps, control: Control, clock: ManualClock
) -> None:
    uncertain = mishaps.leave_uncertain()
    control.cancel(uncertain.post, None, "manager", "changed")
    assert news.untold(SERVICE) == []
    control.resolve(uncertain.post, None, ("7",), "manager")
    (item,) = take_note(news)
    assert isinstance(item, StuckDelivery)
    assert (item.post, item.state) == (uncertain.post, State.PUBLISHED)
    body = compose([item], UTC).body
    assert "is out, although someone stopped it" in body
    assert f"`publisher withdraw {item.post} --account bice-x --reason TEXT`" in body
    assert news.untold(SERVICE) == []


def test_a_suspension_that_a_person_may_have_to_end_is_news_at_once_and_that_it_goes_on(
    news: News, mishaps: Mishaps, clock: ManualClock
) -> None:
    """Once, however often it is tried again; what nobody was told of ends without a word."""
    refused = AccountSuspended(Kind.AUTH, "The keys are not accepted.", backoff=UNTIL_MENDED)
    mishaps.end(refused)
    (item,) = take_note(news)
    assert isinstance(item, SuspendedAccount)
    assert (item.account, item.until, item.is_tried) == ("bice-x", clock.ahead(60), True)
    clock.advance(60)
    mishaps.go_on(refused)
    assert news.untold(SERVICE) == []
    clock.advance(301)
    mishaps.go_on(Accepted("1"))
    assert take_note(news) == [AccountGoesOn(ANY, "bice-x")]
    assert news.untold(SERVICE) == []
    mishaps.end(AccountSuspended(Kind.RATE_LIMIT, "Too many.", backoff=THROTTLED), "lima-x")
    clock.advance(30)
    mishaps.go_on(Accepted("2"))
    assert news.untold(SERVICE) == []


def test_keys_that_are_not_renewed_are_news_once_each_time(
    database: Database, news: News, clock: ManualClock
) -> None:
    exchanges = KeyExchanges(database, clock)
    exchanges.begin("bice-x", "mark")
    assert news.untold(SERVICE) == []
    for _time in range(2):
        exchanges.not_renewed("bice-x", "The consent ends.", MORNING)
        assert take_note(news) == [KeysEnd(ANY, "bice-x", "The consent ends.", MORNING)]
        assert news.untold(SERVICE) == []
        clock.advance(3600)


def test_keys_that_belong_to_another_handle_are_news_once_until_a_manager_confirms_it(
    database: Database, news: News, clock: ManualClock
) -> None:
    profiles = Profiles(database, clock, Rights(lambda _account: "BICE"))

    def asked(handle: str, **more: bool) -> None:
        """The platform answers so."""
        until = clock.ahead(60)
        profile = Profile(id="7", handle=handle)
        profiles.keep("bice-x", profile, None, until=until, by_handle=True, **more)

    asked("bice")
    assert news.untold(SERVICE) == []
    asked("other")
    (item,) = take_note(news)
    assert item == OwnerChange(ANY, "bice-x", "@other", "@bice")
    asked("other")
    assert news.untold(SERVICE) == []
    asked("third")
    (item,) = news.untold(SERVICE)
    assert item == OwnerChange(ANY, "bice-x", "@third", "@bice"), "another one is news again"
    assert profiles.confirm("bice-x", "third", "direction")
    assert news.untold(SERVICE) == []
    asked("fourth", is_named=True)
    assert news.untold(SERVICE) == [], "publisher.toml names it"
