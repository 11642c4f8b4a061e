"""The timelines that people look at."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy

from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.server import Sandbox
from tests.sandbox.test_x_media import chunked
from tests.support.html import Structure, addresses
from tests.support.videos import video

Tweeter = Callable[..., tweepy.Client]
Pager = Callable[..., Any]
Picture = Callable[..., bytes]


def show(page: Any, content: bytes, alt: str) -> str:
    photo = page.photo(content, published="false", alt_text_custom=alt)["id"]
    attached = f'[{{"media_fbid": "{photo}"}}]'
    return str(page.post("me/feed", message="Voici", attached_media=attached)["id"])


def pictures_of(html: str) -> list[dict[str, str | None]]:
    """The pictures of posts, without those of profiles."""
    return [one for one in Structure(html).all("img") if one.get("class") != "avatar"]


@pytest.mark.parametrize(
    "path", ["", "x", "x/bice_x", "facebook", "facebook/bice_page", "facebook/1002"]
)
def test_every_page_is_there_and_loads_nothing_from_elsewhere(
    session: requests.Session, address: str, path: str
) -> None:
    answer = session.get(f"{address}/{path}", timeout=30)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(one.startswith("/sandbox/avatars/") for one in addresses(answer.text))
    structure = Structure(answer.text)
    assert structure.all("html")[0]["lang"] == "en"
    assert len(structure.all("main")) == len(structure.all("h1")) == 1


@pytest.mark.parametrize("path", ["x/nobody", "facebook/nobody", "x/bice_page", "media/0"])
def test_an_unknown_account_or_picture_is_not_found(
    session: requests.Session, address: str, path: str
) -> None:
    assert session.get(f"{address}/{path}", timeout=30).status_code == 404


def test_what_is_said_is_shown_and_cannot_run(tweeter: Tweeter, sandbox: Sandbox) -> None:
    tweeter().create_tweet(text="<script>alert(1)</script> & #HRC31 https://www.example.org/a?b=1")
    html = sandbox.timeline("twitter", "bice_x")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in html
    assert '<span class="tag">#HRC31</span>' in html
    structure = Structure(html)
    assert {"href": "https://www.example.org/a?b=1", "class": "card"}.items() <= next(
        a for a in structure.all("a") if a.get("class") == "card"
    ).items()
    (text,) = [d for d in structure.all("div") if d.get("class") == "text"]
    assert text["lang"] == "fr"


def test_times_are_in_the_sessions_zone(tweeter: Tweeter, sandbox: Sandbox) -> None:
    tweeter().create_tweet(text="Bonjour")
    assert "7 Mar 2016, 13:00</time>" in sandbox.timeline("twitter")


def test_a_thread_stays_together_in_its_order(tweeter: Tweeter, sandbox: Sandbox) -> None:
    client = tweeter()
    first = client.create_tweet(text="Premier").data["id"]
    client.create_tweet(text="Entre deux")
    client.create_tweet(text="Second", in_reply_to_tweet_id=first)
    html = sandbox.timeline("twitter")
    assert html.index("Premier") < html.index("Second") < html.index("Entre deux")
    assert 'aria-label="Thread of 2 posts"' in html
    assert html.count("post continues") == 1


def test_each_timeline_shows_its_own_account(tweeter: Tweeter, sandbox: Sandbox) -> None:
    tweeter("bice-x").create_tweet(text="Bonjour")
    tweeter("peru-x").create_tweet(text="Hola")
    assert "Hola" not in sandbox.timeline("twitter", "bice_x")
    assert "Hola" in sandbox.timeline("twitter")


def test_pictures_carry_their_description(
    pager: Pager, sandbox: Sandbox, picture: Picture, session: requests.Session, address: str
) -> None:
    show(pager(), picture(), 'Un carton "bleu"')
    html = sandbox.timeline("facebook", "bice_page")
    (image,) = pictures_of(html)
    assert image["alt"] == 'Un carton "bleu"'
    assert ">ALT</summary>" in html
    assert session.get(f"{address}{image['src']}", timeout=30).content == picture()


def test_a_video_can_be_played_on_the_timeline(
    tweeter: Tweeter,
    sandbox: Sandbox,
    session: requests.Session,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a page that is to be one file, a box takes its place."""
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    content, client = video(tmp_path / "a.mp4").read_bytes(), tweeter()
    done = chunked(client, content, "tweet_video", "video/mp4", size=100_000)
    client.create_tweet(text="Voici", media_ids=[done["id"]])
    answer = session.get(f"{address}/x", timeout=30)
    (shown,) = Structure(answer.text).all("video")
    assert "controls" in shown
    assert "media-src 'self'" in answer.headers["content-security-policy"]
    served = session.get(f"{address}{shown['src']}", timeout=30)
    assert (served.content, served.headers["content-type"]) == (content, "video/mp4")
    html = sandbox.timeline("twitter", self_contained=True)
    assert Structure(html).all("video") == []
    assert 'class="video"' in html


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_one_to_four_pictures_have_their_grid(
    tweeter: Tweeter, sandbox: Sandbox, count: int
) -> None:
    upload = {"media": "", "media_category": "tweet_image"}
    client, ids = tweeter(), []
    for number in range(count):
        gif = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
        upload["media"] = gif
        data = client.request("POST", "/2/media/upload", json=upload, user_auth=True).json()
        ids.append(data["data"]["id"])
        assert number < 4
    client.create_tweet(text="Voici", media_ids=ids)
    html = sandbox.timeline("twitter")
    assert f'class="grid of-{count}"' in html
    assert len(pictures_of(html)) == count


def test_a_self_contained_page_needs_no_server(
    tweeter: Tweeter,
    pager: Pager,
    sandbox: Sandbox,
    picture: Picture,
    session: requests.Session,
    address: str,
) -> None:
    tweeter().create_tweet(text="Bonjour")
    show(pager(), picture(), "Un carton")
    html = sandbox.timeline("facebook", self_contained=True)
    assert all(source.startswith("data:image/png;base64,") for source in addresses(html))
    served = session.get(f"{address}/facebook?self_contained=1", timeout=30).text
    assert served == html
    for page in (html, sandbox.timeline("twitter", self_contained=True)):
        local = [a["href"] or "" for a in Structure(page).all("a")]
        assert [href for href in local if href.startswith("/")] == []


def test_a_long_text_is_folded(pager: Pager, sandbox: Sandbox) -> None:
    pager().post("me/feed", message="mot " * 300)
    html = sandbox.timeline("facebook")
    assert "See more" in html
    beginning = re.search(r'<span class="text" dir="auto">(.*?)… </span>', html, re.DOTALL)
    assert beginning
    assert len(beginning[1]) <= 480


def test_a_withdrawn_post_is_gone(tweeter: Tweeter, sandbox: Sandbox) -> None:
    client = tweeter()
    client.delete_tweet(client.create_tweet(text="Adieu").data["id"])
    assert "Adieu" not in sandbox.timeline("twitter")


def test_the_overview_names_the_violations(
    tweeter: Tweeter, session: requests.Session, address: str
) -> None:
    for name in ("bice-x", "peru-x"):
        tweeter(name).create_tweet(text="Partout")
    html = session.get(address, timeout=30).text
    assert "same-text-on-two-accounts" in html
    assert "publisher --sandbox run" in html
    assert "PUBLISHER_" not in html, "no variable is needed"
    assert "EAA" not in html
