"""Commands about who may log in to the web pages, and as what: user add, rights, enable, list and
remove.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from publisher.base.errors import UsageError
from publisher.base.i18n import Language, _
from publisher.base.text import suggestion
from publisher.cli import arguments
from publisher.cli.commands import log_ins
from publisher.cli.commands.log_ins import Name
from publisher.cli.options import Json, Who
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.app import Application

Role = Literal["staff", "manager", "admin"]
Organisation = Annotated[
    list[str] | None,
    typer.Option(
        "--organisation",
        metavar="NAME",
        help="Give a right over the accounts of this organisation, as publisher.toml names it. "
        "Repeat for more. Default: over everything.",
    ),
]


def add(
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[
        Role,
        typer.Option(
            help="Choose a role: staff look and edit, a manager also approves, pauses and "
            "withdraws, an admin also looks after the others."
        ),
    ] = "staff",
    organisation: Organisation = None,
    language: Annotated[
        Language | None,
        typer.Option(
            help="Show them the pages in this language. Default: the one that their browser asks "
            "for."
        ),
    ] = None,
    openid: Annotated[
        bool,
        typer.Option(
            "--openid", help="Let them log in through OpenID Connect, with no password here."
        ),
    ] = False,
    openid_subject: Annotated[
        str | None,
        typer.Option(
            metavar="SUB",
            help="Do the same for the person whom the provider knows by this `sub`, whatever it "
            "calls them. Without it, the first person who comes with NAME as [openid] "
            "claim is the one.",
        ),
    ] = None,
    invite: Annotated[
        bool,
        typer.Option(
            "--invite",
            help="Do not ask for a password; print a link with which they choose one: it works "
            "once, for seven days.",
        ),
    ] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Let a person log in to the web pages.

    It asks for a password of at least 12 characters; in a script, write it to standard input. The
    history shows what they do under this name, and an author's name keeps them from approving their
    own posts: use the name that is in the drafts.
    """
    from publisher.auth.users import rights_in_words
    from publisher.ledger.manager.rights import Rank

    app = arguments.ensuring(context)
    actor = arguments.actor(who)
    if invite:
        if openid or openid_subject:
            raise UsageError(
                _("Use either {one} or {other}, not both.", one="--invite", other="--openid")
            )
        link = app.password_links.invite(
            name,
            Rank(role),
            language,
            organisations=organisations_of(app, organisation),
            actor=actor,
        )
        log_ins.print_link(app, link, as_json=as_json)
        return
    secret = None if openid or openid_subject else log_ins.new_password()
    person = app.people.add(
        name,
        Rank(role),
        secret,
        language,
        organisations=organisations_of(app, organisation),
        subject=_subject(app, openid_subject),
        actor=actor,
    )
    if as_json:
        console.print_json(log_ins.person_json(person))
        return
    told = _(
        "{name} can now log in (role: {role}).", name=person.name, role=rights_in_words(person)
    )
    console.print_prose(told)


def rights(
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[
        Role | None, typer.Option(help="Give them this role. Default: no change.")
    ] = None,
    organisation: Organisation = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Give a right over the accounts of all organisations."),
    ] = False,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Give a person another role, or a right over other organisations.

    Anyone who acts on a post needs a right over its account's organisation, on the pages and here.
    It counts at once.
    """
    from publisher.auth.users import rights_in_words
    from publisher.ledger.manager.rights import Rank

    app = arguments.application(context)
    person = app.people.find(name)
    if everything and organisation:
        raise UsageError(
            _("Use either {one} or {other}, not both.", one="--everything", other="--organisation")
        )
    wanted = organisations_of(app, organisation) if organisation else person.organisations
    person = app.people.set_rights(
        name,
        Rank(role or person.rank),
        None if everything else wanted,
        actor=arguments.actor(who),
    )
    if as_json:
        console.print_json(log_ins.person_json(person))
        return
    console.print_prose(_("{name} is {role}.", name=person.name, role=rights_in_words(person)))


def enable(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="People who are kept out, one or more.")
    ],
    *,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Let in again people whom an admin or `publisher restore` kept out."""
    from publisher.auth.users import rights_in_words

    app = arguments.application(context)
    actor = arguments.actor(who)
    found = [app.people.find(name) for name in names]
    for person in found:
        app.people.disable(person, disabled=False, actor=actor)
    if as_json:
        console.print_json([log_ins.person_json(app.people.find(one.name)) for one in found])
        return
    for person in found:
        told = _(
            "{name} can now log in (role: {role}).", name=person.name, role=rights_in_words(person)
        )
        console.print_line(told)


def organisations_of(app: "Application", given: Sequence[str] | None) -> tuple[str, ...] | None:
    """As publisher.toml spells them; UsageError for one that no account has."""
    from publisher.base.text import folded

    if not given:
        return None
    of = [entry.organisation for entry in app.settings.accounts.values() if entry.organisation]
    known = {folded(name): name for name in of}
    for name in given:
        if folded(name) not in known:
            message = _("No account belongs to {name}.", name=name)
            raise UsageError(message, hint=suggestion(name, sorted(set(known.values()))))
    return tuple(dict.fromkeys(known[folded(name)] for name in given))


def _subject(app: "Application", given: str | None) -> str:
    """An identity at the provider, as log-ins are compared with; empty: not known yet."""
    if given is None:
        return ""
    issuer = app.settings.openid.issuer
    if not issuer or not given.isprintable() or not given.strip():
        message = _("--openid-subject needs an identity, and [openid] issuer in secrets.toml.")
        raise UsageError(message)
    return f"{issuer} {given.strip()}"


def list_people(context: typer.Context, *, as_json: Json = False) -> None:
    """Show who can log in."""
    from publisher.auth.users import rights_in_words

    app = arguments.application(context)
    found = app.people.all()
    if as_json:
        console.print_json([log_ins.person_json(person) for person in found])
        return
    if not found:
        console.print_prose(_("Nobody can log in. `publisher user add NAME` lets a person in."))
    for person in found:
        state = _(", invited") if person.is_invited else ""
        state = _(", kept out") if person.disabled_at else state
        name, value = console.printable(person.name), f"{rights_in_words(person)}{state}"
        console.print_line(_("{name}: {value}", name=name, value=value))


def remove(context: typer.Context, name: Name, *, as_json: Json = False, who: Who = None) -> None:
    """Remove a person: they can no longer log in.

    They are logged out at once, wherever they are logged in. The history keeps what they did, with
    their name.
    """
    app = arguments.application(context)
    app.people.remove(name, actor=arguments.actor(who))
    if as_json:
        console.print_json({"removed": name})
        return
    console.print_prose(_("{name} can no longer log in.", name=name))
