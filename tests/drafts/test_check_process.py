"""Drafts are checked in a child as they are here; one that takes too long is named, and stops no
other.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from publisher.base import i18n
from publisher.base.errors import Busy, NotPossible, UsageError
from publisher.base.process_pool import ProcessPool
from publisher.drafts import check, check_process, consents, session_reader
from publisher.drafts.check_process import PublicSettings
from publisher.drafts.library import Library
from publisher.model.problems import MOST, Findings
from publisher.settings.schema import LintSettings
from publisher.settings.settings import Settings
from tests.drafts.drafts import ACCOUNTS, Workspace

Change = Callable[..., None]


@pytest.fixture(autouse=True)
def pools(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, ProcessPool]]:
    made = {name: ProcessPool(check_process._MODULE, 1) for name in ("_CHECKERS", "_READERS")}
    check_process._COSTLY.clear()
    for name, pool in made.items():
        monkeypatch.setattr(check_process, name, pool)
    yield made
    for pool in made.values():
        pool.end()


@pytest.fixture
def changed(pools: Mapping[str, ProcessPool]) -> Change:
    """Start the real child with other code in it."""

    def start(*lines: str) -> None:
        program = "\n".join(
            (
                "import sys, os, signal",
                "from publisher.drafts import check_process, library, lint",
                "real = lint.Linter.problems",
                *lines,
                "check_process._serve(sys.stdin.buffer, sys.stdout.buffer)",
            )
        )
        for pool in pools.values():
            pool.program = (sys.executable, "-P", "-c", program)

    return start


def _settings(workspace: Workspace) -> PublicSettings:
    return PublicSettings(
        workspace=workspace.root,
        var=workspace.root / "var",
        language="fr",
        lint=LintSettings(),
        accounts=ACCOUNTS,
    )


def _codes(found: tuple[Library, list[Any]]) -> dict[str, set[str]]:
    by_file: dict[str, set[str]] = {}
    for one in found[1]:
        by_file.setdefault(one.file, set()).add(one.code)
    return by_file


def test_a_child_finds_what_is_found_here(workspace: Workspace) -> None:
    """In the reader's language, with what is not saved yet, and all that a library knows."""
    workspace.picture()
    workspace.picture("media/people.png")
    workspace.write("consents.yaml", "lima:\n  granted_to: BICE\n  until: 2016-03-31\n")
    (workspace.posts / "closed").mkdir()
    workspace.draft(
        "at: annual-day - 30m\nto: all\nmedia:\n- {file: media/card.png, alt: Une}\n"
        "- {file: media/people.png, alt: Deux, people: true, consent: lima}",
        "Voir [ici](https://example.org).\n---\nLe deuxième.\n## bice-page\nAutre, TODO.",
    )
    workspace.draft("at: 2016-03-08 10:00\nexpires: 90m", "Hola.", "a.es.md")
    workspace.draft("at: never", "x" * 300, "b.md")
    workspace.write("latin.md", b"\xe9")
    settings, file = _settings(workspace), workspace.posts / "a.fr.md"
    unsaved = workspace.root / "elsewhere.png"
    workspace.picture("media/other.png").rename(unsaved)
    programme = session_reader.load(workspace.posts, Findings("")).model_copy(
        update={"timezone": "America/Lima"}
    )
    revised = {
        "posts/new.md": b"---\nat: now\nmedia: [{file: shot, alt: X}]\n---\nNeu",
        "posts/b.md": b"\xff\xfe",
    }
    records = consents.parse("lima: {withdrawn: true}", Findings(""))
    given: list[tuple[Any, ...]] = [
        (),
        ([file],),
        ([file], programme, revised, {"shot": unsaved}, records),
        ((), None, revised),
    ]
    with i18n.speaking("pl"):
        for arguments in given:
            here = check.check(settings, *arguments)
            there = check_process.check(settings, *arguments)
            assert there == here, arguments
            assert check_process.read(settings, *arguments) == check.read(settings, *arguments)
            assert [there[0].translations(post) for post in there[0].posts] == [
                here[0].translations(post) for post in here[0].posts
            ]
            assert here[1]
        assert there[0].has("b")
        assert not there[0].has("gone")
    with pytest.raises(UsageError, match="does not exist"):
        check_process.check(settings, [workspace.posts / "gone.md"])


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("while True: pass", marks=pytest.mark.deep),
        pytest.param("os.abort()", marks=pytest.mark.deep),
        "'a' * 10**12",
    ],
)
def test_a_draft_that_takes_too_long_is_named_and_stops_no_other(
    workspace: Workspace, changed: Change, end: str
) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", f"[LIEN] {name}", name)
    changed(
        "check_process._PROCESSOR = 0",
        "def slow(self, post, recipients):",
        "    if post.id in 'bd':",
        f"        {end}",
        "    return real(self, post, recipients)",
        "lint.Linter.problems = slow",
    )
    library, found = check_process.check(_settings(workspace))
    assert _codes((library, found)) == {
        "posts/a.md": {"placeholder"},
        "posts/b.md": {"too-costly"},
        "posts/c.md": {"placeholder"},
        "posts/d.md": {"too-costly"},
    }
    assert library.broken == {"b", "d"}
    assert library.has("b"), "nothing of it is cancelled"


