"""A clock that is set forward and back by an hour while everything is at work."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.base import clock as clocks
from publisher.base.clock import SharedClock
from tests.surroundings.stage import Run, Stage, until

HOUR = timedelta(hours=1)
SET_DURING = ("under-way", "answered-later")
START = datetime(2016, 3, 7, 8, tzinfo=UTC)


class Settable(SharedClock):
    """A clock in a file that every process reads; it runs as the machine's does."""

    @classmethod
    def begin(cls, path: Path) -> "Settable":
        cls.create(path, START, 1.0)
        return cls(path)

    def set_by(self, difference: timedelta) -> None:
        """Make it so much later or earlier at once, everywhere."""
        reading = self._read()
        moved = clocks._Reading(
            reading.instant + difference.total_seconds(), reading.real, reading.speed
        )
        clocks._write(self._path, moved)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Settable:
    return Settable.begin(tmp_path_factory.mktemp("clock") / "clock.json")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, clock: Settable) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("workspace"), clock=clock).serving() as made:
        made.environment["PUBLISHER_CLOCK"] = f"file:{clock._path}"
        made.queue()
        yield made


@pytest.fixture(scope="module")
def run(stage: Stage) -> Iterator[Run]:
    with stage.run() as running:
        yield running
        running.end(code=1)  # a post was missed


def _state_of(stage: Stage, post: str) -> str:
    return next(str(d.state) for d in stage.deliveries() if d.post == post)


def test_a_clock_that_is_set_back_sends_nothing_before_its_time(
    stage: Stage, run: Run, clock: Settable
) -> None:
    """A worker had the post in hand already; when the time comes at last, it goes out, once."""
    stage.draft("early", 9)  # however long a busy machine takes to queue it
    stage.draft("under-way", 2)
    stage.answer_slowly(createPosts=1)
    stage.queue()
    until(lambda: _state_of(stage, "early") == "publishing")
    until(stage.has_sent("This is under-way."))
    (due,) = (d.due_at for d in stage.deliveries() if d.post == "early")
    clock.set_by(-HOUR)
    until(stage.has_published("under-way"))
    until(lambda: clock.now() > due - HOUR + timedelta(seconds=2))
    assert not stage.has_sent("This is early.")()
    clock.set_by(HOUR)
    until(stage.has_published("early"))
    stage.look_at(dates_of=SET_DURING)


def test_a_clock_that_is_set_forward_doubles_and_loses_nothing(
    stage: Stage, run: Run, clock: Settable
) -> None:
    """What is under way is written or read back, what falls due goes out, what is over is
    missed.
    """
    stage.answer_slowly(createPosts=1)
    stage.draft("answered-later", 2)
    stage.draft("falls-due", 1800)
    stage.draft("is-over", 1800, more="expires: 5m")
    stage.queue()
    until(stage.has_sent("This is answered-later."))
    clock.set_by(HOUR)
    until(stage.has_published("answered-later", "falls-due"))
    assert _state_of(stage, "is-over") == "missed"
    assert not stage.has_sent("This is is-over.")()
    stage.look_at(dates_of=SET_DURING)
    clock.set_by(-HOUR)
    stage.draft("afterwards", 1)
    stage.queue()
    until(stage.has_published("afterwards"))
    assert not stage.sandbox.state()["violations"]
