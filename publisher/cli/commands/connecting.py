"""connect: gets an account's keys from its platform, shows whose they are, and ends them."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base.errors import AnotherOwner, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.base.text import suggestion
from publisher.cli import arguments, completion
from publisher.cli.commands.doctor import print_finding
from publisher.cli.options import Json
from publisher.cli.output import console

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.channels.connect import KeyField, Keys
    from publisher.channels.health import Health
    from publisher.connect.connection import AccountConnection
    from publisher.ledger.reading.account_status import AccountStatus
    from publisher.model.accounts import Account

_TRIES = 3


def connect(
    context: typer.Context,
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT",
            help="The account's name in publisher.toml; it need not be there yet.",
            autocompletion=completion.accounts,
        ),
    ],
    *,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="CHANNEL",
            help="Name the platform of an account that is not in publisher.toml.",
            autocompletion=completion.channels,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="METHOD",
            help="Get the keys in another way than the first, such as oauth2.",
        ),
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only check whose keys they are, and whether they work.")
    ] = False,
    revoke: Annotated[
        bool,
        typer.Option(
            "--revoke",
            help="Disconnect the account: revoke its keys on the platform, and delete them here.",
        ),
    ] = False,
    another_owner: Annotated[
        bool,
        typer.Option(
            "--another-owner", help="Accept keys that belong to another owner than before."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Get an account's keys from its platform, and store them in secrets.toml.

    It asks for what the platform needs, shows an address to open in any browser, on any machine,
    and asks for what the platform shows there. Then it checks with the platform whose keys they
    are, and stores nothing if they belong to another account or cannot post. If another account
    already has the app's keys, Enter takes them. A script writes the answers to standard input, one
    per line, and reads the questions on standard error.
    """
    from publisher.app import Application
    from publisher.base.clock import from_environment
    from publisher.connect.connection import AccountConnection
    from publisher.settings.settings import load

    app = Application(load(arguments.workspace(context)), from_environment())
    context.call_on_close(app.close)
    if check:
        _check(app, account, as_json=as_json)
        return
    connection = AccountConnection(app, _account(app, account, channel), method)
    if revoke:
        _revoke(connection, as_json=as_json)
        return
    if as_json and sys.stdin.isatty():
        raise UsageError(
            _("With --json, no questions are asked."),
            hint=_("Write the answers to standard input, one per line."),
        )
    connection.refuse_variables()
    keys = _chosen(connection.meant(_keys(connection)))
    try:
        health = connection.check(keys, another_owner=another_owner)
    except AnotherOwner as error:
        error.hint = f"{error.hint} {_('If another owner is right, add --another-owner.')}"
        raise
    connection.store(keys, health)
    if as_json:
        console.print_json(_as_json(app, connection, keys, health))
    else:
        _tell(app, connection, keys, health)


def _account(app: "Application", name: str, channel: str | None) -> "Account":
    from publisher.channels.registry import SPECS, channel_called
    from publisher.model.accounts import Account

    known = app.settings.public_accounts()
    wanted = channel_called(channel) if channel else None
    if name in known:
        if wanted in (None, known[name].channel):
            return known[name]
        raise UsageError(
            _("{account} is an account on {channel}.", account=name, channel=known[name].channel)
        )
    channels = ", ".join(one for one, spec in SPECS.items() if spec.connect)
    if wanted is None:
        raise UsageError(
            _("There is no account {account} in publisher.toml.", account=name),
            hint=suggestion(name, known)
            or _("To add it, say where it is with --channel: {names}.", names=channels),
        )
    if wanted not in SPECS:
        raise UsageError(
            _("There is no channel {name}.", name=wanted),
            hint=_("The channels are {names}.", names=channels),
        )
    if app.settings.in_sandbox:
        raise UsageError(
            _("The sandbox has only the accounts in publisher.toml."),
            hint=_("To add one, leave out `--sandbox`."),
        )
    return Account(name=name, channel=wanted)


def _keys(connection: "AccountConnection") -> "Sequence[Keys]":
    """Go through the steps; what is asked twice is asked of the platform anew."""
    from publisher.channels.connect import Authorization

    begun = connection.begin({one.name: _typed(one) for one in connection.fields})
    if not isinstance(begun, Authorization):
        return begun
    console.print_note("")
    console.print_note(
        _(
            "Open this address in a browser where only {account} is logged in to the platform, "
            "and allow access:",
            account=connection.account.name,
        )
    )
    console.print_note(f"\n{begun.url}\n")
    return connection.finish(begun, _asked(_(begun.asks), is_secret=begun.asks_secret))


