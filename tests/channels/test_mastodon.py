"""What is particular to Mastodon: idempotency keys, texts read back from HTML, uploads."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from publisher.base.errors import ConfigurationError
from publisher.channels.base import NotPrepared
from publisher.channels.mastodon import status_html, timeline
from publisher.channels.mastodon.server import address_of
from publisher.channels.registry import open_channel
from publisher.channels.timelines import words
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.mastodon import limits
from publisher.sandbox.mastodon.content_html import content
from tests.channels.conftest import DUE, LOST, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sending import send

NOTHING = Prepared()
Exchanges = list[requests.PreparedRequest]
TEXTS = [
    "L’égalité, c’est maintenant. #HRC31 & <b>, 50 % + « guillemets » 🕊️ ñ ł",
    "À lire https://www.example.org/un/article/avec/une/longue/adresse?a=1&b=2#c (fr).",
    "Voir example.org, https://x.org et http://y.org/a_(b), puis #a#b",
    "Une ligne\nune autre\n\nun paragraphe *gras* _it_ `code` <p>\r\n\r\n\r\nfin",
    "@bice @BICE @bice@mastodon.example @personne @bice@ailleurs.example bice@example.org",
    "e\u0301te\u0301 Å \u200bet\u00a0des\u2060 signes : 👩‍👩‍👧 🇫🇷",
    "#HRC31#Deux & &amp; &lt;p&gt; \"x\" 'y' \\ / @ # @@bice",
]


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("mastodon")


def faults(stage: Stage, *what: dict[str, Any]) -> None:
    stage.sandbox.faults.set([Fault(**one) for one in what])


def sent_once(stage: Stage, parcel: Parcel, prepared: Prepared = NOTHING) -> Outcome:
    """One request, by an instance that never made one."""
    return send(stage.open(request_timeout=timedelta(seconds=0.5)), parcel, prepared, ())


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
    attempt = stage.ready(stage.parcel("Bonjour"), request_timeout=timedelta(seconds=0.3))
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


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("has_source", [True, False])
def test_a_text_is_found_whatever_the_server_makes_of_it(
    text: str, has_source: bool, stage: Stage, exchanges: Exchanges
) -> None:
    """By the HTML or by the source; without a source, mentions may leave it to a person."""
    attempt = stage.ready(stage.parcel(text))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    if not has_source:
        faults(stage, {"what": "not-found", "endpoint": "getStatusSource"})
    found = attempt.find(())
    if not has_source and "@bice@mastodon.example" in text:
        assert isinstance(found, Unknown)
    else:
        assert isinstance(found, Accepted)
        assert found.remote_id == sent.remote_id
    assert {request.method for request in exchanges[1:]} == {"GET"}


@pytest.mark.parametrize("text", TEXTS)
def test_another_text_is_not_taken_for_it(text: str, stage: Stage) -> None:
    attempt = stage.ready(stage.parcel(text))
    attempt.send()
    for other in (f"{text} Fin", text.replace("e", "a", 1), text[1:], "Tout autre chose"):
        if words(other) != words(text):
            found = stage.open().find(stage.parcel(other), NOTHING, (), attempt.since)
            assert found == Absent()


def test_without_a_source_other_words_do_not_prove_that_it_is_absent(stage: Stage) -> None:
    """The server may have made them of ours; but not a picture."""
    attempt = stage.ready(stage.parcel("Bonjour"))
    attempt.send()
    faults(stage, {"what": "not-found", "endpoint": "getStatusSource"})
    channel, parcel = stage.open(), stage.parcel("Bonsoir", post="two")
    assert channel.find(parcel, NOTHING, (), attempt.since) == Absent(is_proof=False)
    shows = stage.parcel("Bonsoir", pictures=(stage.picture("Une carte"),), post="two")
    assert channel.find(shows, NOTHING, (), attempt.since) == Absent()


@pytest.mark.parametrize(("number", "is_proof"), [(5, True), (6, False)])
def test_with_more_posts_than_are_read_it_is_not_proved_absent(
    number: int, is_proof: bool, stage: Stage, exchanges: Exchanges
) -> None:
    since = stage.options.clock.now()
    for one in range(number):
        stage.ready(stage.parcel(f"Jour {one}", post=f"day-{one}")).send()
    found = stage.open().find(stage.parcel("Bonsoir", post="two"), NOTHING, (), since)
    assert found == Absent(is_proof=is_proof)
    assert sum(str(request.url).endswith("/source") for request in exchanges) == 5


def test_another_link_in_the_same_words_is_not_taken_for_it(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Lire https://example.org/un?a=1"))
    attempt.send()
    other = stage.parcel("Lire https://example.org/un?a=2")
    assert stage.open().find(other, NOTHING, (), attempt.since) == Absent()


def test_the_same_words_from_before_leave_it_to_a_person(stage: Stage) -> None:
    stage.ready(stage.parcel("Bonjour")).send()
    stage.options.clock.sleep_until(stage.options.clock.now() + timedelta(minutes=5))
    seen = stage.ready(stage.parcel("Bonjour", post="two")).find()
    assert isinstance(seen, Unknown)
    assert "it was there before" in seen.message


def test_pictures_without_words_are_told_apart_by_their_uploads(stage: Stage) -> None:
    """Where they cannot be, a person decides."""
    first = stage.ready(stage.parcel("", pictures=(stage.picture("Une carte", "teal"),)))
    second = stage.ready(stage.parcel("", pictures=(stage.picture("Autre", "navy"),), post="two"))
    sent = first.send()
    assert isinstance(sent, Accepted)
    assert isinstance(second.find(), Unknown)
    second.send()
    found = first.find(())
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id


def test_a_part_of_a_thread_is_found_by_its_parent(stage: Stage) -> None:
    """Two parts with the same words are two posts."""
    thread = stage.parcel("Un", "Oui", "Oui")
    attempt = stage.ready(thread)
    for _part in range(3):
        assert attempt.find() == Absent()
        attempt.send()
    assert [attempt.find(attempt.sent[:n]) for n in range(3)] == [
        Accepted(shown.id, url=f"https://mastodon.example/@bice/{shown.id}")
        for shown in stage.shown()
    ]


def test_the_same_words_elsewhere_are_no_part_of_a_thread(stage: Stage) -> None:
    """Neither a post of its own, nor an answer to another one."""
    thread = stage.ready(stage.parcel("Un", "Oui"))
    thread.send()
    for other in (stage.parcel("Oui", post="two"), stage.parcel("Autre", "Oui", post="three")):
        stage.deliver(other)
    assert thread.find() == Absent()


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
    assert isinstance(stage.open().withdraw(outcome.remote_id, NOTHING), Unknown)


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


@pytest.mark.parametrize(
    ("scopes", "problem"),
    [
        (["read", "write", "follow"], None),
        (["read:accounts", "read:statuses", "write:statuses", "write:media"], None),
        (["read"], "lacks write"),
        (["write", "profile"], "lacks read"),
        (["read", "write:media"], "lacks write"),
    ],
)
def test_the_scopes_are_checked(scopes: list[str], problem: str | None, stage: Stage) -> None:
    body = {"id": "1", "name": "Publisher", "scopes": scopes}
    faults(stage, {"what": "answer", "endpoint": "verifyApp", "status": 200, "body": body})
    told = stage.open().examine().problem
    assert (told is None) if problem is None else problem in (told or "")


@pytest.mark.parametrize(
    ("told", "limits"),
    [
        (
            {
                "statuses": {"max_characters": 300, "max_media_attachments": 6},
                "media_attachments": {"description_limit": 900, "image_size_limit": 8_000_000},
            },
            {
                "max_characters": 300,
                "max_pictures": 6,
                "max_alt_text": 900,
                "max_picture_bytes": 8_000_000,
            },
        ),
        ({"statuses": {"max_characters": "many", "max_media_attachments": -1}}, {}),
        ({"statuses": {"max_characters": 0}}, {}),
        ({"statuses": {"max_characters": 99_999_999_999}}, {}),
        ([], {}),
    ],
)
def test_the_limits_of_the_server_are_read(
    told: object, limits: dict[str, int], stage: Stage
) -> None:
    body = {"domain": "mastodon.example", "configuration": told}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    health = stage.open().examine()
    assert health.problem is None
    assert health.options == limits


def test_a_server_of_another_make_says_how_much_it_takes_in_its_own_way(stage: Stage) -> None:
    """Pleroma, and what descends from it."""
    body = {"domain": "pleroma.example", "max_toot_chars": 5000}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    assert stage.open().examine().options == {"max_characters": 5000}


def warned(stage: Stage, text: str, warning: str | None = "Violences") -> Parcel:
    parcel = stage.parcel(text)
    content = parcel.content.model_copy(update={"content_warning": warning})
    return parcel.model_copy(update={"content": content})


def test_a_post_goes_out_behind_its_content_warning(stage: Stage) -> None:
    """With its pictures covered too."""
    picture = stage.picture("Une carte")
    parcel = stage.parcel("Un", "Deux", pictures=(picture,))
    content = parcel.content.model_copy(update={"content_warning": "Violences"})
    outcomes = stage.deliver(parcel.model_copy(update={"content": content}))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    state = stage.sandbox.state()
    assert [post["content_warning"] for post in state["posts"]] == ["Violences"] * 2
    assert stage.sandbox.store.violations == []


def test_a_content_warning_counts_with_the_text(stage: Stage) -> None:
    fits, too_long = warned(stage, "a" * 491, "Violences"), warned(stage, "b" * 492, "Violences")
    assert isinstance(stage.deliver(fits)[0], Accepted)
    assert isinstance(stage.deliver(too_long)[0], Refused)


@pytest.mark.parametrize("other", [None, "Autre chose"])
def test_the_same_words_behind_another_warning_are_another_post(
    other: str | None, stage: Stage
) -> None:
    since = stage.options.clock.now()
    sent = sent_once(stage, warned(stage, "Bonjour"))
    assert isinstance(sent, Accepted)
    found = stage.open().find(warned(stage, "Bonjour"), NOTHING, (), since)
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id
    assert stage.open().find(warned(stage, "Bonjour", other), NOTHING, (), since) == Absent()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("<html>Welcome</html>", 200, "does not answer as Mastodon does"),
        ({"hello": "world"}, 200, "does not answer as Mastodon does"),
        ("<html>Not here</html>", 404, "could not be read|when the account was read"),
    ],
)
def test_a_server_that_is_no_mastodon_is_named(
    body: Any, status: int, said: str, stage: Stage
) -> None:
    faults(stage, {"what": "answer", "status": status, "body": body})
    health = stage.open().examine()
    assert health.problem
    assert health.owner is None


@pytest.mark.parametrize("flag", ["limited", "suspended"])
def test_a_limited_account_publishes_and_a_suspended_one_does_not(flag: str, stage: Stage) -> None:
    body = {"id": "1", "username": "bice", flag: True}
    faults(stage, {"what": "answer", "endpoint": "verifyAccount", "status": 200, "body": body})
    health = stage.open().examine()
    told = " ".join(health.remarks) if flag == "limited" else health.problem or ""
    assert f"has {flag} this account" in told
    assert (health.problem is None) is (flag == "limited")


def test_the_owner_has_the_domain_that_the_server_names(stage: Stage) -> None:
    """An address may be another than the domain in the names (`WEB_DOMAIN`)."""
    body = {"domain": "bice.example"}
    faults(stage, {"what": "answer", "endpoint": "getInstance", "status": 200, "body": body})
    assert str(stage.open().owner()) == "@bice@bice.example"
    health = stage.open().examine()
    assert str(health.owner) == "@bice@bice.example"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://mastodon.example", "https://mastodon.example"),
        (" https://mastodon.example/ ", "https://mastodon.example"),
        ("mastodon.example", "https://mastodon.example"),
        ("https://mastodon.example:8443", "https://mastodon.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://mastodon.example", None),
        ("ftp://mastodon.example", None),
        ("https://mastodon.example/@bice", None),
        ("https://a:b@mastodon.example", None),
        ("https://mastodon.example?a=1", None),
        ("https://", None),
        ("", None),
        ("https://[x", None),
        ("https://mastodon.example:0", None),
        ("https://mastodon.example:99999", None),
    ],
)
def test_a_token_goes_to_no_unsafe_address(written: str, address: str | None) -> None:
    if address is not None:
        assert address_of(written) == address
        return
    with pytest.raises(ConfigurationError, match="not the address of a Mastodon server"):
        address_of(written)


def test_a_bad_address_says_where_it_stands(stage: Stage) -> None:
    stage.credentials["server"] = "http://mastodon.example"
    with pytest.raises(ConfigurationError) as caught:
        stage.open()
    assert "secrets.toml" in str(caught.value.hint)


@pytest.mark.parametrize("text", TEXTS)
def test_the_html_of_a_text_has_its_words(text: str) -> None:
    """All but the servers of mentions, which Mastodon leaves out."""
    shown, _led = status_html.texts(content(text.strip(), {"bice"}, "mastodon.example"))
    ours = text.replace("@bice@mastodon.example", "@bice")
    assert words(shown) == words(ours)


@pytest.mark.parametrize(
    "html",
    [
        "", "<", "<p", "</p></a>", "<a href>x", "<a href='https://x'>y</a", "&#x110000;", "<![CDATA[x",
        "<!--", "<a class=mention>@<span>b", "\0", "<![foo[bar]]>", "<p>a</p><![", f"&#{'9' * 5000};",
    ],
)  # fmt: skip
def test_no_html_raises(html: str) -> None:
    status_html.texts(html)


def test_another_server_may_shorten_links_otherwise() -> None:
    html = '<p>Lire <a href="https://example.org/long/chemin">example.org/…</a>.</p>'
    status = timeline.Status("1", html, "", DUE, None, (), None)
    shown = Content(parts=(Part(text="Lire https://example.org/long/chemin."),))
    wanted = timeline.ExpectedStatus.of(shown, 0, {})
    found = timeline.candidates(wanted, [status], (), status.created_at)
    assert found.whole == [status]


@pytest.mark.parametrize(
    "body", ["", "{}", "[1]", '[{"id": "1"}]', '[{"id": "1", "created_at": "x", "content": ""}]',
             '[{"id": "1", "created_at": "2016-03-07T07:30:00", "content": ""}]', "null"],
)  # fmt: skip
def test_a_page_that_is_none_is_not_read_as_empty(body: str) -> None:
    assert timeline.parse(body) is None
