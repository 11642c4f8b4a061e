"""Bad drafts, settings, credentials, ledgers and brokers: what a person sees.

The rules themselves are tested where they live. Here each ends in a message that names the place
and the remedy, with the promised exit code, and without a traceback (see `Cli`).
"""

import io
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.runner import Cli

TEXT = "---\nat: 2016-03-07 08:30\n---\n"
PNG = b"\x89PNG\r\n\x1a\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD_DRAFTS: dict[str, tuple[str | bytes, str]] = {
    "no front matter": ("Bonjour.\n", "1:1: error: The draft has no front matter."),
    "an empty file": ("", "1:1: error: The draft has no front matter."),
    "unclosed": ("---\nat: 2016-03-07 08:30\nBonjour.\n", "1:1: error: The front matter never"),
    "no mapping": ("---\n- a\n- b\n---\nBonjour.\n", "2:1: error: The front matter is not a list"),
    "a duplicate key": (
        "---\nat: 2016-03-07 08:30\nat: 2016-03-07 09:30\n---\nBonjour.\n",
        "3:1: error: `at` is given twice; the first is on line 2.",
    ),
    "an unknown key": ("---\nembargoo: x\n---\nA.\n", "2:1: error: `embargoo` is not a known key."),
    "exploding aliases": (f"---\n{BOMB}---\nA.\n", "2:4: error: `&a` is a YAML anchor"),
    "a tab": ("---\nmedia:\n\t- file: x.png\n---\nA.\n", "3:1: error: This is not valid YAML"),
    "Latin-1": ("---\n---\nGen\xe8ve".encode("latin-1"), "3:4: error: The byte 0xe8 is not UTF-8"),
    "NUL": ("---\n---\nA\0B\n", "3:2: error: The character U+0000"),
    "50 MB": (b"a" * 50_000_000, "1:1: error: The file has 50"),
    "a time that does not exist": (
        "---\nat: 2016-03-27 02:30\n---\nA.\n",
        "2:5: error: 2016-03-27 02:30 does not exist in Europe/Zurich.",
    ),
    "a time that exists twice": (
        "---\nat: 2016-10-30 02:30\n---\nA.\n",
        "2:5: error: 2016-10-30 02:30 exists twice in Europe/Zurich.",
    ),
    "an unknown anchor": (
        "---\nat: annual-dya - 30m\n---\nA.\n",
        "2:5: error: No agenda item is called “annual-dya”.",
    ),
    "an unknown account": (
        "---\nto: [bice-y]\n---\nA.\n",
        "2:6: error: “bice-y” is not an account, a platform or `all`.",
    ),
    "too long by one": (
        f"{TEXT}{'a' * 281}\n",
        "4:1: error: The text for bice-x (twitter) is 1 too",
    ),
    "an empty text": (TEXT, "error: The text is empty."),
    "a missing picture": (
        "---\nmedia: [{file: media/no.png, alt: Une salle}]\n---\nA.\n",
        "2:16: error: There is no file media/no.png.",
    ),
    "a picture outside posts": (
        "---\nmedia: [{file: ../../secret.png, alt: Une salle}]\n---\nA.\n",
        "2:16: error: secret.png is outside posts/.",
    ),
    "a link out of posts": (
        "---\nmedia: [{file: media/link.png, alt: Une salle}]\n---\nA.\n",
        "2:16: error: link.png is a symbolic link that leads out of posts/.",
    ),
    "a directory as picture": (
        "---\nmedia: [{file: media, alt: Une salle}]\n---\nA.\n",
        "2:16: error: media is a folder.",
    ),
    "not the picture that its name claims": (
        "---\nmedia: [{file: media/text.png, alt: Une salle}]\n---\nA.\n",
        "2:16: error: text.png is not a picture.",
    ),
    "a truncated picture": (
        "---\nmedia: [{file: media/truncated.png, alt: Une salle}]\n---\nA.\n",
        "2:16: error: truncated.png is truncated or damaged.",
    ),
    "a picture without alternative text": (
        "---\nmedia: [{file: media/no.png}]\n---\nA.\n",
        "error: The picture has no description.",
    ),
}


@pytest.fixture
def pictures(workspace: Path) -> Path:
    media = workspace / "posts" / "media"
    media.mkdir()
    (media / "text.png").write_text("I am no picture.")
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    (media / "truncated.png").write_bytes(whole.getvalue()[:1000])
    (workspace.parent / "secret.png").write_bytes(PNG)
    (media / "link.png").symlink_to(workspace.parent / "secret.png")
    return media


