"""Whatever a platform answers means one of the declared outcomes, soon; only an id is a success."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.channels.answers import LONGEST_SUSPENSION
from publisher.model.content import Part, Picture
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Step,
    Unknown,
    Wire,
)
from publisher.platforms.twitter import timeline
from tests.fuzz import platform_answers
from tests.fuzz.effort import bounded, fuzzed
from tests.support.answers.judging import meaning

NOW = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
PICTURE = Picture(digest="d", media_type="image/png", width=1, height=1, alt="Une carte", name="c")
_NAMELESS = frozenset({Step.REVEAL, Step.WITHDRAW})
"""Steps whose success needs no id: the post has one already."""


@fuzzed(1500)
@given(
    channel=st.sampled_from(("twitter", "facebook", "linkedin", "bluesky")),
    step=st.sampled_from([step for step in Step if step is not Step.READ]),
    status=platform_answers.status,
    headers=platform_answers.headers,
    body=platform_answers.body,
)
def test_any_answer_has_a_meaning(
    channel: str, step: Step, status: int, headers: dict[str, str], body: str
) -> None:
    with bounded(5):
        outcome = meaning(channel, Answer(Wire.ANSWERED, NOW, status, headers, body), step)
    look_at(outcome, needs_id=step not in _NAMELESS, now=NOW)
    if isinstance(outcome, Accepted):
        assert 200 <= status < 300 or step is Step.WITHDRAW
    if isinstance(outcome, Refused | AccountSuspended) and channel == "twitter":
        assert 400 <= status < 500


@fuzzed(700)
@given(
    channel=st.sampled_from(("twitter", "facebook", "linkedin", "bluesky")),
    status=platform_answers.status,
    headers=platform_answers.headers,
    body=platform_answers.body,
)
def test_reading_any_answer_refuses_no_post(
    channel: str, status: int, headers: dict[str, str], body: str
) -> None:
    with bounded(5):
        outcome = meaning(channel, Answer(Wire.ANSWERED, NOW, status, headers, body), Step.READ)
    assert type(outcome) in (Accepted, Deferred, AccountSuspended, Unknown)
    look_at(outcome, needs_id=False, now=NOW)


@fuzzed(700)
@given(
    body=platform_answers.body,
    text=st.sampled_from(("Bonjour https://example.org/ & <", "Bonjour", "", "a." * 500)),
    picture=st.booleans(),
    sent=st.booleans(),
)
def test_any_timeline_can_be_searched(body: str, text: str, picture: bool, sent: bool) -> None:
    with bounded(5):
        page = timeline.parse(body)
        if page is None:
            return
        part = Part(text=text, pictures=(PICTURE,) * picture)
        found = timeline.look_for(part, page.posts, ("707",) * sent, NOW)
    look_at(found, needs_id=True, now=NOW)
    assert isinstance(found, Accepted | Absent | Unknown)


def look_at(outcome: Outcome | Sighting, *, needs_id: bool, now: datetime) -> None:
    """It is of a declared kind, can be written down, and holds an account for a credible time."""
    if isinstance(outcome, Accepted):
        assert outcome.remote_id or not needs_id
        assert re.fullmatch(r"[A-Za-z0-9_-]{0,100}", outcome.remote_id)
        assert outcome.suspended_until is None or now - timedelta(
            minutes=1
        ) <= outcome.suspended_until <= now + LONGEST_SUSPENSION + timedelta(minutes=1)
        return
    if isinstance(outcome, Absent):
        return
    assert isinstance(outcome, Refused | Deferred | AccountSuspended | Unknown)
    assert outcome.message.isprintable()
    assert 0 < len(outcome.message) < 700
    outcome.message.encode()
    assert "hunter2" not in outcome.message
    if isinstance(outcome, AccountSuspended):
        assert outcome.until is None or now - timedelta(
            minutes=1
        ) <= outcome.until <= now + LONGEST_SUSPENSION + timedelta(minutes=1)
    if not isinstance(outcome, Unknown):
        assert outcome.kind in Kind
