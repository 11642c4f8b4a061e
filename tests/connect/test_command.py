"""`publisher connect`: at a terminal, in a script, and what it says."""

import json
import os
import pty
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from publisher.platforms.facebook.stand_in.authorization import system_user_token
from publisher.platforms.facebook.stand_in.graph import app_id
from publisher.settings import settings
from tests.cli.runner import SCRIPT
from tests.connect.conftest import Desk, pin


def run(desk: Desk, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *words],
        cwd=desk.workspace.path,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def answering(desk: Desk, *words: str, answers: Mapping[str, str]) -> tuple[int, str]:
    """A person at a terminal, who answers each prompt when it is there."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *words], cwd=desk.workspace.path, stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(terminal)
    shown, left = "", dict(answers)
    with suppress(OSError):  # the other end is closed
        while chunk := os.read(controller, 4096):
            shown += chunk.decode()
            prompt = next(iter(left), None)
            if prompt and prompt in shown and shown.endswith(": "):
                os.write(controller, left.pop(prompt).encode())
    os.close(controller)
    return process.wait(timeout=60), shown


def connect_bice_x(desk: Desk) -> None:
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x")
    connection.store(keys, connection.check(keys))


def test_enter_takes_the_keys_of_the_app_from_another_account(desk: Desk) -> None:
    connect_bice_x(desk)
    # A prompt for a secret throws away what was typed before it.
    answers = {"API Key [": "\n", "API Key Secret [": "\n", "The PIN that X shows": "1234567\n"}
    code, shown = answering(desk, "connect", "lima-x", answers=answers)
    assert "/oauth/authorize?oauth_token=" in shown
    assert "does not accept this PIN" in " ".join(shown.split())
    assert code == 1
    assert desk.account("bice-x").credentials["api_secret"] not in shown


def test_a_script_types_on_standard_input(desk: Desk) -> None:
    page = desk.account("bice-page")
    secret, token = page.credentials["app_secret"], system_user_token(page)
    done = run(desk, "connect", "bice-page", typed=f"{app_id(page)}\n{secret}\n{token}\n")
    assert done.returncode == 0, done.stderr
    assert "bice-page is connected: it posts as BICE." in done.stdout
    assert settings.load(desk.workspace.path).credentials("bice-page") == page.credentials
    assert not any(value in done.stdout + done.stderr for value in (secret, token))


def test_a_script_reads_whose_the_keys_are_as_json_alone(desk: Desk) -> None:
    page = desk.account("bice-page")
    secret, token = page.credentials["app_secret"], system_user_token(page)
    typed = f"{app_id(page)}\n{secret}\n{token}\n"
    done = json.loads(run(desk, "connect", "bice-page", "--json", typed=typed).stdout)
    assert done["account"] == "bice-page"
    assert done["owner"] == {"id": "100200300", "name": "BICE"}
    assert done["keys_in"] == "secrets.toml"
    findings = json.loads(run(desk, "connect", "bice-page", "--check", "--json").stdout)
    assert "bad" not in {finding["grade"] for finding in findings}
    revoked = json.loads(run(desk, "connect", "bice-page", "--revoke", "--json").stdout)
    assert revoked["account"] == "bice-page"
    assert revoked["ended"] == (revoked["to_do"] is None)


def test_with_json_a_terminal_is_asked_nothing(desk: Desk) -> None:
    code, shown = answering(desk, "connect", "bice-x", "--json", answers={})
    assert code == 2
    assert "With --json, no questions are asked." in shown
    assert "standard input, one per line" in " ".join(shown.split())


def test_what_is_missing_is_named_and_nothing_is_asked(desk: Desk) -> None:
    done = run(desk, "connect", "bice-x", typed="\n\n")
    assert done.returncode == 2
    assert "API Key is empty" in done.stderr
    assert not desk.sandbox.store.requests


def test_an_account_that_nobody_knows_needs_a_channel(desk: Desk) -> None:
    done = run(desk, "connect", "lima-z")
    assert done.returncode == 2
    assert "There is no account lima-z" in done.stderr
    assert "lima-x" in done.stderr


def test_check_says_whose_the_keys_are_and_revoke_ends_them(desk: Desk) -> None:
    connect_bice_x(desk)
    assert "@bice_x" in run(desk, "connect", "bice-x", "--check").stdout
    assert "are revoked, and deleted here" in run(desk, "connect", "bice-x", "--revoke").stdout
    assert run(desk, "connect", "bice-x", "--check").returncode == 3
