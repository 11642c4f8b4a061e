"""What nobody may have wanted, though each post by itself is right."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.deliveries import Wish
from publisher.model.posts import Post
from publisher.model.values import Position
from publisher.planning.conflicts import Conflicts
from tests.support.clock import ManualClock
from tests.support.wishes import wish

ACCOUNTS = {
    name: Account(name=name, channel=channel, timezone=zone)
    for name, channel, zone in (
        ("bice-x", "twitter", None),
        ("lima-x", "twitter", "America/Lima"),
        ("bice-page", "facebook", None),
    )
}
CHANNELS = {name: account.channel for name, account in ACCOUNTS.items()}

YESTERDAY = ManualClock().now() - timedelta(days=1)


def zone_of(account: Account) -> ZoneInfo:
    return ZoneInfo(account.timezone or "Europe/Zurich")


def due(post: str, minutes: float, account: str = "bice-x", text: str | None = None) -> Wish:
    """A post so many minutes after 9 o'clock in Geneva."""
    texts = (text or f"Le texte de {post} pour {account}",)
    return wish(
        ManualClock(), post, minutes * 60, account=account, channel=CHANNELS[account], texts=texts
    )


def found(
    *wishes: Wish, fresh: set[str] | None = None, now: datetime | None = None
) -> list[tuple[str, str]]:
    """The codes of the warnings, each with its post."""
    posts = {
        w.post: Post(id=w.post, file=f"posts/{w.post}.md", positions={"at": Position(line=2)})
        for w in wishes
    }
    keys = {(w.post, w.account) for w in wishes if fresh is None or w.post in fresh}
    warnings = list(Conflicts(wishes, keys, posts, ACCOUNTS, zone_of, now or YESTERDAY))
    assert all(warning.line == 2 for warning in warnings)
    return [(warning.code, warning.file.removeprefix("posts/")[:-3]) for warning in warnings]


def test_two_posts_of_one_account_within_five_minutes_are_too_close() -> None:
    assert found(due("a", 0), due("b", 4.9)) == [("too-close", "b")]
    assert found(due("a", 0), due("b", 0)) == [("too-close", "b")]
    assert found(due("a", 0), due("b", 5)) == []
    assert found(due("a", 0), due("b", 1, "bice-page")) == []


def test_a_pair_of_posts_is_too_close_once_for_all_their_accounts() -> None:
    wishes = [
        due(post, at, name) for name in ("bice-x", "bice-page") for post, at in (("a", 0), ("b", 1))
    ]
    posts = {w.post: Post(id=w.post, file=w.post) for w in wishes}
    fresh = {(w.post, w.account) for w in wishes}
    (warning,) = Conflicts(wishes, fresh, posts, ACCOUNTS, zone_of, YESTERDAY)
    assert warning.message == "It goes out on bice-page, bice-x within 1 min of a."


def test_what_is_late_goes_out_now() -> None:
    noon = ManualClock().now() + timedelta(hours=3)
    assert found(due("a", -121), now=noon) == []
    assert found(due("a", -121), due("b", 0), now=noon) == [("too-close", "b")]


def test_the_end_of_an_embargo_is_when_a_post_goes_out() -> None:
    later = due("a", 0).model_copy(
        update={"embargo_until": ManualClock().now() + timedelta(minutes=61)}
    )
    assert found(later, due("b", 0)) == []
    assert found(later, due("b", 60)) == [("too-close", "a")]


def test_only_what_the_plan_changes_is_warned_about() -> None:
    assert found(due("a", 0), due("b", 1), fresh={"a"}) == [("too-close", "a")]
    assert found(due("a", 0), due("b", 1), fresh=set()) == []
    assert found(due("a", 13 * 60), due("b", 14 * 60), fresh={"b"}) == [("at-night", "b")]


@pytest.mark.parametrize(
    ("minutes", "is_night"),
    [(-121, True), (-120, False), (13 * 60 - 1, False), (13 * 60, True), (14 * 60, True)],
)
def test_the_night_is_from_ten_to_seven_by_the_clock_of_the_account(
    minutes: float, is_night: bool
) -> None:
    assert found(due("a", minutes)) == ([("at-night", "a")] if is_night else [])


def test_another_zone_has_its_night_at_another_time() -> None:
    assert found(due("a", 60, "lima-x")) == [("at-night", "a")], "five in the morning in Lima"
    assert found(due("a", 4 * 60, "lima-x")) == []


def test_two_accounts_on_x_should_not_say_the_same() -> None:
    first, second = due("a", 240, text="Oui"), due("b", 300, "lima-x", text="Oui  ")
    assert found(first, second) == [("same-text-on-x", "b")]
    assert found(first, due("c", 300, "bice-page", text="Oui")) == []
    assert found(first, due("c", 300, "lima-x", text="Non")) == []


def test_a_crowd_of_posts_is_compared_in_a_blink() -> None:
    """Each pair of neighbours once, not each with each."""
    content = Content(parts=(Part(text="Oui"),))
    crowd = [due(f"p{n}", n / 100).model_copy(update={"content": content}) for n in range(2000)]
    assert len(found(*crowd)) == 1999
