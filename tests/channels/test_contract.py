"""What every channel promises, over real HTTP (or real files): see publisher/channels/base.py."""

import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import requests

from publisher.base import files
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
from publisher.sandbox.facebook import video_status
from publisher.sandbox.facebook.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.mastodon import limits as limits_of_mastodon
from publisher.sandbox.twitter import limits
from publisher.settings.schema import ADDRESSES
from tests.channels.conftest import LOST, PLATFORMS, Stage, Stages
from tests.support.sending import send


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


@pytest.mark.parametrize("channel", [name for name in PLATFORMS if name != "wordpress"])
def test_a_text_that_is_too_long_is_the_posts_fault(channel: str, stages: Stages) -> None:
    """WordPress takes any length; the limit of its texts is our own."""
    platform = stages(channel)
    text = "a" * (CAPABILITIES[platform.name].max_length + 1)
    (outcome,) = platform.deliver(platform.parcel(text))
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT
    assert platform.shown() == []


@pytest.mark.parametrize(
    ("channel", "secret"),
    [
        *(
            ("twitter", name)
            for name in ("api_key", "api_secret", "access_token", "access_token_secret")
        ),
        ("bluesky", "identifier"),
        ("bluesky", "app_password"),
        ("facebook", "page_token"),
        ("linkedin", "access_token"),
        ("mastodon", "access_token"),
    ],
)
def test_wrong_credentials_hold_the_account(channel: str, secret: str, stages: Stages) -> None:
    stage = stages(channel)
    stage.credentials[secret] = "wrong" + stage.credentials[secret][5:]
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, AccountSuspended)
    assert (outcome.kind, outcome.until) == (Kind.AUTH, None)
    assert stage.shown() == []


def test_a_dead_server_only_defers(platform: Stage, closed_port: str) -> None:
    """Nothing was sent, so the post is certainly not out."""
    channel = platform.open(servers=dict.fromkeys(PLATFORMS, closed_port))
    for outcome in (
        *platform.deliver(platform.parcel("Bonjour"), channel),
        channel.withdraw("1_2", Prepared()),
    ):
        assert isinstance(outcome, Deferred)
        assert outcome.kind is Kind.UNAVAILABLE
        assert "connection refused" in outcome.message


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [("twitter", "createPosts"), ("facebook", "updatePost"), ("mastodon", "postStatus")],
)
@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", LOST)
def test_an_unreadable_end_is_never_taken_for_success_or_failure(
    what: What, commit: bool, channel: str, endpoint: str, stages: Stages
) -> None:
    """Whether the post is out or not, nobody knows; on Facebook the step can be repeated."""
    stage = stages(channel)
    stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, commit=commit, times=1)])
    channel_ = stage.open(request_timeout=timedelta(seconds=0.3))
    parcel = stage.parcel("Bonjour")
    prepared = channel_.prepare(parcel, Prepared(), stage.media.__getitem__)
    outcome = send(channel_, parcel, prepared, ())
    assert isinstance(outcome, Unknown)
    if channel == "facebook":
        accepted([send(channel_, parcel, prepared, ())])
        assert len(stage.shown()) == 1


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("twitter", "mediaUpload"),
        ("twitter", "createMediaMetadata"),
        ("facebook", "createPhoto"),
        ("facebook", "createFeedPost"),
        ("mastodon", "uploadMedia"),
    ],
)
@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.HANG_UP, What.NOT_JSON, What.HTML])
def test_a_fault_while_preparing_only_defers(
    channel: str, endpoint: str, what: What, stages: Stages
) -> None:
    """Nothing is public, and a second try succeeds, even if the first left something behind."""
    stage = stages(channel)
    stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, times=1, commit=True)])
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    (outcome,) = stage.deliver(parcel)
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.UNAVAILABLE
    assert stage.shown() == []
    accepted(stage.deliver(parcel))
    assert len(stage.shown()) == 1


