"""`python -m tests.fuzz.heavy [quick]`: what is as big as it may be, or bigger, in bounded memory.

`quick` leaves out what takes seconds. A process of its own, because the limit is that of a process.
Prints a line for each; what needs more memory or time than it may ends with a traceback.
"""

import gzip
import io
import json
import resource
import socket
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from publisher.base.clock import SystemClock
from publisher.base.errors import PublisherError
from publisher.channels.http.connection import MAX_BODY
from publisher.channels.http.recorder import Recorder
from publisher.channels.registry import CAPABILITIES
from publisher.drafts.check import check
from publisher.media import media_file
from publisher.model.content import Part
from publisher.model.outcomes import Answer, Step, Wire
from publisher.platforms.twitter import timeline
from publisher.settings import settings
from tests.support.answers.judging import meaning
from tests.support.workspaces import Workspace

MEMORY = 1_500_000_000  # bytes of address space: a picture as big as it may be needs most of it
SECONDS = 30  # of processor time, for each

NOW = datetime(2016, 3, 7, 8, tzinfo=UTC)
_FRONT = "at: 2016-03-07 09:00\nto: all\n"
DRAFTS: dict[str, Callable[[], bytes]] = {
    "a line of a million characters": lambda: _draft("", "a" * 999_000),
    "a million right-to-left marks": lambda: _draft("", "\u202e" * 330_000),
    "a million combining marks": lambda: _draft("", "e" + "\u0301" * 499_000),
    "hosts without end": lambda: _draft("", "a." * 499_000),
    "links without end": lambda: _draft("", "https://a.fr/ " * 71_000),
    "emoji without end": lambda: _draft("", "👩‍👩‍👧‍👦" * 39_000),
    "ten thousand sections": lambda: _draft("", "## twitter\nA\n" * 70_000),
    "ten thousand near misses": lambda: _draft("", "## twiter\n" * 90_000),
    "threads without end": lambda: _draft("", "A\n---\n" * 160_000),
    "comments without end": lambda: _draft("", "<!--\n" * 190_000),
    "a long key": lambda: _draft(f"{'k' * 900_000}: x", ""),
    "keys without end": lambda: _draft("".join(f"k{n}: x\n" for n in range(80_000)), ""),
    "recipients without end": lambda: _draft(f"to: [{'bice-y, ' * 100_000}]", ""),
    "pictures without end": lambda: _draft("media:\n" + " - {file: a.png, alt: A}\n" * 38_000, ""),
    "brackets without end": lambda: _draft(f"at: {'[' * 900_000}", ""),
    "a long number": lambda: _draft(f"expires: {'9' * 900_000}d", ""),
    "a big file": lambda: b"a" * 60_000_000,
}
SLOW = frozenset(
    {
        "a million right-to-left marks", "emoji without end", "ten thousand near misses", "threads without end", "comments without end",
        "keys without end", "recipients without end", "pictures without end",
    }
)  # fmt: skip
ACCOUNTS = 50
_ENTRY = {"id": "7", "text": "A", "created_at": "2016-03-07T08:00:00Z"}
BODIES: dict[str, Callable[[], str]] = {
    "brackets": lambda: "[" * MAX_BODY,
    "braces": lambda: '{"a":' * 200_000,
    "a long text": lambda: json.dumps({"detail": "x" * 990_000, "errors": [{"message": "y " * 9}]}),
    "a long number": lambda: f'{{"data": {{"id": {"9" * 990_000}}}}}',
    "keys": lambda: json.dumps({str(number): 0 for number in range(90_000)}),
    "posts": lambda: json.dumps({"data": [_ENTRY] * 14_000, "meta": {"result_count": 14_000}}),
    "links in a post": lambda: json.dumps(
        {"data": [{**_ENTRY, "text": "https://t.co/a " * 65_000}], "meta": {}}
    ),
}  # fmt: skip


def _draft(front: str, body: str) -> bytes:
    return f"---\n{_FRONT if 'to:' not in front else ''}{front.strip()}\n---\n{body}".encode()


