"""Whatever is asked with a token, nothing happens that is for people alone.

Every operation of the description is tried with every scope, and every form of the pages. What
happened is read in the ledger and in the files, not in the answers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from publisher.auth.users import Rank
from publisher.base.errors import NotPermitted
from publisher.ledger import tables, token_bounds
from publisher.ledger.manager.approvals import digest
from publisher.ledger.manager.rights import acting_through_pages
from publisher.ledger.token_bounds import Bounds
from publisher.web.app import create
from tests.support.workspaces import Workspace
from tests.web.api.conftest import ALL, Make, Program

ALLOWED: Mapping[str, TokenScope] = {
    "list_drafts": TokenScope.READ,
    "read_draft": TokenScope.READ,
    "make_draft": TokenScope.DRAFT,
    "change_draft": TokenScope.DRAFT,
    "delete_draft": TokenScope.DRAFT,
    "check_draft": TokenScope.READ,
    "check_values": TokenScope.READ,
    "upload_media": TokenScope.DRAFT,
    "preview_draft": TokenScope.READ,
    "plan_all": TokenScope.READ,
    "plan_draft": TokenScope.READ,
    "submit_draft": TokenScope.SUBMIT,
    "read_token": TokenScope.READ,
    "list_accounts": TokenScope.READ,
    "read_agenda": TokenScope.READ,
    "read_calendar": TokenScope.READ,
    "search_log": TokenScope.READ,
    "read_delivery": TokenScope.READ,
    "list_answers": TokenScope.ANSWERS,
}
"""Every operation that a token has. Who adds one here has asked: can it act past a person?"""
_STEPS = {"draft made", "draft edited", "draft moved", "draft deleted", "queued", "queued again"}
_POSTS = ("day.fr", "later.fr", "site/news.fr", "new.fr", "due.es")
_FILES = ("publisher.toml", "secrets.toml", "posts/session.yaml", "posts/consents.yaml")
_OF_PEOPLE = (tables.people, tables.web_sessions, tables.notice_addresses, tables.known_browsers)
_SCOPES = [*((scope,) for scope in TokenScope), ALL]
_BODIES: tuple[dict[str, Any], ...] = (
    {"to": ["bice-site"], "at": "now", "texts": {"": ["Publish this at once."]}},
    {"to": ["bice-x", "bice-site"], "at": "2016-03-07 08:00", "lang": "fr", "texts": {"": ["x"]}},
    {"to": [], "at": "", "texts": {}},
    {"approved": True, "state": "scheduled", "author": "direction", "do": "approve"},
)


@dataclass(frozen=True)
class Seen:
    """What must stay as it is."""

    states: Mapping[int, tuple[object, ...]]
    people: list[Any]
    accounts: list[Any]
    files: Mapping[str, bytes | None]
    last: int


def looked(app: Application, workspace: Path) -> Seen:
    with app.database.read() as connection:
        rows = connection.execute(select(tables.deliveries)).all()
        return Seen(
            {row.id: (row.state, row.approved_by, row.due_at, row.content) for row in rows},
            [connection.execute(select(table)).all() for table in _OF_PEOPLE],
            [
                (row.account, row.paused_at, row.suspended_at)
                for row in connection.execute(select(tables.accounts))
            ],
            {
                name: (workspace / name).read_bytes() if (workspace / name).exists() else None
                for name in _FILES
            },
            app.queries.last_step(),
        )


def assert_nothing_forbidden(app: Application, workspace: Path, before: Seen) -> None:
    after = looked(app, workspace)
    assert after.people == before.people
    assert after.accounts == before.accounts
    assert after.files == before.files
    for key, (state, approved_by, *_rest) in after.states.items():
        if after.states[key] == before.states.get(key):
            continue
        assert (state, approved_by) == ("awaiting-approval", None), "it waits for a person"
        assert before.states.get(key, ("awaiting-approval",))[0] != "scheduled"
    assert all(key in after.states for key in before.states)
    for step in app.queries.steps(before.last, 10_000):
        assert step.event in _STEPS, step
        assert step.target in (None, "awaiting-approval"), step


def operations(app: Application) -> Iterator[tuple[str, str, str, list[str]]]:
    """Method, path, name and scopes of each operation in the description."""
    description = create(app).state.api.openapi()
    for path, item in description["paths"].items():
        for method, operation in item.items():
            (security,) = operation["security"]
            yield method.upper(), path, operation["operationId"], security["token"]


def test_every_operation_is_on_the_list_with_its_scope(app: Application) -> None:
    """A new one is not allowed before somebody has put it there."""
    assert {name: scopes for *_, name, scopes in operations(app)} == {
        name: [scope.value] for name, scope in ALLOWED.items()
    }


@pytest.fixture
def prepared(app: Application, workspace: Workspace) -> None:
    """One post is approved, one is on the schedule, one waits, some are drafts alone."""
    (delivery,) = app.queries.deliveries(post="later.fr")
    app.approvals.approve(["later.fr"], None, "direction", {delivery.id: digest(delivery)})
    workspace.draft("new.fr", "at: 2016-03-09 12:00\nto: [bice-x]", "Un texte neuf.")
    workspace.draft("due.es", "at: now\nto: [bice-site]", "Ahora.")
    app.control.pause("bice-page", "wrong picture", "direction")


@pytest.mark.parametrize("scopes", _SCOPES, ids="+".join)
@pytest.mark.usefixtures("prepared")
def test_no_operation_does_what_is_for_people(
    app: Application, program: Make, workspace: Workspace, scopes: tuple[TokenScope, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With the token of an admin, to every post, with what makes sense and what does not."""
    monkeypatch.setattr("publisher.web.api.access.PER_MINUTE", 10_000)
    asking = program("chef", scopes)
    before, done = looked(app, workspace.path), set()
    # Submissions first: then the drafts are still as they were prepared.
    for method, path, name, needed in sorted(
        operations(app), key=lambda one: "submit" not in one[2]
    ):
        for answer in _tried(asking, method, path):
            assert answer.status_code < 500, (name, answer.text)
            if answer.status_code < 300:
                done.add(name)
                assert {*needed} <= {*scopes}, name
    assert_nothing_forbidden(app, workspace.path, before)
    wanted = {name for name, scope in ALLOWED.items() if scope in scopes}
    assert done >= wanted - {"upload_media"}, "each was really carried out"


