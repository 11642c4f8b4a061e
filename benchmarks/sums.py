"""What the costs of a post make of a day of ten million: for scale.py."""

from collections.abc import Mapping
from typing import Any

import day
from day import Costs

ACCOUNTS = 100_000
SEED = 31
ZIPF = 0.5
"""The account in place k has so many as 1 / k to this power; with 1, the first would have a twelfth
of all, which X takes from no account."""


def of_plant(costs: Mapping[str, Any], ledger: str, channel: str, *, limits: bool) -> Costs:
    """What the simulation needs; `limits`: whether the platform tells of them, as X does.

    The worker was measured on PostgreSQL, with a platform that does not.
    """
    of, worker, broker = costs[ledger], costs[channel], costs["broker"]
    ticks, measured = of["ticks"], costs["PostgreSQL"]
    on_server = ledger == "PostgreSQL"  # SQLite has no processes of its own
    before, after = worker["before"], worker["after"]
    if on_server and limits:
        after += measured["lives"]["200"]["record"][0] - measured["no limits"]["200"]["record"][0]
    if not on_server:  # what the ledger takes of the process is the ledger's here
        mine = measured["no limits"]["200"]
        before, after = before - mine["take"][0] - mine["intend"][0], after - mine["record"][0]

    def line(name: str) -> tuple[float, float]:
        sizes = of["lives" if limits else "no limits"]
        alone, many = (sizes[str(size)][name][int(on_server)] for size in (1, 200))
        each = max(0.0, (200 * many - alone) / 199)
        return max(0.0, alone - each), each

    claim = (ticks["idle tick, server"], ticks["tick, each delivery, server"])
    own = max(0.0, ticks["tick, each delivery"] - broker["hand over"] / day.BATCH)
    return Costs(
        hand_over=broker["hand over"], broker=broker["broker"], before=before,
        at_instant=worker["at"], after=after, claim=claim, take=line("take"),
        intend=line("intend"), record=line("record"), dispatcher=(ticks["idle tick"], own),
    )  # fmt: skip


def sums(costs: Mapping[str, Any]) -> None:
    """For a day of 10 million."""
    count = 10_000_000
    of = of_plant(costs, "PostgreSQL", "a new channel, TLS", limits=True)
    fullest = max(day.due_seconds(count, SEED).values())
    worker = of.before + of.at_instant + of.after
    ledger = of.claim[1] + of.take[1] + of.intend[1] + of.record[1]
    stored = costs["PostgreSQL"]["bytes"]
    size, kept = sum(stored.values()), sum(stored.values()) - stored["history"]
    queued = sum(costs["PostgreSQL"]["queue"][:2])
    broker, batches = costs["broker"], count / day.BATCH
    weights = [1 / place**ZIPF for place in range(1, ACCOUNTS + 1)]
    first = count / sum(weights)
    at_once = [weight * fullest / sum(weights) for weight in weights]
    lines = (
        ("deliveries a second, on average", f"{count / 86_400:,.0f}"),
        ("deliveries in the fullest second", f"{fullest:,}"),
        ("workers' processors: on average", f"{count * worker / 86_400:.1f} cores"),
        ("… for the fullest second, within a minute", f"{fullest * worker / 60:,.0f} cores"),
        ("… within a second", f"{fullest * worker:,.0f} cores"),
        ("PostgreSQL's processors: on average", f"{count * ledger / 86_400:.2f} cores"),
        ("… for the fullest second, within a minute", f"{fullest * ledger / 60:,.1f} cores"),
        ("transactions that write: at least (200 together)", f"{count * (2 / 200 + 1 / 1000):,.0f}"),
        ("… at most (each alone)", f"{3 * count:,.0f}"),
        ("rows written: deliveries, steps of the history", f"{count:,}, {4 * count:,}"),
        ("the ledger grows by", f"{count * size / 1e9:,.0f} GB a day"),
        ("… in a month", f"{30 * count * size / 1e12:,.2f} TB"),
        ("… in a year", f"{365 * count * size / 1e12:,.1f} TB"),
        ("… of which stays after `publisher log archive`", f"{kept / size:.0%}"),
        ("queueing them", f"{count * queued / 3600:.1f} hours of the processor"),
        ("messages through the broker", f"{batches:,.0f}"),
        ("… bytes", f"{batches * broker['bytes'] / 1e9:.1f} GB"),
        ("… of its processor", f"{batches * broker['broker']:.0f} s"),
        ("… memory, if a fullest second waits there", f"{fullest / day.BATCH * broker['memory'] / 1e6:.0f} MB"),
        ("apps of X, at 10,000 posts a day each", f"{count / 10_000:,.0f}"),
        ("posts of the largest account", f"{first:,.0f}"),
        ("accounts with over 100 in the fullest second", f"{sum(n > 100 for n in at_once)}"),
        ("share of the hundred largest accounts", f"{sum(weights[:100]) / sum(weights):.1%}"),
    )  # fmt: skip
    print("\n| a day of 10 million | |\n|---|---|")
    for name, value in lines:
        print(f"| {name} | {value} |")
