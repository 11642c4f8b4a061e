"""Every fault does on the wire what its name says, and leaves behind what it says."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy

from publisher.base.errors import UsageError
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault, parse_faults, read_faults
from publisher.sandbox.platforms import FAULT_KINDS
from publisher.sandbox.server import Sandbox
from tests.sandbox.test_x_media import chunked, moving

Tweeter = Callable[..., tweepy.Client]
Pager = Callable[..., Any]
PATIENCE = 0.3
"""How long the impatient clients of these tests wait, in seconds."""


Break = Callable[..., None]


def tweet(client: tweepy.Client, text: str = "Bonjour", timeout: float = 5) -> requests.Response:
    """The raw answer to a post, whatever it is; the signature is tweepy's."""
    auth = tweepy.OAuth1UserHandler(
        client.consumer_key,
        client.consumer_secret,
        client.access_token,
        client.access_token_secret,
    ).apply_auth()
    session: requests.Session = client.session
    return session.post(
        "https://api.twitter.com/2/tweets",
        json={"text": text},
        auth=auth,
        timeout=timeout,
        allow_redirects=False,
    )


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true within ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    ("what", "status", "word"),
    [
        ("duplicate", 403, "duplicate content"),
        ("reply-not-allowed", 403, "mentioned or are the author"),
        ("forbidden", 403, "not permitted"),
        ("suspended", 403, "suspended"),
        ("not-found", 404, "resource-not-found"),
        ("credits-depleted", 402, "CreditsDepleted"),
        ("rate-limit", 429, "Too Many Requests"),
        ("daily-limit", 429, "Too Many Requests"),
        ("bad-request", 400, "Invalid Request"),
        ("unauthorised", 401, "Unauthorized"),
    ],
)
def test_every_refusal_of_x_in_its_own_words(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break, what: str, status: int, word: str
) -> None:
    """The checking client holds each of them against the OpenAPI description."""
    break_(what)
    answer = tweet(tweeter())
    assert answer.status_code == status
    assert word in answer.text
    assert sandbox.state()["posts"] == []


def test_a_rate_limit_says_when_it_is_over(tweeter: Tweeter, break_: Break, clock: Any) -> None:
    break_("rate-limit", seconds=30)
    headers = tweet(tweeter()).headers
    assert headers["x-rate-limit-remaining"] == "0"
    assert 30 <= int(headers["x-rate-limit-reset"]) - clock.now().timestamp() <= 31
    break_("daily-limit")
    assert "x-app-limit-24hour-reset" in tweet(tweeter()).headers


def test_a_bad_reset_header_cannot_be_read(tweeter: Tweeter, break_: Break) -> None:
    break_("bad-reset")
    assert tweet(tweeter()).headers["x-rate-limit-reset"] == "soon"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("commit", [True, False])
def test_a_server_error_leaves_open_whether_the_post_is_out(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break, status: int, commit: bool
) -> None:
    break_("server-error", status=status, commit=commit)
    answer = tweet(tweeter())
    assert answer.status_code == status
    assert len(sandbox.state()["posts"]) == commit


@pytest.mark.parametrize(
    ("what", "status", "body", "out"),
    [
        ("html", 502, "<html>", False),
        ("no-error", 500, '{"message"', True),
        ("redirect", 302, "", True),
        ("not-json", 201, "OK", True),
        ("empty", 201, "", True),
    ],
)
def test_answers_in_nobodys_manner(
    tweeter: Tweeter,
    sandbox: Sandbox,
    break_: Break,
    what: str,
    status: int,
    body: str,
    out: bool,
) -> None:
    break_(what)
    answer = tweet(tweeter(wild=True))
    assert (answer.status_code, answer.text.startswith(body)) == (status, True)
    assert len(sandbox.state()["posts"]) == out


