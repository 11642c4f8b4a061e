"""/me: what somebody is told personally, and where; an address is never shown again."""

import re
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from publisher.app import Application
from publisher.ledger.news.notice_addresses import Topic
from publisher.web import address_tests
from tests.support.html import flaws
from tests.support.log_ins import an_hour_later, confirm
from tests.support.pages import PASSWORD, Visit
from tests.support.receiver import Receiver, receiving
from tests.support.workspaces import Workspace
from tests.web.conftest import SECRETS, opened

_ADDRESS = "ntfys://tk_planted@ntfy.example.org/planted"


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def app(workspace: Workspace, environment: dict[str, str]) -> Iterator[Application]:
    """The settings allow a server on this machine."""
    more = 'hosts = ["127.0.0.1"]\nmail = "mailto://me:planted@127.0.0.1:1?from=a@example.org"\n'
    workspace.write("secrets.toml", f"{SECRETS}[notices]\n{more}").chmod(0o600)
    app = opened(workspace.path, environment)
    yield app
    app.close()


def add(visit: Visit, address: str) -> int:
    visit.get("/me")
    return visit.send("/me/addresses", do="add", address=address).status_code


def numbers(visit: Visit) -> list[str]:
    return re.findall(r'name="number" value="(\d+)"', visit.get("/me").text)


def press(visit: Visit, do: str, number: str) -> int:
    visit.get("/me")
    return visit.send("/me/addresses", do=do, number=number).status_code


def test_an_e_mail_address_and_push_messages_are_a_field_and_a_button(
    app: Application, staff: Visit
) -> None:
    """Nobody types a URL for them; a topic for push messages is random, and shown once."""
    assert "You get no notice when a post fails" in staff.get("/").text
    staff.get("/me")
    assert 'id="mail" name="address" type="email"' in staff.page
    assert len(re.findall(r'name="topic"[^>]* checked', staff.page)) == len(Topic)
    assert staff.send("/me/addresses", do="push").status_code == 200
    topic = re.search(r'id="topic" value="([\w-]{20,})"', staff.page)
    assert topic
    (address,) = app.notice_addresses.of(app.people.find("stagiaire"))
    assert address.address == SecretStr(f"ntfys://ntfy.sh/{topic[1]}")
    assert Topic.TROUBLE in address.topics
    assert topic[1] not in staff.get("/me").text
    assert "You get no notice when a post fails" not in staff.get("/").text


def test_an_address_is_added_and_shown_without_its_secrets(app: Application, staff: Visit) -> None:
    """With the first one everything is told; what is typed once more is there already."""
    assert "No address yet" in staff.get("/me").text
    assert add(staff, _ADDRESS) == 200
    assert "Added. Send a test" in staff.text
    assert "ntfys://…" in staff.text
    assert "planted" not in staff.page
    assert flaws(staff.page) == []
    assert len(re.findall(r'name="topic"[^>]* checked', staff.page)) == len(Topic)
    assert add(staff, _ADDRESS) == 409
    (address,) = app.notice_addresses.of(app.people.find("stagiaire"))
    assert address.address == SecretStr(_ADDRESS)


def test_an_address_is_added_after_a_proof_alone(app: Application, staff: Visit) -> None:
    """Whoever sits at an open browser does not read along from then on."""
    an_hour_later(app)
    assert add(staff, _ADDRESS) == 403
    assert "Add an address for your notices" in staff.text
    assert app.notice_addresses.of(app.people.find("stagiaire")) == []
    confirm(staff, password=PASSWORD)
    assert "Added. Send a test" in staff.text
    an_hour_later(app)
    assert press(staff, "remove", numbers(staff)[0]) == 200
    assert app.notice_addresses.of(app.people.find("stagiaire")) == []


def test_an_address_that_is_not_allowed_is_refused_without_repeating_it(staff: Visit) -> None:
    for address in ("json://planted.example.org/", "ntfys://10.0.0.1/planted", "planted"):
        assert add(staff, address) == 400
        assert "planted" not in staff.page
    assert numbers(staff) == []


def test_somebody_has_five_addresses_at_most(staff: Visit) -> None:
    for number in range(5):
        assert add(staff, f"{_ADDRESS}{number}") == 200
    assert add(staff, _ADDRESS) == 409
    assert "You already have 5 addresses." in staff.text


def test_topics_are_chosen(app: Application, staff: Visit) -> None:
    staff.get("/me")
    staff.send("/me/notices", topic=["mentioned", "trouble", "nonsense"])
    person = app.people.find("stagiaire")
    assert app.notice_addresses.topics(person) == {Topic.MENTIONED, Topic.TROUBLE}
    staff.send("/me/notices")
    assert app.notice_addresses.topics(person) == set()


def test_a_test_arrives(staff: Visit, receiver: Receiver) -> None:
    add(staff, f"ntfy://{receiver.address}/topic")
    (number,) = numbers(staff)
    assert press(staff, "test", number) == 200
    assert "The test has been sent." in staff.text
    (message,) = receiver.messages
    assert message["title"] == "Publisher: a test"


def test_tests_are_rare(staff: Visit, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody lets the server ask another one again and again; nor by adding the address anew."""
    add(staff, f"ntfy://{receiver.address}/topic")
    (number,) = numbers(staff)
    press(staff, "test", number)
    assert press(staff, "test", number) == 409
    assert "You have just sent a test" in staff.text
    press(staff, "remove", number)
    add(staff, f"ntfy://{receiver.address}/topic")
    (number,) = numbers(staff)
    assert press(staff, "test", number) == 409
    monkeypatch.setattr(address_tests, "_APART", 0.0)
    answers = [press(staff, "test", number) for _ in range(12)]
    assert (answers.count(200), receiver.requests) == (9, 10)


def test_a_test_that_is_not_taken_says_why(staff: Visit, receiver: Receiver) -> None:
    receiver.status = 403
    add(staff, f"ntfy://{receiver.address}/planted")
    (number,) = numbers(staff)
    press(staff, "test", number)
    assert "The test was not accepted: ntfy: it answered with status 403." in staff.text
    assert "planted" not in staff.page


def test_a_server_that_hangs_holds_no_page(
    staff: Visit, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_tests, "_PATIENCE", 0.2)
    receiver.hang()
    add(staff, f"ntfy://{receiver.address}/topic")
    (number,) = numbers(staff)
    press(staff, "test", number)
    assert "ntfy does not answer." in staff.text


def test_an_e_mail_address_needs_the_workspaces_mail_account(staff: Visit) -> None:
    assert "Your e-mail address" in staff.get("/me").text
    assert add(staff, "kasia@example.org") == 200
    assert "k…@example.org" in staff.text


def test_nobody_tests_or_removes_anothers_address(
    app: Application, staff: Visit, manager: Visit, receiver: Receiver
) -> None:
    add(staff, f"ntfy://{receiver.address}/topic")
    (number,) = numbers(staff)
    assert numbers(manager) == []
    for do in ("test", "remove"):
        assert press(manager, do, number) == 409
    assert receiver.requests == 0
    assert press(staff, "remove", number) == 200
    assert numbers(staff) == []
    assert app.notice_addresses.all() == []


def test_an_address_that_fails_says_so(app: Application, staff: Visit) -> None:
    add(staff, _ADDRESS)
    assert "It has not accepted messages lately" not in staff.text
    (address,) = app.notice_addresses.all()
    assert app.notices._personal is not None
    news = app.notices._personal._news
    turn = news.claim(address.service)
    assert turn
    news.not_told(address.service, turn)
    staff.get("/me")
    assert "It has not accepted messages lately" in staff.text
