"""What gives out first as deliveries grow to ten million a day: measured, computed and simulated.

What a post costs at each part is measured on this machine (unit_costs.py), compared with real runs,
and played through a day of 0.1 to 10 million deliveries (day.py). The tables are those of
docs/scale.md. Measuring takes about five minutes, the days another five.

    .venv/bin/python benchmarks/scale.py [--save FILE] [--costs FILE] [--only costs|sums|check|days]

`--save` keeps what was measured, and `--costs` takes it from there.
"""

import argparse
import json
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import burst
import carriers
import day
import throughput
import unit_costs
from day import Costs, Day, Plant
from sums import ACCOUNTS, SEED, of_plant, sums

from publisher.app import Application
from publisher.settings import settings
from tests.support import postgres

SIZES, ROUNDS = (1, 25, 200), (200, 20, 5)
BACKLOG = 100_000  # deliveries of tomorrow that are in the ledger
DUE = 6_000  # for the dispatcher's ticks
LOADS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)  # millions a day
PARTS = ("costs", "sums", "check", "days")
SMALL = Plant("4 workers of 128 threads, 1 dispatcher, PostgreSQL on 4 cores", 4, 128)
LARGE = Plant("80 workers of 500 threads, 8 dispatchers, PostgreSQL on 16 cores", 80, 500, 8, 1, 16)
REMEDIES = (
    LARGE,
    replace(LARGE, name="the same, 4 brokers", brokers=4),
    replace(LARGE, name="the same, 400 workers", workers=400),
    replace(LARGE, name="400 workers, 32 dispatchers", workers=400, dispatchers=32),
    replace(LARGE, name="80 workers, spread over 5 minutes", spread=300),
    replace(LARGE, name="10 ledgers, each with 80 workers", ledgers=10),
    replace(LARGE, name="10 ledgers, spread over 5 minutes", ledgers=10, spread=300),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", type=Path)
    parser.add_argument("--costs", type=Path)
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    parts = options.only or PARTS
    costs = json.loads(options.costs.read_text()) if options.costs else measure()
    if options.save:
        options.save.write_text(json.dumps(costs, indent=1))
    if "costs" in parts:
        show_costs(costs)
    if "sums" in parts:
        sums(costs)
    if "check" in parts:
        check(costs)
    if "days" in parts:
        days(costs)


# What a post costs


def measure() -> dict[str, Any]:
    with postgres.serve(durable=True) as server, carriers.broker() as broker:
        with TemporaryDirectory() as folder:
            costs = {"SQLite": of_ledger(f"sqlite:///{folder}/ledger.db")}
        with server.database() as url:
            costs["PostgreSQL"] = of_ledger(url)
        for name, tls, warm, posts in (
            ("a new channel", False, False, 300), ("a new channel, TLS", True, False, 100),
            ("a warm channel, TLS", True, True, 90),
        ):  # fmt: skip
            with server.database() as url:
                costs[name] = carriers.worker(url, tls=tls, warm=warm, posts=posts)
        costs["broker"] = carriers.batches(broker)
    costs["process"] = carriers.start_of_a_process(ACCOUNTS)
    return {"at": f"{datetime.now(UTC):%Y-%m-%d}", **costs}


def of_ledger(url: str) -> dict[str, Any]:
    """A ledger with accounts and a backlog: queueing, living, sealing, a dispatcher's ticks, bytes."""
    with TemporaryDirectory() as folder:
        made = unit_costs.workspace(Path(folder, "campaign"), 1)
        app = Application(settings.load(made, {"PUBLISHER_DATABASE__URL": url}), unit_costs.CLOCK)
        app.database.migrate()
        meter, found = unit_costs.Meter(app.database), dict[str, Any]()
        now, queued = unit_costs.CLOCK.now(), unit_costs.Used()
        with meter.into(queued):
            unit_costs.queue(app, BACKLOG, now + timedelta(days=1), "later", ACCOUNTS)
        found["queue"] = queued.each(BACKLOG)
        unit_costs.analyse(app.database)
        before, lived = unit_costs.sizes(app.database), 0
        found["lives"], found["no limits"] = {}, {}
        for limits, into in ((True, "lives"), (False, "no limits")):
            for size, rounds in zip(SIZES, ROUNDS, strict=True):
                unit_costs.queue(app, size * (rounds + 1), now, f"{into}-{size}", ACCOUNTS)
                used = unit_costs.lives(url, size, rounds, limits=limits)
                found[into][str(size)] = {n: u.each(size * rounds) for n, u in used.items()}
                lived += size * (rounds + 1)
        after = unit_costs.sizes(app.database)
        found["bytes"] = {name: (after[name] - before[name]) / lived for name in after}
        sealed, steps = unit_costs.Used(), BACKLOG + 4 * lived
        with meter.into(sealed):
            while not app.audit.seal():
                time.sleep(0.1)
        found["seal"] = sealed.each(steps)
        found["ticks"] = carriers.ticks(app, DUE)
        app.close()
    return found


def show_costs(costs: Mapping[str, Any]) -> None:
    print(f"\nMeasured on {costs['at']}. Milliseconds of the processor for each delivery, among so")
    print("many in a transaction: Publisher's process / PostgreSQL's processes (statements)\n")
    print("| | SQLite | PostgreSQL |\n|---|---|---|")
    for name in ("claim", "take", "intend", "record"):
        for size in map(str, SIZES):
            row(f"{name}, {size}", costs, lambda of, n=name, s=size: of["lives"][s][n])
    for size in map(str, SIZES):
        row(
            f"record without limits, {size}", costs, lambda of, s=size: of["no limits"][s]["record"]
        )
    row("queue, 2,000", costs, lambda of: of["queue"])
    row("seal, each step", costs, lambda of: (*of["seal"][:2], 0.0))
    row(
        "dispatcher's tick, nothing due",
        costs,
        lambda of: pair(of, "idle tick", "idle tick, server"),
    )
    row(
        "dispatcher's tick, each of 1,000", costs,
        lambda of: pair(of, "tick, each delivery", "tick, each delivery, server"),
    )  # fmt: skip
    print("\n| a post in a worker, ledger included, ms | before its instant | at it | after |")
    print("|---|---|---|---|")
    for name in ("a warm channel, TLS", "a new channel", "a new channel, TLS"):
        print(f"| {name} | {' | '.join(f'{v * 1000:.2f}' for v in costs[name].values())} |")
    broker, process = costs["broker"], costs["process"]
    print("\n| | |\n|---|---|")
    print(f"| a batch of 25: bytes through the broker | {broker['bytes']:,.0f} |")
    print(f"| … commands | {broker['commands']:.0f} |")
    print(f"| … the broker's processor | {broker['broker'] * 1000:.2f} ms |")
    print(f"| … its memory while it waits | {broker['memory']:,.0f} bytes |")
    print(f"| … handing it over, in the dispatcher | {broker['hand over'] * 1000:.2f} ms |")
    for name, size in costs["PostgreSQL"]["bytes"].items():
        print(f"| bytes of a delivery that is out, PostgreSQL, `{name}` | {size:,.0f} |")
    print(f"| … SQLite, all | {costs['SQLite']['bytes']['all']:,.0f} |")
    print(f"| a process that reads {ACCOUNTS:,} accounts | {process['settings']:.1f} s, "
          f"{process['megabytes']:.0f} MB |")  # fmt: skip
    print(f"| … and a worker that opens each once | {process['channel'] * ACCOUNTS:.0f} s more |")


def pair(of: Mapping[str, Any], client: str, server: str) -> tuple[float, float, float]:
    return of["ticks"][client], of["ticks"][server], 0.0


def row(
    name: str, costs: Mapping[str, Any], of: Callable[[Any], tuple[float, float, float]]
) -> None:
    cells = []
    for ledger in ("SQLite", "PostgreSQL"):
        client, server, statements = of(costs[ledger])
        shown = f"{client * 1000:.3f}" + (f" / {server * 1000:.3f}" if server else "")
        cells.append(shown + (f" ({statements:.2f})" if statements else ""))
    print(f"| {name} | {' | '.join(cells)} |")


# Compared with real runs


def check(costs: Mapping[str, Any]) -> None:
    """The simulation beside two real runs on this machine, which do without TLS."""
    posts, sent = 1000, 2000
    of = of_plant(costs, "SQLite", "a new channel", limits=False)
    plant = Plant("this machine", 2, 1000, commits=2000.0, shared_cores=2)
    played = Day(plant, of, day.Counter({60: posts})).play()
    late = burst.measure(burst.WAYS["Publisher"], Namespace(posts=posts, latency=0.2, threads=1000))
    print(f"\n| {posts:,} posts at one instant, ms late | real | simulated |\n|---|---|---|")
    for name, share in (("median", 0.5), ("99 %", 0.99), ("last", 1.0)):
        print(
            f"| {name} | {burst.quantile(late, share):.0f} | {played.lateness(share) * 1000:.0f} |"
        )
    burst.PROCESSES = 1
    real = throughput.run(burst.WAYS["Publisher"], 0.0, Namespace(posts=sent, threads=32))
    busy = Plant("this machine", 1, 50, latency=0.0, commits=2000.0, shared_cores=1)
    played = Day(busy, of, day.Counter({60: sent})).play()
    print(f"\n| {sent:,} posts, 32 threads, no latency | real | simulated |\n|---|---|---|")
    print(f"| posts a second | {real.posts_a_second:.0f} | {sent / played.lateness(1.0):.0f} |")
    seconds = sum(sum(part.busy) for part in [*dict.fromkeys(played.parts.values())]) / sent
    print(
        f"| ms of the processor for each | {real.milliseconds_a_post:.2f} | {seconds * 1000:.2f} |"
    )


# Days


def days(costs: Mapping[str, Any]) -> None:
    of = of_plant(costs, "PostgreSQL", "a new channel, TLS", limits=True)
    for plant in (SMALL, LARGE):
        print(f"\n{plant.name}: how busy each part is in its busiest minute, and seconds late\n")
        head()
        for load in LOADS:
            show_day(f"{load:g} M a day", replace(plant), of, load)
    print("\n10 million a day\n")
    head()
    for plant in REMEDIES:
        show_day(plant.name, plant, of, 10.0)


def head() -> None:
    names = (
        "dispatchers", "broker", "ledger's cores", "ledger's commits", "workers", "median", "99 %",
        "last", "out of lease", "waits longest for",
    )  # fmt: skip
    print(f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")


def show_day(name: str, plant: Plant, costs: Costs, millions: float) -> None:
    count = round(millions * 1e6 / plant.ledgers)
    played = Day(plant, costs, day.due_seconds(count, SEED, plant.spread)).play()
    loads = [f"{load:.0%}" for load in played.loads().values()]
    late = [f"{played.lateness(share):.1f}" for share in (0.5, 0.99, 1.0)]
    waits = {part: sorted(all_of) for part, all_of in played.waits.items()}
    at_most = {part: ordered[int(len(ordered) * 0.99)] for part, ordered in waits.items()}
    longest = max(at_most, key=lambda part: at_most[part])
    lost = f"{played.out_of_lease / played.late.total():.0%}"
    told = f"{longest}, {at_most[longest]:.1f} s" if played.lateness(0.99) > 1 else ""
    print(f"| {name} | {' | '.join([*loads, *late, lost, told])} |", flush=True)


if __name__ == "__main__":
    main()
