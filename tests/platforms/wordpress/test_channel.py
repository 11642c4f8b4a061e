"""WordPress in the sandbox: lost answers at each step, withdrawals, and what is refused."""

import logging
from datetime import timedelta

import pytest
import requests

from publisher.base.errors import ConfigurationError
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.http import client
from publisher.channels.outgoing import Request
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    StillOut,
    Unknown,
)
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Stage, Stages
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.wordpress.media",
    "publisher.platforms.wordpress.posts",
    "publisher.platforms.wordpress.removal",
    "publisher.platforms.wordpress.site",
)


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("wordpress")


def illustrated(stage: Stage, number: int = 2) -> Parcel:
    pictures = [stage.picture(f"Une carte {n}", f"#0000{n:02x}") for n in range(number)]
    return stage.parcel("Bonjour", pictures=tuple(pictures))


def accepted(outcome: object) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def recovered(stage: Stage, channel: Channel, parcel: Parcel, left: Prepared) -> Prepared:
    """Prepare as later attempts do, which know that one had begun."""
    for _attempt in range(5):
        left = left.begin(parcel.content, stage.options.clock.now())
        try:
            while left.leftovers or not left.holds(parcel.content):
                left = channel.prepare(parcel, left, stage.media.__getitem__)
        except NotPrepared as problem:  # a slow machine: the sandbox had ended the connection
            left = problem.prepared or left
        else:
            break
    return left


def violations(stage: Stage) -> list[str]:
    return [one["kind"] for one in stage.sandbox.state()["violations"]]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_to_publishing_is_a_doubt_that_a_repeat_ends(
    what: What, commit: bool, stage: Stage
) -> None:
    stage.sandbox.faults.set([Fault(what=what, endpoint="updateArticle", commit=commit, times=1)])
    channel, parcel = stage.open(), stage.parcel("Bonjour")
    prepared = stage.prepare(parcel, channel)
    since = stage.options.clock.now()
    assert isinstance(send(channel, parcel, prepared, ()), Unknown)
    found = channel.find(parcel, prepared, (), since)
    assert isinstance(found, Accepted if commit else Absent)
    accepted(send(channel, parcel, prepared, ()))
    assert len(stage.shown()) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["createArticle", "uploadAttachment", "updateArticle", "listAttachments", "getArticle"],
)
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_while_preparing_leaves_one_draft_and_no_second_picture(
    endpoint: str, what: What, stage: Stage
) -> None:
    """The next attempt knows what the ledger has, and that one had begun."""
    stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, times=1, commit=True)])
    channel, parcel = stage.open(), illustrated(stage)
    left, outcome = Prepared(), None
    while outcome is None:
        try:
            left = channel.prepare(parcel, left, stage.media.__getitem__)
        except NotPrepared as problem:
            left, outcome = problem.prepared or left, problem.outcome
    assert isinstance(outcome, Deferred | AccountSuspended)
    assert stage.shown() == []
    left = recovered(stage, channel, parcel, left)
    accepted(send(channel, parcel, left, ()))
    assert len([p for p in stage.sandbox.state()["posts"] if not p["deleted"]]) == 1
    assert [len(shown.pictures) for shown in stage.shown()] == [2]
    assert len(stage.sandbox.store.uploads) == 2
    assert violations(stage) == []


