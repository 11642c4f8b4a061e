"""init, new, check and count."""

import errno
import json
import os
import re
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.base.text import slug
from publisher.channels.registry import SPECS
from publisher.settings import settings
from tests.cli.runner import Cli, run_script

GOOD = "---\nat: 2016-03-07 08:30\n---\nBonjour de Genève.\n"


def _draft(workspace: Path, text: str, name: str = "a.fr.md") -> Path:
    path = workspace / "posts" / name
    path.write_text(text, encoding="utf-8")
    return path


# init


def test_init_lays_out_a_workspace_that_passes_check(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("init", "campaign")
    assert result.code == 0
    for name in ("publisher.toml", "secrets.toml", "posts/session.yaml", "posts/welcome.en.md"):
        assert f"campaign/{name}" in result.out
        assert (tmp_path / "campaign" / name).is_file()
    assert (tmp_path / "campaign" / "posts" / "media").is_dir()
    monkeypatch.chdir(tmp_path / "campaign")
    assert cli("check", "--json").json == []


@pytest.mark.parametrize("language", ["en", "fr", "es", "pl"])
def test_init_in_each_language_has_nothing_to_warn_of(
    cli: Cli, tmp_path: Path, language: str
) -> None:
    folder = tmp_path / "campaign"
    cli("init", folder, "--language", language)
    assert cli("--workspace", folder, "check").out == "1 draft, no problems.\n"


def test_init_example_goes_to_all_its_accounts_and_is_never_queued(
    cli: Cli, tmp_path: Path
) -> None:
    folder = tmp_path / "campaign"
    cli("init", folder)
    plan = cli("--workspace", folder, "plan", "--json")
    assert (plan.json["changes"], plan.json["problems"]) == ([], [])
    example = folder / "posts" / "welcome.en.md"
    example.write_text(example.read_text().replace("# at:", "at:"))
    changes = cli("--workspace", folder, "plan", "--json").json["changes"]
    accounts = {change["account"] for change in changes}
    assert {"our-x", "our-page", "our-site", "our-mastodon"} <= accounts
    assert len(accounts) == len(SPECS)


@pytest.mark.parametrize("channel", sorted(SPECS))
def test_init_lays_out_the_accounts_that_are_named(cli: Cli, tmp_path: Path, channel: str) -> None:
    """Whatever the channel: check has nothing to say, and the secrets that it needs are named."""
    cli("init", tmp_path, "--account", f"lima-1={channel}", "--account", f"lima-2={channel}")
    loaded = settings.load(tmp_path, {})
    assert {name: entry.channel for name, entry in loaded.accounts.items()} == {
        "lima-1": channel,
        "lima-2": channel,
    }
    assert cli("--workspace", tmp_path, "check").out == "1 draft, no problems.\n"
    secrets = (tmp_path / "secrets.toml").read_text()
    (tmp_path / "secrets.toml").write_text(
        re.sub(r'^# (\[lima-\d\]|\w+ = )(?:"")?$', r'\1"x"', secrets, flags=re.MULTILINE)
        .replace(']"x"', "]")
        .replace('server = "x"', 'server = "https://lima.example"')
    )
    assert settings.load(tmp_path, {}).without_credentials() == {}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("lima", "NAME=CHANNEL"),
        ("lima=myspace", "channels are twitter"),
        ("Lima=twitter", "is no account's name"),
        ("twitter=twitter", "in drafts it means many"),
        ("lima=twiter", "Did you mean `lima=twitter`?"),
    ],
)
def test_init_with_a_wrong_account_writes_nothing(
    cli: Cli, tmp_path: Path, told: str, said: str
) -> None:
    result = cli("init", tmp_path, "--account", told)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert [*tmp_path.iterdir()] == []


def test_init_takes_each_name_once_and_says_what_to_connect(cli: Cli, tmp_path: Path) -> None:
    twice = cli("init", tmp_path, "--account", "lima=x", "--account", "lima=facebook")
    assert (twice.code, [*tmp_path.iterdir()]) == (2, [])
    assert "lima is named twice" in twice.err
    done = cli("init", tmp_path, "--account", "lima=x", "--account", "lima-site=site")
    assert done.out.endswith("in that folder:\n  publisher connect lima\n  publisher check\n")


