"""`publisher preview`: drafts as readers will see them, in one file that needs nothing."""

import base64
import hashlib
import io
import re
from html import unescape
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from publisher.app import Application
from publisher.ledger.profiles import ProfilePicture
from publisher.media import media_file
from publisher.media.media_file import CleanPicture
from publisher.model.accounts import Profile
from publisher.platforms.twitter.spec import TWITTER
from publisher.preview import pictures
from tests.cli.runner import run_script
from tests.preview.conftest import Desk
from tests.support.browser import Browser
from tests.support.videos import with_secrets

ALL = "at: annual-day\nto: [bice-x, bice-page, bice-site]"
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
LINK = "https://www.example.org/fr/une/tres/longue/adresse"


def test_each_recipient_has_its_look(desk: Desk) -> None:
    desk.draft("a.fr", ALL, "Pour le site.\n\n## twitter\nCourt. #HRC31\n\n## facebook\nLong.\n")
    page = desk.preview("a.fr")
    looks = [d["class"] for d in page.structure.all("div") if "look" in (d.get("class") or "")]
    assert looks == ["look as-thread x", "look as-card facebook", "look as-page site"]
    assert '<div class="text" lang="fr" dir="auto">Court. <span class="tag">#HRC31' in page.html
    assert ">Long.</div>" in page.html
    assert "<p>Pour le site.</p>" in page.html
    assert "BICE, le site" in page.html


def test_without_output_the_file_is_named_for_what_it_shows(desk: Desk) -> None:
    desk.draft("lima/a.es", "at: annual-day\nto: lima-x")
    desk.draft("lima/b.es", "at: annual-day + 1h\nto: lima-x")
    desk.draft("c.fr", ALL)
    assert desk.preview("lima/a.es").path == Path("var/preview/lima/a.es.html")
    assert desk.preview("posts/lima").path == Path("var/preview/lima.html")
    assert desk.preview().path == Path("var/preview/drafts.html")
    assert desk.preview("posts").path == Path("var/preview/drafts.html")


def test_a_workflow_needs_neither_ledger_nor_credentials(desk: Desk) -> None:
    """And makes no ledger, nor anything but the file."""
    desk.draft("a.fr", ALL)
    done = run_script("preview", "posts", "--output", "preview.html", folder=desk.folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "preview.html\n", "")
    assert "Le texte." in (desk.folder / "preview.html").read_text()
    assert not (desk.folder / "var").exists()


def test_a_ledger_that_cannot_be_read_is_left_out_and_named(desk: Desk) -> None:
    desk.draft("a.fr", ALL)
    (desk.folder / "var").mkdir()
    (desk.folder / "var" / "publisher.db").write_text("no database, whatever its name says" * 9)
    done = desk.cli("preview", "--output", "out.html")
    assert done.code == 0
    assert "does not show the states in the ledger" in done.err
    assert "Le texte." in Path("out.html").read_text()


def test_what_the_ledger_says_stands_beside_the_draft(desk: Desk) -> None:
    desk.draft("a.fr", "at: annual-day\nto: bice-x")
    assert desk.cli("queue").code == 0
    page = desk.preview("a.fr")
    assert ">scheduled</span>" in page.html
    assert "on record differ" not in page.text
    desk.draft("a.fr", "at: annual-day + 1h\nto: bice-x", "Un autre texte.")
    page = desk.preview("a.fr")
    assert "the text or pictures on record differ from this draft" in page.text
    assert "the time on record differs: Mon 7 Mar 2016, 09:00" in page.text
    assert desk.cli("cancel", "a.fr", "--reason", "<b>dit déjà</b>").code == 0
    page = desk.preview("a.fr")
    assert ">cancelled</span>" in page.html
    assert "&lt;b&gt;dit déjà&lt;/b&gt;" in page.html


