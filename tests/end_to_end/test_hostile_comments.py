"""No reader's comment makes a post late, through the real processes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from publisher.model.reader_comments import JUDGED
from publisher.sandbox.comments import plant
from publisher.sandbox.server import Sandbox
from tests.end_to_end.test_answers import within
from tests.end_to_end.test_more_machines import process
from tests.support.workspaces import Workspace

pytestmark = [pytest.mark.deep, pytest.mark.guards("publisher.delivery.comment_judge")]

Publisher = Callable[..., str]
_HOSTILE = ("a-" * JUDGED)[:JUDGED]


def test_hostile_comments_make_no_post_later_than_others(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    """Three of them, before posts of another account, kept these waiting for 14 seconds."""
    publisher("migrate")
    begin = datetime.now(UTC)

    def queue(name: str, account: str, after: float) -> None:
        at = begin + timedelta(seconds=after)
        workspace.draft(name, f"at: {at:%Y-%m-%dT%H:%M:%SZ}\nto: [{account}]", f"Texte {name}.")

    queue("first.fr", "bice-page", 12)
    for number in range(3):
        queue(f"before-{number}.fr", "bice-x", 14 + number)
    # The comments are read every thirty seconds.
    for number in range(20):
        queue(f"beside-{number}.fr", "bice-x", 20 + 2 * number)
    publisher("queue")
    with process(workspace, "publisher", "run", "--no-web"):
        within(60, lambda: any(post["published"] for post in sandbox.state()["posts"]))
        planted = [plant(sandbox.store, "bice-page", _HOSTILE) for _ in range(3)]

        def log() -> dict[str, float | None]:
            rows = json.loads(publisher("log", "--json"))
            return {row["post"]: row["lateness_s"] for row in rows}

        within(180, lambda: all(late is not None for late in log().values()))
        answers = json.loads(publisher("answers", "--json"))["answers"]
        late = log()
    assert len(planted) == 3
    assert len(answers) == 3, "they were read and searched meanwhile"
    before = max(late[f"before-{number}.fr"] or 0.0 for number in range(3))
    beside = max(late[f"beside-{number}.fr"] or 0.0 for number in range(20))
    assert beside < 10 * max(before, 0.05), late
