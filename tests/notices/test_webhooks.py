"""Webhooks: signed, in order, each event once, retried while the receiver is down."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import delete
from structlog.testing import capture_logs

from publisher.base.errors import NoticeNotSent
from publisher.ledger.database import Database
from publisher.ledger.news.webhook_news import WebhookNews
from publisher.ledger.tables import notice_services, webhook_positions
from publisher.model.outcomes import Kind, Refused
from publisher.notices.webhooks import Receiver, Sender, signature
from publisher.settings.schema import WebhookSettings
from tests.notices.conftest import Mishaps
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.news.notice_turns", "publisher.ledger.news.webhook_news"
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
_NOW = 1_614_265_330.0


class Listener:
    """A program that listens: what came, and what it answers."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.got]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.got]


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if listener.status < 300:
                headers = {name.lower(): value for name, value in self.headers.items()}
                listener.got.append((headers, body))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/hook?key=planted-secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


def receiver(
    listener: Listener, *secrets: str, hosts: tuple[str, ...] = ("127.0.0.1",)
) -> Receiver:
    keys = [SecretStr(secret) for secret in secrets or (SECRET,)]
    return Receiver(SecretStr(listener.url), keys, hosts, lambda: _NOW)


@pytest.fixture
def news(database: Database, clock: ManualClock) -> WebhookNews:
    return WebhookNews(database, clock)


@pytest.fixture
def sender(news: WebhookNews, listener: Listener) -> Sender:
    made = Sender(receiver(listener), news)
    made.send()  # from now on
    return made


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """As its own library signs: github.com/standard-webhooks/standard-webhooks."""
    body = b'{"test": 2432232314}'
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_failed_post_is_told_signed_and_without_its_text(
    sender: Sender, listener: Listener, mishaps: Mishaps
) -> None:
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    assert sender.send() == len(listener.got) > 0
    last = listener.events[-1]
    assert last["type"] == "delivery.failed"
    assert last["data"]["state"] == "failed"
    assert last["data"]["account"] == "bice-x"
    assert (last["data"]["parts"], last["data"]["parts_out"]) == (1, 0)
    assert last["data"]["public"] == "failed: nothing is out"
    assert "text" not in last["data"]
    for headers, body in listener.got:
        made = signature(SECRET, headers["webhook-id"], int(_NOW), body)
        assert headers["webhook-signature"] == made
        assert headers["webhook-timestamp"] == str(int(_NOW))


def test_each_event_is_sent_once_and_in_its_order(
    sender: Sender, listener: Listener, mishaps: Mishaps
) -> None:
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    sender.send()
    assert sender.send() == 0
    assert len(listener.ids) == len(set(listener.ids))
    of_one = [one["data"] for one in listener.events if one["data"]["post"] == "post-0.fr"]
    assert [one["before"] for one in of_one[1:]] == [one["state"] for one in of_one[:-1]]


def test_another_process_sends_nothing_again(
    sender: Sender, news: WebhookNews, listener: Listener, mishaps: Mishaps
) -> None:
    other = Sender(receiver(listener), news)
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    taken = sender.send() + other.send()
    assert taken == len(listener.got) == len(set(listener.ids))


def test_what_was_asked_for_approval_is_told(
    sender: Sender, listener: Listener, mishaps: Mishaps
) -> None:
    waiting = wish(mishaps.clock, "asks.fr", 600).model_copy(update={"state": "awaiting-approval"})
    add(mishaps.ledger, waiting)
    sender.send()
    assert [one["type"] for one in listener.events] == ["approval.asked"]


def test_a_receiver_that_is_down_is_asked_again_later_each_time(
    sender: Sender, listener: Listener, mishaps: Mishaps, clock: ManualClock
) -> None:
    """And gets everything, in its order, with the same ids."""
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    listener.status = 503
    with pytest.raises(NoticeNotSent, match="503"):
        sender.send()
    assert sender.send() == 0, "not at once"
    clock.advance(31)
    with pytest.raises(NoticeNotSent):
        sender.send()
    clock.advance(31)
    assert sender.send() == 0, "later each time"
    listener.status = 200
    clock.advance(31)
    assert sender.send() > 0
    assert listener.events[-1]["type"] == "delivery.failed"
    assert len(listener.ids) == len(set(listener.ids))