def test_what_the_platform_shows_of_the_account_is_shown(desk: Desk) -> None:
    """As the ledger keeps it: no platform is asked."""
    desk.draft("a.fr", "at: annual-day\nto: [bice-x, lima-x]")
    assert desk.cli("queue").code == 0
    out = io.BytesIO()
    Image.new("RGB", (96, 96), "teal").save(out, "WEBP")
    profile = Profile(id="7", handle="BICE_ONG", name="Le BICE")
    app = Application.open(Path.cwd())
    app.profiles.keep(
        "bice-x",
        profile,
        ProfilePicture("a" * 64, out.getvalue()),
        until=app.clock.now(),
        by_handle=True,
    )
    app.close()
    page = desk.preview("a.fr")
    assert "@BICE_ONG" in page.text
    assert '<span class="name">Le BICE</span>' in page.html
    assert page.pictures == [out.getvalue()]
    assert "@bice-x" not in page.text
    assert "@lima-x" not in page.text, "its handle is not known, and none is made up"


def test_nothing_of_a_draft_can_run(desk: Desk) -> None:
    """Markup in every place that a draft, the session or the settings have."""
    desk.files.write(
        "publisher.toml",
        f"""\
[accounts.bice-x]
channel = "twitter"
title = '{NASTY}'
organisation = '{NASTY}'
[accounts.bice-page]
channel = "facebook"
page_id = "1"
title = '{NASTY}'
[accounts.bice-site]
channel = "site"
title = '{NASTY}'
""",
    )
    desk.files.write(
        "posts/session.yaml",
        f"""\
name: '{NASTY}'
timezone: Europe/Zurich
agenda:
  day: {{title: '{NASTY}', starts: 2016-03-07 09:00}}
""",
    )
    desk.picture("eins.png")
    desk.draft("a", f"""\
at: day
to: [bice-x, bice-page, bice-site]
title: '{NASTY}'
author: '{NASTY}'
link: https://www.example.org/?q='
'{NASTY}': unknown
media: [{{file: media/eins.png, alt: '{NASTY}', credit: '{NASTY}', consent: '{NASTY}'}}]""", f"{NASTY}\n" * 30)  # fmt: skip
    page = desk.preview()
    found = page.structure
    assert found.all("script") == []
    assert {(image["src"] or "")[:10] for image in found.all("img")} == {"data:image"}
    assert "&lt;script&gt;alert(1)" in page.html
    policy = next(m["content"] or "" for m in found.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")


def test_the_pictures_are_the_clean_copies(desk: Desk) -> None:
    """As they leave: not one byte of the original's metadata is in the file."""
    exif = Image.Exif()
    exif[0x010E] = "NAME-OF-THE-CHILD"
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 12.0, 0.0), 3: "E", 4: (6.0, 8.0, 0.0)})
    original = desk.picture("photo.jpg", exif=exif.tobytes())
    assert b"NAME-OF-THE-CHILD" in original
    desk.draft("a.fr", f"{ALL}\nmedia: [{{file: media/photo.jpg, alt: Une photo}}]")
    page = desk.preview("a.fr")
    copy = media_file.clean(desk.folder / "posts" / "media" / "photo.jpg", TWITTER)
    assert [hashlib.sha256(data).hexdigest() for data in page.pictures] == [copy.digest] * 3
    assert not [data for data in page.pictures if b"NAME-OF" in data or b"Exif" in data]


def test_a_big_picture_is_shown_smaller_so_that_the_page_opens(desk: Desk) -> None:
    noise = Image.effect_noise((2400, 1800), 100).convert("RGB")
    (desk.folder / "posts" / "media").mkdir()
    noise.save(desk.folder / "posts" / "media" / "big.jpg", quality=95)
    desk.draft("a.fr", f"{ALL}\nmedia: [{{file: media/big.jpg, alt: Du bruit}}]")
    page = desk.preview("a.fr")
    for data in page.pictures:
        assert Image.open(io.BytesIO(data)).size == (1200, 900)
    assert "2400 × 1800, JPEG, without metadata" in page.text


