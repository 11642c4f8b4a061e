"""Pictures that a browser sends: stored clean and named in the draft, or nothing is done at all."""

import io
import re
import threading
from pathlib import Path

import pytest
from PIL import Image

from publisher.app import Application
from publisher.channels.registry import CAPABILITIES
from publisher.drafts import check
from publisher.media import media_file
from tests.support import photos, videos
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.uploads import (
    ALT,
    DRAFT,
    HTML,
    PAGE,
    add,
    both,
    described,
    draft,
    files,
    jpeg,
    nothing_was_done,
)
from tests.support.workspaces import Workspace


@both
def test_a_picture_is_stored_clean_and_named_in_the_draft(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """Every other byte of the draft stays, and the history says who did it."""
    answer = add(staff, "Salle XX.JPG", photo, credit="BICE", people="yes")
    assert answer.status_code == 200
    assert files(app.settings.var / "uploads") == [], "it lies in no more places than it must"
    entry = (
        f"  - file: media/unfinished-fr.jpg\n    alt: {_quoted(ALT)}\n"
        "    credit: BICE\n    people: true\n"
    )
    assert draft(workspace) == DRAFT.replace("# to be written", f"{entry}# to be written")
    stored = (media / "unfinished-fr.jpg").read_bytes()
    assert not [mark for mark in photos.SECRETS if mark in stored]
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.size, image.format) == ((48, 64), "JPEG")
        assert not image.getexif()
    assert files(media) == ["old.png", "unfinished-fr.jpg"]
    step = app.queries.steps_about("unfinished.fr")[-1]
    assert (step.event, step.actor) == ("draft edited", "stagiaire")
    assert step.detail["pictures"]["to"] == ["/media/old.png", "media/unfinished-fr.jpg"]
    assert app.audit.verify().breaks == ()


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


@pytest.mark.parametrize("name", ["IMG_4711.HEIC", "IMG_4711.JPG", "photo.avif", "photo"])
def test_a_phones_picture_is_stored_as_a_clean_jpeg(
    app: Application, staff: Visit, workspace: Workspace, media: Path, name: str, tmp_path: Path
) -> None:
    """Whatever it is called: its content says what it is."""
    kind = "avif" if name.endswith("avif") else "heic"
    sent = photos.of_a_phone(tmp_path / f"sent.{kind}").read_bytes()
    assert add(staff, name, sent).status_code == 200
    stored = (media / "unfinished-fr.jpg").read_bytes()
    assert not [mark for mark in (*photos.SECRETS, b"MARKER") if mark in stored]
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.size, image.format) == ((48, 64), "JPEG")
        assert not image.getexif()
    assert files(media) == ["old.png", "unfinished-fr.jpg"]
    assert "file: media/unfinished-fr.jpg" in draft(workspace)
    for path in workspace.path.rglob("*"):
        assert not path.is_file() or b"MARKER" not in path.read_bytes(), path


def test_what_a_browser_sent_is_nowhere_in_the_workspace_as_it_came(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """Neither in posts/ nor in var/, where the ledger and the logs are."""
    assert add(staff, "a.jpg", photo).status_code == 200
    for path in workspace.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [mark for mark in photos.SECRETS if mark in data], path


def test_a_stored_picture_can_be_published(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, tmp_path: Path
) -> None:
    """On each channel that takes its kind; a second cleaning changes no pixel's place."""
    animated = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:], duration=100)
    clip = videos.with_secrets(videos.video(tmp_path / "clip.mp4", seconds=1)).read_bytes()
    sent = {"a.jpg": photo, "b.gif": animated.getvalue(), "c.mp4": clip}
    for name, data in sent.items():
        assert add(staff, name, data).status_code == 200
        path = media / f"unfinished-fr{Path(name).suffix}"
        assert media_file.inspect(path, workspace.path / "posts") is None
        for channel in ("twitter", "site"):
            assert media_file.clean(path, CAPABILITIES[channel]).data
    assert not [
        mark for mark in videos.SECRETS if mark in (media / "unfinished-fr.mp4").read_bytes()
    ]
    workspace.draft(
        "one.fr", f"to: [bice-x]\nmedia:\n  - file: media/unfinished-fr.jpg\n    alt: {ALT!r}"
    )
    _library, problems = check.check(app.settings, [workspace.path / "posts/one.fr.md"])
    assert [p.code for p in problems] == []


