"""How long `publisher check` takes for 10,000 drafts, and how that compares with reading their YAML.

The workspace is made for the purpose: four languages, two channels and the website, threads,
links, hashtags, emoji, pictures in every fifth draft, and a problem in every fiftieth. The first
figures are the least that any checker must do: read the same files and load their front matter with
PyYAML's safe loader (in C, and as pure Python). All is measured in one run, in this process, the
import of the code aside.

    .venv/bin/python benchmarks/check.py [--drafts 10000] [--profile]
"""

import argparse
import cProfile
import gc
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import results
import yaml
from PIL import Image

from publisher.drafts import check as checking
from publisher.settings import settings

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
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        make(workspace, options.drafts)
        if options.profile:
            profile(lambda: check(workspace))
            return
        count = options.drafts
        rows = [
            ("the YAML alone, PyYAML in C", *timed(lambda: load_yaml(workspace, yaml.CSafeLoader))),
            ("the YAML alone, pure PyYAML", *timed(lambda: load_yaml(workspace, yaml.SafeLoader))),
            ("check, in this process", *timed(lambda: check(workspace))),
            ("check, once more", *timed(lambda: check(workspace))),
            ("publisher check --json", *timed(lambda: run(workspace))),
        ]
        print(f"{count} drafts, seconds by the clock and of the processor:")
        for name, wall, cpu in rows:
            print(f"{name:28} {wall:6.2f} s {cpu:6.2f} s  {count / wall:7.0f} drafts/s")
        for name, wall, cpu in rows[:2]:
            print(f"check / {name}: {rows[3][1] / wall:.1f} by the clock, {rows[3][2] / cpu:.1f}")
        chart = f"{count:,} drafts are checked"
        figures = [results.Figure(name, wall, "s", chart=chart) for name, wall, _ in rows]
        figures += [results.Figure(f"processor, {name}", cpu, "s") for name, _, cpu in rows]
        results.keep("check", figures)


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


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor in this process and those that it started."""
    gc.collect()
    begin, used = time.perf_counter(), os.times()
    work()
    wall, now = time.perf_counter() - begin, os.times()
    return wall, sum(now[:4]) - sum(used[:4])


def profile(work: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
