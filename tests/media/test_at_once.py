"""Several pictures are opened at once, each as if it were alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from publisher.base import progress
from publisher.base.process_pool import ProcessPool
from publisher.media import at_once, decoder, decoding, media_file
from publisher.media.clean_copy import CleanPicture
from publisher.model.problems import Flaw
from tests.drafts.drafts import FACEBOOK, TWITTER, Workspace
from tests.support.tiers import in_tiers
from tests.support.waiting import wait_for


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessPool]:
    monkeypatch.setattr(decoder, "AT_ONCE", 3)
    children = ProcessPool("publisher.media.decoder", 3)
    monkeypatch.setattr(decoder, "_CHILDREN", children)
    media_file._inspected.cache_clear()
    yield children
    children.end()


def test_a_damaged_picture_is_named_and_harms_no_other(workspace: Workspace) -> None:
    """In the order of the drafts, however long each picture takes."""
    media = workspace.posts / "media"
    media.mkdir()
    for number in range(8):
        path = media / f"{number}.png"
        Image.new("RGB", (400 - 40 * number, 300), (number, 0, 0)).save(path)
        if number in (2, 5):
            path.write_bytes(path.read_bytes()[:-40])
        front = f"at: 2016-03-07 12:00\nmedia: [{{file: /media/{number}.png, alt: Une}}]"
        workspace.draft(front, name=f"{number}.md")
    found = workspace.load()
    assert [(p.file, p.code, p.message[:5]) for p in found.problems] == [
        ("posts/2.md", "media-damaged", "2.png"),
        ("posts/5.md", "media-damaged", "5.png"),
    ]
    shown = {post.id: [item.path.name for item in post.media] for post in found.posts}
    assert shown == {str(n): [] if n in (2, 5) else [f"{n}.png"] for n in range(8)}


def test_no_more_children_than_may_be_are_at_work(tmp_path: Path, children: ProcessPool) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(9)]
    for path in paths:
        Image.new("RGB", (8, 8)).save(path)
    assert at_once.each(media_file.look, paths) == [None] * 9
    assert len(children.idle) <= 3
    assert not children.busy


def test_an_interruption_ends_the_children(
    tmp_path: Path, children: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = (sys.executable, "-c", "import time; time.sleep(300)")
    monkeypatch.setattr(children, "program", hanging)
    paths = [tmp_path / f"{number}.png" for number in range(9)]
    for path in paths:
        Image.new("RGB", (8, 8)).save(path)
    begun: list[subprocess.Popen[bytes] | None] = []

    def interrupt(*_: object) -> None:
        wait_for(lambda: len([c for c in children.busy if c.process]) == 3)
        begun.extend(child.process for child in children.busy)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), progress.watched(interrupt):
        at_once.each(media_file.look, paths)
    assert [process.poll() is not None for process in begun if process] == [True] * 3
    assert not children.busy


@pytest.mark.parametrize("mode", in_tiers("RGBA", "RGB", "P"))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_copies_for_several_channels_are_those_for_each_alone(
    tmp_path: Path, mode: str, suffix: str
) -> None:
    grain = Image.effect_noise((300, 200), 90)
    image = Image.merge("RGB", [grain, grain.rotate(180), grain]).convert(mode)
    if mode == "RGBA":
        image.putalpha(grain)
    if suffix == ".jpg":
        image = image.convert("RGB")
    image.save(path := tmp_path / f"a{suffix}")
    several = [
        TWITTER,
        FACEBOOK,
        *(
            FACEBOOK.model_copy(update={"picture_max_bytes": most, "picture_types": types})
            for most in (90_000, 12_000, 100)
            for types in (FACEBOOK.picture_types, frozenset({"image/png"}), frozenset({"a/b"}))
        ),
    ]
    found = decoding.copies(path, several)
    alone = [one for capabilities in several for one in decoding.copies(path, [capabilities])]
    assert found == alone
    assert {type(one) for one in found} == {CleanPicture, Flaw}
    assert media_file.copies(path, several) == alone
