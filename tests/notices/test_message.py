"""What a notice says, and what it must not say."""

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publisher.channels.answers import quote
from publisher.ledger.news.outbox import Item, LatePosts, StuckDelivery, SuspendedAccount
from publisher.ledger.news.owner_news import KeysEnd, OwnerChange
from publisher.ledger.reading.lateness import NOTHING_LATE
from publisher.model.states import State
from publisher.notices.message import compose
from tests.notices.conftest import MORNING

pytestmark = pytest.mark.guards("publisher.model.accounts", "publisher.model.events")

GENEVA = ZoneInfo("Europe/Zurich")


def stuck(number: int = 1, **more: Any) -> StuckDelivery:
    values: dict[str, Any] = {
        "step": number,
        "post": f"post-{number}.fr",
        "account": "bice-x",
        "state": State.FAILED,
        "due_at": MORNING,
        "parts_out": 0,
        "parts": 1,
        "kind": "content",
        "message": "X refuses this post.",
    }
    return StuckDelivery(**{**values, **more})


def held(**more: Any) -> SuspendedAccount:
    values: dict[str, Any] = {
        "step": 1,
        "account": "bice-x",
        "message": "X no longer accepts this account's keys.",
        "until": None,
        "waiting": 0,
        "next_due": None,
    }
    return SuspendedAccount(**{**values, **more})


def test_a_failed_delivery_is_told_with_what_helps() -> None:
    message = compose([stuck()], GENEVA)
    assert message.title == "Publisher: post-1.fr to bice-x failed"
    assert message.body == (
        "post-1.fr to bice-x failed (its content is refused). It was due 2016-03-07 08:00 UTC (09:00 "
        "Europe/Zurich). X refuses this post. Nothing is out. To send it changed, edit the "
        "draft, then run `publisher queue`. To send it again as it is, run `publisher retry post-1.fr "
        "--account bice-x`.\n\n"
        "`publisher status` shows everything that needs attention."
    )


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (State.MISSED, "`publisher queue`"),
        (State.HELD, "`publisher queue`"),
        (State.UNCERTAIN, "`publisher resolve post-1.fr --account bice-x --published ID`"),
        (State.UNCERTAIN, "`publisher retry post-1.fr --account bice-x`"),
    ],
)
def test_each_state_has_its_command(state: State, command: str) -> None:
    assert command in compose([stuck(state=state)], UTC).body


def test_a_post_that_is_held_as_it_leaves_is_told_with_the_reason() -> None:
    reason = "consent lima expired on 2016-03-06"
    message = compose([stuck(state=State.HELD, kind=None, message=reason)], UTC)
    assert message.title == "Publisher: post-1.fr to bice-x is held, and did not go out"
    assert f"Why: {reason}. Fix what keeps it back" in message.body
    assert "`publisher retry" not in message.body


@pytest.mark.parametrize(
    "message",
    [
        "No answer came.",
        "It may have gone out since. Look at the account.",
        "It may have gone out since; if it is not seen, look at the account.",
    ],
)
def test_who_has_to_look_at_the_account_is_told_once(message: str) -> None:
    told = compose([stuck(state=State.UNCERTAIN, message=message)], GENEVA)
    assert told.body.lower().count("look at the account.") == 1
    assert "ook at the account. If the post is there, run `publisher resolve" in told.body


def test_that_nothing_is_late_any_more_does_not_say_that_all_of_it_is_out() -> None:
    """Some of it may have been missed, or be uncertain."""
    body = compose([LatePosts(1, "5 posts are late.", is_over=True, ending=NOTHING_LATE)], UTC).body
    assert body.startswith(f"5 posts are late. {NOTHING_LATE}")
    assert "did not go out after all" in NOTHING_LATE


def test_a_thread_that_is_partly_out_says_so() -> None:
    half = stuck(parts_out=2, parts=3, out_since=MORNING)
    title, body = compose([half], UTC).title, compose([half], UTC).body
    assert title == "Publisher: post-1.fr to bice-x is out only in part"
    assert "2 of 3 parts out since 2016-03-07 08:00 UTC; the rest does not follow." in body
    assert "To send the rest, run `publisher retry post-1.fr --account bice-x`." in body
    assert "again" not in body  # what is out is not sent a second time


