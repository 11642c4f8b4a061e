"""Whatever a draft holds: problems at places that it has, the same ones twice, and no exception."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from PIL import Image

from publisher.app import Application
from publisher.model.problems import CODES
from publisher.model.values import Problem
from tests.fuzz.draft_texts import draft
from tests.fuzz.effort import bounded, fuzzed
from tests.fuzz.session_texts import consents, session
from tests.support.workspaces import Workspace

NAME = "a.fr"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the pictures that the drafts name, good ones and others."""
    made = Workspace(tmp_path_factory.mktemp("workspace"))
    media = made.path / "posts" / "media"
    media.mkdir()
    Image.new("RGB", (40, 30), "teal").save(media / "card.png")
    Image.new("RGB", (40, 30), "teal").save(media / "card.jpg", "PNG")
    (media / "text.png").write_text("I am no picture.")
    (media / "truncated.png").write_bytes((media / "card.png").read_bytes()[:60])
    (media / "loop.png").symlink_to("loop.png")
    (made.path / "secret.png").write_bytes((media / "card.png").read_bytes())
    made.write("posts/consents.yaml", "a: {until: 2016-03-10}\nb: {withdrawn: true}\n")
    return made


@pytest.fixture(scope="module")
def app(workspace: Workspace) -> Iterator[Application]:
    application = Application.open_or_make(workspace.path)
    yield application
    application.close()


@fuzzed(400)
@given(data=draft())
def test_any_draft_is_planned_or_refused_the_same_way_twice(
    app: Application, workspace: Workspace, data: bytes
) -> None:
    path = workspace.path / "posts" / f"{NAME}.md"
    path.write_bytes(data)
    with bounded(5):
        first = app.planner.plan()
        assert app.planner.plan() == first
    look_at(first.problems, workspace.path)
    assert not (first.errors and first.changes)


@pytest.fixture
def _draft_on_the_agenda(workspace: Workspace) -> Iterator[None]:
    """A draft that needs the session and a consent; the good files come back afterwards."""
    kept = {
        name: (workspace.path / name).read_text()
        for name in ("posts/session.yaml", "posts/consents.yaml")
    }
    media = "media:\n  - {file: media/card.png, alt: Une carte, people: true, consent: a}"
    workspace.draft(NAME, f"at: annual-day - 30m\nembargo: report\n{media}")
    yield
    for name, text in kept.items():
        workspace.write(name, text)


@pytest.mark.usefixtures("_draft_on_the_agenda")
@fuzzed(250)
@given(session=session(), consents=consents())
def test_any_session_is_used_or_refused_the_same_way_twice(
    app: Application, workspace: Workspace, session: bytes, consents: bytes
) -> None:
    (workspace.path / "posts" / "session.yaml").write_bytes(session)
    (workspace.path / "posts" / "consents.yaml").write_bytes(consents)
    with bounded(5):
        first = app.planner.plan()
        assert app.planner.plan() == first
    look_at(first.problems, workspace.path)
    assert not (first.errors and first.changes)


def look_at(problems: Sequence[Problem], folder: Path) -> None:
    """Every problem has a place in its file, and can be printed."""
    for problem in problems:
        lines = _lines(folder / problem.file)
        assert 1 <= problem.line <= len(lines), problem
        line = lines[problem.line - 1]
        assert 1 <= problem.column <= len(line) + 1, problem
        if problem.code in ("unknown-key", "duplicate-key"):
            key = problem.message.split("`")[1]
            there = line[problem.column - 1 :]
            assert there.startswith((key, *"'\"?|>")) or not key.isalpha(), problem
        assert problem.code in CODES
        problem.model_dump_json()
        problem.message.encode()
        (problem.hint or "").encode()


def _lines(path: Path) -> list[str]:
    """A file's lines as an editor counts them."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
