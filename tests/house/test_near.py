"""`make near`: after a change, the tests that guard what was changed run, nearest first."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import near
from tools.neighbourhood import (
    AROUND,
    DEEP,
    GUARDS,
    IMPORTS,
    NAMED,
    Neighbourhood,
    guarded,
    is_named_for,
    is_of_subject,
    matches,
)

_GUARDED = (
    "auth", "channels", "delivery", "drafts", "ledger", "model", "planning", "platforms", "settings",
)  # fmt: skip
"""The packages whose modules all have tests of their own."""


@pytest.fixture(scope="session")
def neighbourhood() -> Neighbourhood:
    return Neighbourhood()


def test_what_tests_say_that_they_guard_is_there(neighbourhood: Neighbourhood) -> None:
    for test, file in neighbourhood.files.items():
        for pattern in file.guards:
            assert any(matches(pattern, module) for module in neighbourhood.modules), (
                test,
                pattern,
            )


def test_the_mark_is_read_wherever_it_stands(root: Path) -> None:
    """Only `pytestmark` of a file is."""
    for path in (root / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "pytest.mark.guards(" in text and path.name != Path(__file__).name:
            assert [*guarded(ast.parse(text))], path


def test_a_file_says_once_how_it_is_marked(root: Path) -> None:
    """Of two, pytest takes the later one alone."""
    for path in (root / "tests").rglob("test_*.py"):
        marks = re.findall(r"^pytestmark\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(marks) <= 1, path


@pytest.mark.parametrize(
    ("test", "module", "is_so"),
    [
        ("ledger/test_replies.py", "ledger.replies", True),
        ("ledger/test_replies_late.py", "ledger.worker.replies", True),
        ("ledger/test_repliesque.py", "ledger.replies", False),
        ("web/test_replies.py", "ledger.replies", False),
        ("platforms/twitter/test_oauth2.py", "platforms.twitter.oauth2", True),
        ("platforms/linkedin/test_uploads.py", "platforms.linkedin.uploads", True),
        ("platforms/linkedin/test_uploads.py", "platforms.mastodon.uploads", False),
        ("sandbox/test_x_posts.py", "platforms.twitter.stand_in.posts", True),
        ("sandbox/test_x_posts.py", "platforms.twitter.posts", False),
        ("test_campaign.py", "ledger.campaign", False),
    ],
)
def test_a_test_is_named_for_a_module(test: str, module: str, is_so: bool) -> None:
    assert is_named_for(f"tests/{test}", f"publisher.{module}") is is_so


@pytest.mark.parametrize(
    ("test", "module", "is_so"),
    [
        ("web/test_compose_changes.py", "web.compose_view", True),
        ("web/test_compose.py", "web.compose_saving", True),
        ("web/test_composing.py", "web.compose_view", False),
        ("drafts/test_compose.py", "web.compose_view", False),
    ],
)
def test_a_test_begins_as_a_module_does(test: str, module: str, is_so: bool) -> None:
    assert is_of_subject(f"tests/{test}", f"publisher.{module}") is is_so


def test_the_nearest_come_first(neighbourhood: Neighbourhood) -> None:
    chosen = neighbourhood.of_file("publisher/ledger/doubts/reconciliation.py")
    reasons = [*dict.fromkeys(chosen.values())]
    assert next(iter(chosen.items())) == ("tests/ledger/test_reconciliation.py", NAMED)
    assert reasons.index(IMPORTS) < reasons.index(AROUND)


def test_what_guards_a_module_from_afar_is_near(neighbourhood: Neighbourhood) -> None:
    chosen = neighbourhood.of_file("publisher/delivery/cleanup.py")
    assert chosen["tests/channels/test_cleanup.py"] == GUARDS


@pytest.mark.parametrize(
    ("changed", "test"),
    [
        ("tests/ledger/test_replies.py", "tests/ledger/test_replies.py"),
        ("tests/reporting/conftest.py", "tests/reporting/test_report.py"),
        ("tests/support/videos.py", "tests/media/test_videos.py"),
        ("publisher/web/templates/compose.html", "tests/web/test_compose.py"),
        ("publisher/locales/pl/LC_MESSAGES/publisher.po", "tests/sources/test_catalogues.py"),
        ("docs/drafts.md", "tests/docs/test_examples.py"),
        ("tools/messages.py", "tests/sources/test_catalogues.py"),
        ("Makefile", "tests/house/test_repository.py"),
    ],
)
def test_each_kind_of_file_has_its_tests(
    changed: str, test: str, neighbourhood: Neighbourhood
) -> None:
    assert test in neighbourhood.of_file(changed)


def test_each_module_of_what_publishes_has_tests_of_its_own(
    root: Path, neighbourhood: Neighbourhood
) -> None:
    """Named for it, or saying that they guard it: whoever changes it need not search."""
    alone = [
        module
        for module in sorted(neighbourhood.modules)
        if module.startswith(tuple(f"publisher.{package}." for package in _GUARDED))
        and not (
            root.joinpath(*module.split(".")).is_dir()
            or re.search(r"\.(migrations|stand_in)\.", module)
        )
        and not {NAMED, GUARDS} & {*neighbourhood.own(module).values()}
    ]
    assert alone == []


def test_of_several_files_each_one_s_own_tests_come_first() -> None:
    first = {"a": NAMED, "b": IMPORTS, "c": AROUND}
    second = {"d": GUARDS, "c": IMPORTS, "a": AROUND}
    assert [*near.gathered([first, second])] == ["a", "d", "b", "c"]


def test_what_differs_from_main_is_known(tmp_path: Path) -> None:
    """Committed, changed and new files; not what main has got since."""

    def git(*command: str) -> None:
        ours = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *ours, *command], cwd=tmp_path, check=True, capture_output=True)

    def commit(name: str) -> None:
        (tmp_path / name).write_text(name)
        git("add", ".")
        git("commit", "--message", name)

    git("init", "--initial-branch", "main")
    commit("old")
    git("switch", "--create", "branch")
    commit("committed")
    git("switch", "main")
    commit("later")
    git("switch", "branch")
    (tmp_path / "old").write_text("changed")
    (tmp_path / "new").write_text("new")
    assert near.changed(tmp_path) == ["committed", "new", "old"]


@pytest.mark.parametrize("processes", [[], ["--numprocesses=2"]])
def test_what_there_is_no_time_for_is_left_and_said(
    processes: list[str], root: Path, tmp_path: Path
) -> None:
    for name in ("own", "other"):
        (tmp_path / f"test_{name}.py").write_text("def test_a(): ...\ndef test_b(): ...\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.deadline", "-c", "/dev/null",
         "--rootdir", tmp_path, *processes, "--seconds=0", "--whole=test_own.py", tmp_path],
        cwd=root, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "2 tests further off were left to `make test`." in done.stdout


def test_deep_tests_are_named_and_left(neighbourhood: Neighbourhood) -> None:
    chosen = neighbourhood.of_file("publisher/drafts/planted.py")
    assert chosen["tests/running/test_planted.py"] == DEEP
    assert "tests/running/test_planted.py" not in near.gathered([chosen])


def test_a_folder_stands_for_its_modules(root: Path) -> None:
    named = [*near.named(str(root / "publisher/delivery"))]
    assert "publisher/delivery/courier.py" in named
    assert [*near.named(str(root / "Makefile"))] == ["Makefile"]
