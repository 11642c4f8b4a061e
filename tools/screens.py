# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Photographs every web page of this repository's own campaign, for docs/screens.md and the guides.

    .venv/bin/python -m tools.screens [--into docs/images/screens] [--only today,new]

It is the evening before the annual day. What was due is out, but for one post that failed and one
of which nobody knows; an account is paused. Each page is taken wide in the light, wide in the dark,
and on a phone; those of the guides once more in each of their languages. Nothing is sent anywhere
but to the sandbox.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import LANGUAGES
from publisher.doctor.profiles import refresh
from publisher.ledger.manager.approvals import digest
from publisher.model.deliveries import Claim
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused, Unknown
from publisher.sandbox.accounts import SandboxAccount, secrets_toml
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings import sandbox_mode, settings
from tests.support import system
from tests.support.clock import ManualClock
from tests.support.delivering import one_by_one
from tests.support.pages import PASSWORD, serving

ROOT = Path(__file__).parents[1]
NOW = datetime(2016, 3, 6, 19, 30, tzinfo=UTC)
EARLY = datetime(2016, 2, 20, 12, tzinfo=UTC)
PAGES = {
    "login": "/login",
    "today": "/",
    "review": "/review?post=2016-03-08-rapport.fr",
    "review-many": "/review/many?post=2016-03-08-rapport.fr&post=2016-03-08-rapport.es",
    "new": "/new?lang=fr",
    "edit": "/posts/2016-03-10-signaler.fr/edit",
    "calendar-month": "/calendar?view=month&day=2016-03-07",
    "calendar-week": "/calendar?day=2016-03-07",
    "calendar-day": "/calendar?view=day&day=2016-03-07",
    "agenda": "/agenda",
    "posts": "/posts",
    "media": "/media",
    "post": "/posts/2016-03-07-ouverture.fr",
    "move": "/posts/2016-03-10-signaler.fr/move",
    "queue": "/posts/2016-03-10-signaler.fr/queue",
    "search": "/search?q=rapport",
    "log": "/log",
    "report": "/report",
    "accounts": "/accounts",
    "consents": "/consents",
    "pause": "/pause",
    "resume": "/resume?account=fdn-x",
    "people": "/people",
    "me": "/me",
    "design": "/design",
}


GUIDES = ("today", "review", "new", "people")
"""The pages that the guides show, each in its own language."""


_PICTURES = """() => Promise.all([...document.images].map((one) => one.complete ||
  new Promise((done) => {
    for (const name of ["load", "error"]) one.addEventListener(name, done);
    one.loading = "eager";
  })))"""
"""Waits until all pictures are there."""


class View(NamedTuple):
    """How a page is looked at."""

    scheme: Literal["light", "dark"]
    width: int
    language: str
    pages: Collection[str]


VIEWS: dict[str, View] = {
    "light": View("light", 1200, "en", PAGES),
    "dark": View("dark", 1200, "en", PAGES),
    "phone": View("light", 390, "en", PAGES),
    **{code: View("light", 1200, code, GUIDES) for code in LANGUAGES if code != "en"},
}
HEIGHT = 800
FAILED, IN_DOUBT = 4, 9
TEXT = (
    "Demain à Genève, quatre pays portent la voix des enfants devant le Conseil. #DroitsDeLEnfant"
)
LONGEST = 1600  # pixels: a page that goes on looks the same below


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images" / "screens")
    parser.add_argument("--only", default="", help="names of pages, with commas between them")
    parser.add_argument("--browser", default=system.program("chromium-headless-shell", "/usr/bin"))
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [*PAGES]
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        app = campaign(Path(folder))
        with serving(app) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=options.browser, args=["--no-sandbox"]
            )
            for view, how in VIEWS.items():
                context = browser.new_context(
                    base_url=address,
                    locale=how.language,
                    color_scheme=how.scheme,
                    viewport={"width": how.width, "height": HEIGHT},
                )
                page = context.new_page()
                for name in photographed(page, [one for one in wanted if one in how.pages]):
                    save(page, how.width, options.into / f"{name}-{view}.webp")
            browser.close()
        app.close()


