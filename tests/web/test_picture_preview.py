"""A picture that was just added: it shows beside the composer before its words are written."""

import html
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from publisher.app import Application
from publisher.base import formats
from publisher.base.i18n import _
from tests.support.desk import Desk, View
from tests.support.forms import Composer
from tests.support.journeys import before_its_scripts, enter, visiting
from tests.support.pages import Visit
from tests.support.photos import photo
from tests.support.tiers import in_tiers
from tests.support.workspaces import Workspace

ADD = """([name, type]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(9)], name, { type }));
    const field = document.querySelector("#upload");
    let taken = "";
    field.addEventListener("change", () => { taken = field.files[0].name; });
    document.querySelector("#compose").dispatchEvent(
        new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    return taken;
}"""


def test_a_new_picture_shows_in_the_preview_at_once_with_what_is_missing(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        page.get_by_label(_("The text"), exact=True).fill("Bonjour.")
        expect(page.locator("#look .look").first).to_contain_text("Bonjour.")  # that check is over
        page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        expect(page.locator("#look .look img[src^='data:']").first).to_be_visible()
        expect(page.locator(".need")).to_have_text(_("Needed before it can go out."))


def test_who_goes_on_typing_while_a_picture_is_prepared_keeps_the_cursor(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        text = page.get_by_label(_("The text"), exact=True)
        text.fill("Bon")

        def slowly(route: Route) -> None:
            if "multipart" in route.request.headers["content-type"]:
                text.press_sequentially("jour.")
            route.continue_()

        page.route("**/new", slowly)
        page.locator("#upload").set_input_files(photo(tmp_path / "salle.jpg"))
        expect(page.locator(".picture")).to_have_count(1)
        expect(page.locator("#preparing")).to_be_hidden()
        expect(text).to_be_focused()
        expect(text).to_have_value("Bonjour.")
        expect(page.locator("#look .look").first).to_contain_text("Bonjour.")
        expect(page.locator(".htmx-request")).to_have_count(0)


def test_a_picture_without_words_is_shown_and_not_submitted(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    (workspace.path / "posts" / "media").mkdir(exist_ok=True)
    photo(workspace.path / "posts" / "media" / "day.jpg")
    front = "at: 2016-03-09 10:00\nto: [bice-page]\nmedia:\n- file: media/day.jpg"
    workspace.draft("without.fr", front, "Bonjour.")
    staff.get("/posts/without.fr")
    assert '<img src="data:image/jpeg;base64' in staff.page
    assert "The picture has no description." in staff.text
    form = Composer(staff, "/posts/without.fr/edit")
    assert form.send("submit").status_code == 400
    assert not app.queries.deliveries(post="without.fr")


def test_a_document_is_dropped_as_a_picture_is_and_a_heic_of_unknown_type_too(
    address: str, browser: Browser
) -> None:
    with visiting(browser, address) as page:
        enter(page, "stagiaire")
        page.goto("/new")
        page.route("**/new", lambda route: route.fulfill(status=204))
        for name, kind in (("a.pdf", "application/pdf"), ("b.HEIC", ""), ("c.png", "image/png")):
            assert page.evaluate(ADD, [name, kind]) == name
        assert page.evaluate(ADD, ["d.txt", "text/plain"]) == ""


class TestFromThePageOfAPost:
    """A picture for a post is chosen on its page, and described in the composer."""

    @pytest.fixture
    def person(self) -> str:
        return "stagiaire"

    @pytest.mark.parametrize(
        "view",
        in_tiers(View(1440, "fr", "mouse"), View(390, "pl", "touch"), View(820, "en", "keys")),
        ids=str,
    )
    def test_three_presses_and_its_words(self, desk: Desk, tmp_path: Path) -> None:
        """From Today: the post, the picture, submit."""
        post = desk.post("illustrate", "Sans image.", approved=True)
        page = desk.page
        page.goto("/")
        desk.press(page.get_by_role("link", name="Sans image.").first)
        desk.give(page.get_by_label(_("Add a picture")), photo(tmp_path / "salle.jpg"))
        alt = page.get_by_label(_("What it shows, for people who cannot see it"))
        expect(alt).to_be_focused()
        page.keyboard.type("La salle")
        desk.press(page.get_by_role("button", name=_("Submit for approval")))
        desk.told(_("Submitted for approval: {what}.", what=formats.deliveries(2)))
        assert desk.presses == 3
        pictures = [one.content.parts[0].pictures for one in desk.deliveries(post)]
        assert [[one.alt for one in some] for some in pictures] == [["La salle"]] * 2

    def test_one_that_is_chosen_before_the_scripts_are_there_is_sent(
        self, address: str, browser: Browser, tmp_path: Path
    ) -> None:
        with visiting(browser, address) as page:
            enter(page, "stagiaire")
            with before_its_scripts(page, "/posts/day.fr"):
                page.locator("[data-send]").set_input_files(photo(tmp_path / "salle.jpg"))
            alt = page.get_by_label(_("What it shows, for people who cannot see it"))
            expect(alt).to_be_focused()

    def test_nothing_of_the_draft_is_lost(self, staff: Visit, tmp_path: Path) -> None:
        data = photo(tmp_path / "salle.jpg").read_bytes() + bytes(4_000_000)  # as of a phone
        before = Composer(staff, "/posts/day.fr/edit")
        token = {"form": before.values("form")[0]}
        files = [("upload", ("salle.jpg", data, "image/jpeg"))]
        answer = staff.client.post("/posts/day.fr/illustrate", data=token, files=files)
        assert answer.status_code == 200
        for name in ("account", "text", "when", "author", "seen"):
            for value in before.values(name):
                assert html.escape(value, quote=False) in answer.text
        assert "Bonjour de Genève." in answer.text
        assert "Bonjour de Genève." in staff.client.get("/posts/day.fr/illustrate").text
