"""X with the tokens of OAuth 2.0: tweepy sends them as they are, and nobody sees them."""

from typing import Any

import pytest
import requests

from publisher.channels.connect import Authorization
from publisher.channels.registry import ChannelOptions
from publisher.model.accounts import Account, Owner
from publisher.model.outcomes import Accepted, AccountSuspended, Kind
from publisher.platforms.twitter.oauth2 import TwitterOAuth2Connector
from publisher.platforms.twitter.stand_in.oauth2 import client_of
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from tests.channels.conftest import Stage

pytestmark = pytest.mark.guards("publisher.channels.connect", "publisher.platforms.twitter.session")


@pytest.fixture
def stage(
    options: ChannelOptions, sandbox: Sandbox, sandbox_accounts: dict[str, SandboxAccount]
) -> Stage:
    connector = TwitterOAuth2Connector(options)
    client = client_of(sandbox_accounts["bice-x"], is_public=True)
    begun = connector.begin({"client_id": client})
    assert isinstance(begun, Authorization)
    form: Any = {"account": "bice-x", "answer": "allow"}
    end = requests.post(begun.url, data=form, timeout=30, allow_redirects=False)
    (keys,) = connector.finish(begun, end.headers["location"])
    account = Account(name="bice-x", channel="twitter")
    return Stage("twitter", account, dict(keys.credentials), options, sandbox)


def test_a_thread_with_a_picture_goes_out_is_found_and_is_withdrawn(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Un", "Deux", pictures=(stage.picture("Une salle"),)))
    first, second = attempt.send(), attempt.send()
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert [shown.text for shown in stage.shown()] == ["Un", "Deux"]
    found = attempt.find(sent=())
    assert isinstance(found, Accepted)
    assert found.remote_id == first.remote_id
    assert isinstance(stage.open().withdraw(second.remote_id, attempt.prepared), Accepted)


def test_the_owner_is_known_without_asking_once_it_is_stored(stage: Stage) -> None:
    assert stage.open().owner_id == ""
    told = stage.open().owner()
    assert isinstance(told, Owner)
    assert told.name == "@bice_x"
    stage.credentials["user_id"] = told.id
    assert stage.open().owner_id == told.id
    assert stage.open().owner() == told  # and no answer loses it as a secret


def test_a_dead_token_suspends_the_account_and_nothing_is_out(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel("Bonjour"))
    stage.credentials["access_token"] = "revoked-by-the-person"
    (outcome,) = stage.deliver(attempt.parcel)
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.AUTH
    assert not stage.shown()


def test_an_access_without_the_scope_to_write_names_the_account(stage: Stage) -> None:
    body = {
        "title": "Client Forbidden", "status": 403, "type": "https://api.x.com/2/problems/client-forbidden",
        "detail": "The access token lacks the scope tweet.write.",
    }  # fmt: skip
    stage.sandbox.faults.set(
        [Fault(what=What.ANSWER, endpoint="createPosts", status=403, body=body)]
    )
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, AccountSuspended)
    assert outcome.kind is Kind.PERMISSION


def test_no_token_is_in_what_is_recorded(stage: Stage) -> None:
    tokens = [stage.credentials["access_token"], stage.credentials["refresh_token"]]
    told = {"title": "Forbidden", "detail": " ".join(tokens), "status": 403}
    stage.sandbox.faults.set(
        [Fault(what=What.ANSWER, endpoint="createPosts", status=403, body=told)]
    )
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert not any(token in repr(outcome) for token in tokens)
