"""run, sandbox, rehearse and migrate, with real processes where there are any."""

import re
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from publisher.app import Application
from publisher.base.i18n import speaking
from publisher.cli import arguments
from publisher.cli.commands import running
from publisher.cli.output.run import RunDisplay
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.states import State
from tests.cli.runner import Cli, run_script

SITE = '[accounts.bice-site]\nchannel = "site"\n'


@pytest.fixture
def site(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a website alone, which needs nobody else, and a post due at once."""
    (workspace / "publisher.toml").write_text(SITE)
    (workspace / "posts" / "now.fr.md").write_text(
        "---\nat: 2016-03-01 12:00\nto: all\n---\nBonjour de Genève.\n", encoding="utf-8"
    )
    return workspace


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PUBLISHER_CLOCK": "2016-03-01T12:00:00+01:00", **more}


def test_run_until_idle_publishes_and_shows_a_line_for_each_delivery(cli: Cli, site: Path) -> None:
    cli("queue")
    result = run_script("run", "--no-web", "--until-idle", folder=site, environment=_environment())
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "Publishing: 1 delivery on the schedule, the next 2016-03-01 12:00" in lines[0]
    (published,) = [line for line in lines if "now.fr" in line]
    assert published.startswith("2016-03-01 12:00:")
    assert "  bice-site  now.fr  published, " in published
    assert published.endswith(" late: bice-site/posts/now.fr.html"), "and where it is"
    assert lines[-1] == "Since the start: 1 published."
    assert cli("log", "--json").json[0]["state"] == "published"
    assert " bice-site/posts/now.fr.html\n" in cli("log").out
    assert cli("history", "now.fr").out.endswith("bice-site: bice-site/posts/now.fr.html\n")
    assert "Bonjour de Genève." in "".join(
        path.read_text(encoding="utf-8") for path in (site / "var" / "site").rglob("*.html")
    )


def test_a_draft_that_was_changed_since_is_told_of_before_and_after_it_leaves(
    cli: Cli, site: Path
) -> None:
    """What was queued goes out; with the command that changes what readers see."""
    cli("queue")
    draft = site / "posts" / "now.fr.md"
    draft.write_text(draft.read_text().replace("Bonjour", "Bonsoir"))
    result = run_script("run", "--no-web", "--until-idle", folder=site, environment=_environment())
    queued = (
        "1 post goes out as it was queued, not as its draft says now: now.fr. `publisher queue`"
    )
    out = "1 draft differs from what is out: now.fr. `publisher correct now.fr` changes what"
    before, published, after = " ".join(result.stdout.split()).partition("now.fr published, ")
    assert published
    assert queued in before
    assert out in after
    for command in ("status", "check", "status"):
        assert out in " ".join(cli(command).out.split())
    draft.write_text(draft.read_text().replace("Bonsoir", "Bonjour"))
    assert out not in " ".join(cli("check").out.split())


def test_a_delivery_counts_once_however_often_it_moves(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Application.open_or_make(site)) as app:
        live = RunDisplay(app)
        moves = [(State.PUBLISHING, State.UNCERTAIN), (State.UNCERTAIN, State.SCHEDULED)] * 3
        for number, (source, target) in enumerate([*moves, (State.PUBLISHING, State.PUBLISHED)]):
            live.report(
                HistoryStep(
                    number, app.clock.now(), "moved", "worker", delivery=1,
                    post="a", account="bice-site", source=source, target=target,
                )
            )  # fmt: skip
        live.conclude()
    assert capsys.readouterr().out.splitlines()[-1] == "Since the start: 1 published."


def _step(app: Application, event: str, **more: Any) -> HistoryStep:
    return HistoryStep(1, app.clock.now(), event, "worker", **more)


def test_a_long_line_of_run_is_broken_between_words(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    message = "X takes nothing more from this account for now. It goes on by itself. " * 3
    with closing(Application.open_or_make(site)) as app, speaking("fr"):
        detail = {"message": message.strip()}
        RunDisplay(app).report(_step(app, "late", account="*", detail=detail))
    lines = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines).endswith(
        f"tous       retard\N{NO-BREAK SPACE}: {message.strip()}"
    )


def test_a_long_question_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    def prompt(text: str, **_more: Any) -> str:
        asked.append(text)
        return "y"

    monkeypatch.setattr("typer.prompt", prompt)
    assert arguments.agrees("May they go out now, or is somebody to look at it first? " * 3)
    assert max(map(len, asked[0].splitlines())) <= 80


def test_run_tells_whose_keys_they_are_once_their_name_is_known(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Application.open_or_make(site)) as app:
        live = RunDisplay(app)
        for owner in ("", "@bice"):
            detail = {"id": "707", "owner": owner}
            live.report(_step(app, "owner verified", account="a", detail=detail))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("owner verified: @bice")


def test_run_without_anything_to_do_ends_at_once(site: Path) -> None:
    result = run_script("run", "--no-web", "--until-idle", folder=site, environment=_environment())
    assert result.returncode == 0
    assert "Publishing: no deliveries on the schedule" in result.stdout
    assert result.stdout.endswith("Nothing was published.\n")


def test_run_says_how_many_wait_for_a_resume(cli: Cli, site: Path) -> None:
    """At the start and at the end, so that an idle run is not taken for a finished one."""
    cli("queue")
    cli("pause", "--reason", "Mauvaise photo")
    result = run_script("run", "--no-web", "--until-idle", folder=site, environment=_environment())
    assert "Everything is paused. Nothing more is sent.\n" in result.stdout
    line = "1 more delivery needs attention; `publisher status` shows why.\n"
    assert result.stdout.count(line) == 2
    assert result.stdout.endswith(f"Nothing was published.\n{line}")


def test_run_without_any_credentials(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before anything starts, with an account's name and where its credentials go."""
    path = workspace / "publisher.toml"
    path.write_text(path.read_text().replace(SITE, ""))  # a website needs none
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__BICE_X__API_KEY", "hunter2")
    result = cli("run", "--no-web", "--until-idle")
    assert result.code == 3
    assert (
        "error: Account bice-x (twitter) has no api_secret, access_token, access_token_secret.\n"
        "hint: `publisher connect bice-x` gets its keys. By hand they go under [bice-x] in secrets.toml "
        "or into PUBLISHER_ACCOUNTS__BICE_X__API_SECRET."
    ) in result.err
    assert "hunter2" not in result.out + result.err


def test_sandbox_with_bad_faults(cli: Cli, workspace: Path) -> None:
    result = cli("sandbox", "--faults", '[{"what": "earthquake"}]')
    assert result.code == 2
    assert "error: These faults cannot be used" in result.err


def test_sandbox_without_accounts_to_stand_in_for(cli: Cli, site: Path) -> None:
    result = cli("sandbox")
    assert result.code == 2
    assert "publisher.toml has no account on a platform that the sandbox imitates." in result.err


@pytest.mark.parametrize("speed", ["0", "nan", "fast"])
def test_rehearse_refuses_a_speed_that_is_none(cli: Cli, workspace: Path, speed: str) -> None:
    assert cli("rehearse", "--speed", speed).code == 2


def test_rehearse_without_drafts(cli: Cli, workspace: Path) -> None:
    result = cli("rehearse")
    assert result.code == 1
    assert "nothing to rehearse" in result.out


def test_migrate_makes_the_ledger_and_does_no_harm_twice(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str
) -> None:
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    for _ in range(2):
        assert cli("migrate").out == "The ledger is up to date.\n"
    assert cli("log", "--json").json == []


def test_a_postgresql_ledger_that_was_never_migrated(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    """The message names the command that is missing."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    result = cli("status")
    assert result.code == 3
    assert "publisher migrate" in result.err


def test_what_the_sandbox_writes_is_for_its_user_alone(tmp_path: Path) -> None:
    """Also where an older version let everybody; and it is written through no link."""
    path = tmp_path / "sandbox" / "address"
    path.parent.mkdir()
    path.touch(mode=0o644)
    running._write(path, "http://127.0.0.1:9\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    running._write(tmp_path / "link", "x")
    assert not (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "link").stat().st_mode) == 0o600
    assert not (tmp_path / "outside").exists()
