"""Files that Bluesky has lost between their upload and the post, or does not take for now."""

from datetime import timedelta

import pytest

from publisher.channels.base import NotPrepared
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, SuspensionScope
from publisher.platforms.bluesky import sessions
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage, Stages
from tests.support.sending import send


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("bluesky")


def test_a_file_that_is_gone_is_uploaded_again_by_the_next_attempt(stage: Stage) -> None:
    """The message says so, and an attempt before that would name the lost file once more."""
    parcel = stage.parcel("Voici", pictures=(stage.picture("Une carte"),))
    prepared = stage.prepare(parcel, stage.open())
    stage.sandbox.store.uploads.clear()
    outcome = send(stage.open(), parcel, prepared, ())
    assert isinstance(outcome, Deferred)
    assert outcome.message.endswith("Publisher uploads it again.")
    assert outcome.again_at
    assert outcome.again_at - stage.options.clock.now() <= timedelta(minutes=11)
    stage.options.clock.sleep_until(outcome.again_at)
    again = stage.prepare(parcel, stage.open(), prepared)
    assert isinstance(send(stage.open(), parcel, again, ()), Accepted)
    assert len(stage.shown()) == 1


def test_a_used_up_limit_of_log_ins_is_none_of_uploads(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds all posts of the account: each would ask for a log-in again."""
    monkeypatch.setattr(sessions, "_shared", {})
    headers = {
        "ratelimit-limit": "300", "ratelimit-remaining": "0", "ratelimit-reset": "+3600",
        "ratelimit-policy": "300;w=86400",
    }  # fmt: skip
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    used_up = Fault(
        what=What.ANSWER, endpoint="createSession", status=429, body=body, headers=headers
    )
    stage.sandbox.faults.set([used_up])
    with pytest.raises(NotPrepared) as told:
        stage.prepare(stage.parcel("Voici"), stage.open())
    outcome = told.value.outcome
    assert isinstance(outcome, AccountSuspended)
    assert (outcome.scope, outcome.limits) == (SuspensionScope.ALL, ())
    assert outcome.until
    assert "picture" not in outcome.message
