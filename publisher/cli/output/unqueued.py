"""Output of unqueued changes in `status`, at little cost.

The mark is a file in var/ with the time of the last comparison without a difference. As long as no
file under posts/ is newer, no draft is read.
"""

import os
import time
from contextlib import suppress
from datetime import tzinfo

from publisher.app import Application
from publisher.base import files
from publisher.base.errors import PublisherError
from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.output import console
from publisher.cli.output import plan as plans
from publisher.drafts.draft_files import COMPARED, newest_change
from publisher.planning import Plan

_MARK = "queued.mark"
_SHOWN = 10
_GRAIN = 2.0  # seconds: that of the coarsest file systems


def note(app: Application, begun: float) -> None:
    """Record that at `begun` (time.time()) the schedule matched all drafts."""
    path = app.settings.var / _MARK
    files.keep(path, b"")
    with suppress(OSError):
        os.utime(path, (begun, begun))


def tell(app: Application) -> None:
    """Print the changes that are not queued yet, if there are any."""
    begun = time.time()
    number, youngest = newest_change(app.settings.posts)
    if not number or youngest < _last(app) - _GRAIN:
        return
    if number > COMPARED:
        told = _(
            "Drafts or the agenda have changed since the last `publisher queue`. `publisher plan` "
            "shows whether anything is not on the schedule yet."
        )
        console.print_warned(told)
        return
    with suppress(PublisherError):  # `plan` reports the error
        plan = app.planner.plan()
        if not (plan.changes or plan.errors or plan.unread):
            note(app, begun)
        _tell(plan, arguments.zone(app.settings))


def _tell(plan: Plan, zone: tzinfo) -> None:
    if plan.changes:
        told = _(
            "Not queued yet: {changes}. `publisher plan` shows it, and `publisher queue` puts it "
            "on the schedule.",
            changes=plan.in_numbers,
        )
        console.print_warned(told)
    if plan.unread:
        told = plural(
            "{number} draft was written by a program and is left out until a person has read it: "
            "{posts}. `publisher read POST` shows one whole.",
            "{number} drafts were written by programs and are left out until a person has read "
            "them: {posts}. `publisher read POST` shows one whole.",
            len(plan.unread),
            posts=", ".join(mark.post for mark in plan.unread[:_SHOWN]),
        )
        console.print_warned(told)
    if plan.errors:
        files = len({problem.file for problem in plan.errors})
        told = plural(
            "{number} file under posts/ has errors: nothing of it is queued until it is mended. "
            "`publisher check` says what to mend.",
            "{number} files under posts/ have errors: nothing of them is queued until they are "
            "mended. `publisher check` says what to mend.",
            files,
        )
        console.print_warned(told)
        for line in plans.as_queued(plan, zone):
            console.print_warned(line)


def _last(app: Application) -> float:
    try:
        last = (app.settings.var / _MARK).stat().st_mtime
    except OSError:
        return 0.0
    # A ledger that was restored or set back since may lack what was queued then.
    is_over = any(gap.until.timestamp() > last for gap in app.queries.gaps() if not gap.is_new)
    return 0.0 if is_over else last
