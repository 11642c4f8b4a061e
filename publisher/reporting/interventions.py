"""Interventions: changes to the schedule by people and platforms, with time and reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.base.i18n import _, later
from publisher.ledger.integrity.archive_files import LOST
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.tables import EVERYTHING
from publisher.model.events import Event

EVENTS = {
    Event.PAUSED: later("Paused"),
    Event.RESUMED: later("Resumed"),
    Event.ACCOUNT_SUSPENDED: later("Suspended by the platform:"),
    Event.ACCOUNT_GOES_ON: later("No longer suspended:"),
    Event.HELD: later("Held"),
    Event.HOLD_LIFTED: later("No longer held"),
    Event.REJECTED: later("Rejected"),
    Event.CANCELLED: later("Cancelled"),
    Event.STOP_NOTED: later("Stopped, unless it was out"),
    Event.STOP_LIFTED: later("No longer stopped"),
    Event.RETRIED: later("Tried again"),
    Event.ACKNOWLEDGED: later("Acknowledged"),
    Event.RESOLVED: later("Found to be out"),
    Event.WITHDRAWN: later("Withdrawn"),
    Event.FOUND_GONE: later("Found to be gone"),
    Event.NOT_WITHDRAWN: later("Not withdrawn, though someone tried:"),
    Event.RESTORED: later("Restored from a backup:"),
    Event.LEDGER_SET_BACK: later("The ledger was set back:"),
    Event.SAID_TO_BE_THE_FIRST_LEDGER: later("Declared to be the first ledger:"),
    LOST: later("Not shown, as it is in the archive"),
}
"""The events of the history that are reported, with their labels."""
_TOGETHER = timedelta(minutes=1)
_NAMED = 6


@dataclass(frozen=True, slots=True)
class Intervention:
    """One action on one or many deliveries or accounts."""

    at: datetime
    what: str
    named: Sequence[str]
    """The first deliveries or accounts that it was done to."""
    more: int
    """Number of others that it was done to."""
    by: str
    why: str


def interventions(steps: Sequence[HistoryStep]) -> list[Intervention]:
    """Group the steps, in their order: one action on many deliveries is one intervention."""
    groups: list[list[HistoryStep]] = []
    for step in steps:
        if groups and _belongs(step, groups[-1][-1]):
            groups[-1].append(step)
        else:
            groups.append([step])
    return [_told(group) for group in groups]


def _belongs(step: HistoryStep, before: HistoryStep) -> bool:
    same = (step.event, step.by, _why(step)) == (before.event, before.by, _why(before))
    return same and step.delivery is not None and step.at - before.at < _TOGETHER


def _told(group: Sequence[HistoryStep]) -> Intervention:
    first = group[0]
    return Intervention(
        at=first.at,
        what=_(EVENTS[first.event]),
        named=[_subject(step) for step in group[:_NAMED]],
        more=len(group[_NAMED:]),
        by=first.by,
        why=_(_why(first)),
    )


def _subject(step: HistoryStep) -> str:
    if step.post is not None:
        return _("{post} to {account}", post=step.post, account=step.account)
    return _("everything") if step.account in (None, EVERYTHING) else str(step.account)


def _why(step: HistoryStep) -> str:
    return str(step.detail.get("reason") or step.detail.get("message") or "")
