"""X: looking for a part on a timeline that others write to as well."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from publisher.channels.timelines import LOOK_BACK, SKEW
from publisher.model.outcomes import Absent, Accepted, Deferred, Unknown
from publisher.platforms.twitter import timeline
from publisher.platforms.twitter.channel import Twitter
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredPost
from tests.channels.conftest import Stage, Stages
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards(
    "publisher.channels.timelines", "publisher.platforms.twitter.timeline"
)

NFD = unicodedata.normalize("NFD", "Éducation, santé, égalité : où en sommes-nous ?")


@pytest.fixture
def x(stages: Stages) -> Stage:
    return stages("twitter")


ByHand = Callable[..., str]


@pytest.fixture
def by_hand(x: Stage, clock: ManualClock) -> ByHand:
    """Puts a post on the account without Publisher; gives its id."""

    def post(text: str, parent: str | None = None) -> str:
        store = x.sandbox.store  # no request is under way
        post_id = store.new_id()
        entry = StoredPost(
            channel="twitter",
            account=x.account.name,
            id=post_id,
            text=text,
            created_at=clock.now(),
            received_at=clock.now(),
            in_reply_to=parent,
            conversation=parent or post_id,
        )
        entry.publish(clock.now())
        store.add(entry)
        return post_id

    return post


# X: a timeline that others write to as well.


def test_parts_of_a_thread_are_found_one_after_another(x: Stage) -> None:
    attempt = x.ready(x.parcel("Un", "Deux", "Trois"))
    for number in range(3):
        assert attempt.find() == Absent()
        x.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint="createPosts", commit=True)])
        assert isinstance(attempt.send(), Unknown)
        found = attempt.find()
        assert isinstance(found, Accepted)
        assert found.remote_id == x.shown()[number].id
        attempt.sent = (*attempt.sent, found.remote_id)


def test_a_part_is_absent_while_the_timeline_lags(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    x.sandbox.faults.set([Fault(what=What.LAG, seconds=3600, times=1)])
    assert attempt.find(sent=()) == Absent()
    assert isinstance(attempt.find(sent=()), Accepted)


def test_an_older_post_with_the_same_text_is_for_a_person(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    by_hand("Bonjour")
    clock.advance(SKEW.total_seconds() + 1)
    assert isinstance(x.ready(x.parcel("Bonjour")).find(), Unknown)
    clock.advance(LOOK_BACK.total_seconds())
    assert x.ready(x.parcel("Bonjour")).find() == Absent()


def test_what_another_delivery_has_is_not_taken_for_it(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    found = attempt.stage.open().find(
        attempt.parcel, attempt.prepared, (), attempt.since, {sent.remote_id}
    )
    assert found == Absent()


def test_a_clock_that_is_a_little_ahead_of_xs_hides_nothing(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    """To us, what X took after the intent may seem to have been there before it."""
    post = by_hand("Bonjour")
    clock.advance(SKEW.total_seconds() - 1)
    found = x.ready(x.parcel("Bonjour")).find()
    assert isinstance(found, Accepted)
    assert found.remote_id == post


def test_posts_by_hand_with_another_text_are_ignored(x: Stage, by_hand: ByHand) -> None:
    attempt = x.ready(x.parcel("Bonjour", "Deux"))
    first = by_hand("Bonjour à tous")
    for text in ("Bon", "Bonjour.", "Bonjour https://example.org/a", "bonjour", "Deux"):
        by_hand(text, parent=first)
    assert attempt.find() == Absent()


def test_the_same_text_at_another_place_of_a_thread_is_not_taken_for_it(
    x: Stage, by_hand: ByHand
) -> None:
    """A first part is no reply, and a later one a reply to the part before it."""
    attempt = x.ready(x.parcel("Un", "Deux", "Trois"))
    other = by_hand("Autre chose")
    by_hand("Un", parent=other)
    assert attempt.find() == Absent()
    one = by_hand("Un")
    by_hand("Deux", parent=other)
    by_hand("Deux")
    assert attempt.find(sent=(one,)) == Absent()
    two = by_hand("Deux", parent=one)
    by_hand("Trois", parent=one)
    assert attempt.find(sent=(one, two)) == Absent()
    three = by_hand("Trois", parent=two)
    for sent, expected in (((), one), ((one,), two), ((one, two), three)):
        found = attempt.find(sent=sent)
        assert isinstance(found, Accepted)
        assert found.remote_id == expected


def test_posts_of_other_accounts_are_ignored(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    owner = x.account.name
    x.sandbox.store.accounts = tuple(
        account if account.name != owner else account.model_copy(update={"user_id": "77"})
        for account in x.sandbox.store.accounts
    )
    try:
        assert isinstance(attempt.find(sent=()), Deferred)
    finally:
        x.sandbox.store.accounts = x.sandbox.accounts


def test_of_several_that_fit_the_earliest_is_meant(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    first = by_hand("Bonjour")
    clock.advance(2)
    by_hand("Bonjour")
    found = attempt.find()
    assert isinstance(found, Accepted)
    assert found.remote_id == first


def test_a_post_is_found_behind_several_pages(
    x: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    attempt.send()
    for number in range(250):
        by_hand(f"Autre chose {number}")
    found = attempt.find(sent=())
    assert isinstance(found, Accepted)
    assert x.sandbox.state()["requests"]["getUsersPosts"] == 3


def test_too_many_posts_are_a_persons_affair(x: Stage, by_hand: ByHand) -> None:
    """Reading without end would use up the account's limits, and stopping would prove nothing."""
    attempt = x.ready(x.parcel("Bonjour"))
    for number in range(1001):
        by_hand(f"Autre chose {number}")
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "too many" in outcome.message
    assert x.sandbox.state()["requests"]["getUsersPosts"] == 10


