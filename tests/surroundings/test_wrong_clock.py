"""A machine's clock that is wrong while the platforms' is right: nothing leaves until it is
mended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.model.states import State
from tests.surroundings.faketime import FakeTime
from tests.surroundings.stage import PATIENCE, Stage, until

WRONG_FOR = timedelta(seconds=15)


@pytest.fixture
def fake_time(tmp_path: Path) -> FakeTime:
    return FakeTime(tmp_path)


@pytest.fixture
def stage(tmp_path: Path, fake_time: FakeTime) -> Iterator[Stage]:
    with Stage(tmp_path / "workspace").serving() as made:
        made.environment |= fake_time.environment
        made.queue()
        yield made


@contextmanager
def wrong(fake_time: FakeTime, difference: str) -> Iterator[None]:
    """The clock is wrong until the block ends, and for long enough."""
    begun = datetime.now(UTC)
    fake_time.set(difference)
    try:
        yield
        until(lambda: datetime.now(UTC) > begun + WRONG_FOR)
    finally:
        fake_time.set("+0")


def _posts_of_both(stage: Stage) -> list[str]:
    """Posts that fall due while the clock is wrong, and an hour after."""
    for number, due_in in enumerate((3, 8, 13, 20, 3600)):
        stage.draft(f"x-{number}", due_in)
        stage.draft(f"page-{number}", due_in, to="bice-page")
    stage.queue()
    return [f"{kind}-{number}" for kind in ("x", "page") for number in range(4)]


@pytest.mark.parametrize("difference", ["+2h", "-1h"])
def test_nothing_leaves_by_a_wrong_clock(
    stage: Stage, fake_time: FakeTime, difference: str
) -> None:
    """Nothing early, no account waits for a person, it is said, and it ends by itself."""
    with stage.run() as run:
        posts = _posts_of_both(stage)
        with wrong(fake_time, difference):
            said = "ahead of" if difference.startswith("+") else "behind"
            until(lambda: said in stage.log("dispatcher"))
            until(lambda: said in stage.log("worker-1"))
            until(lambda: stage.command("status", "--json").stdout.count('"ahead_s"') == 1)
        until(stage.has_published(*posts))
        assert not stage.has_sent("This is x-4.")()
        assert not stage.has_sent("This is page-4.")()
        _nobody_is_needed(stage)
        run.end()
    stage.look_at()


def _nobody_is_needed(stage: Stage) -> None:
    with stage.app() as app:
        assert [status for status in app.queries.accounts() if status.suspended_at] == []
    assert {str(d.state) for d in stage.deliveries()} == {State.PUBLISHED, State.SCHEDULED}


def test_a_clock_that_is_wrong_from_the_start_sends_nothing(
    stage: Stage, fake_time: FakeTime
) -> None:
    """The platforms are asked before anything is sent, also where no answer was heard yet."""
    stage.draft("early", 3600)
    stage.queue()
    fake_time.set("+2h")
    with stage.started() as run:
        until(lambda: "ahead of" in stage.log("dispatcher"), 2 * PATIENCE)
        fake_time.set("+0")
        stage.draft("afterwards", 1)
        stage.queue()
        until(stage.has_published("afterwards"))
        assert not stage.has_sent("This is early.")()
        run.end()
    stage.look_at()
