"""Looking on a platform for a part whose outcome is unknown, over real HTTP (or real files)."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.channels.registry import SPECS
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Absent, Accepted, AccountSuspended, Deferred, Kind, Unknown
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Attempt, Stage, Stages
from tests.support.sending import send

pytestmark = pytest.mark.guards("publisher.platforms.*.timeline")

PUBLIC_STEP = {
    "twitter": "createPosts",
    "facebook": "updatePost",
    "linkedin": "createOrganizationPost",
}

READING_STEP = {
    "twitter": "getUsersPosts",
    "facebook": "getObject",
    "linkedin": "findOrganizationPosts",
}

NFD = unicodedata.normalize("NFD", "Éducation, santé, égalité : où en sommes-nous ?")


@pytest.fixture(params=list(SPECS))
def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=list(PUBLIC_STEP))
def platform(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    return stages(request.param)


@pytest.fixture
def x(stages: Stages) -> Stage:
    return stages("twitter")


# Whatever the channel.


def test_what_was_published_is_found(stage: Stage) -> None:
    """By its id and with its address, as if its answer had arrived."""
    attempt = stage.ready(stage.parcel("Bonjour"))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_what_was_not_sent_is_absent(stage: Stage) -> None:
    assert stage.ready(stage.parcel("Bonjour")).find() == Absent()


def test_what_was_never_prepared_is_absent(stage: Stage) -> None:
    parcel, since = stage.parcel("Bonjour"), stage.options.clock.now()
    assert stage.open().find(parcel, Prepared(), (), since) == Absent()


@pytest.mark.parametrize("what", LOST)
def test_what_was_carried_out_without_an_answer_is_found(what: What, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    fault = Fault(what=what, endpoint=PUBLIC_STEP[platform.name], commit=True, times=1)
    platform.sandbox.faults.set([fault])
    assert isinstance(attempt.send(), Unknown)
    found = attempt.find()
    assert isinstance(found, Accepted)
    assert [shown.id for shown in platform.shown()] == [found.remote_id]


@pytest.mark.parametrize("what", LOST)
def test_what_was_not_carried_out_is_absent_and_may_be_sent(what: What, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    fault = Fault(what=what, endpoint=PUBLIC_STEP[platform.name], commit=False, times=1)
    platform.sandbox.faults.set([fault])
    assert isinstance(attempt.send(), Unknown)
    assert attempt.find() == Absent()
    assert isinstance(attempt.send(), Accepted)
    assert len(platform.shown()) == 1


def test_a_refusal_as_duplicate_is_settled_by_looking(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    first = attempt.send()
    assert isinstance(first, Accepted)
    again = send(attempt.channel, attempt.parcel, attempt.prepared, ())
    assert isinstance(again, Unknown)
    assert again.duplicate
    assert attempt.find(sent=()) == replace(first, suspended_until=None)


@pytest.mark.parametrize(
    "text",
    [
        "À lire : https://www.example.org/article?a=1&b=2",
        "Deux liens (https://example.org/un/), puis https://example.org/deux.",
        "Sans protocole : example.org, www.example.org/a et HTTPS://Example.org/B",
        "Un nom à soi : https://kraków.example.org/zażółć",
        "https://example.org",
        "1 < 2 & 3 > 2, &amp; reste &amp;",
        "« L’égalité », c’est maintenant ! 50 % — #HRC31 @Example",
        "Colombe 🕊️, famille 👨‍👩‍👧‍👦, drapeau 🇨🇮, peau 👍🏽",
        NFD,
        "zażółć gęślą jaźń\n\nniños y niñas\n– ¡ya!",
        "人权理事会:儿童权利https://example.org/儿童 今天开始",
        "  Des   blancs \n de trop\t",
    ],
)
@pytest.mark.parametrize("with_picture", [False, True])
def test_a_text_is_recognised_however_the_platform_spells_it(
    text: str, with_picture: bool, stage: Stage
) -> None:
    pictures = (stage.picture("Une carte"),) if with_picture else ()
    attempt = stage.ready(stage.parcel(text, pictures=pictures))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_a_picture_without_a_text_is_found(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("", pictures=(stage.picture("Une carte"),)))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_looking_changes_nothing(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Bonjour"))
    attempt.find()
    assert stage.shown() == []
    attempt.send()
    before = (stage.shown(), stage.sandbox.state()["posts"])
    attempt.find(sent=())
    assert (stage.shown(), stage.sandbox.state()["posts"]) == before


def test_after_the_last_part_there_is_nothing_to_find(stages: Stages) -> None:
    """An id that is known is never found again."""
    for name in ("facebook", "site"):
        attempt = stages(name).ready(stages(name).parcel("Bonjour"))
        assert isinstance(attempt.send(), Accepted)
        assert attempt.find() == Absent()


@pytest.mark.parametrize("what", LOST)
def test_an_answer_that_cannot_be_read_defers(what: What, platform: Stage) -> None:
    """It says nothing about the post, and the next reading may."""
    attempt = platform.ready(platform.parcel("Bonjour"))
    attempt.send()
    platform.sandbox.faults.set([Fault(what=what, endpoint=READING_STEP[platform.name])])
    outcome = platform.open().find(attempt.parcel, attempt.prepared, (), attempt.since)
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.UNAVAILABLE
    platform.sandbox.faults.set([])
    assert isinstance(attempt.find(sent=()), Accepted)


def test_a_bad_request_defers(platform: Stage) -> None:
    """It is ours, not the post's: the post must not be refused for it."""
    attempt = platform.ready(platform.parcel("Bonjour"))
    platform.sandbox.faults.set([Fault(what=What.BAD_REQUEST)])
    assert isinstance(attempt.find(), Deferred)


