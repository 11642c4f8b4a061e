"""A person is told, once, through the real commands and processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from tests.end_to_end.test_more_machines import _servers, process  # noqa: F401
from tests.support.receiver import Receiver, receiving
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep

Publisher = Callable[..., str]

_PATIENCE = 60.0  # seconds


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
        workspace.draft(f"post-{number}.fr", matter, f"Sous embargo {number}.")


def test_an_account_whose_keys_are_refused_is_told_once(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, receiver: Receiver
) -> None:
    """Also when several posts are refused at once, and when everything is started again."""
    refuse_the_keys(sandbox)
    publisher("migrate")  # what is due before a new ledger is made waits for a person
    draft(workspace, 3, due_in=4)
    publisher("queue")
    publisher("run", "--no-web", "--until-idle", code=1)
    publisher("run", "--no-web", "--until-idle", code=1)
    (body,) = receiver.bodies
    assert body.startswith("bice-x is suspended. Publisher tries it again by itself, first at ")
    assert "3 posts wait" in body
    assert "Sous embargo" not in body


def test_nothing_that_is_written_holds_an_address(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, receiver: Receiver
) -> None:
    """Neither a log nor the ledger, when the service refuses the notice."""
    receiver.status = 401
    secrets = workspace.path / "secrets.toml"
    address = f"json://me:hunter2@{receiver.address}/hunter2?-token=hunter2"
    secrets.write_text(secrets.read_text().replace(receiver.url, address))
    refuse_the_keys(sandbox)
    publisher("migrate")
    draft(workspace, 1, due_in=3)
    publisher("queue")
    publisher("run", "--no-web", "--until-idle", code=1)
    assert receiver.requests == 1
    secrets.unlink()
    written = {path: path.read_bytes() for path in workspace.path.rglob("*") if path.is_file()}
    log = written[workspace.path / "var" / "log" / "dispatcher.log"]
    assert b"json: it answered with status 401." in log
    assert [path for path, content in written.items() if b"hunter2" in content] == []


@pytest.fixture
def second(workspace: Workspace) -> str:
    """Another account of the same app; the sandbox gives an organisation one app."""
    account = "[accounts.bice-en]\nchannel = 'twitter'\norganisation = 'BICE'\n"
    settings = workspace.path / "publisher.toml"
    workspace.write("publisher.toml", settings.read_text(encoding="utf-8") + account)
    return "bice-en"


def test_accounts_of_one_app_learn_from_one_answer_that_its_limit_is_used_up(
    second: str,
    workspace: Workspace,
    sandbox: Sandbox,
    publisher: Publisher,
    receiver: Receiver,
) -> None:
    """The other one sends nothing, a person is told once, and `status` says it once."""

    def queue(name: str, account: str, due_in: float) -> None:
        at = datetime.now(UTC) + timedelta(seconds=due_in)
        matter = f"at: {at:%Y-%m-%dT%H:%M:%SZ}\nto: [{account}]\nexpires: 40s"
        workspace.draft(name, matter, f"Sous embargo, {name}.")
        publisher("queue")

    sandbox.faults.set([Fault(what=XFault.DAILY_LIMIT, account="bice-x", seconds=86_400)])
    queue("known.fr", second, due_in=3600)
    publisher("cancel", "known.fr")
    for account in ("bice-x", second):
        queue(f"{account}.fr", account, due_in=4)
        publisher("run", "--no-web", "--until-idle", code=1)
    assert sandbox.state()["requests"]["createPosts"] == 1
    told = [
        body for body in receiver.bodies if "1 other account of its app are suspended until" in body
    ]
    assert len(told) == 1
    status = " ".join(publisher("status").split())
    assert "bice-en and 1 other account of its app are suspended until" in status
    assert "bice-en and 1 other account of its app: 0 of 10,000 posts" in status
    assert status.count("whole app is used up") == 1


@pytest.mark.usefixtures("_servers")
def test_of_two_dispatchers_one_tells(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher, receiver: Receiver
) -> None:
    """Each looks once more at its end, and finds that it is told."""
    refuse_the_keys(sandbox)
    publisher("migrate")
    draft(workspace, 3, due_in=5)
    publisher("queue")
    worker = ("celery", "-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING")
    with ExitStack() as stack:
        stack.enter_context(process(workspace, *worker))
        for _ in range(2):
            stack.enter_context(process(workspace, "workers.dispatcher"))
        deadline = time.monotonic() + _PATIENCE
        while not receiver.messages and time.monotonic() < deadline:
            time.sleep(0.1)
    assert len(receiver.messages) == 1
