"""Reading Facebook Pages, tokens, versions and limits, through real facebook-sdk."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import facebook
import pytest
import requests

from publisher.platforms.facebook.stand_in import graph
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.comments import plant
from publisher.sandbox.limits import DAY, Allowance
from publisher.sandbox.server import Sandbox

Pager = Callable[..., Any]
Picture = Callable[..., bytes]


def refused(error: Any) -> tuple[int, int | None]:
    """Code and subcode of a refusal, whose body must be whole."""
    body = error.value.result["error"]
    assert body["message"]
    assert body["type"] in ("OAuthException", "GraphMethodException")
    assert body["fbtrace_id"].startswith("A")
    return body["code"], body.get("error_subcode")


def test_pages_of_posts_follow_one_another(pager: Pager, clock: Any) -> None:
    page = pager()
    ids = []
    for number in range(5):
        clock.instant += timedelta(minutes=1)
        ids.append(page.post("me/feed", message=f"Message {number}")["id"])
    seen = [post["id"] for post in page.all_posts(limit=2)]
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    "query",
    [{"limit": 101}, {"limit": 0}, {"limit": "x"}, {"fields": "id,nonsense"}],
)
def test_wrong_reading_is_refused(pager: Pager, query: dict[str, Any]) -> None:
    page = pager()
    page.post("me/feed", message="a")
    with pytest.raises(facebook.GraphAPIError) as error:
        page.get("me/feed", **query)
    assert refused(error)[0] == 100


def test_fields_within_fields_are_shown_as_they_are_asked_for(
    pager: Pager, picture: Picture
) -> None:
    page = pager()
    photos = [page.photo(picture(colour=c), published="false")["id"] for c in ("teal", "navy")]
    for attached in (photos[:1], photos[1:]):
        media = json.dumps([{"media_fbid": photo} for photo in attached])
        page.post("me/feed", message="a", attached_media=media, published="false")
    page.post("me/feed", message="Un lien", link="https://example.org/a")
    asked = "from{name},attachments.limit(3){type,target{id},subattachments{target{id}}}"
    shown = page.get("me/feed", fields=asked)["data"]
    assert [post["from"] for post in shown] == [{"name": "BICE"}] * 3
    assert [post["attachments"]["data"] for post in shown] == [
        [{"type": "share", "target": {}}],
        [{"type": "photo", "target": {"id": photos[1]}}],
        [{"type": "photo", "target": {"id": photos[0]}}],
    ]
    more = json.dumps(
        [{"media_fbid": page.photo(picture(size=(9, n)), published="false")["id"]} for n in (9, 8)]
    )
    album = page.post("me/feed", message="Album", attached_media=more)["id"]
    (attachment,) = page.get(album, fields=asked)["attachments"]["data"]
    assert attachment["type"] == "album"
    assert [photo["target"]["id"] for photo in attachment["subattachments"]["data"]] == [
        item["media_fbid"] for item in json.loads(more)
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("from{nonsense}", 100),
        ("message{id}", 100),
        ("attachments{target{nonsense}}", 100),
        ("from{name", 2500),
        ("from}", 2500),
        ("from{}", 2500),
        ("id,", 2500),
        ("a b", 2500),
    ],
)
def test_fields_that_are_none_are_refused(asked: str, code: int, pager: Pager) -> None:
    page = pager()
    page.post("me/feed", message="a", link="https://example.org/a")
    with pytest.raises(facebook.GraphAPIError) as error:
        page.get("me/feed", fields=asked)
    assert refused(error)[0] == code


def test_another_page_is_out_of_reach(pager: Pager, sandbox: Sandbox) -> None:
    post_id = pager("peru-page").post("me/feed", message="Hola")["id"]
    page = pager()
    attempts: list[Callable[[], Any]] = [
        lambda: page.post("1003/feed", message="a"),
        lambda: page.get("1003/feed"),
        lambda: page.get(post_id),
        lambda: page.delete(post_id),
        lambda: page.post(post_id, message="a"),
    ]
    for attempt in attempts:
        with pytest.raises(facebook.GraphAPIError) as error:
            attempt()
        assert refused(error) == (100, 33)
    assert sandbox.state()["posts"][0]["text"] == "Hola"


def test_a_page_tells_its_name(pager: Pager) -> None:
    assert pager().get("1002", fields="name,username") == {
        "name": "BICE",
        "username": "bice_page",
        "id": "1002",
    }


def test_an_unknown_token_is_refused(pager: Pager) -> None:
    page = pager()
    page.graph.access_token = "EAAwrong"
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post("me/feed", message="a")
    assert refused(error)[0] == 190


@pytest.mark.parametrize(
    ("proof", "message"),
    [({}, "require an appsecret_proof"), ({"appsecret_proof": "0"}, "Invalid")],
)
def test_the_proof_is_demanded_and_checked(
    pager: Pager, proof: dict[str, str], message: str
) -> None:
    page = pager()
    page.proof = proof
    with pytest.raises(facebook.GraphAPIError, match=message) as error:
        page.post("me/feed", message="a")
    assert refused(error)[0] == 100


def test_without_an_app_secret_no_proof_is_needed(
    server: Any, accounts: dict[str, SandboxAccount], clock: Any, session: requests.Session
) -> None:
    keys = {"page_token": accounts["bice-page"].credentials["page_token"]}
    account = accounts["bice-page"].model_copy(update={"credentials": keys})
    served, url = server
    served["app"] = Sandbox([account], clock).app
    form = {"message": "a", "access_token": keys["page_token"]}
    assert session.post(f"{url}/1002/feed", data=form, timeout=30).status_code == 200


def test_a_request_without_a_token_is_refused(session: requests.Session, address: str) -> None:
    answer = session.post(f"{address}/v25.0/1002/feed", data={"message": "a"}, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


def test_the_token_may_stand_in_the_header(
    session: requests.Session, address: str, pager: Pager
) -> None:
    page = pager()
    headers = {"Authorization": f"Bearer {page.graph.access_token}"}
    answer = session.get(f"{address}/v25.0/me", params=page.proof, headers=headers, timeout=30)
    assert answer.json()["id"] == "1002"


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("me", "v21.0"),
        ("v3.1/me", "v21.0"),
        ("v20.0/me", "v21.0"),
        ("v22.0/me", "v22.0"),
        ("v26.0/me", "v26.0"),
        ("v27.0/me", None),
        ("v99.0/me", None),
    ],
)
def test_old_versions_are_served_by_the_oldest_and_unborn_ones_by_none(
    session: requests.Session, address: str, pager: Pager, path: str, served: str | None
) -> None:
    page = pager()
    query = {"access_token": page.graph.access_token, **page.proof}
    answer = session.get(f"{address}/{path}", params=query, timeout=30)
    assert answer.headers.get("facebook-api-version") == served
    assert answer.ok is (served is not None)


def test_debug_token_tells_what_a_token_is_worth(pager: Pager) -> None:
    page = pager()
    data = page.get("debug_token", input_token=page.graph.access_token)["data"]
    assert (data["is_valid"], data["expires_at"], data["profile_id"]) == (True, 0, "1002")
    assert "pages_manage_posts" in data["scopes"]
    assert page.get("debug_token", input_token="EAAx")["data"]["is_valid"] is False


def test_usage_headers_grow(session: requests.Session, address: str, pager: Pager) -> None:
    page = pager()
    query = {"access_token": page.graph.access_token, **page.proof}
    headers = session.get(f"{address}/me", params=query, timeout=30).headers
    assert set(json.loads(headers["x-app-usage"])) == {"call_count", "total_time", "total_cputime"}
    (use,) = json.loads(headers["x-business-use-case-usage"])["1002"]
    assert (use["type"], use["estimated_time_to_regain_access"]) == ("pages", 0)


def test_too_many_calls_are_throttled(
    pager: Pager, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(graph, "CALLS", Allowance(2, DAY, "page"))
    page = pager()
    page.get("me")
    page.get("me")
    with pytest.raises(facebook.GraphAPIError) as error:
        page.get("me")
    assert refused(error)[0] == 80001
    assert error.value.result["error"]["is_transient"] is True
    clock.instant += timedelta(days=1)
    assert page.get("me")


def test_an_unknown_path_is_refused(session: requests.Session, address: str) -> None:
    answer = session.get(f"{address}/v25.0/1/2/3", timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


def test_replies_to_comments_are_listed_where_the_filter_says_stream(
    pager: Pager, sandbox: Sandbox
) -> None:
    page = pager()
    post = page.post("me/feed", message="a")["id"]
    (asks,) = plant(sandbox.store, "bice-page", "Where?", under=post)
    (repeats,) = plant(sandbox.store, "bice-page", "Where?", parent=asks.id)
    own = page.post(f"{asks.id}/comments", message="In Geneva.")["id"]

    def listed(place: str, **query: str) -> set[str]:
        return {comment["id"] for comment in page.get(f"{place}/comments", **query)["data"]}

    assert listed(post) == listed(post, filter="toplevel") == {asks.id}
    assert listed(post, filter="stream") == {asks.id, repeats.id, own}
    assert listed(asks.id) == {repeats.id, own}
    with pytest.raises(facebook.GraphAPIError) as error:
        listed(post, filter="all")
    assert refused(error)[0] == 100
