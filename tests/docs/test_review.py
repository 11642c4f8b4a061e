"""The workflow and the hook of docs/review.md do what the page says, with the real pre-commit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher.cli import app
from tests.docs.conftest import DOCS, ROOT, fences
from tests.docs.test_links import _is_known
from tests.support.workspaces import Workspace

WORKFLOW = DOCS / "examples" / "posts.yml"


def steps() -> list[dict[str, Any]]:
    # BaseLoader: to YAML 1.1, the key `on` is a truth value.
    workflow = yaml.load(WORKFLOW.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    assert workflow["permissions"] == {"contents": "read"}
    assert [*workflow["on"]] == ["pull_request"]
    (job,) = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def test_the_commands_of_the_workflow_exist() -> None:
    calls = [step["run"].removeprefix("publisher ") for step in steps() if "run" in step]
    calls = [call for call in calls if not call.startswith("python -m pip")]
    assert [call.split()[0] for call in calls] == ["check", "preview"]
    group = app.command()
    assert [call for call in calls if not _is_known(group, call)] == []


def test_the_steps_of_the_workflow_run(tmp_path: Path) -> None:
    """As written, in a workspace with a problem: it is shown at its line, and the page is made."""
    workspace = Workspace(tmp_path)
    workspace.draft("a.fr", "to: bice-x\natt: x")
    environment = {**os.environ, "PATH": _with_publisher(), "GITHUB_WORKSPACE": str(tmp_path)}
    outputs = {
        step["name"]: subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )
        for step in steps()
        if step.get("run", "").startswith("publisher ")
    }  # fmt: skip
    check = outputs["Check the drafts"]
    assert check.returncode == 1
    assert check.stdout.startswith("::error file=posts/a.fr.md,line=3,col=1,title=unknown-key::")
    assert outputs["Show how they will look"].returncode == 0
    assert (tmp_path / "preview.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_hook_is_that_of_the_newest_release() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## (\d\S+)", changes, re.MULTILINE)[0]
    assert f"rev: v{newest} " in (DOCS / "review.md").read_text(encoding="utf-8")


@pytest.fixture
def hooked(tmp_path: Path) -> Workspace:
    """A workspace in a repository that uses the hook as the page says, from a copy of this one."""
    source = tmp_path / "publisher"
    source.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", source)
    _git(source, "init", "--quiet")
    _commit(source)
    workspace = Workspace(tmp_path / "repository")
    page = (DOCS / "review.md").read_text(encoding="utf-8")
    (text,) = (f.text for f in fences(page) if f.name == ".pre-commit-config.yaml")
    config = yaml.safe_load(text)
    (repository,) = config["repos"]
    repository |= {"repo": str(source), "rev": _git(source, "rev-parse", "HEAD").strip()}
    # The page: where Publisher is installed already. Nothing is fetched from the network here.
    repository["hooks"][0]["language"] = "system"
    workspace.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    _git(workspace.path, "init", "--quiet")
    return workspace


def test_the_hook_lets_good_drafts_pass_and_refuses_bad_ones(hooked: Workspace) -> None:
    hooked.draft("a.fr", "to: bice-x")
    assert _pre_commit(hooked.path).returncode == 0
    hooked.draft("lima/b.fr", "to: nobody")
    done = _pre_commit(hooked.path)
    assert done.returncode == 1
    assert "posts/lima/b.fr.md:2:5: error:" in done.stdout


def test_the_hook_runs_only_where_drafts_or_settings_change(hooked: Workspace) -> None:
    hooked.draft("lima/b.fr", "to: nobody")
    for name, outcome in (("notes.txt", "Skipped"), ("publisher.toml", "Failed")):
        hooked.write(name, (hooked.path / name).read_text() if name == "publisher.toml" else "x")
        done = _pre_commit(hooked.path, "--files", name)
        assert outcome in done.stdout, name


def _pre_commit(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    _git(folder, "add", ".")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *(files or ("--all-files",))],
        cwd=folder,
        env={
            **os.environ,
            "PATH": _with_publisher(),
            "PRE_COMMIT_HOME": str(folder.parent / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def _with_publisher() -> str:
    """A PATH on which the installed `publisher` comes first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout


def _commit(folder: Path) -> None:
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "A step")
