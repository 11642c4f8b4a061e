"""Commands about deliveries: plan, queue, status, log, history."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from publisher.base import progress
from publisher.base.errors import NoSuchPost, UsageError
from publisher.base.i18n import _, plural
from publisher.base.process import collect_never
from publisher.cli import arguments
from publisher.cli.options import FormatJson, Json, OfAccount, Paths, Post, Since, Until, Who
from publisher.cli.output import console
from publisher.model.states import State

if TYPE_CHECKING:
    from datetime import tzinfo

    from publisher.app import Application
    from publisher.cli.output.tables import Named
    from publisher.planning import Plan

_SHOWN = 10


LogFormat = Literal["table", "json", "csv", "xlsx"]


def plan(context: typer.Context, paths: Paths = None, *, as_json: Json = False) -> None:
    """Show what `queue` would change, without changing anything."""
    from publisher.cli.output import plan as plans
    from publisher.planning import plan_data

    app = arguments.looking(context)
    collect_never()
    with progress.shown():
        found = app.planner.plan(arguments.drafts(paths or [], app.settings.posts))
    if as_json:
        console.print_json(plan_data.as_json(found))
    else:
        zone = arguments.zone(app.settings)
        plans.show(found, zone, app.names.named)
        plans.conclude(found, zone, done=False)
    if found.errors:
        raise typer.Exit(1)


def queue(
    context: typer.Context,
    paths: Paths = None,
    *,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going", help="Queue the drafts without errors, and leave out the others."
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Do not ask, even if posts go out at once or are cancelled, or approvals "
            "become void.",
        ),
    ] = False,
    new_ledger: Annotated[
        bool | None,
        typer.Option(
            "--new-ledger/--lost-ledger",
            help="Say whether this is the first ledger of these drafts, or another one was lost.",
        ),
    ] = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Put the drafts on the schedule.

    New posts are added; posts that are not out yet follow their drafts: edited, moved, or cancelled
    if the draft is gone. If any draft has an error, nothing is written at all. A second run changes
    nothing. It asks before a post goes out at once because its time is over, before a post with
    `at: now` may go out a second time under another name, before an approval becomes void, also
    because a draft is gone, and before it cancels most of the schedule. If nobody can answer, it
    writes nothing; --yes answers.

    What was due before the ledger was made, or has `at: now` and is older, may be out already if
    another ledger was lost: it asks. If nobody can answer, `at: now` is refused; what was due
    becomes uncertain, is looked for on its platform, and waits for you if it is not seen there.
    """
    from publisher.cli.output import plan as plans
    from publisher.cli.output import unqueued
    from publisher.planning import plan_data

    drafts = arguments.drafts(paths or [], arguments.settings(context).posts)
    app = arguments.making(context)
    begun = time.time()
    zone = arguments.zone(app.settings)
    collect_never()
    asks = new_ledger is None and not (yes or as_json)
    is_first = _is_said_to_be_the_first(app, drafts) if asks else new_ledger
    if is_first:
        _say_what_stays_in_doubt(app.trust_ledger(arguments.actor(who)))

    shown: Plan | None = None

    def agree(plan: "Plan") -> None:
        nonlocal shown
        _refuse_unanswered(plan, is_first=is_first)
        risks = plans.risks(plan, late=not (asks and is_first))
        if risks and not yes:
            clear()
            if not as_json:
                plans.show(plan, zone, app.names.named)
                shown = plan
            for risk in risks:
                typer.echo(risk, err=as_json)
            arguments.confirm(_("Continue?"))

    with progress.shown() as clear:
        done = app.planner.queue(
            drafts,
            actor=arguments.actor(who),
            keep_going=keep_going,
            agree=agree,
        )
    written = keep_going or not done.errors
    if not (paths or done.errors or done.not_as_out or done.unread):
        unqueued.note(app, begun)
    if as_json:
        console.print_json({**plan_data.as_json(done), "written": written})
    else:
        _print_queued(done, shown, zone, app.names.named, written=written)
    if done.errors:
        raise typer.Exit(1)


def _print_queued(
    plan: "Plan", shown: "Plan | None", zone: "tzinfo", named: "Named", *, written: bool
) -> None:
    """What was written; `shown` was shown before the question."""
    from publisher.cli.output import plan as plans

    if plan is not shown:
        plans.show(plan, zone, named, changes=written)
    plans.conclude(plan, zone, done=written)


def _say_what_stays_in_doubt(number: int) -> None:
    if number:
        told = plural(
            "{number} delivery was queued before you said so, and stays uncertain: Publisher "
            "looks for it. If it is not out, run `publisher retry POST --account NAME`.",
            "{number} deliveries were queued before you said so, and stay uncertain: Publisher "
            "looks for them. For each one that is not out, run `publisher retry POST --account "
            "NAME`.",
            number,
        )
        console.print_note(told)