@pytest.mark.parametrize(("content", "message"), BAD_DRAFTS.values(), ids=BAD_DRAFTS.keys())
def test_a_bad_draft_is_shown_and_never_queued(
    cli: Cli, workspace: Path, pictures: Path, content: str | bytes, message: str
) -> None:
    """`check` and `queue` name file, line and column; a good draft beside it is not queued."""
    data = content if isinstance(content, bytes) else content.encode()
    (workspace / "posts" / "bad.fr.md").write_bytes(data)
    (workspace / "posts" / "good.fr.md").write_text(f"{TEXT}Bonjour.\n")
    for command in ("check", "queue", "plan"):
        result = cli(command)
        assert result.code == 1
        assert "posts/bad.fr.md:" in result.out
        assert message in result.out
        assert "posts/good.fr.md:" not in result.out
    assert "Nothing is written" in cli("queue").out
    assert cli("log", "--json").json == []


@pytest.mark.parametrize("start", ["\ufeff", ""])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_a_bom_and_windows_line_ends_do_no_harm(
    cli: Cli, workspace: Path, start: str, line_end: str
) -> None:
    text = f"{start}{TEXT}Bonjour.\n".replace("\n", line_end)
    (workspace / "posts" / "a.fr.md").write_bytes(text.encode())
    assert cli("queue").code == 0
    assert [row["text"] for row in cli("log", "--json").json] == [["Bonjour."]] * 2


def test_two_files_with_one_id(cli: Cli, workspace: Path) -> None:
    """Ids that differ by case alone are one file on some machines."""
    (workspace / "posts" / "a.fr.md").write_text(f"{TEXT}Bonjour.\n")
    (workspace / "posts" / "A.fr.md").write_text(f"{TEXT}Bonsoir.\n")
    result = cli("check")
    assert result.code == 1
    assert "[duplicate-id]" in result.out


BAD_SESSIONS = {
    "no zone": (
        "timezone: Europe/Zurihc\n",
        "posts/session.yaml:1:11: error: There is no time zone",
    ),
    "no YAML": ("agenda: [\n", "posts/session.yaml:"),
    "a list": ("- a\n", "posts/session.yaml:1:1: error: "),
    "an unknown key": ("timezon: Europe/Zurich\n", "1:1: error: `timezon` is not a known key."),
    "binary": ("\0\0", "posts/session.yaml:1:1: error: "),
}


@pytest.mark.parametrize(("content", "message"), BAD_SESSIONS.values(), ids=BAD_SESSIONS.keys())
def test_a_bad_session(cli: Cli, workspace: Path, made: Path, content: str, message: str) -> None:
    """`check` names the place; commands that only show times fall back on UTC."""
    (workspace / "posts" / "session.yaml").write_text(content)
    result = cli("check")
    assert result.code == 1
    assert message in result.out
    assert cli("status").code == 0


def test_no_posts_folder(cli: Cli, workspace: Path) -> None:
    (workspace / "posts" / "session.yaml").unlink()
    (workspace / "posts").rmdir()
    result = cli("check")
    assert result.code == 1
    assert "[no-posts]" in result.out


BAD_SETTINGS = {
    "no TOML": (
        "[accounts",
        "publisher.toml:1:10: This is not valid TOML: a bracket is never closed.",
    ),
    "a conflict in git": (
        "language = 'fr'\n<<<<<<< HEAD\n[web]\n=======\n>>>>>>> other\n",
        "publisher.toml:2:1: This is not valid TOML: a conflict in git is left here",
    ),
    "a language that is none": (
        "[accounts.a]\nchannel = 'twitter'\nlanguage = 'French'\n",
        "publisher.toml:3:1: accounts.a.language: must be the code of a language such as fr or pt-BR",
    ),
    "an unknown key": ("lnaguage = 'fr'\n", "publisher.toml:1:1: lnaguage: "),
    "an unknown channel": (
        "[accounts.a]\nchannel = 'myspace'\n",
        "publisher.toml:2:1: accounts.a.channel",
    ),
    "a Page without its number": ("[accounts.a]\nchannel = 'facebook'\n", "needs page_id"),
    "a bad duration": ("[delivery]\nsettle = 'soon'\n", "publisher.toml:2:1: delivery.settle: "),
    "Latin-1": ("language = 'fr' # \xe9\n", "publisher.toml cannot be read: "),
}


