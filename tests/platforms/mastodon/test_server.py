"""The Mastodon channel against a real server of another make: Debian's snac.

snac 2.75 knows no idempotency keys and deletes nothing, so it shows what holds without them. It
hangs up after each answer without saying so, which may meet the next request: then nothing is known
of it, and the account is read, as a worker does.
"""

import hashlib
import io
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.base.clock import SystemClock
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.model.accounts import Account
from publisher.model.content import Content, Correction, Original, Part, Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Sighting,
    StillOut,
    Unknown,
)
from tests.channels.conftest import DUE
from tests.support import snac, system
from tests.support.sending import send
from tests.support.waiting import wait_for

CLOCK = SystemClock()
NOTHING = Prepared()
TEXTS = [
    "L’égalité, c’est maintenant. #HRC31 <b>50 %</b> & « guillemets » 🕊️ ñ ł",
    "À lire https://www.example.org/un/article/avec/une/longue/adresse?a=1&b=2 (fr)",
    "Une ligne\nune autre\n\nun paragraphe *gras* _it_ `code`",
    "@bice et @bice@127.0.0.1 et #DroitsDeLEnfant",
]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[snac.Account]:
    """An account on a real server, which was empty before the first test."""
    if not snac.available():
        system.missing("snac", "snac2")
    with snac.serve(tmp_path_factory.mktemp("snac")) as account:
        yield account


def opened(account: snac.Account, tmp_path: Path, token: str = "") -> Channel:
    """A new instance of the channel, as another worker would have it."""
    return open_channel(
        Account(name="bice-fedi", channel="mastodon"),
        {"server": account.server, "access_token": token or account.token},
        ChannelOptions(request_timeout=timedelta(seconds=20), folder=tmp_path, clock=CLOCK),
    )


@pytest.fixture
def channel(account: snac.Account, tmp_path: Path) -> Channel:
    return opened(account, tmp_path)


def read(channel: Channel, what: Parcel, *more: Any) -> Sighting:
    """Look for a part until the account could be read, and is not just being written."""
    seen: list[Sighting] = []

    def is_clear() -> bool:
        seen[:] = [channel.find(what, *more)]
        return not isinstance(seen[0], Deferred | Unknown)

    wait_for(is_clear)
    return seen[0]


def delivered(
    channel: Channel,
    what: Parcel,
    prepared: Prepared = NOTHING,
    sent: tuple[str, ...] = (),
    taken: Collection[str] = (),
) -> Accepted:
    """Send a part as a worker does: after an unknown outcome the account is read first.

    What did not leave, as the server closed the connection, is sent again. `taken`: the ids of
    other deliveries.
    """
    since = CLOCK.now()
    for _time in range(20):
        outcome: Outcome | Sighting = send(channel, what, prepared, sent)
        if isinstance(outcome, Unknown):
            outcome = read(channel, what, prepared, sent, since, taken)
        if not isinstance(outcome, Absent | Deferred):
            break
    assert isinstance(outcome, Accepted)
    return outcome


