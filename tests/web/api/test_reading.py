"""What a program reads through the API, and who may."""

import httpx
import pytest

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from publisher.web.api.access import PER_MINUTE, RequestLimit
from tests.support.pages import Visit
from tests.support.workspaces import Workspace
from tests.web.api.conftest import Make

pytestmark = pytest.mark.guards("publisher.web.api.planning")


def test_the_token_says_for_whom_it_acts(program: Make) -> None:
    told = program(scopes=(TokenScope.READ, TokenScope.DRAFT), organisations=["BICE"]).get("/token")
    assert (told["person"], told["scopes"]) == ("redaction", ["draft", "read"])
    assert told["organisations"] == ["BICE"]
    assert told["expires_at"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer publisher_x"},
        {"authorization": "Basic cmVkYWN0aW9uOng="},
    ],
)
def test_without_a_token_nothing_is_told(address: str, headers: dict[str, str]) -> None:
    """Not even whether there is such an operation."""
    for path in ("/drafts", "/drafts/day.fr", "/nowhere"):
        answer = httpx.get(f"{address}/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="Publisher"'
        assert answer.headers["content-type"] == "application/problem+json"
        assert "/me" in answer.json()["remedy"]


def test_a_session_of_a_browser_opens_nothing(manager: Visit) -> None:
    """So no page of somebody else can use it."""
    manager.get("/")
    assert manager.client.get("/api/v1/drafts").status_code == 401
    assert manager.client.post("/api/v1/drafts", json={}).status_code == 401


def test_a_token_opens_no_page(program: Make, address: str) -> None:
    headers = {"authorization": f"Bearer {program().secret}"}
    for path in ("/", "/me", "/log.csv", "/posts/day.fr"):
        assert httpx.get(f"{address}{path}", headers=headers).status_code == 303, path


def test_a_token_in_an_address_is_no_token(program: Make, address: str) -> None:
    """Addresses stand in logs."""
    secret = program().secret
    for name in ("token", "access_token", "key", "api_key"):
        answer = httpx.get(f"{address}/api/v1/drafts", params={name: secret})
        assert answer.status_code == 401


def test_a_token_ends_with_its_person_at_once(app: Application, program: Make) -> None:
    asking = program("stagiaire")
    assert asking.client.get("/drafts").status_code == 200
    app.people.disable(app.people.find("stagiaire"), disabled=True, actor="chef")
    assert asking.client.get("/drafts").status_code == 401


def test_drafts_are_listed_page_by_page(program: Make) -> None:
    asking, seen, after = program(), [], ""
    while True:
        page = asking.get("/drafts", limit=2, after=after)
        seen += [one["id"] for one in page["drafts"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == ["day.es", "day.fr", "later.fr", "site/news.fr", "unfinished.fr"]
    by_id = {one["id"]: one for one in asking.get("/drafts")["drafts"]}
    assert by_id["later.fr"]["at"] == "2016-03-08T11:00:00Z"
    assert by_id["unfinished.fr"]["at"] is None


def test_a_draft_is_read_with_its_values_and_its_etag(program: Make) -> None:
    answer = program().client.get("/drafts/site/news.fr")
    told = answer.json()
    assert answer.headers["etag"] == f'"{told["etag"]}"'
    assert told["values"]["to"] == ["bice-site"]
    assert told["values"]["at"] == "2016-03-07 09:30"
    assert told["values"]["texts"] == {"": ["Une nouvelle."]}
    assert "Une nouvelle." in told["text"]


def test_a_draft_that_only_a_person_can_mend_is_read_as_its_file(
    program: Make, workspace: Workspace
) -> None:
    workspace.write("posts/broken.fr.md", "---\nat: {a: b\n---\nTexte.\n")
    answer = program().client.get("/drafts/broken.fr")
    assert answer.status_code in (200, 409)


def test_a_draft_is_checked_previewed_and_planned(program: Make, workspace: Workspace) -> None:
    workspace.draft("new.fr", "at: 2016-03-09 12:00\nto: [bice-x, bice-page]", "Bonjour, Lima !")
    asking = program()
    assert asking.get("/checks/new.fr")["has_errors"] is False
    shown = {one["account"]: one for one in asking.get("/previews/new.fr")["accounts"]}
    assert shown["bice-x"]["parts"][0]["text"] == "Bonjour, Lima !"
    assert shown["bice-x"]["parts"][0]["limit"] == 280
    (change, other) = asking.get("/plans/new.fr")["changes"]
    assert {change["account"], other["account"]} == {"bice-x", "bice-page"}
    assert change["change"] == "add"
    posts = {one["post"] for one in asking.get("/plan")["changes"]}
    assert posts == {"new.fr"}


def test_the_agenda_and_the_calendar_are_read(program: Make) -> None:
    asking = program()
    agenda = asking.get("/agenda")
    assert agenda["timezone"] == "Europe/Zurich"
    assert "annual-day" in [item["name"] for item in agenda["items"]]
    posts = asking.get("/calendar", since="2016-03-07", until="2016-03-08")["posts"]
    assert [one["at"] for one in posts] == sorted(one["at"] for one in posts)
    assert {one["post"] for one in posts} == {"day.es", "day.fr", "site/news.fr", "later.fr"}
    assert {state for one in posts for state in one["states"].values()} == {
        "awaiting-approval",
        "scheduled",
    }
    for since, until in (("2016-03-08", "2016-03-07"), ("2016-01-01", "2016-12-31"), ("x", "y")):
        answer = asking.client.get("/calendar", params={"since": since, "until": until})
        assert answer.status_code == 400
        assert answer.json()["detail"]


def test_the_log_is_searched_page_by_page(program: Make) -> None:
    asking = program()
    first = asking.get("/deliveries", sort="due", limit=2)
    rest = asking.get("/deliveries", sort="due", after=first["next"])
    ids = [one["id"] for one in (*first["deliveries"], *rest["deliveries"])]
    assert len(ids) == len(set(ids)) == len(asking.get("/deliveries")["deliveries"])
    assert rest["next"] is None
    (found,) = asking.get("/deliveries", q="deux")["deliveries"]
    assert found["post"] == "later.fr"
    one = asking.get(f"/deliveries/{found['id']}")
    assert one["delivery"]["text"] == ["Un.", "Deux."]
    assert one["steps"][0]["event"] == "queued"


def test_the_accounts_say_whether_they_publish(app: Application, program: Make) -> None:
    app.control.pause("bice-x", "wrong picture", "direction")
    found = {one["name"]: one for one in program(organisations=["BICE"]).get("/accounts")}
    assert (found["bice-x"]["state"], found["bice-x"]["reason"]) == ("paused", "wrong picture")
    assert found["bice-page"]["state"] == "active"
    assert found["bice-page"]["needs_approval"]
    assert found["bice-page"]["may_write"]
    assert not found["bice-site"]["may_write"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/drafts/nobody", 404),
        ("/deliveries/99999", 404),
        ("/deliveries?state=x", 400),
        ("/deliveries?limit=1000", 400),
        ("/deliveries?after=x", 400),
        ("/nowhere", 404),
        ("/approvals", 404),
    ],
)
def test_errors_are_problem_details_with_a_remedy(program: Make, path: str, status: int) -> None:
    answer = program().client.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert told["type"].startswith("urn:publisher:problem:")
    assert told["detail"]


def test_a_token_asks_no_more_than_some_times_a_minute() -> None:
    now = 0.0
    limit = RequestLimit(lambda: now)
    assert {limit.wait(1) for _ in range(PER_MINUTE)} == {0}
    assert limit.wait(1) == 60
    assert limit.wait(2) == 0, "each token has its own"
    now = 61.0
    assert limit.wait(1) == 0


def test_who_asks_too_often_is_told_when_to_come_back(
    program: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.web.api.access.PER_MINUTE", 2)
    asking = program()
    statuses = [asking.client.get("/token").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = asking.client.get("/token")
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_its_use_is_recorded(app: Application, program: Make) -> None:
    asking = program()
    asking.get("/token")
    (token,) = app.api_tokens.of(app.people.find("redaction"))
    assert token.used_at