def test_a_video_plays_in_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clean copy; of one that is too big for a page, a box."""
    path = desk.folder / "posts/media/a.mp4"
    path.parent.mkdir(parents=True)
    with_secrets(path)
    media = "media: [{file: media/a.mp4, alt: La salle XX}]"
    desk.draft("a.fr", f"at: annual-day\nto: [bice-x, bice-site]\n{media}")
    page = desk.preview("a.fr")
    shown = page.structure.all("video")
    assert len(shown) == 2
    copy = base64.b64encode(media_file.clean(path, TWITTER).data).decode()
    assert {str(each["src"]) for each in shown} == {f"data:video/mp4;base64,{copy}"}
    assert {each["aria-label"] for each in shown} == {"La salle XX"}
    assert "media-src data:" in page.html
    assert "64 × 48, MP4, without metadata" in page.text
    monkeypatch.setattr("publisher.preview.pictures._WHOLE_VIDEO", 10)
    page = desk.preview("a.fr")
    assert 'class="video"' in page.html


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_one_to_four_pictures_with_alternative_text_and_credit(desk: Desk, count: int) -> None:
    names = ["eins.png", "zwei.png", "drei.png", "vier.png"][:count]
    for name in names:
        desk.picture(name)
    items = ", ".join(
        f"{{file: media/{name}, alt: Image {name}, credit: Agence}}" for name in names
    )
    desk.draft("a.fr", f"at: annual-day\nto: [bice-x, bice-site]\nmedia: [{items}]")
    page = desk.preview("a.fr")
    assert f'class="grid of-{count}"' in page.html
    assert [i["alt"] for i in page.structure.all("img")] == [f"Image {n}" for n in names] * 2
    assert page.html.count("(not shown on X)") == count
    assert page.html.count("© Agence") == count


def test_a_thread_is_shown_part_by_part_with_its_counts(desk: Desk) -> None:
    desk.draft("a.fr", f"at: annual-day\nto: bice-x\nlink: {LINK}", "Un.\n\n---\nDeux : 🎉")
    page = desk.preview("a.fr")
    assert 'aria-label="Thread of 2 posts"' in page.html
    assert "Part 1: 3 of 280, as X counts; 277 left" in page.text
    assert "Part 2: 33 of 280, as X counts; 247 left" in page.text, "a link is 23, an emoji 2"
    assert page.html.count('class="card"') == 1


def test_a_text_that_is_too_long_says_by_how_much(desk: Desk) -> None:
    desk.draft("a.fr", "at: annual-day\nto: bice-x", "a" * 281)
    page = desk.preview("a.fr")
    assert "281 of 280, as X counts; 1 too long" in page.text
    assert '<li class="over">' in page.html


def test_problems_stand_beside_their_draft_with_their_hints(desk: Desk) -> None:
    desk.draft("a.fr", "at: annual-day\nto: bice-x\nlnk: x", "Bonjour à 9h CEST")
    desk.draft("b.fr", "at: annual-day + 1h\nto: bice-x", "Sans défaut.")
    page = desk.preview()
    first, second = page.html.split('<article class="draft"')[1:]
    assert "posts/a.fr.md:4:1 · unknown-key" in first
    assert "Did you mean `link`?" in first
    assert "wrong-season" in first
    assert "problems" not in second
    assert "2 drafts, 2 looks, 1 error, 1 warning" in page.text


def test_a_draft_with_errors_is_shown_as_far_as_it_can_be_read(desk: Desk) -> None:
    desk.picture("eins.png")
    desk.draft(
        "a.fr",
        f"{ALL}\nmedia: [{{file: media/eins.png, alt: Un}}, {{file: media/missing.png, alt: Deux}}]",
    )
    desk.files.write("posts/b.fr.md", "no front matter")
    desk.draft("c.fr", "at: nowhere\nto: [bice-x, nobody]", "Sans heure.")
    page = desk.preview()
    assert [image["alt"] for image in page.structure.all("img")] == ["Un"] * 3
    assert "There is no file media/missing.png." in page.text
    assert "Not readable" in page.text
    assert "front-matter-missing" in page.text
    assert ">Sans heure.</div>" in page.html
    assert "no time yet" in page.text


def test_problems_of_no_draft_have_a_place(desk: Desk) -> None:
    desk.draft("a.fr", ALL)
    desk.files.write("posts/session.yaml", "name: X\ntimezone: Mars/Olympus\n")
    page = desk.preview("a.fr")
    assert "Not about a single draft" in page.text
    assert "posts/session.yaml:2:11 · unknown-zone" in page.text


def test_times_are_in_the_sessions_zone_and_in_the_accounts(desk: Desk) -> None:
    desk.draft("a.es", "at: annual-day\nto: lima-x\nembargo: annual-day + 30m")
    text = desk.preview("a.es").text
    assert "Mon 7 Mar 2016, 09:30" in text
    assert "Mon 7 Mar 2016, 03:30 (America/Lima)" in text
    assert "Its own time is Mon 7 Mar 2016, 09:00; the embargo ends later." in text
    assert "Dropped if it is not out 4 h after its time." in text
    assert "Its time depends on “Journée annuelle” (annual-day)." in text


def test_translations_are_linked_and_speak_their_language(desk: Desk) -> None:
    desk.draft("a.fr", "at: annual-day\nto: bice-x", "Bonjour")
    desk.draft("a.es", "at: annual-day\nto: lima-x", "Hola")
    page = desk.preview()
    numbers = {a["href"]: a for a in page.structure.all("a") if (a["href"] or "").startswith("#d")}
    assert set(numbers) == {"#drafts", "#draft-1", "#draft-2"}
    assert '<div class="text" lang="es" dir="auto">Hola</div>' in page.html
    assert '<h2 id="heading-2" lang="fr" dir="auto">Bonjour</h2>' in page.html
    alone = desk.preview("a.fr")
    assert "Other languages: Español (a.es)" in alone.text
    assert "missing-translation" not in alone.html


def test_a_path_that_is_no_draft_is_wrong_usage(desk: Desk) -> None:
    assert desk.cli("preview", "nowhere").code == 2


def test_a_file_that_cannot_be_written_is_named(desk: Desk) -> None:
    desk.draft("a.fr", ALL)
    done = desk.cli("preview", "--output", "no/folder/out.html")
    assert done.code == 3
    assert "no/folder/out.html" in done.err


def test_open_shows_the_file_in_the_browser(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """BROWSER names one, as for all programs."""
    desk.draft("a.fr", ALL)
    note = desk.folder / "opened"
    script = desk.folder / "browser.sh"
    script.write_text(f'#!/bin/sh\necho "$1" > "{note}"\n')
    script.chmod(0o700)
    done = run_script(
        "preview", "a.fr", "--open", folder=desk.folder, environment={"BROWSER": str(script)}
    )
    assert done.returncode == 0, done.stderr
    target = desk.folder / "var" / "preview" / "a.fr.html"
    assert note.read_text().strip() == target.resolve().as_uri()


def test_an_empty_workspace_gives_a_page(desk: Desk) -> None:
    assert "There is no draft to show." in desk.preview().text


def test_a_browser_opens_it_without_a_complaint(desk: Desk, browser: Browser) -> None:
    """The page's own policy stops nothing of it, and markup in a draft does nothing."""
    desk.picture("eins.png")
    desk.draft(
        "a.fr", f"{ALL}\nmedia: [{{file: media/eins.png, alt: Un}}]", f"Bonjour {NASTY} {LINK}"
    )
    desk.draft("b.fr", "at: annual-day + 1h\nto: bice-page", "mot " * 200)
    assert browser.complaints(desk.preview().path.absolute()) == []


