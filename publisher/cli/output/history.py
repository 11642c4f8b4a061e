"""Output of a post's history, step by step."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from rich.text import Text

from publisher.base.i18n import _
from publisher.cli.output import console, listing, tables
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model import history_text
from publisher.model.deliveries import Delivery
from publisher.model.events import event
from publisher.model.visibility import Visibility


def print_history(steps: Sequence[HistoryStep], zone: tzinfo, named: tables.Named) -> None:
    """Print every step with its time, account, actor and event, by day."""
    columns = (_("time"), _("account"), _("who"), _("what"))
    rows = [(console.day(step.at, zone), _row(step, zone, named)) for step in _told(steps)]
    listing.print_by_day(columns, rows)
    console.print_prose(console.times_of(zone))


def _told(steps: Sequence[HistoryStep]) -> Iterator[HistoryStep]:
    """The steps without repetitions of a delivery's last event."""
    last: dict[int | None, str] = {}
    for step in steps:
        is_bare = not step.detail and step.target in (None, step.source)
        if not (is_bare and step.delivery is not None and last.get(step.delivery) == step.event):
            yield step
        last[step.delivery] = step.event


def print_addresses(deliveries: Sequence[Delivery], zone: tzinfo) -> None:
    """Print what the public sees where the state does not say it, and each public address."""
    for delivery in deliveries:
        seen = Visibility.of(delivery)
        if seen.needs_words:
            words = seen.in_words(lambda at: console.minute(at, zone))
            console.print_line(_("{name}: {value}", name=delivery.account, value=words))
        if delivery.url and delivery.remote_ids:
            address = console.printable(delivery.url)
            console.print_line(_("{name}: {value}", name=delivery.account, value=address))


def print_corrections(corrections: Sequence[Delivery], zone: tzinfo) -> None:
    """Print which corrections of the post are out, and why."""
    for one in corrections:
        if one.published_at and one.remote_ids:
            told = _(
                "Corrected on {account}, {when}, by {post}: {reason}",
                account=one.account,
                when=console.minute(one.published_at, zone),
                post=one.post,
                reason=one.content.reason,
            )
            console.print_prose(console.printable(told))


def _row(step: HistoryStep, zone: tzinfo, named: tables.Named) -> tuple[Text, ...]:
    what = Text(event(step.event))
    if step.target and step.target is not step.source and step.target != step.event:
        what.append(" → ").append_text(tables.state_text(step.target))
    for line in history_text.details(step.detail, zone):
        what.append(f"\n{console.printable(line)}", style="dim")
    time = Text(f"{step.at.astimezone(zone):%H:%M:%S}")
    account = tables.account_text(step.account, named) if step.account else Text(_("all"))
    return time, account, Text(console.printable(step.by)), what