def test_a_suspended_account_is_told_with_what_waits_and_what_helps() -> None:
    message = compose([held(waiting=12, next_due=MORNING)], GENEVA)
    assert message.title == "Publisher: bice-x is suspended until someone acts"
    assert message.body.startswith(
        "bice-x is suspended until someone acts. X no longer accepts this account's keys. 12 posts "
        "wait; the first is due 2016-03-07 08:00 UTC (09:00 Europe/Zurich). When it is fixed, run "
        "`publisher resume --account bice-x`."
    )


def test_an_account_that_goes_on_by_itself_needs_no_command() -> None:
    message = compose([held(until=MORNING + timedelta(hours=16))], GENEVA)
    assert message.title == "Publisher: bice-x is suspended"
    assert "until 2016-03-08 00:00 UTC (01:00 Europe/Zurich)" in message.body
    assert "resume" not in message.body


@pytest.mark.parametrize(
    ("others", "who"),
    [
        ((7,), "bice-x and 1 other account of its app"),
        ((7, 8), "bice-x and 2 other accounts of its app"),
    ],
)
def test_accounts_that_are_suspended_with_it_are_counted(others: tuple[int, ...], who: str) -> None:
    message = compose([held(until=MORNING + timedelta(hours=1), others=others)], UTC)
    assert message.title == f"Publisher: {who} are suspended"
    assert message.body.startswith(f"{who} are suspended until 2016-03-07 09:00 UTC.")


def test_another_day_in_the_sessions_zone_is_named() -> None:
    message = compose([stuck(due_at=MORNING + timedelta(hours=15.5))], GENEVA)
    assert "2016-03-07 23:30 UTC (2016-03-08 00:30 Europe/Zurich)" in message.body


def test_a_zone_that_is_like_utc_is_not_named() -> None:
    assert "2016-03-07 08:00 UTC." in compose([stuck()], ZoneInfo("Africa/Abidjan")).body


def test_a_burst_is_one_message_with_a_count_and_the_first_ten() -> None:
    items: list[Item] = [
        held(),
        *(stuck(n) for n in range(47)),
        *(stuck(n, state=State.MISSED) for n in (1, 2)),
    ]
    message = compose(items, UTC)
    assert message.title == "Publisher: 50 things need attention"
    assert message.body.startswith("1 account suspended, 47 failed, 2 missed.")
    assert "post-8.fr" in message.body
    assert "post-9.fr" not in message.body
    assert "… and 40 more." in message.body


def test_what_a_platform_said_is_left_out() -> None:
    """It may repeat the words of a post that is under embargo."""
    said = f"X refuses this post{quote('Your text “Le secret” (du 7 mars) is bad')}. Change it."
    message = compose([stuck(message=said), held(message=said)], UTC)
    assert "secret" not in message.body
    assert message.body.count("X refuses this post. Change it.") == 2


def test_an_odd_name_breaks_neither_a_title_nor_a_command() -> None:
    message = compose([stuck(post="a b\nBcc: x")], UTC)
    assert "\n" not in message.title
    assert "`publisher retry 'a b\N{REPLACEMENT CHARACTER}Bcc: x' --account" in message.body


def test_what_was_withdrawn_and_may_still_be_out_is_told_as_such() -> None:
    still_out = stuck(state=State.PUBLISHED, is_withdrawn=True, parts_out=1)
    message = compose([still_out], UTC)
    assert message.title.endswith("was withdrawn, but may still be out")
    assert "--gone --reason TEXT" in message.body
    summary = compose([still_out, stuck(state=State.SCHEDULED)], UTC).body
    assert summary.startswith("1 kept back, 1 withdrawn, but may still be out.")


def test_keys_that_are_not_renewed_are_told_with_their_end() -> None:
    item = KeysEnd(1, "bice-x", f"It ends{quote('secret')}.", MORNING)
    message = compose([item], GENEVA)
    assert message.title == "Publisher: the keys of bice-x are not being renewed"
    told = (
        "It ends. Its posts go out until 2016-03-07 08:00 UTC (09:00 Europe/Zurich) at the latest"
    )
    assert f"the keys of bice-x are not being renewed. {told}" in message.body
    assert "the keys of bice-x are not being renewed." in compose([item, stuck(2)], UTC).body


def test_keys_of_another_handle_are_told_with_both_names_and_what_to_do() -> None:
    change = OwnerChange(1, "bice-x", "@other", "@bice")
    message = compose([change], UTC)
    assert message.title == "Publisher: the keys of bice-x now belong to @other"
    assert (
        "The keys of bice-x now belong to @other; before, they belonged to @bice. If that"
        in message.body
    )
    assert "pause the account" in message.body
    assert "the keys of bice-x now belong to @other." in compose([change, stuck(2)], UTC).body
