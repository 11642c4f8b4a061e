"""The line to a platform: how far a request came, and what is kept of the answer."""

import asyncio
import base64
import gzip
import json
import queue
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from publisher.base.clock import SystemClock
from publisher.base.errors import ConfigurationError
from publisher.channels.answers import quote
from publisher.channels.http import client
from publisher.channels.http.client import IDLE_LIMIT, Client
from publisher.channels.http.connection import MAX_BODY
from publisher.channels.http.recorder import Recorder
from publisher.model.outcomes import Wire
from tests.support.lines import (
    OK,
    PLATFORM,
    SECRET,
    Handler,
    answer_to,
    answering,
    drip,
    get,
    nothing,
    recorder,
    request_of,
    reset,
    serving,
    serving_together,
    wait_for_its_end,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards(
    "publisher.channels.http.connection", "publisher.channels.http.recorder"
)


def test_a_complete_answer_is_kept() -> None:
    answer = answer_to(answering(OK))
    assert (answer.wire, answer.status, answer.body) == (Wire.ANSWERED, 200, '{"id": "77"}')
    assert answer.headers["content-type"] == "application/json"


def test_only_headers_that_tell_something_are_kept_in_lower_case() -> None:
    kept = {
        "x-rate-limit-reset": "5",
        "x-user-limit-24hour-limit": "50",
        "x-app-limit-24hour-limit": "50",
        "x-app-usage": "{}",
        "x-page-usage": "{}",
        "x-business-use-case-usage": "{}",
        "retry-after": "3",
    }
    lines = "".join(f"{name.title()}: {value}\r\n" for name, value in kept.items()).encode()
    other = b"Set-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    answer = answer_to(answering(b"HTTP/1.1 429 No\r\n" + lines + other))
    assert answer.headers == kept


def test_a_header_that_comes_twice_is_a_list() -> None:
    """Which of two ids is meant, nobody knows; the same one twice is one."""
    lines = b"X-Restli-Id: 1\r\nX-Restli-Id: 2\r\nRetry-After: 3\r\nRetry-After: 3\r\n"
    answer = answer_to(answering(b"HTTP/1.1 201 Made\r\n" + lines + b"Content-Length: 0\r\n\r\n"))
    assert answer.headers == {"x-restli-id": "1, 2", "retry-after": "3"}


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "handler",
    [
        answering(b"", then=wait_for_its_end),
        answering(HEAD, then=wait_for_its_end),
        answering(HEAD, then=drip),
    ],
    ids=["silent", "silent after the head", "dripping"],
)
def test_a_time_out_in_reading_is_no_answer(handler: Handler) -> None:
    """The time-out is for the whole answer, not for each byte of it."""
    clock = SystemClock()
    start = clock.monotonic()
    answer = answer_to(handler, 0.4)
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out while waiting for the answer")
    assert clock.monotonic() - start < 1.5


def _drip_a_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(connection)


