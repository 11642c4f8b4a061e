"""Whose keys these are: handle, name and picture, asked with the health of an account."""

import io

import h11
import pytest
from PIL import Image

from publisher.channels import registry
from publisher.channels.http import client, download
from publisher.channels.outgoing import Exchanged, Request
from publisher.channels.registry import SPECS
from publisher.model.accounts import Profile
from publisher.model.outcomes import Answer, Wire
from publisher.platforms.facebook import health as of_page
from publisher.platforms.twitter import profile as of_x
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import PLATFORMS, Stage, Stages
from tests.channels.test_health import answer

pytestmark = pytest.mark.guards(
    "publisher.channels.http.download", "publisher.platforms.twitter.profile"
)

NAMES = {
    "twitter": ("bice_x", "BICE"),
    "facebook": ("bice_page", "BICE"),
    "linkedin": ("bice_linkedin", "BICE"),
    "mastodon": ("bice@mastodon.example", "BICE"),
    "wordpress": ("bice_wp", "BICE"),
    "bluesky": ("bice-sky.bsky.social", "BICE"),
    "site": ("", "BICE"),
}
X_PICTURE = "https://pbs.twimg.com/profile_images/1/a_normal.jpg"


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


def profile(stage: Stage) -> Profile:
    found = stage.open().examine().profile
    assert found is not None
    return found


def picture(stage: Stage) -> bytes | None:
    return registry.picture(stage.account.channel, profile(stage).picture, stage.options)


def test_a_channel_says_how_its_account_is_shown(stage: Stage) -> None:
    found = profile(stage)
    assert (found.handle, found.name) == NAMES[stage.name]
    assert not found.handle.startswith("@")
    assert found.id in ((stage.open().owner_id or found.id), found.id)


def test_a_website_is_known_by_its_host_and_has_no_picture(stages: Stages) -> None:
    site = stages("site")
    site.account = site.account.model_copy(update={"url": "https://www.example.org/a"})
    assert profile(site) == Profile(id="bice-site", handle="www.example.org", name="BICE")


def test_its_picture_can_be_had(platform: Stage) -> None:
    found = picture(platform)
    assert found
    with Image.open(io.BytesIO(found)) as image:
        assert image.width == image.height


def test_x_is_asked_once_for_health_and_profile(stages: Stages) -> None:
    stage = stages("twitter")
    profile(stage)
    assert stage.sandbox.state()["requests"] == {"getUsersMe": 1}


def test_an_owner_is_asked_for_without_a_profile(platform: Stage) -> None:
    """It is part of a delivery: see publisher/delivery/identity.py."""
    platform.sandbox.faults.set([Fault(what=What.AVATAR_ELSEWHERE)])
    assert "profile" not in repr(platform.open().owner())


@pytest.mark.parametrize(
    "what",
    [What.AVATAR_MISSING, What.AVATAR_HUGE, What.AVATAR_REDIRECT, What.AVATAR_ELSEWHERE],
)
def test_a_picture_that_cannot_be_had_is_none(platform: Stage, what: What) -> None:
    platform.sandbox.faults.set([Fault(what=what)])
    assert profile(platform).picture
    assert picture(platform) is None
    assert "redirect-followed" not in str(platform.sandbox.state())


def test_no_picture_is_told_apart_from_one_that_cannot_be_had(platform: Stage) -> None:
    platform.sandbox.faults.set([Fault(what=What.AVATAR_NONE)])
    assert profile(platform).picture == ""


