"""Output of `run` while it publishes: a line for each delivery."""

import errno
import math
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import LedgerUnavailable, PublisherError
from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.output import console, unqueued
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.tables import EVERYTHING
from publisher.model import events
from publisher.model.events import Event
from publisher.model.states import State, counted

_QUIET = frozenset(
    {
        Event.CLAIMED,
        Event.PREPARED,
        Event.AT_THE_PLATFORM,
        Event.SENDING,
        Event.RELEASED,
        Event.QUEUED,
        Event.QUEUED_AGAIN,
    }
)
"""Steps that are shown only in the history."""
_INDENT = " " * len("2016-03-07 08:30:00  ")
_COLOURS = {
    State.PUBLISHED: "green",
    State.FAILED: "red",
    State.MISSED: "red",
    State.UNCERTAIN: "red",
    State.HELD: "yellow",
    State.CANCELLED: "dim",
}


class RunDisplay:
    """Prints the steps of deliveries as they happen, in the session's time zone."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._zone = arguments.zone(app.settings)
        self._account_width = max(map(len, app.settings.accounts), default=0)
        self._came_to: dict[int, State] = {}
        self._begun = math.inf  # seconds since 1970
        self._overtaken: frozenset[str] = frozenset()
        """Posts whose drafts said something else than the schedule, at the beginning."""
        self._told_of: set[str] = set()
        """Posts that went out otherwise than their drafts say by now."""

    def announce(self, *, until_idle: bool) -> None:
        waiting = self._app.queries.waiting()
        instants = [instant for instant in (waiting.next_wake, waiting.next_due) if instant]
        scheduled = formats.deliveries(waiting.scheduled)
        end = _("stops when nothing is left") if until_idle else _("press Ctrl-C to stop")
        if instants:
            what = _(
                "Publishing: {deliveries} on the schedule, the next {time}; {end}.",
                deliveries=scheduled,
                time=console.minute(max(instants), self._zone),
                end=end,
            )
        else:
            what = _(
                "Publishing: {deliveries} on the schedule; {end}.", deliveries=scheduled, end=end
            )
        console.print_prose(f"{what} {console.times_of(self._zone)}")
        self._say_what_stays()
        if any(one.account == EVERYTHING and one.paused_at for one in self._app.queries.accounts()):
            console.print_warned(_("Everything is paused. Nothing more is sent."))
        self._say_what_waits(waiting.scheduled)
        self._begun = time.time()
        plan = unqueued.tell(self._app)
        self._overtaken = frozenset(plan.overtaken if plan else ())

    def _say_what_stays(self) -> None:
        """Print how many posts to come will not leave as they are, and when the first is due."""
        number, first = self._app.queries.stopped_ahead()
        if first is not None:
            line = plural(
                "{number} later delivery will not go out as it is, because it is not approved "
                "or is held; it is due {time}.",
                "{number} later deliveries will not go out as they are, because they are not "
                "approved or are held; the first is due {time}.",
                number,
                time=console.minute(first, self._zone),
            )
            console.print_warned(line)

    def report(self, step: HistoryStep) -> None:
        """Print a line for a step, unless it is only for the history."""
        if step.event in _QUIET or (
            step.event == Event.OWNER_VERIFIED and not step.detail.get("owner")
        ):
            return  # the keys' owner is shown once their name is known
        moved = step.target is not None and step.target is not step.source
        if moved and step.target and step.delivery is not None:
            self._came_to[step.delivery] = step.target
        clock = f"{step.at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        colour = _COLOURS.get(step.target) if moved and step.target else None
        event = self._event(step)
        event = console.paint(event, colour) if colour else event
        name = _("all") if step.account in (None, EVERYTHING) else str(step.account)
        account = name.ljust(self._account_width)
        subject = f"{account}  {step.post}" if step.post else account
        _show(f"{clock}  {subject}  {self._told(step, event)}")
        if step.event == Event.PUBLISHED and step.post:
            self._say_what_its_draft_says(step.post)

    def _say_what_its_draft_says(self, post: str) -> None:
        """Say once that a post went out otherwise than its draft says by now."""
        draft = self._app.settings.posts / f"{post}.md"
        is_suspect = post in self._overtaken or unqueued.touched(draft) > self._begun
        if is_suspect and post not in self._told_of:
            with suppress(PublisherError):  # `plan` reports the error
                if unqueued.print_differences(self._app.planner.plan([draft])):
                    self._told_of.add(post)

    def say(self, line: str) -> None:
        """Print a line about the processes."""
        now = self._app.clock.now().astimezone(self._zone)
        _show(console.paint(f"{now:%Y-%m-%d %H:%M:%S}  {line}", "dim"))

    def conclude(self) -> None:
        """Print the summary at the end."""
        self._say_what_has_become()
        with suppress(LedgerUnavailable):
            self._say_what_waits(self._app.queries.waiting().scheduled)

    def _say_what_has_become(self) -> None:
        if not self._came_to:
            console.print_prose(_("Nothing was published."))
            return
        seen = Counter(self._came_to.values())
        ended = ", ".join(counted(state, seen[state]) for state in _COLOURS if seen[state])
        told = _("Since the start: {counts}.", counts=ended or _("nothing has finished"))
        console.print_prose(told)

    def _say_what_waits(self, scheduled: int) -> None:
        """Print how many wait for a person, besides the `scheduled` ones."""
        waiting = self._app.queries.counts().get(State.SCHEDULED, 0) - scheduled
        if waiting > 0:
            line = plural(
                "{number} more delivery needs attention; `publisher status` shows why.",
                "{number} more deliveries need attention; `publisher status` shows why.",
                waiting,
            )
            console.print_warned(line)

    def _event(self, step: HistoryStep) -> str:
        """The event, with the number of a thread's part, or the end of a suspension."""
        if step.event == Event.PART_PUBLISHED:
            return _("part {number} published", number=step.detail.get("part", ""))
        if step.event == Event.ACCOUNT_SUSPENDED and (until := step.detail.get("until")):
            time = console.minute(datetime.fromisoformat(str(until)), self._zone)
            return _("suspended until {time}", time=time)
        return events.event(step.event)

    def _told(self, step: HistoryStep, event: str) -> str:
        """The event with its reason, or with the address of a published post."""
        if step.event == Event.PUBLISHED:
            said = (
                event
                if step.late is None
                else f"{event}, {formats.lateness(step.late.total_seconds())}"
            )
            address = step.url and console.printable(step.url)
            return _("{name}: {value}", name=said, value=address) if address else said
        if step.event == Event.ACCOUNT_GOES_ON:
            return event  # its message is the reason of the suspension
        reason = step.detail.get("reason")
        why = reason and _(str(reason))  # reasons of `queue` are stored in English
        message = step.detail.get("message") or why or step.detail.get("owner")
        if not message:
            return event
        return _("{name}: {value}", name=event, value=console.printable(str(message)))


def _show(line: str) -> None:
    """Print a line; a full disk under the output must not end the run."""
    try:
        console.print_prose(line, _INDENT)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