def _go_on(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        threading.Event().wait(0.01)


@pytest.mark.parametrize("then", [_drip_a_head, _go_on], ids=["dripping head", "endless 100"])
def test_a_head_that_never_ends_is_no_answer(then: Handler) -> None:
    clock = SystemClock()
    start = clock.monotonic()
    answer = answer_to(answering(b"", then=then), 0.4)
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out while waiting for the answer")
    assert clock.monotonic() - start < 1.5


def test_a_slow_upload_has_the_whole_time_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit for connecting is not one for sending."""
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.2)
    size = 20_000_000  # more than the sockets' buffers hold

    def handle(connection: socket.socket) -> None:
        threading.Event().wait(0.5)
        received = 0
        while received < size:
            received += len(connection.recv(1_000_000))
        connection.sendall(OK)

    with serving(handle) as (address, _):
        line = recorder(address, 5)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * size))
    assert answer.wire is Wire.ANSWERED


def test_an_upload_that_gets_stuck_ends_in_time() -> None:
    clock = SystemClock()
    start = clock.monotonic()
    ended = threading.Event()

    def read_nothing(_connection: socket.socket) -> None:
        ended.wait(5)

    with serving(read_nothing) as (address, _):
        line = recorder(address, 0.4)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * 20_000_000))
        ended.set()
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out while waiting for the answer")
    assert clock.monotonic() - start < 1.5


def test_what_has_not_arrived_when_nobody_waits_any_more_never_arrives() -> None:
    """The machine would deliver it when it can again, also after the post was sent anew."""
    given_up = threading.Event()
    ends: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read_later(connection: socket.socket) -> None:
        given_up.wait(5)
        try:
            while connection.recv(1_000_000):
                pass
            ends.put("all that the machine had left came")
        except ConnectionResetError:
            ends.put("cut off")

    with serving(read_later) as (address, _):
        line = recorder(address, 0.4)
        line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * 20_000_000))
        given_up.set()
        assert ends.get(timeout=30) == "cut off"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
def test_the_machine_gives_up_in_time_also_while_the_process_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[socket.socket] = []
    connect = asyncio.BaseEventLoop.create_connection

    async def noting(self: Any, *words: Any, **more: Any) -> Any:
        made.append(more["sock"])
        return await connect(self, *words, **more)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", noting)
    with serving(answering(OK)) as (address, _):
        get(recorder(address, 0.4))
        assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 400


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "in two"])
@pytest.mark.parametrize("status", [100, 102, 103])
def test_an_interim_answer_is_not_taken_for_the_final_one(status: int, together: bool) -> None:
    """Else each later answer would be taken for that of the next request."""
    count = 0

    def handle(connection: socket.socket) -> None:
        nonlocal count
        while request_of(connection):
            count += 1
            interim = f"HTTP/1.1 {status} Wait\r\nLink: </a>\r\n\r\n".encode()
            final = b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n%d" % count
            if not together:
                connection.sendall(interim)
                threading.Event().wait(0.02)
            connection.sendall(interim + final if together else final)

    with serving(handle) as (address, connections):
        line = recorder(address)
        answers = [get(line) for _ in range(3)]
        assert len(connections) == 1
    assert [(a.wire, a.status, a.body) for a in answers] == [
        (Wire.ANSWERED, 201, str(number)) for number in (1, 2, 3)
    ]


def test_a_change_of_protocol_is_no_answer_and_ends_the_connection() -> None:
    with serving(answering(b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\n\r\n")) as (
        address,
        connections,
    ):
        line = recorder(address)
        for count in (1, 2, 3):
            assert get(line).wire is Wire.NO_ANSWER
            assert len(connections) == count


def test_a_request_is_never_sent_twice() -> None:
    with serving(answering(b"", then=reset)) as (address, connections):
        get(recorder(address))
        assert len(connections) == 1


def test_a_connection_that_died_while_idle_is_replaced_and_not_a_doubt() -> None:
    with serving(answering(OK, then=nothing)) as (address, connections):
        line = recorder(address)
        assert get(line).status == 200
        wait_for(lambda: connections[0].fileno() < 0)
        assert get(line).status == 200
        assert len(connections) == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A NAT may have dropped it without a word, and the post would be in doubt."""

    seconds = 0.0
    kept = Client(lambda: seconds)
    monkeypatch.setattr(client, "shared", lambda: kept)
    with serving(answering(OK)) as (address, connections):
        line = recorder(address)
        for idle, expected in ((0.0, 1), (IDLE_LIMIT - 1, 1), (IDLE_LIMIT + 1, 2)):
            seconds += idle
            assert get(line).status == 200
            assert len(connections) == expected


def test_no_more_than_some_idle_connections_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may have no more than some files; those of a burst are closed after it."""
    monkeypatch.setattr(client, "_MOST_IDLE", 2)
    together, open_now = threading.Barrier(5, timeout=30), set[int]()

    def handle(connection: socket.socket) -> None:
        open_now.add(id(connection))
        request_of(connection)
        together.wait()
        connection.sendall(OK)
        request_of(connection)
        open_now.remove(id(connection))

    with serving_together(handle) as address, ThreadPoolExecutor(5) as threads:
        kept = Client()
        monkeypatch.setattr(client, "shared", lambda: kept)
        line = recorder(address, 5)
        assert [a.status for a in threads.map(lambda _: get(line), range(5))] == [200] * 5
        wait_for(lambda: len(open_now) == 2)
        assert len(kept._idle[address, False]) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        while request := request_of(connection):
            seen.append(request.partition(b"\r\n")[0])
            head = f"HTTP/1.1 {status} Moved\r\nLocation: {PLATFORM}/elsewhere\r\n"
            connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())

    with serving(handle) as (address, _):
        line = recorder(address)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/tweets"))
    assert answer.status == status
    assert seen == [b"POST /2/tweets HTTP/1.1"]


def test_an_endless_body_is_cut_off() -> None:
    size = 5 * MAX_BODY
    head = f"HTTP/1.1 502 Bad\r\nContent-Length: {size}\r\n\r\n".encode()

    def flood(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(head + b"x" * size)

    answer = answer_to(flood)
    assert (answer.wire, answer.status, len(answer.body)) == (Wire.ANSWERED, 502, MAX_BODY)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 200_000_000)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    )
    answer = answer_to(answering(head + bomb, then=nothing))
    assert len(answer.body) == MAX_BODY


def test_bytes_that_are_no_text_are_kept_as_far_as_they_go() -> None:
    body = b'\xef\xbb\xbf{"a": "\xff"}'
    answer = answer_to(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    )
    assert answer.body == '{"a": "\ufffd"}'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        SECRET.upper(),
        "geheim%2F4711%2Bx",
        "GEHEIM%2f4711%2bX",
        *(base64.b64encode(f"{name}:{SECRET}:x".encode()).decode() for name in ("", "a", "ab")),
    ],
)
def test_a_secret_in_an_answer_is_blacked_out(spelling: str) -> None:
    body = f'{{"detail": "bad token {spelling}"}}'.encode()
    head = f"HTTP/1.1 400 No\r\nRetry-After: {spelling}\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = answer_to(answering(head.encode() + body))
    assert spelling not in repr(answer)
    assert "bad token" in answer.body
    assert "[secret]" in answer.body


ESCAPED = "".join(f"\\u{ord(character):04x}" for character in SECRET)


@pytest.mark.parametrize("spelling", [ESCAPED, SECRET.replace("/", "\\/")])
def test_a_secret_in_json_escapes_reaches_no_message(spelling: str) -> None:
    """The meanings read the values, in which the escapes are gone."""
    body = f'{{"detail": "bad token {spelling}", "n": [1, null]}}'.encode()
    answer = answer_to(
        answering(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    )
    assert json.loads(answer.body) == {"detail": "bad token [secret]", "n": [1, None]}


def test_a_secret_with_characters_that_json_escapes_is_blacked_out(closed_port: str) -> None:
    line = Recorder(
        PLATFORM,
        base_url=closed_port,
        timeout=timedelta(seconds=1),
        clock=SystemClock(),
        secrets=['quo"ted\\secret'],
    )
    assert json.loads(line.redacted(json.dumps(['x quo"ted\\secret y']))) == ["x [secret] y"]


def test_a_message_quotes_no_control_characters() -> None:
    """Nor what turns the direction of writing around, or hides in a word."""
    text = "No\x1b[31m \x00way\u202e,\u200b\tsir\x7f\u0085"
    assert quote(text) == " (“No[31m way, sir”)"
    assert quote("\x00 \u200b") == ""


def test_a_base_url_may_have_a_path() -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK)

    with serving(handle) as (address, _):
        line = recorder(f"{address}/stand-in/")
        get(line, "/2/tweets?a=1")
    assert seen[0].startswith(b"GET /stand-in/2/tweets?a=1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "url",
    ["https://example.org/", "http://api.x.com/", "https://api.x.com.evil.example/"],
)
def test_nothing_else_can_be_reached(url: str, closed_port: str) -> None:
    line = recorder(closed_port)
    with pytest.raises(requests.exceptions.InvalidSchema):
        line.call(lambda: line.session.get(url))


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, closed_port: str
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, closed_port)
    assert answer_to(answering(OK)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:x",
        "http://u:p@127.0.0.1",
        "http://127.0.0.1/?a=1",
        "http://127.0.0.1:99999",
        "http://[::1",
        "file:///etc",
    ],
)
def test_a_base_url_that_is_none_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        recorder(url)
    assert "PUBLISHER_…_URL" in str(caught.value.hint)


def test_a_mistake_before_the_request_is_not_swallowed(closed_port: str) -> None:
    line = recorder(closed_port)
    with pytest.raises(TypeError):
        line.call(line.session.get)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no request"):
        line.call(lambda: None)


def test_a_mistake_that_quotes_a_secret_is_told_without_it(closed_port: str) -> None:
    line = recorder(closed_port)

    def mistake() -> None:
        raise ValueError(f"bad header: {SECRET}")

    with pytest.raises(RuntimeError, match="bad header") as caught:
        line.call(mistake)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_earlier_answer_is_not_taken_for_the_next_one(closed_port: str) -> None:
    with serving(answering(OK)) as (address, _):
        line = recorder(address)
        assert get(line).status == 200
        with pytest.raises(RuntimeError, match="no request"):
            line.call(lambda: None)
