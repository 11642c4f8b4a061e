"""How long each web page and download takes with 100,000 deliveries in the ledger, and as many
comments of readers.

The ledger is made for the purpose (see ledger.py), the server is `publisher web`, and one visitor
who is logged in asks for one page after the other. Beside the median and the worst stands how many
times as long as a static file of the same server a page takes, and what it takes of the processor,
which a busy machine changes less.

Then Chromium opens each page with an empty cache, as wide as a laptop and as a phone: when it has
painted something, what it has got over the network, and how far its parts have moved meanwhile (the
browser's own figures: first contentful paint, transferred bytes, cumulative layout shift). The
first paint is the least of several openings: what else runs on the machine can only add to it.

    .venv/bin/python benchmarks/pages.py [--deliveries 100000] [--rounds 20] [--postgresql URL]
        [--drafts 3000] [--only WORD] [--keep FOLDER]

`--postgresql` names an empty database, as `postgresql+psycopg://user@host/name`. `--keep` leaves
the workspace in a folder, and takes it from there the next time.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import func, select

from benchmarks import ledger, page
from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.clock import SystemClock
from publisher.ledger.tables import deliveries, microseconds
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from publisher.settings import settings
from publisher.web.routes import assets

STATIC = assets.address("web.css")
DRAWN = 12
NAME, PASSWORD = "direction", "plough wicker ostrich"
SESSION = """\
name: Session
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--drafts", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--postgresql", metavar="URL")
    parser.add_argument("--only", default="", metavar="WORD", help="addresses with this in them")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.postgresql:
        os.environ["PUBLISHER_DATABASE__URL"] = options.postgresql
    with tempfile.TemporaryDirectory() as temporary:
        workspace = options.keep or Path(temporary)
        if not (workspace / "publisher.toml").exists():
            make(workspace, options.deliveries, options.drafts)
        addresses = [one for one in pages(workspace) if options.only in one]
        with (
            serving(workspace) as (address, server),
            httpx.Client(base_url=address, timeout=120) as visitor,
        ):
            log_in(visitor)
            asked = (STATIC, *addresses)
            found = {one: measure(visitor, server, one, options.rounds) for one in asked}
            opened_by = painted(address, visitor, [one for one in addresses if is_page(one)])
        tell(found)
        tell_painted(opened_by)
        page.keep("pages", [*told(found), *told_painted(opened_by)])


def make(workspace: Path, count: int, drafts: int) -> None:
    (workspace / "posts").mkdir(parents=True)
    (workspace / "publisher.toml").write_text(ledger.SETTINGS, encoding="utf-8")
    (workspace / "posts" / "session.yaml").write_text(SESSION, encoding="utf-8")
    for number in range(drafts):
        lang = list(ledger.TEXTS)[number % 4]
        text = f"---\nat: 2016-03-07 09:00\n---\n{number}. {ledger.TEXTS[lang]}\n"
        (workspace / "posts" / f"draft-{number}.{lang}.md").write_text(text, encoding="utf-8")
    app = opened(workspace)
    app.database.migrate()
    ledger.fill(app, count)
    ledger.fill_with_comments(app, count)
    app.people.add(NAME, Rank.ADMIN, PASSWORD)
    app.close()


def opened(workspace: Path) -> Application:
    return Application(settings.load(workspace), SystemClock())


