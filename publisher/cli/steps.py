"""The history of a post, step by step."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from rich.text import Text

from publisher.app import instant_text
from publisher.cli import output, tables
from publisher.cli.events import event, label
from publisher.language import _
from publisher.ledger.queries import Step

_INSTANTS = frozenset({"due_at", "expires_at", "embargo_until", "until", "backup_of"})


def print_history(steps: Sequence[Step], zone: tzinfo) -> None:
    """Every step with its time, account, who did it and what happened, under its day."""
    columns = (_("time"), _("account"), _("who"), _("what"))
    rows = [(output.day(step.at, zone), _row(step, zone)) for step in steps]
    widths = [max(len(row[index]) for __, row in rows) for index in range(len(columns) - 1)]
    for day, of_day in groupby(rows, lambda row: row[0]):
        output.print_line(output.paint(day, "bold"))
        table = output.list_table(columns, widths)
        for __, row in of_day:
            table.add_row(*row)
        output.print_table(table)
    output.print_line(output.times_of(zone))


def _row(step: Step, zone: tzinfo) -> tuple[Text, ...]:
    what = Text(event(step.event))
    if step.target and step.target is not step.source and step.target != step.event:
        what.append(" → ").append_text(tables.state_text(step.target))
    for line in details(step.detail, zone):
        what.append(f"\n{output.printable(line)}", style="dim")
    time = Text(f"{step.at.astimezone(zone):%H:%M:%S}")
    return time, Text(step.account or _("all")), Text(output.printable(step.actor)), what


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


def details(detail: dict[str, Any], zone: tzinfo) -> list[str]:
    """What a step tells beyond its name, a line each; an edit shows old and new."""
    lines = []
    for key, value in detail.items():
        if value is None or value == "":
            continue
        name = label(key)
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            lines.append(
                _("{name} was: {value}", name=name, value=_plain(key, value["from"], zone))
            )
            lines.append(_("{name} now: {value}", name=name, value=_plain(key, value["to"], zone)))
        else:
            lines.append(_("{name}: {value}", name=name, value=_plain(key, value, zone)))
    return lines


def _plain(key: str, value: object, zone: tzinfo) -> str:
    """A value for reading: instants in `zone`, lists in one line."""
    if key in _INSTANTS and isinstance(value, str):
        return output.minute(datetime.fromisoformat(value), zone)
    if isinstance(value, list):
        return " / ".join(map(str, value))
    return _("none") if value is None else str(value)
