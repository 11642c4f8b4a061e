"""What people read: which post, why them, and where to go; nothing of its text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.base.i18n import LANGUAGES, speaking
from publisher.ledger.news.notice_addresses import Topic
from publisher.ledger.news.personal_news import PersonalItem
from publisher.model.states import State
from publisher.notices.message import Message
from publisher.notices.personal_message import compose_personal

_DUE = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_DESK = "https://desk.example.org"


def item(topic: Topic, post: str = "day.fr", **more: object) -> PersonalItem:
    values = {"accounts": ("bice-x", "bice-page"), "steps": (1,), "due_at": _DUE, "by": "direction"}
    return PersonalItem(topic, post, **{**values, **more})  # type: ignore[arg-type]


def composed(*items: PersonalItem, address: str = _DESK) -> Message:
    return compose_personal(items, ZoneInfo("Europe/Zurich"), address)


def test_a_post_that_waits_leads_to_the_review() -> None:
    message = composed(item(Topic.WAITS, "site/day one.fr"))
    assert message.title == "Publisher: site/day one.fr waits for your approval"
    assert message.body.startswith(
        "site/day one.fr waits for your approval. On bice-x, bice-page. "
        "It is due 2016-03-07 07:30 UTC (08:30 Europe/Zurich).\n"
        "https://desk.example.org/review?post=site%2Fday+one.fr\n"
    )
    assert message.body.endswith("https://desk.example.org/me")


@pytest.mark.parametrize(
    ("told", "said", "place"),
    [
        (item(Topic.APPROVED), "direction approved it.", "/posts/day.fr\n"),
        (item(Topic.REJECTED), "direction sent it back", "/posts/day.fr\n"),
        (item(Topic.MENTIONED, accounts=()), "direction mentioned you", "/posts/day.fr#notes\n"),
        (item(Topic.TROUBLE, state=State.MISSED), "It was due 2016", "/posts/day.fr\n"),
    ],
)
def test_anything_else_leads_to_the_post(told: PersonalItem, said: str, place: str) -> None:
    body = composed(told).body
    assert said in body
    assert f"{_DESK}{place}" in body


def test_several_posts_are_one_message() -> None:
    message = composed(*(item(Topic.WAITS, f"day-{n}.fr") for n in range(30)))
    assert message.title == "Publisher: 30 posts wait for your approval"
    assert message.body.count("/review?post=") == 20
    assert "… and 10 more." in message.body
    mixed = composed(item(Topic.WAITS), item(Topic.APPROVED))
    assert mixed.title == "Publisher: 2 things for you"


def test_without_an_address_that_others_can_reach_there_is_no_link() -> None:
    assert "/" not in composed(item(Topic.WAITS), address="").body.replace("Europe/Zurich", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_its_words(language: str) -> None:
    """And an odd name neither ends a line nor reverses the writing."""
    with speaking(language):
        for topic in Topic:
            state = State.UNCERTAIN if topic is Topic.TROUBLE else None
            message = composed(item(topic, "a\nb\u202e.fr", by="x\ny", state=state))
            assert "\n" not in message.title
            assert "\u202e" not in message.title + message.body
