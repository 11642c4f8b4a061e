"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from publisher.cli import completion

Post = Annotated[
    str,
    typer.Argument(
        metavar="POST",
        help="The post's id, or the path of its draft.",
        autocompletion=completion.posts,
    ),
]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH...",
        help="Drafts, folders of drafts, or posts' ids. Default: all.",
        autocompletion=completion.posts,
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Do it on this account only, instead of all.",
        autocompletion=completion.accounts,
    ),
]
Who = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Say who does it, for the record. Default: PUBLISHER_USER, or your name on this "
        "computer.",
    ),
]
Reason = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="Say why, for the record. On a terminal, you are asked for it."
    ),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Show what is due at this time or later: 2016-03-07."),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Show what is due before this time; a date includes its whole day."
    ),
]
PostOrAll = Annotated[
    str | None,
    typer.Argument(
        metavar="POST",
        help="The post's id, or the path of its draft; without it, all posts.",
        autocompletion=completion.posts,
        show_default=False,
    ),
]
OfAccount = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Show this account only.", autocompletion=completion.accounts
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would happen; change nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
FormatJson = Annotated[bool, typer.Option("--json", help="Do the same as --format json.")]
