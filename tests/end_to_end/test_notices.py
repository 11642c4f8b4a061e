"""A person is told, once, through the real commands and processes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publisher.sandbox.faults import Fault, What
from publisher.sandbox.server import Sandbox
from tests.support.receiver import Receiver, receiving
from tests.support.workspaces import Workspace

Publisher = Callable[..., str]


@pytest.fixture
def receiver(workspace: Workspace, sandbox: Sandbox) -> Iterator[Receiver]:
    """Who is told of this workspace, as its secrets.toml says."""
    secrets = workspace.path / "secrets.toml"
    with receiving() as receiver:
        text = f"{secrets.read_text()}\n[notices]\nurls = ['{receiver.url}']\n"
        secrets.write_text(text, encoding="utf-8")
        yield receiver


def refuse_the_keys(sandbox: Sandbox) -> None:
    sandbox.faults.set([Fault(what=What.UNAUTHORISED, endpoint="createPosts")])


def draft(workspace: Workspace, count: int, due_in: float) -> None:
    at = datetime.now(UTC) + timedelta(seconds=due_in)
    for number in range(count):
        matter = f"at: {at:%Y-%m-%dT%H:%M:%SZ}\nto: [bice-x]"
        workspace.draft(f"post-{number}.fr", matter, f"Le secret {number}.")


def test_an_account_whose_keys_are_refused_is_told_once(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, receiver: Receiver
) -> None:
    """Also when several posts are refused at once, and when everything is started again."""
    refuse_the_keys(sandbox)
    draft(workspace, 3, due_in=4)
    publisher("queue")
    publisher("run", "--until-idle", code=1)
    publisher("run", "--until-idle", code=1)
    (body,) = receiver.bodies
    assert "bice-x is held until a person acts" in body
    assert "publisher resume --account bice-x" in body
    assert "secret" not in body.replace("secrets.toml", "")
