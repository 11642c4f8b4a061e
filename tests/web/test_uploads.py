"""Whoever sends pictures, many of them, large or broken off, is in nobody's way."""

import errno
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.tables import history
from publisher.media import folder as mediafolder
from publisher.media import media_file, uploads
from publisher.media.media_file import MAX_BYTES
from tests.support.forms import Composer
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import (
    DRAFT,
    HTML,
    PAGE,
    add,
    both,
    draft,
    files,
    jpeg,
    nothing_was_done,
)
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator["Slow"]:
    """Pictures stay at work until they may go on."""
    slow = Slow()
    monkeypatch.setattr(uploads, "clean", slow.clean)
    yield slow
    slow.may_go_on.set()


class Slow:
    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.begun = 0
        self._clean = uploads.clean

    def clean(self, *given: Any) -> Any:
        self.begun += 1
        assert self.may_go_on.wait(60)
        return self._clean(*given)


def test_pages_answer_while_one_person_sends_many_pictures(
    address: str, staff: Visit, manager: Visit, media: Path, slow: "Slow"
) -> None:
    """More than there are threads for pages: one is at work, the others are told to come later."""
    staff.get(PAGE)
    sent = {"form": staff.token, "do": "check", "text": "Mon texte.", "section": ""}
    answers: list[httpx.Response] = []

    def upload() -> None:
        with httpx.Client(base_url=address, cookies=staff.client.cookies, timeout=60) as client:
            picture = {"upload": ("a.jpg", jpeg(), "image/jpeg")}
            answers.append(client.post(PAGE, data=sent, files=picture))

    threads = [threading.Thread(target=upload) for _ in range(50)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: slow.begun and len(answers) == 49)
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"30"}
        assert all("Another picture of yours is still being prepared." in a.text for a in answers)
        assert all("Mon texte." in answer.text for answer in answers)
        assert manager.get("/healthz").status_code in (200, 503)
        manager.get("/")
        manager.send("/pause", reason="crisis")
        assert "Everything is paused." in manager.text
    finally:
        slow.may_go_on.set()
        for thread in threads:
            thread.join()
    assert answers[-1].status_code == 200
    assert slow.begun == 1


