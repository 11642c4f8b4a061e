"""From a draft to the public and back, through the real commands and processes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from tests.support.workspaces import Workspace

Publisher = Callable[..., str]


def in_seconds(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):at: %Y-%m-%dT%H:%M:%SZ}"


def log(publisher: Publisher) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(publisher("log", "--format", "json"))
    return rows


def test_a_thread_goes_out_and_is_withdrawn_from_everywhere(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    recipients = "to: [bice-x, bice-page, bice-site]"
    workspace.draft("a.fr", f"{in_seconds(2)}\n{recipients}", "Un.\n\n---\nDeux.")
    publisher("queue", "--new-ledger")
    publisher("run", "--no-web", "--until-idle")
    shown = [post for post in sandbox.state()["posts"] if post["published"]]
    assert sorted(post["text"] for post in shown) == ["Deux.", "Un.", "Un.\n\nDeux."]
    page = workspace.path / "var" / "site" / "bice-site" / "index.html"
    assert "Deux." in page.read_text()
    publisher("withdraw", "a.fr", "--reason", "erreur", "--yes", "--as", "direction")
    assert all(post["deleted"] for post in sandbox.state()["posts"])
    assert "Deux." not in page.read_text()
    assert {row["state"] for row in log(publisher)} == {"withdrawn"}


def test_an_unknown_outcome_is_read_back_and_nothing_goes_out_twice(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    """X takes the first part of each thread and answers 500; the page is made public likewise."""
    workspace.write(
        "publisher.toml",
        (workspace.path / "publisher.toml").read_text() + "[delivery]\nsettle = '3s'\n",
    )
    sandbox.faults.set(
        [
            Fault(what=What.SERVER_ERROR, endpoint=endpoint, commit=True, times=1)
            for endpoint in ("createPosts", "updatePost")
        ]
    )
    workspace.draft("a.fr", in_seconds(2), "Un.\n\n---\nDeux.")
    publisher("queue", "--new-ledger")
    publisher("run", "--no-web", "--until-idle")
    rows = log(publisher)
    assert {row["state"] for row in rows} == {"published"}
    shown = [post for post in sandbox.state()["posts"] if post["published"]]
    assert sorted(post["text"] for post in shown) == ["Deux.", "Un.", "Un.\n\nDeux."]
    assert {identifier for row in rows for identifier in row["remote_ids"]} == {  # type: ignore[attr-defined]
        post["id"] for post in shown
    }
