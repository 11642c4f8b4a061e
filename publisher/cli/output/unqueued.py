"""Output of unqueued changes in `status`, `check` and `run`, at little cost.

The mark is a file in var/ with the time of the last comparison without a difference. As long as no
file under posts/ is newer, no draft is read.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.base import files
from publisher.base.errors import PublisherError
from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.output import console
from publisher.drafts.draft_files import COMPARED, newest_change
from publisher.settings.settings import Settings

if TYPE_CHECKING:  # `check` looks at files first, and mostly at no ledger
    from publisher.app import Application
    from publisher.planning import Plan

_MARK = "queued.mark"
_SHOWN = 10
_GRAIN = 2.0  # seconds: that of the coarsest file systems


def note(app: "Application", begun: float) -> None:
    """Record that at `begun` (time.time()) the schedule matched all drafts."""
    path = app.settings.var / _MARK
    files.keep(path, b"")
    with suppress(OSError):
        os.utime(path, (begun, begun))


def tell(app: "Application") -> "Plan | None":
    """Print the changes that are not queued yet, if there are any; returns them if it looked."""
    begun = time.time()
    number, youngest = newest_change(app.settings.posts)
    if not number or youngest < _last(app) - _GRAIN:
        return None
    if number > COMPARED:
        told = _(
            "Drafts or the agenda have changed since the last `publisher queue`. `publisher plan` "
            "shows whether anything is not on the schedule yet."
        )
        console.print_warned(told)
        return None
    with suppress(PublisherError):  # `plan` reports the error
        plan = app.planner.plan()
        if not (plan.changes or plan.errors or plan.not_as_out or plan.unread):
            note(app, begun)
        _tell(plan, arguments.zone(app.settings))
        return plan
    return None


def tell_of(settings: Settings, drafts: Sequence[Path]) -> None:
    """Print which of these drafts say something else than the schedule, or than is out.

    The ledger is opened for those alone that were touched since all were as scheduled; where that
    never was, as in a clone, for none.
    """
    marked = touched(settings.var / _MARK)
    changed = [path for path in drafts if marked and touched(path) >= marked - _GRAIN]
    if changed and len(changed) <= COMPARED:
        from publisher.app import Application

        with suppress(PublisherError), Application.looking(settings.workspace) as app:
            if app.without_ledger is None:
                print_differences(app.planner.plan(changed))


def touched(path: Path) -> float:
    """When a file was changed last, in seconds since 1970; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def print_differences(plan: "Plan") -> bool:
    """Print what goes out, or is out, otherwise than its draft says; whether anything does."""
    from publisher.cli.output import plan as plans

    if posts := plan.overtaken:
        told = plural(
            "{number} post goes out as it was queued, not as its draft says now: {names}. "
            "`publisher queue` puts it on the schedule as it is now.",
            "{number} posts go out as they were queued, not as their drafts say now: {names}. "
            "`publisher queue` puts them on the schedule as they are now.",
            len(posts),
            names=plans.some(posts),
        )
        console.print_warned(told)
    if posts := plan.not_as_out:
        told = plural(
            "{number} draft differs from what is out: {names}. `publisher correct {first}` "
            "changes what readers see.",
            "{number} drafts differ from what is out: {names}. `publisher correct {first}` "
            "changes what readers see of the first.",
            len(posts),
            names=plans.some(posts),
            first=posts[0],
        )
        console.print_warned(told)
    return bool(plan.overtaken or plan.not_as_out)


def _tell(plan: "Plan", zone: tzinfo) -> None:
    from publisher.cli.output import plan as plans

    if plan.changes:
        told = _(
            "Not queued yet: {changes}. `publisher plan` shows it, and `publisher queue` puts it "
            "on the schedule.",
            changes=plan.in_numbers,
        )
        console.print_warned(told)
    print_differences(plan)
    if plan.unread:
        told = plural(
            "{number} draft was written by a program and is left out until a person has read "
            "it: {posts}. `publisher read POST` shows the whole of one.",
            "{number} drafts were written by programs and are left out until a person has read "
            "them: {posts}. `publisher read POST` shows the whole of one.",
            len(plan.unread),
            posts=", ".join(mark.post for mark in plan.unread[:_SHOWN]),
        )
        console.print_warned(told)
    if plan.errors:
        files = len({problem.file for problem in plan.errors})
        told = plural(
            "{number} file under posts/ has errors: nothing in it is queued until they are "
            "corrected. `publisher check` says what to correct.",
            "{number} files under posts/ have errors: nothing in them is queued until they are "
            "corrected. `publisher check` says what to correct.",
            files,
        )
        console.print_warned(told)
        for line in plans.as_queued(plan, zone):
            console.print_warned(line)


def _last(app: "Application") -> float:
    try:
        last = (app.settings.var / _MARK).stat().st_mtime
    except OSError:
        return 0.0
    # A ledger that was restored or set back since may lack what was queued then.
    is_over = any(gap.until.timestamp() > last for gap in app.queries.gaps() if not gap.is_new)
    return 0.0 if is_over else last
