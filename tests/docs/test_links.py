"""Links lead somewhere, and commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.cli import app
from tests.docs.conftest import ROOT, every_page, fences, prose

if TYPE_CHECKING:
    from typer.core import TyperGroup

_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_CALL = re.compile(r"(?:^|bin/|&& |\$ |worker )publisher ((?:[a-z]|--workspace ).*)")


@every_page
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    text = prose(page.read_text(encoding="utf-8"))
    dead = [
        link
        for link in _LINK.findall(text)
        if not re.match(r"https?:|mailto:", link) and not _exists(page, link)
    ]
    assert dead == []


def _exists(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.resolve().is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_the_files_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:publisher|workers|tests|tools|benchmarks)/[a-z_/.]+)`",
        page.read_text(encoding="utf-8"),
    )
    modules = {str(path.with_suffix("").relative_to(ROOT)) for path in ROOT.glob("publisher/*.py")}
    assert [name for name in named if name not in modules and not (ROOT / name).exists()] == []


@every_page
def test_the_commands_that_a_page_names_exist(page: Path) -> None:
    """With the options that it gives them."""
    group = app.command()
    wrong = [
        call for call in _calls(page.read_text(encoding="utf-8")) if not _is_known(group, call)
    ]
    assert wrong == []


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    group = app.command()
    assert list(_calls("Run `publisher qeue` and\n```sh\npublisher run --fast\n```\n")) == [
        "run --fast",
        "qeue",
    ]
    assert not _is_known(group, "qeue")
    assert not _is_known(group, "run --fast")
    assert not _is_known(group, "agenda move --fast")
    assert not _is_known(group, "agenda mvoe x")
    assert _is_known(group, "--workspace DIR check posts --json")


def _calls(text: str) -> Iterator[str]:
    """What follows the word publisher where it is a command, in code and in blocks of code."""
    blocks = [fence.text for fence in fences(text) if fence.language in ("sh", "console")]
    spans = re.findall(r"`([^`\n]+)`", prose(text))
    for line in [*"\n".join(blocks).splitlines(), *spans]:
        if found := _CALL.search(line.strip()):
            yield found[1]


def _is_known(group: "TyperGroup", call: str) -> bool:
    words = shlex.split(call, comments=True)
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] == "--workspace" else words[1:]
    if not words:
        return True
    command: Any = group.commands.get(words[0])
    while words[1:] and hasattr(command, "commands") and words[1] in command.commands:
        words = words[1:]
        command = command.commands[words[0]]
    if command is None or (words[1:] and _asks_for_another_word(command)):
        return False
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return {word.partition("=")[0] for word in words if word.startswith("--")} <= options


def _asks_for_another_word(command: Any) -> bool:
    """A group does, unless it works without."""
    return hasattr(command, "commands") and not command.invoke_without_command
