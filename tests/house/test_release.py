"""What a release is made of fits together."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.system import missing, program
from tools.release import _IMAGE

_BY_VERSION = {"pypa/gh-action-pypi-publish@release/v1"}
"""Actions whose hash could not be verified."""


def workflows(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in [*(root / ".github/workflows").glob("*.yml"), root / "docs/examples/posts.yml"]:
        # BaseLoader: to YAML 1.1, the key `on` is a truth value.
        yield path, yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506


def test_the_image_is_built_from_what_the_release_packs(root: Path) -> None:
    copied = [
        source.rstrip("*")
        for line in re.findall(
            r"^COPY (?!--)(.*) \S+$", (root / "Dockerfile").read_text(), re.MULTILINE
        )
        for source in line.split()
    ]
    assert {"publisher", "docs", "requirements/run.txt"} <= set(copied)
    allowed = (root / ".dockerignore").read_text()
    for source in copied:
        assert source in _IMAGE, source
        assert f"\n!{source}\n" in allowed, source


def test_nothing_that_compiles_or_installs_is_left_in_the_image(root: Path) -> None:
    last = (root / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert "COPY --from=build /opt/publisher" in last
    assert "pip uninstall" in last
    assert "apt-get" not in last
    assert "\nUSER publisher\n" in last
    assert "\nHEALTHCHECK " in last


def test_a_copy_without_git_is_of_the_newest_version(root: Path) -> None:
    """And the changes have a section for it."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    newest = re.findall(r"^## (\d+\.\d+\.\d+)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[
        0
    ]
    assert project["tool"]["hatch"]["version"]["fallback-version"] == f"{newest}.dev0"


def test_workflows_run_what_was_looked_at(root: Path) -> None:
    """By its hash, with no more rights than they need."""
    for path, workflow in workflows(root):
        assert workflow["permissions"] in ({}, {"contents": "read"}), path
        for job in workflow["jobs"].values():
            assert "timeout-minutes" in job, path
            used = [step["uses"] for step in job["steps"] if "uses" in step]
            assert [
                one for one in used if not re.fullmatch(r".+@[0-9a-f]{40}", one)
                and one not in _BY_VERSION
            ] == []  # fmt: skip


def test_ci_runs_what_we_run(root: Path) -> None:
    ((_path, workflow),) = [found for found in workflows(root) if found[0].name == "ci.yml"]
    assert workflow["jobs"]["run"]["steps"][-1] == {"run": ".ci/run"}


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.one-machine.yml"])
def test_containers_have_no_more_than_they_need(root: Path, name: str) -> None:
    """But Redis and PostgreSQL, which are others' images and change users as they start."""
    services = yaml.safe_load((root / name).read_text())["services"]
    for service in services.keys() - {"redis", "postgres"}:
        assert services[service]["read_only"] is True, service
        assert services[service]["cap_drop"] == ["ALL"], service
        assert services[service]["security_opt"] == ["no-new-privileges:true"], service
    assert [name for name, one in services.items() if "ports" in one] == ["caddy"]


def test_caddy_accepts_its_file(root: Path) -> None:
    caddy = program("caddy") or missing("Caddy", "caddy")
    file = root / "deploy/caddy/Caddyfile"
    done = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", file],
        env={"PUBLISHER_DOMAIN": "publisher.example.org", "HOME": "/nonexistent"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    formatted = subprocess.run([caddy, "fmt", file], capture_output=True, text=True, check=True)
    assert formatted.stdout == file.read_text()