def test_light_and_dark_are_a_choice_without_script(desk: Desk, browser: Browser) -> None:
    desk.draft("a.fr", ALL)
    html = desk.preview().html
    shades = {}
    for scheme in ("light", "dark"):
        chosen = re.sub(r" checked>", ">", html)
        chosen = chosen.replace(f'id="scheme-{scheme}">', f'id="scheme-{scheme}" checked>')
        path = desk.folder / f"{scheme}.html"
        path.write_text(chosen, encoding="utf-8")
        image = browser.screenshot(path, desk.folder / f"{scheme}.png")
        shades[scheme] = image.convert("L").tobytes()[0]
    assert shades["light"] > 200
    assert shades["dark"] < 60


@pytest.mark.parametrize(
    ("code", "heading", "error"),
    [
        ("en", "Mon 7 Mar 2016", "The picture has no description."),
        ("fr", "lun. 7 mars 2016", "L'image n'a pas de description."),
        ("es", "lun 7 mar 2016", "La imagen no tiene descripción."),
        ("pl", "pon. 7 mar 2016", "Zdjęcie nie ma tekstu alternatywnego."),
    ],
)
def test_the_page_speaks_the_language_that_is_chosen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, code: str, heading: str, error: str
) -> None:
    """Its frame, its dates and its problems; each post keeps the language that it is in."""
    monkeypatch.setenv("PUBLISHER_LANGUAGE", code)
    desk.picture("salle.png")
    desk.draft("a.fr", "at: annual-day\nto: bice-x", "Bonjour")
    desk.draft("b.fr", "at: annual-day\nto: bice-x\nmedia: [{file: media/salle.png}]", "Bonsoir")
    page = desk.preview()
    assert page.structure.all("html") == [{"lang": code}]
    assert '<div class="text" lang="fr" dir="auto">Bonjour</div>' in page.html
    text = unescape(page.text)
    assert heading in text
    assert error in text