def test_withdrawing_into_the_unknown_may_be_repeated(platform: Stage) -> None:
    channel = platform.open()
    (remote_id,) = accepted(platform.deliver(platform.parcel("Bonjour"), channel))
    # WordPress lists a post's pictures before anything is deleted.
    failing = ("deleteArticle", "getArticle") if platform.name == "wordpress" else (None,)
    platform.sandbox.faults.set(
        [Fault(what=What.SERVER_ERROR, commit=True, endpoint=endpoint) for endpoint in failing]
    )
    first = channel.withdraw(remote_id, Prepared())
    assert isinstance(first, Unknown)
    platform.sandbox.faults.set([])
    assert isinstance(channel.withdraw(remote_id, Prepared()), Accepted)


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("twitter", "createPosts"),
        ("twitter", "mediaUpload"),
        ("facebook", "createFeedPost"),
        ("facebook", "updatePost"),
        ("mastodon", "postStatus"),
        ("mastodon", "uploadMedia"),
    ],
)
def test_a_rate_limit_holds_the_account_for_as_long_as_it_lasts(
    channel: str, endpoint: str, stages: Stages
) -> None:
    platform = stages(channel)
    platform.sandbox.faults.set([Fault(what=What.RATE_LIMIT, endpoint=endpoint, seconds=600)])
    parcel = platform.parcel("Bonjour", pictures=(platform.picture("Une carte"),))
    (outcome,) = platform.deliver(parcel)
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.RATE_LIMIT
    assert outcome.until is not None
    wait = outcome.until - platform.options.clock.now()
    assert timedelta(minutes=10) <= wait <= timedelta(minutes=11)


def test_usage_near_the_limit_makes_the_account_rest(stages: Stages) -> None:
    stage = stages("facebook")
    stage.sandbox.faults.set([Fault(what=FacebookFault.USAGE, percent=97)])
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Accepted)
    assert outcome.suspended_until is not None
    assert outcome.suspended_until > stage.options.clock.now()


def test_what_was_not_prepared_is_not_sent(stages: Stages) -> None:
    """Facebook would need a request that cannot be repeated: that is a mistake of the caller."""
    stage = stages("facebook")
    parcel, other = stage.parcel("Bonjour"), stage.parcel("Bonsoir")
    channel = stage.open()
    with pytest.raises(ValueError, match="prepared"):
        send(channel, parcel, Prepared(), ())
    prepared = channel.prepare(other, Prepared(), stage.media.__getitem__)
    with pytest.raises(ValueError, match="prepared"):
        send(channel, parcel, prepared, ())
    with pytest.raises(ValueError, match="once"):
        send(channel, other, prepared, ("1002_1",))
    assert stage.shown() == []


def test_the_site_does_not_wait_for_ever_for_a_frozen_worker(stages: Stages) -> None:
    stage = stages("site")
    accepted(stage.deliver(stage.parcel("Bonjour")))
    hurried = stage.open(request_timeout=timedelta(seconds=0.05))
    folder = stage.options.folder / "site" / stage.account.name
    with files.locked(folder / ".lock", 1):
        (outcome,) = stage.deliver(stage.parcel("Bonsoir", post="two"), hurried)
    assert isinstance(outcome, Deferred)
    assert "locked" in outcome.message
    accepted(stage.deliver(stage.parcel("Bonsoir", post="two"), hurried))


class _Everything(logging.Handler):
    """Keeps every record whole, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.__dict__))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that is logged by anybody, with every logger at its most talkative."""
    handler, root = _Everything(), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)


def _listen_to_everybody() -> None:
    for name in list(logging.getLogger().manager.loggerDict):
        logging.getLogger(name).setLevel(logging.DEBUG)


@pytest.mark.parametrize(
    "what",
    [
        None,
        What.HANG_UP,
        What.CUT,
        What.HANG,
        What.HTML,
        What.UNAUTHORISED,
        What.BAD_REQUEST,
        What.REDIRECT,
    ],
)
def test_no_secret_comes_out(what: What | None, platform: Stage, logged: list[str]) -> None:
    """Neither in a log line at DEBUG, nor in an outcome, whatever happens."""
    channel = platform.open(request_timeout=timedelta(seconds=0.3))
    _listen_to_everybody()
    parcel = platform.parcel("Bonjour", pictures=(platform.picture("Une carte"),))
    outcomes = platform.deliver(parcel, channel)
    if what:
        platform.sandbox.faults.set([Fault(what=what)])
        outcomes += platform.deliver(parcel, channel)
    outcomes.append(channel.withdraw("123_456", Prepared()))
    seen = channel.find(parcel, Prepared(draft_id="1002_1"), (), platform.options.clock.now())
    logging.getLogger("tests").debug("this line is heard")
    said = repr(outcomes) + repr(seen) + repr(channel) + "".join(logged)
    assert "this line is heard" in said
    assert pickle.dumps(outcomes)
    for name in platform.credentials.keys() - ADDRESSES:
        assert platform.credentials[name] not in said, name


def test_a_platform_that_repeats_a_token_does_not_bring_it_into_the_outcome(stages: Stages) -> None:
    """Facebook does so: "Malformed access token …"."""
    stage = stages("facebook")
    stage.credentials["page_token"] = "EAAshort"
    outcomes = stage.deliver(stage.parcel("Bonjour"))
    assert "EAAshort" not in repr(outcomes)


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
