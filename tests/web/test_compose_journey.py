"""The composer in a real browser: by whom it is used, with and without JavaScript."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from publisher.app import Application
from publisher.base import formats
from publisher.base.i18n import _, speaking
from publisher.media.media_file import MAX_BYTES
from publisher.model.states import State
from tests.support.journeys import before_its_scripts, enter, log_in, serious, visiting
from tests.support.pages import Visit
from tests.support.photos import photo
from tests.support.tiers import in_tiers
from tests.support.videos import video
from tests.support.workspaces import Workspace

_POST = "la-seance-commence.fr"
_TEXT = "La séance commence"


@contextmanager
def counting_clicks(page: Page) -> Iterator[list[str]]:
    """What is clicked on; a choice in a list counts as one click."""
    clicked: list[str] = []
    page.expose_function("clicked", lambda what: clicked.append(what))  # noqa: PLW0108 - Playwright marks it
    page.add_init_script(
        "document.addEventListener('click', e => { if (e.detail) clicked(e.target.tagName + ' ' + e.target.textContent.trim().slice(0, 30)) }, true);"
        "document.addEventListener('change', e => { if (e.target.matches('select')) clicked('select ' + e.target.name) }, true);"
    )
    yield clicked


def test_what_is_typed_before_the_scripts_are_there_is_counted(
    address: str, browser: Browser
) -> None:
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        log_in(page, "stagiaire")
        with before_its_scripts(page, "/new"):
            page.get_by_label(_("The text"), exact=True).fill(_TEXT)
        expect(page.locator("#counts")).to_contain_text(
            _("{used} of {limit}", used=len(_TEXT), limit=280)
        )


def test_a_picture_that_is_chosen_before_the_scripts_are_there_is_added(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address) as page:
        log_in(page, "stagiaire")
        with before_its_scripts(page, "/new"):
            page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        alt = page.get_by_label(_("What it shows, for people who cannot see it"))
        expect(alt).to_be_focused()


def test_a_new_post_to_three_accounts_with_a_picture_at_an_agenda_item(
    address: str, app: Application, browser: Browser, tmp_path: Path
) -> None:
    """Six clicks besides typing; another person approves exactly that; in French."""
    picture = photo(tmp_path / "salle.jpg")
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        with counting_clicks(page) as clicked:
            log_in(page, "stagiaire")
            clicked.clear()
            page.goto("/")
            page.get_by_role("link", name=_("New post")).first.click()
            page.get_by_label(_("The text"), exact=True).fill(_TEXT)
            expect(page.locator("#counts")).to_contain_text(
                _("{used} of {limit}", used=len(_TEXT), limit=280)
            )
            page.locator(".account-chip", has=page.locator("[value=bice-site]")).click()
            page.locator("#upload").set_input_files(picture)  # as if it was dropped
            alt = page.get_by_label(_("What it shows, for people who cannot see it"))
            expect(alt).to_be_focused()
            page.keyboard.type("La salle XX, vide")
            page.get_by_label(_("When it goes out")).select_option("item:annual-day")
            expect(page.locator("#instant")).to_contain_text("09:00")
            expect(page.locator("#look")).to_contain_text(_TEXT)
            assert serious(page, "/new") == []
            page.get_by_role("button", name=_("Submit for approval")).click()
            expect(
                page.get_by_text(_("Submitted for approval: {what}.", what=formats.deliveries(2)))
            ).to_be_visible()
            assert len(clicked) <= 6, clicked
        draft = (app.settings.posts / f"{_POST}.md").read_text("utf-8")
        assert "at: annual-day\nto: [bice-x, bice-page, bice-site]\n" in draft
        assert 'file: media/la-seance-commence-fr.jpg\n    alt: "La salle XX, vide"' in draft
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        log_in(page, "direction")
        page.get_by_role("link", name=_TEXT).first.click()
        expect(page.locator(".reviewed")).to_contain_text(_TEXT)
        page.get_by_role("button", name=_("Approve")).last.click()
        told = _("Approved: {what}.", what=formats.deliveries(2))
        expect(page.get_by_text(told)).to_be_visible()
    states = {d.state for d in app.queries.deliveries(post=_POST)}
    assert states == {State.SCHEDULED}


def test_the_same_without_javascript(
    address: str, app: Application, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=address, locale="fr", java_script_enabled=False)
    page = context.new_page()
    with speaking("fr"):
        log_in(page, "stagiaire")
        page.goto("/new")
        page.get_by_label(_("The text"), exact=True).fill(_TEXT)
        page.locator(".account-chip", has=page.locator("[value=bice-site]")).click()
        page.get_by_role("button", name=_("Next part of a thread")).first.click()
        page.get_by_label(_("Part {number}", number=2)).first.fill("Et voilà.")
        page.get_by_text(_("A different text for a platform or an account")).click()
        page.locator(".own-text", has_text="Facebook").first.locator("summary").click()
        page.get_by_label(_("Text for {name}", name="Facebook"), exact=True).fill("Long.")
        page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        page.get_by_role("button", name=_("Add it"), exact=True).click()
        expect(page.get_by_label(_("Part {number}", number=2)).first).to_have_value("Et voilà.")
        page.get_by_label(_("When it goes out")).select_option("item:annual-day")
        page.get_by_role("button", name=_("Submit for approval")).click()
        expect(page.locator("#flaws-media")).to_contain_text(_("The picture has no description."))
        page.get_by_label(_("What it shows, for people who cannot see it")).fill("La salle")
        page.get_by_role("button", name=_("Submit for approval")).click()
        expect(page.locator("main").get_by_role("alert").first).to_contain_text(
            _("Submitted for approval: {what}.", what=formats.deliveries(2))
        )
    context.close()
    draft = (app.settings.posts / f"{_POST}.md").read_text("utf-8")
    assert draft.endswith(f"---\n{_TEXT}\n\n---\n\nEt voilà.\n\n## facebook\nLong.\n")
    made = app.queries.deliveries(post=_POST)
    assert {d.account for d in made} == {"bice-x", "bice-page", "bice-site"}


@pytest.mark.parametrize("width", in_tiers(1440, 390))
def test_whoever_submits_without_a_time_has_the_cursor_where_it_is_chosen(
    address: str, app: Application, browser: Browser, width: int
) -> None:
    """The question is beside it, in sight; two presses later it is sent."""
    size: ViewportSize = {"width": width, "height": 800}
    with visiting(browser, address, refused=[400], viewport=size) as page:
        log_in(page, "stagiaire")
        page.goto("/new")
        page.get_by_label(_("The text"), exact=True).fill(_TEXT)
        page.get_by_role("button", name=_("Submit for approval")).click()
        when = page.get_by_label(_("When it goes out"))
        expect(when).to_be_focused()
        expect(when).to_be_in_viewport(ratio=1)
        asked = page.locator("#flaws-when .flaw")
        expect(asked).to_be_in_viewport(ratio=1)
        bottom, bar = asked.bounding_box(), page.locator("#compose .bar").bounding_box()
        assert bottom and bar  # noqa: PT018
        assert bottom["y"] + bottom["height"] <= bar["y"]
        for _step in ("a time", "as soon as possible"):
            page.keyboard.press("ArrowDown")
        expect(when).to_have_value("now")
        expect(asked).to_have_count(0)
        page.get_by_role("button", name=_("Submit for approval")).click()
        told = _("Submitted for approval: {what}.", what=formats.deliveries(2))
        expect(page.get_by_text(told)).to_be_visible()
    assert len(app.queries.deliveries(post=_POST)) == 2


def test_a_typo_and_a_picture_of_a_scheduled_post_take_three_clicks(
    address: str, app: Application, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address) as page, counting_clicks(page) as clicked:
        enter(page, "stagiaire")
        for number in range(2):
            page.goto("/")
            clicked.clear()
            page.get_by_role("link", name="Bon").first.click()
            page.get_by_role("link", name=_("Edit"), exact=True).click()
            if number:
                page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
                expect(
                    page.get_by_label(_("What it shows, for people who cannot see it"))
                ).to_be_focused()
                page.keyboard.type("La salle")
            else:
                page.get_by_label(_("The text"), exact=True).fill("Bonsoir de Genève.")
            page.get_by_role("button", name=_("Submit for approval")).click()
            expect(page.get_by_text("Submitted for approval: 2 deliveries.")).to_be_visible()
            assert len(clicked) == 3, clicked
    (content,) = {d.content for d in app.queries.deliveries(post="day.fr", account="bice-x")}
    assert content.parts[0].text == "Bonsoir de Genève."
    assert content.parts[0].pictures[0].alt == "La salle"


def test_what_was_typed_outlasts_a_closed_browser(
    address: str, app: Application, browser: Browser, lang: str
) -> None:
    """It is offered again, with parts and accounts: used, or thrown away; not when it was saved."""
    context = browser.new_context(base_url=address, locale=lang)
    page = context.new_page()
    enter(page, "stagiaire")

    def offered() -> bool:
        page.goto("/new")
        return page.locator("#unsaved").is_visible()

    assert not offered()
    page.get_by_label(_("The text"), exact=True).fill("Un.")
    page.get_by_role("button", name=_("Next part of a thread")).first.click()
    page.get_by_label(_("Part {number}", number=2)).first.fill("Deux.")
    page.locator(".account-chip", has=page.locator("[value=bice-site]")).click()
    expect(page.locator("#kept")).to_be_visible()
    page.close()
    page = context.new_page()
    assert offered()
    page.get_by_role("button", name=_("Use it")).click()
    expect(page.get_by_label(_("Part {number}", number=2)).first).to_have_value("Deux.")
    expect(
        page.locator(".account-chip", has=page.locator("[value=bice-site]")).locator("input")
    ).to_be_checked()
    assert offered(), "it is not saved yet"
    page.get_by_role("button", name=_("Use it")).click()
    page.get_by_role("button", name=_("Keep as draft")).click()
    expect(page.locator("#live")).to_be_visible()
    assert not offered()
    page.get_by_label(_("The text"), exact=True).fill("Trois.")
    expect(page.locator("#kept")).to_be_visible()
    assert offered()
    page.get_by_role("button", name=_("Discard it")).click()
    assert not offered()
    context.close()


def test_what_one_person_typed_is_not_offered_to_another(address: str, browser: Browser) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    log_in(page, "stagiaire")
    page.goto("/new")
    page.get_by_label("The text", exact=True).fill("Un secret.")
    expect(page.locator("#kept")).to_be_visible()
    context.clear_cookies()
    log_in(page, "direction")
    page.goto("/new")
    expect(page.locator("#unsaved")).to_be_hidden()
    page.get_by_label("The text", exact=True).fill("Connu de tous.")
    expect(page.locator("#kept")).to_be_visible()
    page.get_by_role("button", name="Keep as draft").click()
    expect(page.locator("#live")).to_be_visible()
    kept = page.evaluate("() => JSON.stringify(localStorage)")
    assert "Un secret." in kept
    assert "Connu de tous." not in kept
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    assert page.evaluate("() => localStorage.length") == 0
    context.close()


def test_pictures_are_pasted_dropped_moved_and_a_video_is_shown(
    address: str, app: Application, browser: Browser, tmp_path: Path
) -> None:
    memory = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(memory, "PNG")
    paste = """([data, type]) => {
        const files = new DataTransfer();
        files.items.add(new File([Uint8Array.from(data)], "image.png", {type: "image/png"}));
        const event = type === "paste" ? new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true})
          : new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true});
        document.querySelector("#compose textarea").dispatchEvent(event);
    }"""
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/posts/unfinished.fr/edit")
        for number, kind in enumerate(("paste", "drop"), 1):
            page.evaluate(paste, [[*memory.getvalue()], kind])
            expect(page.locator(".picture")).to_have_count(number)
            page.keyboard.type(f"Image {number}")
        page.get_by_role("button", name="Earlier").click()
        alt = page.get_by_label("What it shows, for people who cannot see it")
        expect(alt.first).to_have_value("Image 2")
        page.locator("#upload").set_input_files(video(tmp_path / "clip.mp4", seconds=1))
        clip = page.locator(".picture video")
        loaded = "video => new Promise(done => video.readyState ? done(video.videoWidth) : video.addEventListener('loadedmetadata', () => done(video.videoWidth)))"
        assert clip.evaluate(loaded) == 64
        page.keyboard.type("La cloche")
        assert serious(page, "/posts/unfinished.fr/edit") == []
        page.get_by_role("button", name="Keep as draft").click()
        expect(page.get_by_role("alert").first).to_contain_text("Saved.")
    text = (app.settings.posts / "unfinished.fr.md").read_text("utf-8")
    assert [text.index(f"alt: {alt}") for alt in ("Image 2", "Image 1", "La cloche")] == sorted(
        text.index(f"alt: {alt}") for alt in ("Image 2", "Image 1", "La cloche")
    )


def test_a_file_that_is_too_big_is_not_sent_and_otherwise_refused_in_words(
    address: str, app: Application, browser: Browser, tmp_path: Path
) -> None:
    big = tmp_path / "big.jpg"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 2_000_000)
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/posts/unfinished.fr/edit")
        field = page.locator("#upload")
        field.set_input_files(big)
        assert field.evaluate("field => field.validationMessage") == "The file is too big."
        field.set_input_files(_web_page(tmp_path))
        expect(page.locator("#wrong")).to_contain_text("is a web page, not a picture.")
        expect(page.get_by_label("The text", exact=True)).to_have_value("Sans heure.")
    assert not (app.settings.posts / "media").exists()


def _web_page(folder: Path) -> Path:
    path = folder / "a.jpg"
    path.write_text("<!doctype html><title>No picture</title>")
    return path


def test_a_post_is_written_by_keyboard_alone(
    address: str, app: Application, browser: Browser
) -> None:
    """Enter in a field sends nothing off."""
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        page.locator("input[name=account][value=bice-page]").focus()
        page.keyboard.press("Space")
        page.get_by_label("The text", exact=True).focus()
        page.keyboard.type("Bonjour")
        page.get_by_label("When it goes out").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_label("When it goes out")).to_have_value("time")
        page.keyboard.press("Tab")
        page.get_by_label("Time (Europe/Zurich)").first.fill("2016-03-09T10:00")
        page.keyboard.press("Enter")
        expect(page.locator("#instant")).to_contain_text("Wed 9 Mar 2016, 10:00")
        assert not app.queries.known_posts(["2016-03-09-bonjour.fr"])
        page.get_by_role("button", name="Submit for approval").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Submitted for approval: 1 delivery.")).to_be_visible()
    assert {d.account for d in app.queries.deliveries(post="2016-03-09-bonjour.fr")} == {"bice-x"}


def test_the_text_of_a_channel_is_a_tab(address: str, app: Application, browser: Browser) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/posts/day.fr/edit")
        page.get_by_role("button", name="Facebook", exact=True).click()
        page.get_by_label("Text for Facebook", exact=True).fill("Plus long.")
        expect(page.get_by_label("The text", exact=True)).to_be_hidden()
        expect(page.locator("#look")).to_contain_text("Plus long.")
        page.locator("input[name=account][value=bice-page]").uncheck()
        expect(page.get_by_role("button", name="Facebook", exact=True)).to_be_visible()
        page.get_by_role("button", name="For all").click()
        expect(page.get_by_label("The text", exact=True)).to_be_visible()
        expect(page.locator("#flaws-text")).to_contain_text("is not used")


def test_another_persons_change_meanwhile_is_shown(
    address: str, app: Application, browser: Browser, workspace: Workspace
) -> None:
    with visiting(browser, address, refused=[409]) as page, Visit(address) as other:
        enter(page, "stagiaire")
        other.log_in("direction")
        page.goto("/posts/day.fr/edit")
        page.get_by_label("The text", exact=True).fill("Le mien.")
        workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
        page.get_by_role("button", name="Submit for approval").click()
        expect(page.get_by_role("alert").first).to_be_in_viewport()
        expect(page.get_by_role("alert").first).to_contain_text("saved a newer version")
        expect(page.locator(".clash")).to_contain_text("Bonsoir")
        expect(page.get_by_label("The text", exact=True)).to_have_value("Le mien.")
        page.get_by_label("What stays").select_option("mine")
        page.locator(".merge").get_by_role("button", name="Combine the two").click()
        expect(page.get_by_role("alert").first).to_contain_text("combined below")
        page.get_by_role("button", name="Submit for approval").click()
        expect(page.get_by_text("Submitted for approval: 2 deliveries.")).to_be_visible()


def test_the_hint_on_a_missing_alternative_text_turns_red_when_its_field_is_left(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        need, field = page.locator(".need"), page.locator("textarea[name=alt]")
        expect(need).to_be_visible()
        expect(field).to_be_focused()
        color = "element => getComputedStyle(element).color"
        quiet = need.evaluate(color)
        expect(page.locator("#flaws-media")).to_be_empty()
        field.press_sequentially("La")
        expect(need).to_be_hidden()
        field.fill("")
        page.get_by_label(_("The text"), exact=True).focus()
        expect(need).to_be_visible()
        expect(need).not_to_have_css("color", quiet)
        expect(page.locator("#flaws-media")).to_be_empty()


def test_what_a_new_picture_shows_is_asked_for_in_sight(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address, viewport={"width": 1366, "height": 768}) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        alt = page.get_by_label(_("What it shows, for people who cannot see it"))
        expect(alt).to_be_focused()
        field, bar = alt.bounding_box(), page.locator(".compose .bar").bounding_box()
        assert field and bar  # noqa: PT018
        assert field["y"] + field["height"] <= bar["y"]


def test_fields_of_some_channels_come_and_go_with_the_accounts(
    address: str, browser: Browser
) -> None:
    """At once, without the server; what is filled in stays to be seen."""
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        made_with_ai, link_in = page.locator("[name=made_with_ai]"), page.locator("[name=link_in]")
        page.locator("#more summary").click()
        expect(made_with_ai).to_be_visible()
        expect(link_in).to_be_visible()
        expect(page.locator("[name=content_warning]")).to_be_hidden()
        link_in.select_option("comment")
        for account in ("bice-x", "bice-page"):
            page.locator(f"[name=account][value={account}]").uncheck()
        expect(made_with_ai).to_be_hidden()
        expect(link_in).to_be_visible()
