"""What people type, turned into what the other parts take. All refusals are usage errors."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from publisher.base import clock, date_range, dates, formats
from publisher.base.errors import (
    AlreadyRunning,
    LedgerEmpty,
    LedgerMissing,
    NoSuchPost,
    PublisherError,
    UsageError,
)
from publisher.base.i18n import Language, _
from publisher.base.text import did_you_mean, nearest, nearly, suggestion
from publisher.cli.output import console
from publisher.settings.sources import SETTINGS_FILE, find_workspace, spoken

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.drafts.session import Session
    from publisher.model.deliveries import Delivery
    from publisher.settings.settings import Settings

WORKSPACE_VARIABLE = "PUBLISHER_WORKSPACE"
USER_VARIABLE = "PUBLISHER_USER"
_OPTION = "--workspace"
_LANGUAGE = re.compile(r"\.[a-z]{2,3}(?:-[A-Za-z]{2,4})?$", re.ASCII)
"""The language at the end of a post's id."""
_NEAR = 3
"""Posts that are proposed for a name that is none."""


def workspace(context: typer.Context) -> Path:
    """The folder that the command works on; WorkspaceNotFound when there is none."""
    given: Path | None = context.obj
    if given is None:
        return find_workspace(Path.cwd())
    if not (given / SETTINGS_FILE).is_file():
        raise UsageError(
            _(
                "{given} is not a workspace: it has no {settings_file}.",
                given=given,
                settings_file=SETTINGS_FILE,
            ),
            hint=_(
                "It comes from the environment variable {variable}. Correct the variable, or "
                "unset it.",
                variable=WORKSPACE_VARIABLE,
            )
            if str(given) == os.environ.get(WORKSPACE_VARIABLE)
            else _("Make one with `publisher init {given}`.", given=given),
        )
    return given.resolve()


def workspace_in(arguments: Sequence[str]) -> Path:
    """The same, from a bare command line, for whoever cannot wait until it is parsed."""
    for index, argument in enumerate(arguments):
        if argument == _OPTION and index + 1 < len(arguments):
            return find_workspace(Path(arguments[index + 1]))
        if argument.startswith(f"{_OPTION}="):
            return find_workspace(Path(argument.removeprefix(f"{_OPTION}=")))
    return find_workspace(Path(os.environ.get(WORKSPACE_VARIABLE) or Path.cwd()))


def language_in(arguments: Sequence[str]) -> Language:
    """The language of a bare command line: its workspace's, or the locale's."""
    try:
        folder = workspace_in(arguments)
    except (PublisherError, OSError, ValueError):
        folder = None
    return spoken(folder)


def settings(context: typer.Context) -> "Settings":
    from publisher.settings.settings import load

    return load(workspace(context))


def application(context: typer.Context) -> "Application":
    """The workspace's settings, clock and ledger; LedgerMissing where there is none."""
    from publisher.app import Application

    app = Application.open(workspace(context))
    context.call_on_close(app.close)
    return app


def ledger(context: typer.Context) -> "Application":
    """The same for what needs the ledger alone: it works whatever is wrong with the settings.

    That is said, but only where it cannot be known which ledger is meant it is an error.
    """
    from publisher.app import Application

    app = Application.open_ledger(workspace(context))
    context.call_on_close(app.close)
    if app.problem:
        console.print_error(str(app.problem), app.problem.hint)
        console.print_note(_("This command needs only the ledger, so it runs all the same."))
    return app


def unopened(context: typer.Context) -> "Application":
    """The same, also with a ledger that an older version wrote; LedgerMissing where there is
    none.
    """
    from publisher.app import Application
    from publisher.base.clock import from_environment

    app = Application(settings(context), from_environment())
    context.call_on_close(app.close)
    if not app.database.is_old():
        app.database.check_revision()
    return app


def refuse_empty(app: "Application") -> None:
    """LedgerEmpty for who acts on deliveries where there never was one.

    Whoever pauses or cancels on an empty ledger means another one, on which all goes on.
    """
    if not app.queries.counts():
        raise LedgerEmpty(
            _("Nothing has ever been queued in the ledger in {place}.", place=_place(app))
        )


def making(context: typer.Context, *, force: bool = False) -> "Application":
    """The same for who may make the ledger, or migrate it; says so when there was none.

    `force`: migrate it also while processes of the version that wrote it are at work.
    """
    from publisher.app import Application

    allow = {} if force else {"allow": _leave_to_older}
    app = Application.open_or_make(workspace(context), **allow)
    context.call_on_close(app.close)
    if app.is_new:
        console.print_note(_("A new ledger was made in {place}.", place=_place(app)))
    return app


def ensuring(context: typer.Context) -> "Application":
    """As `application`, and makes the ledger where there is none; an older one is not migrated."""
    try:
        return application(context)
    except LedgerMissing:
        return making(context)


def looking(context: typer.Context) -> "Application":
    """The same for who only compares with the ledger: without one, an empty one will do."""
    from publisher.app import Application

    app = context.with_resource(Application.looking(workspace(context)))
    if app.without_ledger:
        console.print_note(str(app.without_ledger))
    return app


