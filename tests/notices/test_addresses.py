"""What a person may name as an address, and that it leads nowhere that it must not."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from unittest import mock

import pytest
from pydantic import SecretStr, ValidationError

from publisher.base.errors import ConfigurationError, NoticeNotSent, UsageError
from publisher.base.public_addresses import is_public
from publisher.notices.addresses import checked, masked, opened
from publisher.notices.network_guard import public_only
from publisher.notices.personal_message import trial
from publisher.settings.schema import NoticeSettings
from tests.support.receiver import Receiver

_PLAIN = NoticeSettings()
_HERE = NoticeSettings(hosts=("127.0.0.1",))
_MAIL = NoticeSettings(
    mail=SecretStr("mailtos://me:hunter2@smtp.example.org?from=desk@example.org")
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ntfys://tk_hunter2@ntfy.example.org/hunter2", "ntfys://…"),
        ("ntfy://hunter2", "ntfy://…"),
        ("slack://Ahunter2A/Bhunter2B/Chunter2hunter2hunter2h", "slack://…"),
        ("https://hooks.slack.com/services/Ahunter2A/Bhunter2B/Chunter2hunter2hunter2h", "https://…"),
        ("tgram://123456789:hunter2_hijklmnopqrstuvwxyz012345678/12315544/", "tgram://…"),
        ("mailtos://me:hunter2@smtp.example.org?from=me@example.org&to=me@example.org", "mailtos://…@smtp.example.org"),
        ("mailto://me:hunter2@gmail.com:587", "mailto://…@gmail.com:587"),
        ("mmosts://hunter2@chat.example.org/hunter2hunter2hunter2hun", "mmosts://…@chat.example.org"),
        ("gotifys://push.example.org/hunter2hunter2", "gotifys://…@push.example.org"),
    ],
)  # fmt: skip
def test_well_known_services_are_allowed_and_shown_without_their_secrets(
    address: str, shown: str
) -> None:
    assert checked(f" {address} ", _PLAIN) == address
    assert masked(SecretStr(address)) == shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    "address",
    [
        "json://example.org/",
        # Without a server, Apprise takes that of the e-mail address in `user`.
        "mailto://?to=victim@example.org&user=u@localhost",
        "mailtos://?to=victim@example.org&user=u@intern.example.org",
        "jsons://example.org/",
        "form://example.org/",
        "xml://example.org/",
        "file:///etc/passwd",
        "syslog://",
        "dbus://",
        "windows://",
        "mqtt://example.org/topic",
        "apprise://example.org/token",
        "http://169.254.169.254/latest/meta-data",
        "https://example.org/hook",
        # options
        "ntfys://ntfy.example.org/topic?verify=no",
        "ntfys://ntfy.example.org/topic?VERIFY=no",
        "ntfys://ntfy.example.org/topic?%76erify=no",
        "ntfys://ntfy.example.org/topic?priority=high;verify=no",
        "ntfys://ntfy.example.org/topic?redirect=yes",
        "ntfys://ntfy.example.org/topic?attach=http://127.0.0.1/",
        "ntfys://ntfy.example.org/topic?rto=86400",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?template=/etc/passwd",
        "mailtos://me:hunter2@example.org?pgp=yes",
        "mailtos://me:hunter2@example.org?pgppub=/etc/passwd",
        "mailtos://me:hunter2@example.org?+X-Header=a",
        # servers
        "ntfys://127.0.0.1/topic",
        "ntfys://localhost/topic",
        "ntfys://[::1]/topic",
        "ntfys://10.0.0.8/topic",
        "ntfys://169.254.169.254/topic",
        "mailto://me:hunter2@192.168.1.1",
        "mailtos://me:hunter2@example.org?smtp=127.0.0.1",
        # none at all
        "",
        "hunter2",
        "slack://hunter2",
        "ntfys://ntfy.example.org/a topic",
        "ntfys://ntfy.example.org/\u202etopic",
        "ntfys://" + "a" * 500,
        "kasia@example.org",
    ],
)
def test_everything_else_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(UsageError) as refusal:
        checked(address, _PLAIN)
    assert "hunter2" not in f"{refusal.value} {refusal.value.hint}"
    with pytest.raises(ConfigurationError):
        opened(SecretStr(address), _PLAIN)


@pytest.mark.parametrize(
    "address",
    [
        "mailtos://john.doe:123/hunter2@smtp.example.org",
        "mailtos://me:hunter2@smtp.example.org@example.org",
        "gotifys://john.doe:80/hunter2@push.example.org/token",
    ],
)
def test_no_piece_of_a_password_is_taken_for_a_server(address: str) -> None:
    try:
        assert checked(address, _PLAIN) == address
    except UsageError:
        return
    assert masked(SecretStr(address)).endswith((".org", "john.doe:80"))


def test_an_e_mail_address_is_sent_to_by_the_workspaces_own_account() -> None:
    assert checked("kasia@example.org", _MAIL) == "kasia@example.org"
    assert masked(SecretStr("kasia@example.org")) == "k…@example.org"
    service = opened(SecretStr("kasia@example.org"), _MAIL)
    plugin: Any = next(iter(service._line))
    assert plugin.targets == [(False, "kasia@example.org")]
    assert plugin.from_addr[1] == "desk@example.org"
    assert plugin.smtp_host == "smtp.example.org"


@pytest.mark.parametrize(
    "address", ["a@example.org,b@example.org", "a@example.org?cc=b@example.org", "a@b@example.org"]
)
def test_an_e_mail_address_is_one_and_brings_no_option(address: str) -> None:
    with pytest.raises(UsageError):
        checked(address, _MAIL)


@pytest.mark.parametrize(
    "mail",
    [
        "slack://hunter2/b/c",
        "mailtos://me:hunter2@example.org?to=team@example.org",
        "mailtos://me:hunter2@example.org?verify=no",
    ],
)
def test_the_workspaces_mail_account_is_one_without_recipients(mail: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        NoticeSettings(mail=SecretStr(mail))
    assert "hunter2" not in str(refusal.value)


# Where it leads


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("localhost", None),
        ("", None),
    ],
)
def test_only_addresses_of_the_internet_are_public(host: str, public: bool | None) -> None:
    assert is_public(host) is public


def _resolves_here(*_: object, **__: object) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", _port[0]))]


_port = [0]


def test_a_name_that_leads_to_this_machine_is_not_asked(receiver: Receiver) -> None:
    """Whatever it led to when it was written down."""
    _port[0] = int(receiver.address.rpartition(":")[2])
    service = opened(SecretStr(f"ntfy://rebound.example.org:{_port[0]}/topic"), _PLAIN)
    with (
        mock.patch("socket.getaddrinfo", _resolves_here),
        pytest.raises(NoticeNotSent, match="a network that is not public"),
    ):
        service.send(trial())
    assert receiver.requests == 0


def test_the_settings_can_allow_a_server(receiver: Receiver) -> None:
    opened(SecretStr(f"ntfy://{receiver.address}/topic"), _HERE).send(trial())
    (message,) = receiver.messages
    assert (message["topic"], message["title"]) == ("topic", "Publisher: a test")
    for other in (f"ntfy://{receiver.address}/topic?smtp=10.0.0.1", "ntfy://127.0.0.2/topic"):
        with pytest.raises(ConfigurationError):
            opened(SecretStr(other), _HERE)


def test_others_may_connect_while_one_is_guarded(receiver: Receiver) -> None:
    """The dispatcher's own connections, in other threads and after it."""
    host, _, port = receiver.address.partition(":")
    failed: list[BaseException] = []

    def connect() -> None:
        try:
            socket.create_connection((host, int(port)), 5).close()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            failed.append(error)

    with public_only() as refused:
        thread = Thread(target=connect)
        thread.start()
        thread.join()
        connect()
    assert (len(failed), refused) == (1, [host])
    connect()
    assert len(failed) == 1


@pytest.fixture
def leading_elsewhere(receiver: Receiver) -> Iterator[str]:
    """A server that leads every request to the receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", f"http://{receiver.address}/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_redirection_is_followed(leading_elsewhere: str, receiver: Receiver) -> None:
    with pytest.raises(NoticeNotSent):
        opened(SecretStr(f"ntfy://{leading_elsewhere}/topic"), _HERE).send(trial())
    assert receiver.requests == 0
