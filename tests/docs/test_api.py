"""Every example of docs/api.md does what the page says, against the real server."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from publisher.auth.users import Rank
from publisher.cli.app import bare_command
from publisher.ledger.tables import api_requests
from publisher.notices.webhooks import signature
from publisher.settings.schema import WebhookSettings
from tests.docs.conftest import DOCS, fences
from tests.support.pages import PASSWORD, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import SETTINGS, opened

PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
_MOST = 980
EXAMPLES = [*fences(PAGE)]


def _of(language: str) -> list[str]:
    return [one.text for one in EXAMPLES if one.language == language]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    made = Workspace(tmp_path / "campaign", settings=SETTINGS)
    with closing(opened(made.path)) as app:
        app.database.migrate()
        app.people.add("redaction", Rank.STAFF, PASSWORD)
        yield app


@pytest.fixture
def surroundings(app: Application, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the examples find: the server's address, a token, and files beside them."""
    person, life = app.people.find("redaction"), timedelta(days=1)
    token = app.api_tokens.make(person, "docs", tuple(TokenScope), life, None, actor="redaction")
    Image.new("RGB", (1200, 800), "teal").save(tmp_path / "photo.png")
    rows = "to,at,lang,text\nbice-x,2016-03-10 09:00,fr,Un.\nbice-x,2016-03-11 09:00,fr,Deux.\n"
    (tmp_path / "plan.csv").write_text(rows, encoding="utf-8")
    with serving(app) as address:
        yield {**os.environ, "PUBLISHER": address, "TOKEN": token}


def test_the_page_is_short() -> None:
    assert len(PAGE.split()) <= _MOST


def test_every_example_is_run_below() -> None:
    assert {one.language for one in EXAMPLES} == {"bash", "python", "json", "toml"}
    assert len(_of("python")) == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_what_is_typed_into_a_terminal(
    app: Application, surroundings: dict[str, str], tmp_path: Path
) -> None:
    for example in _of("bash"):
        done = subprocess.run(
            ["bash", "-e", "-c", example],
            env=surroundings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (example, done.stdout, done.stderr)
        assert done.stdout.startswith("{")
    (delivery,) = app.queries.deliveries()
    assert delivery.state == "awaiting-approval"


def test_a_spreadsheet_becomes_drafts(
    app: Application, surroundings: dict[str, str], tmp_path: Path
) -> None:
    """Once, however often it is sent, and also when no answer is kept any more."""
    (script,) = [one for one in _of("python") if "csv" in one]
    for _again in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            env=surroundings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout.split() == ["2016-03-10-un.fr", "2016-03-11-deux.fr"], done.stderr
        with app.database.write() as connection:
            connection.execute(api_requests.delete())
    assert len([*app.settings.posts.glob("2016-03-1*.md")]) == 2


def test_a_receiver_knows_our_signature_and_no_other() -> None:
    (script,) = [one for one in _of("python") if "hmac" in one]
    names: dict[str, Any] = {}
    exec(script, names)  # noqa: S102 - it is the page's own
    is_from_publisher = names["is_from_publisher"]
    secret = tomllib.loads(_of("toml")[0])["webhooks"]["secrets"][0]
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1000",
        "webhook-signature": f"v1,AAAA {signature(secret, 'msg_1', 1000, b'{}')}",
    }
    assert is_from_publisher(headers, b"{}", secret, lambda: 1200)
    assert not is_from_publisher(headers, b"{ }", secret, lambda: 1200)
    assert not is_from_publisher(headers, b"{}", secret, lambda: 1301), "a replay"
    assert not is_from_publisher({**headers, "webhook-id": "msg_2"}, b"{}", secret, lambda: 1200)
    assert not is_from_publisher({}, b"{}", secret), "a request without headers"
    assert not is_from_publisher({**headers, "webhook-timestamp": "soon"}, b"{}", secret)


def test_the_settings_are_settings() -> None:
    (example,) = _of("toml")
    assert WebhookSettings(**tomllib.loads(example)["webhooks"]).urls


def test_an_assistant_starts_a_command_that_there_is() -> None:
    (example,) = _of("json")
    one = json.loads(example)["mcpServers"]["publisher"]
    assert one["command"] == "publisher"
    assert one["args"][-1] in bare_command().commands
