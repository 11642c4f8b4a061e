"""Files that Bluesky has lost between their upload and the post."""

from datetime import timedelta

import pytest

from publisher.model.outcomes import Accepted, Deferred
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
    assert outcome.message.endswith("It is uploaded again.")
    assert outcome.again_at
    assert outcome.again_at - stage.options.clock.now() <= timedelta(minutes=11)
    stage.options.clock.sleep_until(outcome.again_at)
    again = stage.prepare(parcel, stage.open(), prepared)
    assert isinstance(send(stage.open(), parcel, again, ()), Accepted)
    assert len(stage.shown()) == 1
