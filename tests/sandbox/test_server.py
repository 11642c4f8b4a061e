"""The sandbox as a server."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests
import tweepy

from publisher.base.errors import UsageError
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.server import Sandbox, running

Tweeter = Callable[..., tweepy.Client]


def test_the_state_is_the_same_over_http(
    tweeter: Tweeter, sandbox: Sandbox, session: requests.Session, address: str
) -> None:
    tweeter().create_tweet(text="Bonjour")
    state = session.get(f"{address}/sandbox/state.json", timeout=30).json()
    assert state == sandbox.state()
    assert state["requests"] == {"createPosts": 1}
    assert set(state) == {"comments", "now", "posts", "requests", "uploads", "violations"}


def test_the_order_of_the_posts_is_that_of_their_arrival(
    tweeter: Tweeter, sandbox: Sandbox
) -> None:
    client = tweeter()
    for text in "cab":
        client.create_tweet(text=text)
    assert [post["text"] for post in sandbox.state()["posts"]] == ["c", "a", "b"]


def test_a_reset_forgets_posts_counters_limits_and_faults(
    tweeter: Tweeter, sandbox: Sandbox, session: requests.Session, address: str
) -> None:
    client = tweeter()
    client.create_tweet(text="Bonjour")
    session.post(f"{address}/sandbox/faults", json=[{"what": "hang", "nth": [9]}], timeout=30)
    session.post(f"{address}/sandbox/reset", timeout=30)
    state = sandbox.state()
    assert (state["posts"], state["requests"], sandbox.faults.as_json()) == ([], {}, [])
    answer = client.request("POST", "/2/tweets", json={"text": "Bonjour"}, user_auth=True)
    assert answer.headers["x-rate-limit-remaining"] == "99"


def test_it_listens_on_loopback_alone_and_stops(
    accounts: dict[str, SandboxAccount], clock: Any
) -> None:
    with running(Sandbox(list(accounts.values()), clock)) as url:
        assert url.startswith("http://127.0.0.1:")
        assert requests.get(f"{url}/sandbox/state.json", timeout=30).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/sandbox/state.json", timeout=30)


def test_a_port_that_is_taken_is_named(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"using port {port}"), running(sandbox, port):
            pass


def test_without_limits_nothing_is_counted(
    server: Any, accounts: dict[str, SandboxAccount], clock: Any, tweeter: Tweeter
) -> None:
    free = Sandbox(list(accounts.values()), clock, limited=False)
    client = tweeter()
    server[0]["app"] = free.app
    answer = client.request("POST", "/2/tweets", json={"text": "a"}, user_auth=True)
    assert "x-rate-limit-limit" not in answer.headers


def test_a_form_that_cannot_be_read_is_refused_in_the_platforms_manner(
    session: requests.Session, address: str
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for path, key in (("/2/media/upload", "title"), ("/v25.0/1002/photos", "error")):
        answer = session.post(f"{address}{path}", data=b"nonsense", headers=headers, timeout=30)
        assert answer.status_code in (400, 401)
        assert key in answer.json()