def test_a_2xx_without_json_escapes_tweepy_as_a_decoding_error(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break
) -> None:
    break_("not-json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        tweeter(wild=True).create_tweet(text="Bonjour")
    assert len(sandbox.state()["posts"]) == 1


@pytest.mark.parametrize("commit", [True, False])
def test_a_hang_up_is_a_reset(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break, commit: bool
) -> None:
    break_("hang-up", commit=commit)
    with pytest.raises(requests.ConnectionError) as error:
        tweet(tweeter())
    assert "reset by peer" in str(error.value).lower()
    assert len(sandbox.state()["posts"]) == commit


def test_a_cut_answer_breaks_off(tweeter: Tweeter, sandbox: Sandbox, break_: Break) -> None:
    break_("cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        tweet(tweeter())
    assert len(sandbox.state()["posts"]) == 1


def test_a_hanging_request_is_never_carried_out(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break
) -> None:
    break_("hang", times=1)
    client = tweeter()
    with pytest.raises(requests.ReadTimeout):
        tweet(client, timeout=PATIENCE)
    tweet(client, "Encore")
    assert [post["text"] for post in sandbox.state()["posts"]] == ["Encore"]


def test_a_late_request_is_carried_out_after_the_client_gave_up(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break
) -> None:
    break_("late", seconds=0.2)
    with pytest.raises(requests.ReadTimeout):
        tweet(tweeter(), timeout=PATIENCE)
    gave_up = time.monotonic()
    assert sandbox.state()["posts"] == []
    assert eventually(lambda: len(sandbox.state()["posts"]) == 1)
    assert time.monotonic() - gave_up > 0.15


def test_a_late_request_takes_0_9_seconds_by_default() -> None:
    assert Fault(what=What.LATE).delay == 0.9


def test_a_slow_answer_comes_after_the_deed(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break
) -> None:
    break_("slow", seconds=0.2)
    began = time.monotonic()
    assert tweet(tweeter()).status_code == 201
    assert time.monotonic() - began >= 0.2
    with pytest.raises(requests.ReadTimeout):
        tweet(tweeter(), "Encore", timeout=0.1)
    assert len(sandbox.state()["posts"]) == 2


def test_a_lagging_timeline_hides_what_is_new(
    tweeter: Tweeter, pager: Pager, sandbox: Sandbox, break_: Break
) -> None:
    client, page = tweeter(), pager()
    me = client.get_me().data.id
    client.create_tweet(text="Bonjour")
    page.post("me/feed", message="Bonjour à tous")
    break_("lag", seconds=2)
    assert client.get_users_tweets(me, user_auth=True).data is None
    assert page.get("me/published_posts")["data"] == []
    assert eventually(lambda: client.get_users_tweets(me, user_auth=True).data is not None)
    assert eventually(lambda: len(page.get("me/published_posts")["data"]) == 1)
    assert "Bonjour" in sandbox.timeline("twitter")


def test_a_wrong_date_stands_on_every_answer(tweeter: Tweeter, address: str, break_: Break) -> None:
    """Also on one to a request that asks for nothing, and on a refusal; without it, it is right."""

    def ahead(response: requests.Response) -> float:
        return parsedate_to_datetime(response.headers["date"]).timestamp() - time.time()

    assert abs(ahead(tweet(tweeter()))) < 5
    break_("wrong-date", seconds=-7200)
    assert abs(ahead(tweet(tweeter(), "Encore")) + 7200) < 5
    assert abs(ahead(requests.head(address, timeout=10)) + 7200) < 5
    break_("wrong-date")
    assert abs(ahead(requests.get(f"{address}/2/nothing", timeout=10)) - 3600) < 5


def test_an_overloaded_platform_carries_out_one_request_after_the_other(
    tweeter: Tweeter, sandbox: Sandbox, break_: Break
) -> None:
    """Also those for whose answer nobody waits any more."""
    break_("overload", seconds=0.5)
    began = time.monotonic()
    for text in ("Un", "Deux", "Trois"):
        with pytest.raises(requests.ReadTimeout):
            tweet(tweeter(), text, timeout=0.1)
    assert eventually(lambda: len(sandbox.state()["posts"]) == 3)
    assert time.monotonic() - began >= 1.5


def test_an_upload_that_fails_in_processing(
    tweeter: Tweeter, break_: Break, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Although X could show the video."""
    monkeypatch.setattr("publisher.platforms.twitter.stand_in.limits.REAL_PROCESSING_SECONDS", 0.0)
    break_("processing-failed")
    client = tweeter()
    data = chunked(client, moving(tmp_path), "tweet_video", "video/mp4")
    assert data["processing_info"]["state"] == "failed"
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[data["id"]])


def test_rules_choose_their_requests(
    tweeter: Tweeter, pager: Pager, sandbox: Sandbox, break_: Break
) -> None:
    break_("forbidden", channel="twitter", endpoint="createPosts", account="bice-x", nth=(2,))
    client = tweeter()
    assert [tweet(client, text).status_code for text in "abc"] == [201, 403, 201]
    assert tweet(tweeter("peru-x"), "d").status_code == 201
    assert pager().post("me/feed", message="Bonjour")
    (rule,) = sandbox.faults.as_json()
    assert (rule["seen"], rule["applied"]) == (3, 1)


def test_chance_is_repeatable(tweeter: Tweeter, break_: Break) -> None:
    client = tweeter()
    runs = []
    for run in range(2):
        break_("forbidden", probability=0.5, seed=7)
        runs.append([tweet(client, f"{run} {n}").status_code for n in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {201, 403}


def test_the_first_rule_wins_and_changes_add_up(tweeter: Tweeter, sandbox: Sandbox) -> None:
    sandbox.faults.set(
        parse_faults(
            [
                {"what": "slow", "seconds": 0},
                {"what": "forbidden", "times": 1},
                {"what": "credits-depleted"},
            ]
        )
    )
    client = tweeter()
    assert [tweet(client, text).status_code for text in "ab"] == [403, 402]
    assert [rule["applied"] for rule in sandbox.faults.as_json()] == [2, 1, 1]


def test_faults_are_set_seen_and_cleared_over_http(
    session: requests.Session, address: str, tweeter: Tweeter
) -> None:
    rules = [{"what": "credits-depleted", "account": "bice-x"}]
    assert session.post(f"{address}/sandbox/faults", json=rules, timeout=30).ok
    assert tweet(tweeter()).status_code == 402
    (seen,) = session.get(f"{address}/sandbox/faults", timeout=30).json()["faults"]
    assert seen == {**rules[0], "seen": 1, "applied": 1}
    session.post(f"{address}/sandbox/faults", json=[], timeout=30)
    assert tweet(tweeter()).status_code == 201


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"what": "explode"}, "what"),
        ({"what": "slow", "endpoint": "tweets"}, "createPosts"),
        ({"what": "slow", "colour": 1}, "colour"),
        ({"what": "graph-error"}, "needs a code"),
        ({"what": "slow", "probability": 2}, "probability"),
        ({}, "what"),
        (5, "rule"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(
    session: requests.Session, address: str, rule: Any, word: str
) -> None:
    answer = session.post(f"{address}/sandbox/faults", json=[rule], timeout=30)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_the_command_line_takes_json_or_a_file(tmp_path: Path) -> None:
    text = '[{"what": "hang", "nth": [3]}]'
    (tmp_path / "faults.json").write_text(text)
    assert read_faults(text) == read_faults(str(tmp_path / "faults.json"))
    assert read_faults('{"what": "hang"}')[0].what is What.HANG
    for wrong in ("[", '[{"what": "explode"}]', str(tmp_path / "missing.json")):
        with pytest.raises(UsageError, match="These faults cannot be used"):
            read_faults(wrong)


def test_every_fault_is_described() -> None:
    assert [kind for kind in FAULT_KINDS.values() if not kind.about] == []
