"""The simulated Mastodon, through real Mastodon.py: as strict as a server, and as forgetful."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNotFoundError,
    MastodonUnauthorizedError,
)
from PIL import Image

from publisher.platforms.mastodon.stand_in import limits
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.sandbox.fault_kinds import FaultKind
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.sandbox.conftest import HandClock
from tests.support.html import Structure

SETTINGS = Settings.model_validate(
    {
        "workspace": Path("/nowhere"),
        "accounts": {
            "bice": {"channel": "mastodon", "title": "BICE", "handle": "@bice@bice.example"},
            "cedapp": {"channel": "mastodon", "title": "Cedapp"},
        },
    }
)
ACCOUNTS = accounts_for(SETTINGS)


@pytest.fixture(scope="module")
def hand() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def served(hand: HandClock) -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(ACCOUNTS, hand)
    with running(sandbox) as address:
        yield sandbox, address


@pytest.fixture
def sandbox(served: tuple[Sandbox, str], here: str) -> Sandbox:
    assert here
    return served[0]


@pytest.fixture
def here(served: tuple[Sandbox, str]) -> str:
    """The address of the sandbox, as if it had just been started."""
    requests.post(f"{served[1]}/sandbox/reset", timeout=30).raise_for_status()
    return served[1]


@pytest.fixture
def client(here: str) -> Mastodon:
    return as_account(here, ACCOUNTS[0].credentials["access_token"])


def as_account(here: str, token: str) -> Mastodon:
    return Mastodon(
        api_base_url=here, access_token=token, ratelimit_method="throw",
        version_check_mode="created", mastodon_version="4.7.3",
    )  # fmt: skip


def png() -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(memory, "PNG")
    return memory.getvalue()


def gif() -> bytes:
    memory = io.BytesIO()
    images = [Image.new("RGB", (8, 8), colour) for colour in ("teal", "navy")]
    images[0].save(memory, "GIF", save_all=True, append_images=images[1:])
    return memory.getvalue()


def public(client: Mastodon, text: str, **more: Any) -> Any:
    return client.status_post(
        text, **{"visibility": "public", "idempotency_key": str(hash(text)), **more}
    )


def test_a_status_is_made_into_html(client: Mastodon) -> None:
    text = "Un <b>\n\nà @bice https://www.example.org/a/very/long/path/to/an/article #HRC31"
    made = public(client, text, language="fr")
    assert made.content == (
        "<p>Un &lt;b&gt;</p><p>à "
        '<span class="h-card" translate="no"><a href="https://bice.example/@bice" '
        'class="u-url mention">@<span>bice</span></a></span> '
        '<a href="https://www.example.org/a/very/long/path/to/an/article" target="_blank" '
        'rel="nofollow noopener" translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.org/a/very/long/path/t</span>'
        '<span class="invisible">o/an/article</span></a> '
        '<a href="https://bice.example/tags/hrc31" class="mention hashtag" rel="tag">'
        "#<span>HRC31</span></a></p>"
    )
    assert client.status_source(made.id).text == text
    assert (made.language, made.visibility) == ("fr", "public")


@pytest.mark.parametrize(
    "wish",
    [
        {"status": ""},
        {"status": "a" * 501},
        {"status": "a", "visibility": "circle"},
        {"status": "a", "media_ids[]": "1"},
        {"status": "a", "media_ids[]": ["1", "2", "3", "4", "5"]},
    ],
)
def test_what_a_server_refuses_is_refused(wish: dict[str, Any], here: str) -> None:
    token = {"Authorization": f"Bearer {ACCOUNTS[0].credentials['access_token']}"}
    form = {"visibility": "public", **wish}
    answer = requests.post(f"{here}/api/v1/statuses", data=form, headers=token, timeout=30)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_link_counts_23(client: Mastodon) -> None:
    public(client, f"{'a' * 476} https://example.org/{'b' * 400}")


def test_a_wrong_token_opens_nothing(here: str) -> None:
    with pytest.raises(MastodonUnauthorizedError):
        public(as_account(here, "wrong"), "Bonjour")


def test_another_accounts_statuses_and_media_are_out_of_reach(client: Mastodon, here: str) -> None:
    other = as_account(here, ACCOUNTS[1].credentials["access_token"])
    made, media = public(client, "Bonjour"), client.media_post(png(), "image/png")
    for ask in (
        lambda: other.status_delete(made.id),
        lambda: other.status_source(made.id),
        lambda: public(other, "Bonsoir", media_ids=[media.id]),
    ):
        with pytest.raises(MastodonAPIError):
            ask()


def test_a_key_is_kept_for_an_hour(client: Mastodon, hand: HandClock) -> None:
    first = public(client, "Bonjour")
    hand.instant += timedelta(minutes=59)
    assert public(client, "Bonjour").id == first.id
    hand.instant += timedelta(minutes=2)
    assert public(client, "Bonjour").id != first.id


def test_what_is_above_is_looked_for_before_the_key(client: Mastodon) -> None:
    """Also for a repeat of what is out: it is refused once what it answers is deleted."""
    first = public(client, "Bonjour")
    public(client, "La suite", in_reply_to_id=first.id)
    client.status_delete(first.id)
    with pytest.raises(MastodonNotFoundError):
        public(client, "La suite", in_reply_to_id=first.id)


def test_what_is_posted_without_key_or_visibility_is_noted(
    client: Mastodon, sandbox: Sandbox
) -> None:
    client.status_post("Bonjour")
    kinds = {note["kind"] for note in sandbox.state()["violations"]}
    assert kinds == {"no-idempotency-key", "no-visibility"}


@pytest.mark.parametrize(
    ("what", "statuses"),
    [(None, 1), (MastodonFault.KEYS_IGNORED, 2), (MastodonFault.REPEAT_FAILS, 1)],
)
def test_servers_differ_in_what_a_key_does(
    what: FaultKind | None, statuses: int, client: Mastodon, sandbox: Sandbox
) -> None:
    sandbox.faults.set([Fault(what=what)] if what else [])
    public(client, "Bonjour")
    if what is MastodonFault.REPEAT_FAILS:
        with pytest.raises(MastodonAPIError):
            public(client, "Bonjour")
    else:
        public(client, "Bonjour")
    assert len(sandbox.state()["posts"]) == statuses


def test_an_animation_is_processed_on_the_side(
    client: Mastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 1_000.0)
    media = client.media_post(gif(), "image/gif", description="Une carte")
    assert media.url is None
    with pytest.raises(MastodonAPIError, match="not finished processing"):
        public(client, "Trop tôt", media_ids=[media.id])
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    assert client.media(media.id).url
    made = public(client, "Prêt", media_ids=[media.id])
    assert [one.description for one in made.media_attachments] == ["Une carte"]
    with pytest.raises(MastodonAPIError, match="already attached"):
        public(client, "Encore", media_ids=[media.id])


@pytest.mark.parametrize(
    ("content", "kind"), [(b"no picture", "image/png"), (b"no video", "video/mp4")]
)
def test_what_is_no_picture_is_refused(content: bytes, kind: str, client: Mastodon) -> None:
    with pytest.raises(MastodonAPIError, match="could not be verified"):
        client.media_post(content, kind)


def test_a_limit_is_told_and_kept(client: Mastodon) -> None:
    for number in range(30):
        client.status_delete(public(client, f"Numéro {number}").id)
    made = public(client, "Encore un")
    with pytest.raises(MastodonError):
        client.status_delete(made.id)
    assert client.ratelimit_remaining == 0


def test_a_deletion_works_once(client: Mastodon) -> None:
    made = public(client, "Bonjour")
    assert client.status_delete(made.id).text == "Bonjour"
    for ask in (client.status_delete, client.status):
        with pytest.raises(MastodonAPIError, match="404"):
            ask(made.id)


def test_without_a_lock_two_at_a_moment_are_two(client: Mastodon, sandbox: Sandbox) -> None:
    sandbox.faults.set([Fault(what=MastodonFault.KEY_RACE, seconds=0.3)])
    client.request_timeout = 0.1
    for _time in range(2):
        with pytest.raises(MastodonError):
            public(client, "Bonjour")
    assert len(sandbox.state()["posts"]) == 2


@pytest.mark.parametrize("path", ["mastodon", "mastodon/bice@bice.example", "mastodon/cedapp"])
def test_its_pages_are_there(path: str, here: str, client: Mastodon) -> None:
    first = public(client, "Un <script>")
    public(client, "Deux", in_reply_to_id=first.id)
    answer = requests.get(f"{here}/{path}", timeout=30)
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert len(Structure(answer.text).all("h1")) == 1


def test_a_reply_stays_when_what_it_answers_is_deleted_and_answers_nothing(
    client: Mastodon,
) -> None:
    first = public(client, "Un")
    second = public(client, "Deux", in_reply_to_id=first.id)
    assert client.status(second.id).in_reply_to_id == first.id
    client.status_delete(first.id)
    assert client.status(second.id).in_reply_to_id is None