@pytest.mark.parametrize(
    "name",
    [
        "Awa Koné, 12 ans.jpg", "../../../outside.jpg", "..\\..\\Windows\\a.jpg", "/etc/passwd",
        ".hidden.jpg", "a%2f..%2fb.jpg", "A B\r\nC.jpg", "photo.php", "x.jpg.exe", "...",
        "Ś" * 300 + ".jpg", "session.yaml", "фото.jpg", "old.png",
    ],
)  # fmt: skip
def test_a_stored_picture_is_called_after_its_post(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, name: str
) -> None:
    """What a file was called may name a child; no path of the client is used, and no ending."""
    before = {path for path in workspace.path.parent.rglob("*") if "var" not in path.parts}
    assert add(staff, name, photo).status_code == 200
    after = {path for path in workspace.path.parent.rglob("*") if "var" not in path.parts}
    assert after - before == {media / "unfinished-fr.jpg"}
    assert "file: media/unfinished-fr.jpg\n" in draft(workspace)
    told = str(app.queries.steps_about("unfinished.fr"))
    assert name == "old.png" or name not in told


def test_no_file_is_ever_written_over(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """Another picture gets another name; the same one, the file that is there."""
    (media / "old.png").rename(media / "unfinished-fr.png")
    second, third = "unfinished-fr-2.png", "unfinished-fr-3.png"
    for colour, expected in (("red", second), ("blue", third), ("red", second)):
        memory = io.BytesIO()
        Image.new("RGB", (30, 20), colour).save(memory, "PNG")
        assert add(staff, "a.png", memory.getvalue()).status_code == 200
        assert draft(workspace).count(f" media/{expected}") >= 1
    assert files(media) == [second, third, "unfinished-fr.png"]
    with Image.open(media / "unfinished-fr.png") as image:
        assert image.getpixel((0, 0)) == (0, 128, 128)


def test_a_link_is_not_followed(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, tmp_path: Path
) -> None:
    """Neither one that has the picture's name, nor one in the place of the folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (media / "unfinished-fr.jpg").symlink_to(outside / "a.jpg")
    (media / ".upload.part").symlink_to(outside / "part")
    assert add(staff, "a.jpg", photo).status_code == 200
    assert (media / "unfinished-fr-2.jpg").is_file()
    assert list(outside.iterdir()) == []
    media.rename(tmp_path / "elsewhere")
    media.symlink_to(outside)
    was = draft(workspace)
    answer = add(staff, "b.jpg", photo)
    assert answer.status_code == 503
    assert "Publisher cannot write to posts/media/: Not a directory." in staff.text
    assert list(outside.iterdir()) == []
    assert draft(workspace) == was


def _png(width: int, height: int) -> bytes:
    """A few bytes that say that they are a huge picture."""
    memory = io.BytesIO()
    Image.new("1", (width, 1)).save(memory, "PNG")
    data = bytearray(memory.getvalue())
    data[20:24] = height.to_bytes(4)
    import zlib  # noqa: PLC0415

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jpg", b"", "a.jpg is empty: it has no bytes."),
        ("a.jpg", HTML, "a.jpg is a web page, not a picture."),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "a.svg is an SVG drawing, not a picture.",
        ),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(50), "a.heic is truncated or damaged."),
        ("a.avif", b"\0\0\0\x18ftypavif" + bytes(50), "a.avif is truncated or damaged."),
        ("a.heic", HTML, "a.heic is a web page, not a picture."),
        ("a.pdf", b"%PDF-1.7\n", "a.pdf is truncated or damaged."),
        ("a.jpg", jpeg()[:-300], "a.jpg is truncated or damaged."),
        ("a.jpg", b"\xff\xd8\xff" + HTML, "a.jpg is not a picture."),
        ("a.gif", b"GIF89a" + HTML, "a.gif is not a picture."),
        ("a.png", _png(30_000, 30_000), "a.png has more than 51,000,000 pixels"),
        ("a.mp4", b"\0\0\0\x18ftypisom" + bytes(50), "a.mp4 is truncated or damaged"),
        ("a.mp4", HTML, "a.mp4 is not an MP4 or MOV video"),
        ("a\u202egpj.exe", HTML, "a-gpj.exe is a web page, not a picture."),
    ],
)
def test_what_is_no_picture_is_refused_as_in_a_draft(
    app: Application, staff: Visit, workspace: Workspace, media: Path,
    name: str, data: bytes, message: str,
) -> None:  # fmt: skip
    """And nothing of it is stored; what was typed comes back."""
    form = described(Composer(staff, PAGE), credit="Qui l’a <prise>").write("Un <mot>.")
    assert form.send("check", (name, data)).status_code == 400
    assert message in staff.text.replace("&#39;", "'")
    assert ALT in staff.page
    assert "Qui l’a &lt;prise&gt;" in staff.page
    assert "Un &lt;mot&gt;." in staff.page
    assert flaws(staff.page) == []
    assert nothing_was_done(workspace, media, app)


@pytest.mark.parametrize("hidden", [HTML, b"PK\x03\x04" + bytes(30), b"<?php system($_GET[0]) ?>"])
def test_what_is_hidden_behind_a_picture_is_left_behind(
    staff: Visit, media: Path, hidden: bytes
) -> None:
    assert add(staff, "a.jpg", jpeg() + hidden).status_code == 200
    assert hidden not in (media / "unfinished-fr.jpg").read_bytes()


def test_a_post_in_a_folder_finds_its_picture(
    app: Application, staff: Visit, workspace: Workspace, photo: bytes
) -> None:
    """The folder media/ is made where there is none."""
    page = "/posts/site/news.fr/edit"
    assert add(staff, "a.jpg", photo, page).status_code == 200
    assert "Saved. " in staff.text
    assert "It has errors" not in staff.text
    assert (workspace.path / "posts/media/site-news-fr.jpg").is_file()
    text = (workspace.path / "posts/site/news.fr.md").read_text(encoding="utf-8")
    assert 'file: "/media/site-news-fr.jpg"' in text


@both
def test_two_who_add_at_a_time_both_get_theirs_or_are_told(
    address: str, workspace: Workspace, media: Path
) -> None:
    """Two drafts whose pictures would be called alike: each names its own."""

    def one(person: str, post: str, colour: str) -> None:
        memory = io.BytesIO()
        Image.new("RGB", (30, 20), colour).save(memory, "PNG")
        with Visit(address) as visit:
            visit.log_in(person)
            assert add(visit, "x.png", memory.getvalue(), f"/posts/{post}/edit").status_code == 200

    posts = {"a/b/c.fr": "red", "a-b/c.fr": "blue", "a/b-c.fr": "lime", "a-b-c.fr": "white"}
    for post in posts:
        workspace.draft(post, "to: [bice-x]", f"Texte de {post}.")
    people = ("redaction", "stagiaire", "direction", "chef")
    wishes = zip(people, *zip(*posts.items(), strict=True), strict=True)
    threads = [threading.Thread(target=one, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = ["a-b-c-fr-2.png", "a-b-c-fr-3.png", "a-b-c-fr-4.png", "a-b-c-fr.png", "old.png"]
    assert files(media) == names
    for post, colour in posts.items():
        text = (workspace.path / f"posts/{post}.md").read_text(encoding="utf-8")
        (name,) = re.findall(r"media/(a\S*\.png)", text)
        with Image.open(media / name) as image:
            assert image.getpixel((0, 0)) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))
