"""Writing at X, through real tweepy over real HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import tweepy

from publisher.sandbox.server import Sandbox

Tweeter = Callable[..., tweepy.Client]
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


def detail_of(error: Any) -> str:
    """The `detail` of a refusal, with the messages of its `errors`."""
    body = error.value.response.json()
    return " ".join([body["detail"], *(e["message"] for e in body.get("errors", []))])


def test_a_post_is_on_record_as_it_was_sent(tweeter: Tweeter, sandbox: Sandbox) -> None:
    answer = tweeter().create_tweet(text="Bonjour à tous #HRC31")
    post = sandbox.state()["posts"][0]
    assert post == {
        "channel": "twitter",
        "account": "bice-x",
        "id": answer.data["id"],
        "text": "Bonjour à tous #HRC31",
        "in_reply_to": None,
        "content_warning": "",
        "link": None,
        "media": [],
        "created_at": "2016-03-07T12:00:00.000Z",
        "received_at": "2016-03-07T12:00:00.000Z",
        "published": True,
        "published_at": "2016-03-07T12:00:00.000Z",
        "deleted": False,
    }


def test_ids_hold_the_time_and_only_grow(tweeter: Tweeter, clock: Any) -> None:
    client = tweeter()
    first, second = (int(client.create_tweet(text=text).data["id"]) for text in ("a", "b"))
    clock.instant += timedelta(minutes=1)
    third = int(client.create_tweet(text="c").data["id"])
    assert first < second < third
    assert (third >> 22) + 1_288_834_974_657 == int(clock.now().timestamp() * 1000)


def test_a_text_comes_back_with_its_characters_composed(tweeter: Tweeter, sandbox: Sandbox) -> None:
    """What was sent stays on record as it was sent."""
    post = tweeter().create_tweet(text="e\u0301te\u0301")
    assert post.data["text"] == "\u00e9t\u00e9"
    assert sandbox.state()["posts"][0]["text"] == "e\u0301te\u0301"


def test_links_come_back_as_t_co_and_special_characters_escaped(
    tweeter: Tweeter, sandbox: Sandbox
) -> None:
    client = tweeter()
    text = "A & B <c> https://www.example.org/article?id=1&x=2 fin"
    post_id = client.create_tweet(text=text).data["id"]
    post = client.get_tweet(post_id, tweet_fields=["entities"], user_auth=True).data
    (link,) = post["entities"]["urls"]
    assert post.text == f"A &amp; B &lt;c&gt; {link['url']} fin"
    assert link["url"].startswith("https://t.co/")
    assert len(link["url"]) == 23
    assert post.text[link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == "https://www.example.org/article?id=1&x=2"
    assert sandbox.state()["posts"][0]["text"] == text
    assert sandbox.state()["posts"][0]["link"] == link["expanded_url"]


def test_a_thread_is_a_chain_of_replies(tweeter: Tweeter, sandbox: Sandbox) -> None:
    client = tweeter()
    first = client.create_tweet(text="un").data["id"]
    second = client.create_tweet(text="deux", in_reply_to_tweet_id=first).data["id"]
    third = client.create_tweet(text="trois", in_reply_to_tweet_id=second).data["id"]
    assert [post["in_reply_to"] for post in sandbox.state()["posts"]] == [None, first, second]
    fields = ["conversation_id", "referenced_tweets", "in_reply_to_user_id"]
    post = client.get_tweet(third, tweet_fields=fields, user_auth=True).data
    assert str(post.conversation_id) == first
    assert [(r.type, str(r.id)) for r in post.referenced_tweets] == [("replied_to", second)]


@pytest.mark.parametrize(
    "text", ["é" * 280, "🎉" * 140, "漢" * 140, "a" * 256 + " https://example.org/" + "b" * 99]
)
def test_280_is_taken_as_x_counts(tweeter: Tweeter, text: str) -> None:
    assert tweeter().create_tweet(text=text).data["id"]


@pytest.mark.parametrize(
    "text", ["é" * 281, "🎉" * 141, "漢" * 141, "a" * 257 + " https://example.org/"]
)
def test_one_more_than_280_is_refused(tweeter: Tweeter, sandbox: Sandbox, text: str) -> None:
    with pytest.raises(tweepy.Forbidden) as error:
        tweeter().create_tweet(text=text)
    assert "too long" in str(error.value)
    assert sandbox.state()["posts"] == []


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_text_is_refused(tweeter: Tweeter, text: str) -> None:
    with pytest.raises(tweepy.BadRequest):
        tweeter().create_tweet(text=text)


def test_the_same_text_again_is_refused_and_noted(
    tweeter: Tweeter, sandbox: Sandbox, clock: Any
) -> None:
    client = tweeter()
    client.create_tweet(text="Une fois")
    clock.instant += timedelta(hours=2)
    with pytest.raises(tweepy.Forbidden) as error:
        client.create_tweet(text=" Une  fois ")
    assert detail_of(error) == DUPLICATE
    assert [note["kind"] for note in sandbox.state()["violations"]] == ["duplicate-refused"]
    clock.instant += timedelta(days=2)
    assert client.create_tweet(text="Une fois").data["id"]


def test_a_deleted_text_may_be_posted_again(tweeter: Tweeter) -> None:
    client = tweeter()
    client.delete_tweet(client.create_tweet(text="Une fois").data["id"])
    assert client.create_tweet(text="Une fois").data["id"]


def test_the_same_text_of_another_account_is_a_violation(
    tweeter: Tweeter, sandbox: Sandbox
) -> None:
    tweeter("bice-x").create_tweet(text="Partout")
    tweeter("bice-2").create_tweet(text="Partout")
    (note,) = sandbox.state()["violations"]
    assert (note["kind"], note["account"]) == ("same-text-on-two-accounts", "bice-2")


def test_a_reply_to_what_is_not_there_is_refused(tweeter: Tweeter) -> None:
    with pytest.raises(tweepy.Forbidden) as error:
        tweeter().create_tweet(text="Oui", in_reply_to_tweet_id="12345")
    assert "deleted or not visible" in detail_of(error)


def test_a_reply_to_somebody_else_is_refused_and_noted(tweeter: Tweeter, sandbox: Sandbox) -> None:
    other = tweeter("peru-x").create_tweet(text="Hola").data["id"]
    with pytest.raises(tweepy.Forbidden) as error:
        tweeter().create_tweet(text="Oui", in_reply_to_tweet_id=other)
    assert detail_of(error).startswith("Reply to this conversation is not allowed")
    assert sandbox.state()["violations"][0]["kind"] == "reply-to-somebody-else"


def test_two_cashtags_are_refused(tweeter: Tweeter) -> None:
    with pytest.raises(tweepy.Forbidden):
        tweeter().create_tweet(text="$ABC and $DEF")


def test_a_deletion_is_on_record_and_does_not_work_twice(
    tweeter: Tweeter, sandbox: Sandbox
) -> None:
    client = tweeter()
    post_id = client.create_tweet(text="Adieu").data["id"]
    assert client.delete_tweet(post_id).data == {"deleted": True}
    assert sandbox.state()["posts"][0]["deleted"] is True
    with pytest.raises(tweepy.NotFound):
        client.delete_tweet(post_id)


def test_nobody_deletes_the_posts_of_another(tweeter: Tweeter, sandbox: Sandbox) -> None:
    post_id = tweeter("peru-x").create_tweet(text="Hola").data["id"]
    with pytest.raises(tweepy.Forbidden):
        tweeter().delete_tweet(post_id)
    assert sandbox.state()["posts"][0]["deleted"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "nonsense": 1},
        {"text": 5},
        {"text": "a", "media": {"media_ids": []}},
        {"text": "a", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "a", "media": {"media_ids": ["x"]}},
        {"text": "a", "reply": {}},
        {"text": "a", "reply_settings": "nobody"},
        {"media": {"media_ids": ["1"]}},  # X's libraries send an empty text
        ["text"],
    ],
)
def test_a_body_that_the_description_does_not_know_is_refused(
    tweeter: Tweeter, body: object
) -> None:
    with pytest.raises(tweepy.BadRequest) as error:
        tweeter().request("POST", "/2/tweets", json=body, user_auth=True)
    assert error.value.response.json()["type"].endswith("/problems/invalid-request")