def campaign(folder: Path) -> Application:
    """The campaign of posts/, queued two weeks ago, and what became of it until now."""
    shutil.copytree(ROOT / "posts", folder / "posts")
    for picture in (folder / "posts" / "media").iterdir():
        os.utime(picture, (EARLY.timestamp(),) * 2)
    text = (ROOT / "publisher.toml").read_text(encoding="utf-8")
    accounts = accounts_for(settings.load(ROOT, {}))
    (folder / "secrets.toml").write_text(secrets_toml(accounts), encoding="utf-8")
    (folder / "secrets.toml").chmod(0o600)
    (folder / "publisher.toml").write_text(
        text.replace('language = "fr"', 'language = "en"', 1) + "\n[approval]\nrequired = true\n",
        encoding="utf-8",
    )
    clock = ManualClock()
    clock.set((EARLY - clock.now()).total_seconds())
    app = Application(settings.load(folder, {}), clock)
    app.database.migrate()
    ask(folder, accounts, clock)
    app.planner.queue(actor="redaction")
    waiting = app.approvals.waiting()
    before = [d.post for d in waiting if d.due_at < NOW + timedelta(days=1)]
    app.approvals.approve(before, None, "direction", {d.id: digest(d) for d in waiting})
    for name, rank in (("direction", Rank.ADMIN), ("redaction", Rank.STAFF), ("lima", Rank.STAFF)):
        app.people.add(name, rank, PASSWORD)
    for number, claim in enumerate(due(app, clock)):
        send(app, claim, outcome(number))
    clock.set((NOW - clock.now()).total_seconds())
    app.control.pause("fdn-x", "a figure is being looked at", "direction")
    draft = folder / "posts" / "2016-03-10-signaler.fr.md"
    draft.write_text(draft.read_text(encoding="utf-8").replace("utiles", "simples"), "utf-8")
    return app


def ask(folder: Path, accounts: Sequence[SandboxAccount], clock: ManualClock) -> None:
    """Ask the sandbox for the accounts' handles and pictures, which the ledger keeps."""
    with running(Sandbox(accounts, clock)) as address:
        servers = dict.fromkeys(sandbox_mode.addresses().values(), address)
        trial = Application(settings.load(folder, servers), clock)
        refresh(trial)
        trial.close()


def due(app: Application, clock: ManualClock) -> Iterator[Claim]:
    """What falls due until now, each at its time."""
    for delivery in sorted(app.queries.deliveries(), key=lambda d: d.not_before):
        if delivery.not_before < NOW:
            clock.set((delivery.not_before - clock.now()).total_seconds())
            yield from app.dispatch.claim(clock.ahead(0.5), clock.ahead(60), 10)


def outcome(number: int) -> Outcome:
    """One failed, one is in doubt; all others are out."""
    if number == FAILED:
        return Refused(Kind.CONTENT, "The platform takes no text of this kind.")
    if number == IN_DOUBT:
        return Unknown("The platform gave no answer (connection reset): it may be out or not.")
    return Accepted(str(707_000_000 + number), f"https://x.example.org/{number}")


def send(app: Application, claim: Claim, what: Outcome) -> None:
    attempts = one_by_one(app)
    delivery = attempts.take(claim)
    while delivery is not None and len(delivery.remote_ids) < len(delivery.content.parts):
        intended = attempts.intend(delivery, app.clock.now(), app.clock.ahead(60))
        if intended is None:
            return
        part = what
        if isinstance(what, Accepted):
            part = Accepted(f"{what.remote_id}{len(intended.remote_ids)}", what.url)
        delivery = attempts.record(intended, part, app.clock.ahead(60))
        if not isinstance(what, Accepted):
            return


def photographed(page: Page, wanted: Collection[str]) -> Iterator[str]:
    """Leads to one page after the other, and names it."""
    page.goto("/login")
    if "login" in wanted:
        yield "login"
    page.locator("#name").fill("direction")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/")
    for name, path in PAGES.items():
        if name in wanted and name != "login":
            page.goto(path)
            if name == "new":
                write(page)
            yield name


def write(page: Page) -> None:
    """Fill in the composer, and wait for how that will look."""
    page.locator("#text-0-1").fill(TEXT)
    page.locator("#when").select_option("item:annual-day")
    expect(page.locator("#look")).to_contain_text(TEXT)
    expect(page.locator("#instant")).not_to_be_empty()


def save(page: Page, width: int, path: Path) -> None:
    """As a small file: the pages have few colours. What stands at the bottom of a window stands at
    the bottom of the picture.
    """
    height = min(LONGEST, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(_PICTURES)
    whole = page.screenshot()
    page.set_viewport_size({"width": width, "height": HEIGHT})
    with Image.open(BytesIO(whole)) as image:
        few = image.convert("RGB").quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.convert("RGB").save(path, lossless=True, method=6)


if __name__ == "__main__":
    main()
