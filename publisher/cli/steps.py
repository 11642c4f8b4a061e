"""The history of a post, step by step."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import groupby
from typing import Any

from rich.text import Text

from publisher import narration
from publisher.app import instant_text
from publisher.cli import output, tables
from publisher.events import event
from publisher.language import _
from publisher.ledger.queries import Step
from publisher.models import Delivery


def print_history(steps: Sequence[Step], zone: tzinfo) -> None:
    """Every step with its time, account, who did it and what happened, under its day."""
    columns = (_("time"), _("account"), _("who"), _("what"))
    rows = [(output.day(step.at, zone), _row(step, zone)) for step in _told(steps)]
    widths = [max(len(row[index]) for __, row in rows) for index in range(len(columns) - 1)]
    for day, of_day in groupby(rows, lambda row: row[0]):
        output.print_line(output.paint(day, "bold"))
        table = output.list_table(columns, widths)
        for __, row in of_day:
            table.add_row(*row)
        output.print_table(table)
    output.print_prose(output.times_of(zone))


def _told(steps: Sequence[Step]) -> Iterator[Step]:
    """Without those that say once more what was said of a delivery just before."""
    last: dict[int | None, str] = {}
    for step in steps:
        is_bare = not step.detail and step.target in (None, step.source)
        if not (is_bare and step.delivery is not None and last.get(step.delivery) == step.event):
            yield step
        last[step.delivery] = step.event


def print_addresses(deliveries: Sequence[Delivery]) -> None:
    """Where the public sees what is out, account by account."""
    for delivery in deliveries:
        if delivery.url and delivery.remote_ids:
            address = output.printable(delivery.url)
            output.print_line(_("{name}: {value}", name=delivery.account, value=address))


def _row(step: Step, zone: tzinfo) -> tuple[Text, ...]:
    what = Text(event(step.event))
    if step.target and step.target is not step.source and step.target != step.event:
        what.append(" → ").append_text(tables.state_text(step.target))
    for line in narration.details(step.detail, zone):
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