def _tried(asking: Program, method: str, path: str) -> Iterator[Any]:
    places = [""]
    if "{" in path:
        places = [*_POSTS, "1"]
    for place in places:
        address = re.sub(r"\{[^}]+\}", lambda _: place, path)  # noqa: B023
        if method == "GET":
            days = {"since": "2016-03-07", "until": "2016-03-09"}
            yield asking.client.get(address, params=days if path == "/calendar" else {})
            continue
        for body in _BODIES:
            yield asking.send(method, address, match="*", json=body)


@pytest.mark.usefixtures("prepared")
def test_no_address_of_the_api_is_one_of_a_persons_acts(
    app: Application, program: Make, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.web.api.access.PER_MINUTE", 10_000)
    asking = program("chef")
    before = looked(app, workspace.path)
    for act in (
        "approve", "approvals", "reject", "resume", "pause", "queue", "publish", "withdraw", "hold",
        "release", "retry", "resolve", "cancel", "people", "consents", "mandates", "keys", "tokens",
        "connect", "undo", "review", "bulk",
    ):  # fmt: skip
        for path in (f"/{act}", f"/{act}/day.fr", f"/deliveries/1/{act}"):
            assert asking.send("POST", path, json={}).status_code in (404, 405), path
    assert_nothing_forbidden(app, workspace.path, before)


@pytest.mark.usefixtures("prepared")
def test_no_form_of_the_pages_takes_a_token(
    app: Application, program: Make, workspace: Workspace, address: str
) -> None:
    asking = program("chef")
    before = looked(app, workspace.path)
    headers = {"authorization": f"Bearer {asking.secret}"}
    for path, item in create(app).openapi()["paths"].items():
        if "post" in item:
            place = re.sub(r"\{[^}]+\}", "day.fr", path)
            fields = {"do": "approve", "sure": "yes", "form": "x", "reason": "x"}
            asking.client.post(f"{address}{place}", data=fields, headers=headers)
    assert_nothing_forbidden(app, workspace.path, before)
    assert app.queries.last_step() == before.last


def _acts(app: Application) -> dict[str, Callable[[], object]]:
    """What people do, as the functions below pages and commands; the actor is an admin."""
    seen = {one.id: digest(one) for one in app.queries.deliveries(post="day.fr")}
    chef = app.people.find("chef")
    return {
        "approve": lambda: app.approvals.approve(["day.fr"], None, "chef", seen),
        "approve many": lambda: app.approvals.approve_seen(["day.fr"], "chef", seen),
        "reject": lambda: app.approvals.reject(["day.fr"], None, "chef", "x"),
        "pause": lambda: app.control.pause(None, "x", "chef"),
        "resume": lambda: app.control.resume("bice-page", "chef"),
        "cancel": lambda: app.control.cancel("later.fr", None, "chef", "x"),
        "hold": lambda: app.holds.hold(["later.fr"], None, "chef", "x"),
        "queue": lambda: app.planner.queue(actor="chef"),
        "add a person": lambda: app.people.add("eva", Rank.ADMIN, "plough wicker ostrich", actor="chef"),
        "rights": lambda: app.people.set_rights("stagiaire", Rank.ADMIN, None, actor="chef"),
        "password": lambda: app.people.set_password("stagiaire", "plough wicker ostrich 2", actor="chef"),
        "token": lambda: app.api_tokens.make(chef, "x", ALL, timedelta(days=1), None, actor="chef"),
        "feed key": lambda: app.feed_keys.make(chef),
        "note": lambda: app.notes.write("day.fr", "x", "chef"),
    }  # fmt: skip


@pytest.mark.usefixtures("prepared")
def test_the_functions_themselves_refuse_a_token(app: Application, workspace: Workspace) -> None:
    """Also if an operation were added that calls them: the ledger asks who acts."""
    before = looked(app, workspace.path)
    for name, act in _acts(app).items():
        with acting_through_pages(), token_bounds.acting_by_token(Bounds()):
            try:
                act()
            except NotPermitted:
                continue
        raise AssertionError(f"{name} was not refused")
    assert_nothing_forbidden(app, workspace.path, before)
    assert app.queries.last_step() == before.last
