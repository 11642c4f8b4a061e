"""`--sandbox`: trials, with the sandbox as a process."""

import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.runner import SCRIPT, Cli, Result, run_script
from tests.support.signals import unnoticed

BANNER = "SANDBOX: nothing goes to the real platforms"
NOW = "2016-03-01T12:00:00+01:00"


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PUBLISHER_CLOCK": NOW, "PUBLISHER_LANGUAGE": "en", **more}


class Trial:
    """Runs a command in this process, which starts faster, with variables of its own."""

    def __init__(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cli = cli
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, **variables: str) -> Result:
        with self._monkeypatch.context() as patch:
            patch.setenv("PUBLISHER_SANDBOX", "")  # the option sets it, so it is put back
            for name, value in _environment(**variables).items():
                patch.setenv(name, value)
            return self._cli(*words)


@pytest.fixture
def trial(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Trial:
    return Trial(cli, monkeypatch)


@dataclass(frozen=True)
class Running:
    """A sandbox that was started, and what it printed first."""

    address: str
    lines: list[str]


def _started(folder: Path, **more: str) -> tuple[subprocess.Popen[str], Running]:
    process = subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0"],
        cwd=folder, env=_environment(**more), stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(4)]
    return process, Running(lines[0].split()[4].rstrip(":"), lines)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert process.stdout
    process.stdout.close()


@pytest.fixture
def sandbox(workspace: Path) -> Iterator[Running]:
    process, running = _started(workspace)
    yield running
    _end(process)


@pytest.fixture
def due(workspace: Path) -> Path:
    """A post on X, on Facebook and on the website that is due now."""
    (workspace / "posts" / "now.fr.md").write_text(
        "---\nat: 2016-03-01 12:00\nto: [bice-x, bice-page, bice-site]\n---\nBonjour de Genève.\n"
    )
    return workspace


def test_the_sandbox_serves_and_says_how_to_use_it(workspace: Path, sandbox: Running) -> None:
    """With two commands and no variable."""
    with urllib.request.urlopen(f"{sandbox.address}/sandbox/state.json", timeout=10) as answer:
        assert answer.status == 200
    assert sandbox.lines[2:] == ["  publisher --sandbox queue\n", "  publisher --sandbox run\n"]
    secrets = workspace / "var" / "sandbox" / "secrets.toml"
    assert secrets.stat().st_mode & 0o077 == 0


def test_a_trial_needs_no_variable_and_leaves_nothing_in_the_real_ledger(
    trial: Trial, due: Path, sandbox: Running
) -> None:
    """It publishes to the sandbox with keys of its own, also where real ones are at hand."""
    (due / "secrets.toml").write_text('[bice-x]\napi_key = "the real one"\n')
    real = {"PUBLISHER_ACCOUNTS__BICE_PAGE__PAGE_TOKEN": "the real one"}
    assert trial("--sandbox", "queue", **real).code == 0
    words = ("--sandbox", "run", "--no-web", "--until-idle")
    done = run_script(*words, folder=due, environment=_environment(**real))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.startswith(BANNER)
    assert {row["state"] for row in trial("--sandbox", "log", "--json").json} == {"published"}
    with urllib.request.urlopen(f"{sandbox.address}/sandbox/state.json", timeout=10) as answer:
        assert answer.read().decode().count("Bonjour de Gen") == 2
    assert sorted(path.name for path in (due / "var").iterdir()) == ["sandbox"]
    assert (due / "var" / "sandbox" / "site").is_dir()


def test_the_variable_means_the_same_as_the_option(
    trial: Trial, due: Path, sandbox: Running
) -> None:
    done = trial("queue", PUBLISHER_SANDBOX="1")
    assert "Queued: 3 deliveries" in done.out
    assert done.err.startswith(BANNER)
    assert not (due / "var" / "publisher.db").exists()


def test_what_a_message_proposes_stays_in_the_trial(
    trial: Trial, due: Path, sandbox: Running
) -> None:
    done = trial("--sandbox", "status")
    assert "`publisher --sandbox queue`" in done.err
    assert "`publisher queue`" not in done.err


