"""Reading at X, through real tweepy over real HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import tweepy

from publisher.sandbox.accounts import SandboxAccount

Tweeter = Callable[..., tweepy.Client]


@pytest.fixture
def me(accounts: dict[str, SandboxAccount]) -> str:
    user_id = accounts["bice-x"].user_id
    assert user_id
    return user_id


@pytest.fixture
def ids(tweeter: Tweeter, clock: Any) -> list[str]:
    """Seven posts, a minute apart, the oldest first."""
    client = tweeter()
    found = []
    for number in range(7):
        clock.instant += timedelta(minutes=1)
        found.append(str(client.create_tweet(text=f"Message {number}").data["id"]))
    return found


def read(client: tweepy.Client, user: str, **query: Any) -> list[str]:
    answer = client.get_users_tweets(user, user_auth=True, **query)
    return [str(post.id) for post in answer.data or []]


def test_a_timeline_is_newest_first_and_of_one_account(
    tweeter: Tweeter, ids: list[str], me: str
) -> None:
    tweeter("peru-x").create_tweet(text="Hola")
    assert read(tweeter(), me) == ids[::-1]


def test_pages_follow_one_another(tweeter: Tweeter, ids: list[str], me: str) -> None:
    client = tweeter()
    first = client.get_users_tweets(me, max_results=5, user_auth=True)
    token = first.meta["next_token"]
    second = client.get_users_tweets(me, max_results=5, pagination_token=token, user_auth=True)
    assert [str(p.id) for p in [*first.data, *second.data]] == ids[::-1]
    assert "next_token" not in second.meta
    assert (first.meta["newest_id"], first.meta["oldest_id"]) == (ids[6], ids[2])


def test_a_start_is_included(tweeter: Tweeter, ids: list[str], me: str, clock: Any) -> None:
    start = clock.now() - timedelta(minutes=3)
    assert read(tweeter(), me, start_time=start) == ids[:2:-1]


def test_deleted_posts_are_gone(tweeter: Tweeter, ids: list[str], me: str) -> None:
    client = tweeter()
    client.delete_tweet(ids[6])
    assert read(client, me) == ids[5::-1]
    with pytest.raises(tweepy.NotFound) as error:
        client.get_tweet(ids[6], user_auth=True)
    assert error.value.response.json()["resource_id"] == ids[6]


def test_an_empty_timeline_has_no_data(tweeter: Tweeter, me: str) -> None:
    answer = tweeter().get_users_tweets(me, user_auth=True)
    assert (answer.data, answer.meta) == (None, {"result_count": 0})


@pytest.mark.parametrize(
    "query",
    [
        {"max_results": 4},
        {"max_results": 101},
        {"start_time": "2016-03-07"},
        {"pagination_token": "nonsense"},
        {"tweet.fields": "text,nonsense"},
    ],
)
def test_wrong_parameters_are_refused(tweeter: Tweeter, me: str, query: dict[str, Any]) -> None:
    with pytest.raises(tweepy.BadRequest):
        tweeter().request("GET", f"/2/users/{me}/tweets", params=query, user_auth=True)


def test_an_unknown_user_is_not_found(tweeter: Tweeter) -> None:
    with pytest.raises(tweepy.NotFound):
        read(tweeter(), "1")


def test_an_unknown_path_is_not_found(tweeter: Tweeter) -> None:
    with pytest.raises(tweepy.NotFound) as error:
        tweeter(wild=True).request("GET", "/2/nonsense", user_auth=True)
    assert error.value.response.json()["type"].endswith("/resource-not-found")


def test_fields_are_answered_by_the_name_that_was_used(tweeter: Tweeter, ids: list[str]) -> None:
    client = tweeter()
    path = f"/2/tweets/{ids[0]}"
    query = {"post.fields": "lang,created_at"}
    post = client.request("GET", path, params=query, user_auth=True).json()["data"]
    assert (post["lang"], post["created_at"]) == ("fr", "2016-03-07T12:01:00.000Z")
    assert client.get_tweet(ids[0], tweet_fields=["lang"], user_auth=True).data.lang == "fr"


def test_rate_limit_headers_count_down(tweeter: Tweeter, clock: Any) -> None:
    client = tweeter()
    first = client.request("POST", "/2/tweets", json={"text": "a"}, user_auth=True).headers
    second = client.request("POST", "/2/tweets", json={"text": "b"}, user_auth=True).headers
    assert first["x-rate-limit-limit"] == "100"
    assert (first["x-rate-limit-remaining"], second["x-rate-limit-remaining"]) == ("99", "98")
    assert 0 <= int(first["x-rate-limit-reset"]) - clock.now().timestamp() - 900 <= 1
    assert first["x-app-limit-24hour-limit"] == "10000"
    assert second["x-app-limit-24hour-remaining"] == "9998"
    assert 0 <= int(first["x-app-limit-24hour-reset"]) - clock.now().timestamp() - 86_400 <= 1


def test_the_101st_post_in_a_quarter_of_an_hour_is_refused_until_it_is_over(
    tweeter: Tweeter, clock: Any
) -> None:
    client = tweeter(wild=True)
    for number in range(100):
        client.create_tweet(text=f"Message {number}")
    with pytest.raises(tweepy.TooManyRequests) as error:
        client.create_tweet(text="Message 100")
    headers = error.value.response.headers
    assert headers["x-rate-limit-remaining"] == "0"
    assert tweeter("bice-2").create_tweet(text="Un autre compte")
    clock.instant += timedelta(seconds=int(headers["x-rate-limit-reset"]) - clock.now().timestamp())
    assert client.create_tweet(text="Message 100")