def _typed(field: "KeyField") -> str:
    if field.about:
        console.print_note(_(field.about))
    label = _(field.label)
    if field.default:
        shown = _("the one already known") if field.is_secret else field.default
        label = _("{label} [Enter: {default}]", label=label, default=shown)
    may_be_empty = bool(field.default) or not field.required
    return _asked(label, is_secret=field.is_secret, may_be_empty=may_be_empty)


def _asked(label: str, *, is_secret: bool, may_be_empty: bool = True) -> str:
    """What the person types, or a script writes to standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    for _try in range(_TRIES):
        told: str = typer.prompt(label, default="", hide_input=is_secret, show_default=False)
        if told.strip() or may_be_empty:
            return told.strip()
    raise UsageError(_("Nothing was typed."))


def _chosen(found: "Sequence[Keys]") -> "Keys":
    if len(found) == 1:
        return found[0]
    for number, keys in enumerate(found, start=1):
        console.print_note(f"{number:3}  {console.printable(keys.title)}")
    told = _asked(_("Which one? Type its number"), is_secret=False)
    if told.isdecimal() and 0 < int(told) <= len(found):
        return found[int(told) - 1]
    raise UsageError(_("That is not one of these numbers; nothing was stored."))


def _tell(
    app: "Application", connection: "AccountConnection", keys: "Keys", health: "Health"
) -> None:
    name = connection.account.name
    if health.owner:
        owner = console.printable(str(health.owner))
        console.print_prose(
            _("{account} is connected: it posts as {owner}.", account=name, owner=owner)
        )
    else:
        console.print_prose(_("{account} is connected.", account=name))
    console.print_prose(_("Its keys are in {file}.", file=app.settings.secrets_name))
    for remark in health.remarks:
        console.print_prose(_("Note: {remark}", remark=console.printable(remark)))
    if connection.is_renewed(keys):
        console.print_prose(_("They are renewed automatically while `publisher run` is running."))
    elif health.expires_at:
        console.print_prose(
            _("They expire on {date}; `publisher doctor` warns you two weeks before.",
              date=f"{health.expires_at:%Y-%m-%d}")
        )  # fmt: skip
    if any(status.needs_person for status in _statuses(app) if status.account == name):
        console.print_prose(
            _(
                "It is paused or suspended: `publisher resume --account {account}` ends that.",
                account=name,
            )
        )


def _statuses(app: "Application") -> "Sequence[AccountStatus]":
    try:
        app.database.check_revision()
        return app.queries.accounts()
    except PublisherError:  # there may be no ledger yet
        return ()


def _as_json(
    app: "Application", connection: "AccountConnection", keys: "Keys", health: "Health"
) -> dict[str, Any]:
    from publisher.base.formats import instant_text

    owner = health.owner
    return {
        "account": connection.account.name,
        "owner": owner and {"id": owner.id, "name": owner.name},
        "keys_in": app.settings.secrets_name,
        "expires_at": instant_text(health.expires_at),
        "renewed": connection.is_renewed(keys),
        "remarks": list(health.remarks),
    }


def _check(app: "Application", name: str, *, as_json: bool) -> None:
    from publisher.doctor import Grade, accounts

    if name not in app.settings.accounts:
        raise UsageError(
            _("There is no account {account} in publisher.toml.", account=name),
            hint=suggestion(name, app.settings.accounts),
        )
    findings = list(accounts.examine(app, offline=False, only=name))
    if as_json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print_finding(finding)
    if any(finding.grade is Grade.BAD for finding in findings):
        raise typer.Exit(3)


def _revoke(connection: "AccountConnection", *, as_json: bool) -> None:
    to_do = connection.revoke()
    name = connection.account.name
    if as_json:
        console.print_json({"account": name, "ended": not to_do, "to_do": to_do or None})
        return
    if to_do:
        console.print_prose(_("The keys of {account} are deleted here.", account=name))
        console.print_prose(to_do)
    else:
        console.print_prose(_("The keys of {account} are revoked, and deleted here.", account=name))
