"""What a platform says is written down, whatever characters it is made of."""

import json

import pytest

from publisher.base.clock import Clock
from publisher.delivery.courier import Courier
from publisher.ledger.account_owners import Owners
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Owner
from publisher.model.outcomes import Accepted, Answer, Wire
from publisher.model.states import State
from publisher.platforms.facebook import health as of_page
from publisher.platforms.facebook import posts
from tests.delivery.scripted import ScriptedChannel, claim_one, only
from tests.support.answers.judging import meaning
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

ODD = pytest.mark.parametrize("odd", ["\ud800", "\0", "\U0001f600"])
"""Half of a surrogate pair and NUL are in JSON texts, and in no database; a whole pair is a
sign.
"""


def answer(clock: Clock, status: int, body: object) -> Answer:
    return Answer(Wire.ANSWERED, clock.now(), status, {}, json.dumps(body))


@ODD
def test_a_refusal_in_odd_words_is_on_record_and_nothing_is_sent_again(
    odd: str,
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=2))
    body = {"title": f"Forbidden{odd}", "detail": f"nope {odd}", "type": f"a/{odd}b"}
    channel.answers = [meaning("twitter", answer(clock, 403, body))]
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.FAILED
    assert len(channel.sent) == 1


@ODD
def test_an_odd_address_of_a_post_is_on_record(
    odd: str,
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=2))
    url = f"https://www.facebook.com/{odd}"
    body = {"id": "1_2", "is_published": True, "permalink_url": url}
    post = posts.shown(answer(clock, 200, body))
    assert post
    channel.answers = [post.as_out(Accepted(""))]
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.PUBLISHED


@ODD
def test_an_odd_name_of_an_owner_is_on_record(
    odd: str, database: Database, clock: ManualClock
) -> None:
    owner = of_page.owner(answer(clock, 200, {"id": "1", "name": f"Page {odd}"}))
    assert isinstance(owner, Owner)
    owners = Owners(database, clock)
    owners.remember("page", owner)
    assert owners.of("page") == owner


@pytest.mark.parametrize(
    "told", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1999-01-01T00:00:00+00:00"]
)
def test_a_time_that_cannot_be_meant_is_not_that_of_a_post(told: str, clock: ManualClock) -> None:
    body = {"id": "1_2", "is_published": True, "created_time": told}
    post = posts.shown(answer(clock, 200, body))
    assert post
    assert post.made_at == clock.now()