def drafts(folder: Path, *, quick: bool) -> None:
    """A draft of each kind, to many accounts."""
    accounts = "".join(f'[accounts.a{n}]\nchannel = "twitter"\n' for n in range(ACCOUNTS))
    workspace = Workspace(folder, settings=accounts)
    for name, content in DRAFTS.items():
        if quick and name in SLOW:
            continue
        with _bounded(f"draft: {name}"):
            (folder / "posts" / "a.fr.md").write_bytes(content())
            found, problems = check(settings.load(workspace.path, {}))
            assert found.posts or problems


def answers() -> None:
    for name, content in BODIES.items():
        with _bounded(f"answer: {name}"):
            body = content()
            for status in (200, 403, 500):
                for channel in ("twitter", "facebook"):
                    headers = {"x-app-usage": body, "x-rate-limit-reset": body}
                    answer = Answer(Wire.ANSWERED, NOW, status, headers, body)
                    for step in (Step.PUBLISH, Step.READ):
                        assert len(getattr(meaning(channel, answer, step), "message", "")) < 700
            if page := timeline.parse(body):
                timeline.look_for(Part(text="A"), page.posts, (), NOW)


def bombs() -> None:
    """Answers that grow when they are unpacked, once and twice."""
    once = gzip.compress(bytes(300_000_000))
    for name, encoding, content in (
        ("gzip", "gzip", once),
        ("gzip in gzip", "gzip, gzip", gzip.compress(once)),
        ("deflate", "deflate", zlib.compress(bytes(300_000_000))),
    ):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(content)}"
        with _bounded(f"bomb: {name}"), _answering(f"{head}\r\n\r\n".encode() + content) as url:
            platform = "https://api.x.com"
            line = Recorder(
                platform, base_url=url, timeout=timedelta(seconds=20), clock=SystemClock(), secrets=[]
            )  # fmt: skip
            answer = line.call(lambda: line.session.get(f"{platform}/2/tweets"))  # noqa: B023
            assert len(answer.body) <= MAX_BODY


def images(folder: Path, *, quick: bool) -> None:
    """Pictures of the most pixels that are taken, and of more."""
    path = folder / "a.png"
    for name, size in (("too big", (9_000, 7_000)), ("the biggest", (7_740, 7_740))):
        if quick and name == "the biggest":
            continue
        with _bounded(f"picture: {name}"):
            path.write_bytes(_flat_png(*size))
            flaw = media_file.inspect(path, folder)
            assert bool(flaw) is (name == "too big"), flaw
            for capabilities in CAPABILITIES.values():
                try:
                    media_file.clean(path, capabilities)
                except PublisherError:
                    assert flaw
    with _bounded("picture: a text of many megabytes"):
        info = Image.new("RGB", (8, 8))
        memory = io.BytesIO()
        info.save(memory, "PNG")
        text = b"zTXt" + b"a\0\0" + zlib.compress(bytes(400_000_000))
        chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
        path.write_bytes(memory.getvalue()[:33] + chunk + memory.getvalue()[33:])
        assert media_file.inspect(path, folder)


def _flat_png(width: int, height: int) -> bytes:
    """A PNG of one colour; of a few kilobytes, whatever its size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@contextmanager
def _answering(data: bytes) -> Iterator[str]:
    """A server that answers one request with `data`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                try:
                    connection.sendall(data)
                except OSError:
                    return  # the client has had enough

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _bounded(name: str) -> Iterator[None]:
    begin = time.process_time()
    yield
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    sys.stdout.write(f"{name}: {seconds:.1f} s, at most {peak:.0f} MB so far\n")
    sys.stdout.flush()
    assert seconds < SECONDS, name


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers()
    bombs()
    with tempfile.TemporaryDirectory() as folder:
        drafts(Path(folder), quick="quick" in sys.argv)
        images(Path(folder), quick="quick" in sys.argv)


if __name__ == "__main__":
    main()
