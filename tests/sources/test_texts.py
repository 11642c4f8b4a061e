"""No text reaches a person that gettext does not see."""

import ast
from fnmatch import fnmatch
from pathlib import PurePath

import pytest

from publisher.cli import completion
from tests.sources.unmarked import Trees, anywhere, hiding, shown

WITH_NOTHING_ELSE = (
    "cli/*.py", "doctor/*.py", "rehearsal/*.py", "settings/*.py", "running/supervis*.py",
    "running/processes.py", "running/embedded_broker.py", "monitoring/broker*.py",
    "monitoring/disk_space.py", "base/lock.py", "base/clock.py", "app/*.py",
)  # fmt: skip
"""Files whose texts are for people, all but those of `UNTOLD` and `ALLOWED`."""

UNTOLD = frozenset({"Argument", "Option", "_add", "_group", "callback"})
"""Calls whose texts are looked up when the help is shown (see cli/help_texts.py)."""

ALLOWED = {
    "cli/app.py": {"publisher …", "--workspace DIR"},
    "cli/arguments.py": {
        "`publisher run`",
        *("Callable[[PublisherError], None] | None", "Sequence[Delivery] | None"),  # types
    },
    "cli/commands/control.py": {  # types
        "tuple[Application, str | None]",
        "Seen | None",
    },
    "cli/commands/deliveries.py": {"Plan | None"},  # a type
    "cli/commands/html_pages.py": {"Mapping[str, Face]"},  # a type
    "cli/commands/backups.py": {"`publisher run`"},
    "settings/digests.py": {"secrets.toml […]"},
    "cli/commands/record.py": {"`publisher log archive`"},
    "cli/crash_report.py": {"publisher …, Python …, …", "command: publisher …"},  # for who mends it
    "cli/commands/drafts.py": {"tuple[Library, list[Problem], list[str]]"},  # a type
    "cli/commands/starting.py": {"`publisher start`"},
    "cli/commands/workspaces.py": {"  publisher check", "  publisher connect …"},
    "cli/draft_template.py": {"title: …", "at: …", "to: […]"},
    "cli/commands/services.py": {"  sudo systemctl enable --now …"},
    "cli/commands/withdraw.py": {"tuple[list[Delivery], list[Withdrawn]]"},  # a type
    "cli/completion.py": {*completion.SCRIPTS.values()},
    "cli/output/console.py": {
        r"`publisher (\w[\w-]*)",
        "`publisher…… …",
        " --sandbox",
        " --workspace …",
    },
    "cli/output/unqueued.py": {"Plan | None"},  # a type
    "cli/output/verdict.py": {"… UTC"},
    "cli/output/status.py": {" --account …", "publisher resume…"},
    "cli/output/plan.py": {
        "a change has a wish, a delivery or both",  # a mistake in the code
        *(" --account …", "publisher retry ……", "publisher release ……"),
    },
    "cli/commands/running.py": {" --workspace …", "  publisher… --sandbox …"},
    "settings/settings.py": {"Value error, "},  # as pydantic says it
    "running/supervisor.py": {"`publisher run`"},
    "monitoring/broker_errors.py": {  # as the client says it
        " caused error: ",
        r"<redis\.client\.Redis\(.*?\)>\)>\)> - ",
    },
    "doctor/accounts.py": {"account …", "channel …"},  # subjects, for scripts
    "doctor/ledger.py": {"limits …"},
    "doctor/profiles.py": {  # for the log
        "a profile was not kept",
        "a profile was not refreshed",
        "profiles were not refreshed",
    },
    "doctor/machine.py": {"`publisher run`"},
    "rehearsal/display.py": {"bold red", "bold yellow"},
    "rehearsal/stage.py": {"`publisher rehearse`"},
}
"""Commands, formats and names: the same in all languages."""

IN_ENGLISH = {
    "cli/workspace_template.py",  # keys and values of files, around comments that are translated
    "cli/usage_errors.py",  # the patterns of what Typer says
}
"""Files that are no messages."""


@pytest.fixture(scope="session")
def modules(trees: Trees) -> Trees:
    """Those of the package, by their paths in it."""
    inside = {PurePath(path): tree for path, tree in trees.items() if path.startswith("publisher/")}
    return {path.relative_to("publisher").as_posix(): tree for path, tree in inside.items()}


def test_every_text_of_the_command_line_is_marked(modules: Trees) -> None:
    for name, tree in modules.items():
        if name in IN_ENGLISH or not _is_told(name):
            continue
        found = [(line, text) for line, text in anywhere(tree, UNTOLD) if "\nlogfile" not in text]
        assert [one for one in found if one[1] not in ALLOWED.get(name, ())] == [], name


def _is_told(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in WITH_NOTHING_ELSE)


def test_nothing_is_allowed_that_is_not_there(modules: Trees) -> None:
    for name, texts in ALLOWED.items():
        assert texts <= {text for _, text in anywhere(modules[name], UNTOLD)}, name


SHOWN_IN_ENGLISH = {"sandbox", "stand_in", "migrations"}
"""Folders of what plays X and Facebook, which answer in English, and of the tables' changes."""


def test_whatever_is_shown_anywhere_is_marked(modules: Trees) -> None:
    """Errors, hints, problems in drafts, and what is printed."""
    for name, tree in modules.items():
        if name not in IN_ENGLISH and not SHOWN_IN_ENGLISH & {*PurePath(name).parts}:
            assert [one for one in shown(tree) if one[1] not in ALLOWED.get(name, ())] == [], name


def test_no_function_that_translates_calls_a_value_of_its_own_so(modules: Trees) -> None:
    """`for _ in …` would make `_("…")` in the same function fail, and no linter sees it."""
    assert [name for name, tree in modules.items() if list(hiding(tree))] == []


@pytest.mark.parametrize("text", ["for _ in numbers: pass", "first, *_ = numbers"])
def test_a_function_that_hides_its_translations_is_found(text: str) -> None:
    begin = f"def show(numbers):\n    {text}\n"
    assert list(hiding(ast.parse(f"{begin}    return _('Done.')\n"))) == [1]
    assert list(hiding(ast.parse(f"{begin}    return numbers\n"))) == []


@pytest.mark.parametrize(
    "text",
    [
        'print_line("Nothing to do.")',
        'raise UsageError(f"{name} is not there.")',
        'raise UsageError(_("Not there."), hint="Look again.")',
        'Flaw("code", "Two words.", None)',
        'findings.error("code", 1, f"Part {number} is empty.")',
        "print_line(f\"{_('Marked.')} And not marked.\")",
        'print_line("One thing" if one else _("Many things"))',
    ],
)
def test_an_unmarked_text_is_found(text: str) -> None:
    assert list(shown(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        'print_line(_("Nothing to do."))',
        'raise UsageError(_("{name} is not there.", name=name), hint=plural("a b", "c d", n))',
        'print_line(f"{name}: {value}")',
        'Flaw("unknown-key", message, hint)',
        'raise AssertionError("a mistake in the code")',
    ],
)
def test_a_marked_text_is_in_order(text: str) -> None:
    assert list(shown(ast.parse(text))) == []