def test_init_keeps_secrets_to_their_owner_and_out_of_git(cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.toml").stat().st_mode) == 0o600
    ignored = (tmp_path / ".gitignore").read_text().splitlines()
    assert {"var/", "secrets.toml"} <= set(ignored)


def test_init_adds_to_a_gitignore_that_is_there(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.bak\nvar/")
    cli("init", tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*.bak\nvar/\nsecrets.toml\n.secrets.toml.*\n"


@pytest.mark.parametrize(
    "name", ["publisher.toml", "secrets.toml", "posts/session.yaml", "posts/welcome.en.md"]
)
def test_init_overwrites_nothing(cli: Cli, tmp_path: Path, name: str) -> None:
    """Whatever is there stays, and nothing else is written either."""
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    result = cli("init", tmp_path)
    assert result.code == 2
    assert f"error: Nothing was written, because this exists already: {mine}" in result.err
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_init_where_a_file_stands(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "campaign").write_text("")
    result = cli("init", tmp_path / "campaign")
    assert result.code == 3
    assert f"No workspace can be made in {tmp_path / 'campaign'}: " in result.err


def test_init_on_a_full_disk_leaves_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third file finds no room; the first two go again."""
    writes = iter([os.open, os.open])

    def open_or_fail(*arguments: Any) -> int:
        for write in writes:
            return write(*arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("publisher.cli.commands.drafts.os.open", open_or_fail)
    result = cli("init", tmp_path / "campaign")
    monkeypatch.undo()
    assert result.code == 3
    assert "No space left on device" in result.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_init_leaves_a_gitignore_of_another_encoding_as_it_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes("caf\xe9/\n".encode("latin-1"))
    assert cli("init", tmp_path).code == 0
    assert (
        tmp_path / ".gitignore"
    ).read_bytes() == b"caf\xe9/\nvar/\nsecrets.toml\n.secrets.toml.*\n"


def test_init_that_cannot_keep_secrets_out_of_git_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    """Neither files nor folders; what was there stays."""
    (tmp_path / "campaign" / ".gitignore").mkdir(parents=True)
    result = cli("init", tmp_path / "campaign")
    assert result.code == 3
    assert "No workspace can be made" in result.err
    assert [path.name for path in (tmp_path / "campaign").rglob("*")] == [".gitignore"]


def on_a_full_disk(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command for which no file can grow; in a process of its own, whose output is a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "publisher", *words],
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_init_whose_first_file_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    result = on_a_full_disk(tmp_path, "init", "campaign")
    assert result.returncode == 3, result.stderr
    assert not list(tmp_path.rglob("*"))


# new


def test_new_on_a_full_disk_leaves_no_empty_draft(workspace: Path) -> None:
    result = on_a_full_disk(workspace, "new", "Hello")
    assert result.returncode == 3
    assert "error: posts/hello.en.md cannot be written: " in result.stderr
    assert not list((workspace / "posts").glob("*.md"))


def test_new_where_posts_is_a_file(cli: Cli, workspace: Path) -> None:
    (workspace / "posts" / "session.yaml").unlink()
    (workspace / "posts").rmdir()
    (workspace / "posts").write_text("no folder")
    result = cli("new", "Hello")
    assert result.code == 3
    assert f"error: {workspace / 'posts'}" in result.err
    assert "hint: The folder posts/ must be one" in result.err


def test_new_makes_a_draft_and_prints_its_path(cli: Cli, workspace: Path) -> None:
    result = cli("new", "Les voix des enfants", "--lang", "fr")
    assert (result.code, result.out) == (0, "posts/les-voix-des-enfants.fr.md\n")
    text = (workspace / "posts" / "les-voix-des-enfants.fr.md").read_text(encoding="utf-8")
    assert text.startswith("---\ntitle: Les voix des enfants\n# at:")
    assert cli("check", "--json").json == []
    assert cli("plan", "--json").json["changes"] == []


def test_new_with_a_time_is_named_for_its_day_and_waits_for_its_text(
    cli: Cli, workspace: Path
) -> None:
    """A draft with a time must not go out with words that nobody wrote."""
    result = cli("new", "À l'ONU", "--at", "2016-03-07 23:30", "--to", "bice-x,bice-page")
    assert result.out == "posts/2016-03-07-a-l-onu.en.md\n"
    path = workspace / "posts" / "2016-03-07-a-l-onu.en.md"
    assert "at: 2016-03-07 23:30\nto: [bice-x, bice-page]\n" in path.read_text(encoding="utf-8")
    assert "empty-text" in {problem["code"] for problem in cli("check", "--json").json}
    path.write_text(path.read_text(encoding="utf-8") + "Bonjour.\n", encoding="utf-8")
    assert cli("check").code == 0


def test_new_on_an_agenda_item_carries_no_date(cli: Cli, workspace: Path) -> None:
    """The item may move, and a post's id does not."""
    result = cli("new", "Journée", "--at", "annual-day - 30m", "--to", "all", "--lang", "fr")
    assert result.out == "posts/journee.fr.md\n"


def test_new_never_overwrites(cli: Cli, workspace: Path) -> None:
    path = _draft(workspace, "mine", "hello.en.md")
    result = cli("new", "Hello!")
    assert result.code == 2
    assert "posts/hello.en.md exists already" in result.err
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--at", "annual-dya"), "--at: No agenda item is called `annual-dya`."),
        (("--at", "2016-03-27 02:30"), "--at: 2016-03-27 02:30 does not exist in Europe/Zurich."),
        (("--at", "soon: x"), "--at:"),
        (("--to", "bice-y"), "--to: no account or channel is named bice-y.\nhint: Did you mean"),
        (("--lang", "French"), "'French' is no language"),
    ],
)
def test_new_refuses_what_cannot_be(
    cli: Cli, workspace: Path, options: tuple[str, ...], message: str
) -> None:
    result = cli("new", "Hello", *options)
    assert result.code == 2
    assert message in result.err
    assert not list((workspace / "posts").glob("*.md"))


def test_new_title_that_makes_no_name(cli: Cli, workspace: Path) -> None:
    result = cli("new", "?!")
    assert result.code == 2
    assert "makes no file name" in result.err


@pytest.mark.parametrize("title", ["yes", "a: b", "# no", '"x"', "- x", "Ça, 'là'", "[x]", "1"])
def test_new_writes_any_title_as_it_is(cli: Cli, workspace: Path, title: str) -> None:
    """Whatever YAML would make of it."""
    path = cli("new", "--at", "2016-03-07 08:30", "--to", "bice-site", "--", title).out.strip()
    (workspace / path).write_text((workspace / path).read_text() + "Text.\n")
    assert cli("check", "--json").json == []
    cli("queue")
    (content,) = cli("log", "--json").json
    assert content["post"] == Path(path).relative_to("posts").with_suffix("").as_posix()


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Journée annuelle", "journee-annuelle"),
        ("Łódź: Straße & Ørsted", "lodz-strasse-orsted"),
        ("Œuvre, æther, Đorđe, ÞÓR", "oeuvre-aether-dorde-thor"),
        ("¿Qué pasó en Perú?", "que-paso-en-peru"),
        ("l’été_2016", "l-ete-2016"),
        ("Женева", "женева"),
        ("…", ""),
        ("word " * 40, "word-" * 9 + "word"),
        ("x" * 100, "x" * 50),
    ],
)
def test_slugs(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text(max_size=200))
def test_a_slug_is_always_a_harmless_name(title: str) -> None:
    name = slug(title)
    assert len(name) <= 50
    assert all(c.isalnum() or c == "-" for c in name)
    assert name == slug(name)


