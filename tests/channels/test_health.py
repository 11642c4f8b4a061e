"""What a channel finds out about its own account, by reading alone."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.channels.registry import SPECS
from publisher.model.accounts import Owner
from publisher.model.outcomes import Answer, Deferred, Wire
from publisher.platforms.facebook import health as of_page
from publisher.platforms.facebook.stand_in import graph
from publisher.platforms.twitter import profile as of_x
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import PLATFORMS, Stage, Stages

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.health", "publisher.platforms.twitter.profile"
)

NOW = datetime(2016, 3, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize("channel", SPECS)
def test_an_account_that_works_has_no_problem_and_nothing_is_published(
    channel: str, stages: Stages
) -> None:
    stage = stages(channel)
    assert stage.open().examine().problem is None
    assert stage.shown() == []


@pytest.mark.parametrize(
    ("channel", "secret"),
    [
        ("twitter", "access_token_secret"),
        ("facebook", "page_token"),
        ("linkedin", "access_token"),
        ("linkedin", "client_secret"),
    ],
)
def test_wrong_credentials_are_found(channel: str, secret: str, stages: Stages) -> None:
    stage = stages(channel)
    stage.credentials[secret] = "wrong" + stage.credentials[secret][5:]
    found = stage.open().examine()
    assert found.problem
    assert found.is_certain
    assert stage.credentials[secret] not in repr(found)


def test_a_dead_page_token_says_why(stages: Stages) -> None:
    stage = stages("facebook")
    stage.sandbox.faults.set([Fault(what=What.TOKEN_DEAD)])
    problem = stage.open().examine().problem
    assert problem
    assert "`publisher help credentials`" in problem


@pytest.mark.parametrize("place", ["post", "comment"])
def test_a_page_that_comments_needs_one_permission_more(
    place: str, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "_SCOPES", ("pages_manage_posts", "pages_read_engagement"))
    stage = stages("facebook")
    stage.account = stage.account.model_copy(update={"options": {"link_in": place}})
    problem = stage.open().examine().problem
    assert ("pages_manage_engagement" in str(problem)) == (place == "comment")


@pytest.mark.parametrize("channel", PLATFORMS)
def test_a_platform_that_cannot_be_reached_says_nothing_about_the_account(
    channel: str, stages: Stages, closed_port: str
) -> None:
    found = stages(channel).open(servers={channel: closed_port})
    assert not found.examine().is_certain
    problem = str(found.examine().problem)
    assert "does not answer" in problem
    assert "the post is out" not in problem, "none was sent"


@pytest.mark.parametrize("what", [What.HTML, What.NOT_JSON, What.EMPTY, What.SERVER_ERROR])
@pytest.mark.parametrize("channel", PLATFORMS)
def test_an_answer_that_cannot_be_used_is_a_problem_and_no_crash(
    channel: str, what: What, stages: Stages
) -> None:
    stage = stages(channel)
    stage.sandbox.faults.set([Fault(what=what)])
    assert stage.open().examine().problem


def test_a_site_that_cannot_be_written_is_found(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage: Stage = stages("site")
    # Root, as whom tests may run, can write everywhere.
    monkeypatch.setattr("os.access", lambda *_: False)
    problem = stage.open().examine().problem
    assert problem
    assert "cannot write" in problem


def answer(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(Wire.ANSWERED, NOW, status, headers, body)


def test_a_token_of_x_that_may_only_read_is_found() -> None:
    body = '{"data": {"id": "1", "name": "BICE", "username": "bice"}}'
    assert of_x.health(answer(body)).problem is None
    found = of_x.health(Answer(Wire.ANSWERED, NOW, 200, {"x-access-level": "read"}, body))
    assert found.problem
    assert "can only read" in found.problem


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Mon, 07 Mar 2016 08:00:00 GMT", 0),
        ("Mon, 07 Mar 2016 07:58:00 GMT", 120),
        ("Mon, 07 Mar 2016 08:01:00 GMT", -60),
        ("soon", None),
        ("", None),
    ],
)
def test_the_clock_is_compared_with_the_platforms(date: str, ahead: float | None) -> None:
    found = of_x.health(answer("{}", date=date)).clock_ahead
    assert found == (None if ahead is None else timedelta(seconds=ahead))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('{"is_valid": false, "error": {"message": "The session has expired"}}', "has expired"),
        ('{"is_valid": true, "type": "USER"}', "to a USER"),
        ('{"is_valid": true, "type": "PAGE", "profile_id": "7"}', "another Page"),
        ('{"is_valid": true, "scopes": ["pages_read_engagement"]}', "lacks pages_manage_posts"),
        ('{"is_valid": true}', None),
        ('{"is_valid": "yes"}', "not valid"),
        ("[]", "cannot use"),
    ],
)
def test_what_facebook_says_of_a_token_is_put_into_words(data: str, words: str | None) -> None:
    problem = of_page.health(answer(f'{{"data": {data}}}'), "1002").problem
    assert problem is None if words is None else words in str(problem)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ('"expires_at": 0, "data_access_expires_at": 1465000000', 1_465_000_000),
        ('"expires_at": 1460000000, "data_access_expires_at": 1465000000', 1_460_000_000),
        ('"expires_at": 0', None),
        ('"expires_at": "never"', None),
        ('"expires_at": 999999999999', None),
    ],
)
def test_the_first_end_of_a_token_counts(ends: str, expected: int | None) -> None:
    found = of_page.health(answer(f'{{"data": {{"is_valid": true, {ends}}}}}'), "1002").expires_at
    assert found == (None if expected is None else datetime.fromtimestamp(expected, UTC))


@pytest.mark.parametrize(
    ("channel", "name"), [("twitter", "@bice_x"), ("facebook", "BICE"), ("linkedin", "BICE")]
)
def test_the_platform_says_whom_the_keys_belong_to(channel: str, name: str, stages: Stages) -> None:
    """So does what doctor asks, which pays for no second request of X."""
    opened = stages(channel).open()
    owner = opened.owner()
    assert isinstance(owner, Owner)
    assert opened.examine().owner == owner
    assert owner.name == name
    assert opened.owner_id in ("", owner.id)


@pytest.mark.parametrize("what", [What.HTML, What.NOT_JSON, What.EMPTY, What.SERVER_ERROR])
@pytest.mark.parametrize("channel", [name for name in PLATFORMS if name != "wordpress"])
def test_an_owner_that_cannot_be_read_is_asked_for_again(
    channel: str, what: What, stages: Stages
) -> None:
    """Of WordPress, an answer without JSON means that there is no REST API: a person must act."""
    stage = stages(channel)
    stage.sandbox.faults.set([Fault(what=what)])
    assert isinstance(stage.open().owner(), Deferred)


def test_a_website_has_no_keys(stages: Stages) -> None:
    assert stages("site").open().owner_id is None
