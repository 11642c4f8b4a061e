"""Pages in a real browser, as people use them."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, expect

from publisher.base.i18n import _
from tests.support.pages import PASSWORD

_PATIENCE = 20_000  # milliseconds
expect.set_options(timeout=_PATIENCE)  # of all tests in a browser: a machine may be busy


@contextmanager
def visiting(
    browser: Browser, address: str, refused: Collection[int] = (), **options: object
) -> Iterator[Page]:
    """A page whose console stays silent: nothing is blocked, nothing breaks.

    `refused`: what the server may answer, of which a browser's console tells.
    """
    context = browser.new_context(base_url=address, accept_downloads=True, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # A browser that is led on at once gives up the transition between two pages, or leaves the
    # cursor where it was put already, and says so; htmx says so of a check that a newer one takes
    # the place of. A failure has lines of its own.
    given_up = (
        "Transition was skipped", "Transition was aborted", "Autofocus processing was blocked",
        "htmx:sendAbort", "htmx:afterRequest",
    )  # fmt: skip
    complaints = [one for one in complaints if not any(part in one for part in given_up)]
    foreseen = [f"{told} {status} " for status in refused for told in ("a status of", "Error Code")]
    complaints = [one for one in complaints if not any(part in one for part in foreseen)]
    assert not complaints, complaints


def log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label(_("Name")).fill(name)
    page.get_by_label(_("Password")).fill(PASSWORD)
    page.get_by_role("button", name=_("Log in"), exact=True).click()
    expect(page.get_by_role("heading", name=_("Today"))).to_be_visible()


def enter(page: Page, name: str) -> None:
    """Log in without the form, which takes as long as opening two pages; they stand on Today."""
    shown = page.request.get("/login").text()
    (token,) = re.findall(r'name="form" value="([0-9a-f]+)"', shown)
    form = {"form": token, "name": name, "password": PASSWORD}
    answer = page.request.post("/login", form=form, max_redirects=0)
    assert answer.status == 303
    page.goto(answer.headers["location"])
    expect(page.get_by_role("heading", name=_("Today"))).to_be_visible()


def serious(page: Page, path: str) -> list[str]:
    """What axe finds that keeps somebody from using a page, once its styles are there."""
    page.wait_for_load_state("load")
    page.evaluate(AXE_SCRIPT)
    # Of all that it looked at, only what it objects to is handed over: the rest takes as long.
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(all => all.violations)")
    return [
        f"{path}: {flaw['id']}: {flaw['nodes'][0]['html'][:120]}"
        for flaw in found
        if flaw["impact"] in ("serious", "critical")
    ]


@contextmanager
def before_its_scripts(page: Page, path: str) -> Iterator[None]:
    """A page is open and its scripts are on their way; they arrive at the end."""
    scripts: list[Route] = []
    page.route("**/htmx.min.*.js", lambda script: scripts.append(script))  # noqa: PLW0108 - no builtin
    page.goto(path, wait_until="commit")
    yield
    for script in scripts:
        script.continue_()
