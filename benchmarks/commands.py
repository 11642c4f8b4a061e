"""How long commands take: to start, in a large workspace, and to check 10,000 drafts.

Each command is a process of its own. Beside the median by the clock stands what it takes of the
processor, its children's too, which a busy machine changes less.

First `publisher CMD --help` of every command that there is: it needs no workspace, and shows what
everybody waits for before a command does anything.

Then three workspaces are made for the purpose: one with 10,000 drafts, which are checked and
queued, and once more when a word has changed; one with 100,000 deliveries in the ledger (see
ledger.py); and one with 20 large photos, each in a post on three channels.

Last, drafts with a problem in every fiftieth are checked, in this process, the import of the code
aside, beside the least that any checker must do: read the same files and load their front matter
with PyYAML's safe loader (in C, and as pure Python). The drafts have four languages, two channels
and the website, threads, links, hashtags, emoji, and pictures in every fifth.

    .venv/bin/python benchmarks/commands.py [--drafts 10000] [--deliveries 100000] [--runs 5]
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageChops, ImageOps

from benchmarks import ledger, page
from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.cli import app as cli
from publisher.drafts import check as checking
from publisher.settings import settings

PUBLISHER = [str(Path(sys.executable).with_name("publisher"))]
PHOTOS = 20
LIMITS = {
    "--help": 0.2, "count FILE": 0.4, "status, full ledger": 0.6,
    "check, 10000 drafts": 3.0, "queue, 10000 drafts": 5.0, "queue, a word changed": 2.0,
    f"queue, {PHOTOS} photos": 16.0,
}  # fmt: skip
"""Seconds, on two cores."""
EARLY = {"PUBLISHER_CLOCK": "2016-02-29T08:00:00+01:00"}
"""Before the drafts are due."""
SLOWEST = 12  # to start are drawn
SETTINGS = """\
language = "fr"
[accounts.fr-x]
channel = "twitter"
language = "fr"
[accounts.en-x]
channel = "twitter"
language = "en"
[accounts.es-x]
channel = "twitter"
language = "es"
[accounts.pl-x]
channel = "twitter"
language = "pl"
[accounts.fr-page]
channel = "facebook"
language = "fr"
page_id = "100200300"
[accounts.es-page]
channel = "facebook"
language = "es"
page_id = "100200301"
[accounts.our-site]
channel = "site"
"""
SESSION = """\
name: Session
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
defaults: {to: all, expires: 4h}
agenda:
  annual-day:
    title: Annual day
    starts: 2016-03-07 09:00
    ends: 2016-03-07 18:00
