"""Faults in Facebook's manner."""

import json
from collections.abc import Callable
from typing import Any

import facebook
import pytest
import requests

from publisher.sandbox.server import Sandbox

Pager = Callable[..., Any]


Break = Callable[..., None]


@pytest.mark.parametrize(
    "code", [1, 2, 4, 10, 17, 32, 100, 102, 190, 200, 283, 341, 368, 506, 613, 80001, 1609005]
)
def test_every_error_of_facebook(pager: Pager, sandbox: Sandbox, break_: Break, code: int) -> None:
    break_("graph-error", code=code)
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().post("me/feed", message="Bonjour")
    body = error.value.result["error"]
    assert body["code"] == code
    assert body["is_transient"] is (code in {1, 2, 4, 17, 32, 341, 613, 80001})
    assert sandbox.state()["posts"] == []


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_a_dead_token_says_why_and_debug_token_knows(
    pager: Pager, break_: Break, subcode: int
) -> None:
    break_("token-dead", subcode=subcode, account="bice-page")
    page = pager()
    with pytest.raises(facebook.GraphAPIError) as error:
        page.get("me")
    assert error.value.result["error"]["code"] == 190
    assert error.value.result["error"]["error_subcode"] == subcode
    data = page.get("debug_token", input_token=page.graph.access_token)["data"]
    assert (data["is_valid"], data["error"]["subcode"]) == (False, subcode)
    assert pager("peru-page").get("me")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("duplicate", 506),
        ("forbidden", 200),
        ("suspended", 368),
        ("rate-limit", 4),
        ("bad-request", 100),
        ("unauthorised", 102),
    ],
)
def test_shared_names_mean_facebooks_own_errors(
    pager: Pager, break_: Break, what: str, code: int
) -> None:
    break_(what)
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().post("me/feed", message="Bonjour")
    assert error.value.code == code


def test_facebooks_usage_near_its_end(
    pager: Pager, session: requests.Session, address: str, break_: Break
) -> None:
    break_("usage", percent=98)
    page = pager()
    query = {"access_token": page.graph.access_token, **page.proof}
    answer = session.get(f"{address}/me", params=query, timeout=30)
    assert answer.ok
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 98
    break_("rate-limit", seconds=300)
    answer = session.get(f"{address}/me", params=query, timeout=30)
    (use,) = json.loads(answer.headers["x-business-use-case-usage"])["1002"]
    assert (answer.status_code, use["estimated_time_to_regain_access"]) == (400, 5)


def test_facebook_commits_and_then_fails(pager: Pager, sandbox: Sandbox, break_: Break) -> None:
    break_("server-error", commit=True, endpoint="updatePost")
    page = pager(wild=True)
    post_id = page.post("me/feed", message="Bonjour", published="false")["id"]
    with pytest.raises(facebook.GraphAPIError):
        page.post(post_id, is_published="true")
    assert sandbox.state()["posts"][0]["published"] is True


def test_who_follows_a_redirect_is_told_success_and_noted(
    pager: Pager, sandbox: Sandbox, break_: Break
) -> None:
    """The trap of facebook-sdk: the POST becomes a GET, and that says yes."""
    break_("redirect", commit=False)
    assert pager(wild=True).post("me/feed", message="Bonjour") == {"success": True}
    assert sandbox.state()["posts"] == []
    assert sandbox.state()["violations"][0]["kind"] == "redirect-followed"


@pytest.mark.parametrize("shows", ["text", "link", "photo", "video"])
def test_a_post_that_was_to_stay_unpublished_is_public_at_once(
    pager: Pager, sandbox: Sandbox, break_: Break, picture: Callable[..., bytes], shows: str
) -> None:
    break_("auto-publish", shows=shows)
    page = pager()
    photo = page.photo(picture(), published="false")["id"]
    wishes = {
        "text": {"message": "Bonjour"},
        "link": {"message": "Bonsoir", "link": "https://www.example.org/a"},
        "photo": {"attached_media": json.dumps([{"media_fbid": photo}])},
    }
    for wish in wishes.values():
        page.post("me/feed", published="false", **wish)
    page.video(b"GIF8", published="false")
    names = (*wishes, "video")
    public = dict(zip(names, (p["published"] for p in sandbox.state()["posts"]), strict=True))
    assert public == {name: name == shows for name in names}


def test_success_may_mean_nothing(pager: Pager, sandbox: Sandbox, break_: Break) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour", published="false")["id"]
    break_("ignored")
    assert page.post(post, is_published="true") == {"success": True}
    assert page.delete(post) == {"success": True}
    (found,) = sandbox.state()["posts"]
    assert (found["published"], found["deleted"]) == (False, False)


def test_what_is_public_already_may_be_refused_to_be_made_so(pager: Pager, break_: Break) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour", published="false")["id"]
    break_("already-published")
    page.post(post, is_published="true")
    with pytest.raises(facebook.GraphAPIError, match="already been published"):
        page.post(post, is_published="true")


def test_an_answer_to_a_post_has_the_fields_that_it_was_asked_for(
    pager: Pager, break_: Break
) -> None:
    page, fields = pager(), "id,is_published,permalink_url"
    made = page.post("me/feed", message="Bonjour", published="false", fields=fields)
    number = made["id"].partition("_")[2]
    assert made["is_published"] is False
    assert made["permalink_url"].endswith(f"/posts/{number}")
    changed = page.post(made["id"], is_published="true", fields=fields)
    assert (changed["success"], changed["is_published"]) == (True, True)
    break_("no-fields")
    assert set(page.post("me/feed", message="Bonsoir", fields=fields)) == {"id"}