def test_what_the_decoder_gives_is_opened_as_one_of_four_kinds_alone() -> None:
    """Its process has decoded bytes of a stranger, and may not be itself any more."""
    data = io.BytesIO()
    Image.effect_noise((800, 800), 100).save(data, "TIFF")
    assert len(data.getvalue()) > pictures._WHOLE
    with pytest.raises(UnidentifiedImageError):
        pictures._source(CleanPicture.of(data.getvalue(), "image/png", (800, 800)))


def _on(desk: Desk, account: str) -> None:
    """One more account in publisher.toml."""
    toml = desk.files.path / "publisher.toml"
    toml.write_text(f"{toml.read_text(encoding='utf-8')}{account}\n", encoding="utf-8")


def test_a_content_warning_folds_the_post_and_counts_with_it(desk: Desk) -> None:
    """It is shown open, so that whoever reviews it sees everything."""
    _on(desk, '[accounts.bice-fedi]\nchannel = "mastodon"\nmax_characters = 600')
    front = "at: annual-day\nto: [bice-fedi, bice-x]\ncontent_warning: Violences <b>"
    desk.draft("a.fr", front, "Bonjour.\n\n---\nDeux.")
    page = desk.preview("a.fr")
    assert page.html.count('<details class="warned" open>') == 2
    assert page.html.count("Violences &lt;b&gt;</span>") == 2, "on X it is not shown"
    assert "Part 1: 21 of 600; 579 left" in page.text


def test_bytes_are_counted_where_they_are_the_tighter_limit(desk: Desk) -> None:
    _on(desk, '[accounts.bice-sky]\nchannel = "bluesky"')
    desk.draft("a.fr", "at: annual-day\nto: bice-sky", "👨‍👩‍👧‍👦" * 121)
    page = desk.preview("a.fr")
    assert "3,025 of 3,000 bytes; 25 too long" in page.text
