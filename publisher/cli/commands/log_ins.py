"""Commands about how somebody logs in: user password, factors, sessions and unlock."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.options import Json, Who
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.auth.password_links import PasswordLink
    from publisher.ledger.manager.rights import Person

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The person who logs in, as the history names them.")
]
_LONGEST_LINE = 1000


def password(
    context: typer.Context,
    name: Name,
    *,
    link: Annotated[
        bool,
        typer.Option(
            "--link",
            help="Print a link with which they choose it themselves: it works once, for seven "
            "days.",
        ),
    ] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Give a person a new password, and log them out everywhere."""
    app = arguments.application(context)
    actor = arguments.actor(who)
    if link:
        print_link(app, app.password_links.make(name, actor=actor), as_json=as_json)
        return
    app.people.find(name)
    app.people.set_password(name, new_password(), actor=actor)
    app.throttle.unlock(name)
    if as_json:
        console.print_json(person_json(app.people.find(name)))
        return
    console.print_prose(_("{name} has a new password, and is logged out everywhere.", name=name))


def factors(
    context: typer.Context,
    name: Name,
    *,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove", help="Remove all, because the phone and the recovery codes are lost."
        ),
    ] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Show a person's second factors, or remove them."""
    app = arguments.application(context)
    person = app.people.find(name)
    if remove:
        app.second_factors.clear(person.name, actor=arguments.actor(who))
    found = app.second_factors.of(person)
    if as_json:
        passkeys = [passkey.name for passkey in found.passkeys]
        left = len(found.recovery)
        console.print_json(
            {"app": found.app is not None, "passkeys": passkeys, "recovery_codes": left}
        )
        return
    if not found.are_any:
        console.print_prose(_("{name} now logs in without a second factor.", name=person.name))
        return
    if found.app:
        console.print_line(_("Codes from an app"))
    for passkey in found.passkeys:
        console.print_line(console.printable(passkey.name))
    left = len(found.recovery)
    console.print_line(
        plural("{number} recovery code is left.", "{number} recovery codes are left.", left)
    )


def sessions(
    context: typer.Context,
    name: Name,
    *,
    revoke: Annotated[bool, typer.Option("--revoke", help="Log them out everywhere.")] = False,
    as_json: Json = False,
) -> None:
    """Show where a person is logged in, or log them out."""
    from publisher.base.formats import instant_text

    app = arguments.application(context)
    person = app.people.find(name)
    if revoke:
        ended = app.sessions.revoke(person)
        if as_json:
            console.print_json({"ended": ended})
            return
        console.print_line(plural("{number} session ended.", "{number} sessions ended.", ended))
        return
    found = app.sessions.of(person)
    if as_json:
        console.print_json(
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
        seen = console.minute(session.seen_at, zone)
        device = console.printable(session.device)
        console.print_prose(_("last seen {time}  {device}", time=seen, device=device))
    console.print_line(plural("{number} session.", "{number} sessions.", len(found)))


def unlock(context: typer.Context, name: Name, *, as_json: Json = False) -> None:
    """Forget the wrong passwords tried with a person's name.

    Then they can log in without waiting. Anyone who is guessing can begin again: var/log/web.log
    shows where that comes from.
    """
    app = arguments.application(context)
    person = app.people.find(name)
    app.throttle.unlock(person.name)
    if as_json:
        console.print_json(person_json(person))
        return
    console.print_prose(_("{name} can log in without waiting.", name=person.name))


def person_json(person: "Person") -> dict[str, Any]:
    """Who may log in, as what, and how; no secret."""
    from publisher.base.formats import instant_text

    return {
        "name": person.name,
        "role": person.rank,
        "organisations": None if person.organisations is None else list(person.organisations),
        "language": person.language,
        "created_at": instant_text(person.created_at),
        "disabled_at": instant_text(person.disabled_at),
        "openid": person.by_openid,
        "invited": person.is_invited,
        "second_factor": person.has_factor,
    }


def print_link(app: "Application", link: "PasswordLink", *, as_json: bool) -> None:
    """The link on standard output, alone; what to do with it on standard error."""
    told = _(
        "Send this to {name}, in a way that nobody else can read. It works once, for seven days.",
        name=link.person.name,
    )
    console.print_note(told)
    address = link.address(app.settings.web.address)
    if as_json:
        console.print_json({"name": link.person.name, "link": address})
    else:
        console.print_line(address)


def new_password() -> str:
    """From a prompt that shows nothing, or the first line of standard input; never an argument."""
    import getpass

    if not sys.stdin.isatty():
        line = sys.stdin.readline(_LONGEST_LINE)
        return line.rstrip("\r\n")
    while True:
        first = getpass.getpass(_("New password: "))
        if getpass.getpass(_("Once more: ")) == first:
            return first
        console.print_note(_("The two passwords are not the same. Type both again."))
