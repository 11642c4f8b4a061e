"""How long commands take, from their start to their end, in a large workspace.

Three workspaces are made for the purpose: one with 10,000 drafts (see check.py), which are checked and
queued, and once more when a word has changed; one with 100,000 deliveries in the ledger (see
ledger.py); and one with 20 large photos, each in a post on three channels. Each command is a process
of its own. Beside the median stands what it takes of the processor, its children's too, and how many
times as long it takes as Python that does nothing.

    .venv/bin/python benchmarks/commands.py [--drafts 10000] [--deliveries 100000] [--runs 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import check
import ledger
import results
from PIL import Image, ImageChops, ImageOps

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.settings import settings

PUBLISHER = [str(Path(sys.executable).with_name("publisher"))]
LIMITS = {
    "--help": 0.2, "count FILE": 0.4, "status, full ledger": 0.6,
    "check, 10000 drafts": 3.0, "queue, 10000 drafts": 8.0,
}  # fmt: skip
"""Seconds, on two cores."""
PHOTOS = 20
EARLY = {"PUBLISHER_CLOCK": "2016-02-29T08:00:00+01:00"}
"""Before the drafts are due."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drafts, full, album = (Path(folder, name) for name in ("drafts", "full", "album"))
        check.make(drafts, options.drafts, flaws=False)
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
        results.Figure(name, wall, "s", LIMITS.get(name), chart=chart) for name, wall, _ in rows
    ]
    figures += [results.Figure(f"processor, {name}", cpu, "s") for name, _, cpu in rows]
    results.keep("commands", figures)


def illustrate(workspace: Path) -> None:
    """Posts that show a photo each, as a phone takes them: 12 million pixels."""
    media = workspace / "posts" / "media"
    media.mkdir(parents=True)
    (workspace / "publisher.toml").write_text(check.SETTINGS, encoding="utf-8")
    (workspace / "posts" / "session.yaml").write_text(check.SESSION, encoding="utf-8")
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


if __name__ == "__main__":
    main()
