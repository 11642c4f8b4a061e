"""Commands about drafts: new, check, count."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from publisher.base import clock, files, progress
from publisher.base.errors import UsageError, why
from publisher.base.i18n import _, plural
from publisher.base.process import collect_never
from publisher.cli import arguments, completion
from publisher.cli.options import FormatJson, Json, Paths
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.drafts.library import Library
    from publisher.drafts.session import Session
    from publisher.model.values import Problem
    from publisher.settings.settings import Settings

_MOST = 1_000_000  # bytes, as for drafts
_NAMED = 5
"""Drafts that have expired, by their names."""


CheckFormat = Literal["text", "json", "github"]


def new(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What the post is about.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help='Set when it goes out: "2016-03-07 08:30", or an agenda item like "opening '
            '- 30m".',
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT",
            autocompletion=completion.recipients,
            help="Send it to an account, a channel, or all. Repeat for more.",
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Set its language, such as fr. Default: the workspace's."
        ),
    ] = None,
    next_slot: Annotated[
        bool,
        typer.Option("--next-slot", help="Use the next slot that is free on all its accounts."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a draft that is ready to edit, and print its path."""
    from publisher.cli import draft_template

    settings = arguments.settings(context)
    session = arguments.session(settings)
    if next_slot:
        if at is not None:
            raise UsageError(
                _("Use either {one} or {other}, not both.", one="--at", other="--next-slot")
            )
        at = _free_slot(context, session, to or [], lang)
    path, text = draft_template.make(settings, session, title=title, at=at, to=to or [], lang=lang)
    name = os.path.relpath(path)
    if path.exists() or path.is_symlink():
        message = _("{name} already exists; nothing was written.", name=name)
        raise UsageError(message, hint=_("Edit that draft, or choose another title."))
    hint = _("You need permission to write to the folder posts/, on a disk with free space.")
    with files.file_errors(Path(name), hint):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.create(path, text.encode())
    if as_json:
        post = arguments.post_id(str(path), settings.posts)
        console.print_json({"post": post, "file": f"posts/{post}.md"})
        return
    console.print_line(name)


def _free_slot(
    context: typer.Context, session: "Session", to: Sequence[str], lang: str | None
) -> str:
    """The next slot that all accounts of a new draft have free, as a draft says it."""
    from publisher.cli import draft_template
    from publisher.drafts import check as checking
    from publisher.drafts.rendering import accounts_named
    from publisher.planning.free_slots import FreeSlots

    app = arguments.looking(context)
    names = draft_template.recipients(to, app.settings) or session.defaults.to
    lang = draft_template.language(lang, session, app.settings)
    accounts = accounts_named(names, lang, app.settings.public_accounts())
    free = FreeSlots(app.settings, app.queries, session, checking.read(app.settings).posts)
    return f"{free.next([one.name for one in accounts], app.clock.now()):%Y-%m-%d %H:%M}"


def check(
    context: typer.Context,
    paths: Paths = None,
    *,
    form: Annotated[
        CheckFormat,
        typer.Option(
            "--format", help="Print text for people, json for scripts, or github for workflows."
        ),
    ] = "text",
    as_json: FormatJson = False,
) -> None:
    """Find every problem in the drafts, all at once.

    Each is shown with its file, line and column, and what to do about it. Errors end the command
    with exit code 1; warnings do not.
    """
    from publisher.cli.output import problems, unqueued
    from publisher.drafts import planted

    settings = arguments.settings(context)
    chosen = arguments.drafts(paths or [], settings.posts)

    collect_never()
    with progress.shown():
        library, found, expired = _checked(settings, chosen)
        found = [*planted.problems(settings), *found]
    if as_json or form == "json":
        problems.print_array(found)
    elif form == "github":
        problems.print_github(found, settings.workspace)
    else:
        problems.print_text(found)
        console.print_prose(problems.summary(library.drafts, problems.own(found)))
        if expired:
            console.print_prose(_told_expired(expired))
        unqueued.tell_of(settings, [settings.workspace / post.file for post in library.posts])
    if problems.errors_in(found):
        raise typer.Exit(1)


