"""Tables of deliveries: by day, one line each, readable at 80 columns."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

from rich.text import Text

from publisher.base import formats
from publisher.base.i18n import _
from publisher.base.text import shortened
from publisher.cli.output import console, listing
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.model.content import Content
from publisher.model.deliveries import Delivery, Wish
from publisher.model.states import State, counted, state_name
from publisher.model.visibility import Visibility

_COLOURS = {
    State.AWAITING_APPROVAL: "yellow",
    State.REJECTED: "yellow",
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


Named = Callable[[str], str]
"""Gives the name of an account for readers."""
_BESIDE = 40  # characters, about


def state_text(state: State) -> Text:
    return Text(state_name(state), style=_COLOURS[state])


def embargo_note(planned: Delivery | Wish, zone: tzinfo) -> str | None:
    """A note if the time shown is that of an embargo, not the draft's."""
    if planned.not_before == planned.due_at:
        return None
    return _("embargo, due at {time}", time=console.minute(planned.due_at, zone))


def account_text(account: str, named: Named) -> Text:
    """An account's key, which people type, and beside it what readers call it."""
    name = console.printable(named(account))
    return Text.assemble(account, (f" {name}" if name != account else "", "dim"))


def post_text(post: str, content: Content) -> Text:
    """A post's id, which people type, and beside it what it is called.

    An answer begins with the name of a reader, who stands in no list.
    """
    words = "" if content.answers else console.printable(shortened(content.first_words, _BESIDE))
    return Text.assemble(post, (f"  {words}" if words else "", "dim"))


def print_log(
    deliveries: Sequence[Delivery], zone: tzinfo, named: Named, *, is_empty: bool
) -> None:
    """Print the log with lateness and errors; `is_empty`: the whole log has no entry."""
    if not deliveries:
        console.print_prose(
            _("Nothing has ever been queued: the log is empty.")
            if is_empty
            else _("Nothing in the log matches.")
        )
        return
    print_days(deliveries, zone, named, addresses=True)
    console.print_line()
    states = summary({state: sum(d.state is state for d in deliveries) for state in State})
    number = formats.deliveries(len(deliveries))
    told = _("{name}: {value}", name=number, value=states)
    console.print_prose(f"{told}. {console.times_of(zone)}")


def print_days(
    deliveries: Sequence[Delivery],
    zone: tzinfo,
    named: Named = str,
    *,
    addresses: bool = False,
    says_stops: bool = False,
) -> None:
    """Print deliveries, which must be sorted by time, under the days on which they go out.

    `addresses`: with the address of each published one. `says_stops`: each that will not leave as
    it is says so.
    """
    columns = (_("due"), _("state"), _("late"), _("account"), _("post"))
    rows = [
        (
            console.day(delivery.not_before, zone),
            _row(delivery, zone, named, addresses=addresses, says_stops=says_stops),
        )
        for delivery in deliveries
    ]
    listing.print_by_day(columns, rows)


def _row(
    delivery: Delivery, zone: tzinfo, named: Named, *, addresses: bool, says_stops: bool
) -> tuple[Text, ...]:
    went_out = delivery.state in (State.PUBLISHED, State.WITHDRAWN)
    late = delivery.lateness if went_out else None
    post = post_text(delivery.post, delivery.content)
    seen = Visibility.of(delivery)
    is_stopped = says_stops and delivery.state not in (State.SCHEDULED, State.PUBLISHING)
    says = None
    if seen.needs_words or is_stopped:
        says = seen.in_words(lambda at: console.minute(at, zone))
    for note in (says, embargo_note(delivery, zone), reason_of(delivery), delivery.error_message):
        if note:
            post.append(f"\n{console.printable(note)}", style="dim")
    if addresses and delivery.url and delivery.remote_ids:
        post.append(f"\n{console.printable(delivery.url)}", style="dim")
    return (
        Text(
            _("now") if delivery.waits_to_begin else f"{delivery.not_before.astimezone(zone):%H:%M}"
        ),
        Text(seen.count, style="red") if seen.is_half_out else state_text(delivery.state),
        Text("" if late is None else formats.lateness(late.total_seconds())),
        account_text(delivery.account, named),
        post,
    )


def summary(numbers: Mapping[State, int]) -> str:
    """A summary such as `40 published, 1 failed`, without empty states."""
    return ", ".join(counted(state, numbers[state]) for state in State if numbers.get(state))