# check


def test_check_without_problems(cli: Cli, workspace: Path) -> None:
    _draft(workspace, GOOD)
    assert cli("check").out == "1 draft, no problems.\n"


def test_check_names_place_problem_and_remedy(cli: Cli, workspace: Path) -> None:
    """All problems of all files at once, the files in order."""
    _draft(workspace, "---\nat: 2016-03-07 08:30\ntoo: all\n---\nBonjour.\n", "b.fr.md")
    _draft(workspace, "---\nat: annual-dya\n---\nBonjour.\n", "a.fr.md")
    result = cli("check")
    assert result.code == 1
    assert result.out == (
        "posts/a.fr.md:2:5: error: No agenda item is called `annual-dya`. [unknown-anchor]\n"
        "    hint: Did you mean `annual-day`?\n"
        "\n"
        "posts/b.fr.md:3:1: error: The key `too` is unknown. [unknown-key]\n"
        "    hint: Did you mean `to`?\n"
        "\n"
        "2 drafts: 2 errors in 2 files.\n"
    )


def test_check_json_is_the_promised_array(cli: Cli, workspace: Path) -> None:
    _draft(workspace, "---\nat: 2016-03-07 08:30\ntoo: all\n---\nBonjour.\n")
    expected = [
        {
            "file": "posts/a.fr.md",
            "line": 3,
            "column": 1,
            "severity": "error",
            "code": "unknown-key",
            "message": "The key `too` is unknown.",
            "hint": "Did you mean `to`?",
        }
    ]
    for options in (("--format", "json"), ("--json",)):
        result = cli("check", *options)
        assert (result.code, result.json) == (1, expected)