def test_a_sandbox_started_within_a_trial_is_the_same_one(due: Path, sandbox: Running) -> None:
    """Neither with the option's variable, nor with those of an earlier version."""
    var = due / "var" / "sandbox"
    trial = {
        "PUBLISHER_SECRETS_FILE": str(var / "secrets.toml"),
        "PUBLISHER_VAR": str(var),
        "PUBLISHER_DATABASE__URL": f"sqlite:///{var}/publisher.db",
    }
    for more in ({"PUBLISHER_SANDBOX": "1"}, trial):
        process, other = _started(due, **more)
        _end(process)
        assert other.lines[2:] == sandbox.lines[2:]
        assert (var / "address").read_text().strip() == other.address
    assert [*(due / "var").rglob("sandbox")] == [var]


def test_ctrl_c_ends_the_sandbox_also_when_it_interrupts_nothing(
    trial: Trial, workspace: Path
) -> None:
    """As when it comes after Python last looked for one, and before the wait."""
    address = workspace / "var" / "sandbox" / "address"
    with unnoticed(signal.SIGINT, address.exists):
        assert trial("sandbox", "--port", "0").code == 0


def test_a_trial_before_the_sandbox_was_ever_started(trial: Trial, workspace: Path) -> None:
    done = trial("--sandbox", "check")
    assert done.code == 3
    assert "hint: Start it in another terminal: publisher sandbox" in done.err


def test_run_says_that_the_sandbox_is_not_there_any_more(trial: Trial, due: Path) -> None:
    process, _running = _started(due)
    _end(process)
    done = trial("--sandbox", "run", "--no-web")
    assert done.code == 3
    assert "The sandbox does not answer at http://127.0.0.1:" in done.err


def test_an_account_added_meanwhile_is_told_to_need_another_start(
    trial: Trial, due: Path, sandbox: Running
) -> None:
    with (due / "publisher.toml").open("a") as settings:
        settings.write('[accounts.new-x]\nchannel = "twitter"\n')
    done = trial("--sandbox", "doctor")
    assert "stop `publisher sandbox`, and start it again" in done.out


def test_doctor_says_that_the_sandbox_does_not_answer(trial: Trial, due: Path) -> None:
    """And names no variable that nobody set, and no post that might be out."""
    process, _running = _started(due)
    _end(process)
    done = trial("--sandbox", "doctor")
    told = " ".join(done.out.split())
    assert "X does not answer" in told
    assert "Start the sandbox in another terminal: publisher sandbox" in told
    assert "otherwise leave out `--sandbox`" in told
    assert "PUBLISHER_TWITTER_API_URL" not in told
    assert "the post is out" not in told


def test_other_addresses_of_the_platforms_are_told(trial: Trial, workspace: Path) -> None:
    """On every command, and without a password that stands in the address."""
    address = {"PUBLISHER_FACEBOOK_GRAPH_URL": "http://user:hunter2@127.0.0.1:9"}
    done = trial("check", **address)
    assert done.err.startswith(
        "NOT THE REAL FACEBOOK: PUBLISHER_FACEBOOK_GRAPH_URL leads to http://127.0.0.1:9."
    )
    assert "hunter2" not in done.err
    real = {"PUBLISHER_TWITTER_API_URL": "https://api.x.com"}
    assert not trial("check", **real).err


def test_an_unclear_word_is_refused(trial: Trial, workspace: Path) -> None:
    """Nobody publishes for real because of a typing error."""
    done = trial("check", PUBLISHER_SANDBOX="yess")
    assert done.code == 3
    assert "PUBLISHER_SANDBOX is neither on nor off." in done.err


@pytest.mark.parametrize("name", ["PUBLISHER_SECRETS_FILE", "PUBLISHER_WORKSPACE"])
def test_a_variable_that_leads_nowhere_is_named(trial: Trial, workspace: Path, name: str) -> None:
    """As after the folder was moved."""
    gone = str(workspace.parent / "moved" / "x")
    done = trial("check", **{name: gone})
    assert done.code in (2, 3)
    assert f"hint: It comes from the environment variable {name}." in done.err


def test_a_missing_key_names_the_file_that_is_read(trial: Trial, workspace: Path) -> None:
    (workspace / "mine.toml").write_text("")
    words = ("run", "--no-web", "--until-idle")
    done = trial(*words, PUBLISHER_SECRETS_FILE="mine.toml")
    assert "under [bice-x] in mine.toml" in done.out + done.err