def test_a_dead_server_defers(platform: Stage, closed_port: str) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    channel = platform.open(servers=dict.fromkeys(PUBLIC_STEP, closed_port))
    outcome = channel.find(attempt.parcel, attempt.prepared, (), attempt.since)
    assert isinstance(outcome, Deferred)
    assert "connection refused" in outcome.message
    assert "Nothing was sent" not in outcome.message


@pytest.mark.parametrize(
    ("channel", "what", "kind"),
    [
        ("twitter", What.UNAUTHORISED, Kind.AUTH),
        ("twitter", XFault.CREDITS_DEPLETED, Kind.PERMISSION),
        ("twitter", What.FORBIDDEN, Kind.PERMISSION),
        ("twitter", What.SUSPENDED, Kind.PERMISSION),
        ("twitter", What.DUPLICATE, Kind.PERMISSION),
        ("twitter", What.RATE_LIMIT, Kind.RATE_LIMIT),
        ("twitter", What.BAD_RESET, Kind.RATE_LIMIT),
        ("facebook", What.UNAUTHORISED, Kind.AUTH),
        ("facebook", What.TOKEN_DEAD, Kind.AUTH),
        ("facebook", What.FORBIDDEN, Kind.PERMISSION),
        ("facebook", What.SUSPENDED, Kind.POLICY),
        ("facebook", What.RATE_LIMIT, Kind.RATE_LIMIT),
        ("linkedin", What.UNAUTHORISED, Kind.AUTH),
        ("linkedin", What.FORBIDDEN, Kind.PERMISSION),
        ("linkedin", What.SUSPENDED, Kind.PERMISSION),
        ("linkedin", What.BAD_RESET, Kind.RATE_LIMIT),
    ],
)
def test_a_sick_account_is_held(channel: str, what: What, kind: Kind, stages: Stages) -> None:
    stage = stages(channel)
    attempt = stage.ready(stage.parcel("Bonjour"))
    stage.sandbox.faults.set([Fault(what=what, endpoint=READING_STEP[channel], seconds=600)])
    outcome = attempt.find()
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is kind
    assert (outcome.until is not None) == (what is What.RATE_LIMIT)


@pytest.mark.parametrize("what", [None, *LOST, What.UNAUTHORISED, What.BAD_REQUEST])
def test_no_secret_comes_out_of_looking(what: What | None, platform: Stage) -> None:
    attempt = platform.ready(platform.parcel("Bonjour"))
    attempt.send()
    if what:
        platform.sandbox.faults.set([Fault(what=what)])
    channel = platform.open()
    said = repr(channel.find(attempt.parcel, attempt.prepared, (), attempt.since))
    for name, secret in platform.credentials.items():
        assert secret not in said, name
    for address in (
        "https://x.com/",
        "https://www.facebook.com/",
        "https://www.linkedin.com/feed/",
    ):
        said = said.replace(address, "")
    assert "://" not in said


# The website: files.


@pytest.fixture
def out(stages: Stages) -> Attempt:
    """A post that is on the website."""
    attempt = stages("site").ready(stages("site").parcel("Bonjour", title="Titre"))
    assert isinstance(attempt.send(), Accepted)
    return attempt


@pytest.fixture
def folder(out: Attempt) -> Path:
    return out.stage.options.folder / "site" / out.stage.account.name


def test_a_page_with_another_content_is_not_taken_for_it(out: Attempt) -> None:
    other = replace(out, parcel=out.stage.parcel("Bonsoir", title="Titre"))
    assert other.find(sent=()) == Absent()


@pytest.mark.parametrize(
    "name",
    ["index.html", "posts/2016-03-07-annual-day.fr.html", "posts/2016-03-07-annual-day.fr.json"],
)
def test_a_page_that_was_written_half_is_absent_and_sending_completes_it(
    name: str, out: Attempt, folder: Path
) -> None:
    """Whatever file is missing or old, readers do not see the post as it should be."""
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    assert out.find(sent=()) == Absent()
    (folder / name).write_bytes(content)
    assert isinstance(out.find(sent=()), Accepted)
    old = content.replace(b"Bonjour", b"Au revoir")
    (folder / name).write_bytes(old)
    assert out.find(sent=()) == Absent()
    out.sent = ()
    out.send()
    assert isinstance(out.find(sent=()), Accepted)


def test_a_folder_that_cannot_be_read_defers(out: Attempt, folder: Path) -> None:
    (folder / "posts").rename(folder / "elsewhere")
    (folder / "posts").write_text("no folder")
    outcome = out.find(sent=())
    assert isinstance(outcome, Deferred)
    assert str(folder) not in outcome.message


def test_a_damaged_page_defers(out: Attempt, folder: Path) -> None:
    (folder / "posts" / "2016-03-07-annual-day.fr.json").write_text(json.dumps({"slug": 1}))
    assert isinstance(out.find(sent=()), Deferred)
