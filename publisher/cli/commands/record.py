"""Commands that look after the history: log verify, log archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base import formats, progress
from publisher.base.errors import AlreadyRunning
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.options import Json, Who, Yes
from publisher.cli.output import console
from publisher.cli.output import verdict as verdicts

if TYPE_CHECKING:
    from publisher.ledger.integrity.archive_files import Archive
    from publisher.settings.settings import Settings


def verify(
    context: typer.Context,
    *,
    seal: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="Check that a seal that you noted is still there."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find any change and any gap in the history.

    Every step of every delivery, account and person carries a hash over itself and the step before
    it, and about once a minute a seal covers all steps. The newest step also vouches for what the
    log says now: texts, times, ids, approvals, errors, pauses; and for who can log in, and in which
    role. The exit code is 1 if anything was changed, removed or added by hand.

    A ledger that went back as a whole, for example by a restored snapshot, has no gap. It is
    compared with what was seen of it, which is kept in var/: then the exit code is 1 too, until
    Publisher has run and looked for what fell due since.

    Anyone who can write the whole database could compute all hashes again. Note the seal's hash in
    another place now and then, and give it to --seal later: that shows this as well.
    """
    app = arguments.ledger(context)
    app.database.watch = None  # it only looks
    with progress.shown():
        app.audit.seal()
        verdict = app.audit.verify(noted=seal)
        lost, set_backs = app.watermarks.lost(), app.queries.set_backs()
    if as_json:
        console.print_json({
            **verdicts.as_json(verdict),
            "behind": lost is not None,
            "set_backs": [verdicts.set_back_json(one) for one in set_backs],
        })  # fmt: skip
    else:
        verdicts.print_verdict(verdict)
        verdicts.print_set_backs(lost.at if lost else None, set_backs)
    if verdict.breaks or lost:
        raise typer.Exit(1)


def archive(
    context: typer.Context,
    *,
    months: Annotated[
        int,
        typer.Option(
            min=1, max=1200, metavar="N", help="Keep this many whole months in the ledger."
        ),
    ] = 12,
    yes: Yes = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Move old history into compressed files.

    All steps of deliveries that were due, and have ended, before the last N whole months (in UTC)
    go into var/archive, a file of JSON Lines for each month. The deliveries stay, with their texts
    and ids: nothing that is out goes out again. What is uncertain, on the schedule, held, or to be
    cleared away stays as a whole.

    Keep the files where they are, and copies of them with your backups: `publisher history` and
    `publisher log verify` read them. Each is read back before a step leaves the ledger.
    """
    app = arguments.application(context)
    actor = arguments.actor(who)
    before = app.archiving.before(months)
    waiting = app.archiving.waiting(before)
    if not waiting:
        if as_json:
            console.print_json({"archives": []})
            return
        console.print_prose(_("Nothing to archive from before {month}.", month=f"{before:%Y-%m}"))
        return
    if not yes:
        arguments.refuse_to_ask(as_json=as_json)
        of_deliveries = formats.deliveries(waiting)
        question = _(
            "Move the history of {deliveries} from before {month} into var/archive?",
            deliveries=of_deliveries,
            month=f"{before:%Y-%m}",
        )
        arguments.confirm(question)
    archives: list[Archive] = []
    hint = _("Wait until it has ended.")
    locked = alone(app.settings, "archive.lock", "`publisher log archive`", hint)
    with locked, progress.shown() as clear:
        for made in app.archiving.run(before, actor):
            clear()
            archives.append(made)
            if as_json:
                continue
            told = _(
                "{file}: {steps} of {deliveries}.",
                steps=formats.steps(made.steps),
                deliveries=formats.deliveries(made.deliveries),
                file=app.archive / made.file,
            )
            console.print_prose(told)
    if as_json:
        console.print_json({"archives": [_row(made) for made in archives]})


def _row(made: "Archive") -> dict[str, Any]:
    return {"file": made.file, "steps": made.steps, "deliveries": made.deliveries}


@contextmanager
def alone(settings: "Settings", file: str, what: str, hint: str) -> Iterator[None]:
    """Let only one `what` be at work; `hint` says what to do when another one is."""
    from publisher.base.lock import locked

    try:
        with locked(settings.var / file, what):
            yield
    except AlreadyRunning as error:
        raise AlreadyRunning(str(error), hint=hint) from None