def parcel(*texts: str, pictures: tuple[Picture, ...] = ()) -> Parcel:
    parts = [Part(text=text) for text in texts]
    parts[0] = Part(text=texts[0], pictures=pictures)
    content = Content(parts=tuple(parts), lang="fr")
    return Parcel(post="2016-03-07-day.fr", account="bice-fedi", content=content, due_at=DUE)


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_sent_is_found_by_its_exact_text(
    text: str, account: snac.Account, channel: Channel, tmp_path: Path
) -> None:
    """The server makes HTML of it, and another instance reads it back; before, it is absent."""
    since = CLOCK.now()
    assert read(channel, parcel(text), NOTHING, (), since) == Absent()
    sent = delivered(channel, parcel(text))
    found = read(opened(account, tmp_path), parcel(text), NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert (found.remote_id, found.url) == (sent.remote_id, sent.url)
    assert read(channel, parcel(f"{text} Fin."), NOTHING, (), since) == Absent()
    assert read(channel, parcel(text), NOTHING, (), since, {sent.remote_id}) == Absent()


def test_a_thread_is_a_chain_whose_parts_are_found(channel: Channel) -> None:
    since, thread = CLOCK.now(), parcel("Un fil", "Deux", "Deux")
    sent: tuple[str, ...] = ()
    for _part in thread.content.parts:
        assert read(channel, thread, NOTHING, sent, since) == Absent()
        outcome = delivered(channel, thread, NOTHING, sent)
        found = read(channel, thread, NOTHING, sent, since)
        assert isinstance(found, Accepted)
        assert found.remote_id == outcome.remote_id
        sent = (*sent, outcome.remote_id)


def test_a_picture_goes_out_with_its_description(account: snac.Account, channel: Channel) -> None:
    picture, data = drawn()
    shown, since = parcel("Une image", pictures=(picture,)), CLOCK.now()
    prepared = prepare(channel, shown, data)
    assert set(prepared.media_ids) == {picture.digest}
    assert channel.prepare(shown, prepared, lambda _digest: data) is prepared
    sent = delivered(channel, shown, prepared)
    found = read(channel, shown, prepared, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id
    assert read(channel, parcel("Une image"), NOTHING, (), since) == Absent()
    status = requests.get(
        f"{account.server}/api/v1/statuses/{sent.remote_id}",
        headers={"Authorization": f"Bearer {account.token}"},
        timeout=30,
    ).json()
    assert [one["description"] for one in status["media_attachments"]] == [picture.alt]


def test_a_content_warning_is_kept_and_read_back(account: snac.Account, channel: Channel) -> None:
    plain, since = parcel("Derrière un avertissement"), CLOCK.now()
    content = plain.content.model_copy(update={"content_warning": "Violences & « guerre »"})
    warned = plain.model_copy(update={"content": content})
    sent = delivered(channel, warned)
    found = read(channel, warned, NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id
    assert isinstance(read(channel, plain, NOTHING, (), since), Absent)
    status = requests.get(
        f"{account.server}/api/v1/statuses/{sent.remote_id}",
        headers={"Authorization": f"Bearer {account.token}"},
        timeout=30,
    ).json()
    assert status["spoiler_text"] == "Violences & « guerre »"
    assert status["sensitive"] is True


def test_a_repeat_is_a_second_post_here_so_the_account_is_read_first(channel: Channel) -> None:
    """This server does not know keys: nothing may rely on them."""
    since = CLOCK.now()
    first = delivered(channel, parcel("Encore")).remote_id
    ids = {first, delivered(channel, parcel("Encore"), taken=[first]).remote_id}
    assert len(ids) == 2
    found = read(channel, parcel("Encore"), NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id in ids


def test_a_post_that_a_server_does_not_delete_and_shows_is_still_out(channel: Channel) -> None:
    """This server has no path to delete a status, and says 404."""
    sent = delivered(channel, parcel("Pour rester"))
    wait_for(lambda: isinstance(channel.withdraw(sent.remote_id, NOTHING), StillOut))


def test_the_owner_is_named_with_the_server(account: snac.Account, channel: Channel) -> None:
    host = account.server.removeprefix("http://")
    health = next(one for _time in range(20) if (one := channel.examine()).owner)
    assert health.problem is None
    assert str(health.owner) == f"@bice@{host}"
    assert health.profile
    assert health.profile.handle == f"bice@{host}"


def test_a_wrong_token_suspends_the_account(account: snac.Account, tmp_path: Path) -> None:
    """This server's 401 has no body."""
    stranger = opened(account, tmp_path, "0123456789abcdef")
    assert stranger.examine().problem
    outcomes = [send(stranger, parcel("Bonjour"), NOTHING, ()) for _time in range(5)]
    told = [one for one in outcomes if isinstance(one, AccountSuspended)]
    assert told
    assert {one.kind for one in told} == {Kind.AUTH}


def drawn() -> tuple[Picture, bytes]:
    memory = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(memory, "PNG")
    data = memory.getvalue()
    picture = Picture(
        digest=hashlib.sha256(data).hexdigest(), media_type="image/png", width=64, height=48,
        alt="Une carte : l’océan", name="a.png",
    )  # fmt: skip
    return picture, data


def prepare(channel: Channel, shown: Parcel, data: bytes) -> Prepared:
    """Prepare until the server took the picture."""
    for _time in range(20):
        with suppress(NotPrepared):
            return channel.prepare(shown, NOTHING, lambda _digest: data)
    raise AssertionError("the server takes no picture")


def test_an_edit_replaces_the_words_and_is_found(channel: Channel) -> None:
    """Its answer shows HTML of the server's own kind; its source tells."""
    original = parcel("Trois sur dix & <b>")
    out = delivered(channel, original)
    told = Correction(corrects=original.post, way="edit", reason="Un chiffre.")
    parts = (Part(text="Quatre sur dix & <b>"),)
    content = original.content.model_copy(update={"parts": parts, "correction": told})
    target = Original(remote_ids=(out.remote_id,), url=out.url, content=original.content)
    fix = original.model_copy(update={"content": content, "target": target})

    def shows(what: type[Sighting]) -> bool:
        return isinstance(read(channel, fix, NOTHING, (), CLOCK.now()), what)

    # The server may still be writing what it has answered: a worker would look again, too.
    wait_for(lambda: shows(Absent))
    found = delivered(channel, fix)
    assert found.remote_id.startswith(f"{out.remote_id}@")
    wait_for(lambda: shows(Accepted))