@pytest.mark.parametrize(("content", "message"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
@pytest.mark.parametrize("command", ["check", "status", "run", "new x"])
def test_bad_settings(cli: Cli, workspace: Path, command: str, content: str, message: str) -> None:
    (workspace / "publisher.toml").write_bytes(content.encode("latin-1"))
    result = cli(*command.split())
    assert result.code == 3
    assert message in " ".join(result.err.split())
    assert not result.out


def test_curly_quotes_are_named(cli: Cli, workspace: Path) -> None:
    """As a word processor makes them."""
    (workspace / "publisher.toml").write_text("language = “fr”\n", encoding="utf-8")
    told = cli("check").err
    assert "publisher.toml:1:12: This is not valid TOML: this is a curly quotation mark" in told


def test_bad_secrets_do_not_show_on_the_screen(cli: Cli, workspace: Path) -> None:
    (workspace / "secrets.toml").write_text("[bice-x]\napi_key = hunter2\n")
    result = cli("status")
    assert result.code == 3
    assert (
        "secrets.toml:2:11: This is not valid TOML: a value is missing or cannot be read"
        in result.err
    )
    assert "hunter2" not in result.err


def test_secrets_of_an_account_that_is_not_there(cli: Cli, workspace: Path) -> None:
    (workspace / "secrets.toml").write_text("[bice-y]\napi_key = 'hunter2'\n")
    result = cli("status")
    assert result.code == 3
    assert (
        "[bice-y] is not an account in publisher.toml.\nhint: Did you mean `bice-x`?" in result.err
    )
    assert "hunter2" not in result.err


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2016-03-07T08:00:00",
        "file:/nothing",
        "9999-12-31T23:59:59+00:00@600",
        "0001-01-01T00:00:00+01:00",
        "2016-03-07T08:00:00Z@1e300",
        "2016-03-07T08:00:00Z@nan",
    ],
)
def test_a_bad_clock(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", value)
    result = cli("status")
    assert result.code == 3
    assert "error: PUBLISHER_CLOCK " in result.err


NEEDS_THE_LEDGER = ["status", "log", "queue", "run", "migrate", "history x"]


@pytest.mark.parametrize("command", NEEDS_THE_LEDGER)
def test_a_ledger_of_a_newer_version(cli: Cli, workspace: Path, made: Path, command: str) -> None:
    ledger = sqlite3.connect(workspace / "var" / "publisher.db")
    with ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    result = cli(*command.split())
    assert result.code == 3
    assert "error: The ledger was written by a newer version of Publisher." in result.err
    assert "hint: Update Publisher" in result.err


@pytest.mark.parametrize("command", NEEDS_THE_LEDGER)
def test_a_ledger_that_is_no_database(cli: Cli, workspace: Path, command: str) -> None:
    (workspace / "var").mkdir()
    (workspace / "var" / "publisher.db").write_text("Dear diary, " * 1000)
    result = cli(*command.split())
    assert result.code == 3
    assert "ran into an unexpected error" not in result.err


@pytest.mark.parametrize("command", NEEDS_THE_LEDGER)
def test_a_var_that_cannot_be_written(cli: Cli, workspace: Path, command: str) -> None:
    (workspace / "var").write_text("no folder")
    result = cli(*command.split())
    assert result.code == 3
    assert f"error: {workspace / 'var'}" in result.err
    assert "hint: Check free space and permissions" in result.err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://publisher:hunter2@127.0.0.1:1/publisher",
        "postgresql+psycopg://publisher:hunter2@[::1/publisher",
        "oracle://publisher:hunter2@127.0.0.1/x",
        "hunter2",
    ],
)
def test_a_database_that_is_not_there(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The message has a remedy, and never the password."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", url)
    result = cli("status")
    assert result.code == 3
    assert "ran into an unexpected error" not in result.err
    assert "hint: " in result.err
    assert "hunter2" not in result.err


def test_a_broker_that_is_not_there(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "publisher.toml").write_text('[accounts.bice-site]\nchannel = "site"\n')
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://:hunter2@127.0.0.1:1/0")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    result = cli("run", "--no-web", "--until-idle")
    assert result.code == 3
    assert "error: " in result.err
    assert "hint: Check [broker] url" in result.err
    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize(
    "words",
    [["check"], ["plan"], ["queue"], ["status"], ["pause", "--reason", "x"], ["migrate"], ["run"]],
    ids=lambda words: words[0],
)
def test_secrets_that_cannot_be_read_stop_every_command(
    cli: Cli, workspace: Path, words: list[str]
) -> None:
    """Without the URL in them a command would work on another ledger."""
    (workspace / "secrets.toml").mkdir()
    result = cli(*words)
    assert result.code == 3
    assert "secrets.toml cannot be read" in result.err
    assert not (workspace / "var").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_secrets_of_another_user_are_an_error() -> None:
    """As after a rotation by root that forgot to give the file to Publisher's user."""
    with tempfile.TemporaryDirectory() as name:  # pytest's folders are closed to other users
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "publisher.toml").write_text("")
        (folder / "secrets.toml").write_text(
            "[database]\nurl = 'postgresql+psycopg://p:hunter2@h/p'\n"
        )
        (folder / "secrets.toml").chmod(0o600)
        first = folder / "first"
        first.mkdir()
        (first / "publisher.toml").write_text("")
        # Once by root: the other user may not look into the folder that the code is in.
        program = (
            "import os, sys; from publisher.cli import crash_report, main\n"
            f"main(['--workspace', {str(first)!r}, 'queue'])\n"
            "os.seteuid(65534); sys.exit(main(['queue']))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, encoding="utf-8",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, timeout=60, check=False,
        )  # fmt: skip
        made = (folder / "var").exists()
    assert done.returncode == 3
    assert "secrets.toml cannot be read: Permission denied" in done.stderr
    assert not made
