"""A page on LinkedIn: lost answers, duplicates, deletions, and what is asked."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from publisher.channels.timelines import LOOK_BACK, SKEW
from publisher.model.accounts import Owner
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    StillOut,
    Unknown,
)
from publisher.platforms.linkedin import timeline
from publisher.platforms.linkedin.rest import VERSION
from publisher.platforms.linkedin.stand_in import media
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.store import StoredPost
from tests.channels.conftest import LOST, Stage, Stages
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.platforms.linkedin.rest", "publisher.channels.timelines")


@pytest.fixture
def page(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(media, "REAL_PROCESSING_SECONDS", 0.0)
    return stages("linkedin")


ByHand = Callable[..., str]


@pytest.fixture
def by_hand(page: Stage, clock: ManualClock) -> ByHand:
    """Puts a post on the page without Publisher; gives its URN."""

    def post(text: str, **more: Any) -> str:
        now, urn = clock.now(), f"urn:li:share:{page.sandbox.store.new_id()}"
        entry = StoredPost("linkedin", page.account.name, urn, text, now, now, **more)
        entry.publish(now)
        page.sandbox.store.add(entry)
        return urn

    return post


def bodies(exchanges: list[requests.PreparedRequest]) -> list[dict[str, Any]]:
    posts = [one for one in exchanges if str(one.url).endswith("/rest/posts")]
    return [json.loads(one.body or b"") for one in posts]


# Lost answers.


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_is_no_success_and_no_failure_and_the_post_is_looked_for(
    what: What, commit: bool, page: Stage
) -> None:
    attempt = page.ready(page.parcel("Bonjour (à tous) #HRC31"))
    page.sandbox.faults.set(
        [Fault(what=what, endpoint="createOrganizationPost", commit=commit, times=1)]
    )
    assert isinstance(attempt.send(), Unknown)
    seen = attempt.find()
    if commit:
        (shown,) = page.shown()
        assert isinstance(seen, Accepted)
        assert seen.remote_id == shown.id
        assert seen.made_at is not None
    else:
        assert isinstance(seen, Absent)


def test_a_post_that_the_list_does_not_show_yet_is_absent_for_now(page: Stage) -> None:
    """So the caller waits for the platform to settle, and asks twice."""
    attempt = page.ready(page.parcel("Bonjour"))
    assert isinstance(attempt.send(), Accepted)
    page.sandbox.faults.set([Fault(what=What.LAG, endpoint="findOrganizationPosts", times=1)])
    assert isinstance(attempt.find(sent=()), Absent)
    assert isinstance(attempt.find(sent=()), Accepted)


def test_the_same_text_again_is_a_duplicate_that_is_looked_for(page: Stage) -> None:
    first = page.ready(page.parcel("Bonjour"))
    assert isinstance(first.send(), Accepted)
    outcome = page.ready(page.parcel("Bonjour")).send()
    assert isinstance(outcome, Unknown)
    assert outcome.duplicate
    assert len(page.shown()) == 1


def test_after_ten_minutes_linkedin_would_take_the_same_text(
    page: Stage, clock: ManualClock
) -> None:
    """So its refusal of duplicates protects nobody from a second post."""
    assert isinstance(page.ready(page.parcel("Bonjour")).send(), Accepted)
    clock.advance(601)
    assert isinstance(page.ready(page.parcel("Bonjour")).send(), Accepted)
    assert len(page.shown()) == 2


# Looking for a post.


def test_a_post_by_another_hand_is_not_ours_unless_it_says_the_same(
    page: Stage, by_hand: ByHand
) -> None:
    attempt = page.ready(page.parcel("Bonjour à tous"))
    by_hand("Bonjour à toutes")
    by_hand("")
    assert isinstance(attempt.find(), Absent)
    urn = by_hand("Bonjour  à\ntous")
    seen = attempt.find()
    assert isinstance(seen, Accepted)
    assert seen.remote_id == urn


def test_of_two_that_say_the_same_the_earliest_is_it(
    page: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    first = by_hand("Bonjour")
    clock.advance(5)
    by_hand("Bonjour")
    seen = attempt.find()
    assert isinstance(seen, Accepted)
    assert seen.remote_id == first


def test_what_belongs_to_another_delivery_is_left_out(page: Stage, by_hand: ByHand) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    urn = by_hand("Bonjour")
    seen = page.open().find(attempt.parcel, attempt.prepared, (), attempt.since, taken={urn})
    assert isinstance(seen, Absent)


def test_the_same_words_of_yesterday_need_a_person(
    page: Stage, by_hand: ByHand, clock: ManualClock
) -> None:
    by_hand("Bonjour")
    clock.advance((SKEW + timedelta(seconds=2)).total_seconds())
    assert isinstance(page.ready(page.parcel("Bonjour")).find(), Unknown)
    clock.advance((LOOK_BACK + timedelta(hours=1)).total_seconds())
    assert isinstance(page.ready(page.parcel("Bonjour")).find(), Absent)


def test_a_shortened_link_leaves_it_open_whether_it_is_ours(page: Stage, by_hand: ByHand) -> None:
    """A person looks; it is not sent again."""
    picture = page.picture("Une carte")
    attempt = page.ready(page.parcel("À lire https://www.example.org/a", pictures=(picture,)))
    by_hand("À lire https://lnkd.in/eXamPle")
    assert isinstance(attempt.find(), Unknown)


def test_another_link_beside_the_same_words_leaves_it_open(page: Stage, by_hand: ByHand) -> None:
    attempt = page.ready(page.parcel("À lire", link="https://www.example.org/a"))
    by_hand("À lire", link="https://www.example.org/b")
    assert isinstance(attempt.find(), Unknown)
    urn = by_hand("À lire", link="https://www.example.org/a")
    seen = attempt.find()
    assert isinstance(seen, Accepted)
    assert seen.remote_id == urn


def test_a_picture_without_a_text_is_found_by_its_upload(page: Stage, by_hand: ByHand) -> None:
    attempt = page.ready(page.parcel("", pictures=(page.picture("Une carte"),)))
    assert isinstance(attempt.send(), Accepted)
    assert isinstance(attempt.find(sent=()), Accepted)
    forgotten = replace(attempt, prepared=Prepared())
    assert isinstance(forgotten.find(sent=()), Unknown), "whose picture it is, nobody knows"


def test_the_same_uploads_with_another_text_leave_it_open(page: Stage) -> None:
    """An edit keeps the uploads: what is out may be the text before it."""
    picture = page.picture("Une carte")
    attempt = page.ready(page.parcel("Bonjour à trois", pictures=(picture,)))
    assert isinstance(attempt.send(), Accepted)
    assert isinstance(attempt.find(sent=()), Accepted)
    edited = page.parcel("Bonjour à quatre", pictures=(picture,))
    seen = page.open().find(edited, attempt.prepared, (), attempt.since)
    assert isinstance(seen, Unknown)
    assert "its words, links or pictures differ" in seen.message


def test_all_of_the_last_day_is_read_page_by_page(
    page: Stage, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = page.ready(page.parcel("Le premier"))
    urn = by_hand("Le premier")
    for number in range(250):
        by_hand(f"Message {number}")
    seen = attempt.find()
    assert isinstance(seen, Accepted)
    assert seen.remote_id == urn
    assert page.sandbox.state()["requests"]["findOrganizationPosts"] == 3
    monkeypatch.setattr("publisher.platforms.linkedin.channel._MOST_PAGES", 2)
    assert isinstance(attempt.find(), Unknown)


@pytest.mark.parametrize(
    "element",
    [
        {},
        {"id": "urn:li:share:1"},
        {"id": "1", "createdAt": 1457335800000},
        {"id": "urn:li:share:1", "commentary": None, "createdAt": 1457335800000},
        {"id": "urn:li:share:1", "createdAt": "now"},
        {"id": "urn:li:share:1", "createdAt": 10**17},
        {"id": "urn:li:share:1", "createdAt": 10**20},
        {"id": "urn:li:share:1", "publishedAt": 10**400},
        {"id": "urn:li:share:1", "createdAt": True},
        "text",
    ],
)
def test_a_list_with_a_post_that_cannot_be_read_is_no_list(element: object) -> None:
    assert timeline.parse(json.dumps({"elements": [element]})) is None


# What is asked.


def test_every_request_names_version_and_protocol(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    attempt = page.ready(page.parcel("Bonjour", pictures=(page.picture("Une carte"),)))
    assert isinstance(attempt.send(), Accepted)
    assert isinstance(attempt.find(sent=()), Accepted)
    assert attempt.channel.examine().problem is None
    attempt.channel.withdraw(attempt.sent[0], Prepared())
    api = [one for one in exchanges if str(one.url).startswith("https://api.linkedin.com/rest/")]
    assert len(api) >= 8
    for request in api:
        assert request.headers["LinkedIn-Version"] == VERSION
        assert request.headers["X-Restli-Protocol-Version"] == "2.0.0"
    assert page.sandbox.state()["violations"] == []


def test_a_post_shows_its_pictures_and_their_texts(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    one, two = page.picture("Une carte", "teal"), page.picture("Deux cartes", "olive")
    page.deliver(page.parcel("Une", pictures=(one,)))
    page.deliver(page.parcel("Deux", pictures=(one, two)))
    single, several = (body["content"] for body in bodies(exchanges))
    assert single["media"]["altText"] == "Une carte"
    shown = several["multiImage"]["images"]
    assert [picture["altText"] for picture in shown] == ["Une carte", "Deux cartes"]


def test_a_link_is_an_article_with_a_title(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    """LinkedIn refuses one without, and reads no page for it."""
    link = "https://www.example.org/a?b=1"
    page.deliver(page.parcel("À lire", link=link))
    page.deliver(page.parcel("À relire", link=link, title="Rapport annuel"))
    articles = [body["content"]["article"] for body in bodies(exchanges)]
    assert articles == [
        {"source": link, "title": "www.example.org"},
        {"source": link, "title": "Rapport annuel"},
    ]


def test_a_post_is_for_everybody_and_by_the_page(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    page.deliver(page.parcel("Bonjour"))
    (body,) = bodies(exchanges)
    assert body["author"] == "urn:li:organization:2414183"
    assert (body["visibility"], body["lifecycleState"]) == ("PUBLIC", "PUBLISHED")


def test_nobody_but_linkedin_gets_a_picture_or_the_token(page: Stage) -> None:
    """Whatever address it names for the upload."""
    told = {"image": "urn:li:image:1", "uploadUrl": "https://linkedin.com.example.org/a"}
    page.sandbox.faults.set(
        [
            Fault(
                what=What.ANSWER,
                endpoint="initializeImageUpload",
                status=200,
                body={"value": told},
            )
        ]
    )
    (outcome,) = page.deliver(page.parcel("Bonjour", pictures=(page.picture("Une carte"),)))
    assert isinstance(outcome, Deferred)
    assert page.sandbox.state()["requests"].keys() == {
        "initializeImageUpload",
        "fault answer",
    }


# Deletions.


def test_what_linkedin_says_is_deleted_and_shows_is_still_out(page: Stage) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    attempt.send()
    page.sandbox.faults.set([Fault(what=What.IGNORED)])
    assert isinstance(attempt.channel.withdraw(attempt.sent[0], Prepared()), StillOut)
    page.sandbox.faults.set([])
    assert isinstance(attempt.channel.withdraw(attempt.sent[0], Prepared()), Accepted)


def test_a_404_for_a_post_that_is_there_does_not_mean_gone(page: Stage) -> None:
    attempt = page.ready(page.parcel("Bonjour"))
    attempt.send()
    page.sandbox.faults.set([Fault(what=What.NOT_FOUND, endpoint="deleteOrganizationPost")])
    assert isinstance(attempt.channel.withdraw(attempt.sent[0], Prepared()), StillOut)
    assert len(page.shown()) == 1


def test_a_post_that_nobody_ever_saw_counts_as_gone(page: Stage) -> None:
    urn = "urn:li:share:1"
    assert page.open().withdraw(urn, Prepared()) == Accepted(urn)


# Health.


def test_the_token_the_page_and_the_role_are_told(page: Stage, clock: ManualClock) -> None:
    found = page.open().examine()
    assert found.problem is None
    assert found.owner is not None
    assert (found.owner.id, found.owner.name) == ("2414183", "BICE")
    assert found.expires_at is not None
    assert timedelta(days=59) < found.expires_at - clock.now() <= timedelta(days=60)


def test_without_the_apps_credentials_the_end_is_not_known(page: Stage) -> None:
    del page.credentials["client_secret"]
    found = page.open().examine()
    assert (found.problem, found.expires_at) == (None, None)
    assert "introspectToken" not in page.sandbox.state()["requests"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"active": False}, "not valid"),
        ({"active": False, "status": "expired"}, "expired"),
        ({"active": False, "status": "revoked"}, "revoked"),
        ({"active": True, "scope": "w_organization_social"}, "lacks r_organization_social"),
        ({"error": "invalid_client"}, "client_id"),
    ],
)
def test_what_is_wrong_with_the_token_is_said(
    told: dict[str, object], says: str, page: Stage
) -> None:
    page.sandbox.faults.set(
        [Fault(what=What.ANSWER, endpoint="introspectToken", status=200, body=told)]
    )
    assert says in str(page.open().examine().problem)


@pytest.mark.parametrize(
    "role",
    [
        None,
        {"role": "ANALYST"},
        {"state": "REQUESTED"},
        {"organization": "urn:li:organization:1"},
    ],
)
def test_a_person_without_a_role_on_the_page_is_told(
    role: dict[str, str] | None, page: Stage
) -> None:
    own = {
        "organization": "urn:li:organization:2414183",
        "role": "ADMINISTRATOR",
        "state": "APPROVED",
    }
    body = {"elements": [] if role is None else [{**own, **role}]}
    page.sandbox.faults.set(
        [Fault(what=What.ANSWER, endpoint="findOrganizationAcls", status=200, body=body)]
    )
    assert "administrator" in str(page.open().examine().problem)


def test_another_number_is_no_page(page: Stage) -> None:
    page.account = page.account.model_copy(update={"options": {"organization_id": "1"}})
    assert page.open().examine().problem
    assert not isinstance(page.open().owner(), Owner)
    (outcome,) = page.deliver(page.parcel("Bonjour"))
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.PERMISSION


def test_a_version_that_is_over_says_to_bring_publisher_up_to_date(page: Stage) -> None:
    body = {"status": 426, "code": "NONEXISTENT_VERSION", "message": "Not active"}
    page.sandbox.faults.set([Fault(what=What.ANSWER, status=426, body=body)])
    (outcome,) = page.deliver(page.parcel("Bonjour"))
    assert isinstance(outcome, AccountSuspended)
    assert "Update Publisher" in outcome.message
