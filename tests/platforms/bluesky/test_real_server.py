"""The channel against Bluesky's own server: what it sends, what it makes of the answers."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import requests

from publisher.channels.base import NotPrepared
from publisher.drafts.text_length import length
from publisher.model.accounts import Owner
from publisher.model.clock_check import unheard
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Kind,
    Refused,
    Unknown,
)
from publisher.platforms.bluesky.keys import thread_keys
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.sessions import claims
from publisher.platforms.bluesky.xrpc import Way
from tests.platforms.bluesky.conftest import DUE, Sky
from tests.support.bluesky import BlueskyServer

pytestmark = pytest.mark.deep

LINK = "https://www.example.org/article?a=1&b=2"


def test_a_thread_goes_out_in_one_commit(sky: Sky) -> None:
    """Each part answers the one before, by the id that the server gave its content."""
    outcome = sky.publish("Un", "Deux", "Trois")
    one, two, three = sky.account.posts()
    assert sky.between.seen.count("com.atproto.repo.applyWrites") == 1
    assert [post["uri"].rpartition("/")[2] for post in (one, two, three)] == [*outcome.remote_ids]
    root, first, second = (
        {"uri": post["uri"], "cid": post["cid"]} for post in (one, one, two)
    )  # fmt: skip
    for post, parent in ((two, first), (three, second)):
        assert root.items() <= post["value"]["reply"]["root"].items()
        assert parent.items() <= post["value"]["reply"]["parent"].items()
    assert "reply" not in one["value"]
    expected = f"https://bsky.app/profile/{sky.account.did}/post/{outcome.remote_id}"
    assert outcome.url == expected


def test_the_keys_are_those_that_were_prepared(sky: Sky) -> None:
    parcel = sky.parcel("Un", "Deux")
    prepared = sky.prepare(parcel)
    assert sky.texts == []
    outcome = sky.send(parcel, prepared)
    assert isinstance(outcome, Accepted)
    assert outcome.remote_ids == thread_keys(str(prepared.draft_id), 2)


def test_a_thread_is_out_as_a_whole_or_not_at_all(sky: Sky) -> None:
    outcome = sky.send(sky.parcel("Un", "a" * 301))
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT
    assert "301" in outcome.message
    assert sky.texts == []


def test_the_same_request_again_makes_no_double(sky: Sky) -> None:
    """The server refuses it with status 500, so it is looked for by its key."""
    parcel = sky.parcel("Une seule fois", "Suite")
    prepared = sky.prepare(parcel)
    outcomes = [sky.send(parcel, prepared) for _ in range(3)]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len({outcome.remote_ids for outcome in outcomes if isinstance(outcome, Accepted)}) == 1
    assert sky.texts == ["Une seule fois", "Suite"]


def test_after_a_lost_answer_it_is_known_to_be_out(sky: Sky) -> None:
    parcel = sky.parcel("Un", "Deux")
    prepared = sky.prepare(parcel)
    sky.between.lose = "applyWrites"
    outcome = sky.send(parcel, prepared)
    assert isinstance(outcome, Accepted)
    assert outcome.remote_ids == thread_keys(str(prepared.draft_id), 2)
    assert sky.texts == ["Un", "Deux"]


def test_what_did_not_arrive_may_be_sent_again_at_once(sky: Sky) -> None:
    parcel = sky.parcel("Bonjour")
    prepared = sky.prepare(parcel)
    sky.between.keep_back = "applyWrites"
    assert isinstance(sky.send(parcel, prepared), Unknown)
    sky.between.keep_back = ""
    assert isinstance(sky.send(parcel, prepared), Accepted)
    assert sky.between.let_go() == [500]  # it arrives after all
    assert sky.texts == ["Bonjour"]


def test_what_cannot_be_read_stays_unknown_and_is_found_by_its_key(sky: Sky) -> None:
    parcel = sky.parcel("Bonjour")
    prepared = sky.prepare(parcel)
    sky.between.lose, sky.between.keep_back = "applyWrites", "getRecord"
    assert isinstance(sky.send(parcel, prepared), Unknown)
    sky.between.lose = sky.between.keep_back = ""
    found = sky.open().find(parcel, prepared, (), DUE)
    assert isinstance(found, Accepted)
    assert found.made_at is not None


def test_an_edit_never_goes_out_beside_what_it_replaces(sky: Sky) -> None:
    """Both have one key: the request of the earlier text that comes late finds its place taken."""
    before, after = sky.parcel("Avant"), sky.parcel("Après")
    prepared = sky.prepare(before)
    sky.between.keep_back = "applyWrites"
    assert isinstance(sky.send(before, prepared), Unknown)
    sky.between.keep_back = ""
    edited = sky.prepare(after, prepared)
    assert edited.draft_id == prepared.draft_id
    assert isinstance(sky.send(after, edited), Accepted)
    assert sky.between.let_go() == [500]
    assert sky.texts == ["Après"]


def test_an_edit_sees_that_the_earlier_text_is_out(sky: Sky) -> None:
    before, after = sky.parcel("Avant"), sky.parcel("Après")
    prepared = sky.prepare(before)
    sky.send(before, prepared)
    with pytest.raises(NotPrepared) as told:
        sky.prepare(after, prepared)
    assert isinstance(told.value.outcome, Unknown)
    assert sky.texts == ["Avant"]


def test_an_edit_that_came_too_late_is_told_apart(sky: Sky) -> None:
    """The earlier text arrives between the look and the request."""
    before, after = sky.parcel("Avant"), sky.parcel("Après")
    prepared = sky.prepare(before)
    sky.between.keep_back = "applyWrites"
    sky.send(before, prepared)
    sky.between.keep_back = ""
    edited = sky.prepare(after, prepared)
    assert sky.between.let_go() == [200]
    outcome = sky.send(after, edited)
    assert isinstance(outcome, Unknown)
    assert "earlier text" in outcome.message
    assert sky.texts == ["Avant"]


@pytest.mark.parametrize("after", [("Un",), ("Un", "Deux", "Trois"), ("Un", "Autre")])
def test_another_thread_with_the_same_beginning_is_another(sky: Sky, after: tuple[str]) -> None:
    before = sky.parcel("Un", "Deux")
    prepared = sky.prepare(before)
    sky.send(before, prepared)
    with pytest.raises(NotPrepared) as told:
        sky.prepare(sky.parcel(*after), prepared)
    assert isinstance(told.value.outcome, Unknown)


def test_what_was_cancelled_and_is_not_out_is_cleared_away(sky: Sky) -> None:
    parcel = sky.parcel("Annulé")
    given_up = sky.prepare(parcel).given_up()
    assert sky.open().clear(parcel, given_up) == Prepared()


def test_what_was_cancelled_and_is_out_all_the_same_is_told(sky: Sky) -> None:
    parcel = sky.parcel("Annulé", "trop tard")
    prepared = sky.prepare(parcel)
    sky.send(parcel, prepared)
    with pytest.raises(NotPrepared) as told:
        sky.open().clear(parcel, prepared.given_up())
    assert isinstance(told.value.outcome, Accepted)
    assert len(told.value.outcome.remote_ids) == 2
    assert told.value.outcome.public_since is not None
    with pytest.raises(NotPrepared) as told:
        sky.open().clear(sky.parcel("Modifié ensuite"), prepared.given_up())
    assert isinstance(told.value.outcome, Unknown)
    assert told.value.prepared == Prepared()


def test_pictures_are_shown_with_their_texts_and_shapes(sky: Sky) -> None:
    pictures = tuple(sky.picture(f"Une carte : {one}", one) for one in ("teal", "navy"))
    sky.publish("Deux cartes", pictures=pictures)
    (post,) = sky.account.posts()
    images = post["value"]["embed"]["images"]
    assert [image["alt"] for image in images] == [picture.alt for picture in pictures]
    assert all(
        image["aspectRatio"].items() >= {"width": 64, "height": 48}.items() for image in images
    )
    assert [image["image"]["size"] for image in images] == [len(one) for one in sky.media.values()]


def test_a_new_description_goes_out_with_the_same_picture(sky: Sky) -> None:
    before = sky.parcel("Une carte", pictures=(sky.picture("Ancienne"),))
    after = sky.parcel("Une carte", pictures=(sky.picture("Nouvelle"),))
    prepared = sky.prepare(after, sky.prepare(before))
    assert isinstance(sky.send(after, prepared), Accepted)
    (post,) = sky.account.posts()
    assert [image["alt"] for image in post["value"]["embed"]["images"]] == ["Nouvelle"]


def test_old_uploads_are_made_again_with_the_same_key(sky: Sky) -> None:
    parcel = sky.parcel("Une carte", pictures=(sky.picture("Une carte"),))
    prepared = sky.prepare(parcel)
    assert sky.prepare(parcel, prepared) == prepared
    sky.clock.sleep_until(sky.clock.ahead(660))
    again = sky.prepare(parcel, prepared)
    assert again.draft_id == prepared.draft_id
    assert sky.between.seen.count("com.atproto.repo.uploadBlob") == 2


def test_links_hashtags_and_mentions_are_marked_by_their_bytes(
    sky: Sky, bluesky_server: BlueskyServer
) -> None:
    colleague = bluesky_server.account("colleague")
    text = f"🕊️ Égalité avec @Colleague.test et @nobody.test : #HRC31 {LINK}, ñ"
    sky.publish(text)
    (post,) = sky.account.posts()
    found: dict[str, Any] = {}
    for facet in post["value"]["facets"]:
        place = facet["index"]
        word = text.encode()[place["byteStart"] : place["byteEnd"]].decode()
        (feature,) = facet["features"]
        found[word] = {name: value for name, value in feature.items() if name != "$type"}
    assert found == {
        "@Colleague.test": {"did": colleague.did},
        "#HRC31": {"tag": "HRC31"},
        LINK: {"uri": LINK},
    }


def test_a_link_is_a_card_of_the_last_part(sky: Sky) -> None:
    sky.publish("Un", "Deux", link=LINK, title="Rapport")
    one, two = (post["value"] for post in sky.account.posts())
    assert "embed" not in one
    card = two["embed"]["external"]
    assert (card["uri"], card["title"], card["description"]) == (LINK, "Rapport", "")
    assert [one["langs"], two["langs"]] == [["fr"], ["fr"]]


def test_it_is_dated_with_the_instant_at_which_it_leaves(sky: Sky) -> None:
    parcel = sky.parcel("Bonjour")
    at = sky.clock.ahead(12.5)
    sky.send(parcel.model_copy(update={"send_at": at}))
    (post,) = sky.account.posts()
    assert post["value"]["createdAt"] == "2016-03-07T08:00:12.500Z"


SIGNS = [
    "é", "e\u0301", "ł", "🕊️", "👩🏽‍🚒", "👨‍👩‍👧‍👦", "🇨🇮", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "க்ஷ", "क्षि", "한", "각", "\r\n",
    "नमस्ते", "ด้ว", "☝🏿", "🇨", "\u200d", "#️⃣", "क्\u200dष", "😀\u0301", "\u0600a",
]  # fmt: skip


def test_a_text_is_as_long_as_the_server_says(sky: Sky) -> None:
    for sign in SIGNS:
        text = "x".join([sign] * 9) + sign + "a" * 300
        outcome = sky.send(sky.parcel(text))
        assert isinstance(outcome, Refused)
        assert f"got {length(text, 'graphemes')}" in outcome.message, (sign, outcome.message)


def test_a_lost_ledger_finds_posts_by_their_words(sky: Sky) -> None:
    sky.publish("Autre chose")
    published = sky.publish("Un", "Deux", pictures=(sky.picture("Une carte"),))
    parcel = sky.parcel("Un", "Deux", pictures=(sky.picture("Une carte"),), is_forgotten=True)
    first = sky.open().find(parcel, Prepared(), (), DUE)
    assert isinstance(first, Accepted)
    second = sky.open().find(parcel, Prepared(), (first.remote_id,), DUE)
    assert isinstance(second, Accepted)
    assert (first.remote_id, second.remote_id) == published.remote_ids
    taken = sky.open().find(parcel, Prepared(), (), DUE, taken=(first.remote_id,))
    assert isinstance(taken, Absent)
    later = sky.open().find(parcel, Prepared(), (), sky.clock.ahead(3600))
    assert isinstance(later, Absent)


def test_what_was_never_prepared_was_never_sent(sky: Sky) -> None:
    found = sky.open().find(sky.parcel("Bonjour"), Prepared(), (), DUE)
    assert isinstance(found, Absent)
    assert not found.may_come
    assert sky.between.seen == []


def test_the_rest_of_a_thread_follows_the_part_that_is_out(sky: Sky) -> None:
    """As after a person said that the first part is out."""
    parcel = sky.parcel("Un", "Deux", "Trois")
    first = sky.publish("Un")
    sky.clock.sleep_until(sky.clock.ahead(60))
    prepared = sky.prepare(parcel)
    outcome = sky.send(parcel, prepared, (first.remote_id,))
    assert isinstance(outcome, Accepted)
    one, two, three = sky.account.posts()
    assert [post["value"]["text"] for post in (two, three)] == ["Deux", "Trois"]
    assert two["value"]["reply"]["parent"]["cid"] == one["cid"]
    assert three["value"]["reply"]["parent"]["cid"] == two["cid"]
    assert three["value"]["reply"]["root"]["uri"] == one["uri"]


def test_nothing_follows_a_part_that_was_deleted(sky: Sky) -> None:
    parcel = sky.parcel("Un", "Deux")
    first = sky.publish("Un")
    sky.open().withdraw(first.remote_id, Prepared())
    outcome = sky.send(parcel, sky.prepare(parcel), (first.remote_id,))
    assert isinstance(outcome, Refused)
    assert sky.texts == []


def test_a_withdrawn_thread_is_gone_part_by_part(sky: Sky) -> None:
    outcome = sky.publish("Un", "Deux")
    channel = sky.open()
    for key, left in zip(reversed(outcome.remote_ids), (["Un"], []), strict=True):
        for _ in range(2):
            assert channel.withdraw(key, Prepared()) == Accepted(key)
        assert sky.texts == left


def test_the_keys_owner_is_told(sky: Sky) -> None:
    owner = Owner(id=sky.account.did, name=f"@{sky.account.handle}")
    assert sky.open().owner() == owner
    health = sky.open().examine()
    assert (health.problem, health.owner) == (None, owner)
    assert health.profile is not None
    assert health.profile.handle == sky.account.handle
    assert sky.open().owner_id == ""
    assert sky.open(identifier=sky.account.did).owner_id == sky.account.did


def test_one_log_in_serves_all_channels_of_a_process(sky: Sky) -> None:
    for channel in [sky.open() for _ in range(4)]:
        channel.owner()
    assert sky.between.seen.count("com.atproto.server.createSession") == 1


def test_a_log_in_is_renewed_before_it_ends(sky: Sky) -> None:
    sky.open().owner()
    sky.clock.sleep_until(sky.clock.now() + timedelta(minutes=61))
    sky.open().owner()
    sky.open().owner()
    names = ("createSession", "refreshSession")
    assert [sky.between.seen.count(f"com.atproto.server.{name}") for name in names] == [1, 1]


def test_a_wrong_app_password_suspends_the_account_and_is_not_tried_again(sky: Sky) -> None:
    """Each attempt counts against a limit of 30 in five minutes."""
    for _ in range(3):
        with pytest.raises(NotPrepared) as told:
            sky.open(app_password="abcd-abcd-abcd-abcd").prepare(
                sky.parcel("Bonjour"), Prepared(), sky.media.__getitem__
            )
        assert isinstance(told.value.outcome, AccountSuspended)
        assert told.value.outcome.kind is Kind.AUTH
    assert sky.between.seen.count("com.atproto.server.createSession") == 1


def test_the_accounts_own_password_works_but_a_token_is_never_told(
    sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = sky.open()
    outcome = sky.send(sky.parcel("Bonjour"))
    said = repr(outcome) + repr(channel) + repr(channel._repo._shared.session) + caplog.text  # type: ignore[attr-defined]
    assert "eyJ" not in said
    assert sky.account.app_password not in said


def test_a_video_is_taken_where_there_is_no_video_service(sky: Sky) -> None:
    """This server has none: the file is its own, and the lexicon takes the post that shows it."""
    video = sky.video("La salle se lève")
    sky.publish("Vidéo", pictures=(video,))
    (post,) = sky.account.posts()
    embed = post["value"]["embed"]
    assert embed["$type"] == "app.bsky.embed.video"
    assert embed["alt"] == "La salle se lève"
    assert {"width": 64, "height": 48}.items() <= embed["aspectRatio"].items()
    ref = {"did": sky.account.did, "cid": embed["video"]["ref"]["$link"]}
    kept = requests.get(
        f"{sky.account.address}/xrpc/com.atproto.sync.getBlob", params=ref, timeout=30
    )
    assert kept.content == sky.media[video.digest]
    assert sky.account.posts() == [post]


def test_the_server_signs_tokens_for_the_video_service(sky: Sky) -> None:
    """With an app password, for each method one; the second lasts while a video is processed."""
    way = Way(sky.between.address, timedelta(seconds=20), sky.clock, unheard)
    repo = Repo(sky.credentials, way)
    first = claims(
        json.loads(repo.service_auth("did:web:a.test", "app.bsky.video.x").body)["token"]
    )
    until = first["exp"] + 29 * 60
    answer = repo.service_auth("did:web:a.test", "com.atproto.repo.uploadBlob", until)
    second = claims(json.loads(answer.body)["token"])
    assert (first["iss"], first["aud"]) == (sky.account.did, "did:web:a.test")
    assert second["lxm"] == "com.atproto.repo.uploadBlob"
    assert second["exp"] == until
