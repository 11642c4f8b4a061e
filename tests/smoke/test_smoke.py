"""Publisher as it is installed runs on this Python: a first look at all its parts.

`make smoke` runs this on every Python that Publisher supports, in an environment that holds what
users install and pytest, nothing of what the other tests need. So it imports nothing of Publisher
here, and starts the command that is installed beside this Python, outside of the sources.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHER = Path(sys.executable).with_name("publisher")
_PATIENCE = 300  # seconds


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """A copy of the campaign in posts/."""
    shutil.copytree(ROOT / "posts", tmp_path / "posts")
    shutil.copy(ROOT / "publisher.toml", tmp_path)
    return tmp_path


def run(folder: Path, *command: str | Path) -> str:
    """What the command prints; it must succeed."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PUBLISHER_", "PYTHON"))
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "LC_ALL": "C.UTF-8", "PUBLISHER_LANGUAGE": "en"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stderr
    return done.stdout


def test_every_command_has_its_help(tmp_path: Path) -> None:
    commands: list[tuple[str, ...]] = [
        (name,) for name in _commands(run(tmp_path, PUBLISHER, "--help"))
    ]
    assert {("check",), ("queue",), ("run",), ("rehearse",), ("web",)} <= set(commands)
    for command in commands:
        shown = run(tmp_path, PUBLISHER, *command, "--help")
        assert f"Usage: publisher {' '.join(command)} " in shown
        commands += [(*command, name) for name in _commands(shown)]  # it goes on with these


def _commands(shown: str) -> list[str]:
    return re.findall(r"^  ([a-z][a-z-]*)  ", shown.partition("\nOptions:\n")[2], re.MULTILINE)


def test_all_that_is_no_code_is_there_too(tmp_path: Path) -> None:
    """And each page that a hint names: in the package, or in docs/ beside the sources."""
    shown = run(tmp_path, sys.executable, "-c", "import publisher; print(publisher.__file__)")
    package = Path(shown.strip()).parent
    for kind in (
        "base/templates/*", "drafts/*", "ledger/migrations/*.mako",
        "locales/*/LC_MESSAGES/publisher.po", "platforms/*/templates/*", "preview/templates/*", "rehearsal/templates/*",
        "reporting/templates/*", "running/units/*.timer", "sandbox/templates/*", "web/fonts/*",
        "web/help/_images/*", "web/help/_static/*", "web/help/guides/*.fr.html", "web/icons/*",
        "web/static/*", "web/styles/*", "web/templates/*",
    ):  # fmt: skip
        assert [path for path in package.glob(kind) if path.is_file()], kind
    docs = package / "docs" if (package / "docs").is_dir() else ROOT / "docs"
    sources = (path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    named = {name for text in sources for name in re.findall(r"\bdocs/([a-z-]+\.md)", text)}
    assert len(named) > 5
    assert [name for name in sorted(named) if not (docs / name).is_file()] == []


def test_the_campaign_is_checked_counted_and_shown(campaign: Path) -> None:
    """Every draft is counted: long ones, links and emoji included."""
    assert "no problems" in run(campaign, PUBLISHER, "check")
    drafts = sorted(path for path in (campaign / "posts").rglob("*.md") if path.suffixes[:-1])
    assert len(drafts) > 20
    for draft in drafts[::5]:
        assert " of " in run(campaign, PUBLISHER, "count", draft)
    run(campaign, PUBLISHER, "preview", "--output", "preview.html")
    assert "</html>" in (campaign / "preview.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "module",
    ["publisher.web.server", "publisher.sandbox.server", "publisher.channels.registry", "psycopg"],
)
def test_what_runs_for_long_can_be_imported(campaign: Path, module: str) -> None:
    run(campaign, sys.executable, "-c", f"import {module}")


def test_what_python_compiles_first_is_silent(tmp_path: Path) -> None:
    """Not every installer compiles; then the first command does, and people read what it says."""
    code = "import publisher.platforms.facebook.graph, publisher.platforms.twitter.channel"
    cache = ("-X", f"pycache_prefix={tmp_path / 'cache'}")
    assert run(tmp_path, "sh", "-c", '"$@" 2>&1', "sh", sys.executable, *cache, "-c", code) == ""


def test_a_small_campaign_goes_out(tmp_path: Path) -> None:
    """Through the real broker and workers, to all channels, at its times; nothing is missing."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "publisher.toml").write_text(_SETTINGS, encoding="utf-8")
    (tmp_path / "posts/session.yaml").write_text(_SESSION, encoding="utf-8")
    for number, text in enumerate(
        ["The first. 👩🏽‍💻\n\n---\n\nAnd its thread.", f"© {'word ' * 40}"]
    ):
        draft = f"---\nat: annual-day + {number}h\n---\n{text} https://www.example.org/{number}\n"
        (tmp_path / f"posts/post-{number}.md").write_text(draft, encoding="utf-8")
    run(tmp_path, PUBLISHER, "rehearse")
    log = json.loads((tmp_path / "var/rehearsal/log.json").read_text(encoding="utf-8"))
    assert {(row["post"], row["account"], row["state"]) for row in log} == {
        (f"post-{number}", account, "published") for number in (0, 1) for account in _ACCOUNTS
    }


def test_the_tutorial_runs_as_it_stands(tmp_path: Path) -> None:
    """With the command on the PATH, in a fresh home, until its posts are in the timelines."""
    follower, tutorial = ROOT / "tests/support/tutorial.py", ROOT / "docs/guides/tutorial.en.md"
    programs = f"PATH={PUBLISHER.parent}:/usr/bin:/bin"
    assert "in the timelines" in run(
        tmp_path, "env", programs, sys.executable, "-P", follower, tutorial
    )


_ACCOUNTS = ("our-x", "our-page", "our-site")
_SETTINGS = """
[accounts.our-x]
channel = "twitter"
[accounts.our-page]
channel = "facebook"
page_id = "100200300"
[accounts.our-site]
channel = "site"
"""
_SESSION = """
name: A session
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
defaults: {to: all, expires: 4h, lang: en}
agenda:
  annual-day: {title: The day, starts: 2016-03-07 09:00, ends: 2016-03-07 18:00}
"""
