"""What is particular to Mastodon: idempotency keys, what a request carries, uploads."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from publisher.channels.base import NotPrepared
from publisher.channels.registry import open_channel
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Deferred,
    Kind,
    Refused,
    StillOut,
    Unknown,
)
from publisher.platforms.mastodon.stand_in import limits
from publisher.sandbox.fault_kinds import What
from tests.channels.conftest import LOST, Stage, Stages
from tests.platforms.mastodon.servers import NOTHING, Exchanges, faults, sent_once
from tests.support.clock import ManualClock
from tests.support.sending import send

pytestmark = pytest.mark.guards("publisher.platforms.mastodon.uploads")


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("mastodon")


def keys(exchanges: Exchanges) -> list[str]:
    return [
        request.headers["Idempotency-Key"]
        for request in exchanges
        if str(request.url).endswith("/api/v1/statuses") and request.method == "POST"
    ]


def test_a_repeat_by_another_worker_has_the_same_key(stage: Stage, exchanges: Exchanges) -> None:
    """Also with pictures that were uploaded again, and whenever it is made."""
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    ids = []
    for _time in range(2):
        outcome = send(stage.open(), parcel, stage.prepare(parcel, stage.open()), ())
        assert isinstance(outcome, Accepted)
        ids.append(outcome.remote_id)
        stage.options.clock.sleep_until(stage.options.clock.now() + timedelta(minutes=40))
    assert len(set(keys(exchanges))) == 1
    assert len(set(ids)) == len(stage.shown()) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda stage: (stage.parcel("Bonsoir"), ()),
        lambda stage: (stage.parcel("Bonjour", post="another"), ()),
        lambda stage: (stage.parcel("Bonjour", "Deux"), ()),
        lambda stage: (stage.parcel("Bonjour", "Bonjour"), ("1",)),
        lambda stage: (stage.parcel("Bonjour").model_copy(update={"account": "other"}), ()),
    ],
    ids=["text", "post", "thread", "part", "account"],
)
def test_other_content_has_another_key(
    stage: Stage,
    exchanges: Exchanges,
    other: Callable[[Stage], tuple[Parcel, tuple[str, ...]]],
) -> None:
    channel = stage.open()
    channel.ready(stage.parcel("Bonjour"), NOTHING, ())
    parcel, sent = other(stage)
    channel.ready(parcel, NOTHING, sent)
    assert len(set(keys(exchanges))) == 2


def test_a_part_after_another_post_has_another_key(stage: Stage, exchanges: Exchanges) -> None:
    """A thread that is sent again after a withdrawal does not meet the keys of the one before."""
    channel, thread = stage.open(), stage.parcel("Un", "Deux")
    for parent in ("1", "2"):
        channel.ready(thread, NOTHING, (parent,))
    assert len(set(keys(exchanges))) == 2


def test_a_key_is_bound_to_no_time(stage: Stage, exchanges: Exchanges) -> None:
    parcel = stage.parcel("Bonjour")
    moved = parcel.model_copy(update={"due_at": parcel.due_at + timedelta(hours=5)})
    for one in (parcel, moved):
        stage.open().ready(one, NOTHING, ())
    assert len(set(keys(exchanges))) == 1


@pytest.mark.parametrize("what", LOST)
def test_after_a_lost_answer_the_account_is_read_and_nothing_doubles(
    what: What, stage: Stage
) -> None:
    attempt = stage.ready(stage.parcel("Bonjour"))
    faults(stage, {"what": what, "endpoint": "postStatus", "commit": True, "times": 1})
    assert isinstance(attempt.send(), Unknown)
    found = attempt.find()
    assert isinstance(found, Accepted)
    assert [shown.id for shown in stage.shown()] == [found.remote_id]


def test_an_unread_success_is_repeated_without_a_double_for_an_hour(stage: Stage) -> None:
    """The second safeguard: a timeline that lags shows nothing, and the key still prevents it."""
    parcel = stage.parcel("Bonjour")
    faults(stage, {"what": "hang-up", "endpoint": "postStatus", "commit": True, "times": 1},
           {"what": "lag", "seconds": 600})  # fmt: skip
    since = stage.options.clock.now()
    assert isinstance(sent_once(stage, parcel), Unknown)
    assert stage.open().find(parcel, NOTHING, (), since) == Absent()
    assert isinstance(sent_once(stage, parcel), Accepted)
    assert len(stage.shown()) == 1


def test_after_an_hour_a_key_is_forgotten_so_nothing_relies_on_it(stage: Stage) -> None:
    parcel, since = stage.parcel("Bonjour"), stage.options.clock.now()
    assert isinstance(sent_once(stage, parcel), Accepted)
    clock = stage.options.clock
    clock.sleep_until(clock.now() + limits.KEY_LIFE + timedelta(seconds=1))
    assert isinstance(stage.open().find(parcel, NOTHING, (), since), Accepted)
    assert isinstance(sent_once(stage, parcel), Accepted)
    assert len(stage.shown()) == 2


def test_the_keys_of_a_repeat_may_be_answered_with_an_error(stage: Stage) -> None:
    """As Mastodon 4.6 before September 2026 did: it is unknown, and found."""
    parcel, since = stage.parcel("Bonjour"), stage.options.clock.now()
    assert isinstance(sent_once(stage, parcel), Accepted)
    faults(stage, {"what": "repeat-fails"})
    assert isinstance(sent_once(stage, parcel), Unknown)
    assert isinstance(stage.open().find(parcel, NOTHING, (), since), Accepted)
    assert len(stage.shown()) == 1


def test_without_a_lock_a_repeat_at_the_same_moment_doubles(stage: Stage) -> None:
    """Before Mastodon 4.6: so no request is repeated before the account was read."""
    parcel, since = stage.parcel("Bonjour"), stage.options.clock.now()
    faults(stage, {"what": "key-race", "seconds": 5})
    outcomes = [sent_once(stage, parcel) for _time in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
    assert len(stage.shown()) == 2
    found = stage.open().find(parcel, NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id == stage.shown()[0].id


def test_after_a_withdrawal_the_same_post_waits_until_its_key_is_forgotten(stage: Stage) -> None:
    """Mastodon answers with 404 then: nothing is out, and nobody has to act."""
    parcel, channel = stage.parcel("Bonjour"), stage.open()
    outcome = sent_once(stage, parcel)
    assert isinstance(outcome, Accepted)
    assert isinstance(channel.withdraw(outcome.remote_id, NOTHING), Accepted)
    again = sent_once(stage, parcel)
    assert isinstance(again, Deferred)
    assert "an hour" in again.message
    stage.options.clock.sleep_until(stage.options.clock.now() + limits.KEY_LIFE * 2)
    assert isinstance(sent_once(stage, parcel), Accepted)
    assert len(stage.shown()) == 1


@pytest.mark.parametrize("status", [404, 410, 502])
@pytest.mark.parametrize("deleted", ["server-error", "not-found"])
def test_gone_is_what_the_server_itself_says(deleted: str, status: int, stage: Stage) -> None:
    """Not a machine in between, whatever it answers to both requests."""
    outcome = sent_once(stage, stage.parcel("Bonjour"))
    assert isinstance(outcome, Accepted)
    faults(stage, {"what": deleted, "endpoint": "deleteStatus"},
           {"what": "html", "endpoint": "getStatus", "status": status})  # fmt: skip
    assert isinstance(stage.open().withdraw(outcome.remote_id, NOTHING), Unknown)
    assert len(stage.shown()) == 1


def test_a_deletion_that_is_not_done_is_seen(stage: Stage) -> None:
    outcome = sent_once(stage, stage.parcel("Bonjour"))
    assert isinstance(outcome, Accepted)
    faults(stage, {"what": "ignored"})
    assert isinstance(stage.open().withdraw(outcome.remote_id, NOTHING), StillOut)


def test_a_part_whose_parent_is_gone_fails_after_a_few_tries(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Un", "Deux"))
    first = attempt.send()
    assert isinstance(first, Accepted)
    stage.open().withdraw(first.remote_id, NOTHING)
    outcome = attempt.send()
    assert isinstance(outcome, Deferred)
    assert outcome.most


def test_reading_goes_through_the_pages_and_ends(stage: Stage, exchanges: Exchanges) -> None:
    old = stage.ready(stage.parcel("La plus ancienne"))
    old.send()
    for number in range(50):
        send(stage.open(), stage.parcel(f"Numéro {number}"), NOTHING, ())
    exchanges.clear()
    assert isinstance(old.find(()), Accepted)
    pages = [one for one in exchanges if "/statuses?" in str(one.url)]
    assert ["max_id" in str(one.url) for one in pages] == [False, True, True]


def test_what_a_post_is_sent_with_is_always_said(stage: Stage, exchanges: Exchanges) -> None:
    """Visibility, language and that it is not sensitive never depend on the account's settings."""
    send(stage.open(), stage.parcel("Bonjour"), NOTHING, ())
    body = exchanges[-1].body
    form = parse_qs(body if isinstance(body, str) else (body or b"").decode())
    assert form == {
        "status": ["Bonjour"], "visibility": ["public"], "language": ["fr"], "sensitive": ["0"],
    }  # fmt: skip
    assert stage.sandbox.state()["violations"] == []


