"""`python -m tests.chaos`: kill and freeze real processes while they publish, and compare.

The ledger is put back to how it was some seconds before, again and again.

Each run has its seed and its database. The exit code is 1 when a delivery was lost, doubled,
early, published after its expiry, or is not on the platforms as the log tells, or when a kind of
process was never killed.
"""

import argparse
import random
import signal
import sys

from tests.chaos.run import DATABASES, Plan, play
from tests.support import bluesky, postgres

_SEEDS = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the first run; any, if not given")
    parser.add_argument("--seeds", type=int, default=1, help="so many, one after the other (1)")
    parser.add_argument("--deliveries", type=int, default=1000, help="in each run (1000)")
    parser.add_argument("--kills", type=int, default=200, help="in each run (200)")
    parser.add_argument("--set-backs", type=int, default=20, help="of the ledger, a run (20)")
    parser.add_argument("--database", choices=DATABASES, action="append", help="all by default")
    parser.add_argument(
        "--bluesky",
        choices=("sandbox", "real"),
        default="real" if bluesky.available() else "sandbox",
        help="who plays Bluesky: its own server by default, where that is installed",
    )
    parser.add_argument(
        "--pace", type=int, default=1, help="times as slow, on a machine that is busy (1)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folders of good runs, too")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # take the processes down with us
    first = random.randrange(_SEEDS) if chosen.seed is None else chosen.seed  # noqa: S311
    broken = 0
    for seed in range(first, first + chosen.seeds):
        for database in chosen.database or DATABASES:
            if database == "postgresql" and not postgres.available():
                _say("Left out: PostgreSQL is not installed; `apt-get install postgresql` helps.")
                continue
            is_real = chosen.bluesky == "real"
            plan = Plan(
                seed, chosen.deliveries, chosen.kills, database, chosen.set_backs,
                chosen.keep, is_real, chosen.pace,
            )  # fmt: skip
            report = play(plan)
            _say(str(report))
            if report.assault.never_hit:
                _say(f"Never killed: {', '.join(report.assault.never_hit)}.")
            broken += bool(report.findings or report.assault.never_hit)
    return 1 if broken else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