def test_check_warnings_refuse_nothing(cli: Cli, workspace: Path) -> None:
    _draft(workspace, "---\nat: 2017-03-07 08:30\n---\nBonjour.\n")
    result = cli("check")
    assert result.code == 0
    assert "posts/a.fr.md:2:5: warning: " in result.out
    assert result.out.endswith("1 draft: 1 warning in 1 file.\n")


def test_check_for_github(cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command a line, relative to the repository; what would break it is escaped."""
    _draft(workspace, "---\nat: 2016-03-07 08:30\n100%, really: x\n---\nBonjour.\n", "a,b.fr.md")
    monkeypatch.chdir(workspace.parent)
    result = cli("--workspace", workspace, "check", "--format", "github")
    assert result.code == 1
    assert result.out.startswith(
        "::error file=campaign/posts/a%2Cb.fr.md,line=3,col=1,title=unknown-key::"
        "The key `100%25, really` is unknown.%0AKeys are: at, to"
    )
    assert result.out.count("\n") == 1


@pytest.mark.parametrize("given", ["posts/a.fr.md", "a.fr", "posts"])
def test_check_of_some_drafts(cli: Cli, workspace: Path, given: str) -> None:
    """A path, a post's id or a folder."""
    _draft(workspace, "nothing")
    (workspace / "posts" / "lima").mkdir()
    _draft(workspace, GOOD, "lima/b.fr.md")
    assert cli("check", "posts/lima").out == "1 draft, no problems.\n"
    result = cli("check", given)
    assert result.code == 1
    assert "posts/a.fr.md:1:1: error: The draft has no front matter." in result.out


def test_check_of_what_does_not_exist(cli: Cli, workspace: Path) -> None:
    result = cli("check", "posts/nothing.md")
    assert result.code == 2
    assert "error: posts/nothing.md does not exist." in result.err


def test_check_of_what_is_no_draft_of_the_workspace(cli: Cli, workspace: Path) -> None:
    (workspace / "elsewhere.md").write_text(GOOD)
    result = cli("check", "elsewhere.md")
    assert result.code == 2
    assert "is not in" in result.err


# count


def test_count_json_is_the_promised_shape(cli: Cli, workspace: Path) -> None:
    result = cli("count", "-", "--channel", "twitter", "--json", stdin=b"Voir https://example.org")
    assert result.code == 0
    assert result.json == {
        "channel": "twitter",
        "parts": [
            {
                "weighted_length": 28,
                "limit": 280,
                "valid": True,
                "text": "Voir https://example.org",
            }
        ],
    }


def test_count_a_text_too_long_by_one(cli: Cli, tmp_path: Path) -> None:
    result = cli("count", stdin=b"a" * 281)
    assert (result.code, result.out) == (1, "twitter: 281 of 280, 1 too long\n")
    result = cli("count", stdin=b"a" * 280)
    assert (result.code, result.out) == (0, "twitter: 280 of 280, 0 left\n")


LONG = (
    "Le Conseil des droits de l'homme débat de la protection des enfants en ligne. " * 4
).strip()


def test_count_shows_a_long_text_as_a_thread(cli: Cli) -> None:
    result = cli("count", stdin=LONG.encode())
    assert result.code == 1
    assert result.out.splitlines() == [
        "twitter: 311 of 280, 31 too long",
        "",
        "As a thread, split into 2 messages:",
        "",
        LONG[:233],
        "",
        "---",
        LONG[234:],
    ]


def test_count_prints_a_thread_ready_to_paste(cli: Cli, workspace: Path) -> None:
    """The text alone; what fits stays as it is, and the result fits."""
    result = cli("count", "--split", stdin=LONG.encode())
    assert (result.code, result.out) == (0, f"{LONG[:233]}\n\n---\n{LONG[234:]}\n")
    path = _draft(workspace, f"---\nto: [bice-x, lima-x]\n---\n{result.out}\n## lima-x\nUno.\n")
    assert cli("count", path).code == 0
    assert cli("count", path, "--split").out == (
        f"## bice-x\n{LONG[:233]}\n\n---\n{LONG[234:]}\n## lima-x\nUno.\n"
    )
    counted = cli("count", "--split", "--json", stdin=LONG.encode()).json
    assert [part["valid"] for part in counted["parts"]] == [True, True]


def test_count_splits_nothing_where_there_are_no_threads(cli: Cli) -> None:
    result = cli("count", "--split", "--channel", "facebook", stdin=b"Bonjour")
    assert result.code == 2
    assert "There are no threads on facebook" in result.err


def test_check_says_where_a_long_text_may_be_split(cli: Cli, workspace: Path) -> None:
    _draft(workspace, f"---\nto: bice-x\n---\n{LONG}\n")
    (problem,) = cli("check", "--json").json
    assert problem["hint"] == (
        "Shorten it, or split it into 2 messages with a line `---` after "
        "“…ion des enfants en ligne.”; `publisher count FILE --split` prints them."
    )


def test_count_needs_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Łódź\n", encoding="utf-8")
    result = run_script("count", "note.txt", "--channel", "facebook", folder=tmp_path)
    assert (result.returncode, result.stdout) == (0, "facebook: 4 of 63206, 63202 left\n")


def test_count_takes_text_without_front_matter_as_it_is(cli: Cli, workspace: Path) -> None:
    """A line of dashes or a heading in it splits nothing; only the file's last line end goes."""
    text = "One\n\n---\n## twitter\nTwo"
    counted = cli("count", "--json", stdin=f"{text}\n".encode()).json
    assert [part["text"] for part in counted["parts"]] == [text]


THREAD = (
    "---\nto: [bice-x, bice-page]\nlink: https://www.example.org/a-long-address-of-an-article\n"
    "---\nLe texte commun.\n\n## twitter\nUn.\n\n---\nDeux.\n"
)


def test_count_of_a_draft_counts_each_channel_as_it_goes_out(cli: Cli, workspace: Path) -> None:
    """A thread's parts one by one, and the link where the channel appends it."""
    path = _draft(workspace, THREAD)
    result = cli("count", path)
    assert result.out.splitlines() == [
        "twitter part 1: 3 of 280, 277 left",
        "twitter part 2: 29 of 280, 251 left",
        "facebook: 16 of 63206, 63190 left",
    ]
    assert cli("count", path, "--json").json["channel"] == "twitter"
    assert cli("count", path, "--json", "--channel", "bice-page").json["channel"] == "facebook"


def test_count_of_a_draft_that_is_piped(cli: Cli, workspace: Path) -> None:
    counted = cli("count", "-", "--json", stdin=THREAD.replace("\n", "\r\n").encode()).json
    assert [part["text"][:5] for part in counted["parts"]] == ["Un.", "Deux."]


def test_count_of_a_draft_outside_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(THREAD)
    result = run_script("count", "a.md", "--json", folder=tmp_path)
    assert len(json.loads(result.stdout)["parts"]) == 2


def test_count_names_the_accounts_of_a_channel_whose_texts_differ(
    cli: Cli, workspace: Path
) -> None:
    path = _draft(workspace, "---\nto: [bice-x, lima-x]\n---\nUn.\n\n## lima-x\nUno más.\n")
    assert cli("count", path).out.splitlines() == [
        "bice-x: 3 of 280, 277 left",
        "lima-x: 8 of 280, 272 left",
    ]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("--channel", "twiter"), b"a", "No channel or account is named twiter.\nhint: Did you"),
        (("nothing.md",), b"", "nothing.md cannot be read: No such file"),
        (("posts",), b"", "posts cannot be read: Is a directory"),
        ((), "à\né".encode("latin-1"), "The text is not UTF-8: line 1 holds the byte 0xe0."),
        ((), b"a" * 1_000_001, "The text is bigger than 1 MB"),
    ],
)
def test_count_of_what_cannot_be_counted(
    cli: Cli, workspace: Path, arguments: tuple[str, ...], stdin: bytes, message: str
) -> None:
    result = cli("count", *arguments, stdin=stdin)
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("stdin", [b"", b"\n", b"a\0b"])
def test_count_of_what_no_channel_takes(cli: Cli, workspace: Path, stdin: bytes) -> None:
    result = cli("count", "--json", stdin=stdin)
    assert result.code == 1
    assert result.json["parts"][0]["valid"] is False


