"""What every channel promises, over real HTTP (or real files): see publisher/channels/base.py."""

import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
import requests

from publisher.channels.base import Channel, NotPrepared
from publisher.channels.http import client
from publisher.channels.outgoing import Request
from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.model.content import Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.platforms.facebook.stand_in import video_status
from publisher.platforms.mastodon.stand_in import limits as limits_of_mastodon
from publisher.platforms.twitter.stand_in import limits
from tests.channels.conftest import PLATFORMS, Stage, Stages
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.channels",
    "publisher.platforms",
    "publisher.platforms.*.channel",
    "publisher.platforms.*.spec",
    "publisher.channels.base",
)


def moving_kinds(channel: str) -> list[str]:
    """What of that which moves a channel takes."""
    takes = CAPABILITIES[channel]
    return [kind for kind, limits in (("gif", takes.gifs), ("video", takes.videos)) if limits]


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@dataclass
class Moving:
    """A channel that takes a GIF or a video, and one."""

    stage: Stage
    picture: Picture

    def parcel(self, text: str) -> Parcel:
        return self.stage.parcel(text, pictures=(self.picture,))


@pytest.fixture(params=[(name, kind) for name in SPECS for kind in moving_kinds(name)])
def moving(
    request: pytest.FixtureRequest, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> Moving:
    """Each kind of what moves, on each channel that takes it; the platforms work on it at once."""
    for module in (limits, limits_of_mastodon, video_status):
        monkeypatch.setattr(module, "REAL_PROCESSING_SECONDS", 0.0)
    name, kind = request.param
    stage = stages(name)
    return Moving(stage, getattr(stage, kind)("Une carte qui tourne"))


def accepted(outcomes: list[Outcome]) -> list[str]:
    ids = [outcome.remote_id for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(ids) == len(outcomes), outcomes
    return ids


def test_a_channel_has_the_capabilities_that_are_known_without_it(stage: Stage) -> None:
    assert stage.open().capabilities is CAPABILITIES[stage.name]


def test_capabilities_need_no_platform_library() -> None:
    """`check` starts without the platforms' libraries, requests or the feed library."""
    code = (
        "import sys; from publisher.channels.registry import CAPABILITIES; "
        "print(sorted({'tweepy', 'facebook', 'mastodon', 'requests', 'feedgen', 'jinja2'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_a_text_is_published_once_as_it_was_written(stage: Stage) -> None:
    text = "L’égalité, c’est maintenant. #HRC31 & <b>, 50 % + « guillemets » 🕊️ ñ ł"
    (outcome,) = stage.deliver(stage.parcel(text))
    assert isinstance(outcome, Accepted)
    (shown,) = stage.shown()
    assert (shown.id, shown.text) == (outcome.remote_id, text)
    assert outcome.url
    assert outcome.remote_id.rpartition("_")[2] in outcome.url


def test_nothing_is_public_before_it_is_sent(stage: Stage) -> None:
    parcel = stage.parcel("Pas encore", pictures=(stage.picture("La salle"),))
    stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    assert stage.shown() == []


def test_nothing_is_public_before_it_leaves(stage: Stage) -> None:
    parcel, channel, shown = stage.parcel("À l'heure"), stage.open(), list[int]()
    prepared = stage.prepare(parcel, channel)
    channel.ready(parcel, prepared, ())
    outcome = send(channel, parcel, prepared, (), lambda: shown.append(len(stage.shown())))
    assert isinstance(outcome, Accepted)
    assert set(shown) == {0}


def test_what_may_not_leave_any_more_stays_here(stage: Stage) -> None:
    parcel, channel = stage.parcel("Trop tard"), stage.open()
    prepared, late = stage.prepare(parcel, channel), Deferred(Kind.UNAVAILABLE, "Too late.")
    assert send(channel, parcel, prepared, (), lambda: late) == late
    assert stage.shown() == []
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert len(stage.shown()) == 1


def test_parts_go_out_in_order(stage: Stage) -> None:
    """As a chain of replies where there are threads, as one text with blank lines elsewhere."""
    ids = accepted(stage.deliver(stage.parcel("Un", "Deux", "Trois")))
    shown = stage.shown()
    if CAPABILITIES[stage.name].threads:
        assert [(post.text, post.in_reply_to) for post in shown] == [
            ("Un", None),
            ("Deux", ids[0]),
            ("Trois", ids[1]),
        ]
    else:
        assert [post.text for post in shown] == ["Un\n\nDeux\n\nTrois"]


def test_a_thread_goes_on_after_the_last_part_that_is_out(stages: Stages) -> None:
    stage = stages("twitter")
    parcel = stage.parcel("Un", "Deux", "Trois")
    first = send(stage.open(), parcel, Prepared(), ())
    assert isinstance(first, Accepted)
    send(stage.open(), parcel, Prepared(), (first.remote_id,))
    assert [post.text for post in stage.shown()] == ["Un", "Deux"]


def test_pictures_go_out_in_order_with_their_alt_texts(stage: Stage) -> None:
    pictures = tuple(
        stage.picture(f"Une carte : {colour}", colour, kind)
        for colour, kind in (("teal", "PNG"), ("olive", "JPEG"), ("navy", "PNG"), ("gray", "PNG"))
    )
    accepted(stage.deliver(stage.parcel("Quatre cartes", pictures=pictures)))
    (shown,) = stage.shown()
    assert shown.pictures == tuple((picture.digest, picture.alt) for picture in pictures)


def test_what_moves_goes_out_as_it_is(moving: Moving) -> None:
    accepted(moving.stage.deliver(moving.parcel("Une carte")))
    (shown,) = moving.stage.shown()
    ((digest, _),) = shown.pictures
    assert digest == moving.picture.digest


def test_what_moves_is_not_public_before_it_is_sent(moving: Moving) -> None:
    moving.stage.prepare(moving.parcel("Pas encore"), moving.stage.open())
    assert moving.stage.shown() == []


def test_preparing_what_moves_again_changes_and_asks_nothing(moving: Moving) -> None:
    stage, parcel = moving.stage, moving.parcel("Une carte")
    channel = stage.open()
    prepared = stage.prepare(parcel, channel)
    requests = stage.sandbox.state()["requests"]
    assert channel.prepare(parcel, prepared, stage.media.__getitem__) == prepared
    assert stage.sandbox.state()["requests"] == requests


def test_one_instance_prepares_what_moves_and_another_sends(moving: Moving) -> None:
    stage, parcel = moving.stage, moving.parcel("Une carte")
    prepared = stage.prepare(parcel, stage.open())
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    assert [len(shown.pictures) for shown in stage.shown()] == [1]


def test_an_edit_makes_what_moves_ready_anew(moving: Moving) -> None:
    stage, channel = moving.stage, moving.stage.open()
    before, after = moving.parcel("Avant"), moving.parcel("Après")
    prepared = stage.prepare(after, channel, stage.prepare(before, channel))
    assert isinstance(send(channel, after, prepared, ()), Accepted)
    assert [shown.text for shown in stage.shown()] == ["Après"]


def test_a_picture_may_go_out_without_a_text(stage: Stage) -> None:
    accepted(stage.deliver(stage.parcel("", pictures=(stage.picture("Une carte"),))))
    (shown,) = stage.shown()
    assert shown.text == ""
    assert len(shown.pictures) == 1


def test_a_link_is_shown(stage: Stage) -> None:
    link = "https://www.example.org/article?a=1&b=2"
    attached = CAPABILITIES[stage.name].link == "attached"
    text = "À lire" if attached else f"À lire {link}"
    accepted(stage.deliver(stage.parcel(text, link=link)))
    (shown,) = stage.shown()
    assert shown.link == link


def test_preparing_again_changes_and_asks_nothing(stage: Stage) -> None:
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    channel = stage.open()
    prepared = stage.prepare(parcel, channel)
    requests = stage.sandbox.state()["requests"]
    assert channel.prepare(parcel, prepared, stage.media.__getitem__) == prepared
    assert stage.sandbox.state()["requests"] == requests


def test_one_instance_prepares_and_another_sends(stage: Stage) -> None:
    """What is prepared passes through the ledger as JSON, to a worker that may be elsewhere."""
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    prepared = stage.prepare(parcel, stage.open())
    kept = Prepared.model_validate_json(prepared.model_dump_json())
    assert isinstance(send(stage.open(), parcel, kept, ()), Accepted)
    assert [len(shown.pictures) for shown in stage.shown()] == [1]


def test_an_edit_between_two_steps_makes_pictures_worthless(stages: Stages) -> None:
    """Uploaded with the old description, and not shown by any post yet."""
    stage = stages("facebook")
    before = stage.parcel("Avant", pictures=(stage.picture("Ancienne description"),))
    after = stage.parcel("Après", pictures=(stage.picture("Nouvelle description"),))
    channel = stage.open()
    uploaded = channel.prepare(before, Prepared(), stage.media.__getitem__)
    accepted([send(channel, after, stage.prepare(after, channel, uploaded), ())])
    assert [alt for shown in stage.shown() for _, alt in shown.pictures] == ["Nouvelle description"]
    assert len(stage.sandbox.state()["uploads"]) == 1


def test_an_edit_makes_what_was_prepared_worthless(stage: Stage) -> None:
    """The text and the alt text that go out are those of the parcel that is sent."""
    before = stage.parcel("Avant", pictures=(stage.picture("Ancienne description"),))
    after = stage.parcel("Après", pictures=(stage.picture("Nouvelle description"),))
    channel = stage.open()
    prepared = stage.prepare(before, channel)
    prepared = stage.prepare(after, channel, prepared)
    assert isinstance(send(channel, after, prepared, ()), Accepted)
    (shown,) = stage.shown()
    assert shown.text == "Après"
    assert [alt for _, alt in shown.pictures] == ["Nouvelle description"]


def test_withdrawing_takes_it_down_and_may_be_repeated(stage: Stage) -> None:
    channel = stage.open()
    (remote_id,) = accepted(stage.deliver(stage.parcel("Bonjour"), channel))
    for _ in range(2):
        outcome = channel.withdraw(remote_id, Prepared())
        assert isinstance(outcome, Accepted)
        assert outcome.remote_id == remote_id
        assert stage.shown() == []


def test_withdrawing_leaves_the_other_posts(stage: Stage) -> None:
    channel = stage.open()
    accepted(stage.deliver(stage.parcel("Bonjour", post="one"), channel))
    (second,) = accepted(stage.deliver(stage.parcel("Bonsoir", post="two"), channel))
    channel.withdraw(second, Prepared())
    assert [shown.text for shown in stage.shown()] == ["Bonjour"]


def test_a_step_that_may_be_repeated_makes_no_double(stages: Stages) -> None:
    for stage in map(stages, ("bluesky", "facebook", "mastodon", "site")):
        parcel = stage.parcel("Une seule fois", pictures=(stage.picture("Une carte"),))
        prepared = stage.prepare(parcel, stage.open())
        outcomes = [send(stage.open(), parcel, prepared, ()) for _ in range(3)]
        assert len(set(accepted(outcomes))) == 1
        assert len(stage.shown()) == 1


def test_the_same_text_again_is_a_duplicate_and_not_a_failure(stages: Stages) -> None:
    stage = stages("twitter")
    accepted(stage.deliver(stage.parcel("Bonjour")))
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Unknown)
    assert outcome.duplicate


def test_not_prepared_tells_why() -> None:
    outcome = Deferred(Kind.UNAVAILABLE, "X could not be reached.")
    assert NotPrepared(outcome).outcome == replace(outcome)


def test_every_channel_keeps_the_protocol(stage: Stage) -> None:
    channel: Channel = stage.open()
    for method in ("prepare", "ready", "judge", "verify", "find", "clear", "withdraw"):
        assert callable(getattr(channel, method))


def test_building_a_request_and_judging_its_answer_ask_nobody(
    platform: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are done for many posts in one thread."""
    parcel, channel = platform.parcel("Bonjour"), platform.open()
    prepared = platform.prepare(parcel, channel)
    request = channel.ready(parcel, prepared, ())
    assert isinstance(request, Request)
    answer = client.shared().ask(request)
    monkeypatch.setattr(client, "shared", lambda: pytest.fail("somebody was asked"))
    channel.ready(parcel, prepared, ())
    judged = channel.judge(parcel, prepared, (), answer)
    assert not isinstance(judged, Refused | Unknown | Deferred | AccountSuspended)
    assert channel.judge(parcel, prepared, (), answer) == judged


def test_verifying_only_reads(platform: Stage, exchanges: list[requests.PreparedRequest]) -> None:
    parcel, channel = platform.parcel("Bonjour"), platform.open()
    prepared = platform.prepare(parcel, channel)
    outcome = send(channel, parcel, prepared, ())
    exchanges.clear()
    assert isinstance(channel.verify(prepared, outcome), Accepted)
    assert {request.method for request in exchanges} <= {"GET"}
    assert [shown.text for shown in platform.shown()] == ["Bonjour"]


def test_each_request_that_makes_public_tells_what_is_left(platform: Stage) -> None:
    parcel = platform.parcel("Bonjour")
    (outcome,) = platform.deliver(parcel)
    assert {limit.name for limit in outcome.limits} == {
        "twitter": {"posts-15min", "posts-24h-app"},
        "bluesky": {"requests-5min"},
        "facebook": {"requests-1h-app", "requests-24h-page"},
        "mastodon": {"posts-3h"},
    }.get(platform.name, set())
    assert all(0 < limit.remaining <= limit.total for limit in outcome.limits)


def test_so_does_each_that_reads_or_deletes(platform: Stage) -> None:
    channel = platform.open()
    parcel = platform.parcel("Bonjour")
    prepared = platform.prepare(parcel, channel)
    since = platform.options.clock.now()
    absent = channel.find(parcel, prepared, (), since)
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Accepted)
    found = channel.find(parcel, prepared, (), since)
    gone = channel.withdraw(outcome.remote_id, Prepared())
    reads, deletes = {
        "twitter": ({"readings-15min"}, {"deletions-15min"}),
        "bluesky": ({"requests-5min"}, {"requests-5min"}),
        "facebook": ({"requests-1h-app"}, {"requests-1h-app"}),
        "mastodon": ({"readings-5min"}, {"deletions-30min"}),
    }.get(platform.name, (set[str](), set[str]()))
    seen = [{limit.name for limit in told.limits[:1]} for told in (absent, found, gone)]
    assert seen == [reads, reads, deletes]
