"""Deliveries as tables for people: by day, one line each, readable at 80 columns."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import groupby

from rich.text import Text

from publisher.cli import output
from publisher.models import Delivery
from publisher.states import State

_COLOURS = {
    State.AWAITING_APPROVAL: "yellow",
    State.SCHEDULED: "cyan",
    State.PUBLISHING: "cyan",
    State.PUBLISHED: "green",
    State.UNCERTAIN: "red",
    State.FAILED: "red",
    State.MISSED: "red",
    State.HELD: "yellow",
    State.CANCELLED: "dim",
    State.WITHDRAWN: "dim",
}


def state_text(state: State) -> Text:
    return Text(state, style=_COLOURS[state])


def print_log(deliveries: Sequence[Delivery], zone: tzinfo) -> None:
    """What happened, with lateness and errors."""
    if not deliveries:
        output.print_line("The log has nothing like that.")
        return
    print_days(deliveries, zone)
    output.print_line()
    counts = summary({state: sum(d.state is state for d in deliveries) for state in State})
    number = output.count_of(len(deliveries), "delivery", "deliveries")
    output.print_line(f"{number}: {counts}. {output.times_of(zone)}")


def print_days(deliveries: Iterable[Delivery], zone: tzinfo) -> None:
    """The deliveries under the days on which they are due."""
    table = output.list_table("Due", "State", "Late", "Account", "Post")
    for number, (day, of_day) in enumerate(
        groupby(deliveries, lambda d: output.day(d.due_at, zone))
    ):
        if number:
            table.add_row()
        table.add_row(None, None, None, None, Text(day, style="bold"))
        for delivery in of_day:
            table.add_row(
                f"{delivery.due_at.astimezone(zone):%H:%M}",
                state_text(delivery.state),
                _lateness(delivery),
                delivery.account,
                _post(delivery),
            )
    output.print_table(table)


def summary(counts: dict[State, int]) -> str:
    """`40 published, 1 failed`; the states that have none are left out."""
    return ", ".join(f"{counts[state]} {state}" for state in State if counts.get(state))


def _lateness(delivery: Delivery) -> str:
    return "" if delivery.lateness is None else output.seconds(delivery.lateness.total_seconds())


def _post(delivery: Delivery) -> Text:
    text = Text(delivery.post)
    for note in (delivery.reason, delivery.error_message):
        if note:
            text.append(f"\n{output.printable(note)}", style="dim")
    return text