def test_more_of_them_than_one_check_can_find_are_all_named_by_the_next(
    workspace: Workspace, changed: Change
) -> None:
    """And one that is mended is checked again."""
    for name in "abcde":
        workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", "[LIEN] slow", f"{name}.md")
    workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", "[LIEN]", "f.md")
    changed(
        "parse = library.draft.parse",
        "def slow(text, post_id, *more):",
        "    if 'slow' in text:",
        "        os.kill(os.getpid(), signal.SIGXCPU)",
        "    return parse(text, post_id, *more)",
        "library.draft.parse = slow",
    )
    with pytest.raises(NotPossible):
        check_process.check(_settings(workspace))
    found = _codes(check_process.check(_settings(workspace)))
    assert [found[f"posts/{name}.md"] for name in "abcdef"] == [{"too-costly"}] * 5 + [
        {"placeholder"}
    ]
    workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", "[LIEN]", "c.md")
    assert _codes(check_process.check(_settings(workspace)))["posts/c.md"] == {"placeholder"}


@pytest.mark.parametrize(
    ("end", "again"),
    [
        ("os.kill(os.getpid(), signal.SIGXCPU)", {"too-costly"}),
        ("'a' * 10**12", set()),
        ("os.abort()", set()),
    ],
)
def test_only_a_draft_that_took_all_of_its_time_is_left_out_for_ten_minutes(
    workspace: Workspace,
    changed: Change,
    pools: Mapping[str, ProcessPool],
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    again: set[str],
) -> None:
    """What lacked memory, or crashed, is tried again at once: the machine may be to blame."""
    now = 5.0
    monkeypatch.setattr(check_process, "_now", lambda: now)
    workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", "Hola.", "a.md")

    def found() -> set[str]:
        return _codes(check_process.check(_settings(workspace))).get("posts/a.md", set())

    changed(f"def ended(*_): {end}", "lint.Linter.problems = ended")
    assert found() == {"too-costly"}
    pools["_CHECKERS"].end()
    changed()
    assert found() == again
    now += 599
    assert found() == again
    now += 1
    assert found() == set()


def test_the_draft_is_named_whose_pictures_were_looked_at_meanwhile(
    workspace: Workspace, changed: Change, pools: Mapping[str, ProcessPool]
) -> None:
    for name in ("a.md", "b.md", "c.md"):
        workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", f"[LIEN] {name}", name)
    changed(
        "from publisher.media import at_once",
        "parse = library.draft.parse",
        "def slow(text, post_id, *more):",
        "    at_once.each(str, [1])",
        "    if post_id == 'b':",
        "        'a' * 10**12",
        "    return parse(text, post_id, *more)",
        "library.draft.parse = slow",
    )
    assert _codes(check_process.check(_settings(workspace)))["posts/b.md"] == {"too-costly"}
    pools["_CHECKERS"].end()
    changed("library._groups = lambda *_: 'a' * 10**12")
    with pytest.raises(NotPossible):  # when all are read, none of them is named
        check_process.check(_settings(workspace))


@pytest.mark.deep
def test_many_drafts_have_the_time_of_each(workspace: Workspace, changed: Change) -> None:
    """Not all together: a workspace of ten thousand is checked, too."""
    for number in range(10):
        workspace.draft("at: 2016-03-08 10:00\nto: [bice-x]", f"{number}", f"{number}.md")
    changed(
        "import time",
        # A machine that is busy counts its pauses as work: one draft is far below the limit.
        "check_process._PROCESSOR = 5",
        "def slow(self, post, recipients):",
        "    begin = time.process_time()",
        "    while time.process_time() < begin + 0.8: pass",
        "    return real(self, post, recipients)",
        "lint.Linter.problems = slow",
    )
    assert check_process.check(_settings(workspace))[1] == []


def test_what_cannot_be_told_of_a_draft_is_an_error_that_says_what_to_do(
    workspace: Workspace, changed: Change, pools: Mapping[str, ProcessPool]
) -> None:
    changed("library.load = lambda *_: os.kill(os.getpid(), 9)")
    for act in (check_process.check, check_process.read):
        with pytest.raises(NotPossible, match="could not be checked") as caught:
            act(_settings(workspace))
        assert "Try again" in str(caught.value.hint)
    assert all(pool._free._value == 1 for pool in pools.values()), "nothing is kept"


def test_who_comes_while_all_are_busy_is_told_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_process, "_CHECKERS", ProcessPool("none", 0, wait=0.1))
    with pytest.raises(Busy, match="Other drafts are being checked"):
        check_process.check(_settings(workspace))


def test_a_child_knows_no_secret_of_an_account(workspace: Workspace) -> None:
    secret = {"channel": "twitter", "api_key": "hunter2"}
    settings = Settings.model_validate({"workspace": workspace.root, "accounts": {"own": secret}})
    told = check_process._request(settings, (), None, {}, {}, None, {}, advises=True)
    assert "own" in told.model_dump_json()
    assert "hunter2" not in told.model_dump_json()


@pytest.mark.parametrize(
    ("body", "code"),
    [("`" * 60_000, "markdown-as-text"), ("a\n***\n" * 9_000, "rule-as-text"),
     ("---\n" * 9_000, "empty-text")],
)  # fmt: skip
def test_of_ten_thousand_problems_a_hundred_of_a_kind_are_told(
    workspace: Workspace, body: str, code: str
) -> None:
    """And that there are more. What is of another kind is told all the same."""
    workspace.draft("at: 2016-03-08 10:00\nto: [bice-x, bice-page]", f"[LIEN]\n{body}")
    _library, found = check.check(_settings(workspace))
    assert len([one for one in found if one.code == code]) == MOST
    (more,) = [one for one in found if one.code == "too-many-problems" and code in one.message]
    (first, *_rest) = [one for one in found if one.code == code]
    assert more.severity == first.severity
    assert {"placeholder"} <= {one.code for one in found}
    assert len(found) < 6 * MOST
