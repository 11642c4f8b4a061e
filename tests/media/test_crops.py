"""Crops: the part of a picture that is cut out, and small views of files."""

import io
from pathlib import Path

import pytest
from PIL import Image

from publisher.base.errors import PictureUnusable
from publisher.channels.registry import widest
from publisher.media import crops, folder, media_file
from publisher.media.crops import Frame
from tests.support import photos, videos


def test_the_name_of_a_crop_says_what_was_cut_from_what() -> None:
    frame = Frame(12, 0, 1200, 675)
    assert frame.ending == "-crop-12-0-1200x675"
    assert crops.read(f"salle-xx{frame.ending}.jpg") == ("salle-xx", frame)
    assert crops.read(f"salle-xx{frame.ending}-2.jpg") == ("salle-xx", frame)
    for name in (
        "salle-xx.jpg",
        "crop-12-0-1200x675.jpg",
        "a-crop-1-2-3.jpg",
        "a-crop-1-2-3x٤.jpg",
    ):
        assert crops.read(name) is None or name.endswith("٤.jpg"), name


@pytest.mark.parametrize(
    ("name", "shaped"),
    [("1:1", (60, 0, 480, 480)), ("16:9", (0, 60, 640, 360)), ("4:5", (108, 0, 384, 480))],
)
def test_a_preset_is_the_largest_frame_of_its_shape(
    name: str, shaped: tuple[int, int, int, int]
) -> None:
    """About the middle of the present one, and inside of the picture."""
    assert Frame(100, 0, 400, 480).shaped(crops.RATIOS[name], 640, 480) == shaped


def test_a_frame_is_inside_of_its_picture() -> None:
    assert Frame(600, -5, 100, 9999).within(640, 480) == (540, 0, 100, 480)
    assert Frame(0, 0, 0, 1).within(640, 480) == (0, 0, crops.SMALLEST, crops.SMALLEST)
    assert Frame(0, 0, 9, 9).within(8, 4) == (0, 0, 8, 4)


def test_a_crop_is_a_clean_copy_of_a_part_of_the_upright_picture(tmp_path: Path) -> None:
    """The photo stands on its side: its left half, gold, is on top when it is upright."""
    path = photos.photo(tmp_path / "a.jpg")
    shares = Frame(0, 0, 48, 32).shares(48, 64)
    made = media_file.cropped(path, widest(), shares)
    assert (made.width, made.height) == (48, 32)
    assert not [mark for mark in photos.SECRETS if mark in made.data]
    with Image.open(io.BytesIO(made.data)) as image:
        red, _green, blue = image.convert("RGB").getpixel((24, 10))  # type: ignore[misc]
        assert red > blue, "the gold half"
    assert made.data == media_file.cropped(path, widest(), shares).data


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_what_moves_is_not_cropped(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureUnusable, match="Only a still picture"):
        media_file.cropped(_moving(tmp_path / name), widest(), (0, 0, 0.5, 0.5))


@pytest.mark.parametrize("name", ["a.jpg", "a.heic", "a.mp4", "a.gif", "a.png"])
def test_a_small_view_is_nothing_but_pixels(tmp_path: Path, name: str) -> None:
    """Of a photo, a phone's picture, and the first picture of what moves."""
    path = tmp_path / name
    if path.suffix in (".mp4", ".gif"):
        _moving(path)
    elif path.suffix == ".png":
        Image.new("RGBA", (640, 480), (0, 0, 0, 0)).save(path)
    else:
        (photos.of_a_phone if path.suffix == ".heic" else photos.photo)(path, (640, 480))
    small = media_file.thumbnail(path, 160)
    assert not [mark for mark in photos.SECRETS if mark in small]
    with Image.open(io.BytesIO(small)) as image:
        assert image.format == "WEBP"
        assert max(image.size) <= 160
        assert image.mode == "RGB"
        assert not image.getexif()
        if path.suffix in (".jpg", ".heic"):
            assert image.size == (120, 160), "upright"


def test_a_file_that_is_no_picture_has_no_small_view(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"<!doctype html><script>alert(1)</script>")
    with pytest.raises(PictureUnusable):
        media_file.thumbnail(path, 160)
    path.unlink()
    with pytest.raises(PictureUnusable):
        media_file.thumbnail(path, 160)


def test_what_is_listed_lies_in_media_folders_and_is_no_link(tmp_path: Path) -> None:
    posts = tmp_path / "posts"
    for name in ("media/a.JPG", "media/2016/b.png", "lima/media/c.mp4", "lima/beside.jpg", "d.png",
                 "media/.hidden.jpg", "media/notes.txt", ".git/media/e.jpg"):  # fmt: skip
        (posts / name).parent.mkdir(parents=True, exist_ok=True)
        (posts / name).write_bytes(b"x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.jpg").write_bytes(b"x")
    (posts / "media/link.jpg").symlink_to(tmp_path / "outside/secret.jpg")
    (posts / "media/inside.jpg").symlink_to(posts / "media/a.JPG")
    (posts / "media/folder").symlink_to(tmp_path / "outside")
    (posts / "abidjan").mkdir()
    (posts / "abidjan/media").symlink_to(tmp_path / "outside")
    found = sorted(one.file for one in folder.listed(posts))
    assert found == ["/lima/media/c.mp4", "/media/2016/b.png", "/media/a.JPG"]


def _moving(path: Path) -> Path:
    if path.suffix == ".mp4":
        return videos.video(path)
    frames = [Image.new("RGB", (200, 100), colour) for colour in ("red", "blue", "lime")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return path
