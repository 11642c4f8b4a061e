"""A worrying answer reaches whoever is on duty, and is hidden, through the real processes."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publisher.sandbox.comments import plant
from publisher.sandbox.server import Sandbox
from tests.end_to_end.test_more_machines import process
from tests.support.receiver import Receiver, receiving
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep

Publisher = Callable[..., str]

_TWO_MINUTES = 120.0


@pytest.fixture
def receiver(workspace: Workspace) -> Iterator[Receiver]:
    """Where the person on duty is told."""
    with receiving() as receiver:
        yield receiver


def within(seconds: float, is_so: Callable[[], bool]) -> float:
    """How long it took until something was so, in real seconds."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, "it took too long"
        time.sleep(0.2)
    return time.monotonic() - began


def test_a_worrying_answer_reaches_the_service_within_two_minutes_and_is_hidden(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, receiver: Receiver
) -> None:
    secrets = workspace.path / "secrets.toml"
    text = f"{secrets.read_text()}\n[notices]\nurls = ['{receiver.url}']\n"
    secrets.write_text(text, encoding="utf-8")
    publisher("migrate")
    at = datetime.now(UTC) + timedelta(seconds=4)
    workspace.draft("post.fr", f"at: {at:%Y-%m-%dT%H:%M:%SZ}\nto: [bice-page]", "Bonjour.")
    publisher("queue")
    with process(workspace, "publisher", "run", "--no-web"):
        within(60, lambda: any(post["published"] for post in sandbox.state()["posts"]))
        (planted,) = plant(sandbox.store, "bice-page", "Il m’a violée, aidez-moi")
        within(_TWO_MINUTES, lambda: bool(receiver.messages))
        (body,) = receiver.bodies
        assert "1 comment under post.fr on bice-page needs attention." in body
        assert "violée" not in body
        (answer,) = json.loads(publisher("answers", "--json"))["answers"]
        publisher("answers", "--hide", str(answer["number"]))
        within(30, lambda: planted.is_hidden)
        (post,) = [post for post in sandbox.state()["posts"] if post["published"]]
        assert post["text"] == "Bonjour."
