"""new and check."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.base.text import slug
from tests.cli.draft_files import on_a_full_disk, write_draft
from tests.cli.runner import Cli

GOOD = "---\nat: 2016-03-07 08:30\n---\nBonjour de Genève.\n"


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
    assert "hint: You need permission to write to the folder posts/" in result.err


def test_new_makes_a_draft_and_prints_its_path(cli: Cli, workspace: Path) -> None:
    result = cli("new", "Les voix des enfants", "--lang", "fr")
    assert (result.code, result.out) == (0, "posts/les-voix-des-enfants.fr.md\n")
    text = (workspace / "posts" / "les-voix-des-enfants.fr.md").read_text(encoding="utf-8")
    assert text.startswith("---\ntitle: Les voix des enfants\n#at:")
    assert [problem["code"] for problem in cli("check", "--json").json] == ["empty-text"]
    assert cli("plan", "--json").json["changes"] == []


def test_new_takes_a_time_as_people_say_it_and_writes_the_day(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was understood is said, and what can be read in two ways is refused."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-04T09:00:00+01:00")
    made = cli("new", "Demain", "--at", "demain 9h")
    assert made.out == "posts/2016-03-05-demain.en.md\n"
    assert "--at 'demain 9h': Saturday 5 March 2016, 09:00.\n" in made.err
    assert "at: 2016-03-05 09:00\n" in (workspace / made.out.strip()).read_text()
    refused = cli("new", "Bientôt", "--at", "04/05 9h")
    assert refused.code == 2
    assert "you mean: 2016-05-04 09:00 or 2016-04-05 09:00." in refused.err


def test_an_empty_text_is_one_error_for_all_its_accounts(cli: Cli, workspace: Path) -> None:
    (workspace / "posts" / "a.fr.md").write_text(
        "---\nat: 2016-03-07 08:30\nto: [bice-x, bice-page]\n---\n"
    )
    found = [one for one in cli("check", "--json").json if one["code"] == "empty-text"]
    assert [one["message"] for one in found] == ["The text is empty."]


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


def test_new_takes_the_next_slot_that_all_its_accounts_have_free(cli: Cli, workspace: Path) -> None:
    settings = (workspace / "publisher.toml").read_text(encoding="utf-8")
    for name, slots in {"bice-x": "weekdays 09:30", "bice-page": "tuesday 09:30"}.items():
        head = f"[accounts.{name}]\n"
        assert head in settings
        settings = settings.replace(head, f'{head}slots = ["{slots}"]\n')
    (workspace / "publisher.toml").write_text(settings, encoding="utf-8")
    both = ("--to", "bice-x,bice-page", "--next-slot")
    days = []
    for title in ("Un", "Deux"):
        result = cli("new", title, *both)
        assert result.code == 0, result.err
        draft = workspace / result.out.strip()
        days.append(next(line for line in draft.read_text().splitlines() if "at:" in line))
    assert days == ["at: 2016-03-08 09:30", "at: 2016-03-15 09:30"]


def test_new_without_a_free_slot_writes_nothing(cli: Cli, workspace: Path) -> None:
    result = cli("new", "Un", "--to", "bice-x", "--next-slot")
    assert (result.code, "None of the chosen accounts has slots." in result.err) == (2, True)
    result = cli("new", "Un", "--at", "2016-03-07 08:00", "--next-slot")
    assert (result.code, "not both" in result.err) == (2, True)
    assert not list((workspace / "posts").glob("*un*.md"))


def test_new_on_an_agenda_item_carries_no_date(cli: Cli, workspace: Path) -> None:
    """The item may move, and a post's id does not."""
    result = cli("new", "Journée", "--at", "annual-day - 30m", "--to", "all", "--lang", "fr")
    assert result.out == "posts/journee.fr.md\n"


