"""Every row of what the platforms answer, and every trap, with what it means for a delivery."""

import re
from itertools import chain

import pytest

from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Refused,
    Step,
    Unknown,
)
from tests.platforms.bluesky.answers import BLUESKY, xrpc_error
from tests.platforms.wordpress.answers import AT_THE_INSTANT
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import (
    FACEBOOK,
    LINKEDIN,
    MASTODON,
    PREPARE,
    READ,
    REVEAL,
    WITHDRAW,
    Row,
    Type,
    X,
    answered,
    graph_error,
    message_of,
    problem,
)
from tests.support.answers.of_the_wire import WIRE
from tests.support.answers.refusals import TABLES
from tests.support.answers.to_readings import READINGS

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.rate_limits",
    "publisher.platforms.wordpress.other_software",
    "publisher.model.outcomes",
)

ROWS = [*chain(*TABLES.values()), *READINGS, *WIRE]

DOUBTS = [
    row
    for row in chain(*TABLES.values())
    if row.expected is Unknown
    and row.step is not READ
    and row not in AT_THE_INSTANT  # before, the same means the account
    and not row.fields.get("duplicate")
    # Whether it is not there is a doubt of a deletion alone, and so is what an id confirms.
    and row.answer.status != 404
    and '"error_subcode": 33' not in row.answer.body
    and '"id": "500_1"' not in row.answer.body
    and '"status": "trash"' not in row.answer.body
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_an_answer_means(row: Row) -> None:
    """Each row of the tables has its one meaning."""
    outcome = meaning(row.channel, row.answer, row.step)
    assert type(outcome) is row.expected
    assert getattr(outcome, "kind", None) == row.kind
    for name, value in row.fields.items():
        assert getattr(outcome, name) == value


def _is_meant_for(row: Row, step: Step) -> Type | None:
    """What an answer means at a step at which it is clear; None: it is not."""
    is_success, body = row.answer.status == 200, row.answer.body
    match row.channel, step:
        case "facebook", Step.REVEAL | Step.WITHDRAW if body in ('{"success": true}', "true"):
            return Accepted
        case "bluesky", Step.WITHDRAW if is_success and body.startswith("{"):
            return Accepted
        case "wordpress", Step.READ if is_success and body.startswith("["):
            return Accepted
        case "wordpress", Step.READ if is_success and "<!doctype" in body:
            return AccountSuspended  # a page of the website: its API is not there
    return None


@pytest.mark.parametrize("row", DOUBTS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
@pytest.mark.parametrize(
    ("step", "expected"),
    [(PREPARE, Deferred), (REVEAL, Unknown), (WITHDRAW, Unknown), (READ, Deferred)],
)
def test_a_doubt_stays_one_unless_nothing_is_public_yet(
    row: Row, step: Step, expected: Type
) -> None:
    """Only what is prepared unseen may be repeated at once."""
    outcome = meaning(row.channel, row.answer, step)
    assert type(outcome) is (_is_meant_for(row, step) or expected)


@pytest.mark.parametrize(
    ("status", "fault"),
    [(401, "this account's keys"), (402, "The credits"), (403, "read its own posts")],
)
def test_a_reading_that_x_refuses_names_what_is_to_be_mended(status: int, fault: str) -> None:
    assert fault in message_of(meaning(X, answered(status), READ))


@pytest.mark.parametrize(
    ("channel", "answer", "said"),
    [
        (X, problem(400, "Invalid Request", "Too odd."), "Too odd"),
        (X, problem(400, "Too odd."), "Too odd"),
        (FACEBOOK, graph_error(400, 100, message="Too odd."), "Too odd"),
        (LINKEDIN, answered(422, {"message": "Too odd."}), "Too odd"),
        (MASTODON, answered(422, {"error": "Too odd."}), "Too odd"),
        (BLUESKY, xrpc_error(400, "InvalidRequest", "Too odd."), "Too odd"),
        (BLUESKY, xrpc_error(400, "InvalidRequest", ""), "InvalidRequest"),
    ],
)
def test_a_refusal_quotes_the_platform(channel: str, answer: Answer, said: str) -> None:
    outcome = meaning(channel, answer)
    assert isinstance(outcome, Refused)
    assert f"(“{said}”)" in outcome.message


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_a_message_is_for_a_manager(row: Row) -> None:
    """Whole sentences, and nothing of HTML, JSON or the network's addresses."""
    outcome = meaning(row.channel, row.answer, row.step)
    if message := message_of(outcome):
        assert message.endswith(".")
        assert message[0].isupper()
        assert not re.search(r"[<>{}]|://|access_token", message)
        assert len(message) < 400
