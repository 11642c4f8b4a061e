"""count."""

import json
from pathlib import Path

import pytest

from tests.cli.draft_files import write_draft
from tests.cli.runner import Cli, run_script

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
    path = write_draft(
        workspace, f"---\nto: [bice-x, lima-x]\n---\n{result.out}\n## lima-x\nUno.\n"
    )
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
    write_draft(workspace, f"---\nto: bice-x\n---\n{LONG}\n")
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
    path = write_draft(workspace, THREAD)
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
    path = write_draft(workspace, "---\nto: [bice-x, lima-x]\n---\nUn.\n\n## lima-x\nUno más.\n")
    assert cli("count", path).out.splitlines() == [
        "bice-x: 3 of 280, 277 left",
        "lima-x: 8 of 280, 272 left",
    ]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("--channel", "twiter"), b"a", "There is no account or platform “twiter”.\nhint: Did you"),
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
    path = write_draft(workspace, "---\nat: soon\nBonjour.\n")
    result = cli("count", path)
    assert result.code == 1
    assert "1:1: error: The front matter never ends. [front-matter-unclosed]" in result.out


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
    draft = write_draft(workspace, "---\nto: wide\ncontent_warning: Violences\n---\nBonjour.\n")
    told = cli("count", draft, "--json").json
    (part,) = told["parts"]
    assert (part["weighted_length"], part["limit"], part["text"]) == (17, 1000, "Bonjour.")
