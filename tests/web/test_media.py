"""Pictures that a browser sends: stored clean and named in the draft, or nothing is done at all."""

import io
import os
import re
import stat
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from publisher.app import Application
from publisher.base.errors import FileChanged
from publisher.channels.registry import CAPABILITIES
from publisher.drafts import check, replace
from publisher.ledger.manager.approvals import digest
from publisher.media import media_file, unsaved
from publisher.media.unsaved import UnsavedPictures
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
    assert "posts/media/ cannot be written to: Not a directory." in staff.text
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
        ("a.jpg", b"", "a.jpg is empty: it has no byte."),
        ("a.jpg", HTML, "a.jpg is a web page, and no picture."),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "a.svg is an SVG drawing, and no picture.",
        ),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(50), "a.heic is truncated or damaged."),
        ("a.avif", b"\0\0\0\x18ftypavif" + bytes(50), "a.avif is truncated or damaged."),
        ("a.heic", HTML, "a.heic is a web page, and no picture."),
        ("a.pdf", b"%PDF-1.7\n", "a.pdf is truncated or damaged."),
        ("a.jpg", jpeg()[:-300], "a.jpg is truncated or damaged."),
        ("a.jpg", b"\xff\xd8\xff" + HTML, "a.jpg is no picture."),
        ("a.gif", b"GIF89a" + HTML, "a.gif is no picture."),
        ("a.png", _png(30_000, 30_000), "a.png has more than 51,000,000 pixels"),
        ("a.mp4", b"\0\0\0\x18ftypisom" + bytes(50), "a.mp4 is truncated or damaged"),
        ("a.mp4", HTML, "a.mp4 is no MP4 or MOV video"),
        ("a\u202egpj.exe", HTML, "a-gpj.exe is a web page, and no picture."),
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


@pytest.mark.parametrize("alt", ["", "  \n ", "a\x07b"])
def test_the_alternative_text_is_asked_for_as_in_a_draft(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, alt: str
) -> None:
    """A draft may be kept without one, if what was typed can be kept; it is not submitted."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    assert described(form, alt=alt).send("submit").status_code == 400
    assert "The picture has no alternative text." in staff.text or "U+0007" in staff.text
    assert nothing_was_done(workspace, media, app)
    assert form.send("keep").status_code == (400 if alt.strip() else 200)
    assert "It has errors" in staff.text or "U+0007" in staff.text


def test_without_a_file_nothing_is_done(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Browsers send an empty part for a field in which nothing was chosen."""
    form = Composer(staff, PAGE)
    assert form.send("check").status_code == 200
    assert form.values("file") == ["/media/old.png"]
    assert form.send("keep").status_code == 200
    assert nothing_was_done(workspace, media, app)


