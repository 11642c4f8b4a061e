"""Whether a thousand posts of one account make another account's one post late.

Several times, by turns: one post of B alone, and one post of B at the same instant as a thousand of
A. Everything goes through one `publisher run`, with the settings that it has when nothing is said.
The limit: among A's, B's lateness is at most twice what it is alone.

    .venv/bin/python benchmarks/fairness.py [--posts 1000] [--rounds 5] [--latency 0.2]
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import burst
import results

APART = 15.0  # seconds between two instants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1000, help="of A at one instant")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of the stand-in")
    options = parser.parse_args()
    late = measure(options)
    alone, among = (
        [late[f"B {kind} {number}"] for number in range(options.rounds)]
        for kind in ("alone", "among")
    )
    of_a = [ms for text, ms in late.items() if text.startswith("A")]
    print(f"{options.posts} posts of A, one of B, {options.rounds} times; ms late")
    print(f"{'':28}{'median':>8}{'max':>8}")
    for name, found in (("B alone", alone), ("B among A's", among), ("A's", of_a)):
        print(f"{name:28}{statistics.median(found):8.1f}{max(found):8.1f}")
    ratio = statistics.median(among) / statistics.median(alone)
    print(f"{'among / alone':28}{ratio:8.2f}")
    results.keep(
        "fairness",
        [
            results.Figure("one post of B alone, median", statistics.median(alone), "ms late"),
            results.Figure("one post of B among A's, median", statistics.median(among), "ms late"),
            results.Figure("among A's / alone", ratio, "times", 2.0),
            results.Figure("A's posts, median", statistics.median(of_a), "ms late"),
        ],
        **{"stand-in": burst.standing()},
    )


def measure(options: argparse.Namespace) -> dict[str, float]:
    """The lateness of each post in milliseconds, by its text."""
    with TemporaryDirectory() as folder:
        arrivals = Path(folder, "arrivals.jsonl")
        first = round(time.time() + burst.LEAD + options.posts * options.rounds / 50)
        due = posts(first, options)
        with burst.stand_in(arrivals, options.latency):
            accounts = {text: text[0].lower() for text in due}
            with burst.serve(Path(folder), due, accounts):
                limit = max(due.values()) + burst.PATIENCE
                while time.time() < limit and len(burst.seen(arrivals)) < len(due):
                    time.sleep(0.5)
        seen = burst.seen(arrivals)
    return {text: (seen[text] - at) * 1000 for text, at in due.items()}


def posts(first: float, options: argparse.Namespace) -> dict[str, float]:
    """When each text is due."""
    due: dict[str, float] = {}
    for number in range(options.rounds):
        alone = first + 2 * number * APART
        due[f"B alone {number}"] = alone
        # B's comes last in every order: of its file's name, of its id.
        due |= {f"A {number} {place}": alone + APART for place in range(options.posts)}
        due[f"B among {number}"] = alone + APART
    return due


if __name__ == "__main__":
    main()
