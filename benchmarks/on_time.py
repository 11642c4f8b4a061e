"""How late posts arrive, and whether one account's many make another account's one late.

First 60 posts within 8 seconds, then 60 at one instant. Everything is real: drafts in files,
`publisher queue`, `publisher run` with its broker, dispatcher and workers, and the sandbox as the
platforms. Lateness is the arrival of the first request that makes a post public, minus its due
time, both by this machine's clock.

Then, several times and by turns, one post of B alone, and one post of B at the same instant as a
thousand of A. They go through one `publisher run`, with the settings that it has when nothing is
said, to burst.py's stand-in for X. The limit: among A's, B's lateness is at most twice what it is
alone.

At last, one post of B each second, first alone, and then beside 200 of A at whose requests the
stand-in hangs: it takes them and never answers. The same limit.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/on_time.py [--posts 60] [--window 8]
        [--crowd 1000] [--rounds 5] [--latency 0.2]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import burst, page

PUBLISHER = [sys.executable, "-m", "publisher"]
PORT = 8391
LEAD = 12.0  # seconds until the first post is due: `run` starts meanwhile
APART = 15.0  # seconds between two instants of the second part
HANGING = 200  # posts of A that are never answered

SETTINGS = """\
[accounts.bench-x]
channel = "twitter"
[accounts.bench-page]
channel = "facebook"
page_id = "100200300"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--window", type=float, default=8.0, help="seconds")
    parser.add_argument("--crowd", type=int, default=1000, help="posts of A at one instant")
    parser.add_argument("--rounds", type=int, default=5, help="of B alone, and among A's")
    parser.add_argument(
        "--seconds", type=int, default=60, help="for which B posts alone, and beside what hangs"
    )
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of the stand-in")
    options = parser.parse_args()
    page.keep("on-time", list(on_time(options)))
    page.keep("fairness", fairness(options), **{"stand-in": burst.standing()})
    page.keep("hanging", hanging(options), **{"stand-in": burst.standing()})


def on_time(options: argparse.Namespace) -> Iterator[page.Figure]:
    for window in (options.window, 0.0):
        late = measure(options.posts, window)
        when = f"within {window:g} s" if window else "at one instant"
        name = f"{options.posts} posts {when}"
        print(
            f"{name}: median {statistics.median(late):.3f} s, "
            f"slowest {max(late):.3f} s, earliest {min(late):+.3f} s"
        )
        yield page.Figure(f"{name}: median", statistics.median(late) * 1000, "ms late")
        yield page.Figure(f"{name}: slowest", max(late) * 1000, "ms late")
        yield page.Figure(f"{name}: earliest", min(late) * 1000, "ms late", 0.0, at_least=True)


