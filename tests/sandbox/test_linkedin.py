"""The simulated LinkedIn is as strict as the real one: headers, URNs, texts, uploads, owners."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from publisher.platforms.linkedin.stand_in import media
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.support.clock import ManualClock

ORGANIZATION = "urn:li:organization:2414183"
POST = {
    "author": ORGANIZATION,
    "commentary": "Bonjour",
    "visibility": "PUBLIC",
    "distribution": {
        "feedDistribution": "MAIN_FEED",
        "targetEntities": [],
        "thirdPartyDistributionChannels": [],
    },
    "lifecycleState": "PUBLISHED",
}


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def sandbox(clock: ManualClock) -> Iterator[tuple[Sandbox, str]]:
    settings = Settings.model_validate(
        {
            "workspace": "/nowhere",
            "accounts": {
                "bice": {"channel": "linkedin", "organization_id": "2414183"},
                "apg": {"channel": "linkedin", "organization_id": "99"},
            },
        }
    )
    server = Sandbox(accounts_for(settings), clock)
    with running(server) as address:
        yield server, address


Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(sandbox: tuple[Sandbox, str], clock: ManualClock) -> Ask:
    """Makes a request as LinkedIn wants it; a header with the value None is left out."""
    server, address = sandbox
    clock.advance(3600)  # what was said before is no duplicate any more
    requests.post(f"{address}/sandbox/reset", timeout=30)

    def make(method: str, path: str, *, account: str = "bice", **more: Any) -> requests.Response:
        token = next(one for one in server.accounts if one.name == account).credentials
        headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "LinkedIn-Version": "202609",
            "X-Restli-Protocol-Version": "2.0.0",
            **more.pop("headers", {}),
        }
        return requests.request(method, f"{address}{path}", headers=headers, timeout=30, **more)

    return make


def published(ask: Ask, **more: Any) -> requests.Response:
    return ask("POST", "/rest/posts", json={**POST, **more})


def listed(ask: Ask, **more: str) -> list[dict[str, Any]]:
    query = {"q": "author", "author": ORGANIZATION, **more}
    answer = ask("GET", "/rest/posts", params=query, headers={"X-RestLi-Method": "FINDER"})
    elements: list[dict[str, Any]] = answer.json()["elements"]
    return elements


def uploaded(ask: Ask, sandbox: tuple[Sandbox, str], content: bytes) -> str:
    """The URN of a picture whose bytes have come."""
    begun = ask(
        "POST",
        "/rest/images?action=initializeUpload",
        json={"initializeUploadRequest": {"owner": ORGANIZATION}},
    ).json()["value"]
    path = begun["uploadUrl"].removeprefix("https://www.linkedin.com")
    assert ask("PUT", path, data=content).status_code == 201
    urn: str = begun["image"]
    return urn


def photo() -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(memory, "PNG")
    return memory.getvalue()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"LinkedIn-Version": None}, 400, "VERSION_MISSING"),
        ({"LinkedIn-Version": "202409"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn-Version": "2026-09"}, 426, "NONEXISTENT_VERSION"),
        ({"X-Restli-Protocol-Version": None}, 400, "INVALID_VALUE_FOR_FIELD"),
        ({"Authorization": None}, 401, "EMPTY_ACCESS_TOKEN"),
        ({"Authorization": "Bearer wrong"}, 401, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_a_request_without_its_headers_is_refused(
    headers: dict[str, str | None], status: int, code: str, ask: Ask
) -> None:
    answer = ask("POST", "/rest/posts", json=POST, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_post_has_its_urn_in_a_header_and_no_body(ask: Ask) -> None:
    answer = published(ask)
    assert (answer.status_code, answer.content) == (201, b"")
    urn = answer.headers["x-restli-id"]
    assert urn.startswith("urn:li:share:")
    assert ask("GET", f"/rest/posts/{quote(urn, safe='')}").json()["id"] == urn
    assert ask("GET", f"/rest/posts/{urn}").status_code == 400, "not encoded"


@pytest.mark.parametrize(
    "more",
    [
        {"lifecycleState": "DRAFT"},
        {"visibility": "CONNECTIONS"},
        {"commentary": "a" * 3001},
        {"commentary": " "},
        {"poll": {}},
        {"content": {"article": {"source": "https://example.org/a"}}},
        {"content": {"media": {"id": "urn:li:image:1"}}},
        {"content": {"multiImage": {"images": [{"id": "urn:li:image:1"}]}}},
    ],
)
def test_what_linkedin_does_not_take_is_refused(more: dict[str, Any], ask: Ask) -> None:
    answer = published(ask, **more)
    assert answer.status_code == 400
    assert listed(ask) == []


@pytest.mark.parametrize("sign", "|{}@[]()<>*_~\\")
def test_an_unescaped_sign_ends_the_text_without_an_error(
    sign: str, ask: Ask, sandbox: tuple[Sandbox, str]
) -> None:
    assert published(ask, commentary=f"Avant {sign} après").status_code == 201
    assert listed(ask)[0]["commentary"] == "Avant "
    assert [note["kind"] for note in sandbox[0].state()["violations"]] == ["text-cut"]


def test_texts_come_back_escaped_and_with_hashtags_as_templates(ask: Ask) -> None:
    published(ask, commentary="Voir \\(ici\\) #HRC31 et @[Dev](urn:li:organization:1)")
    assert listed(ask)[0]["commentary"] == "Voir \\(ici\\) {hashtag|\\#|HRC31} et Dev"


def test_the_same_again_is_refused_for_ten_minutes(ask: Ask, clock: ManualClock) -> None:
    urn = published(ask).headers["x-restli-id"]
    again = published(ask)
    assert again.status_code == 422
    assert again.json()["message"] == f"Content is a duplicate of {urn}"
    clock.advance(601)
    assert published(ask).status_code == 201


def test_nobody_posts_reads_or_deletes_as_another_page(ask: Ask) -> None:
    urn = quote(published(ask).headers["x-restli-id"], safe="")
    assert ask("POST", "/rest/posts", json=POST, account="apg").status_code == 403
    assert ask("GET", f"/rest/posts/{urn}", account="apg").status_code == 403
    assert ask("DELETE", f"/rest/posts/{urn}", account="apg").status_code == 403
    assert len(listed(ask)) == 1


def test_to_delete_again_is_a_success_and_reading_says_it_is_gone(ask: Ask) -> None:
    urn = quote(published(ask).headers["x-restli-id"], safe="")
    for _ in range(2):
        assert ask("DELETE", f"/rest/posts/{urn}").status_code == 204
    gone = ask("GET", f"/rest/posts/{urn}")
    assert (gone.status_code, gone.json()["code"]) == (404, "NOT_FOUND")
    assert ask("DELETE", f"/rest/posts/{quote('urn:li:share:1', safe='')}").status_code == 404


def test_the_list_is_read_in_pages_newest_first(ask: Ask) -> None:
    for number in range(5):
        published(ask, commentary=f"Message {number}")
    texts = [post["commentary"] for post in listed(ask, start="1", count="2")]
    assert texts == ["Message 3", "Message 2"]
    query = {"q": "author", "author": ORGANIZATION}
    assert ask("GET", "/rest/posts", params=query).status_code == 400, "without its method"


def test_a_picture_may_be_shown_once_it_has_come(ask: Ask, sandbox: tuple[Sandbox, str]) -> None:
    begun = ask(
        "POST",
        "/rest/images?action=initializeUpload",
        json={"initializeUploadRequest": {"owner": ORGANIZATION}},
    ).json()["value"]
    state = f"/rest/images/{quote(begun['image'], safe='')}"
    shown = {"media": {"id": begun["image"], "altText": "Une carte"}}
    assert ask("GET", state).json()["status"] == "WAITING_UPLOAD"
    assert published(ask, content=shown).json()["code"] == "MEDIA_ASSET_WAITING_UPLOAD"
    path = begun["uploadUrl"].removeprefix("https://www.linkedin.com")
    assert ask("PUT", path, data=photo(), headers={"Authorization": None}).status_code == 401
    assert ask("PUT", path, data=photo()).status_code == 201
    assert ask("GET", state).json()["status"] == "AVAILABLE"
    assert published(ask, content=shown).status_code == 201
    assert listed(ask)[0]["content"] == shown


def test_a_picture_that_is_none_fails_after_its_upload(
    ask: Ask, sandbox: tuple[Sandbox, str]
) -> None:
    urn = uploaded(ask, sandbox, b"no picture")
    assert ask("GET", f"/rest/images/{quote(urn, safe='')}").json()["status"] == "PROCESSING_FAILED"


def test_a_picture_of_another_page_is_not_shown(ask: Ask, sandbox: tuple[Sandbox, str]) -> None:
    urn = uploaded(ask, sandbox, photo())
    body = {**POST, "author": "urn:li:organization:99", "content": {"media": {"id": urn}}}
    assert ask("POST", "/rest/posts", json=body, account="apg").status_code == 403


def test_a_video_is_whole_by_the_tags_of_its_parts(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PART_BYTES", 10)
    monkeypatch.setattr(media, "REAL_PROCESSING_SECONDS", 0.0)
    content = b"\0\0\0\x18ftypmp42" + bytes(13)
    wish = {
        "owner": ORGANIZATION,
        "fileSizeBytes": len(content),
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    begun = ask(
        "POST", "/rest/videos?action=initializeUpload", json={"initializeUploadRequest": wish}
    ).json()["value"]
    tags = []
    for part in begun["uploadInstructions"]:
        path = part["uploadUrl"].removeprefix("https://www.linkedin.com")
        piece = content[part["firstByte"] : part["lastByte"] + 1]
        assert ask("PUT", path, data=piece).status_code == 400, "with the token"
        sent = ask("PUT", path, data=piece, headers={"Authorization": None})
        tags.append(sent.headers["etag"])
    finalize = {"video": begun["video"], "uploadToken": begun["uploadToken"]}
    for parts, status in ((tags[:-1], 400), (tags[::-1], 400), (tags, 200)):
        body = {"finalizeUploadRequest": {**finalize, "uploadedPartIds": parts}}
        answer = ask("POST", "/rest/videos?action=finalizeUpload", json=body)
        assert answer.status_code == status
    state = ask("GET", f"/rest/videos/{quote(begun['video'], safe='')}").json()["status"]
    assert state == "AVAILABLE"


def planted(sandbox: tuple[Sandbox, str], text: str, **more: Any) -> str:
    """The URN of a comment on the newest post."""
    wish = {"account": "bice", "text": text, **more}
    answer = requests.post(f"{sandbox[1]}/sandbox/comments", json=wish, timeout=30)
    (urn,) = answer.json()["ids"]
    return str(urn)


def comments(ask: Ask, urn: str, **more: Any) -> requests.Response:
    return ask("GET", f"/rest/socialActions/{quote(urn, safe='')}/comments", **more)


def test_comments_on_a_post_and_below_a_comment_are_two_lists(
    ask: Ask, sandbox: tuple[Sandbox, str]
) -> None:
    post = published(ask).headers["x-restli-id"]
    first = planted(sandbox, "first")
    reply = planted(sandbox, "below", parent=first)
    page = comments(ask, post).json()
    assert [one["commentUrn"] for one in page["elements"]] == [first]
    assert page["elements"][0]["commentsSummary"]["totalFirstLevelComments"] == 1
    assert page["paging"] == {"start": 0, "count": 10, "links": [], "total": 1}
    (below,) = comments(ask, first).json()["elements"]
    assert (below["commentUrn"], below["parentComment"]) == (reply, first)
    counted = ask("GET", f"/rest/socialMetadata/{quote(post, safe='')}").json()
    assert counted["commentSummary"] == {"count": 2, "topLevelCount": 1}


def test_nobody_reads_or_deletes_comments_as_another_page(
    ask: Ask, sandbox: tuple[Sandbox, str]
) -> None:
    post = published(ask).headers["x-restli-id"]
    target, number = planted(sandbox, "first")[16:-1].split(",")
    place = f"/rest/socialActions/{quote(target, safe='')}/comments/{number}"
    assert comments(ask, post, account="apg").status_code == 403
    assert ask("GET", place, account="apg").status_code == 404
    assert ask("DELETE", place, params={"actor": "urn:li:organization:99"}).status_code == 403
    assert ask("DELETE", place, params={"actor": ORGANIZATION}).status_code == 204
    assert ask("GET", place).status_code == 404


@pytest.mark.parametrize("query", [{"count": "101"}, {"start": "x"}, {"ids": "1,2"}])
def test_wrong_questions_about_comments_are_refused(ask: Ask, query: dict[str, str]) -> None:
    post = published(ask).headers["x-restli-id"]
    assert comments(ask, post, params=query).status_code == 400
