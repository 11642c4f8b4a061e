"""What is known of a picture is told by what is in it, and by what looked at it."""

import os
from pathlib import Path

import pytest
from PIL import Image

from publisher.channels.capabilities import FACEBOOK, SITE, TWITTER
from publisher.content import copies, pictures
from publisher.content.copies import NOTHING_KEPT, Copies
from publisher.content.problems import Flaw
from publisher.errors import PictureUnusable
from publisher.models import Capabilities


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return draw(tmp_path / "card.png", "navy")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded."""
    found, decoded = list[Path](), pictures._decoded

    def noted(path: Path) -> Image.Image | Flaw:
        found.append(path)
        return decoded(path)

    monkeypatch.setattr(pictures, "_decoded", noted)
    pictures._inspected.cache_clear()
    return found


def draw(path: Path, colour: str) -> Path:
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def told(copy: object) -> tuple[object, ...]:
    return tuple(getattr(copy, name) for name in ("media_type", "width", "height", "digest"))


def test_a_picture_is_decoded_once_for_each_question(
    card: Path, kept: Path, opened: list[Path]
) -> None:
    for _ in range(3):
        assert Copies(kept).look(card) is None
        assert told(Copies(kept).clean(card, TWITTER)) == told(pictures.clean(card, TWITTER))
        opened.remove(card)  # what the line above asked for itself
    assert opened == [card, card]


def test_nothing_of_a_picture_is_kept(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    Copies(kept).clean(card, TWITTER)
    found = list(kept.iterdir())
    assert len(found) == 2
    for file in found:
        assert file.stat().st_size < 200
        assert file.stat().st_mode & 0o77 == 0
        assert "card" not in file.name + file.read_text()


def test_another_picture_under_the_same_name_is_looked_at(
    card: Path, kept: Path, opened: list[Path]
) -> None:
    """Of the same size, and with the old time of change."""
    before = card.stat()
    first = Copies(kept).clean(card, TWITTER)
    draw(card, "teal")
    os.utime(card, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Copies(kept).clean(card, TWITTER).digest != first.digest
    assert len(opened) == 2


def test_the_same_picture_under_another_name_is_known(
    card: Path, kept: Path, opened: list[Path]
) -> None:
    Copies(kept).clean(card, TWITTER)
    Copies(kept).clean(card.rename(card.with_name("other.png")), TWITTER)
    assert len(opened) == 1


def test_under_another_kind_of_name_it_is_looked_at(card: Path, kept: Path) -> None:
    assert Copies(kept).look(card) is None
    assert isinstance(Copies(kept).look(card.rename(card.with_suffix(".jpg"))), Flaw)


@pytest.mark.parametrize(
    "limits", [SITE, FACEBOOK.model_copy(update={"picture_max_bytes": 100_000})]
)
def test_for_another_channel_the_copy_is_another_question(
    card: Path, kept: Path, opened: list[Path], limits: Capabilities
) -> None:
    Copies(kept).clean(card, TWITTER)
    Copies(kept).clean(card, limits)
    assert len(opened) == 2


def test_another_version_looks_at_all_anew(
    card: Path, kept: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    Copies(kept).look(card)
    monkeypatch.setattr(copies, "_maker", lambda: "the next version")
    pictures._inspected.cache_clear()
    Copies(kept).look(card)
    assert len(opened) == 2


def test_what_is_wrong_is_looked_at_each_time(tmp_path: Path, kept: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n")
    for _ in range(2):
        assert isinstance(Copies(kept).look(broken), Flaw)
        with pytest.raises(PictureUnusable):
            Copies(kept).clean(broken, TWITTER)
    assert not kept.exists()


@pytest.mark.parametrize("content", [b"", b"{", b'["image/png", "wide", 30, "0"]', b"\xff"])
def test_what_cannot_be_read_is_found_anew(
    card: Path, kept: Path, opened: list[Path], content: bytes
) -> None:
    first = Copies(kept).clean(card, TWITTER)
    for file in kept.iterdir():
        file.write_bytes(content)
    assert told(Copies(kept).clean(card, TWITTER)) == told(first)
    assert len(opened) == 2


def test_where_nothing_can_be_written_all_goes_on(card: Path, kept: Path) -> None:
    kept.write_text("no folder")
    assert Copies(kept).look(card) is None
    assert Copies(kept).clean(card, TWITTER).digest == NOTHING_KEPT.clean(card, TWITTER).digest


def test_a_file_that_changes_while_it_is_looked_at_is_not_known_afterwards(
    card: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = pictures.clean

    def overtaken(path: Path, capabilities: Capabilities) -> pictures.CleanPicture:
        copy = clean(path, capabilities)
        draw(card, "teal")
        return copy

    monkeypatch.setattr(pictures, "clean", overtaken)
    Copies(kept).clean(card, TWITTER)
    assert not kept.exists()


def test_what_nobody_asked_for_in_months_is_forgotten(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    (old,) = kept.iterdir()
    age = 61 * 86400
    os.utime(old, (old.stat().st_atime - age, old.stat().st_mtime - age))
    Copies(kept).clean(card, TWITTER)
    assert not old.exists()
    assert len(list(kept.iterdir())) == 1


def test_what_is_asked_for_stays_known(card: Path, kept: Path) -> None:
    Copies(kept).look(card)
    (file,) = kept.iterdir()
    before = file.stat().st_mtime
    os.utime(file, (before - 59 * 86400, before - 59 * 86400))
    Copies(kept).look(card)
    assert file.stat().st_mtime >= before