def test_pages_answer_while_one_person_looks_at_many_pictures(
    address: str, staff: Visit, manager: Visit, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one person a few requests are at work; the others wait for those."""
    may_go_on, answers = threading.Event(), []
    inspect = media_file.inspect

    def slow(*given: Path) -> Any:
        assert may_go_on.wait(60)
        return inspect(*given)

    def look() -> None:
        with httpx.Client(base_url=address, cookies=staff.client.cookies, timeout=60) as client:
            answers.append(client.get(PAGE).status_code)

    monkeypatch.setattr(media_file, "inspect", slow)
    threads = [threading.Thread(target=look) for _ in range(50)]
    for thread in threads:
        thread.start()
    try:
        manager.get("/")
        manager.send("/pause", reason="crisis")
        assert "Everything is paused." in manager.text
        assert answers == []
    finally:
        may_go_on.set()
        for thread in threads:
            thread.join()
    assert answers == [200] * 50


def test_few_people_wait_for_their_turn(
    address: str, app: Application, media: Path, photo: bytes, slow: "Slow"
) -> None:
    """The next one is told at once, and can send the picture later."""
    app.people.add("autre", Rank.STAFF, PASSWORD)
    answers: list[int] = []

    def one(person: str, post: str) -> None:
        with Visit(address) as visit:
            visit.log_in(person)
            answers.append(add(visit, "a.jpg", photo, f"/posts/{post}/edit").status_code)

    people = {"redaction": "day.fr", "stagiaire": "day.es", "direction": "later.fr",
              "chef": "unfinished.fr", "autre": "site/news.fr"}  # fmt: skip
    threads = [threading.Thread(target=one, args=wish) for wish in people.items()]
    for thread in threads:
        thread.start()
    wait_for(lambda: answers)
    assert answers == [503]
    assert slow.begun == 1
    slow.may_go_on.set()
    for thread in threads:
        thread.join()
    assert answers == [503, 200, 200, 200, 200]


def test_what_can_be_refused_at_once_is_not_kept_waiting(
    app: Application, address: str, media: Path, photo: bytes, slow: "Slow"
) -> None:
    """Whoever may not write this draft adds no picture to it."""
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        form = Composer(kasia, "/new")
        form.path = PAGE
        assert form.send("check", ("a.jpg", photo)).status_code == 403
    assert slow.begun == 0


def _announce(
    address: str, visit: Visit, length: int, path: str = PAGE, body: bytes = b""
) -> bytes:
    """Say how much will come, send nothing or some of it, and return what is answered."""
    server = urlsplit(address)
    cookie = "; ".join(f"{name}={value}" for name, value in visit.client.cookies.items())
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {server.netloc}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((server.hostname, server.port or 0), 30) as connection:
        connection.sendall(request.encode() + body)
        if body:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while not answer.endswith(b"</html>") and (more := connection.recv(100_000)):
            answer += more
        return answer


def test_what_is_too_large_is_refused_before_it_is_read(
    address: str, staff: Visit, anonymous: Visit
) -> None:
    """And from whom nobody knows, much less is taken."""
    answer = _announce(address, staff, MAX_BYTES + 2_000_000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"At most 51,000,000 bytes are accepted here. Nothing was stored." in answer
    assert _announce(address, anonymous, 1_000_001).startswith(b"HTTP/1.1 413")
    assert _announce(address, staff, 1_000_001, "/posts/day.fr/file").startswith(b"HTTP/1.1 413")


def test_what_grows_too_large_is_refused_on_the_way(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Of a request that does not say its length."""

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="upload"; filename="a.jpg"\r\n\r\n'
        for _ in range(52):
            yield bytes(1_000_000)

    head = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = staff.client.post(PAGE, content=body(), headers=head)
    assert answer.status_code == 413
    assert "This is too large" in answer.text
    assert nothing_was_done(workspace, media, app)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is sent is put aside."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_is_broken_off_leaves_nothing(
    app: Application, address: str, staff: Visit, workspace: Workspace, media: Path, temporary: Path
) -> None:
    """So much came that it lay on the disk already."""
    head = b'--x\r\nContent-Disposition: form-data; name="upload"; filename="a.jpg"\r\n\r\n'
    answered = _announce(address, staff, 20_000_000, body=head + bytes(3_000_000))
    assert answered == b""
    assert staff.get(PAGE).status_code == 200
    assert list(temporary.iterdir()) == []
    assert nothing_was_done(workspace, media, app)


@pytest.mark.parametrize("data", [jpeg(), HTML])
def test_what_was_put_aside_is_gone_afterwards(
    staff: Visit, media: Path, temporary: Path, data: bytes
) -> None:
    add(staff, "a.jpg", data)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("where", ["tempfile.SpooledTemporaryFile.write", "shutil.copyfileobj"])
def test_a_full_disk_is_told(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes,
    monkeypatch: pytest.MonkeyPatch, where: str,
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(where, full)
    assert add(staff, "a.jpg", photo).status_code == 503
    assert "No space left on device." in staff.text
    assert nothing_was_done(workspace, media, app)


@both
def test_the_ledger_that_cannot_be_written_keeps_nothing(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from publisher.base.errors import LedgerUnavailable  # noqa: PLC0415

    def away(*_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr("publisher.ledger.manager.draft_edits.note_account", away)
    assert add(staff, "a.jpg", photo).status_code == 503
    with app.database.read() as connection:
        assert "draft edited" not in connection.execute(select(history.c.event)).scalars().all()
    assert draft(workspace) == DRAFT
    assert files(media) == ["old.png"]


def test_what_a_killed_process_left_is_swept_away(media: Path) -> None:
    (media / ".upload.part").write_bytes(b"half of a picture, longer than the next one")
    with mediafolder.placed(media.parent, [mediafolder.NewFile(b"whole", ".jpg", "a")]) as names:
        assert names == ["a.jpg"]
    assert files(media) == ["a.jpg", "old.png"]
    assert (media / "a.jpg").read_bytes() == b"whole"
