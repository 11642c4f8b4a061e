"""A disk that is full, for one process after the other and for all of them."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from publisher.model.outcomes import Kind
from tests.surroundings.conftest import Disk
from tests.surroundings.stage import Run, Stage, fill_disk, make_room, until


def test_a_worker_whose_disk_is_full_keeps_what_a_platform_said(stage: Stage, run: Run) -> None:
    """The answer waits until it can be written; nothing is in doubt, and nothing else is sent."""
    worker = run.children()["worker"]
    stage.answer_slowly(createPosts=2)
    stage.draft("outcome", 1)
    stage.draft("intent", 3)
    stage.queue()
    until(stage.has_sent("This is outcome."))
    fill_disk(worker)
    until(lambda: {d.post: str(d.state) for d in stage.deliveries()}["intent"] == "publishing")
    late = max(d.due_at for d in stage.deliveries())
    until(lambda: stage.clock.now() > late)
    assert not stage.has_published("outcome")()
    assert not stage.has_sent("This is intent.")()
    make_room(worker)
    until(stage.has_published("outcome", "intent"))
    assert "uncertain" not in {str(step.target) for step in stage.steps() if step.post == "outcome"}
    stage.look_at()


def test_a_dispatcher_whose_disk_is_full_goes_on_when_there_is_room(stage: Stage, run: Run) -> None:
    dispatcher = run.children()["dispatcher"]
    stage.answer_slowly()
    fill_disk(dispatcher)
    stage.draft(
        "dispatched", 6
    )  # long enough for a tick while it is full, however slow the machine
    stage.queue()
    (due,) = (d.due_at for d in stage.deliveries() if d.post == "dispatched")
    until(lambda: stage.clock.now() > due)
    assert not stage.has_published("dispatched")()
    make_room(dispatcher)
    until(stage.has_published("dispatched"))
    assert run.children()["dispatcher"] == dispatcher
    until(lambda: "it goes on" in stage.log("dispatcher"))
    assert f"{stage.var}/publisher.db cannot be written" in stage.log("dispatcher")
    stage.look_at()


def test_a_page_that_finds_no_room_is_tried_again(stage: Stage, run: Run) -> None:
    """Its picture is bigger than what the disk takes; the ledger's own files are not."""
    media = stage.folder / "posts" / "media"
    media.mkdir()
    Image.effect_noise((1500, 1500), 90).convert("L").save(media / "noise.png")
    with closing(sqlite3.connect(stage.var / "publisher.db")) as ledger:
        # Else the ledger's own file is as big; while somebody reads, it stays so.
        until(lambda: ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    worker = run.children()["worker"]
    fill_disk(worker, 1_000_000)
    # Only now: once it is queued, the page is made ready at any moment.
    picture = "media:\n  - {file: media/noise.png, alt: Noise}"
    stage.draft("page-with-picture", 4, to="bice-site", more=picture)
    stage.queue()

    def told() -> bool:
        (found,) = (d for d in stage.deliveries() if d.post == "page-with-picture")
        return found.error_kind == Kind.UNAVAILABLE and "free space" in str(found.error_message)

    until(told)
    make_room(worker)
    until(stage.has_published("page-with-picture"))
    stage.look_at()


@pytest.mark.parametrize("words", [("run",), ("queue",), ("migrate",)])
def test_a_command_on_a_full_disk_names_the_file_and_the_remedy(
    stage_of_its_own: Stage, words: tuple[str, ...]
) -> None:
    stage_of_its_own.draft("later", 3600)
    done = stage_of_its_own.command(
        *words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    )
    assert done.returncode == 3
    assert f"error: {stage_of_its_own.var}/" in done.stderr
    assert "hint: Check free space" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_disk_that_is_full_for_everybody_is_told_on_the_screen(
    stage_of_its_own: Stage, small_disk: Disk
) -> None:
    """Ledger, logs, website and broker find no room; with room again all goes out, by itself."""
    stage = stage_of_its_own
    stage.var.mkdir()
    with small_disk(stage.var, 4_000_000):
        stage.queue()
        with stage.run() as run:
            stage.answer_slowly(createPosts=2)
            stage.draft("outcome", 1)
            for name, account in (("x", "bice-x"), ("page", "bice-page"), ("site", "bice-site")):
                stage.draft(name, 5, to=account)
            stage.queue()
            until(stage.has_sent("This is outcome."))
            filler = _fill(stage.var)
            until(lambda: f"The disk with {stage.var} is full" in run.screen)
            last = max(d.due_at for d in stage.deliveries())
            until(lambda: stage.clock.now() > last)
            assert stage.command("pause", "--reason", "x").returncode == 3
            filler.unlink()
            until(stage.has_published("outcome", "x", "page", "site"))
            until(lambda: "accepts files again" in run.screen)
            run.end()
        stage.look_at()


def _fill(folder: Path) -> Path:
    """Leave no byte of the folder's disk free; the file to delete for that to end."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            return filler
