"""Commands about who may log in to the web pages: user add, list, remove, password, sessions."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from publisher.cli import arguments, output
from publisher.cli.control import Who
from publisher.errors import UsageError
from publisher.language import Language, _, plural

if TYPE_CHECKING:
    from publisher.ledger.people import Person

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Who logs in, as the history names them.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")]
Role = Literal["staff", "manager", "admin"]
_LONGEST_LINE = 1000


def add(
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[
        Role,
        typer.Option(
            help="staff look and edit, a manager also approves, pauses and withdraws, an admin "
            "also looks after the others."
        ),
    ] = "staff",
    language: Annotated[
        Language | None,
        typer.Option(help="What the pages speak to them. Default: what their browser asks for."),
    ] = None,
    openid: Annotated[
        bool,
        typer.Option("--openid", help="They log in by OpenID Connect, and have no password here."),
    ] = False,
    who: Who = None,
) -> None:
    """Let somebody log in to the web pages.

    It asks for a password of at least 12 characters; in a script, write it to standard input. The
    name stands in the history with what they do, and an author's name keeps them from approving
    their own posts: use the name that stands in the drafts.
    """
    from publisher.ledger.people import Rank

    app = arguments.application(context)
    actor = arguments.actor(who)
    secret = None if openid else _password()
    person = app.people.add(name, Rank(role), secret, language, actor=actor)
    output.print_prose(_("{name} may log in, as {role}.", name=person.name, role=_(person.rank)))


def list_people(context: typer.Context, *, as_json: Json = False) -> None:
    """Show who may log in."""
    app = arguments.application(context)
    found = app.people.all()
    if as_json:
        output.print_json([_as_json(person) for person in found])
        return
    if not found:
        output.print_prose(_("Nobody may log in. `publisher user add NAME` changes that."))
    for person in found:
        state = _(", kept out") if person.disabled_at else ""
        output.print_line(f"{output.printable(person.name)}: {_(person.rank)}{state}")


def remove(context: typer.Context, name: Name, *, who: Who = None) -> None:
    """Let somebody log in no more.

    Whatever they have open is logged out at once. The history keeps what they did, with their name.
    """
    app = arguments.application(context)
    app.people.remove(name, actor=arguments.actor(who))
    output.print_prose(_("{name} may not log in any more.", name=name))


def password(context: typer.Context, name: Name, *, who: Who = None) -> None:
    """Give somebody a new password; they are logged out everywhere."""
    app = arguments.application(context)
    actor = arguments.actor(who)
    app.people.find(name)
    app.people.set_password(name, _password(), actor=actor)
    output.print_prose(_("{name} has a new password, and is logged out everywhere.", name=name))


def sessions(
    context: typer.Context,
    name: Name,
    *,
    revoke: Annotated[bool, typer.Option("--revoke", help="Log them out everywhere.")] = False,
    as_json: Json = False,
) -> None:
    """Show where somebody is logged in, or end it."""
    from publisher.app import instant_text

    app = arguments.application(context)
    person = app.people.find(name)
    if revoke:
        ended = app.sessions.revoke(person)
        output.print_line(plural("{number} session ended.", "{number} sessions ended.", ended))
        return
    found = app.sessions.of(person)
    if as_json:
        output.print_json(
            [
                {
                    "created_at": instant_text(session.created_at),
                    "seen_at": instant_text(session.seen_at),
                    "device": session.device,
                }
                for session in found
            ]
        )
        return
    zone = arguments.zone(app.settings)
    for session in found:
        seen = output.minute(session.seen_at, zone)
        device = output.printable(session.device)
        output.print_prose(_("last seen {time}  {device}", time=seen, device=device))
    output.print_line(plural("{number} session.", "{number} sessions.", len(found)))


def _as_json(person: "Person") -> dict[str, Any]:
    from publisher.app import instant_text

    return {
        "name": person.name,
        "role": person.rank,
        "language": person.language,
        "created_at": instant_text(person.created_at),
        "disabled_at": instant_text(person.disabled_at),
        "openid": person.by_openid,
    }


def _password() -> str:
    """From a prompt that shows nothing, or the first line of standard input; never an argument."""
    import getpass

    if not sys.stdin.isatty():
        line = sys.stdin.readline(_LONGEST_LINE)
        return line.rstrip("\r\n")
    first = getpass.getpass(_("New password: "))
    if getpass.getpass(_("Once more: ")) != first:
        raise UsageError(_("The two passwords are not the same."), hint=_("Run the command again."))
    return first
