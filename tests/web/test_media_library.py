"""The media library, reuse of its pictures, and crops, over HTTP and without JavaScript."""

import os
import re
from pathlib import Path

import pytest
from PIL import Image

from publisher.app import Application
from publisher.auth.users import Rank
from tests.support import photos
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import PAGE, described, files
from tests.support.workspaces import Workspace

_CONSENTS = """\
panel:
  until: 2016-04-01
gone:
  withdrawn: true
over:
  until: 2016-03-01
warsaw:
  granted_to: Warsaw
"""


@pytest.fixture
def pictures(workspace: Workspace, media: Path) -> Path:
    """One with a consent, in two languages, and three that must not be shown, besides the old."""
    workspace.write("posts/consents.yaml", _CONSENTS)
    for shade, name in enumerate(("panel", "gone", "over", "warsaw", "spare")):
        Image.new("RGB", (320, 240), (0, 0, 128 + shade)).save(media / f"{name}.png")
        if name != "spare":
            workspace.draft(
                f"uses-{name}.fr", _shown(name, f"La table : {name}", "2016-03-07 08:00")
            )
    workspace.draft("uses-panel.es", _shown("panel", "La mesa", "2016-03-07 08:00"))
    workspace.draft("again.fr", _shown("panel", "La grande table", "2016-03-09 08:00"))
    return media


def _shown(name: str, alt: str, at: str) -> str:
    return (
        f"at: {at}\nto: [bice-x]\nmedia:\n  - file: /media/{name}.png\n    alt: '{alt}'\n"
        f"    credit: BICE / Anna\n    people: true\n    consent: {name}"
    )


def tile(visit: Visit, name: str) -> str:
    """The text of one file's tile."""
    found = re.search(rf'(<li class="tile[^>]*>(?:(?!<li class="tile).)*?>{name}</p>.*?)(?=<li class="tile|</main>)', visit.page, re.DOTALL)  # fmt: skip
    assert found, name
    return found[1]


def key(visit: Visit, name: str) -> str:
    found = re.search(r"/media/files/([0-9a-f]{32})", tile(visit, name))
    assert found
    return found[1]


def test_the_library_says_of_each_file_what_drafts_say(staff: Visit, pictures: Path) -> None:
    staff.get("/media")
    assert flaws(staff.page) == []
    panel = tile(staff, "panel.png")
    for said in ("La grande table", "La mesa", "is valid", "BICE / Anna", "/posts/again.fr",
                 "/posts/uses-panel.es", "3 posts"):  # fmt: skip
        assert said in panel, said
    assert "La table" not in panel, "the last text of each language"
    assert "No draft uses it." in tile(staff, "spare.png")
    assert "was withdrawn" in tile(staff, "gone.png")
    assert "ended on 1 Mar 2016" in tile(staff, "over.png")
    for name in ("gone.png", "over.png"):
        assert "/new?picture=" not in tile(staff, name)
    assert "6 files" in staff.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=grande", {"panel.png"}),
        ("q=again.fr", {"panel.png"}),
        ("q=GONE", {"gone.png"}),
        ("q=affiche+old", {"old.png"}),
        ("q=nothing", set()),
        ("only=unused", {"spare.png"}),
        ("only=without-consent", {"spare.png", "old.png"}),
        ("only=refused", {"gone.png", "over.png", "warsaw.png"}),
    ],
)
def test_it_is_searched_by_words_and_by_what_is_missing(
    staff: Visit, pictures: Path, query: str, found: set[str]
) -> None:
    staff.get(f"/media?{query}")
    assert set(re.findall(r'<p class="what id">([^<]+)</p>', staff.page)) == found
    assert found or "Nothing matches." in staff.text


def test_a_page_has_two_dozen_and_leads_on(staff: Visit, media: Path) -> None:
    for number in range(30):
        file = media / f"p{number:02}.png"
        file.write_bytes((media / "old.png").read_bytes())
        os.utime(file, (1_000_000_000 + number,) * 2)
    staff.get("/media?q=p&only=unused")
    assert staff.page.count('<li class="tile') == 24
    assert "p29.png" in staff.page
    assert "p05.png" not in staff.page
    found = re.search(r'rel="next" href="([^"]+)"', staff.page)
    assert found
    staff.get("/media" + found[1].replace("&amp;", "&"))
    assert "p05.png" in staff.page
    assert "30 files" in staff.text
    assert staff.get("/media?page=99").status_code == 200


