"""What `status` shows: what needs a person first, then what comes next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from publisher.app import Application, instant_text, log_rows
from publisher.cli import arguments, output, tables
from publisher.language import _, plural
from publisher.ledger.queries import AccountStatus
from publisher.ledger.tables import EVERYTHING
from publisher.models import Delivery
from publisher.states import State

_FRESH = timedelta(days=1)
"""For so long what was missed, or was stopped too late, is news."""
_NEXT = (State.SCHEDULED, State.PUBLISHING)
_WAITS_FOR_A_PERSON = (State.UNCERTAIN, State.FAILED, State.HELD, State.AWAITING_APPROVAL)


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one workspace at one instant."""

    now: datetime
    zone: tzinfo
    attention: Sequence[Delivery]
    accounts: Sequence[AccountStatus]
    next: Sequence[Delivery]
    more: int
    """How many come after those."""
    resting: int
    """How many wait, because their account is paused or held."""
    counts: dict[State, int]

    @classmethod
    def of(cls, app: Application, limit: int | None) -> "Overview":
        """Read it; `limit` is how many of the deliveries that come next are shown."""
        now, queries = app.clock.now(), app.queries
        attention = [d for state in _WAITS_FOR_A_PERSON for d in queries.deliveries(state=state)]
        attention += queries.deliveries(state=State.MISSED, since=now - _FRESH)
        fresh = queries.deliveries(state=State.PUBLISHED, since=now - _FRESH)
        attention += [delivery for delivery in fresh if delivery.stop]
        accounts = queries.accounts()
        scheduled = [d for state in _NEXT for d in queries.deliveries(state=state)]
        coming = tables.by_time([d for d in scheduled if not _rests(d, accounts)])
        return cls(
            now=now,
            zone=arguments.zone(app.settings),
            attention=tables.by_time(attention),
            accounts=accounts,
            next=coming[:limit],
            more=len(coming[limit:]) if limit else 0,
            resting=len(scheduled) - len(coming),
            counts=queries.counts(),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "now": instant_text(self.now),
            "attention": log_rows(self.attention),
            "accounts": [_account(status) for status in self.accounts],
            "next": log_rows(self.next),
            "resting": self.resting,
            "counts": {state: self.counts.get(state, 0) for state in State},
        }

    def print(self) -> None:
        if not self.counts:
            output.print_line(_("The schedule is empty. `publisher queue` puts drafts on it."))
        for status in self.accounts:
            for line in _sentences(status, self.zone):
                output.print_prose(output.paint(line, "yellow"))
        if self.attention:
            output.print_line(output.paint(_("These need a person:"), "red"))
            tables.print_days(self.attention, self.zone)
            output.print_line()
        if self.next:
            output.print_line(output.paint(_("These go out next:"), "bold"))
            tables.print_days(self.next, self.zone)
            if self.more:
                output.print_line(
                    _("… and {more} more: `publisher status --all` shows them.", more=self.more)
                )
            output.print_line()
        elif self.counts and not self.resting:
            output.print_line(_("Nothing is on the schedule."))
        if self.resting:
            output.print_line(
                plural(
                    "{number} delivery waits for an account that is paused or held.",
                    "{number} deliveries wait for an account that is paused or held.",
                    self.resting,
                )
            )
        if self.counts:
            output.print_line(_("In all: {counts}.", counts=tables.summary(self.counts)))
        clock = output.minute(self.now, self.zone)
        output.print_line(
            _("It is {time} now. {times}", time=clock, times=output.times_of(self.zone))
        )


def _rests(delivery: Delivery, accounts: Sequence[AccountStatus]) -> bool:
    """Whether it will not go out at its time, because its account stands still."""
    return delivery.state is State.SCHEDULED and any(
        status.paused_at is not None
        or status.held_until is None
        or tables.leaves_at(delivery) < status.held_until
        for status in accounts
        if status.account in (EVERYTHING, delivery.account)
    )


def _account(status: AccountStatus) -> dict[str, Any]:
    values = asdict(status)
    return {
        key: instant_text(value) if isinstance(value, datetime) else value
        for key, value in values.items()
    }


def _sentences(status: AccountStatus, zone: tzinfo) -> list[str]:
    """Why an account stands still, and what to do about it."""
    name = _("Everything") if status.account == EVERYTHING else status.account
    of_account = "" if status.account == EVERYTHING else f" --account {status.account}"
    resume = f"publisher resume{of_account}"
    lines = []
    if status.paused_at:
        lines.append(
            _(
                "{name} is paused since {time} by {actor}: {reason} (`{resume}` ends it)",
                name=name,
                time=output.minute(status.paused_at, zone),
                actor=status.paused_by,
                reason=status.pause_reason,
                resume=resume,
            )
        )
    if status.held_at:
        until = (
            _("until {time}", time=output.minute(status.held_until, zone))
            if status.held_until
            else _("until a person mends it and runs `{resume}`", resume=resume)
        )
        lines.append(
            _(
                "{name} is held {until}: {message} ({kind})",
                name=name,
                until=until,
                message=output.printable(status.held_message or ""),
                kind=status.held_kind,
            )
        )
    return lines
