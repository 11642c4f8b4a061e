"""The history of a post, step by step."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from rich.text import Text

from publisher.app import instant_text
from publisher.cli import output, tables
from publisher.ledger.queries import Step


def print_history(steps: Sequence[Step], zone: tzinfo) -> None:
    """Every step with its time, account, what happened, and who did it."""
    table = output.list_table("Time", "Account", "Who", "What")
    day = None
    for step in steps:
        today = output.day(step.at, zone)
        if today != day:
            table.add_row(None, None, None, Text(today, style="bold"))
            day = today
        what = Text(step.event)
        if step.target and step.target is not step.source:
            what.append(" → ").append_text(tables.state_text(step.target))
        for line in details(step.detail):
            what.append(f"\n{output.printable(line)}", style="dim")
        time = f"{step.at.astimezone(zone):%H:%M:%S}"
        table.add_row(time, step.account or "all", step.actor, what)
    output.print_table(table)
    output.print_line(output.times_of(zone))


def as_json(step: Step) -> dict[str, Any]:
    return {
        "at": instant_text(step.at),
        "post": step.post,
        "account": step.account,
        "channel": step.channel,
        "event": step.event,
        "from": step.source,
        "to": step.target,
        "actor": step.actor,
        "detail": step.detail,
    }


def details(detail: dict[str, Any]) -> list[str]:
    """What a step tells beyond its name, a line each; an edit shows old and new."""
    lines = []
    for key, value in detail.items():
        if value is None or value == "":
            continue
        label = key.replace("_", " ")
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            lines += [
                f"{label} was: {_plain(value['from'])}",
                f"{label} now: {_plain(value['to'])}",
            ]
        else:
            lines.append(f"{label}: {_plain(value)}")
    return lines


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " / ".join(map(str, value))
    return "none" if value is None else str(value)