def standing(
    settings: "Settings",
    posts: Sequence[str],
    say: "Callable[[PublisherError], None] | None" = None,
) -> "Sequence[Delivery] | None":
    """What the ledger has of these posts, for who looks at drafts: it need not be there.

    None where there is none; so it is where it cannot be asked, after `say` was called.
    """
    from publisher.app import Application

    try:
        with Application.looking(settings.workspace) as app:
            if app.without_ledger is None:
                return app.queries.standing(posts, and_under_way=False)
    except PublisherError as error:
        if say:
            say(error)
    return None


def _place(app: "Application") -> str:
    """Where the ledger is; a file in the workspace as seen from there."""
    return app.database.place.removeprefix(f"{app.settings.workspace}{os.sep}")


def _leave_to_older(app: "Application") -> None:
    """AlreadyRunning when the ledger is in use by processes of the version that wrote it.

    They would go on, and write into tables that they do not know.
    """
    from publisher.base.lock import ensure_free

    if app.database.is_sqlite:
        ensure_free(app.settings.var / "run.lock", "`publisher run`")
    alive = sorted({f"{one.kind} ({one.host}, {one.version})" for one in app.heartbeats.users()})
    if alive:
        raise AlreadyRunning(
            _(
                "The ledger was not migrated, because processes of another version are using "
                "it: {processes}.",
                processes=", ".join(alive),
            ),
            hint=_(
                "Stop them on every machine, then run this again. A process that was killed "
                "counts as stopped 40 s later; `publisher migrate --force` does not wait for "
                "that."
            ),
        )


def actor(given: str | None) -> str:
    """Who asks: `--as`, else PUBLISHER_USER, else the system's name for the user."""
    import getpass

    name = given if given is not None else os.environ.get(USER_VARIABLE) or None
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = "unknown"
    if not name.strip() or not name.isprintable():
        raise UsageError(
            _("The name of the person who asks is empty, or has characters that cannot be printed.")
        )
    return name.strip()


def refuse_to_ask(*, as_json: bool) -> None:
    """UsageError where a question would come between what a script reads."""
    if as_json:
        message = _("With --json, no questions are asked.")
        raise UsageError(message, hint=_("Add --yes once you know what will change."))


def confirm(question: str) -> None:
    """Ask, and end the command unless the answer is yes; UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        message = _("This asks before it does anything, and there is nobody to answer.")
        raise UsageError(message, hint=_("In a script, add --yes."))
    if not agrees(question):
        console.print_note(_("Nothing was done."))
        raise typer.Abort


def reason(given: str | None, *, as_json: bool = False) -> str:
    """Why somebody does something: `--reason`, else what they answer when they are asked."""
    if given is None and sys.stdin.isatty() and not as_json:
        asked = console.prose(_("Why? (For the record)"))
        given = str(typer.prompt(asked, prompt_suffix=" "))
    if given is None or not given.strip():
        message = _("--reason is missing.") if given is None else _("--reason is empty.")
        raise UsageError(message, hint=_("Give it in a few words, for the record."))
    return given.strip()


def agrees(question: str) -> bool:
    """Whether the answer of whoever sits at the terminal is yes."""
    asked = console.prose(f"{question} {_('[y/N]')}")
    answer = typer.prompt(asked, default="", show_default=False, prompt_suffix=" ")
    return answer.strip().lower() in ("y", "yes", *_("y yes").split())


def drafts(paths: Sequence[Path], posts: Path) -> list[Path]:
    """The drafts and folders that were named, absolute; a post's id will do as well."""
    return [_draft(path, posts) for path in paths]


def _draft(path: Path, posts: Path) -> Path:
    for candidate in (path.absolute(), posts / path, posts / f"{path}.md"):
        if candidate.exists() or candidate.is_symlink():
            found = Path(os.path.normpath(candidate))
            break
    else:
        if path.suffix != ".md" and (only := _only_called(path.as_posix(), _ids(posts))):
            return posts / f"{only}.md"
        message = _("{path} does not exist.", path=path)
        raise UsageError(message, hint=_nearest_draft(path, posts))
    if not found.is_relative_to(posts):
        message = _("{path} is not in {posts}.", path=path, posts=posts)
        raise UsageError(message, hint=_("Drafts live in the workspace's posts/ folder."))
    return found


def _nearest_draft(path: Path, posts: Path) -> str:
    """The draft that was probably meant: one whose name goes on, or is nearly the same."""
    name = post_id(path.as_posix(), posts)
    known = _ids(posts)
    near = [id_ for id_ in known if id_.startswith(name)][:_NEAR]
    if not near and (similar := nearest(name, known)):
        near = [similar]
    if near:
        return did_you_mean(*sorted(near))
    return _("Name a draft, a folder of drafts, or a post's id.")


def _ids(posts: Path) -> list[str]:
    """The ids of all drafts."""
    return [draft.relative_to(posts).with_suffix("").as_posix() for draft in posts.rglob("*.md")]