def test_an_account_may_post_unlisted(stage: Stage, exchanges: Exchanges) -> None:
    account = stage.account.model_copy(update={"options": {"visibility": "unlisted"}})
    channel = open_channel(account, stage.credentials, stage.options)
    send(channel, stage.parcel("Bonjour"), NOTHING, ())
    assert "visibility=unlisted" in str(exchanges[-1].body)


def test_the_library_makes_one_request_for_one(stage: Stage, exchanges: Exchanges) -> None:
    """It asks for no version, waits for nothing and repeats nothing, also after a 429."""
    channel = stage.open()
    faults(stage, {"what": "rate-limit", "seconds": 300})
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    with pytest.raises(NotPrepared):
        channel.prepare(parcel, NOTHING, stage.media.__getitem__)
    send(channel, stage.parcel("Bonjour"), NOTHING, ())
    channel.withdraw("1", NOTHING)
    channel.owner()
    assert [(one.method, str(one.url).partition("/api")[2]) for one in exchanges] == [
        ("POST", "/v2/media"),
        ("POST", "/v1/statuses"),
        ("DELETE", "/v1/statuses/1"),
        ("GET", "/v1/accounts/verify_credentials"),
    ]


def test_a_file_that_fails_to_process_fails_the_post(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    faults(stage, {"what": "processing-failed"})
    (outcome,) = stage.deliver(stage.parcel("Bonjour", pictures=(stage.gif("Une carte"),)))
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT


def test_a_file_is_asked_for_until_it_is_processed(
    stage: Stage, exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not uploaded again by the worker that goes on with it."""
    parcel = stage.parcel("Bonjour", pictures=(stage.gif("Une carte"),))
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 1_000.0)
    first = stage.open().prepare(parcel, NOTHING, stage.media.__getitem__)
    again = stage.open().prepare(parcel, first, stage.media.__getitem__)
    assert first.upload
    assert first.upload.look_at
    assert again.upload
    assert not again.media_ids
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    last = stage.open().prepare(parcel, again, stage.media.__getitem__)
    assert (last.upload, [*last.media_ids.values()]) == (None, [first.upload.media_id])
    assert [one.method for one in exchanges] == ["POST", "GET", "GET"]


def test_old_uploads_are_made_again(stage: Stage, clock: ManualClock) -> None:
    """Mastodon deletes after a day what no status shows."""
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    prepared = stage.prepare(parcel, stage.open())
    clock.sleep_until(clock.now() + timedelta(hours=21))
    again = stage.prepare(parcel, stage.open(), prepared)
    assert again.media_ids != prepared.media_ids
    assert isinstance(send(stage.open(), parcel, again, ()), Accepted)


def test_pictures_that_were_uploaded_are_not_uploaded_again(
    stage: Stage, exchanges: Exchanges
) -> None:
    pictures = tuple(stage.picture(f"Carte {colour}", colour) for colour in ("teal", "navy"))
    parcel = stage.parcel("Bonjour", pictures=pictures)
    faults(stage, {"what": "server-error", "endpoint": "uploadMedia", "nth": [2]})
    with pytest.raises(NotPrepared) as stop:
        stage.open().prepare(parcel, NOTHING, stage.media.__getitem__)
    assert stop.value.prepared
    stage.open().prepare(parcel, stop.value.prepared, stage.media.__getitem__)
    assert len(exchanges) == 3
