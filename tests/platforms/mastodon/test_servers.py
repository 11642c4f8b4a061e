"""Mastodon: what a server says of itself, of a token and of an account counts."""

from typing import Any

import pytest

from publisher.base.errors import ConfigurationError
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Refused,
)
from publisher.platforms.mastodon.server import address_of
from tests.channels.conftest import Stage, Stages
from tests.platforms.mastodon.servers import NOTHING, faults, sent_once

pytestmark = pytest.mark.guards("publisher.channels.http.server_address")


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("mastodon")


@pytest.mark.parametrize(
    ("scopes", "problem"),
    [
        (["read", "write", "follow"], None),
        (["read:accounts", "read:statuses", "write:statuses", "write:media"], None),
        (["read"], "lacks write"),
        (["write", "profile"], "lacks read"),
        (["read", "write:media"], "lacks write"),
    ],
)
def test_the_scopes_are_checked(scopes: list[str], problem: str | None, stage: Stage) -> None:
    body = {"id": "1", "name": "Publisher", "scopes": scopes}
    faults(stage, {"what": "answer", "endpoint": "verifyApp", "status": 200, "body": body})
    told = stage.open().examine().problem
    assert (told is None) if problem is None else problem in (told or "")


@pytest.mark.parametrize(
    ("told", "limits"),
    [
        (
            {
                "statuses": {"max_characters": 300, "max_media_attachments": 6},
                "media_attachments": {"description_limit": 900, "image_size_limit": 8_000_000},
            },
            {
                "max_characters": 300,
                "max_pictures": 6,
                "max_alt_text": 900,
                "max_picture_bytes": 8_000_000,
            },
        ),
        ({"statuses": {"max_characters": "many", "max_media_attachments": -1}}, {}),
        ({"statuses": {"max_characters": 0}}, {}),
        ({"statuses": {"max_characters": 99_999_999_999}}, {}),
        ([], {}),
    ],
)
def test_the_limits_of_the_server_are_read(
    told: object, limits: dict[str, int], stage: Stage
) -> None:
    body = {"domain": "mastodon.example", "configuration": told}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    health = stage.open().examine()
    assert health.problem is None
    assert health.options == limits


def test_a_server_of_another_make_says_how_much_it_takes_in_its_own_way(stage: Stage) -> None:
    """Pleroma, and what descends from it."""
    body = {"domain": "pleroma.example", "max_toot_chars": 5000}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    assert stage.open().examine().options == {"max_characters": 5000}


def warned(stage: Stage, text: str, warning: str | None = "Violences") -> Parcel:
    parcel = stage.parcel(text)
    content = parcel.content.model_copy(update={"content_warning": warning})
    return parcel.model_copy(update={"content": content})


def test_a_post_goes_out_behind_its_content_warning(stage: Stage) -> None:
    """With its pictures covered too."""
    picture = stage.picture("Une carte")
    parcel = stage.parcel("Un", "Deux", pictures=(picture,))
    content = parcel.content.model_copy(update={"content_warning": "Violences"})
    outcomes = stage.deliver(parcel.model_copy(update={"content": content}))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    state = stage.sandbox.state()
    assert [post["content_warning"] for post in state["posts"]] == ["Violences"] * 2
    assert stage.sandbox.store.violations == []


def test_a_content_warning_counts_with_the_text(stage: Stage) -> None:
    fits, too_long = warned(stage, "a" * 491, "Violences"), warned(stage, "b" * 492, "Violences")
    assert isinstance(stage.deliver(fits)[0], Accepted)
    assert isinstance(stage.deliver(too_long)[0], Refused)


@pytest.mark.parametrize("other", [None, "Autre chose"])
def test_the_same_words_behind_another_warning_are_another_post(
    other: str | None, stage: Stage
) -> None:
    since = stage.options.clock.now()
    sent = sent_once(stage, warned(stage, "Bonjour"))
    assert isinstance(sent, Accepted)
    found = stage.open().find(warned(stage, "Bonjour"), NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id
    assert stage.open().find(warned(stage, "Bonjour", other), NOTHING, (), since) == Absent()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("<html>Welcome</html>", 200, "does not answer like a Mastodon server"),
        ({"hello": "world"}, 200, "does not answer like a Mastodon server"),
        ("<html>Not here</html>", 404, "could not be read|when the account was read"),
    ],
)
def test_a_server_that_is_no_mastodon_is_named(
    body: Any, status: int, said: str, stage: Stage
) -> None:
    faults(stage, {"what": "answer", "status": status, "body": body})
    health = stage.open().examine()
    assert health.problem
    assert health.owner is None


@pytest.mark.parametrize("flag", ["limited", "suspended"])
def test_a_limited_account_publishes_and_a_suspended_one_does_not(flag: str, stage: Stage) -> None:
    body = {"id": "1", "username": "bice", flag: True}
    faults(stage, {"what": "answer", "endpoint": "verifyAccount", "status": 200, "body": body})
    health = stage.open().examine()
    told = " ".join(health.remarks) if flag == "limited" else health.problem or ""
    assert f"has {flag} this account" in told
    assert (health.problem is None) is (flag == "limited")


def test_the_owner_has_the_domain_that_the_server_names(stage: Stage) -> None:
    """An address may be another than the domain in the names (`WEB_DOMAIN`)."""
    body = {"domain": "bice.example"}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    assert str(stage.open().owner()) == "@bice@bice.example"
    health = stage.open().examine()
    assert str(health.owner) == "@bice@bice.example"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://mastodon.example", "https://mastodon.example"),
        (" https://mastodon.example/ ", "https://mastodon.example"),
        ("mastodon.example", "https://mastodon.example"),
        ("https://mastodon.example:8443", "https://mastodon.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://mastodon.example", None),
        ("ftp://mastodon.example", None),
        ("https://mastodon.example/@bice", None),
        ("https://a:b@mastodon.example", None),
        ("https://mastodon.example?a=1", None),
        ("https://", None),
        ("", None),
        ("https://[x", None),
        ("https://mastodon.example:0", None),
        ("https://mastodon.example:99999", None),
    ],
)
def test_a_token_goes_to_no_unsafe_address(written: str, address: str | None) -> None:
    if address is not None:
        assert address_of(written) == address
        return
    with pytest.raises(ConfigurationError, match="not the address of a Mastodon server"):
        address_of(written)


def test_a_bad_address_says_where_it_stands(stage: Stage) -> None:
    stage.credentials["server"] = "http://mastodon.example"
    with pytest.raises(ConfigurationError) as caught:
        stage.open()
    assert "secrets.toml" in str(caught.value.hint)