def test_an_empty_library_says_what_to_do(staff: Visit) -> None:
    staff.get("/media")
    assert "There is no picture here yet." in staff.text
    Composer(staff, "/new").send("library")
    assert "The media library is empty." in staff.text


def test_a_small_view_hides_what_the_photo_tells(staff: Visit, media: Path) -> None:
    photos.photo(media / "photo.jpg", (640, 480))
    staff.get("/media")
    answer = staff.client.get(f"/media/files/{key(staff, 'photo.jpg')}")
    assert answer.headers["content-type"] == "image/webp"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not [mark for mark in photos.SECRETS if mark in answer.content]
    assert "photo.jpg" not in str(answer.request.url), "the name may be that of a child"


def test_no_file_is_seen_through_a_link(
    staff: Visit, anonymous: Visit, media: Path, tmp_path: Path
) -> None:
    """Neither one that was there, nor one that took the place of a file since."""
    photos.photo(tmp_path / "secret.jpg")
    (media / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    staff.get("/media")
    assert "link.jpg" not in staff.page
    address = f"/media/files/{key(staff, 'old.png')}"
    assert staff.client.get(address).status_code == 200
    assert anonymous.client.get(address).status_code == 303
    (media / "old.png").unlink()
    assert staff.client.get(address).status_code == 404
    (media / "old.png").symlink_to(tmp_path / "secret.jpg")
    assert staff.client.get(address).status_code == 404
    for name in ("0" * 32, "old.png", "..%2fold.png", "small"):
        assert staff.client.get(f"/media/files/{name}").status_code == 404


def test_a_picture_is_reused_with_what_was_said_of_it(
    staff: Visit, workspace: Workspace, pictures: Path
) -> None:
    """What was typed stays; the text is the last one in the language of the draft."""
    form = Composer(staff, "/new?lang=fr").write("Le texte").fill(find="panel", title="Un titre")
    assert form.send("library").status_code == 200
    assert flaws(staff.page) == []
    (found,) = re.findall(r'value="take:([0-9a-f]+)"', staff.page)
    form.send(f"take:{found}")
    assert form.values("file") == ["/media/panel.png"]
    assert form.values("alt") == ["La grande table"]
    assert form.values("credit") == ["BICE / Anna"]
    assert form.values("people") == ["0"]
    assert form.values("consent") == ["panel"]
    assert (form.values("text")[0], form.values("title")) == ("Le texte", ["Un titre"])
    form.fill(lang="pl").send(f"take:{found}")
    assert form.values("alt") == ["La grande table", ""], "nobody said it in Polish"
    form.send("drop:1")
    assert form.fill(lang="fr").send("keep").status_code == 200
    text = (workspace.path / "posts/un-titre.fr.md").read_text("utf-8")
    assert "file: /media/panel.png" in text.replace('"', "")
    assert "consent: panel" in text


def test_what_must_not_be_shown_again_cannot_be_chosen(
    app: Application, staff: Visit, address: str, pictures: Path
) -> None:
    """Neither by its button, which is not there, nor by hand, nor by its address."""
    staff.get("/media")
    keys = {name: key(staff, f"{name}.png") for name in ("gone", "over", "warsaw", "panel")}
    form = Composer(staff, "/new?lang=fr").fill(account=["bice-x"])
    form.send("library")
    assert f"take:{keys['panel']}" in staff.page
    reasons = {
        "gone": "Its consent gone was withdrawn.",
        "over": "Its consent over ended on 1 Mar 2016.",
        "warsaw": "Its consent warsaw is not for these accounts.",
    }
    for name, why in reasons.items():
        assert f"take:{keys[name]}" not in staff.page
        assert why in staff.text
    for name, why in reasons.items():
        again = Composer(staff, "/new?lang=fr").fill(account=["bice-x"])
        assert again.send(f"take:{keys[name]}").status_code == 400
        assert why in staff.text
        assert again.values("file") == []
    assert staff.get(f"/new?picture={keys['gone']}").status_code == 400
    assert staff.get(f"/new?picture={keys['panel']}").status_code == 200
    assert 'value="/media/panel.png"' in staff.page
    assert staff.get("/new?picture=" + "0" * 32).status_code == 400
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        assert kasia.get("/media").status_code == 200


def test_a_picture_is_cropped_beside_the_whole_one_which_is_kept(
    staff: Visit, workspace: Workspace, pictures: Path
) -> None:
    before = (pictures / "spare.png").read_bytes()
    staff.get("/media")
    form = Composer(staff, f"/new?picture={key(staff, 'spare.png')}").write("Le texte")
    form.send("crop:0")
    assert flaws(staff.page) == []
    assert form.values("frame_width") == ["320"]
    form.send("frame:0:1:1")
    assert [form.values(f"frame_{side}") for side in ("left", "width", "height")] == [
        ["40"], ["240"], ["240"],
    ]  # fmt: skip
    form.fill(frame_left="0").send("cut:0")
    assert form.values("original") == ["/media/spare.png"]
    assert files(pictures) == sorted(["old.png", "panel.png", "gone.png", "over.png", "warsaw.png",
                                      "spare.png"])  # fmt: skip
    assert described(form).send("keep").status_code == 200
    with Image.open(pictures / "spare-crop-0-0-240x240.png") as image:
        assert image.size == (240, 240)
    assert (pictures / "spare.png").read_bytes() == before
    assert files(workspace.path / "var/uploads") == []
    edit = Composer(staff, "/posts/le-texte.fr/edit")
    assert edit.values("file") == ["media/spare-crop-0-0-240x240.png"]
    edit.send("crop:0")
    assert edit.values("frame_width") == ["240"], "as it is now, of the whole picture"
    edit.send("whole:0")
    assert edit.values("file") == ["/media/spare.png"]
    edit.send("keep")
    assert "media/spare.png" in (workspace.path / "posts/le-texte.fr.md").read_text("utf-8")
    staff.get("/media")
    assert "cropped from spare.png" in tile(staff, "spare-crop-0-0-240x240.png")


def test_a_new_picture_is_stored_whole_and_cropped(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    form.send("crop:1")
    form.fill(frame_left="0", frame_top="0", frame_width="48", frame_height="30").send("cut:1")
    first = form.values("file")[1]
    form.send("crop:1")
    assert form.values("frame_height") == ["30"]
    form.fill(frame_height="20").send("cut:1")
    assert form.values("file")[1] != first
    assert described(form).send("keep").status_code == 200
    assert files(media) == ["old.png", "unfinished-fr-crop-0-0-48x20.jpg", "unfinished-fr.jpg"]
    assert not [
        mark for mark in photos.SECRETS if mark in (media / "unfinished-fr.jpg").read_bytes()
    ]
    text = (workspace.path / "posts/unfinished.fr.md").read_text("utf-8")
    assert "file: media/unfinished-fr-crop-0-0-48x20.jpg" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"frame_left": "x"}, "Enter whole numbers"),
        ({"frame_width": "-4"}, "Enter whole numbers"),
        ({"frame_width": "٣"}, "Enter whole numbers"),
        ({"frame_width": "9999", "frame_height": "9999"}, ""),
    ],
)
def test_a_frame_that_is_none_is_refused_or_made_to_fit(
    staff: Visit, media: Path, fields: dict[str, str], said: str
) -> None:
    """A frame around all of it is no crop."""
    form = Composer(staff, PAGE)
    form.send("crop:0")
    form.fill(**fields).send("cut:0")
    assert said in staff.text
    assert form.values("file") == ["/media/old.png"]


