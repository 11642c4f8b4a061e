"""The simulated WordPress refuses what the real one refuses, with its own words."""

import io
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.support.clock import ManualClock

PARAGRAPH = "<!-- wp:paragraph -->\n<p>Bonjour</p>\n<!-- /wp:paragraph -->"
SETTINGS = Settings.model_validate(
    {"workspace": "/nowhere", "accounts": {n: {"channel": "wordpress"} for n in ("one", "two")}}
)


class Site:
    """One account's site in the sandbox."""

    def __init__(self, sandbox: Sandbox, address: str, account: SandboxAccount) -> None:
        self.sandbox = sandbox
        self._root = f"{address}/wp-json/wp/v2"
        self._auth = (account.credentials["user"], account.credentials["application_password"])

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(
            method, f"{self._root}{path}", timeout=30, **{"auth": self._auth, **more}
        )

    def draft(self, **fields: Any) -> Any:
        wish = {"status": "draft", "slug": "bonjour", "title": "Bonjour", "content": PARAGRAPH}
        answer = self.ask("POST", "/posts", json={**wish, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def upload(self, name: str = "a.png", content: bytes | None = None, **form: Any) -> Any:
        files = {"file": (name, picture() if content is None else content, "image/png")}
        return self.ask("POST", "/media", files=files, data=form)

    @property
    def violations(self) -> list[str]:
        return [one["kind"] for one in self.sandbox.state()["violations"]]


def picture() -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(memory, "PNG")
    return memory.getvalue()


@pytest.fixture
def sites() -> Any:
    accounts = accounts_for(SETTINGS)
    sandbox = Sandbox(accounts, ManualClock())
    with running(sandbox) as address:
        yield [Site(sandbox, address, account) for account in accounts]


@pytest.fixture
def site(sites: list[Site]) -> Site:
    return sites[0]


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_without_the_right_password_nothing_is_done(site: Site) -> None:
    for auth in (None, ("publisher-one", "wrong"), ("nobody", "x")):
        answer = site.ask("POST", "/posts", json={"title": "x"}, auth=auth)
        assert code(answer) == (401, "rest_not_logged_in")


def test_a_password_is_taken_without_its_spaces(site: Site) -> None:
    user, password = site._auth
    answer = site.ask("GET", "/users/me", auth=(user, password.replace(" ", "")))
    assert answer.json()["username"] == user


def test_each_account_has_a_site_of_its_own(sites: list[Site]) -> None:
    made = sites[0].draft()
    assert code(sites[1].ask("GET", f"/posts/{made['id']}")) == (404, "rest_post_invalid_id")
    assert sites[1].draft()["slug"] == "bonjour"


def test_a_slug_that_is_taken_gets_a_number(site: Site) -> None:
    assert [site.draft()["slug"] for _ in range(3)] == ["bonjour", "bonjour-2", "bonjour-3"]
    listed = site.ask("GET", "/posts?slug=bonjour-2,bonjour&status=any").json()
    assert {post["slug"] for post in listed} == {"bonjour", "bonjour-2"}


def test_a_post_is_published_once_with_the_time_of_that(site: Site) -> None:
    made = site.draft()
    first = site.ask("POST", f"/posts/{made['id']}", json={"status": "publish"}).json()
    again = site.ask("POST", f"/posts/{made['id']}", json={"status": "publish"}).json()
    assert (first["status"], first["date_gmt"]) == (again["status"], again["date_gmt"])
    assert str(made["id"]) in first["link"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "future"},
        {"date": "2016-03-08T00:00:00"},
        {"content": "<p>in no block</p>"},
        {"content": PARAGRAPH.replace("Bonjour", "<b>Bonjour</b>")},
        {"content": PARAGRAPH.replace("Bonjour", "[gallery]")},
        {"content": PARAGRAPH.replace("paragraph", "html")},
    ],
)
def test_what_publisher_never_sends_is_refused(fields: dict[str, str], site: Site) -> None:
    wish = {"status": "draft", "title": "x", **fields}
    assert code(site.ask("POST", "/posts", json=wish)) == (400, "rest_invalid_param")


def test_an_empty_post_and_one_that_is_no_json_are_refused(site: Site) -> None:
    assert code(site.ask("POST", "/posts", json={})) == (400, "empty_content")
    assert code(site.ask("POST", "/posts", data="title=x")) == (400, "rest_invalid_json")


def test_a_featured_picture_must_be_there(site: Site) -> None:
    wish = {"title": "x", "content": PARAGRAPH, "featured_media": 7}
    assert code(site.ask("POST", "/posts", json=wish)) == (400, "rest_invalid_featured_media")


def test_a_picture_that_is_attached_to_nothing_is_noted(site: Site) -> None:
    made = site.draft()
    assert site.upload(post=made["id"]).status_code == 201
    assert site.violations == []
    site.upload()
    assert site.violations == ["picture-listed-early"]


def test_a_picture_that_outlives_its_draft_is_noted(site: Site) -> None:
    made = site.draft()
    site.upload(post=made["id"])
    site.ask("DELETE", f"/posts/{made['id']}?force=true")
    assert site.violations == ["picture-listed-early"]


def test_what_is_no_picture_is_refused_as_a_fault_of_the_server(site: Site) -> None:
    for answer in (
        site.upload(content=b"nonsense"),
        site.upload(name="a.exe"),
        site.upload(content=picture() + bytes(3_000_000)),
    ):
        assert code(answer) == (500, "rest_upload_unknown_error")
    assert code(site.upload(post=99)) == (403, "rest_cannot_edit")
    no_file = site.ask("POST", "/media", data={"post": "1"})
    assert code(no_file) == (400, "rest_upload_no_content_disposition")


def test_pictures_have_no_trash_and_posts_have_one(site: Site) -> None:
    media = site.upload().json()["id"]
    assert code(site.ask("DELETE", f"/media/{media}")) == (501, "rest_trash_not_supported")
    assert site.ask("DELETE", f"/media/{media}?force=true").json()["deleted"] is True
    assert code(site.ask("DELETE", f"/media/{media}?force=true")) == (404, "rest_post_invalid_id")
    post = site.draft()["id"]
    assert site.ask("DELETE", f"/posts/{post}").json()["status"] == "trash"
    assert site.ask("DELETE", f"/posts/{post}?force=true").json()["deleted"] is True
    assert code(site.ask("GET", f"/posts/{post}")) == (404, "rest_post_invalid_id")


def test_a_route_that_is_not_there_is_told(site: Site) -> None:
    for path in ("/pages", "/posts/1_2", "/posts/1/revisions"):
        assert code(site.ask("GET", path)) == (404, "rest_no_route")


def test_a_request_that_a_host_would_not_take_is_refused_before_wordpress(site: Site) -> None:
    wish = {"title": "x", "content": PARAGRAPH.replace("Bonjour", "ł" * 25_000)}
    answer = site.ask("POST", "/posts", json=wish)
    assert (answer.status_code, "<html>" in answer.text) == (413, True)
