"""The website: several workers at once, workers that die, and disks that fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.base import files
from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, Deferred, Kind, Unknown
from tests.channels.conftest import Stage, Stages
from tests.platforms.site.files import ATOM, atom, everything_in
from tests.support.sending import send


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("site")


@pytest.fixture
def folder(stage: Stage) -> Path:
    return stage.options.folder / "site" / "bice-site"


# Several workers, and workers that die.

_WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from publisher.base.clock import SystemClock
from publisher.platforms.site.channel import Site
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel, Prepared
from tests.support.sending import send

root, name = Path(sys.argv[1]), sys.argv[2]
site = Site(Account(name="bice-site", channel="site"), root,
            patience=timedelta(seconds=30), clock=SystemClock())
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    content = Content(parts=(Part(text=f"{name} {number}"),))
    parcel = Parcel(post=f"{name}-{number}", account="bice-site", content=content,
                    due_at=datetime(2016, 3, 7, tzinfo=UTC))
    print(send(site, parcel, Prepared(), ()), flush=True)
"""


def writer(root: Path, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(root), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_workers_lose_nothing_of_each_other(stage: Stage, folder: Path) -> None:
    writers = [writer(stage.options.folder / "site", name) for name in ("one", "two")]
    for process in writers:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in writers:
        out, _ = process.communicate(timeout=60)
        assert out.count("Accepted") == 12
    expected = {f"{name}-{number}" for name in ("one", "two") for number in range(12)}
    assert {shown.id for shown in stage.shown()} == expected
    assert len(atom(folder).findall(f"{ATOM}entry")) == 24
    assert not list(folder.rglob("*.part"))


def test_a_killed_worker_leaves_whole_files_and_frees_the_lock(stage: Stage, folder: Path) -> None:
    process = writer(stage.options.folder / "site", "killed")
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    process.stdout.readline()
    process.kill()
    process.communicate()
    for name, content in everything_in(folder).items():
        if name.endswith(".json"):
            json.loads(content)
        elif name.endswith(".atom"):
            atom(folder)
        elif name.endswith(".html"):
            assert content.rstrip().endswith(b"</html>")
    (outcome,) = stage.deliver(stage.parcel("Après"))
    assert isinstance(outcome, Accepted)
    assert not list(folder.rglob("*.part"))


class _Killed(BaseException):
    """The process dies at this instant."""


@pytest.mark.parametrize("step", range(6))
def test_a_worker_may_die_between_any_two_files(
    step: int, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends the post again completes it; a reader never sees a half-written file."""
    stage.deliver(stage.parcel("Le premier", post="first"))
    parcel = stage.parcel("Le second", pictures=(stage.picture("Une carte"),), post="second")
    channel = stage.open()
    channel.prepare(parcel, Prepared(), stage.media.__getitem__)
    whole, count = files.write, 0

    def write(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        if count > step:
            raise _Killed
        whole(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", write)
        if step < 5:
            with pytest.raises(_Killed):
                send(channel, parcel, Prepared(), ())
        else:
            send(channel, parcel, Prepared(), ())
    json.loads((folder / "feed.json").read_text())
    atom(folder)
    assert isinstance(send(stage.open(), parcel, Prepared(), ()), Accepted)
    assert [shown.text for shown in stage.shown()] == ["Le premier", "Le second"]
    assert len(stage.shown()[1].pictures) == 1


# Disks that fail.


def test_a_folder_that_cannot_be_written_defers(stage: Stage) -> None:
    for folder in (
        stage.options.folder / "site",
        (stage.options.folder / "site").with_name("site.ready"),
    ):
        folder.write_text("a file in the way")
    (outcome,) = stage.deliver(stage.parcel("Bonjour"))
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.UNAVAILABLE
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    with pytest.raises(NotPrepared):
        stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)


def test_a_full_disk_defers_and_says_when_the_post_may_show_already(
    stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.deliver(stage.parcel("Le premier", post="first"))
    before = everything_in(folder)
    written: list[Path] = []
    whole = files.write

    def write(path: Path, content: bytes) -> None:
        if written:
            raise OSError(28, os.strerror(28))
        whole(path, content)
        written.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", write)
        (begun,) = stage.deliver(stage.parcel("Le second", post="second"))
        (not_begun,) = stage.deliver(stage.parcel("Le troisième", post="third"))
    assert isinstance(begun, Unknown)
    assert isinstance(not_begun, Deferred)
    assert not_begun.kind is Kind.UNAVAILABLE
    assert "No space left" in begun.message
    assert before.items() <= everything_in(folder).items()


def test_a_write_that_fails_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "page.html"
    files.write(target, b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        files.write(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert target.read_bytes() == b"old"


def test_a_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one is whole, and on the disk, before it takes the place of the old one."""
    target = tmp_path / "page.html"
    files.write(target, b"old")
    steps: list[str] = []
    replace, fsync = Path.replace, os.fsync

    def replacing(self: Path, new: Path) -> Path:
        steps.append(f"{new.read_text()} -> {self.read_text()}")
        return replace(self, new)

    def syncing(descriptor: int) -> None:
        steps.append("sync")
        fsync(descriptor)

    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(os, "fsync", syncing)
    files.write(target, b"new")
    assert steps == ["sync", "old -> new", "sync"]


def test_what_a_killed_worker_left_unfinished_is_swept_away(stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Un", post="one"))
    left_over = [folder / ".feed.json.x1.part", folder / "posts" / ".one.html.x2.part"]
    for path in left_over:
        path.write_text("half")
    stage.deliver(stage.parcel("Deux", post="two"))
    assert not any(path.exists() for path in left_over)
