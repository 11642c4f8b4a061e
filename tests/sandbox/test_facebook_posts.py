"""Posts and photos of Facebook Pages, through real facebook-sdk over real HTTP."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import facebook
import pytest

from publisher.platforms.facebook.stand_in import graph
from publisher.platforms.facebook.stand_in.posts import MESSAGE
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.server import Sandbox
from publisher.sandbox.store import StoredPost

Pager = Callable[..., Any]
Picture = Callable[..., bytes]


def refused(error: Any) -> tuple[int, int | None]:
    """Code and subcode of a refusal, whose body must be whole."""
    body = error.value.result["error"]
    assert body["message"]
    assert body["type"] in ("OAuthException", "GraphMethodException")
    assert body["fbtrace_id"].startswith("A")
    return body["code"], body.get("error_subcode")


def attach(*ids: str) -> str:
    return json.dumps([{"media_fbid": photo} for photo in ids])


def test_a_post_is_public_at_once(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    post_id = page.post("1002/feed", message="Bonjour", link="https://www.example.org/a")["id"]
    assert re.fullmatch(r"1002_\d+", post_id)
    post = sandbox.state()["posts"][0]
    assert (post["text"], post["link"]) == ("Bonjour", "https://www.example.org/a")
    assert (post["published"], post["published_at"]) == (True, "2016-03-07T12:00:00.000Z")
    assert [item["id"] for item in page.get("me/published_posts")["data"]] == [post_id]


def test_an_unpublished_post_is_seen_by_its_page_alone_until_it_is_published(
    pager: Pager, sandbox: Sandbox, clock: Any
) -> None:
    page = pager()
    post_id = page.post("me/feed", message="Bientôt", published="false")["id"]
    assert page.get("me/published_posts")["data"] == []
    (listed,) = page.get("me/feed", fields="is_published,created_time")["data"]
    assert listed == {
        "id": post_id,
        "is_published": False,
        "created_time": "2016-03-07T12:00:00+0000",
    }
    assert "Bientôt" not in sandbox.timeline("facebook")
    assert sandbox.state()["posts"][0]["published"] is False
    assert page.get(post_id, fields="is_published") == {"is_published": False, "id": post_id}
    clock.instant += timedelta(hours=1)
    assert page.post(post_id, is_published="true") == {"success": True}
    post = sandbox.state()["posts"][0]
    assert (post["created_at"], post["published_at"]) == (
        "2016-03-07T12:00:00.000Z",
        "2016-03-07T13:00:00.000Z",
    )
    shown = page.get("me/published_posts", fields="message,created_time,is_published")["data"]
    assert shown == [
        {
            "id": post_id,
            "message": "Bientôt",
            "created_time": "2016-03-07T13:00:00+0000",
            "is_published": True,
        }
    ]
    assert "Bientôt" in sandbox.timeline("facebook")


def test_publishing_twice_does_no_harm(pager: Pager, sandbox: Sandbox, clock: Any) -> None:
    page = pager()
    post_id = page.post("me/feed", message="Une fois", published="false")["id"]
    page.post(post_id, is_published="true")
    clock.instant += timedelta(hours=1)
    assert page.post(post_id, is_published="true") == {"success": True}
    (post,) = sandbox.state()["posts"]
    assert post["published_at"] == "2016-03-07T12:00:00.000Z"
    assert sandbox.state()["violations"] == []


def test_a_message_can_be_changed(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    post_id = page.post("me/feed", message="Avant", published="false")["id"]
    page.post(post_id, message="Après", is_published="true")
    assert sandbox.state()["posts"][0]["text"] == "Après"


def test_a_published_post_cannot_be_hidden_again(pager: Pager) -> None:
    page = pager()
    post_id = page.post("me/feed", message="Public")["id"]
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post(post_id, is_published="false")
    assert refused(error)[0] == 100


def test_a_deletion_works_once(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    post_id = page.post("me/feed", message="Adieu")["id"]
    assert page.delete(post_id) == {"success": True}
    assert sandbox.state()["posts"][0]["deleted"] is True
    for again in (page.delete, page.get, lambda path: page.post(path, is_published="true")):
        with pytest.raises(facebook.GraphAPIError) as error:
            again(post_id)
        assert refused(error) == (100, 33)


def test_an_app_changes_only_what_it_made(
    pager: Pager, sandbox: Sandbox, accounts: dict[str, SandboxAccount], clock: Any
) -> None:
    """What a person wrote on Facebook is listed without an application, and is out of reach."""
    page = pager()
    own = page.post("me/feed", message="D’ici", published="false")["id"]
    by_hand = StoredPost("facebook", "bice-page", "1002_7", "À la main", clock.now(), clock.now())
    by_hand.published = False
    sandbox.store.add(by_hand)
    listed = page.get("me/feed", fields="application{id}")["data"]
    app = graph.app_id(accounts["bice-page"])
    assert {post["id"]: post.get("application") for post in listed} == {
        own: {"id": app},
        "1002_7": None,
    }
    assert page.get("debug_token", input_token=page.graph.access_token)["data"]["app_id"] == app
    for attempt in (page.delete, lambda path: page.post(path, is_published="true")):
        with pytest.raises(facebook.GraphAPIError) as error:
            attempt("1002_7")
        assert refused(error)[0] == 10
    assert not by_hand.deleted
    assert not by_hand.published


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 100),
        ({"message": "   "}, 100),
        ({"message": "a" * (MESSAGE + 1)}, 100),
        ({"message": "a", "published": "False"}, 100),
        ({"message": "a", "published": "maybe"}, 100),
        ({"message": "a", "attached_media": "nonsense"}, 100),
        ({"message": "a", "attached_media": '{"media_fbid": "1"}'}, 100),
        ({"message": "a", "attached_media": [{"media_fbid": "1"}]}, 100),
        ({"message": "a", "attached_media": attach("12345")}, 100),
        ({"message": "a", "attached_media": ""}, 100),
        ({"message": "a", "attached_media[0]": '{"media_fbid": "1"}'}, 100),
        ({"message": "a", "scheduled_publish_time": "1457335800"}, 100),
        ({"message": "a", "link": "ftp://example.org"}, 1609005),
        ({"message": "a", "link": "example"}, 1609005),
    ],
)
def test_a_wrong_post_is_refused(
    pager: Pager, sandbox: Sandbox, fields: dict[str, Any], code: int
) -> None:
    """Python's `False` and an undumped list are the SDK's traps: the platform knows neither."""
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().post("me/feed", **fields)
    assert refused(error)[0] == code
    assert sandbox.state()["posts"] == []


def test_the_longest_message_is_taken(pager: Pager) -> None:
    assert pager().post("me/feed", message="é" * MESSAGE)["id"]


def test_photos_are_attached_with_their_descriptions(
    pager: Pager, sandbox: Sandbox, picture: Picture
) -> None:
    page = pager()
    ids = [
        page.photo(picture("PNG", (64, 48 + n)), published="false", alt_text_custom=f"Carton {n}")[
            "id"
        ]
        for n in range(3)
    ]
    post_id = page.post("me/feed", message="Trois", attached_media=attach(*ids))["id"]
    media = sandbox.state()["posts"][0]["media"]
    assert [item["alt"] for item in media] == ["Carton 0", "Carton 1", "Carton 2"]
    assert media[2]["height"] == 50
    photo = page.get(ids[0], fields="alt_text,width,height,page_story_id")
    assert (photo["alt_text"], photo["page_story_id"]) == ("Carton 0", post_id)
    (album,) = page.get(post_id, fields="attachments")["attachments"]["data"]
    assert len(album["subattachments"]["data"]) == 3


def test_a_photo_is_attached_once(pager: Pager, picture: Picture) -> None:
    page = pager()
    photo = page.photo(picture(), published="false")["id"]
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post("me/feed", message="Deux fois", attached_media=attach(photo, photo))
    assert refused(error)[0] == 100
    assert page.post("me/feed", message="Une fois", attached_media=attach(photo))["id"]
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post("me/feed", message="Encore", attached_media=attach(photo))
    assert refused(error)[0] == 100


def test_a_photo_of_another_page_cannot_be_attached(pager: Pager, picture: Picture) -> None:
    photo = pager("peru-page").photo(picture(), published="false")["id"]
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().post("me/feed", message="a", attached_media=attach(photo))
    assert refused(error)[0] == 100


def test_a_published_photo_is_a_post(pager: Pager, sandbox: Sandbox, picture: Picture) -> None:
    answer = pager().photo(picture(), caption="Voici")
    (post,) = sandbox.state()["posts"]
    assert (post["id"], post["text"], len(post["media"])) == (answer["post_id"], "Voici", 1)


@pytest.mark.parametrize("content", [b"no picture", b""], ids=["text", "empty"])
def test_what_is_no_photo_is_refused(pager: Pager, content: bytes) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().photo(content, published="false")
    assert refused(error)[0] in (324, 100)


def test_a_photo_by_url_is_refused_with_the_reason(pager: Pager) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().post("me/photos", url="https://example.org/a.png")
    assert "source" in str(error.value)


def test_metadata_that_was_left_in_is_noted(
    pager: Pager, sandbox: Sandbox, picture: Picture
) -> None:
    pager().photo(picture("JPEG", xmp=b"<x:xmpmeta/>"), published="false")
    assert sandbox.state()["violations"][0]["kind"] == "metadata-in-picture"


def test_the_same_message_again_is_a_duplicate(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    page.post("me/feed", message="Une fois")
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post("me/feed", message="Une  fois ")
    assert refused(error)[0] == 506
    assert sandbox.state()["violations"][0]["kind"] == "duplicate-refused"


def test_two_drafts_with_one_text_are_seen_when_both_come_out(
    pager: Pager, sandbox: Sandbox
) -> None:
    """A client that died in between makes its draft anew; only a second publication is wrong."""
    page = pager()
    first, second = (
        page.post("me/feed", message="Une fois", published="false")["id"] for _ in range(2)
    )
    page.post(first, is_published="true")
    assert sandbox.state()["violations"] == []
    page.post(second, is_published="true")
    assert [note["kind"] for note in sandbox.state()["violations"]] == ["same-text-twice"]


def test_the_same_message_on_two_pages_is_a_violation(pager: Pager, sandbox: Sandbox) -> None:
    for name in ("bice-page", "peru-page"):
        pager(name).post("me/feed", message="Partout")
    assert sandbox.state()["violations"][0]["kind"] == "same-text-on-two-accounts"


def test_photos_stay_when_their_post_is_deleted_and_can_be_deleted_themselves(
    pager: Pager, sandbox: Sandbox, picture: Picture
) -> None:
    page = pager()
    photo = page.photo(picture(), published="false")["id"]
    post = page.post("me/feed", attached_media=attach(photo))["id"]
    page.delete(post)
    assert [photo["id"] for photo in sandbox.state()["uploads"]] == [photo]
    page.delete(photo)
    assert sandbox.state()["uploads"] == []
    with pytest.raises(facebook.GraphAPIError) as error:
        page.delete(photo)
    assert refused(error) == (100, 33)


def test_a_post_does_not_show_a_photo_that_was_deleted(
    pager: Pager, sandbox: Sandbox, picture: Picture
) -> None:
    page = pager()
    photo = page.photo(picture(), published="false")["id"]
    page.post("me/feed", message="Bonjour", attached_media=attach(photo))
    page.delete(photo)
    assert sandbox.state()["posts"][0]["media"] == []


def test_a_photo_of_4_mb_is_refused(pager: Pager) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        pager().photo(bytes(4_000_000), published="false")
    assert refused(error) == (100, 1366046)
