"""A workspace queued by the real planner, the real server on a free port, and who visits it."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, StorageState, sync_playwright
from sqlalchemy import update
from sqlalchemy.engine import make_url

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import speaking
from publisher.ledger.tables import deliveries
from publisher.model.states import State
from publisher.settings import settings
from tests.support import photos, postgres
from tests.support.clock import ManualClock
from tests.support.desk import Desk, View
from tests.support.journeys import log_in, visiting
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.tiers import in_tiers
from tests.support.uploads import DRAFT
from tests.support.workspaces import Workspace

DATABASE = "PUBLISHER_DATABASE__URL"
SETTINGS = """\
language = "en"
[approval]
required = true
[accounts.bice-x]
channel = "twitter"
organisation = "BICE"
language = "fr"
[accounts.bice-page]
channel = "facebook"
organisation = "BICE"
language = "fr"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
approval = false
"""
SECRETS = """\
[bice-x]
api_key = "planted-secret-1"
api_secret = "planted-secret-2"
access_token = "planted-secret-3"
access_token_secret = "planted-secret-4"
[bice-page]
page_token = "planted-secret-5"
[web]
metrics_token = ""
"""


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that is queued, and its people: made once, and copied for each test.

    Three posts: one for X and Facebook, with a translation, one thread, one on the website.
    """
    made = Workspace(tmp_path_factory.mktemp("web") / "campaign", settings=SETTINGS)
    made.write("secrets.toml", SECRETS).chmod(0o600)
    made.draft("day.fr", "at: annual-day\nauthor: redaction", "Bonjour de Genève. <b>Gras</b>")
    made.draft("day.es", "at: annual-day\nto: [bice-site]", "Buenos días.")
    made.draft("later.fr", "at: 2016-03-08 12:00\nto: [bice-x]", "Un.\n\n---\nDeux.")
    made.draft("site/news.fr", "at: 2016-03-07 09:30\nto: [bice-site]", "Une nouvelle.")
    made.draft("unfinished.fr", "to: [bice-x]", "Sans heure.")
    _queue(made.path, {})
    return made.path


def _queue(folder: Path, environment: Mapping[str, str]) -> None:
    app = opened(folder, environment)
    fill(app)
    app.close()


def fill(app: Application) -> None:
    """Queue the drafts, and let people in."""
    app.database.migrate()
    assert not app.planner.queue(actor="redaction").errors
    for name, rank in (
        ("redaction", Rank.MANAGER), ("stagiaire", Rank.STAFF),
        ("direction", Rank.MANAGER), ("chef", Rank.ADMIN),
    ):  # fmt: skip
        app.people.add(name, rank, PASSWORD)


@pytest.fixture(scope="session")
def postgres_original(original: Path, postgres_server: postgres.Server) -> Iterator[str]:
    """The same ledger on PostgreSQL: the name of its database."""
    with postgres_server.database() as url:
        _queue(original, {DATABASE: url})
        yield str(make_url(url).database)


@pytest.fixture
def kind() -> str:
    """The database below the pages; modules whose tests are about the ledger ask for both."""
    return "sqlite"


@pytest.fixture
def environment(kind: str, request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """What leads to this test's copy of the ledger."""
    if kind == "sqlite":
        yield {}
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database(request.getfixturevalue("postgres_original")) as url:
        yield {DATABASE: url}


@pytest.fixture
def workspace(original: Path, tmp_path: Path) -> Workspace:
    return Workspace.at(shutil.copytree(original, tmp_path / "campaign"))


@pytest.fixture
def app(workspace: Workspace, environment: Mapping[str, str]) -> Iterator[Application]:
    """It is 7 March 2016, 06:00 UTC, two hours before the annual day begins."""
    app = opened(workspace.path, environment)
    yield app
    app.close()


def opened(folder: Path, environment: Mapping[str, str] | None = None) -> Application:
    clock = ManualClock()
    clock.set(-7200)
    return Application(settings.load(folder, environment or {}), clock)


def published(app: Application, post: str) -> None:
    """Each of its deliveries is out, whatever stood in its way."""
    with app.database.write() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.post == post)
            .values(
                state=State.PUBLISHED, published_at=app.clock.now(), remote_ids='["4711"]',
                url="https://example.org/4711",
            )
        )  # fmt: skip


@pytest.fixture
def address(app: Application) -> Iterator[str]:
    """The real server."""
    with serving(app) as address:
        yield address


@pytest.fixture
def anonymous(address: str) -> Iterator[Visit]:
    """A browser in which nobody is logged in."""
    with Visit(address) as visit:
        yield visit


@pytest.fixture
def manager(address: str) -> Iterator[Visit]:
    with Visit(address) as visit:
        visit.enter("direction")
        yield visit


@pytest.fixture
def staff(address: str) -> Iterator[Visit]:
    with Visit(address) as visit:
        visit.enter("stagiaire")
        yield visit


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    options.append(
        "--disable-software-rasterizer"
    )  # it would paint as a graphics card does, slowly
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared(
    original: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, Application, str]]:
    """A workspace and its server for all journeys of a module; its own posts are out of the way."""
    folder = tmp_path_factory.mktemp("journeys") / "campaign"
    workspace = Workspace.at(shutil.copytree(original, folder))
    app = opened(folder)
    for post in ("day.fr", "day.es", "later.fr", "site/news.fr"):
        workspace.remove(post)
        app.control.cancel(post, None, "chef", "others come")
    with serving(app) as address:
        yield workspace, app, address
    app.close()


@pytest.fixture(scope="module")
def log_ins() -> dict[str, StorageState]:
    """Cookies of those who are logged in already, by name."""
    return {}


@pytest.fixture
def desk(
    shared: tuple[Workspace, Application, str],
    browser: Browser,
    log_ins: dict[str, StorageState],
    person: str,
    view: View,
) -> Iterator[Desk]:
    """The person of a module at the desk, in the view of a journey; they stand on Today."""
    workspace, app, address = shared
    with speaking(view.lang):
        options = {**view.options, "storage_state": log_ins.get(person)}
        # A page that asks who one is answers 403, of which a browser's console tells.
        with visiting(browser, address, refused=[403], **options) as page:
            if person not in log_ins:
                log_in(page, person)
                log_ins[person] = page.context.storage_state()
            desk = Desk(app, workspace, page, view)
            yield desk
            desk.tidy()


@pytest.fixture(params=in_tiers("en", "fr"))
def lang(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language that the reader's browser asks for, and that the test looks for."""
    with speaking(request.param):
        yield request.param


@pytest.fixture
def media(workspace: Workspace) -> Path:
    folder = workspace.path / "posts/media"
    folder.mkdir()
    Image.new("RGB", (30, 20), "teal").save(folder / "old.png")
    workspace.write("posts/unfinished.fr.md", DRAFT)
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> bytes:
    """With a place and whatever else cameras hide in theirs; 64 pixels wide, to be turned."""
    return photos.photo(tmp_path / "photo.jpg").read_bytes()
