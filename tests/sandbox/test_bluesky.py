"""The sandbox's Bluesky is as strict as the real one, and where that is lax, stricter."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from atproto_client import Client
from PIL import Image

from publisher.platforms.bluesky.stand_in.cids import file_cid, record_cid
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.support.clock import ManualClock

POST = "app.bsky.feed.post"
KEYS = ("3jzfcijpj2z2a", "3jzfcijpj2z2b", "3jzfcijpj2z2c")
AT = "2016-03-07T08:00:00.000Z"


@dataclass
class Caller:
    """Somebody who speaks XRPC by hand."""

    address: str
    sandbox: Sandbox
    clock: ManualClock
    token: str = ""

    @property
    def account(self) -> Any:
        return self.sandbox.accounts[0]

    def call(self, method: str, name: str, token: str | None = None, **more: Any) -> Any:
        given = self.token if token is None else token
        headers = {
            **more.pop("headers", {}),
            **({"Authorization": f"Bearer {given}"} if given else {}),
        }
        return requests.request(
            method, f"{self.address}/xrpc/{name}", headers=headers, timeout=30, **more
        )

    def log_in(self) -> dict[str, str]:
        keys = self.account.credentials
        wish = {"identifier": keys["identifier"], "password": keys["app_password"]}
        told: dict[str, str] = self.call(
            "POST", "com.atproto.server.createSession", token="", json=wish
        ).json()
        self.token = told["accessJwt"]
        return told

    def commit(self, *records: dict[str, Any], keys: tuple[str, ...] = KEYS, **more: Any) -> Any:
        kind = "com.atproto.repo.applyWrites#create"
        writes = [
            {"$type": kind, "collection": POST, "rkey": key, "value": record}
            for key, record in zip(keys, records, strict=False)
        ]
        wish = {"repo": self.account.user_id, "validate": True, "writes": writes, **more}
        return self.call("POST", "com.atproto.repo.applyWrites", json=wish)

    def upload(self, content: bytes, kind: str = "image/png") -> Any:
        headers = {"Content-Type": kind}
        return self.call("POST", "com.atproto.repo.uploadBlob", data=content, headers=headers)

    def texts(self) -> list[str]:
        posts = self.sandbox.state()["posts"]
        return [post["text"] for post in posts if not post["deleted"]]


@pytest.fixture
def caller() -> Iterator[Caller]:
    settings = Settings.model_validate(
        {"workspace": Path("/nowhere"), "accounts": {"sky": {"channel": "bluesky"}}}
    )
    clock = ManualClock()
    sandbox = Sandbox(accounts_for(settings), clock)
    with running(sandbox) as address:
        found = Caller(address, sandbox, clock)
        found.log_in()
        yield found


def record(text: str = "Bonjour", **more: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": AT, **more}


def picture() -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(memory, "PNG")
    return memory.getvalue()


def images(blob: dict[str, Any], **more: Any) -> dict[str, Any]:
    ratio = {"aspectRatio": {"width": 64, "height": 48}}
    image = {"image": {**blob, **more}, "alt": "Une carte", **ratio}
    return {"$type": "app.bsky.embed.images", "images": [image]}


def test_the_real_library_logs_in_and_posts(caller: Caller) -> None:
    client = Client(caller.address)
    keys = caller.account.credentials
    client.login(keys["identifier"], keys["app_password"], fetch_bsky_profile=False)
    assert client.get_current_time_iso()
    data = {"repo": caller.account.user_id, "collection": POST, "rkey": KEYS[0]}
    assert caller.commit(record()).status_code == 200
    found = client.com.atproto.repo.get_record(data)
    assert found.value.text == "Bonjour"
    assert client.com.atproto.repo.list_records({**data, "limit": 1}).records[0].cid == found.cid
    assert client.com.atproto.identity.resolve_handle({"handle": keys["identifier"]}).did
    client.request.close()


def test_ids_of_content_are_those_of_the_specification() -> None:
    """As the reference server computed them for these."""
    one = {"$type": POST, "text": "Un", "createdAt": "2026-11-28T10:00:00.000Z"}
    assert record_cid(one) == "bafyreiaijzfe5thtunjyh6z5vnc4fpbrw2ahxt3b4zlk2cs4lvrpo3xjiy"
    assert file_cid(b"x") == "bafkreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"
    assert hashlib.sha256(b"x").hexdigest()[:4] == "2d71"


def test_a_key_that_exists_is_refused_with_status_500(caller: Caller) -> None:
    assert caller.commit(record()).status_code == 200
    again = caller.commit(record("Autre"), record("Suite"))
    assert (again.status_code, again.json()["error"]) == (500, "InternalServerError")
    assert caller.texts() == ["Bonjour"]


def test_a_commit_is_carried_out_as_a_whole_or_not_at_all(caller: Caller) -> None:
    answer = caller.commit(record("Un"), record("a" * 301))
    assert answer.status_code == 400
    assert "maximum 300, got 301" in answer.json()["message"]
    assert caller.texts() == []


def test_a_reply_names_its_parent_by_its_content(caller: Caller) -> None:
    uri = f"at://{caller.account.user_id}/{POST}/{KEYS[0]}"
    right = {"uri": uri, "cid": record_cid(record("Un"))}
    wrong = {"uri": uri, "cid": record_cid(record("Autre"))}
    for ref, status in ((wrong, 400), (right, 200)):
        reply = record("Deux", reply={"root": ref, "parent": ref})
        assert caller.commit(record("Un"), reply).status_code == status
    assert caller.texts() == ["Un", "Deux"]
    (violation,) = caller.sandbox.state()["violations"]
    assert violation["kind"] == "reply-to-nothing"


@pytest.mark.parametrize(
    ("start", "end", "status"), [(0, 2, 200), (0, 1, 400), (0, 99, 400), (2, 2, 400), (-1, 2, 400)]
)
def test_a_mark_lies_on_whole_characters(caller: Caller, start: int, end: int, status: int) -> None:
    feature = {"$type": "app.bsky.richtext.facet#tag", "tag": "e"}
    facet = {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
    assert caller.commit(record("été", facets=[facet])).status_code == status


@pytest.mark.parametrize(
    "more",
    [
        {"createdAt": "yesterday"},
        {"createdAt": "2016-03-07T08:00:00"},
        {"langs": "fr"},
        {"langs": ["fr", "en", "es", "pl"]},
        {"text": "🕊️" * 300 + "é" * 301},
        {"text": "👨‍👩‍👧‍👦" * 150},
        {"embed": {"$type": "app.bsky.embed.video"}},
        {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "no", "title": "a"}}},
        {"place": "Genève"},
        {"$type": "app.bsky.feed.like"},
    ],
)
def test_what_the_lexicon_does_not_have_is_refused(caller: Caller, more: dict[str, Any]) -> None:
    assert caller.commit({**record(), **more}).status_code == 400
    assert caller.texts() == []


def test_a_picture_is_named_as_it_is(caller: Caller) -> None:
    content = picture()
    blob = caller.upload(content).json()["blob"]
    assert blob["ref"]["$link"] == file_cid(content)
    for more, error in (
        ({"size": blob["size"] + 1}, "InvalidSize"),
        ({"mimeType": "image/jpeg"}, "InvalidMimeType"),
        ({"ref": {"$link": file_cid(b"x")}}, "BlobNotFound"),
        ({"size": 1_000_001}, "InvalidRequest"),
    ):
        answer = caller.commit(record(embed=images(blob, **more)))
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert caller.commit(record(embed=images(blob))).status_code == 200
    ((shown,),) = (post["media"] for post in caller.sandbox.state()["posts"])
    assert (shown["alt"], shown["sha256"]) == ("Une carte", hashlib.sha256(content).hexdigest())


def test_a_file_that_is_too_big_is_refused(caller: Caller) -> None:
    assert caller.upload(bytes(6_000_000)).status_code == 413


def test_a_log_in_ends_and_is_renewed_once(caller: Caller) -> None:
    told = caller.log_in()
    caller.clock.advance(timedelta(hours=2).total_seconds())
    assert caller.call("GET", "com.atproto.server.getSession").json()["error"] == "ExpiredToken"
    renew = "com.atproto.server.refreshSession"
    assert caller.call("POST", renew, token=told["accessJwt"]).json()["error"] == "InvalidToken"
    fresh = caller.call("POST", renew, token=told["refreshJwt"]).json()
    assert caller.call("POST", renew, token=told["refreshJwt"]).json()["error"] == "ExpiredToken"
    session = caller.call("GET", "com.atproto.server.getSession", token=fresh["accessJwt"])
    assert session.json()["did"] == caller.account.user_id


@pytest.mark.parametrize(
    ("token", "status", "error"), [("", 401, "AuthMissing"), ("a.b.c", 400, "InvalidToken")]
)
def test_no_token_and_a_wrong_one_are_told_apart(
    caller: Caller, token: str, status: int, error: str
) -> None:
    answer = caller.call("GET", "com.atproto.server.getSession", token=token)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_log_ins_are_limited(caller: Caller) -> None:
    keys = caller.account.credentials
    wish = {"identifier": keys["identifier"], "password": "wrong"}
    name = "com.atproto.server.createSession"
    answers = [caller.call("POST", name, token="", json=wish) for _ in range(30)]
    assert [answer.status_code for answer in answers[:-1]] == [401] * 29
    assert answers[-1].status_code == 429
    assert answers[-1].headers["RateLimit-Policy"] == "30;w=300"


def test_a_deletion_is_confirmed_also_the_second_time(caller: Caller) -> None:
    caller.commit(record())
    wish = {"repo": caller.account.user_id, "collection": POST, "rkey": KEYS[0]}
    for _ in range(2):
        answer = caller.call("POST", "com.atproto.repo.deleteRecord", json=wish)
        assert answer.status_code == 200
    assert caller.texts() == []


def test_its_timeline_shows_a_thread_with_pictures(caller: Caller) -> None:
    blob = caller.upload(picture()).json()["blob"]
    caller.commit(record("Un", embed=images(blob)))
    page = requests.get(f"{caller.address}/bluesky/{caller.account.handle}", timeout=30)
    assert page.status_code == 200
    assert "Une carte" in page.text
    assert f"@{caller.account.handle}" in page.text