def test_count_of_a_broken_draft_shows_its_problem(cli: Cli, workspace: Path) -> None:
    path = _draft(workspace, "---\nat: soon\nBonjour.\n")
    result = cli("count", path)
    assert result.code == 1
    assert "1:1: error: The front matter is never closed. [front-matter-unclosed]" in result.out


def test_what_is_wrong_in_the_session_is_told_once_and_first(cli: Cli, workspace: Path) -> None:
    """And not once more of each draft that relies on it, as if that were wrong."""
    for name in ("a", "b"):
        text = f"---\nat: annual-day\n---\nTexte {name}.\n"
        (workspace / "posts" / f"{name}.fr.md").write_text(text)
    session = workspace / "posts" / "session.yaml"
    session.write_text(session.read_text().replace("defaults:", "defaults: x\n  y:"))
    told = cli("check")
    assert told.code == 1
    assert told.out.startswith("posts/session.yaml:")
    assert "posts/a.fr.md" not in told.out
    assert "2 drafts rely on what is wrong in posts/session.yaml" in " ".join(told.out.split())
    assert told.out.endswith("2 drafts: 1 error in 1 file.\n")
    codes = {problem["code"] for problem in cli("check", "--json").json}
    assert codes == {"yaml", "session-unusable"}, "scripts are told all, but nothing that is untrue"
    refused = cli("queue")
    assert "Nothing is written: 1 error." in refused.out


