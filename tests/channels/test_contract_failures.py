"""What every channel promises when something goes wrong: see publisher/channels/base.py."""

import logging
import pickle
from collections.abc import Iterator
from datetime import timedelta

import pytest

from publisher.base import files
from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings.account_settings import ADDRESSES
from tests.channels.conftest import LOST, PLATFORMS, Stage, Stages
from tests.channels.patience import patience
from tests.support import log_lines
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.channels",
    "publisher.platforms",
    "publisher.platforms.bluesky.repo",
    "publisher.platforms.bluesky.sessions",
)


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


def accepted(outcomes: list[Outcome]) -> list[str]:
    ids = [outcome.remote_id for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(ids) == len(outcomes), outcomes
    return ids


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
    channel_ = stage.open()
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


def test_a_refused_app_secret_holds_the_page_until_somebody_mends_it(stages: Stages) -> None:
    """The post did nothing wrong: it waits."""
    stage = stages("facebook")
    stage.sandbox.faults.set([Fault(what=FacebookFault.PROOF_REFUSED)])
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, AccountSuspended)
    assert (outcome.kind, outcome.until) == (Kind.AUTH, None)
    assert "app_secret in secrets.toml" in outcome.message


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


@pytest.fixture
def logged() -> Iterator[list[str]]:
    with log_lines.everything() as lines:
        yield lines


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
    channel = platform.open(request_timeout=patience([what]))
    log_lines.listen_to_all()
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
