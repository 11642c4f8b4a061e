"""Shell completion: scripts for bash, zsh and fish, and the candidates that they ask for.

A script runs `publisher` itself with VARIABLE set and the words typed so far, the last one
unfinished; each line that comes back is a candidate, a tab, and what it is. (Typer's own scripts
are not used: what theirs hand to zsh is evaluated, and their help texts lose words in brackets.)
"""

import io
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Literal

import typer

from publisher.base.errors import PublisherError
from publisher.settings.sources import SETTINGS_FILE, find_workspace

VARIABLE = "_PUBLISHER_COMPLETE"
Shell = Literal["bash", "zsh", "fish"]
SCRIPTS: dict[Shell, str] = {
    "bash": """\
_publisher() {
    local IFS=$'\\n'
    COMPREPLY=($(_PUBLISHER_COMPLETE=1 "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _publisher publisher
""",
    "zsh": """\
#compdef publisher
_publisher() {
    local line
    local -a found
    for line in "${(@f)$(_PUBLISHER_COMPLETE=1 $words[1] "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${line%%$'\\t'*}:${line#*$'\\t'}")
    done
    if (( $#found )); then _describe publisher found; else _files; fi
}
if [[ $funcstack[1] == _publisher ]]; then _publisher "$@"; else compdef _publisher publisher; fi
""",
    "fish": """\
function __publisher_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (_PUBLISHER_COMPLETE=1 $words[1] $words[2..-1] 2>/dev/null)
    if count $found >/dev/null
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c publisher -f -a '(__publisher_complete)'
""",
}
_PLAIN = re.compile(r"[\w@./+=-]+")
"""A candidate that means itself to every shell."""


def answer(words: Sequence[str]) -> None:
    """Print the candidates for a command line; nothing where there is any trouble."""
    # Typer lists nowhere what it exports.
    from typer.completion import completion_init, shell_complete  # type: ignore[attr-defined]

    from publisher.cli import app

    # Bash makes three words of `--account=lima`, the other shells one.
    *before, unfinished = words or [""]
    before = [word for word in before if word != "="]
    unfinished = "" if unfinished == "=" else unfinished
    option, equals, _value = unfinished.rpartition("=")
    # Of Typer's own answers that for fish has what a candidate is.
    os.environ["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    os.environ["_TYPER_COMPLETE_ARGS"] = f"{shlex.join(['publisher', *before])} {unfinished}"
    told = io.StringIO()
    with suppress(Exception), redirect_stdout(told):  # no message may appear while somebody types
        completion_init()
        shell_complete(app.command(), {}, "publisher", VARIABLE, "complete_fish")
    for line in told.getvalue().splitlines():
        value, _tab, about = line.partition("\t")
        if _PLAIN.fullmatch(value):
            typer.echo(f"{option}{equals}{value}\t{about}")


def accounts(context: typer.Context, incomplete: str) -> list[str]:
    """The accounts of publisher.toml."""
    return _beginning(incomplete, _accounts(_workspace(context)))


def recipients(context: typer.Context, incomplete: str) -> list[str]:
    """What a post may be addressed to: accounts, channels and `all`."""
    from publisher.channels.registry import CAPABILITIES

    return _beginning(incomplete, [*_accounts(_workspace(context)), *CAPABILITIES, "all"])


def channels(incomplete: str) -> list[str]:
    """The channels."""
    from publisher.channels.registry import CAPABILITIES

    return _beginning(incomplete, CAPABILITIES)


def posts(context: typer.Context, incomplete: str) -> list[str]:
    """The ids of the posts that have a draft: the ledger takes too long to ask."""
    folder = _workspace(context)
    if folder is None:
        return []
    drafts = folder / "posts"
    found = (path.relative_to(drafts).with_suffix("") for path in drafts.rglob("*.md"))
    return sorted(_beginning(incomplete, (path.as_posix() for path in found)))


def _workspace(context: typer.Context) -> Path | None:
    """The folder that the unfinished command line is about."""
    given: str | None = context.find_root().params.get("workspace")
    try:
        return Path(given) if given else find_workspace(Path.cwd())
    except PublisherError:
        return None


def _accounts(workspace: Path | None) -> Sequence[str]:
    if workspace is None:
        return ()
    with (workspace / SETTINGS_FILE).open("rb") as file:
        return [*tomllib.load(file).get("accounts", {})]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def is_asked() -> bool:
    """Whether a shell's script started this process."""
    return VARIABLE in os.environ
