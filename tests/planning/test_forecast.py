"""What `plan` warns of is known of one draft alone, and of what is on the schedule."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.values import Problem
from tests.planning.queued import queue
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "en"
[lint]
ignore = ["missing-translation"]
[accounts.bice-x]
channel = "twitter"
[accounts.lima-x]
channel = "twitter"
timezone = "America/Lima"
"""
CONFLICTS = [("late.fr", "at-night"), ("late.fr", "same-text-on-x"), ("late.fr", "too-close")]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path, SETTINGS)
    made.draft("first.fr", "at: 2016-03-07 10:00\nto: [lima-x]", "Bonjour.")
    made.draft("other.fr", "at: 2016-03-07 20:00\nto: [bice-x]", "Le même.")
    return made


def told(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    return sorted(
        (one.file.removeprefix("posts/").removesuffix(".md"), one.code) for one in problems
    )


def test_one_draft_is_compared_with_all_that_is_on_the_schedule(
    workspace: Workspace, app: Application
) -> None:
    queue(app)
    late = workspace.draft("late.fr", "at: 2016-03-07 10:04\nto: [lima-x]", "Le même.")
    assert told(app.planner.plan([late]).foreseen) == CONFLICTS


def test_what_is_on_the_schedule_is_warned_of_as_when_it_was_queued(
    workspace: Workspace, app: Application
) -> None:
    queue(app)
    workspace.draft("late.fr", "at: 2016-03-07 10:04\nto: [lima-x]", "Le même.")
    queue(app)
    assert app.planner.plan().foreseen == ()
    found = app.planner.forecast(app.queries.deliveries(post="late.fr"), app.session().zone)
    assert told(found) == CONFLICTS
    assert {one.line for one in found} == {1}, "there is a place without a draft, too"