def _refuse_unanswered(plan: "Plan", *, is_first: bool | None) -> None:
    """UsageError where a post that says `now` may be out already, and nobody said if it can be."""
    posts = dict.fromkeys(one.post for one in plan.undecided)
    if posts and is_first is None:
        message = _(
            "This ledger is newer than drafts that have `at: now`. If there was another ledger "
            "before it, they may be out already: {posts}.",
            posts=", ".join(posts),
        )
        hint = _(
            "If there was none, add --new-ledger: they go out. If one was lost, add "
            "--lost-ledger: Publisher looks for them on their platforms, and they wait for you."
        )
        raise UsageError(message, hint=hint)


def _is_said_to_be_the_first(app: "Application", drafts: list[Path]) -> bool | None:
    """Whether a person says so of a new ledger, where that decides what becomes of a post.

    None where nobody was asked.
    """
    if not (sys.stdin.isatty() and any(gap.is_new for gap in app.queries.gaps())):
        return None
    doubted = app.planner.plan(drafts).doubted
    if not doubted:
        return None
    told = _(
        "This ledger is new, and these were due before it was made. If there was another ledger "
        "before it (deleted, or on another machine), they may be out already:"
    )
    console.print_note(told)
    for change in doubted[:_SHOWN]:
        console.print_note(f"  {console.place(change.post, change.account)}")
    if len(doubted) > _SHOWN:
        console.print_note("  " + _("… and {more} more", more=len(doubted) - _SHOWN))
    return arguments.agrees(
        _(
            "Was there none, so that they can go out now? If you say no, they wait until you "
            "have looked."
        )
    )


def status(
    context: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Show everything, not just 20 of each.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what needs attention, and what goes out next."""
    from publisher.cli.output import unqueued
    from publisher.cli.output.status import show

    limit = None if everything else 20
    # Scripts get whatever needs a person; on a screen, thousands of lines help nobody.
    most = None if as_json else limit
    app = arguments.ledger(context)
    overview = app.overview(limit, most)
    if as_json:
        console.print_json(overview.as_json())
    else:
        show(overview, app.names.named)
        if not app.problem:
            unqueued.tell(app)


def log(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    account: OfAccount = None,
    state: Annotated[
        State | None,
        typer.Option(metavar="STATE", help=f"Show only this state: {', '.join(State)}."),
    ] = None,
    form: Annotated[
        LogFormat,
        typer.Option(
            "--format", help="Print a table, JSON for scripts, or CSV or XLSX for a spreadsheet."
        ),
    ] = "table",
    as_json: FormatJson = False,
) -> None:
    """Show what happened to every delivery, earliest first.

    A delivery is one post to one account.
    """
    if context.invoked_subcommand:
        return
    from publisher.cli.output import tables
    from publisher.reporting import log_export
    from publisher.reporting.log_export import log_rows
    from publisher.reporting.outcomes import by_time

    app = arguments.ledger(context)
    zone = arguments.zone(app.settings)
    found = by_time(
        app.queries.deliveries(
            since=arguments.since(since, zone),
            until=arguments.until(until, zone),
            account=arguments.account(account, app.accounts()),
            state=state,
        )
    )
    if form == "table" and not as_json:
        tables.print_log(
            found, zone, app.names.named, is_empty=not found and not app.queries.counts()
        )
        return
    rows = log_rows(found, app.engagement.of([delivery.id for delivery in found]))
    if as_json or form == "json":
        console.print_json(rows)
    elif form == "csv":
        console.print_csv(log_export.COLUMNS, map(log_export.flat, rows))
    else:
        console.print_workbook(log_export.COLUMNS, map(log_export.with_instants, rows), zone)


def history(context: typer.Context, post: Post, *, as_json: Json = False) -> None:
    """Show every step of one post: when, what, and by whom."""
    from publisher.cli.output import history as steps
    from publisher.reporting import log_export

    app = arguments.ledger(context)
    name = arguments.post_id(post, app.settings.posts)
    try:
        found = app.queries.history(name)
    except NoSuchPost:
        name = arguments.post(app, post)
        found = app.queries.history(name)
    if as_json:
        console.print_json([log_export.step_row(step) for step in found])
    else:
        zone = arguments.zone(app.settings)
        steps.print_history(found, zone, app.names.named)
        steps.print_addresses(app.queries.deliveries(post=name), zone)
        steps.print_corrections(app.queries.corrections([name]), zone)