"""
TEXTS = {
    "fr": "Aujourd'hui, le Conseil des droits de l'homme débat de la protection des enfants en "
    "ligne. Nous sommes quatre organisations, de quatre pays, à le dire ensemble.",
    "en": "Today the Human Rights Council debates how children are protected online. We are four "
    "organisations from four countries, and we say it together.",
    "es": "Hoy el Consejo de Derechos Humanos debate sobre la protección de los niños en línea. "
    "Somos cuatro organizaciones, de cuatro países, y lo decimos juntos.",
    "pl": "Dziś Rada Praw Człowieka rozmawia o ochronie dzieci w internecie. Jesteśmy czterema "
    "organizacjami z czterech krajów i mówimy to razem.",
}
TAGS = {"fr": "#DroitsDeLEnfant", "en": "#ChildRights", "es": "#Niñez", "pl": "#PrawaDziecka"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    starting(options)
    working(options)
    checked(options)


def starting(options: argparse.Namespace) -> None:
    """`--help` of every command, the slowest first."""
    nothing, _ = timed([sys.executable, "-c", ""], options.runs)
    found = {
        words: timed([*PUBLISHER, *words.split(), "--help"], options.runs)
        for words in ("", *commands(cli.command()))
    }
    by_wall = sorted(found.items(), key=lambda item: -item[1][0])
    slowest, (wall, cpu) = by_wall[0]
    ratio = wall / nothing
    figures = [
        page.Figure(f"the slowest: {slowest}", wall * 1000, "ms"),
        page.Figure("processor's time of the slowest", cpu * 1000, "ms"),
        page.Figure("the slowest / Python that does nothing", ratio, "times"),
        page.Figure("Python that does nothing", nothing * 1000, "ms"),
    ]
    for place, (words, (wall, cpu)) in enumerate(by_wall):
        name = f"publisher {words}".strip()
        print(f"{wall * 1000:7.0f} ms {cpu * 1000:7.0f} ms of the processor  {name}")
        chart = f"The {SLOWEST} slowest commands to start" if place < SLOWEST else None
        figures.append(page.Figure(name, wall * 1000, "ms", chart=chart))
    print(f"{ratio:7.1f} times as long as Python that does nothing: the slowest")
    page.keep("startup", figures)


def commands(group: Any, before: str = "") -> Iterator[str]:
    """Every command of a group (Typer's), and those below it."""
    for name, command in group.commands.items():
        yield before + name
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")


def working(options: argparse.Namespace) -> None:
    """Each command in a large workspace."""
    with tempfile.TemporaryDirectory() as folder:
        drafts, full, album = (Path(folder, name) for name in ("drafts", "full", "album"))
        make(drafts, options.drafts, flaws=False)
        fill(full, options.deliveries)
        illustrate(album)
        text = drafts / "posts" / "000" / "post-00001.fr.md"
        runs, rows = options.runs, []
        rows += [("Python that does nothing", *timed([sys.executable, "-c", ""], runs))]
        rows += [("--help", *timed([*PUBLISHER, "--help"], runs))]
        rows += [("count FILE", *timed([*PUBLISHER, "--workspace", drafts, "count", text], runs))]
        rows += [("status, full ledger", *timed([*PUBLISHER, "--workspace", full, "status"], runs))]
        for command in ("check", "queue"):
            words = [*PUBLISHER, "--workspace", drafts, command]
            rows += [(f"{command}, {options.drafts} drafts", *timed(words, 1))]
            change_a_word(text)
            rows += [(f"{command}, a word changed", *timed([*words], 1))]
        for what in (f"queue, {PHOTOS} photos", f"queue, {PHOTOS} photos, a word changed"):
            rows += [(what, *timed([*PUBLISHER, "--workspace", album, "queue"], 1))]
            change_a_word(album / "posts" / "0.md")
    nothing = rows[0][1]
    print(f"{'median':>9} {'processor':>10} {'/ Python':>9}")
    for name, wall, cpu in rows:
        print(f"{wall:7.2f} s {cpu:8.2f} s {wall / nothing:9.1f}  {name}")
    chart = "Commands, from their start to their end"
    figures = [
        page.Figure(name, wall, "s", LIMITS.get(name), chart=chart) for name, wall, _ in rows
    ]
    figures += [page.Figure(f"processor, {name}", cpu, "s") for name, _, cpu in rows]
    page.keep("commands", figures)


def checked(options: argparse.Namespace) -> None:
    """`publisher check` beside the least that any checker must do."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        make(workspace, options.drafts)
        rows = [
            (
                "the YAML alone, PyYAML in C",
                *timed_here(lambda: load_yaml(workspace, yaml.CSafeLoader)),
            ),
            (
                "the YAML alone, pure PyYAML",
                *timed_here(lambda: load_yaml(workspace, yaml.SafeLoader)),
            ),
            ("check, in this process", *timed_here(lambda: check(workspace))),
            ("check, once more", *timed_here(lambda: check(workspace))),
            ("publisher check --json", *timed_here(lambda: run(workspace))),
        ]
        print(f"{options.drafts} drafts, seconds by the clock and of the processor:")
        for name, wall, cpu in rows:
            print(f"{name:28} {wall:6.2f} s {cpu:6.2f} s  {options.drafts / wall:7.0f} drafts/s")
        for name, wall, cpu in rows[:2]:
            print(f"check / {name}: {rows[3][1] / wall:.1f} by the clock, {rows[3][2] / cpu:.1f}")
        chart = f"{options.drafts:,} drafts are checked"
        figures = [page.Figure(name, wall, "s", chart=chart) for name, wall, _ in rows]
        figures += [page.Figure(f"processor, {name}", cpu, "s") for name, _, cpu in rows]
        page.keep("check", figures)


def make(workspace: Path, drafts: int, *, flaws: bool = True) -> None:
    """Posts of four languages each, in folders of 400 files."""
    posts = workspace / "posts"
    (posts / "media").mkdir(parents=True)
    (workspace / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
    (posts / "session.yaml").write_text(SESSION, encoding="utf-8")
    for number in range(20):
        Image.new("RGB", (640, 400), (number, 128, 128)).save(posts / "media" / f"{number}.png")
    for number in range(drafts):
        post, language = number // 4, list(TEXTS)[number % 4]
        path = posts / f"{post // 100:03}" / f"post-{post:05}.{language}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(draft(post, language, flaws=flaws), encoding="utf-8")


def draft(post: int, language: str, *, flaws: bool) -> str:
    front = [f"title: Post {post}", f"at: annual-day + {post % 500 + 1}m", "author: redaction"]
    if post % 5 == 0:
        front += ["media:", f"  - file: /media/{post % 20}.png", "    alt: A card with a title"]
        front += ["    credit: BICE"]
    if post % 3 == 0:
        front.append(f"link: https://www.example.org/{language}/{post}")
    if flaws and post % 50 == 0:
        front.append("expire: 2h")
    text, tag = TEXTS[language], TAGS[language]
    short = f"{text} {post} {tag} #HRC31"
    if post % 4 == 0:
        short += (
            f"\n\n---\n💖 {text[:100]} https://www.example.org/a/{post}\n\n---\nFin {post}. {tag}"
        )
    return "\n".join(["---", *front, "---", f"{text}\n\n{text} {post}\n\n{text}\n"]) + (
        f"\n## twitter\n{short}\n"
    )


def check(workspace: Path) -> None:
    checking.check(settings.load(workspace, {}))


def load_yaml(workspace: Path, loader: Any) -> None:
    for path in sorted((workspace / "posts").rglob("*.md")):
        front = path.read_text(encoding="utf-8").split("\n---\n", 1)[0].removeprefix("---\n")
        yaml.load(front, loader)


def run(workspace: Path) -> None:
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace), "check", "--json"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 1:
        sys.exit(f"check ended with {done.returncode}, and the drafts have problems")


def illustrate(workspace: Path) -> None:
    """Posts that show a photo each, as a phone takes them: 12 million pixels."""
    media = workspace / "posts" / "media"
    media.mkdir(parents=True)
    (workspace / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
    (workspace / "posts" / "session.yaml").write_text(SESSION, encoding="utf-8")
    grain = Image.effect_noise((4000, 3000), 40)
    for number in range(PHOTOS):
        photo = Image.merge(
            "RGB", [grain, ImageChops.offset(grain, 37 * number), ImageOps.invert(grain)]
        )
        photo.paste("navy", (0, 0, 40 * number, 1500))
        photo.save(media / f"{number}.jpg", quality=85)
        (workspace / "posts" / f"{number}.md").write_text(
            f"---\nat: 2016-03-07 {9 + number // 60:02}:{number % 60:02}\n"
            "to: [fr-x, fr-page, our-site]\nlang: fr\n"
            f"media: [{{file: media/{number}.jpg, alt: Une photo}}]\n---\nPhoto {number}.\n"
        )


def change_a_word(draft: Path) -> None:
    draft.write_text(draft.read_text(encoding="utf-8") + "Encore.\n", encoding="utf-8")


def fill(workspace: Path, count: int) -> None:
    (workspace / "posts").mkdir(parents=True)
    (workspace / "publisher.toml").write_text(ledger.SETTINGS, encoding="utf-8")
    app = Application(settings.load(workspace), SystemClock())
    app.database.migrate()
    ledger.fill(app, count)
    app.close()


def timed(command: list[str | Path], runs: int) -> tuple[float, float]:
    """Medians of the seconds by the clock and of the processor."""
    walls, cpus = [], []
    for _ in range(runs):
        begin, used = time.perf_counter(), os.times()
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, env={**os.environ, **EARLY}, check=False
        )
        now = os.times()
        if done.returncode:
            sys.exit(f"{command} ended with {done.returncode}")
        walls.append(time.perf_counter() - begin)
        cpus.append(sum(now[2:4]) - sum(used[2:4]))
    return statistics.median(walls), statistics.median(cpus)


def timed_here(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor in this process and those that it started."""
    gc.collect()
    begin, used = time.perf_counter(), os.times()
    work()
    wall, now = time.perf_counter() - begin, os.times()
    return wall, sum(now[:4]) - sum(used[:4])


if __name__ == "__main__":
    main()
