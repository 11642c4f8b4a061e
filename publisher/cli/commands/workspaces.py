"""Command that lays out a workspace: init."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from publisher.base import clock, files
from publisher.base.errors import StorageError, UsageError, why
from publisher.base.i18n import Language, _, from_environment, use
from publisher.base.text import did_you_mean, nearest
from publisher.cli import arguments
from publisher.cli.options import Json
from publisher.cli.output import console


def init(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder, which is made if it does not exist.")
    ] = Path(),
    *,
    language: Annotated[
        Language | None,
        typer.Option(
            help="Set the language of your posts, and of messages and pages. Default: this "
            "computer's."
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CHANNEL",
            help="Add an account that you publish with. Repeat for more. Default: an example of "
            "every channel.",
        ),
    ] = None,
    approval: Annotated[
        bool,
        typer.Option("--approval", help="Require a second person to approve each post."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new workspace, with its ledger.

    It has settings, a session and an example draft. Nothing that exists is overwritten. `publisher
    start` does this too, and opens the pages.
    """
    from publisher.cli import workspace_template

    chosen = language or from_environment()
    use(chosen)
    accounts = _accounts(account) if account else workspace_template.samples()
    paths = lay_out(folder, chosen, accounts, approval=approval)
    context.obj = folder
    if as_json:
        arguments.ensuring(context)
        names = [path.relative_to(folder).as_posix() for path in paths]
        console.print_json({"folder": str(folder.resolve()), "files": names})
        return
    console.print_prose(_("Your workspace is ready in {folder}:", folder=folder.resolve()))
    for path in paths:
        if path.suffix != ".json":
            console.print_line(f"  {path}")
    arguments.ensuring(context)
    console.print_line()
    console.print_prose(
        _("Next, in that folder:")
        if account
        else _("Next: name your accounts in publisher.toml. Then, in that folder:")
    )
    for name in _to_connect(accounts) if account else ():
        console.print_line(f"  publisher connect {name}")
    console.print_line("  publisher check")
    console.print_prose(_("Or try it first, in the browser: `publisher start`"))


def lay_out(
    folder: Path, language: Language, accounts: Mapping[str, str], *, approval: bool = False
) -> list[Path]:
    """Write the files of a new workspace; UsageError where one of them exists already."""
    from publisher.cli import workspace_template

    today = clock.from_environment().now().astimezone().date()
    texts = workspace_template.files(language, today, accounts, approval=approval)
    files = {folder / name: text for name, text in texts.items()}
    in_the_way = [str(path) for path in files if path.exists() or path.is_symlink()]
    if in_the_way:
        message = _(
            "Nothing was written, because this already exists: {names}.",
            names=", ".join(in_the_way),
        )
        hint = _("Name an empty folder, or use the workspace that is there.")
        raise UsageError(message, hint=hint)
    _create_all(folder, files, workspace_template.IGNORED)
    return [*files]


def _to_connect(accounts: Mapping[str, str]) -> list[str]:
    """The names of the accounts that need keys."""
    from publisher.channels.registry import SPECS

    return [name for name, channel in accounts.items() if SPECS[channel].connect]


def _accounts(told: Sequence[str]) -> dict[str, str]:
    """The channel of each account by its name, from `NAME=CHANNEL`."""
    from publisher.channels.registry import ALIASES, SPECS, channel_called
    from publisher.settings.settings import check_names

    accounts: dict[str, str] = {}
    for one in told:
        name, __, channel = one.partition("=")
        if name in accounts:
            raise UsageError(
                _("The account {name} is named twice.", name=name),
                hint=_("Give each account a name of its own, such as lima-x and lima-page."),
            )
        accounts[name] = channel_called(channel)
        if accounts[name] not in SPECS:
            near = nearest(channel, [*SPECS, *ALIASES])
            raise UsageError(
                _("{value} does not give an account and its channel.", value=repr(one)),
                hint=did_you_mean(f"{name}={near}")
                if name and near
                else _(
                    "Write it like NAME=CHANNEL; the channels are {names}.", names=", ".join(SPECS)
                ),
            )
    try:
        check_names(accounts)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return accounts


def _create_all(folder: Path, texts: Mapping[Path, str], ignored: Sequence[str]) -> None:
    """Write all the files of a workspace, or leave everything as it was."""
    from publisher.settings.settings import SECRETS_FILE

    folders = {folder / "posts" / "media": None, **{path.parent: None for path in texts}}
    missing = [path for inner in folders for path in (inner, *inner.parents) if not path.exists()]
    written: list[Path] = []
    try:
        for inner in folders:
            inner.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            files.create(path, text.encode(), 0o600 if path.name == SECRETS_FILE else 0o666)
            written.append(path)
        _ignore(folder / ".gitignore", ignored)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        message = _(
            "No workspace can be made in {folder}: {reason}.", folder=folder, reason=why(error)
        )
        hint = _("Name a folder that you can write to, on a disk with free space.")
        raise StorageError(message, hint=hint) from error


def _ignore(path: Path, names: Sequence[str]) -> None:
    """Keep git away from what must not leave the machine; what is there stays, byte for byte."""
    present = path.read_bytes() if path.exists() else None
    lines = (present or b"").splitlines()
    more = "".join(f"{name}\n" for name in names if name.encode() not in lines)
    if present is None:
        files.create(path, more.encode())
        return
    gap = "\n" if present and not present.endswith(b"\n") else ""
    try:
        with path.open("ab") as file:
            file.write(f"{gap}{more}".encode() if more else b"")
    except OSError:
        os.truncate(path, len(present))
        raise