@pytest.mark.parametrize("status", [301, 401, 404, 410, 500])
def test_a_receiver_that_is_wrong_is_told_of_once_without_its_secrets(
    sender: Sender, listener: Listener, mishaps: Mishaps, status: int, clock: ManualClock
) -> None:
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    listener.status = status
    stop = threading.Event()
    stop.set()
    with capture_logs() as logged:
        sender.run(stop)
        clock.advance(3600)
        sender.run(stop)
    (told,) = [one for one in logged if one["log_level"] == "warning"]
    assert str(status) in told["event"]
    assert "127.0.0.1" in told["event"]
    assert told["hint"]
    assert "planted-secret" not in str(logged)
    assert "whsec" not in str(logged)


def test_while_a_secret_is_replaced_both_sign(
    listener: Listener, news: WebhookNews, mishaps: Mishaps
) -> None:
    sender = Sender(receiver(listener, OTHER, SECRET), news)
    sender.send()
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    sender.send()
    headers, body = listener.got[0]
    made = [signature(one, headers["webhook-id"], int(_NOW), body) for one in (OTHER, SECRET)]
    assert headers["webhook-signature"].split(" ") == made


def test_no_server_of_this_network_is_asked_unless_it_is_named(
    listener: Listener, news: WebhookNews, mishaps: Mishaps
) -> None:
    sender = Sender(receiver(listener, hosts=()), news)
    sender.send()
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    with pytest.raises(NoticeNotSent, match="not public"):
        sender.send()
    assert listener.got == []


def test_a_new_receiver_gets_nothing_old(
    listener: Listener, news: WebhookNews, mishaps: Mishaps
) -> None:
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    assert Sender(receiver(listener), news).send() == 0
    assert listener.got == []


def test_a_receiver_that_a_set_back_ledger_does_not_know_goes_on(
    sender: Sender, listener: Listener, mishaps: Mishaps, database: Database
) -> None:
    with database.write() as connection:
        connection.execute(delete(webhook_positions))
        connection.execute(delete(notice_services))
    sender.send()
    mishaps.fail()
    sender.send()
    assert listener.events


def test_its_position_moves_on_and_nothing_piles_up(
    sender: Sender, news: WebhookNews, listener: Listener, mishaps: Mishaps, clock: ManualClock
) -> None:
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    sender.send()
    clock.advance(2 * 3600)
    mishaps.end(Refused(Kind.CONTENT, "too long"))
    before = len(listener.got)
    assert sender.send() > 0
    with news._database.read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM notices").scalar_one()
    assert kept == len(listener.got) - before
    assert sender.send() == 0


@pytest.mark.parametrize(
    "values",
    [
        {"urls": ["ftp://example.org"], "secrets": [SECRET]},
        {"urls": ["https://user:planted@example.org"], "secrets": [SECRET]},
        {"urls": ["http://example.org/planted"], "secrets": [SECRET], "hosts": ["intranet"]},
        {"urls": ["https://example.org"]},
        {"urls": ["https://example.org"], "secrets": ["planted"]},
        {"urls": ["https://example.org"], "secrets": ["whsec_c2hvcnQ="]},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(values: dict[str, Any]) -> None:
    """And what is wrong is said without repeating it."""
    with pytest.raises(ValidationError) as refused:
        WebhookSettings(**values)
    assert "planted" not in str([one["msg"] for one in refused.value.errors()])


def test_a_server_inside_the_network_may_be_told_without_tls() -> None:
    inside = {"urls": ["http://intranet:8000/hook"], "secrets": [SECRET], "hosts": ["intranet"]}
    assert WebhookSettings.model_validate(inside).urls
