"""The help, built out of docs/: it is whole, obeys the pages' policy, and has four languages."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from playwright.sync_api import Browser, expect

from publisher.base.i18n import LANGUAGES, _, speaking
from publisher.web.routes import help_pages
from tests.support.html import Structure, flaws
from tests.support.journeys import serious, visiting
from tests.support.pages import Visit

ROOT = Path(__file__).parents[2]
GUIDES = ("staff", "manager", "tutorial")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The help as these sources make it; Sphinx is where `make install` put it.

    It is built beside no more of the repository than the image is built from.
    """
    made = tmp_path_factory.mktemp("help")
    for part in ("docs", "publisher"):
        ignored = shutil.ignore_patterns("__pycache__", "help")
        shutil.copytree(ROOT / part, made / "sources" / part, ignore=ignored)
    folder = made / "site"
    done = subprocess.run(
        [sys.executable, made / "sources/docs/site/build.py", folder],
        env={**os.environ, "PYTHONPATH": str(Path(sys.prefix) / "sphinx")},
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def served(site: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> str:
    monkeypatch.setattr(help_pages, "FOLDER", site)
    return address


@pytest.fixture
def reader(served: str) -> Iterator[Visit]:
    """Nobody whom the pages know, with a browser in French."""
    with Visit(served, **{"accept-language": "fr"}) as visit:
        visit.client.follow_redirects = True
        yield visit


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Structure]:
    return {path: Structure(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_docs_is_there(site: Path) -> None:
    """But the gallery of the pages, which the reader has before them."""
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")}
    assert {str(path) for path in sources - built} == {"screens.md"}


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Structure]) -> None:
    """Within the help, to a page and its heading; besides that only to the pages of Publisher."""
    ids = {page: {a["id"] for _, a in found.seen if a.get("id")} for page, found in pages.items()}
    dead = []
    for page, found in pages.items():
        for link in [a["href"] or "" for a in found.all("a")]:
            target, anchor = urldefrag(link)
            if re.match(r"https?:|mailto:", target):
                continue
            path = (page.parent / unquote(target)).resolve() if target else page
            if path != site.parent and (not path.is_file() or (anchor and anchor not in ids[path])):
                dead.append(f"{page.name}: {link}")
    assert dead == []


def test_a_page_fetches_files_of_its_own_alone(site: Path, pages: dict[Path, Structure]) -> None:
    """Scripts, styles, pictures: they are there, and nothing comes from elsewhere."""
    for page, found in pages.items():
        asked = [a["href"] for a in found.all("link") if a.get("rel") != "alternate"]
        asked += [a["src"] for tag in ("script", "img") for a in found.all(tag)]
        for address in asked:
            assert address
            path = (page.parent / unquote(address.partition("?")[0])).resolve()
            assert path.is_file(), f"{page.name}: {address}"
            assert path.is_relative_to(site), f"{page.name}: {address}"
    styles = (site / "_static/help.css").read_text("utf-8")
    assert re.findall(r'url\("([^"]*)"\)', styles) == ["inter.woff2"]
    assert "@import" not in styles


def test_every_page_is_well_made(pages: dict[Path, Structure]) -> None:
    """Nothing is inline, pictures say what they show, each page says its language."""
    for page, found in pages.items():
        assert flaws(page.read_text("utf-8")) == [], page
        assert [image for image in found.all("img") if not image["alt"]] == [], page
        (language,) = [a["lang"] for a in found.all("html")]
        assert language == (page.suffixes[0][1:] if len(page.suffixes) == 2 else "en"), page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guide_has_pictures_and_its_siblings_in_its_language(
    language: str, pages: dict[Path, Structure], site: Path
) -> None:
    """Guides and tutorial first, then the reference; and the way to each other language."""
    for guide in GUIDES:
        found = pages[site / f"guides/{guide}.{language}.html"]
        assert found.all("img")
        links = [(a["href"] or "").rpartition("/")[2] for a in found.all("a")]
        named = [link for link in links[1:] if link.endswith(".html")][1:]
        assert named[:4] == [*(f"{name}.{language}.html" for name in GUIDES), "drafts.html"]
        others = {a["hreflang"] for a in found.all("link") if a.get("rel") == "alternate"}
        assert others == {*LANGUAGES} - {language}


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_opens_the_guide_in_the_readers_language(served: str, language: str) -> None:
    """Also for somebody who is not logged in: who cannot log in needs it most."""
    with Visit(served, **{"accept-language": language}) as visit:
        for path, guide in (("/help", "staff"), ("/help?guide=manager", "manager")):
            answer = visit.get(path)
            page = f"/help/guides/{guide}.{language}.html"
            assert (answer.status_code, answer.headers["location"]) == (303, page)
            assert f'<html lang="{language}"' in visit.get(page).text
        assert visit.get("/help?guide=../../x").status_code == 400


def test_the_pages_lead_to_the_help(served: str, manager: Visit, anonymous: Visit) -> None:
    """Every one; those that only managers see to the managers' guide."""
    assert manager.get("/posts").text.count('href="/help"') == 2
    assert manager.get("/review").text.count('href="/help?guide=manager"') == 2
    assert anonymous.get("/login").text.count('href="/help"') == 1


def test_the_answers_of_the_help_have_the_pages_guards(reader: Visit) -> None:
    """And may be kept, but are asked for again: an upgrade brings others under the same name."""
    for path in ("/help/", "/help/search.html", "/help/_static/help.css", "/help/nowhere.html"):
        answer = reader.get(path)
        assert answer.status_code == (404 if "nowhere" in path else 200)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
    answer = reader.get("/help/commands.html")
    assert answer.headers["cache-control"] == "no-cache"
    again = reader.get("/help/commands.html", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_where_it_was_not_built_the_page_says_how(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_pages, "FOLDER", tmp_path / "nothing")
    with Visit(address) as visit:
        assert visit.get("/help").status_code == 404
        assert "make install" in visit.text
        assert visit.get("/help/index.html").status_code == 404


def test_it_searches_without_a_network(served: str, browser: Browser) -> None:
    """In French words and script messages; a French guide comes before the English reference."""
    with speaking("fr"), visiting(browser, served, locale="fr") as page:
        page.goto("/login")
        page.get_by_role("link", name=_("Help")).click()
        page.wait_for_url("**/help/guides/staff.fr.html")
        search = page.get_by_role("search").get_by_role("searchbox")
        search.fill("embargo")
        search.press("Enter")
        expect(page.locator("#search-progress, #search-results")).to_contain_text(
            ["", "Recherche terminée"]
        )
        results = page.locator("#search-results li")
        expect(results.first).to_contain_text("Guide")
        expect(results.first.locator(".context")).to_contain_text("embargo")
        expect(results.filter(has_text="Drafts").first).to_be_visible()
        results.first.get_by_role("link").click()
        page.wait_for_url("**/help/guides/*.fr.html*")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_that_finds_nothing_says_so(served: str, browser: Browser, language: str) -> None:
    """In the reader's language, and without what there is not here: categories."""
    words = tomllib.loads((ROOT / "docs/site/words.toml").read_text("utf-8"))
    with visiting(browser, served) as page:
        page.goto(f"/help/search.{language}.html?q=xyzzyx")
        expect(page.locator("#search-results")).to_contain_text(words[language]["nothing"])


def test_a_picture_is_told_to_be_one(reader: Visit, site: Path) -> None:
    (name,) = {path.name for path in site.glob("_images/today-fr.*")}
    assert reader.get(f"/help/_images/{name}").headers["content-type"] == "image/webp"


def test_each_language_is_searched_by_its_own_stems(
    served: str, site: Path, browser: Browser
) -> None:
    """Also by forms that no page has; English words find the reference from each language."""
    text = "".join(path.read_text("utf-8") for path in site.rglob("*.html")).casefold()
    for language, word, page in (
        ("fr", "approuvassent", "guides/manager.fr.html"),
        ("es", "aprobaríamos", "guides/manager.es.html"),
        ("pl", "zgoda", "guides/manager.pl.html"),
        ("pl", "idempotencies", "api.html"),
        ("fr", "idempotencies", "api.html"),
    ):
        assert (word in text) == (word == "zgoda")
        with visiting(browser, served) as visit:
            visit.goto(f"/help/search.{language}.html?q={word}")
            found = visit.locator(f"#search-results li a[href^='{page}']")
            expect(found.first).to_be_visible()


_READ = ("guides/staff.fr.html", "guides/tutorial.en.html", "commands.html", "states.html",
         "search.pl.html?q=zgoda", "index.html")  # fmt: skip


@pytest.mark.deep
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_can_be_read(served: str, browser: Browser, width: int, scheme: str) -> None:
    """On a phone and at a desk: nothing hangs out, nothing keeps anybody from reading."""
    size = {"width": width, "height": 900}
    with visiting(browser, served, viewport=size, color_scheme=scheme) as page:
        for path in _READ:
            page.goto(f"/help/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert serious(page, path) == []
            expect(page.locator(".rail")).to_be_visible(visible=width > 900)
        if width < 900:
            page.get_by_role("button", name="Menu").click()
            expect(page.locator(".rail [href='commands.html']")).to_be_visible()


def test_what_publishes_does_without_sphinx() -> None:
    for name in ("run", "build", "smoke"):
        pinned = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
        assert not re.search(r"^(sphinx|myst-parser)==", pinned, re.MULTILINE), name