def measure(posts: int, window: float) -> list[float]:
    """Lateness of each delivery's arrival, in seconds."""
    with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder)) as environment:
        workspace = Path(folder)
        begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LEAD)
        due = {}
        for number in range(posts // 2):
            at = begin + timedelta(seconds=round(window * number / max(1, posts // 2 - 1)))
            due[f"Post {number}."] = at
            (workspace / "posts" / f"{number:03}.md").write_text(
                f"---\nat: {at.isoformat()}\nto: [bench-x, bench-page]\n---\nPost {number}.\n"
            )
        run(workspace, environment, "queue")
        run(workspace, environment, "run", "--until-idle")
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/sandbox/state.json") as answer:
            shown = json.load(answer)["posts"]
        arrived = [
            (datetime.fromisoformat(post["published_at"]) - due[post["text"]]).total_seconds()
            for post in shown
        ]
        if len(arrived) != posts:
            sys.exit(f"{len(arrived)} of {posts} posts arrived")
        return arrived


@contextmanager
def sandbox(workspace: Path) -> Iterator[dict[str, str]]:
    """A running sandbox for a new workspace; yields the environment that leads there."""
    (workspace / "posts").mkdir()
    (workspace / "publisher.toml").write_text(SETTINGS)
    address = f"http://127.0.0.1:{PORT}"
    environment = {
        **os.environ,
        "PUBLISHER_SECRETS_FILE": "var/sandbox/secrets.toml",
        "PUBLISHER_TWITTER_API_URL": address,
        "PUBLISHER_FACEBOOK_GRAPH_URL": address,
    }
    command = [*PUBLISHER, "--workspace", str(workspace), "sandbox", "--port", str(PORT)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"{address}/sandbox/state.json")
        yield environment
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{address} does not answer")


def run(workspace: Path, environment: dict[str, str], *words: str) -> str:
    command = [*PUBLISHER, "--workspace", str(workspace), *words]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def fairness(options: argparse.Namespace) -> list[page.Figure]:
    late = measure_fairness(options)
    alone, among = (
        [late[f"B {kind} {number}"] for number in range(options.rounds)]
        for kind in ("alone", "among")
    )
    of_a = [ms for text, ms in late.items() if text.startswith("A")]
    print(f"{options.crowd} posts of A, one of B, {options.rounds} times; ms late")
    print(f"{'':28}{'median':>8}{'max':>8}")
    for name, found in (("B alone", alone), ("B among A's", among), ("A's", of_a)):
        print(f"{name:28}{statistics.median(found):8.1f}{max(found):8.1f}")
    ratio = statistics.median(among) / statistics.median(alone)
    print(f"{'among / alone':28}{ratio:8.2f}")
    return [
        page.Figure("one post of B alone, median", statistics.median(alone), "ms late"),
        page.Figure("one post of B among A's, median", statistics.median(among), "ms late"),
        page.Figure("among A's / alone", ratio, "times", 2.0),
        page.Figure("A's posts, median", statistics.median(of_a), "ms late"),
    ]


def measure_fairness(options: argparse.Namespace) -> dict[str, float]:
    """The lateness of each post in milliseconds, by its text."""
    first = round(time.time() + burst.LEAD + options.crowd * options.rounds / 50)
    due = crowded(first, options)
    seen = arrivals_of(due, {text: text[0].lower() for text in due}, options.latency, due.keys())
    return {text: (seen[text] - at) * 1000 for text, at in due.items()}


def arrivals_of(
    due: dict[str, float], accounts: dict[str, str], latency: float, awaited: AbstractSet[str]
) -> dict[str, float]:
    """When each text arrived, in seconds since 1970; waits for those awaited."""
    with tempfile.TemporaryDirectory() as folder:
        arrivals = Path(folder, "arrivals.jsonl")
        with burst.stand_in(arrivals, latency), burst.serve(Path(folder), due, accounts):
            limit = max(due.values()) + burst.PATIENCE
            while time.time() < limit and not awaited <= burst.seen(arrivals).keys():
                time.sleep(0.5)
        return burst.seen(arrivals)


def crowded(first: float, options: argparse.Namespace) -> dict[str, float]:
    """When each text is due."""
    due: dict[str, float] = {}
    for number in range(options.rounds):
        alone = first + 2 * number * APART
        due[f"B alone {number}"] = alone
        # B's comes last in every order: of its file's name, of its id.
        due |= {f"A {number} {place}": alone + APART for place in range(options.crowd)}
        due[f"B among {number}"] = alone + APART
    return due


def hanging(options: argparse.Namespace) -> list[page.Figure]:
    """How late B is alone, and beside posts that hang."""
    first = float(round(time.time() + burst.LEAD + options.seconds / 5))
    alone = {f"Alone {number}": first + number for number in range(options.seconds)}
    stuck = first + options.seconds + APART
    beside = {f"Beside {number}": stuck + number for number in range(options.seconds)}
    due = {f"Hanging {number}": stuck for number in range(HANGING)} | alone | beside
    accounts = {text: "a" if text.startswith("Hanging") else "b" for text in due}
    seen = arrivals_of(due, accounts, options.latency, (alone | beside).keys())
    late = [[(seen[text] - at) * 1000 for text, at in part.items()] for part in (alone, beside)]
    medians, slowest = [*map(statistics.median, late)], [*map(max, late)]
    print(f"{HANGING} posts of A hang, one a second of B; ms late")
    print(f"B alone: median {medians[0]:.1f}, slowest {slowest[0]:.1f}")
    print(f"B beside A's: median {medians[1]:.1f}, slowest {slowest[1]:.1f}")
    return [
        page.Figure("B alone, median", medians[0], "ms late"),
        page.Figure("B alone, slowest", slowest[0], "ms late"),
        page.Figure("B beside what hangs, median", medians[1], "ms late"),
        page.Figure("B beside what hangs, slowest", slowest[1], "ms late"),
        page.Figure("beside what hangs / alone, median", medians[1] / medians[0], "times", 2.0),
    ]


if __name__ == "__main__":
    main()