def test_a_page_that_fails_leaves_the_whole_reading_open(x: Stage, by_hand: ByHand) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    for number in range(150):
        by_hand(f"Autre chose {number}")
    x.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="getUsersPosts", nth=(2,))])
    assert isinstance(attempt.find(), Deferred)


def test_the_same_words_with_another_link_are_a_persons_affair(x: Stage, by_hand: ByHand) -> None:
    """X may have followed the link, or it is another post: nobody can tell."""
    attempt = x.ready(x.parcel("À lire : https://example.org/a"))
    by_hand("À lire : https://example.org/b")
    outcome = attempt.find()
    assert isinstance(outcome, Unknown)
    assert "publisher resolve" in outcome.message
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    assert attempt.find(sent=()) == replace(sent, suspended_until=None)


def test_x_is_asked_once_whose_token_it_is_when_the_token_does_not_say(x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    channel = x.open()
    channel._user_id = ""  # type: ignore[attr-defined]
    for _ in range(2):
        assert channel.find(attempt.parcel, attempt.prepared, (), attempt.since) == Absent()
    requests = x.sandbox.state()["requests"]
    assert (requests["getUsersMe"], requests["getUsersPosts"]) == (1, 2)


@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.NOT_JSON, What.HANG_UP])
def test_not_knowing_the_own_user_id_defers(what: What, x: Stage) -> None:
    attempt = x.ready(x.parcel("Bonjour"))
    channel = x.open()
    channel._user_id = ""  # type: ignore[attr-defined]
    x.sandbox.faults.set([Fault(what=what, endpoint="getUsersMe", times=1)])
    assert isinstance(channel.find(attempt.parcel, attempt.prepared, (), attempt.since), Deferred)
    assert channel.find(attempt.parcel, attempt.prepared, (), attempt.since) == Absent()


@pytest.mark.parametrize("first", [{"post.fields": "nonsense"}, {"post.fields": "lang"}, {}])
def test_a_spelling_that_x_does_not_know_leads_to_the_other(
    first: dict[str, str], x: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether X refuses the fields' names or only leaves the fields out."""
    attempt = x.ready(x.parcel("Un", "Deux"))
    for _ in range(2):
        attempt.send()
    older = timeline.FIELDS[1]
    monkeypatch.setattr(timeline, "FIELDS", (first, older))
    found = attempt.find(sent=attempt.sent[:1])
    assert isinstance(found, Accepted)
    assert found.remote_id == attempt.sent[1]
    monkeypatch.setattr(timeline, "FIELDS", (first,))
    assert isinstance(attempt.find(sent=attempt.sent[:1]), Deferred)


def test_the_sandbox_gives_a_text_back_as_x_does(x: Stage) -> None:
    """So that these tests mean something: links shortened, a picture's link, NFC, entities."""
    text = f"{NFD} & https://example.org/a"
    attempt = x.ready(x.parcel(text, pictures=(x.picture("Une carte"),)))
    attempt.send()
    channel = attempt.channel
    assert isinstance(channel, Twitter)
    post = partial(channel._client.get_tweet, attempt.sent[0], user_auth=True)
    shown = json.loads(channel._recorder.call(post).body)["data"]["text"]
    composed, _, rest = shown.partition(" &amp; ")
    assert composed == unicodedata.normalize("NFC", NFD)
    assert [word[:13] for word in rest.split()] == ["https://t.co/"] * 2
