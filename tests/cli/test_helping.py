"""help, its topics, completion and the man page."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from publisher.base.errors import EXIT_CODES
from publisher.cli import completion, topics
from publisher.cli.app import SECTIONS, bare_command, command
from publisher.model.states import State
from tests.cli.runner import SCRIPT, Cli
from tools import man_page, messages

PAGE = Path(__file__).parents[2] / "docs" / "publisher.1"


def test_each_command_is_under_one_heading() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(bare_command().commands) == set(listed)


def test_help_lists_commands_by_what_they_are_for(cli: Cli) -> None:
    shown = cli("help").out
    assert "Write:\n  new          Make a draft" in shown
    assert shown.index("Approve or send back:\n  approve ") < shown.index(
        "Stop and correct:\n  pause "
    )
    assert "Topics, for `publisher help`:\n  draft " in shown


def test_help_of_a_command_is_its_own(cli: Cli) -> None:
    assert cli("help", "agenda", "move").out == cli("agenda", "move", "--help").out
    assert cli("help", "queue").out == cli("queue", "--help").out


def test_help_of_no_command_proposes_one(cli: Cli) -> None:
    refused = cli("help", "agenda", "mov")
    assert refused.code == 2
    assert "Did you mean `publisher agenda move`?" in refused.err


@pytest.mark.parametrize("topic", topics.ALL)
def test_a_topic_needs_no_workspace(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, topic: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = cli("help", topic)
    assert shown.code == 0
    assert len(shown.out.splitlines()) > 3


def test_states_are_listed_as_people_and_as_scripts_call_them(cli: Cli) -> None:
    shown = cli("help", "states").out
    assert "waits for approval (awaiting-approval)" in " ".join(shown.split())
    assert all(state in shown for state in State)


def test_a_page_is_shown_in_the_language_of_its_reader_without_what_leads_to_files(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_LANGUAGE", "fr")
    shown = cli("help", "tutorial").out
    assert "Tutoriel" in shown
    assert "](" not in shown.replace("](http", "")
    assert "![" not in shown


def test_each_topic_that_a_message_names_is_one() -> None:
    known = {*topics.ALL, *bare_command().commands}
    for path in (PAGE.parents[1] / "publisher").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"`publisher help ([a-z-]+)", text)
        assert set(named) <= known, path


def test_no_message_names_a_file_of_the_documentation() -> None:
    """A workspace has none; `publisher help` does."""
    texts = [
        text
        for message in messages.messages()
        for text in ((message,) if isinstance(message, str) else message)
    ]
    assert [text for text in texts if re.search(r"\bdocs/[a-z-]+\.md", text)] == []


def test_topics_say_what_the_code_knows(cli: Cli) -> None:
    """Every state, exit code and key."""
    assert [*topics._STATES] == [state.value for state in State]
    shown = cli("help", "exit-codes").out
    assert all(f"\n  {code} " in shown for code in EXIT_CODES)
    assert "\n  media.alt " in cli("help", "draft").out
    assert "\n  delivery.expires " in cli("help", "settings").out


def _completed(cli: Cli, *words: str) -> list[str]:
    return [line.partition("\t")[0] for line in cli(*words).out.splitlines()]


def test_words_are_completed(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Commands, options, accounts, channels, posts, topics, and values of an option."""
    (workspace / "posts" / "lima").mkdir()
    (workspace / "posts" / "lima" / "day.es.md").write_text("")
    (workspace / "posts" / "$(id).md").write_text("")  # would be run by a shell
    monkeypatch.setenv(completion.VARIABLE, "1")
    assert _completed(cli, "ag") == ["agenda"]
    assert _completed(cli, "agenda", "m") == ["move"]
    assert _completed(cli, "hold", "") == ["lima/day.es"]
    assert _completed(cli, "pause", "--account", "bice-p") == ["bice-page"]
    assert _completed(cli, "pause", "--account=bice-p") == ["--account=bice-page"]
    assert _completed(cli, "pause", "--account", "=", "bice-p") == ["bice-page"]
    assert _completed(cli, "new", "x", "--to", "face") == ["facebook"]
    assert _completed(cli, "help", "exi") == ["exit-codes"]
    assert _completed(cli, "log", "--state", "mis") == ["missed"]
    monkeypatch.chdir(tmp_path)
    assert _completed(cli, "--workspace", str(workspace), "hold", "l") == ["lima/day.es"]
    assert _completed(cli, "hold", "l") == []
    (workspace / "publisher.toml").write_text("not TOML")
    broken = cli("--workspace", workspace, "pause", "--account", "")
    assert (broken.code, broken.out, broken.err) == (0, "", "")


def test_bash_completes(workspace: Path) -> None:
    script = (
        'source <("$0" completion bash); COMP_WORDS=(publisher pause --account bice-p);'
        ' COMP_CWORD=3; _publisher "$0"; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, str(SCRIPT)],
        cwd=workspace, env={**os.environ, "PUBLISHER_LANGUAGE": "en"},
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout == "bice-page\n"


def test_each_shell_has_a_script(cli: Cli) -> None:
    """One that the shell can read, where it is installed."""
    for shell in completion.SCRIPTS:
        script = cli("completion", shell).out
        assert completion.VARIABLE in script
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=script, encoding="utf-8", check=True)
    assert cli("completion", "tcsh").code == 2


def test_the_man_page_is_up_to_date() -> None:
    """If this fails: python -m tools.reference docs/publisher.1."""
    assert PAGE.read_text(encoding="utf-8") == man_page.text(command())


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not here")
def test_man_finds_no_fault_in_its_page() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-K", "utf8", "-T", "utf8", PAGE],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert not done.stderr
    assert "publisher agenda move" in done.stdout


@pytest.mark.parametrize("before", [[], ["--sandbox"]])
def test_proposed_commands_name_the_workspace_that_was_typed(
    cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    """So that they work where they are read; and the next command line begins anew."""
    monkeypatch.setenv("PUBLISHER_SANDBOX", "")
    (workspace / "var" / "sandbox").mkdir(parents=True)
    (workspace / "var" / "sandbox" / "secrets.toml").write_text("")
    (workspace / "var" / "sandbox" / "address").write_text("http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    told = " ".join(cli("--workspace", workspace, *before, "status").err.split())
    assert f"`{' '.join(['publisher', '--workspace', str(workspace), *before])} queue`" in told
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("PUBLISHER_SANDBOX", "")
    assert "`publisher queue`" in cli("status").err
