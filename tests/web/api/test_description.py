"""The API does what its description says, and no request breaks it or leads out of posts/."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import jsonschema  # type: ignore[import-untyped]
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_core import OpenAPI
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from publisher.app import Application
from publisher.ledger.news.webhook_news import WebhookNews
from publisher.model.states import State
from publisher.notices.webhook_message import WebhookMessage
from publisher.web.app import create
from tests.support.workspaces import Workspace
from tests.web.api.conftest import Make

pytestmark = pytest.mark.guards("publisher.notices.webhook_message", "publisher.web.api.webhooks")

_OUTSIDE = "what nobody may see"
_MARKS = (_OUTSIDE, "planted-secret", "SQLite format 3", "root:x:", "[accounts.")
_PLACES = (
    "../secrets.toml", "../outside", "..%2foutside", "%2e%2e/outside", "../../etc/passwd", ".hidden",
    "/etc/passwd", "link.fr", "day.fr%00", "a" * 3000, "%ff%fe", "..\\outside", "%0d%0aX:%20y", "",
)  # fmt: skip


def description(app: Application) -> dict[str, Any]:
    found: dict[str, Any] = create(app).state.api.openapi()
    return found


def test_it_is_a_description_and_says_what_each_operation_is_for(app: Application) -> None:
    described = description(app)
    assert OpenAPI.from_dict(described)
    for path, item in described["paths"].items():
        for operation in item.values():
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"], "errors are problem details alone"


def test_it_needs_no_token_and_tells_nothing_of_the_workspace(
    app: Application, program: Make
) -> None:
    asking = program()
    answer = asking.client.get("/openapi.json", headers={"authorization": ""})
    assert answer.json()["info"]["version"] == "1"
    assert not [name for name in app.accounts() if name in answer.text.replace('"bice-x"', "")]


def test_it_describes_what_webhooks_are_sent(app: Application) -> None:
    """What a step becomes is what its type's entry says, with the headers of the request."""
    news = WebhookNews(app.database, app.clock)
    news.start("webhook/1")
    app.approvals.reject("later.fr", None, "chef", "too long")
    app.control.cancel("site/news.fr", None, "chef", "not now")
    (event, *_others) = events = news.untold("webhook/1")
    asked, failed = (replace(event, state=s) for s in (State.AWAITING_APPROVAL, State.FAILED))
    described = description(app)
    told = []
    for one in (*events, asked, failed):
        body = json.loads(WebhookMessage.of(one).model_dump_json())
        entry = described["webhooks"][body["type"]]["post"]
        schema = entry["requestBody"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": described["components"]}
        jsonschema.validate(body, whole, format_checker=jsonschema.FormatChecker(["date-time"]))
        told.append(body["type"])
        assert {one["name"] for one in entry["parameters"] if one["required"]} == {
            "webhook-id", "webhook-timestamp", "webhook-signature",
        }  # fmt: skip
        assert {"204", "default"} == entry["responses"].keys()
    assert set(told) == described["webhooks"].keys()


def test_what_changes_something_needs_an_idempotency_key(app: Application) -> None:
    for path, item in description(app)["paths"].items():
        for method, operation in item.items():
            keys = [one for one in operation.get("parameters", ()) if one["in"] == "header"]
            names = {one["name"] for one in keys if one["required"]}
            changes = method != "get" and operation["operationId"] != "check_values"
            assert ("Idempotency-Key" in names) is changes, path


def test_nothing_that_is_asked_breaks_it(
    app: Application, program: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what the description allows, nor what it forbids."""
    monkeypatch.setattr("publisher.web.api.access.PER_MINUTE", 10_000)
    asking = program("redaction")
    config = SchemathesisConfig.from_dict({})
    schema = schemathesis.openapi.from_dict(description(app), config=config)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        allowed, forbidden = map(found.ok().as_strategy, GenerationMode)

        @given(case=allowed | forbidden)
        @settings(
            max_examples=3,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: Any) -> None:
            address = str(asking.client.base_url)
            headers = {"authorization": f"Bearer {asking.secret}"}
            answer = case.call(base_url=address, headers=headers, allow_redirects=False)
            assert answer.status_code < 500, case.as_curl_command()

        holds()


def test_no_path_leads_out(app: Application, program: Make, workspace: Workspace) -> None:
    for name in ("outside", "outside.md", "posts/.hidden.md"):
        workspace.write(name, f"---\nto: [bice-x]\n---\n{_OUTSIDE}\n")
    (workspace.path / "posts/link.fr.md").symlink_to(workspace.path / "secrets.toml")
    asking = program()
    for path in ("drafts", "checks", "previews", "plans"):
        for place in _PLACES:
            answer = asking.client.get(f"/{path}/{place}")
            assert answer.status_code < 500, (path, place)
            assert not [mark for mark in _MARKS if mark in answer.text], (path, place)


def test_a_picture_of_a_draft_is_one_of_posts(program: Make, workspace: Workspace) -> None:
    workspace.write("outside.png", _OUTSIDE)
    asking = program()
    for file in (
        "../outside.png",
        "/../outside.png",
        "/etc/passwd",
        "unsaved:" + "0" * 64 + ".png",
    ):
        made = asking.send(
            "POST", "/drafts", json={"to": ["bice-x"], "lang": "fr", "texts": {"": ["x"]},
                                     "media": [{"file": file, "alt": "x"}]},
        )  # fmt: skip
        assert made.status_code in (201, 400, 422)
        assert _OUTSIDE not in made.text
        if made.status_code == 201:
            assert made.json()["problems"]
            shown = asking.client.get(f"/previews/{quote(made.json()['id'])}")
            assert _OUTSIDE not in shown.text