def pages(workspace: Path) -> Iterator[str]:
    """The addresses of all pages and downloads that read the ledger."""
    app = opened(workspace)
    now = app.clock.now()
    with app.database.read() as connection:
        count = connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
        row = connection.execute(
            select(deliveries.c.post, deliveries.c.due_at, deliveries.c.id)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .offset(count // 20)
            .limit(1)
        ).one()
    app.close()
    deep = f"after={microseconds(row.due_at)}-{row.id}"
    week = f"{now - timedelta(days=7):%Y-%m-%d}"
    yield from (
        "/",
        "/?part=live",
        "/answers?part=live",
        "/review",
        "/calendar",
        "/search?q=Abidjan",
        "/posts",
        "/posts?past=1",
        "/posts?q=Abidjan",
    )
    yield f"/posts/{row.post}"
    written = microseconds(now - timedelta(days=180))
    yield "/answers"
    yield from (f"/answers?state={quote(state)}" for state in CommentState)
    yield from ("/answers?account=fr-0", f"/answers?state=seen&after=0-{written}-1")
    yield "/log"
    yield from (f"/log?state={state}" for state in State)
    yield from (f"/log?sort={sort}" for sort in ("due", "published", "-published"))
    yield from (f"/log?account={name}" for name in ("fr-0", "pl-3", "nobody"))
    yield f"/log?since={week}"
    yield f"/log?until={week}&account=es-1&state=published"
    # Words of every post, of a ninth of them, of one, of an error, of an id, of no post.
    for words in ("HRC31", "seance", "enfants en ligne", "Łódź", "77777", "such links",
                  "session-500", "700000000000001001", "zzz"):  # fmt: skip
        yield f"/log?q={words}"
    yield "/log?q=HRC31&sort=due&account=pl-3"
    yield "/log?q=Łódź&state=failed"
    yield f"/log?{deep}"
    yield f"/log?{deep}&q=HRC31"
    yield f"/posts?past=1&{deep}"
    for view in ("month", "week", "day", "list"):
        yield f"/calendar?view={view}"
        yield f"/calendar?view={view}&day=2016-03-07"  # when the drafts are due
        yield f"/calendar?view={view}&day={week}&language=fr"
    yield from (
        "/accounts",
        "/resume",
        "/pause",
        "/design",
        "/people",
        "/me",
        "/healthz",
        "/metrics",
    )
    yield from ("/report", f"/report.html?since={now:%Y-%m-%d}", f"/report.html?since={week}")
    yield from ("/report.html", "/calendar.ics", "/feed.atom")
    yield from (f"/log.{form}?since={week}" for form in ("csv", "xlsx"))
    yield "/log.csv"


@contextmanager
def serving(workspace: Path) -> Iterator[tuple[str, int]]:
    """The real server; its address, and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace), "web"]
    server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                httpx.get(address + STATIC)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


def log_in(visitor: httpx.Client) -> None:
    token = re.search(r'name="form" value="([0-9a-f]+)"', visitor.get("/login").text)
    fields = {"form": token[1] if token else "", "name": NAME, "password": PASSWORD}
    if visitor.post("/login", data=fields).status_code != 303:
        sys.exit("The visitor could not log in.")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one address took, in milliseconds."""

    median: float
    """Until the whole answer was there."""
    worst: float
    cpu: float
    """Of the server's processor, for each answer."""


def measure(visitor: httpx.Client, server: int, address: str, rounds: int) -> Figures:
    visitor.get(address)  # the first one finds everything cold
    seconds, used = [], processor(server)
    for _ in range(rounds):
        begin = time.perf_counter()
        answer = visitor.get(address)
        seconds.append(time.perf_counter() - begin)
        if answer.status_code not in (200, 503):  # /healthz misses `publisher run`
            sys.exit(f"{address} answered {answer.status_code}")
    cpu = (processor(server) - used) / rounds
    return Figures(1000 * statistics.median(seconds), 1000 * max(seconds), 1000 * cpu)


@dataclass(frozen=True, slots=True)
class Painted:
    """What a browser with an empty cache took for a page."""

    first_paint: float
    """Milliseconds until the first content was painted."""
    transferred: float
    """kB over the network."""
    shift: float
    """The cumulative layout shift."""


WIDTHS = (1440, 390)
OPENINGS = 3
BROWSER = "/usr/bin/chromium"
MOST_PAINT, MOST_BYTES, MOST_SHIFT = 400, 250, 0.1
_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_TAKEN = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource").filter((one) => one.transferSize);
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return [paint ? paint.startTime : NaN, files.reduce((sum, one) => sum + one.transferSize, navigation.transferSize) / 1000, window.shift];
}"""


def is_page(address: str) -> bool:
    """Whether a browser shows it, whole."""
    return "part=" not in address and not re.match(
        r"/(log\.|feed|calendar\.ics|healthz|metrics)", address
    )


def painted(address: str, visitor: httpx.Client, paths: list[str]) -> dict[str, Painted]:
    """Open each page, the visitor logged in; of the widths the worse figures."""
    cookies = [
        {"name": name, "value": value, "url": address} for name, value in visitor.cookies.items()
    ]
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for path in paths:
            widths = [_opened(browser, address, cookies, path, width) for width in WIDTHS]
            paint, transferred, shift = map(max, zip(*widths, strict=True))
            found[path] = Painted(paint, transferred, shift)
        browser.close()
    return found


def _opened(
    browser: Browser, address: str, cookies: list[Any], path: str, width: int
) -> tuple[float, float, float]:
    taken = []
    for _ in range(OPENINGS):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, service_workers="block"
        )
        context.add_cookies(cookies)
        context.add_init_script(_SHIFTS)
        tab = context.new_page()
        tab.goto(address + path, wait_until="load")
        tab.wait_for_timeout(300)  # what moves late
        taken.append(tab.evaluate(_TAKEN))
        context.close()
    paints, transferred, shifts = zip(*taken, strict=True)
    return min(paints), max(transferred), max(shifts)


def tell_painted(found: dict[str, Painted]) -> None:
    print(f"{'first paint':>12} {'transferred':>12} {'shift':>6}")
    for address, took in found.items():
        print(f"{took.first_paint:9.0f} ms {took.transferred:9.0f} kB {took.shift:6.3f}  {address}")


def told_painted(found: dict[str, Painted]) -> Iterator[page.Figure]:
    """The worst page of each figure."""
    for name, unit, limit, figure in (
        ("first paint", "ms", MOST_PAINT, "first_paint"),
        ("over the network", "kB", MOST_BYTES, "transferred"),
        ("layout shift", "", MOST_SHIFT, "shift"),
    ):
        if found:
            worst = max(found, key=lambda path: float(getattr(found[path], figure)))
            measured = getattr(found[worst], figure)
            yield page.Figure(f"{name}, the worst page (`{worst}`)", measured, unit, limit)


def processor(process: int) -> float:
    """Seconds of the processor that a process has used, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tell(found: dict[str, Figures]) -> None:
    static = found[STATIC]
    print(f"{'median':>10} {'worst':>10} {'/ static file':>14} {'processor':>10}")
    for address, took in found.items():
        print(
            f"{took.median:7.1f} ms {took.worst:7.1f} ms {took.median / static.median:14.1f}"
            f" {took.cpu:7.1f} ms  {address}"
        )
    slowest = max(
        (address for address in found if "/log." not in address), key=lambda one: found[one].median
    )
    print(f"The slowest page answers in {found[slowest].median:.0f} ms at the median: {slowest}")


def told(found: dict[str, Figures]) -> Iterator[page.Figure]:
    """The medians, the slowest first; downloads are no pages, and not drawn."""
    slowest_first = sorted(found.items(), key=lambda item: -item[1].median)
    drawn = [address for address, _ in slowest_first if "/log." not in address][:DRAWN]
    for address, took in slowest_first:
        chart = f"The {DRAWN} slowest pages" if address in drawn else None
        name = "a static file" if address == STATIC else f"`{address}`"
        yield page.Figure(name, took.median, "ms", chart=chart)


if __name__ == "__main__":
    main()
