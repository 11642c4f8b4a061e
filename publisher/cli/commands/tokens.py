"""The command about tokens, with which somebody's programs use the API: user token."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.commands.log_ins import Name
from publisher.cli.options import Json, Who
from publisher.cli.output import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.auth.api_tokens import ApiToken, TokenScope

_USUAL_DAYS = 90


def token(
    context: typer.Context,
    name: Name,
    *,
    make: Annotated[
        str | None,
        typer.Option(
            metavar="TITLE", help="Make one with this title, and print it once, with nothing else."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="Say what it may be used for: read, draft, answers, or submit, which asks for "
            "an approval. Repeat for more. Default: read.",
        ),
    ] = None,
    organisation: Annotated[
        list[str] | None,
        typer.Option(
            "--organisation",
            metavar="NAME",
            help="Let it use the accounts of this organisation, as publisher.toml names it. "
            "Repeat for more.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Let it use the accounts of all organisations.")
    ] = False,
    days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=365, help="End it after this many days.")
    ] = _USUAL_DAYS,
    end: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="End the one with this number.")
    ] = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Show, make or end the tokens of a person's programs.

    With a token, a program can draft, look, plan and ask for approval. Whatever the person may do,
    the program cannot approve, publish or stop anything.
    """
    from datetime import timedelta

    from publisher.auth.api_tokens import TokenScope
    from publisher.cli.commands.users import organisations_of

    app = arguments.application(context)
    person = app.people.find(name)
    if make is not None and end is not None:
        raise UsageError(_("Use either {one} or {other}, not both.", one="--make", other="--end"))
    if make is not None:
        if everything is bool(organisation):
            raise UsageError(
                _("Say whose accounts the token is for."),
                hint=_("Add --organisation NAME for each organisation, or --everything."),
            )
        secret = app.api_tokens.make(
            person,
            make,
            _scopes(scope or [TokenScope.READ]),
            timedelta(days=days),
            organisations_of(app, organisation),
            actor=arguments.actor(who),
        )
        console.print_note(_("It is shown only now. Give it to the program, and to nobody else."))
        if as_json:
            console.print_json({"token": secret})
        else:
            console.print_line(secret)
        return
    if end is not None:
        app.api_tokens.end(person, end, actor=arguments.actor(who))
        if as_json:
            console.print_json({"ended": end})
            return
        console.print_prose(_("The token no longer works."))
        return
    found = app.api_tokens.of(person)
    if as_json:
        console.print_json([_as_json(one) for one in found])
        return
    zone = arguments.zone(app.settings)
    for one in found:
        told = _(
            "{number}  {name}: {scopes}, until {time}",
            number=one.id,
            name=console.printable(one.name),
            scopes=", ".join(sorted(one.scopes)),
            time=console.minute(one.expires_at, zone),
        )
        console.print_line(told)
    if not found:
        console.print_prose(_("{name} has no token.", name=person.name))


def _scopes(given: "Sequence[str]") -> "list[TokenScope]":
    from publisher.auth.api_tokens import TokenScope

    for name in given:
        if name not in list(TokenScope):
            names = ", ".join(TokenScope)
            raise UsageError(
                _("There is no scope {name}.", name=name),
                hint=_("Choose from: {names}.", names=names),
            )
    return [TokenScope(name) for name in given]


def _as_json(one: "ApiToken") -> dict[str, Any]:
    from publisher.base.formats import instant_text

    return {
        "number": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "organisations": None if one.organisations is None else list(one.organisations),
        "created_at": instant_text(one.created_at),
        "expires_at": instant_text(one.expires_at),
        "used_at": instant_text(one.used_at),
    }
