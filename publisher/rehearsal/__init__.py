"""Rehearsal (`publisher rehearse`): the whole session against the sandbox, on a fast clock.

Everything is real but the platforms and the time: the drafts of the workspace go through the real
broker, the real dispatcher and real workers to servers as strict as the platforms. It has its own
ledger and folder, `var/rehearsal/`, and uses neither the real ledger nor real credentials.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from publisher.app import Application
from publisher.base.clock import SharedClock
from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.delivery.leases import LOOK_AHEAD
from publisher.drafts.check import check
from publisher.drafts.library import Library
from publisher.model.deliveries import Delivery
from publisher.model.states import State, state_name
from publisher.model.values import Problem
from publisher.rehearsal import report, website
from publisher.rehearsal.comparison import differences
from publisher.rehearsal.display import Display
from publisher.rehearsal.stage import Stage
from publisher.reporting.log_export import log_rows
from publisher.running import supervisor
from publisher.running.processes import Processes
from publisher.running.signals import Interruption
from publisher.settings import settings

SPEED = 60.0
"""Seconds of the session per real second, while something is going out."""

_TICK = 0.1  # real seconds between two checks
_PRELUDE = 60.0  # real seconds from the start until the first post is due, if nothing jumped
_JUMP_SHORT = 1.8  # real seconds before the next post at which a jump ends, for preparation
_WORTH_JUMPING = 0.5  # real seconds; a shorter stretch is waited for
_CALM = frozenset({State.PUBLISHED, State.CANCELLED, State.HELD, State.WITHDRAWN})


def rehearse(workspace: Path, *, speed: float = SPEED, console: Console) -> int:
    """Rehearse all drafts that have a time, and write the results to `var/rehearsal/`.

    These are `log.json`, `report.html`, and the timelines of the platforms. The exit code
    is 0 if every post went out and log and platforms agree, otherwise 1.
    Raises AlreadyRunning, BrokerUnavailable, StorageError, and ProcessFailed.
    """
    configured = settings.load(workspace)
    library, problems = check(configured)
    if _refused(problems, console):
        return 1
    due = [post.due_at for post in library.posts if post.due_at is not None]
    if not due:
        console.print(_("No draft has a time yet, so there is nothing to rehearse."))
        return 1
    start = min(due) - timedelta(seconds=_PRELUDE * speed)
    with Stage.set_up(configured, library.session, start, speed) as stage:
        app = Application.open_or_make(workspace)
        if _refused(app.planner.queue(actor="rehearsal").problems, console):
            return 1
        finished = _perform(app, stage.clock, library, console)
        return _conclude(app, stage, library, console) if finished else 1


def _refused(problems: Sequence[Problem], console: Console) -> bool:
    """Whether a draft has an error; all errors are shown."""
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in errors:
        where = f"{problem.file}:{problem.line}:{problem.column}"
        console.print(f"{where}: {problem.message}", markup=False, highlight=False)
        if problem.hint:
            console.print(f"    {problem.hint}", markup=False, highlight=False)
    return bool(errors)


def _perform(app: Application, clock: SharedClock, library: Library, console: Console) -> bool:
    """Publish everything; False if it was interrupted."""
    deliveries = app.queries.deliveries()
    with (
        Interruption() as interruption,
        Display(deliveries, library.session.zone, clock, console) as display,
    ):
        processes = Processes(app.settings, display.say)
        history = supervisor.History(app, display.show)
        try:
            processes.start()
            ready = False
            while not (interruption.wanted or supervisor.nothing_waits(app)):
                processes.tend()
                history.follow()
                ready = ready or processes.ready()
                if ready:
                    _jump(app, clock)
                display.tick(_TICK)
        except BaseException:
            processes.drain(interruption)
            raise
        processes.drain(interruption, history.follow)
        history.follow()
        if interruption.wanted:
            display.say(_("Interrupted; the rehearsal is not complete."))
        return not interruption.wanted


def _jump(app: Application, clock: SharedClock) -> None:
    """Skip the time in which nothing happens, also while what comes next is claimed already."""
    waiting = app.queries.waiting()
    moments = [moment for moment in (waiting.next_wake, waiting.publishing_due) if moment]
    if waiting.reading or not moments:
        return
    landing = min(moments) - timedelta(seconds=_JUMP_SHORT * clock.speed)
    skipped = (landing - clock.now()).total_seconds() / clock.speed
    # What is claimed earlier than others is a video, whose upload takes its own time.
    if skipped > _WORTH_JUMPING and not (waiting.publishing and skipped > LOOK_AHEAD):
        clock.jump_to(landing)


def _conclude(app: Application, stage: Stage, library: Library, console: Console) -> int:
    """Write the result files, and report the outcome."""
    deliveries = app.queries.deliveries()
    rows = log_rows(deliveries)
    state = stage.sandbox.state()
    posts = [*state["posts"], *website.posts(app.settings.var / "site")]
    found = differences(rows, deliveries, posts) + [
        f"{violation['account']}: {violation['kind']}: {violation['detail']}"
        for violation in state["violations"]
    ]
    page = report.render(
        title=library.session.name or app.settings.workspace.name,
        deliveries=deliveries,
        differences=found,
        zone=library.session.zone,
        speed=stage.clock.speed,
        names=app.names,
    )
    files = {
        "log.json": json.dumps(rows, ensure_ascii=False, indent=2) + "\n",
        "report.html": page,
        **stage.sandbox.timelines(),
    }
    for name, content in files.items():
        try:
            (stage.folder / name).write_text(content, encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{stage.folder / name}: {why(error)}.") from error
    return _verdict(deliveries, found, stage, console)


def _verdict(
    deliveries: Sequence[Delivery], found: Sequence[str], stage: Stage, console: Console
) -> int:
    out = [delivery for delivery in deliveries if delivery.state is State.PUBLISHED]
    troubled = [delivery for delivery in deliveries if delivery.state not in _CALM]
    lines = [_("{number} of {all} posts are out.", number=len(out), all=len(deliveries))]
    lines += [
        _(
            "{post} to {account} is {state}: {reason}",
            post=delivery.post,
            account=delivery.account,
            state=state_name(delivery.state),
            reason=delivery.error_message or delivery.reason or _("no reason is known"),
        )
        for delivery in troubled
    ]
    lines += found or [_("Every platform shows what the log says, and nothing else.")]
    lines.append(report.summary(deliveries, stage.clock.speed))
    lines.append(_("Log, report and timelines: {folder}", folder=stage.folder))
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if troubled or found else 0