def test_two_drafts_of_one_text_are_named(cli: Cli, workspace: Path) -> None:
    """As `queue` refuses them, unless one says that it repeats the other."""
    first, second = (workspace / "posts" / f"{name}.fr.md" for name in ("a", "b"))
    text = "---\nat: 2016-03-07 08:30\nto: bice-x\n---\nLe texte.\n"
    first.write_text(text)
    second.write_text(text.replace("08:30", "09:30"))
    (problem,) = cli("check", "--json").json
    assert (problem["file"], problem["code"]) == ("posts/b.fr.md", "duplicate-text")
    assert problem["message"] == "bice-x gets the same text from a.fr."
    second.write_text(text.replace("08:30", "09:30").replace("to:", "repeat: true\nto:"))
    assert cli("check", "--json").json == []


def test_count_names_bytes_where_they_are_the_tighter_limit(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One family is one character for a reader, and 25 bytes."""
    monkeypatch.chdir(tmp_path)
    text = " ".join(["👨‍👩‍👧‍👦" * 20] * 10).encode()
    counted = cli("count", "-", "--channel", "bluesky", stdin=text)
    assert "5009 of 3000 bytes" in counted.out
    told = cli("count", "-", "--channel", "bluesky", "--json", stdin=text).json
    assert [(part["weighted_length"], part["valid"]) for part in told["parts"]] == [(209, False)]
    split = cli("count", "-", "--channel", "bluesky", "--split", "--json", stdin=text).json
    assert [part["valid"] for part in split["parts"]] == [True, True]


def test_count_knows_an_accounts_own_limit_and_the_content_warning(
    cli: Cli, workspace: Path
) -> None:
    toml = workspace / "publisher.toml"
    toml.write_text(
        f'{toml.read_text()}\n[accounts.wide]\nchannel = "mastodon"\nmax_characters = 1000\n'
    )
    draft = _draft(workspace, "---\nto: wide\ncontent_warning: Violences\n---\nBonjour.\n")
    told = cli("count", draft, "--json").json
    (part,) = told["parts"]
    assert (part["weighted_length"], part["limit"], part["text"]) == (17, 1000, "Bonjour.")


@pytest.mark.parametrize(
    ("at", "line"),
    [
        ("next free slot", "at: next free slot"),
        ("every sitting day at 08:30", "repeat: every sitting day at 08:30"),
    ],
)
def test_new_takes_a_slot_or_repeats(cli: Cli, workspace: Path, at: str, line: str) -> None:
    path = cli("new", "Rappel", "--at", at, "--to", "bice-site").out.strip()
    assert f"\n{line}\n" in (workspace / path).read_text(encoding="utf-8")


def test_new_refuses_a_repetition_that_cannot_be_meant(cli: Cli) -> None:
    result = cli("new", "Rappel", "--at", "every fullmoon at 08:30")
    assert result.code == 2
    assert "--at: `every fullmoon at 08:30` is no repetition." in result.err
