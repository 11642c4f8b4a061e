"""Commands that copy the ledger and put it back: backup, restore."""

import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base import formats, progress
from publisher.base.errors import BackupUnusable, UsageError
from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.commands import log_ins
from publisher.cli.commands.control import print_json
from publisher.cli.commands.record import alone
from publisher.cli.options import Json, Who
from publisher.cli.output import console
from publisher.cli.output import verdict as verdicts

if TYPE_CHECKING:
    from publisher.ledger.integrity.after_restore import Aftermath
    from publisher.ledger.integrity.seals import Verdict
    from publisher.settings.settings import Settings


def backup(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A new file, or a folder for one that is named after the time."
        ),
    ],
    *,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=1,
            help="Then delete backups in the folder that are older than this many days.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy the ledger into a file, while everything goes on.

    `publisher run` may be running. The copy has all deliveries, their history and their pictures,
    but not drafts, settings, secrets and var/archive. It is verified. It holds texts that are not
    public yet: keep it as safe as those.
    """
    from publisher.ledger.integrity.backup import back_up, backup_name, delete_older
    from publisher.monitoring.backups import note_trial

    app = arguments.unopened(context)
    if not app.database.is_sqlite:
        message = _("The ledger is on PostgreSQL, which has its own backups.")
        raise UsageError(message, hint=_dump_command(app.settings))
    folder = file if file.is_dir() else None
    if keep and folder is None:
        raise UsageError(
            _("--keep needs a folder of backups, and {file} is not a folder.", file=file),
            hint=_("Name a folder that exists."),
        )
    if folder:
        file = folder / backup_name(app.clock.now())
    with progress.shown():
        verdict = back_up(app.database, app.clock, file, app.archive)
    if as_json:
        size = file.stat().st_size
        console.print_json({"file": str(file), "bytes": size, **verdicts.as_json(verdict)})
    else:
        _print_backup(verdict, file, app.archive)
    if verdict.breaks:
        raise typer.Exit(1)  # and the older ones, which may be better, stay
    if folder:
        note_trial(folder)
    if keep and folder:
        delete_older(folder, app.clock.now() - timedelta(days=keep))


def _print_backup(verdict: "Verdict", file: Path, archive: Path) -> None:
    verdicts.print_verdict(verdict)
    size = formats.size(file.stat().st_size)
    console.print_prose(_("The backup is {file} ({size}).", file=file, size=size))
    if verdict.archives:
        console.print_prose(
            _("Older history is not in it: copy the folder {folder} as well.", folder=archive)
        )


def restore(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="A file that `publisher backup` wrote.", show_default=False
        ),
    ] = None,
    *,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="Take over a database that was restored by other means, such as pg_restore.",
        ),
    ] = False,
    despite_breaks: Annotated[
        bool,
        typer.Option("--despite-breaks", help="Restore it even if its history was changed."),
    ] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Replace the ledger with a backup, while nothing is running.

    The ledger that was there is kept beside it. What the backup has on the schedule and was due
    since then may be out: it does not go out again, but becomes uncertain. While Publisher runs, it
    looks for it on the platforms, and what it finds becomes published. For the rest, look at the
    account, then use `publisher resolve` or `publisher retry`. Everything is paused until you run
    `publisher resume`.
    """
    if (file is None) is not in_place:
        hint = _("With PostgreSQL, run pg_restore first, then `publisher restore --in-place`.")
        raise UsageError(_("Name the backup file, or use --in-place."), hint=hint)
    actor = arguments.actor(who)
    settings = arguments.settings(context)
    hint = _("Stop it with Ctrl-C, stop every worker on other machines, then restore.")
    with alone(settings, "run.lock", "`publisher run`", hint), progress.shown():
        if file is None:
            aftermath, kept = _in_place(context, actor, despite_breaks=despite_breaks), None
        else:
            aftermath, kept = _from_file(settings, file, actor, despite_breaks=despite_breaks)
    if as_json:
        print_json(
            aftermath.uncertain,
            restored=instant_text(aftermath.taken_at),
            kept=kept and str(kept),
            kept_out=[log_ins.person_json(person) for person in aftermath.kept_out],
        )
        return
    _print_aftermath(aftermath, arguments.zone(settings))
    if kept:
        console.print_prose(_("The ledger that was there before is kept in {kept}.", kept=kept))