def test_one_call_makes_at_most_ten_requests(
    stage: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    """A worker's lease is as long as that."""
    channel, parcel, known = stage.open(), illustrated(stage, 10), Prepared()
    while not known.holds(parcel.content):
        exchanges.clear()
        known = channel.prepare(parcel, known, stage.media.__getitem__)
        assert len(exchanges) <= 10
    accepted(send(channel, parcel, known, ()))
    assert [len(shown.pictures) for shown in stage.shown()] == [10]


def test_a_draft_is_read_again_after_a_minute(stage: Stage) -> None:
    channel, parcel = stage.open(), stage.parcel("Bonjour")
    prepared = stage.prepare(parcel, channel)
    stage.options.clock.sleep_until(stage.options.clock.now() + timedelta(seconds=90))
    again = channel.prepare(parcel, prepared, stage.media.__getitem__)
    assert again != prepared
    assert stage.sandbox.state()["requests"]["getArticle"] == 1


@pytest.mark.parametrize("endpoint", ["updateArticle", "deleteAttachment", "deleteArticle"])
def test_withdrawing_into_the_unknown_may_be_repeated(endpoint: str, stage: Stage) -> None:
    channel, parcel = stage.open(), illustrated(stage)
    prepared = stage.prepare(parcel, channel)
    outcome = accepted(send(channel, parcel, prepared, ()))
    for what in (What.SERVER_ERROR, What.HANG_UP, What.HTML, What.IGNORED):
        stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint)])
        # That one hides it, before all else; without an answer nothing is read.
        is_shown = endpoint == "updateArticle" and what is not What.HANG_UP
        expected = StillOut if is_shown else Unknown
        assert isinstance(channel.withdraw(outcome.remote_id, prepared), expected)
    stage.sandbox.faults.set([])
    assert accepted(channel.withdraw(outcome.remote_id, prepared)).remote_id == outcome.remote_id
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_a_picture_that_cannot_be_deleted_is_found_again_though_none_is_on_record(
    stage: Stage,
) -> None:
    """After a restore: nobody sees the post from the first step on, and it is the last to go."""
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="deleteAttachment", nth=(2,))])
    assert isinstance(channel.withdraw(outcome.remote_id, Prepared()), AccountSuspended)
    assert stage.shown() == []
    assert len(stage.sandbox.store.uploads) == 1
    stage.sandbox.faults.set([])
    assert accepted(stage.open().withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_withdrawing_takes_the_pictures_that_are_not_on_record(stage: Stage) -> None:
    """As after a restore: else WordPress would list them publicly."""
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    assert stage.sandbox.store.uploads
    assert accepted(channel.withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_a_post_whose_pictures_cannot_be_read_is_not_deleted_yet(stage: Stage) -> None:
    channel, parcel = stage.open(), illustrated(stage)
    outcome = accepted(send(channel, parcel, stage.prepare(parcel, channel), ()))
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="listAttachments")])
    assert isinstance(channel.withdraw(outcome.remote_id, Prepared()), Deferred)
    stage.sandbox.faults.set([])
    assert accepted(channel.withdraw(outcome.remote_id, Prepared()))
    assert stage.sandbox.store.uploads == {}


def test_pictures_go_before_their_draft(stage: Stage) -> None:
    """WordPress lists those of a deleted post publicly."""
    channel, parcel = stage.open(), illustrated(stage)
    prepared = stage.prepare(parcel, channel).given_up()
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="deleteAttachment", nth=(2,))])
    with pytest.raises(NotPrepared) as told:
        channel.clear(parcel, prepared)
    left = told.value.prepared
    assert left
    assert (len(left.photos), left.leftovers) == (1, prepared.leftovers)
    assert channel.clear(parcel, left) == Prepared()
    assert stage.sandbox.store.uploads == {}
    assert violations(stage) == []


def test_what_was_not_prepared_is_not_sent(stage: Stage) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    for prepared in (
        Prepared(),
        Prepared(draft_id="7"),
        stage.prepare(stage.parcel("Non"), channel),
    ):
        with pytest.raises(ValueError, match="prepared"):
            channel.ready(parcel, prepared, ())
    with pytest.raises(ValueError, match="once"):
        channel.ready(parcel, stage.prepare(parcel, channel), ("7",))
    assert stage.shown() == []


def test_building_a_request_and_judging_its_answer_ask_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    request = channel.ready(parcel, prepared, ())
    assert isinstance(request, Request)
    answer = client.shared().ask(request)
    monkeypatch.setattr(client, "shared", lambda: pytest.fail("somebody was asked"))
    judged = channel.judge(parcel, prepared, (), answer)
    assert isinstance(judged, Accepted)
    assert channel.judge(parcel, prepared, (), answer) == judged


