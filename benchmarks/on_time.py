"""How late posts arrive: 60 within 8 seconds, and 60 at one instant.

Everything is real: drafts in files, `publisher queue`, `publisher run` with its broker, dispatcher
and workers, and the sandbox as the platforms. Lateness is the arrival of the first request that
makes a post public, minus its due time, both by this machine's clock.

    .venv/bin/python benchmarks/on_time.py [--posts 60] [--window 8]
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
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import results

PUBLISHER = [sys.executable, "-m", "publisher"]
PORT = 8391
LEAD = 12.0  # seconds until the first post is due: `run` starts meanwhile

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
    options = parser.parse_args()
    figures = []
    for window in (options.window, 0.0):
        late = measure(options.posts, window)
        name = (
            f"{options.posts} posts within {window:g} s"
            if window
            else (f"{options.posts} posts at one instant")
        )
        print(
            f"{name}: median {statistics.median(late):.3f} s, "
            f"slowest {max(late):.3f} s, earliest {min(late):+.3f} s"
        )
        figures += [
            results.Figure(f"{name}: median", statistics.median(late) * 1000, "ms late"),
            results.Figure(f"{name}: slowest", max(late) * 1000, "ms late"),
            results.Figure(f"{name}: earliest", min(late) * 1000, "ms late", 0.0, at_least=True),
        ]
    results.keep("on-time", figures)


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


if __name__ == "__main__":
    main()