def _from_file(
    settings: "Settings", file: Path, actor: str, *, despite_breaks: bool
) -> tuple["Aftermath", Path | None]:
    from publisher.base import clock
    from publisher.ledger.database import parsed
    from publisher.ledger.integrity import archive_files
    from publisher.ledger.integrity.backup import restore as put_back

    url = parsed(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        message = _("The ledger is on PostgreSQL, which restores its own backups.")
        hint = _(
            "Run `{command}`, then `publisher restore --in-place`.",
            command=_restore_command(settings),
        )
        raise UsageError(message, hint=hint)
    done = put_back(
        file,
        Path(url.database),
        clock.from_environment(),
        actor,
        archive=settings.var / archive_files.FOLDER,
        despite_breaks=despite_breaks,
    )
    return done.aftermath, done.kept


def _in_place(context: typer.Context, actor: str, *, despite_breaks: bool) -> "Aftermath":
    from publisher.ledger.integrity.after_restore import face

    app = arguments.application(context)
    app.database.watch = None  # that it lacks what was seen of it is known
    verdict = app.audit.verify()
    if verdict.breaks and not despite_breaks:
        message = _("The history was changed: {first}.", first=verdict.breaks[0])
        hint = _("`publisher log verify` shows everything; --despite-breaks restores it anyway.")
        raise BackupUnusable(message, hint=hint)
    return face(app.database, app.clock, actor)


def _dump_command(settings: "Settings") -> str:
    """How to call pg_dump for this ledger; it asks for the password, or reads ~/.pgpass."""
    options, name = _server(settings)
    dump = shlex.join(["pg_dump", "--format=custom", "--file=FILE", *options, name])
    return _("Run: {command}", command=dump)


def _restore_command(settings: "Settings") -> str:
    options, name = _server(settings)
    how = ["--clean", "--if-exists", "--single-transaction", *options, f"--dbname={name}", "FILE"]
    return shlex.join(["pg_restore", *how])


def _server(settings: "Settings") -> tuple[list[str], str]:
    """The options that lead PostgreSQL's programs to the ledger, and its name; no password."""
    from publisher.ledger.database import parsed

    url = parsed(settings.database_url)
    named = {"--host": url.host, "--port": url.port, "--username": url.username}
    return [f"{name}={value}" for name, value in named.items() if value], url.database or ""


def _print_aftermath(aftermath: "Aftermath", zone: Any) -> None:
    from publisher.cli.output import tables

    when = console.minute(aftermath.taken_at, zone)
    console.print_prose(_("The ledger is as it was on {when}. Everything is paused.", when=when))
    if aftermath.uncertain:
        console.print_line()
        told = _(
            "These may have gone out since then. As soon as Publisher runs, it looks for them, "
            "and what it finds becomes published; nothing is sent. Look at the account for "
            "those that stay uncertain, then put on record what you saw: `publisher resolve "
            "POST --account NAME --published ID` if the post is there, `publisher retry POST "
            "--account NAME` if it is not."
        )
        console.print_prose(told)
        # Why, was said above, once for all of them.
        tables.print_days(
            [d.model_copy(update={"error_message": None}) for d in aftermath.uncertain], zone
        )
    console.print_line()
    told = _(
        "What was queued or moved after that time is not in the ledger. Run `publisher queue` "
        "now: of the drafts, what was due before now becomes uncertain as well, and you decide "
        "on it in the same way. When you have decided on everything, run `publisher resume`."
    )
    console.print_prose(told)
    if aftermath.kept_out:
        from publisher.auth.users import rights_in_words

        console.print_line()
        told = _(
            "These people could log in at that time. Some may have been removed since, or have "
            "another password, so all are logged out, and kept out until you let them in again."
        )
        console.print_prose(told)
        for person in aftermath.kept_out:
            name = console.printable(person.name)
            line = _("{name}: {value}", name=name, value=rights_in_words(person))
            console.print_line(f"  {line}")
        names = shlex.join(person.name for person in aftermath.kept_out)
        told = _("Let in the people you know: `publisher user enable {names}`.", names=names)
        console.print_prose(told)
    console.print_prose(console.times_of(zone))