def test_finding_and_verifying_only_read(
    stage: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    outcome = send(channel, parcel, prepared, ())
    exchanges.clear()
    accepted(channel.verify(prepared, outcome))
    refused = Refused(Kind.CONTENT, "No.")
    accepted(channel.verify(prepared, refused))
    accepted(channel.find(parcel, prepared, (), stage.options.clock.now()))
    channel.find(replaced(parcel), Prepared(), (), stage.options.clock.now())
    assert {request.method for request in exchanges} == {"GET"}


def replaced(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"is_forgotten": True})


def test_a_refusal_of_what_is_not_public_stays_one(stage: Stage) -> None:
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    prepared = stage.prepare(parcel, channel)
    stage.sandbox.faults.set([Fault(what=What.BAD_REQUEST, endpoint="updateArticle")])
    assert isinstance(send(channel, parcel, prepared, ()), Refused)


def test_a_dead_server_only_defers(stage: Stage, closed_port: str) -> None:
    channel = stage.open(servers={"wordpress": closed_port})
    for outcome in (
        *stage.deliver(stage.parcel("Bonjour"), channel),
        channel.withdraw("12", Prepared()),
    ):
        assert isinstance(outcome, Deferred)
        assert "connection refused" in outcome.message
    found = channel.examine()
    assert (found.is_certain, "does not answer" in str(found.problem)) == (False, True)


def test_a_rate_limit_holds_the_account_for_as_long_as_it_lasts(stage: Stage) -> None:
    for endpoint in ("createArticle", "updateArticle", "uploadAttachment"):
        stage.sandbox.faults.set([Fault(what=What.RATE_LIMIT, endpoint=endpoint, seconds=600)])
        (outcome,) = stage.deliver(illustrated(stage))
        assert isinstance(outcome, AccountSuspended)
        assert (outcome.kind, outcome.until is not None) == (Kind.RATE_LIMIT, True)


@pytest.mark.parametrize("written", ["{}", "{}/", " {} ", "{}/wp-json", "{}/wp-json/"])
def test_an_address_may_be_written_in_several_ways(written: str, stage: Stage) -> None:
    known = stage.open().owner()
    stage.credentials["server"] = written.format(stage.credentials["server"])
    assert stage.open().owner() == known


@pytest.mark.parametrize(
    "written",
    ["http://example.org", "", "https://", "ftp://example.org", "https://[",
     "https://user:pass@example.org", "https://example.org?x=1", "https://example.org:0"],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused(written: str, stage: Stage) -> None:
    """Whoever reads along would have the password."""
    stage.credentials["server"] = written
    with pytest.raises(ConfigurationError) as refused:
        stage.open()
    assert "https://" in str(refused.value.hint)


def test_the_same_user_on_another_site_is_another_owner(stage: Stage) -> None:
    here = stage.open().owner()
    stage.credentials["server"] = "https://elsewhere.example/blog"
    there = stage.open().owner()
    assert here != there
    assert "elsewhere.example/blog" in repr(there)


@pytest.mark.parametrize(
    "what", [None, What.HANG_UP, What.CUT, What.HTML, What.UNAUTHORISED, What.BAD_REQUEST, What.REDIRECT]
)  # fmt: skip
def test_no_secret_comes_out(
    what: What | None, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel, parcel = stage.open(), illustrated(stage)
    outcomes: list[object] = [*stage.deliver(parcel, channel)]
    if what:
        stage.sandbox.faults.set([Fault(what=what)])
        outcomes += stage.deliver(parcel, channel)
    outcomes += [channel.withdraw("12", Prepared()), channel.examine(), channel.owner()]
    said = repr(outcomes) + repr(channel) + caplog.text
    password = stage.credentials["application_password"]
    assert password not in said
    assert password.replace(" ", "") not in said
