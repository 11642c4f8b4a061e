"""`python -m tests.machines`: several hosts, of which one is cut off and comes back.

Needs root: each host is a network namespace. The exit code is 1 when a delivery was lost, doubled,
early, has not ended, or is not on the platforms as the log tells.
"""

import argparse
import random
import signal
import sys

from tests.machines import network
from tests.machines.run import Plan, play
from tests.support import postgres

_SEEDS = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.machines", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the drafts; any, if not given")
    parser.add_argument("--deliveries", type=int, default=300)
    parser.add_argument("--short", action="store_true", help="a minute, with a tenth of them")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a good run, too")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # take the processes down with us
    if reason := network.why_not():
        parser.error(reason)
    if not postgres.available():
        parser.error("PostgreSQL is not installed; `apt-get install postgresql` brings it")
    seed = random.randrange(_SEEDS) if chosen.seed is None else chosen.seed  # noqa: S311
    plan = Plan(seed, chosen.deliveries, keep=chosen.keep)
    report = play(plan.shortened() if chosen.short else plan)
    sys.stdout.write(f"{report}\n")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
