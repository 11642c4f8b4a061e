"""Posts of X through real tweepy."""

import pytest
import tweepy


def test_a_signed_post_is_public_and_on_record(tweeter, sandbox) -> None:
    answer = tweeter().create_tweet(text="Bonjour")
    assert sandbox.state()["posts"][0]["id"] == answer.data["id"]


def test_fb(pager, proof, sandbox) -> None:
    g = pager()
    a = g.put_object("me", "feed", message="Salut", appsecret_proof=proof())
    assert a["id"].startswith("1002_")
    print(sandbox.state())
