"""A run that is told to end while requests are under way, in each of the ways in which that
comes.
"""

import fcntl
import os
import pty
import signal
import termios
from collections.abc import Callable

import pytest
from PIL import Image

from tests.surroundings.stage import PATIENCE, Run, Stage, until

EVERYTHING = ("post", "thread", "page", "picture")


def _interrupt(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)


def _terminate_all(run: Run) -> None:
    """As a service manager does that does not know who must end first."""
    for pid in (*run.children().values(), run.process.pid):
        os.kill(pid, signal.SIGTERM)


ENDINGS: dict[str, Callable[[Run], None]] = {
    "interrupt": _interrupt,
    "terminate-all": _terminate_all,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_under_way_is_finished_and_the_rest_goes_out_after_a_restart(
    stage: Stage, ending: str
) -> None:
    with stage.run() as run:
        _begin_to_send(stage, ending)
        ENDINGS[ending](run)
        assert run.process.wait(PATIENCE) == 0, run.screen
        assert not run.children()
    if ending == "interrupt":  # else the worker is told twice, and may end at once
        assert stage.has_published(*(f"{ending}-{what}" for what in ("post", "page", "picture")))()
    _goes_on(stage, ending)


def test_a_terminal_that_is_closed_ends_the_run_as_well(stage: Stage) -> None:
    """The kernel sends SIGHUP, and nothing can be printed any more."""
    master, slave = pty.openpty()
    with stage.run(
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as run:  # fmt: skip
        os.close(slave)
        _begin_to_send(stage, "hang-up")
        os.close(master)
        assert run.process.wait(PATIENCE) == 141
        assert not run.children()
    _goes_on(stage, "hang-up")
    assert not list(stage.var.glob("log/crash-*"))


def _begin_to_send(stage: Stage, name: str) -> None:
    """Have a post, a thread, a Page's post and a picture's upload under way."""
    media = stage.folder / "posts" / "media"
    media.mkdir(exist_ok=True)
    Image.effect_noise((64, 64), 90).convert("RGB").save(media / "noise.png")
    stage.answer_slowly(createPosts=1.5, updatePost=1.5, mediaUpload=1.5)
    picture = "media:\n  - {file: media/noise.png, alt: Noise}"
    thread = "\n\n---\n".join(f"{name}, part {number}." for number in (1, 2, 3))
    stage.draft(f"{name}-post", 1)
    stage.draft(f"{name}-thread", 1, text=thread)
    stage.draft(f"{name}-page", 1, to="bice-page")
    stage.draft(f"{name}-picture", 3, more=picture)
    stage.queue()
    until(stage.has_sent(f"{name}, part 1."))
    until(lambda: stage.sandbox.state()["requests"].get("mediaUpload"))


def _goes_on(stage: Stage, name: str) -> None:
    stage.answer_slowly()
    done = stage.command("run", "--no-web", "--until-idle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stage.has_published(*(f"{name}-{what}" for what in EVERYTHING))()
    stage.look_at()