def _checked(
    settings: "Settings", paths: Sequence[str | Path]
) -> "tuple[Library, list[Problem], list[str]]":
    """The drafts, every problem in them, and the ids of those that have expired.

    The ledger is asked about what may be out, and about no more. Where it cannot be asked, those
    that have expired are only named: most likely they are out.
    """
    from publisher.drafts import check as checking
    from publisher.drafts import duplicates, overdue
    from publisher.model.timing import is_over

    library, found = checking.check(settings, paths)
    found += duplicates.find(library, settings.public_accounts())
    dues, now = overdue.dues(library, settings), clock.from_environment().now()
    over = sorted(due.post for due in dues if is_over(due.not_before, now))
    deliveries = arguments.standing(settings, over) if over else ()
    expired = [due.post for due in dues if due.expires_at <= now] if deliveries is None else []
    judged = overdue.judged(found, dues, deliveries, now, arguments.zone(settings))
    return library, judged, expired


def _told_expired(posts: Sequence[str]) -> str:
    more = len(posts) - _NAMED
    return plural(
        "{number} draft is past its time and its expiry: {names}. `publisher queue` leaves it "
        "out until it has a new `at`. Only the ledger knows whether it is out already, and "
        "there is none here.",
        "{number} drafts are past their time and their expiry: {names}. `publisher queue` "
        "leaves them out until they have a new `at`. Only the ledger knows whether they are "
        "out already, and there is none here.",
        len(posts),
        names=", ".join(posts[:_NAMED]) + (_(", and {more} more", more=more) if more > 0 else ""),
    )


def count(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A draft or any text; - reads standard input.")
    ] = "-",
    *,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="CHANNEL",
            autocompletion=completion.channels,
            help="Count for a channel or an account. Default: all that the draft goes to; for "
            "other texts, the first channel.",
        ),
    ] = None,
    split: Annotated[
        bool,
        typer.Option("--split", help="Print the text as a thread, ready to paste into a draft."),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON object, for scripts (default: for the first channel)."
        ),
    ] = False,
) -> None:
    """Count how long a text is, and what is left.

    Each channel counts in its own way: on some, a link counts as 23 and most emoji as 2. A text
    without front matter is counted as it is. What is too long for a channel with threads is shown
    as a thread, cut after sentences. The exit code is 1 if a part is too long or empty.
    """
    from publisher.cli.commands import counting
    from publisher.cli.output import problems

    counts, found = counting.count(context, file, _read(file), channel)
    if found:
        problems.print_text(found)
        raise typer.Exit(1)
    if split:
        counts = counting.split(counts)
    if as_json:
        counts = counts[:1]
        console.print_json(counts[0].as_json())
    elif split:
        for entry in counts:
            heading = f"## {entry.name}\n" if len(counts) > 1 else ""
            console.print_line(heading + counting.thread(entry.parts))
    else:
        for line in [line for entry in counts for line in (*entry.lines(), *entry.suggestion())]:
            console.print_line(line)
    if not all(entry.valid for entry in counts):
        raise typer.Exit(1)


def _read(file: str) -> str:
    """The text, whole and exact; UsageError where it cannot be read."""
    name = _("The text") if file == "-" else file
    try:
        if file == "-":
            if sys.stdin.isatty():
                typer.echo(_("Type the text, then press Ctrl-D on a line of its own."), err=True)
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with Path(file).open("rb") as source:
                data = source.read(_MOST + 1)
    except OSError as error:
        message = _("{name} cannot be read: {reason}.", name=name, reason=why(error))
        raise UsageError(message) from None
    if len(data) > _MOST:
        raise UsageError(_("{name} is bigger than 1 MB; no channel takes that much.", name=name))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = _(
            "{name} is not UTF-8: line {line} holds the byte 0x{byte:02x}.",
            name=name,
            line=line,
            byte=data[error.start],
        )
        hint = _("Open it in your editor and save it as UTF-8.")
        raise UsageError(message, hint=hint) from None