def test_new_never_overwrites(cli: Cli, workspace: Path) -> None:
    path = write_draft(workspace, "mine", "hello.en.md")
    result = cli("new", "Hello!")
    assert result.code == 2
    assert "posts/hello.en.md already exists" in result.err
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--at", "annual-dya"), "--at: No agenda item is called “annual-dya”."),
        (("--at", "2016-03-27 02:30"), "--at: 2016-03-27 02:30 does not exist in Europe/Zurich."),
        (("--at", "soon: x"), "--at:"),
        (("--to", "bice-y"), "--to: there is no account or platform “bice-y”.\nhint: Did you mean"),
        (("--lang", "French"), "'French' is not a language"),
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
    assert "cannot become a file name" in result.err


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
    write_draft(workspace, GOOD)
    assert cli("check").out == "1 draft, no problems.\n"


def test_check_names_place_problem_and_remedy(cli: Cli, workspace: Path) -> None:
    """All problems of all files at once, the files in order."""
    write_draft(workspace, "---\nat: 2016-03-07 08:30\ntoo: all\n---\nBonjour.\n", "b.fr.md")
    write_draft(workspace, "---\nat: annual-dya\n---\nBonjour.\n", "a.fr.md")
    result = cli("check")
    assert result.code == 1
    assert result.out == (
        "posts/a.fr.md:2:5: error: No agenda item is called “annual-dya”. [unknown-anchor]\n"
        "    hint: Did you mean `annual-day`?\n"
        "\n"
        "posts/b.fr.md:3:1: error: `too` is not a known key. [unknown-key]\n"
        "    hint: Did you mean `to`?\n"
        "\n"
        "2 drafts: 2 errors in 2 files.\n"
    )


def test_check_json_is_the_promised_array(cli: Cli, workspace: Path) -> None:
    write_draft(workspace, "---\nat: 2016-03-07 08:30\ntoo: all\n---\nBonjour.\n")
    expected = [
        {
            "file": "posts/a.fr.md",
            "line": 3,
            "column": 1,
            "severity": "error",
            "code": "unknown-key",
            "message": "`too` is not a known key.",
            "hint": "Did you mean `to`?",
        }
    ]
    for options in (("--format", "json"), ("--json",)):
        result = cli("check", *options)
        assert (result.code, result.json) == (1, expected)


def test_check_warnings_refuse_nothing(cli: Cli, workspace: Path) -> None:
    write_draft(workspace, "---\nat: 2017-03-07 08:30\n---\nBonjour.\n")
    result = cli("check")
    assert result.code == 0
    assert "posts/a.fr.md:2:5: warning: " in result.out
    assert result.out.endswith("1 draft: 1 warning in 1 file.\n")


def test_check_for_github(cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command a line, relative to the repository; what would break it is escaped."""
    write_draft(
        workspace, "---\nat: 2016-03-07 08:30\n100%, really: x\n---\nBonjour.\n", "a,b.fr.md"
    )
    monkeypatch.chdir(workspace.parent)
    result = cli("--workspace", workspace, "check", "--format", "github")
    assert result.code == 1
    assert result.out.startswith(
        "::error file=campaign/posts/a%2Cb.fr.md,line=3,col=1,title=unknown-key::"
        "`100%25, really` is not a known key.%0AKeys are: at, to"
    )
    assert result.out.count("\n") == 1


@pytest.mark.parametrize("given", ["posts/a.fr.md", "a.fr", "posts"])
def test_check_of_some_drafts(cli: Cli, workspace: Path, given: str) -> None:
    """A path, a post's id or a folder."""
    write_draft(workspace, "nothing")
    (workspace / "posts" / "lima").mkdir()
    write_draft(workspace, GOOD, "lima/b.fr.md")
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
    assert "2 drafts depend on what is wrong in posts/session.yaml" in " ".join(told.out.split())
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
    assert problem["message"] == "bice-x already gets this text from a.fr."
    second.write_text(text.replace("08:30", "09:30").replace("to:", "repeat: true\nto:"))
    assert cli("check", "--json").json == []
