"""Schemathesis asks each page for whatever its description allows, and for much that it forbids."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from publisher.app import Application
from publisher.web.app import create
from publisher.web.security import form_token
from tests.support.clock import ManualClock
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import fill, opened

_NOWHERE = "http://127.0.0.1:1"
_ENDLESS = "/events"
_OVERDUE = range(1, 7)
_KNOWN: Mapping[str, list[str]] = {
    "post": ["day.fr", "later.fr", "site/news.fr", "unfinished.fr"],
    "account": ["bice-x", "bice-site", ""],
    "reason": ["Un essai."],
    "sure": ["yes"],
    "remote_ids": ["707", "1 2"],
    "state": ["scheduled", "awaiting-approval", ""],
    "sort": ["due", "-published", "account"],
    "since": ["2016-03-07", "2016-03-07 09:00"],
    "until": ["2016-03-09"],
    "after": [""],
    "before": [""],
    "language": ["fr", ""],
    "number": ["0", "30", "x"],
    "unit": ["m", "h"],
    "side": ["before-start", "after-end"],
    "when": ["", "now", "time", "item:annual-day", "written"],
    "embargo": ["", "time", "item:annual-day"],
    "embargo_at": ["2016-03-07T10:00"],
    "at": ["2016-03-08T10:00"],
    "lang": ["fr", "es", ""],
    "section": ["", "twitter", "bice-x"],
    "text": ["Bonjour.", ""],
    "file": ["/media/old.png", ""],
    "expires": ["2", ""],
    "translate": ["", "day.fr"],
    "copy": ["", "day.fr"],
    "copy_of": ["", "day.fr"],
    "picture": [""],
    "only": ["unused", "refused", ""],
    "page": ["1", "2"],
    "frame_left": ["0", "x"],
    "frame_width": ["30", ""],
    "original": ["", "/media/old.png"],
    "translation_of": ["", "day.fr"],
    "alt": ["La salle."],
    "people": ["yes", ""],
    "consent": ["panel", ""],
    "part": ["live"],
    "old": [PASSWORD],
    "address": ["ntfy://127.0.0.1:1/topic", "mailtos://a:b@example.org", "kasia@example.org"],
    "topic": ["waits", "due"],
    "back": ["/review?post=day.fr", "/"],
    "next": ["/log"],
    "role": ["staff", "manager", "admin"],
    "scope": ["all", "some"],
    "session": ["1", "0"],
    "may": ["read", "submit"],
    "days": ["30", "0"],
    "secret": ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"],
    "code": ["123456"],
    "factor": ["app"],
    "answer": ['{"id": "x"}', ""],
    "title": ["Un titre"],
    "starts": ["2016-03-08T09:00", "2016-03-08T10:00"],
    "ends": ["2016-03-08T12:00", ""],
    "along": [""],
    "changes": ['[{"name": "new", "title": "x", "starts_at": "2016-03-08T09:00:00Z"}]'],
    **{f"choice-{number}": ["send", "drop", "later"] for number in _OVERDUE},
    **{f"at-{number}": ["2016-03-07 18:00"] for number in _OVERDUE},
}
"""What makes sense here, by the field's name."""
_ACTS = {
    "/posts/{post}": ["approve", "reject", "cancel", "retry", "resolve", "withdraw"],
    "/new": ["keep", "submit", "check", "part:", "drop:0"],
    "/posts/{post}/edit": [
        "keep",
        "submit",
        "delete",
        "up:1",
        "unpart::0",
        "library",
        "crop:0",
        "cut:0",
    ],
    "/posts/{post}/file": ["save", "check"],
    "/people/{name}": [
        "revoke",
        "disable",
        "enable",
        "rights",
        "link",
        "unlink",
        "factors",
        "feed",
        "remove",
    ],
    "/me/factors": ["app", "app-code", "passkey", "codes", "remove"],
    "/me/feed": ["make", "end"],
    "/me/tokens": ["make", "end"],
    "/me/addresses": ["add", "test", "remove"],
    "/agenda/items/{name}": ["change", "cancel", "restore"],
    "/consents/withdraw": ["withdraw", ""],
}
_NAMES = {
    "/agenda/items/{name}": ["annual-day"], "/accounts/{name}/mandate": ["bice-x"],
    "/accounts/{name}/avatar": ["bice-x"], "/accounts/{name}/handle": ["bice-x"]}  # fmt: skip
_PEOPLE = ["direction", "stagiaire"]


