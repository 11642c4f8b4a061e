"""Pictures in a real browser: chosen, described, shown, and refused in words."""

from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.base.i18n import _
from publisher.media.media_file import MAX_BYTES
from tests.support.journeys import log_in, serious, visiting
from tests.support.photos import photo
from tests.support.videos import video


def test_a_picture_is_added_described_and_taken_out(
    address: str, app: Application, browser: Browser, lang: str, tmp_path: Path
) -> None:
    """By keyboard where that is possible; the post's page shows it, a video too."""
    sent = {
        "Salle.jpg": photo(tmp_path / "Salle.jpg"),
        "clip.mp4": video(tmp_path / "clip.mp4", seconds=1),
    }
    draft = app.settings.posts / "unfinished.fr.md"
    before = draft.read_bytes()
    with visiting(browser, address, locale=lang) as page:
        log_in(page, "stagiaire")
        page.goto("/posts/unfinished.fr")
        page.get_by_role("link", name=_("Pictures")).click()
        # X shows a video alone: beside a picture it is saved, and its error is said.
        for path, role in zip(sent.values(), ("status", "alert"), strict=True):
            adding = page.get_by_role("region", name=_("Add a picture"))
            adding.get_by_label(
                _("JPEG, PNG, WebP, HEIC, AVIF, GIF or MP4, up to {limit} MB", limit=50)
            ).set_input_files(path)
            alt = adding.get_by_label(_("What it shows, for those who cannot see it"))
            alt.fill(f"Ce que montre {path.stem}")
            adding.get_by_role("button", name=_("Add it to the draft")).press("Enter")
            expect(page.locator(f"[role={role}]:visible")).to_contain_text(_("Saved."))
            expect(page.get_by_label(f"unfinished-fr{path.suffix}")).to_be_visible()
            assert (app.settings.posts / "media" / f"unfinished-fr{path.suffix}").is_file()
        assert serious(page, "/posts/unfinished.fr/media") == []
        shown = page.get_by_role("img", name="Ce que montre Salle")
        assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [48, 64]
        loaded = "video => new Promise(done => video.readyState ? done(video.videoWidth) : video.addEventListener('loadedmetadata', () => done(video.videoWidth)))"
        assert page.locator("video").evaluate(loaded) == 64

        clip = page.get_by_label("unfinished-fr.mp4")
        clip.get_by_label(_("What it shows, for those who cannot see it")).fill("La cloche sonne")
        clip.get_by_role("button", name=_("Save")).click()
        expect(page.get_by_role("alert")).to_contain_text(_("Saved."))
        assert "La cloche sonne" in draft.read_text(encoding="utf-8")

        for name in ("unfinished-fr.mp4", "unfinished-fr.jpg"):
            gone = page.get_by_label(name)
            gone.get_by_role("button", name=_("Take it out of the draft")).click()
            expect(gone).to_have_count(0)
        expect(page.get_by_text(_("The draft has no picture."))).to_be_visible()
        assert draft.read_bytes() == before


def test_a_file_that_is_too_big_is_not_sent_and_otherwise_refused_in_words(
    address: str, app: Application, browser: Browser, lang: str, tmp_path: Path
) -> None:
    """With JavaScript the field says so; without it, the page that comes back does."""
    big = tmp_path / "big.jpg"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 2_000_000)
    for scripts in (True, False):
        context = browser.new_context(base_url=address, locale=lang, java_script_enabled=scripts)
        with closing(context.new_page()) as page:
            log_in(page, "stagiaire")
            page.goto("/posts/unfinished.fr/media")
            adding = page.get_by_role("region", name=_("Add a picture"))
            field = adding.locator("input[type=file]")
            field.set_input_files(big)
            if scripts:
                assert field.evaluate("field => field.validationMessage") == _(
                    "The file is too big."
                )
                continue
            adding.get_by_label(_("What it shows, for those who cannot see it")).fill("x")
            adding.get_by_role("button", name=_("Add it to the draft")).click()
            expect(page.get_by_role("heading", name=_("This is too large"))).to_be_visible()
    assert not (app.settings.posts / "media").exists()
