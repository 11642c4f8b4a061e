"""Every row of what the platforms answer, and every trap, with what it means for a delivery."""

import re

import pytest

from publisher.model.outcomes import Accepted, Deferred, Step, Unknown
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import PREPARE, READ, REVEAL, WITHDRAW, Row, Type, message_of
from tests.support.answers.of_bluesky import BLUESKY_ROWS
from tests.support.answers.of_facebook import FACEBOOK_ROWS
from tests.support.answers.of_linkedin import LINKEDIN_ROWS
from tests.support.answers.of_mastodon import MASTODON_ROWS
from tests.support.answers.of_the_wire import WIRE
from tests.support.answers.of_wordpress import WORDPRESS_ROWS
from tests.support.answers.of_x import TWITTER
from tests.support.answers.to_readings import READINGS

pytestmark = pytest.mark.guards(
    "publisher.channels.*.rate_limits",
    "publisher.channels.wordpress.other_software",
    "publisher.model.outcomes",
)

ROWS = [
    *TWITTER,
    *FACEBOOK_ROWS,
    *LINKEDIN_ROWS,
    *MASTODON_ROWS,
    *WORDPRESS_ROWS,
    *BLUESKY_ROWS,
    *READINGS,
    *WIRE,
]

DOUBTS = [
    row
    for row in [*TWITTER, *FACEBOOK_ROWS, *LINKEDIN_ROWS, *MASTODON_ROWS]
    if row.expected is Unknown
    and not row.fields.get("duplicate")
    # Whether it is not there is a doubt of a deletion alone, and so is what an id confirms.
    and row.answer.status != 404
    and '"error_subcode": 33' not in row.answer.body
    and '"id": "500_1"' not in row.answer.body
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_an_answer_means(row: Row) -> None:
    """Each row of the tables has its one meaning."""
    outcome = meaning(row.channel, row.answer, row.step)
    assert type(outcome) is row.expected
    assert getattr(outcome, "kind", None) == row.kind
    for name, value in row.fields.items():
        assert getattr(outcome, name) == value


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
    if isinstance(outcome, Accepted):
        assert (
            '"success": true' in row.answer.body
            or row.answer.body == "true"
            or "not-found" in row.answer.body
        )
    else:
        assert type(outcome) is expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_a_message_is_for_a_manager(row: Row) -> None:
    """Whole sentences, and nothing of HTML, JSON or the network's addresses."""
    outcome = meaning(row.channel, row.answer, row.step)
    if message := message_of(outcome):
        assert message.endswith(".")
        assert message[0].isupper()
        assert not re.search(r"[<>{}]|://|access_token", message)
        assert len(message) < 400