@pytest.mark.parametrize("do", ["crop:7", "cut:7", "whole:0", "frame:9:1:1", "take:zz", "cut:x",
                                "library:999", "library:x", "take:" + "0" * 32])  # fmt: skip
def test_a_button_that_makes_no_sense_changes_nothing(staff: Visit, media: Path, do: str) -> None:
    form = Composer(staff, PAGE)
    assert form.send(do).status_code in (200, 400)
    assert form.values("file") == ["/media/old.png"]


def test_a_crop_has_the_consent_of_the_whole_picture(
    staff: Visit, workspace: Workspace, pictures: Path
) -> None:
    """Also where no draft says so: the same people are in it."""
    Image.new("RGB", (20, 20)).save(pictures / "gone-crop-0-0-20x20.png")
    staff.get("/media")
    assert "was withdrawn" in tile(staff, "gone-crop-0-0-20x20.png")


def test_whose_name_leads_out_is_not_a_whole_picture(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """What a form says of the whole picture is not believed."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    form.send("crop:1")
    form.fill(frame_left="0", frame_top="0", frame_width="20", frame_height="20").send("cut:1")
    for name in ("/../../secrets.toml", "../../outside.png", "/etc/passwd"):
        form.fill(original=["", name])
        assert form.send("crop:1").status_code == 400
        assert "planted-secret" not in staff.page
    described(form).send("keep")
    assert files(media) == ["old.png", "unfinished-fr-crop-0-0-20x20.jpg"]
