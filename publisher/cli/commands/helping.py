"""Commands that explain: help, completion."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base.i18n import _
from publisher.cli import completion, topics
from publisher.cli.output import console

if TYPE_CHECKING:
    from typer.core import TyperGroup


def _words(context: typer.Context, incomplete: str) -> list[str]:
    """Topics and commands."""
    commands: dict[str, Any] = context.find_root().command.commands  # type: ignore[attr-defined]
    return [word for word in (*commands, *topics.ALL) if word.startswith(incomplete)]


def help_(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND|TOPIC]",
            help=f"A command, or one of these topics: {', '.join(topics.ALL)}.",
            autocompletion=_words,
        ),
    ] = None,
) -> None:
    """Explain a command, or a topic such as draft or states.

    Without one, it shows all commands and topics.
    """
    root = context.find_root()
    if not words:
        console.print_line(root.get_help())
        console.print_line()
        rows = [(name, _(heading)) for name, (heading, _how) in topics.ALL.items()]
        console.print_line(_table(context, _("Topics, for `publisher help`"), rows))
    elif len(words) == 1 and words[0] in topics.TOPICS:
        heading, make = topics.TOPICS[words[0]]
        console.print_line(_table(context, _(heading), make()))
    elif len(words) == 1 and words[0] in topics.PAGES:
        _show(topics.page(words[0]))
    else:
        console.print_line(_help_of(root, words))


def _show(page: str) -> None:
    """Print Markdown: laid out on a terminal, as it stands in a file or pipe."""
    if not sys.stdout.isatty():
        console.print_line(page)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page, hyperlinks=False))


def _help_of(context: Any, words: Sequence[str]) -> str:  # Typer's context, or Click's
    """A command's help; a usage error with what may be meant, where there is none."""
    for word in words:
        group: TyperGroup = context.command
        if not hasattr(group, "commands"):
            break
        _name, command, _rest = group.resolve_command(context, [word])
        assert command is not None  # noqa: S101 - resolve_command has refused by now
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
        context.resilient_parsing = False  # so that the next word is refused if it is none
    return str(context.get_help())


def _table(context: typer.Context, heading: str, rows: Sequence[tuple[str, str]]) -> str:
    formatter = context.make_formatter()
    with formatter.section(heading):
        formatter.write_dl(rows)
    return formatter.getvalue().rstrip("\n")


def completion_(
    shell: Annotated[completion.Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the shell-completion script.

    It completes commands, accounts and posts. Put it where the shell reads it when it starts. For
    bash: ~/.local/share/bash-completion/completions/publisher, for fish:
    ~/.config/fish/completions/publisher.fish, for zsh: _publisher in a folder of $fpath.
    """
    typer.echo(completion.SCRIPTS[shell], nl=False)