def test_a_picture_that_waited_too_long_for_its_draft_is_asked_for_again(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """After a week it is gone; what was typed of it is not."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    (kept,) = (app.settings.var / "uploads").iterdir()
    assert not [mark for mark in photos.SECRETS if mark in kept.read_bytes()]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    os.utime(kept, (time.time() - 8 * 86400,) * 2)
    Composer(staff, "/new").send("check", ("b.jpg", jpeg()))
    assert not kept.exists()
    assert described(form).send("keep").status_code == 400
    assert "is not kept any more" in staff.text
    assert ALT in staff.page
    assert nothing_was_done(workspace, media, app)


def test_a_picture_that_goes_while_its_form_is_looked_at_is_asked_for_again(
    staff: Visit, workspace: Workspace, media: Path, app: Application, photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same form was saved from another window at that moment."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    find = UnsavedPictures.find

    def found(pictures: UnsavedPictures, name: str) -> Path | None:
        path = find(pictures, name)
        if path:
            path.unlink()
        return path

    monkeypatch.setattr(UnsavedPictures, "find", found)
    assert described(form).send("check").status_code == 200
    assert ALT in staff.page
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    assert described(form).send("keep").status_code == 400
    assert nothing_was_done(workspace, media, app)


def test_nobody_fills_the_room_of_unsaved_pictures_for_the_others(
    app: Application, staff: Visit, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each person has a quota; what it refuses says what to do, and leaves the form as it was."""
    form = Composer(staff, "/new")
    form.send("check", ("a.jpg", jpeg()))
    (kept,) = (app.settings.var / "uploads").iterdir()
    monkeypatch.setattr(unsaved, "_MOST_OF_PERSON", kept.stat().st_size)
    form.send("check", ("b.jpg", jpeg()))
    assert "Too many of your pictures wait" in staff.text
    assert "Save the drafts that they are in" in staff.text
    assert kept.name in staff.page
    Composer(manager, "/new").send("check", ("c.jpg", jpeg()))
    assert "Too many" not in manager.text
    assert len([*(app.settings.var / "uploads").iterdir()]) == 2


def test_a_name_of_no_picture_of_ours_leads_nowhere(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Neither to a file of the machine, nor to one of the workspace that is no picture."""
    workspace.write("var/uploads/secret.jpg", "what nobody may see")
    for name in ("unsaved:../../secrets.toml", f"unsaved:{'0' * 64}.jpg", "unsaved:secret.jpg",
                 "/../var/uploads/secret.jpg", "/etc/passwd", "/session.yaml"):  # fmt: skip
        form = Composer(staff, PAGE).fill(file=[name])
        form.send("check")
        assert "what nobody may see" not in staff.page
        assert form.send("submit").status_code == 400
    assert nothing_was_done(workspace, media, app)


def test_a_consent_is_checked_as_in_a_draft(
    staff: Visit, workspace: Workspace, media: Path
) -> None:
    workspace.write(
        "posts/consents.yaml", "panel:\n  channels: [twitter]\nold:\n  withdrawn: true\n"
    )
    add(staff, "a.jpg", jpeg(), people="yes")
    assert "It has errors: it is not queued before they are mended." in staff.text
    assert "People are in the picture, but no consent is named." in staff.text
    described(Composer(staff, PAGE), consent="panel").send("keep")
    assert "Saved. " in staff.text
    assert "It has errors" not in staff.text
    assert "    people: true\n    consent: panel\n" in draft(workspace)
    described(Composer(staff, PAGE), consent="old").send("keep")
    assert "The post is held: consent old was withdrawn." in staff.text


def test_another_persons_change_is_not_lost(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    workspace.edit("unfinished.fr.md", "Sans heure", "Sans date")
    assert described(form).send("keep").status_code == 409
    assert ALT in staff.page
    assert "Sans date" in draft(workspace)
    assert files(media) == ["old.png"]


@both
def test_a_change_at_the_last_moment_leaves_no_file(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The file has its name already when the draft turns out to be another one."""
    found: list[list[str]] = []

    def changed(*_: object) -> None:
        found.append(files(media))
        raise FileChanged

    monkeypatch.setattr(replace, "replace", changed)
    assert add(staff, "a.jpg", photo).status_code == 409
    assert found == [["old.png", "unfinished-fr.jpg"]]
    assert nothing_was_done(workspace, media, app)


@pytest.mark.parametrize(
    "front", ["media: x\n", "media: [{file: {a: b}}]\n", "media: &x\n  - {file: a, alt: b}\n"]
)
def test_a_draft_that_only_a_person_can_change_gets_no_picture(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, front: str
) -> None:
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    workspace.write("posts/unfinished.fr.md", f"---\n{front}---\nText.\n")
    for _again in range(2):
        assert described(form).send("keep").status_code in (400, 409)
    assert files(media) == ["old.png"]


@both
def test_a_picture_is_described_anew_and_taken_out(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """The rest of the file stays, and so does the picture's own."""
    form = Composer(staff, PAGE)
    assert flaws(staff.page) == []
    assert 'src="data:image/png;base64,' in staff.page
    described(form, 0, alt="Une  autre\r\naffiche", credit="X").send("keep")
    assert draft(workspace) == DRAFT.replace(
        "    alt: 'Une affiche'\n", "    alt: 'Une autre affiche'\n    credit: X\n"
    )
    form = Composer(staff, PAGE)
    form.send("drop:0")
    form.send("keep")
    assert "Saved." in staff.text
    assert draft(workspace) == DRAFT[: DRAFT.index("media:")] + DRAFT[DRAFT.index("# to be") :]
    assert files(media) == ["old.png"]
    staff.get("/posts/unfinished.fr")
    assert "alternative text was: Une affiche" in staff.text
    assert [step.event for step in app.queries.steps_about("unfinished.fr")] == [
        "draft edited", "draft edited",
    ]  # fmt: skip
    assert app.audit.verify().breaks == ()


def test_what_means_the_same_stays_as_it_is_written(
    staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Also a text that only a person can change, a flag in other letters, and a key of nobody's."""
    entry = "  - file: /media/old.png\n    alt: |\n      Deux\n      lignes\n    people: Yes\n    x: y\n"
    workspace.write("posts/unfinished.fr.md", f"---\nmedia:\n{entry}---\nSans heure.\n")
    form = Composer(staff, PAGE)
    assert form.values("people") == ["0"]
    form.fill(credit="X").send("keep")
    assert draft(workspace) == f"---\nmedia:\n{entry}    credit: X\n---\nSans heure.\n"


@pytest.mark.parametrize("do", ["drop:7", "drop:-1", "up:0", "up:9", "drop:", "unpart:x:y", "part"])
def test_a_picture_that_is_not_there_cannot_be_moved(
    app: Application, staff: Visit, workspace: Workspace, media: Path, do: str
) -> None:
    form = Composer(staff, PAGE)
    assert form.send(do).status_code == 200
    assert form.values("file") == ["/media/old.png"]
    assert nothing_was_done(workspace, media, app)


@both
def test_who_added_a_picture_does_not_approve_the_post(
    app: Application, manager: Visit, media: Path
) -> None:
    """What it shows and says are theirs."""
    picture = (media / "old.png").read_bytes()
    assert add(manager, "a.png", picture, "/posts/day.fr/edit").status_code == 200
    manager.get("/posts/day.fr/queue")
    manager.send("/posts/day.fr/queue", shown=manager.shown, sure="yes")
    manager.get("/posts/day.fr")
    assert 'id="act-approve"' not in manager.page
    digests = [f"{d.id}:{digest(d)}" for d in app.queries.deliveries(post="day.fr")]
    assert manager.send("/posts/day.fr", do="approve", seen=digests).status_code == 409
    assert "an author cannot approve it" in manager.text


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


@pytest.mark.parametrize("value", ["", " ~", " null", " ''", ' ""   # none yet', " []"])
def test_a_draft_that_says_it_has_no_picture_gets_one(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes, value: str
) -> None:
    workspace.write("posts/unfinished.fr.md", f"---\nmedia:{value}\nto: [bice-x]\n---\nText.\n")
    assert staff.get(PAGE).status_code == 200
    assert add(staff, "a.jpg", photo).status_code == 200
    assert "Saved. " in staff.text
    assert "It has errors" not in staff.text
    assert draft(workspace).endswith("\nto: [bice-x]\n---\nText.\n")