@pytest.fixture
def app(workspace: Workspace, ledger_url: str) -> Iterator[Application]:
    """It is 09:00 UTC, so some posts are due; the platforms do not answer."""
    surroundings = {
        "PUBLISHER_DATABASE__URL": ledger_url,
        "PUBLISHER_OPENID__ISSUER": _NOWHERE,
        "PUBLISHER_OPENID__CLIENT_ID": "publisher",
        "PUBLISHER_OPENID__CLIENT_SECRET": "secret",
        "PUBLISHER_TWITTER_API_URL": _NOWHERE,
        "PUBLISHER_FACEBOOK_GRAPH_URL": _NOWHERE,
    }
    app = opened(workspace.path, surroundings)
    fill(app)
    assert isinstance(app.clock, ManualClock)
    app.clock.advance(3 * 3600)
    yield app
    app.close()


@pytest.mark.parametrize("path", ["/log?q=%00", "/posts/%00", "/log?%00=x"])
def test_a_nul_is_refused_in_an_address(app: Application, path: str) -> None:
    """PostgreSQL could not even look for it."""
    with serving(app) as address, Visit(address) as visit:
        visit.log_in("chef")
        assert visit.get(path).status_code == 400


def test_a_nul_is_refused_in_a_form(app: Application) -> None:
    with serving(app) as address, Visit(address) as visit:
        visit.log_in("chef")
        visit.get("/")
        assert visit.send("/pause", reason="a\0b").status_code == 400
        visit.get("/")
        assert visit.send("/resume", account="\0").status_code == 400
        assert "Everything is paused" not in visit.get("/").text


@pytest.mark.deep
@pytest.mark.parametrize(("who", "tries"), [("chef", 3), (None, 1)])
def test_nothing_that_makes_sense_breaks_a_page(
    app: Application, who: str | None, tries: int
) -> None:
    """Logged in as an admin, and not at all: no answer is the server's own error."""
    with serving(app) as address:
        for operation in _operations(_with_what_makes_sense(create(app).openapi())):
            _ask(operation.as_strategy(), app, address, who, tries)


@pytest.mark.deep
@pytest.mark.parametrize(("who", "tries"), [("chef", 5), (None, 2)])
def test_nothing_that_is_asked_breaks_a_page(app: Application, who: str | None, tries: int) -> None:
    """Neither what the description allows, nor what it forbids."""
    with serving(app) as address:
        for operation in _operations(create(app).openapi()):
            allowed, forbidden = map(operation.as_strategy, GenerationMode)
            _ask(allowed | forbidden, app, address, who, tries)


def _ask(
    cases: SearchStrategy[Any], app: Application, address: str, who: str | None, tries: int
) -> None:
    @given(case=cases)
    @settings(
        max_examples=tries,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any) -> None:
        token = app.sessions.begin(app.people.find(who), "") if who else ""
        if isinstance(case.body, dict) and token:
            case.body["form"] = form_token(token)
        answer = case.call(base_url=address, cookies={"publisher": token}, allow_redirects=False)
        assert answer.status_code < 500, case.as_curl_command()

    holds()


def _operations(described: dict[str, Any]) -> Iterator[Any]:
    """Each page's; without a word from the process's own arguments or files."""
    config = SchemathesisConfig.from_dict({})
    schema = schemathesis.openapi.from_dict(described, config=config)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path not in (_ENDLESS, "/healthz"):  # 503 is what it says of this workspace
            yield operation


def _with_what_makes_sense(described: dict[str, Any]) -> dict[str, Any]:
    """The description with fields that get beyond "there is no such post"."""
    better = deepcopy(described)
    schemas = better["components"]["schemas"]
    for path, item in better["paths"].items():
        known = {**_KNOWN, "do": _ACTS.get(path, []), "name": _NAMES.get(path, _PEOPLE)}
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                _narrow(parameter, "schema", known.get(parameter["name"]))
            if "requestBody" not in operation:
                continue
            (content,) = operation["requestBody"]["content"].values()
            fields = schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"]
            if path == "/resume":  # its fields hold numbers of deliveries, so it reads them itself
                fields |= {name: {} for name in known if "-" in name} | {"account": {}}
            for name in fields:
                _narrow(fields, name, known.get(name))
            schemas[content["schema"]["$ref"].rpartition("/")[2]]["required"] = list(fields)
    return better


def _narrow(where: dict[str, Any], key: str, known: list[str] | None) -> None:
    if known:
        where[key] = {"type": "string", "enum": known}