def test_another_picture_and_another_handle_are_seen(platform: Stage) -> None:
    before, old = profile(platform), picture(platform)
    platform.sandbox.faults.set([Fault(what=What.AVATAR_CHANGED), Fault(what=What.RENAMED)])
    assert picture(platform) not in (old, None)
    after = profile(platform)
    assert after.id == before.id
    assert (after.handle, after.name) != (before.handle, before.name)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests for pictures, each of which is answered with one."""
    seen: list[Request] = []

    def exchange(_client: client.Client, request: Request) -> Exchanged:
        seen.append(request)
        return Exchanged(Wire.ANSWERED, status=200, body=b"picture")

    monkeypatch.setattr(client.Client, "exchange", exchange)
    return seen


HOSTS = ("pbs.twimg.com", ".fbcdn.net")


@pytest.mark.parametrize(
    "address",
    [
        "http://pbs.twimg.com/a.jpg",
        "https://elsewhere.example.org/a.jpg",
        "https://pbs.twimg.com.example.org/a.jpg",
        "https://x.pbs.twimg.com/a.jpg",
        "https://evilfbcdn.net/a.jpg",
        "https://fbcdn.net/a.jpg",
        "https://pbs.twimg.com:8443/a.jpg",
        "https://me@pbs.twimg.com/a.jpg",
        "https://pbs.twimg.com@example.org/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://[::1/a.jpg",
        "https://pbs.twimg.com/a b\r\nX: y",
        "file:///etc/passwd",
        "//pbs.twimg.com/a.jpg",
        "a.jpg",
        "",
    ],
)
def test_only_the_platforms_own_hosts_are_asked(address: str, asked: list[Request]) -> None:
    assert download.picture(address, HOSTS, server=None, timeout=1) is None
    assert asked == []


@pytest.mark.parametrize(
    "address", [f"{X_PICTURE}?a=b", "https://scontent.xx.fbcdn.net/v/a.jpg?oh=1&oe=2"]
)
def test_a_platforms_picture_is_asked_for_without_credentials(
    address: str, asked: list[Request]
) -> None:
    assert download.picture(address, HOSTS, server=None, timeout=1) == b"picture"
    (request,) = asked
    assert isinstance(request.head, h11.Request)
    assert f"{request.origin}{request.head.target.decode()}" == address
    assert {name for name, _value in request.head.headers} == {b"host", b"accept"}


def test_where_a_server_stands_in_only_that_one_is_asked(asked: list[Request]) -> None:
    server = "http://127.0.0.1:4321"
    for address in (X_PICTURE, "http://127.0.0.1:4322/a.png", "https://127.0.0.1:4321/a.png"):
        assert download.picture(address, HOSTS, server=server, timeout=1) is None
    assert asked == []
    assert download.picture(f"{server}/a.png", HOSTS, server=server, timeout=1)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (X_PICTURE, "https://pbs.twimg.com/profile_images/1/a_bigger.jpg"),
        ("https://pbs.twimg.com/profile_images/1/a.jpg", "https://pbs.twimg.com/profile_images/1/a.jpg"),
        ("https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png", ""),
    ],
)  # fmt: skip
def test_the_bigger_picture_of_x_is_taken_and_its_default_is_none(told: str, expected: str) -> None:
    body = f'{{"data": {{"id": "1", "username": "bice", "profile_image_url": "{told}"}}}}'
    found = of_x.health(answer(body)).profile
    assert found == Profile(id="1", handle="bice", picture=expected)


@pytest.mark.parametrize(
    "more", ['"name": 7, "picture": 7', '"name": null, "picture": {"data": []}', '"username": {}']
)
def test_a_profile_of_nonsense_has_no_names(more: str) -> None:
    told = Answer(Wire.ANSWERED, answer("").received_at, 200, {}, f'{{"id": "1002", {more}}}')
    assert of_page.profile(told) == Profile(id="1002")


def test_a_name_is_one_short_line() -> None:
    body = '{"data": {"id": "1", "username": "b", "name": " BICE\\u202e\\nA second line "}}'
    found = of_x.health(answer(body)).profile
    assert found
    assert found.name == "BICE"
    long = of_x.health(answer('{"data": {"id": "1", "username": "' + "b" * 500 + '"}}')).profile
    assert long
    assert len(long.handle) == 100
