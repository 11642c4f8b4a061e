"""A program that means harm, or is in a hurry, gets past none of a token's bounds."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select, update

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from publisher.ledger.tables import api_requests
from publisher.model.states import State
from tests.support.pages import TLS, serving
from tests.support.workspaces import Workspace
from tests.web.api.conftest import Make, Program
from tests.web.conftest import opened

OTHER_WORDS = {"texts": {"": ["Autre."]}}


def test_a_draft_that_is_called_as_the_description_is_no_way_around(
    program: Make, workspace: Workspace
) -> None:
    """The description alone needs no token."""
    workspace.draft("x/openapi.json", "at: 2016-03-09 12:00\nto: [bice-x]", "Un texte neuf.")
    path = workspace.path / "posts/x/openapi.json.md"
    before = path.read_text("utf-8")
    nobody = httpx.Client(base_url=str(program().client.base_url), verify=TLS)
    with closing(nobody):
        for method in ("GET", "PATCH", "DELETE"):
            assert nobody.request(method, "/drafts/x/openapi.json").status_code == 401
    bound = program("chef", organisations=["Autre"])
    answer = bound.send("PATCH", "/drafts/x/openapi.json", match="*", json=OTHER_WORDS)
    assert answer.status_code == 403
    assert "The token “" in answer.json()["detail"], "its person may"
    assert bound.send("POST", "/submissions/x/openapi.json").status_code == 403
    assert path.read_text("utf-8") == before


@contextmanager
def hanging(address: str, secret: str, number: int) -> Iterator[None]:
    """Uploads whose beginning was sent, and whose end never comes."""
    place = urlsplit(address)
    assert place.hostname
    assert place.port
    head = (
        "POST /api/v1/media HTTP/1.1\r\n"
        f"Host: {place.netloc}\r\nAuthorization: Bearer {secret}\r\n"
        "Idempotency-Key: 1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 1000000\r\n\r\n"
    )
    with ExitStack() as opened_sockets:
        for _ in range(number):
            plain = socket.create_connection((place.hostname, place.port))
            stream: socket.socket = plain
            if isinstance(TLS, ssl.SSLContext) and place.scheme == "https":
                stream = TLS.wrap_socket(plain, server_hostname=place.hostname)
            opened_sockets.enter_context(stream)
            stream.sendall(head.encode() + b"x" * 20_000)
        yield


def test_who_sends_slowly_keeps_nobody_elses_place(address: str, program: Make) -> None:
    """Neither with one token nor with several."""
    with ExitStack() as sent:
        for _ in range(3):
            sent.enter_context(hanging(address, program("redaction").secret, 4))
        assert program("stagiaire").get("/token")
        assert program("redaction").get("/token")


def test_what_a_person_scheduled_stays_on_the_schedule(workspace: Workspace) -> None:
    """Also when its account asks for approvals since then: a token would make it miss its time."""
    toml = workspace.path / "publisher.toml"
    toml.write_text(toml.read_text("utf-8").replace("approval = false\n", ""), "utf-8")
    with closing(opened(workspace.path)) as app, serving(app) as address:
        (before,) = app.queries.deliveries(post="site/news.fr")
        assert before.state is State.SCHEDULED
        person = app.people.find("chef")
        secret = app.api_tokens.make(
            person, "a program", tuple(TokenScope), timedelta(days=1), None, actor="chef"
        )
        asking = Program(address, secret)
        with closing(asking.client):
            asking.send("PATCH", "/drafts/site/news.fr", match="*", json=OTHER_WORDS)
            answer = asking.send("POST", "/submissions/site/news.fr")
        assert answer.status_code == 403
        assert "a person has scheduled it" in answer.json()["detail"]
        assert app.queries.deliveries(post="site/news.fr") == [before]


@pytest.mark.parametrize("name", ["bice-pge", "all", "twitter"])
def test_a_recipient_that_nobody_knows_is_named_and_not_left_out(program: Make, name: str) -> None:
    values = {"to": ["bice-x", name], "lang": "fr", "texts": {"": ["Bonjour."]}}
    answer = program().send("POST", "/drafts", json=values)
    assert answer.status_code == 400
    assert answer.json()["detail"] == f"There is no account {name}."


@pytest.mark.parametrize("path", ["/deliveries?account=%00", "/drafts/a%00b"])
def test_a_character_that_no_database_stores_is_refused(program: Make, path: str) -> None:
    assert program().client.get(path).status_code == 400


def test_old_answers_are_forgotten_whoever_asked(app: Application, program: Make) -> None:
    """They hold the text of drafts."""
    program().make(to=["bice-x"], lang="fr", texts={"": ["Bonjour."]})
    with app.database.write() as connection:
        begun = connection.execute(select(api_requests.c.begun_at)).scalar_one()
        connection.execute(update(api_requests).values(begun_at=begun - timedelta(hours=25)))
    program("stagiaire").make(to=["bice-x"], lang="fr", texts={"": ["Bonsoir."]})
    with app.database.read() as connection:
        count = select(func.count()).select_from(api_requests)
        assert connection.execute(count).scalar() == 1


def test_a_picture_without_a_file_is_named_and_not_left_out(program: Make) -> None:
    values = {"to": ["bice-x"], "texts": {"": ["Bonjour."]}, "media": [{"file": "", "alt": "Une."}]}
    assert program().send("POST", "/drafts", json=values).status_code == 400