def _only_called(name: str, ids: Sequence[str]) -> str | None:
    """The only one of `ids` that is `name` but for folder, day and language; says which it is."""
    found = [one for one in ids if name in _names(one)]
    if len(found) != 1:
        return None
    console.print_note(_("{name} is {post}.", name=name, post=found[0]))
    return found[0]


def _names(post: str) -> set[str]:
    """What a post may be called: its id, with or without its folder, day and language."""
    from publisher.drafts.recurrence import undated

    found = set()
    for name in (post, _LANGUAGE.sub("", post)):
        last = name.rpartition("/")[2]
        found |= {name, last, undated(last)}
    return found


def post_id(given: str, posts: Path) -> str:
    """A post's id, also from the path of its draft."""
    path = Path(given)
    if path.suffix != ".md":
        return given
    absolute = Path(os.path.normpath(path.absolute()))
    if absolute.is_relative_to(posts):
        path = absolute.relative_to(posts)
    return path.with_suffix("").as_posix()


def post(app: "Application", given: str) -> str:
    """A post that the ledger has, by its id or the path of its draft; else NoSuchPost names near
    ones.

    Its folder, day and language may be left out where one post alone is called so.
    """
    name = post_id(given, app.settings.posts)
    if app.queries.known_posts([name]):
        return name
    if name == given and (only := _only_called(name, app.queries.names_containing(name))):
        return only
    raise unknown(app, name)


def unknown(app: "Application", name: str) -> NoSuchPost:
    """That the ledger has no such post, with those that may be meant."""
    near = app.queries.names_like(name, _NEAR)
    return NoSuchPost(
        _("There is no post {post} on the schedule or in the history.", post=name),
        hint=did_you_mean(*near) if near else None,
    )


def account(given: str | None, known: Sequence[str]) -> str | None:
    """An account that publisher.toml has."""
    if given is None or given in known:
        return given
    raise UsageError(_("There is no account {name}.", name=given), hint=suggestion(given, known))


def since(given: str | None, zone: tzinfo) -> datetime | None:
    """The instant from which on something is wanted: a date's first."""
    return date_range.since(_in_the_past(given, zone, "--since"), zone, "--since")


def until(given: str | None, zone: tzinfo) -> datetime | None:
    """The instant before which something is wanted: a date counts whole."""
    return date_range.until(_in_the_past(given, zone, "--until"), zone, "--until")


def _in_the_past(given: str | None, zone: tzinfo, option: str) -> str | None:
    """A time as files have it, from `hier` or `3 days ago`; it says how that was understood."""
    if given is None:
        return None
    with suppress(ValueError):
        datetime.fromisoformat(given.strip())
        return given
    now = clock.from_environment().now().astimezone(zone)
    found = dates.times(given, now, past=True) or [
        day.isoformat() for day in dates.days(given, now.date(), past=True)
    ]
    return understood(given, found, option)


def day(given: str | None, zone: tzinfo, option: str) -> date | None:
    """The day that `5 janvier` or `demain` means; it says how that was understood."""
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        today = clock.from_environment().now().astimezone(zone).date()
        near = [one.isoformat() for one in dates.days(given, today)]
    found = understood(given, near, option)
    if found not in near:
        message = _("{text} is not a day.", text=given)
        raise UsageError(message, hint=_("Write it like 2016-03-07."))
    return date.fromisoformat(found)


def understood(given: str, found: Sequence[str], option: str) -> str:
    """What a person typed as files have it, and said in words; `given` where nothing is `found`.

    UsageError with both readings for what can be read in two ways.
    """
    if not found:
        return given
    if len(found) > 1:
        message = _("{option}: {given} can be read in two ways.", option=option, given=repr(given))
        raise UsageError(message, hint=nearly(found))
    kind = datetime if " " in found[0] else date
    when = formats.spelled_out(kind.fromisoformat(found[0]))
    console.print_note(_("{option} {given}: {when}.", option=option, given=repr(given), when=when))
    return found[0]


def zone(settings: "Settings") -> tzinfo:
    """The zone in which times are shown: the session's."""
    return session(settings).zone


def recipients(given: Sequence[str], settings: "Settings") -> list[str]:
    """The accounts and channels that `--to` names, spelled as they are known."""
    from publisher.channels.registry import CAPABILITIES
    from publisher.drafts.names import meant

    known = [*settings.accounts, *CAPABILITIES, "all"]
    found = [meant(name, known) for name in given]
    for name, its in zip(given, found, strict=True):
        if its is None:
            message = _("--to: there is no account or platform “{name}”.", name=name)
            raise UsageError(message, hint=suggestion(name, known))
    return [name for name in found if name]


def zone_named(name: str) -> ZoneInfo:
    """A time zone that `--timezone` names."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            _("--timezone: there is no time zone {name}.", name=name),
            hint=_("Write an area and a city, such as Europe/Zurich."),
        ) from None


def session(settings: "Settings") -> "Session":
    """The session, as far as it can be read; what is wrong with it is for `check` to say."""
    from publisher.drafts import session_reader

    return session_reader.readable(settings.posts)
