"""`publisher run` with real processes: broker, dispatcher and workers."""

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.base.errors import (
    AlreadyRunning,
    BrokerUnavailable,
    CredentialsMissing,
    ProcessFailed,
    StorageError,
)
from publisher.base.lock import locked
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.tables import deliveries
from publisher.model.states import State
from publisher.running import supervisor
from publisher.running.child_process import Child
from publisher.running.embedded_broker import EmbeddedBroker
from publisher.running.processes import Processes
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings.settings import Settings, load
from tests.support.running import (
    at_work,
    descendants,
    dispatcher_of,
    nothing,
    running,
    soon,
    states,
    texts,
    worker_of,
)

Until = Callable[..., None]
Draft = Callable[..., None]
Queued = Callable[[], Application]


def _embedded(processes: Processes) -> EmbeddedBroker:
    assert processes._broker
    return processes._broker


def test_run_until_idle_publishes_everything_and_ends(
    sandbox: Sandbox, draft: Draft, queued: Queued
) -> None:
    """Three posts on three channels go out, each step is reported, and the exit code is 0."""
    draft("first", soon(3), to="[voice-x, voice-page, voice-site]")
    draft("second", soon(4))
    draft("third", soon(4.5))
    app, steps = queued(), list[HistoryStep]()
    assert supervisor.run(app, until_idle=True, report=steps.append, say=nothing) == 0
    assert states(app) == [State.PUBLISHED] * 5
    assert sorted(texts(sandbox)) == [
        "This is first.", "This is first.", "This is second.", "This is third.",
    ]  # fmt: skip
    published = [step.post for step in steps if step.target is State.PUBLISHED]
    assert sorted(filter(None, published)) == ["first", "first", "first", "second", "third"]


def test_first_post_may_be_due_at_once(sandbox: Sandbox, draft: Draft, queued: Queued) -> None:
    """Workers take work within seconds of the start (about 1.5 on an idle machine)."""
    draft("urgent", soon(0.5))
    app = queued()
    begun = time.monotonic()
    supervisor.run(app, until_idle=True, report=nothing, say=nothing)
    assert texts(sandbox) == ["This is urgent."]
    assert time.monotonic() - begun < 15


@pytest.mark.deep
def test_run_until_idle_deletes_what_is_to_be_withdrawn(
    sandbox: Sandbox, draft: Draft, queued: Queued
) -> None:
    draft("wrong", soon(1))
    app = queued()
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 0
    app.withdrawals.begin(app.queries.deliveries()[0], "direction", "a child")
    with app.database.write() as connection:  # as if a minute had passed
        connection.execute(update(deliveries).values(withdraw_at=app.clock.ahead(5)))
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 0
    assert states(app) == [State.WITHDRAWN]
    assert [post["deleted"] for post in sandbox.state()["posts"]] == [True]


def test_run_without_anything_to_do_ends_at_once(sandbox: Sandbox, queued: Queued) -> None:
    assert supervisor.run(queued(), until_idle=True, report=nothing, say=nothing) == 0


def test_run_until_idle_tells_of_what_went_wrong(
    sandbox: Sandbox, draft: Draft, queued: Queued, until: Until
) -> None:
    """A delivery that is missed meanwhile makes the exit code 1."""
    queued()  # making the ledger may take longer than the post has
    draft("late", soon(-2), expires="4s")
    app = queued()
    expires_at = app.queries.deliveries()[0].expires_at
    until(lambda: expires_at and datetime.now(UTC) > expires_at)
    assert states(app) == [State.SCHEDULED]
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 1
    assert states(app) == [State.MISSED]
    assert not texts(sandbox)


def test_account_that_waits_for_a_person_ends_the_run_as_a_problem(
    sandbox: Sandbox, draft: Draft, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a wrong token nothing of the account can go out: the run ends, with 1."""
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__VOICE_X__ACCESS_TOKEN", "of-somebody-else")
    draft("refused", soon(1))
    app = queued()
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 1
    assert states(app) == [State.SCHEDULED]
    assert not texts(sandbox)


def test_reader_that_goes_away_leaves_no_process(
    sandbox: Sandbox, draft: Draft, queued: Queued, workspace: Path
) -> None:
    """An error of whoever is reported to, as in `publisher run | head`, ends the children."""

    def gone(_step: HistoryStep) -> None:
        raise BrokenPipeError

    draft("unread", soon(1))
    with pytest.raises(BrokenPipeError):
        supervisor.run(queued(), report=gone, say=nothing)
    assert not descendants(workspace)


def test_killed_worker_is_started_again_and_the_post_still_goes_out(
    sandbox: Sandbox, draft: Draft, queued: Queued, until: Until
) -> None:
    app, said = queued(), list[str]()
    with at_work(app, said) as processes:
        worker = worker_of(processes)
        until(processes.ready)
        killed = worker.pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        draft("after", soon(1))
        queued()

        def out() -> bool:
            processes.tend()
            return states(app) == [State.PUBLISHED]

        until(out)
        assert worker.pid != killed
    assert any("worker-1 was killed (signal 9); it restarts" in line for line in said)
    assert texts(sandbox) == ["This is after."]


@pytest.mark.deep
def test_keys_that_are_stored_meanwhile_are_used_without_a_new_start(
    workspace: Path, sandbox: Sandbox, draft: Draft, queued: Queued, until: Until
) -> None:
    secrets = workspace / "secrets.toml"
    text = secrets.read_text()
    secrets.write_text(text.replace('access_token = "', 'access_token = "1-wrong'))
    draft("connected", soon(1))
    app, said = queued(), list[str]()
    with at_work(app, said) as processes:

        def suspended() -> bool:
            processes.tend()
            return any(status.needs_person for status in app.queries.accounts())

        until(suspended)
        secrets.write_text(text)

        def out() -> bool:
            processes.tend()
            if any("restart with them" in line for line in said) and suspended():
                app.control.resume("voice-x", "a manager")
            return states(app) == [State.PUBLISHED]

        until(out)
    assert texts(sandbox) == ["This is connected."]


def test_killed_dispatcher_is_started_again(queued: Queued, until: Until) -> None:
    said: list[str] = []
    with at_work(queued(), said) as processes:
        dispatcher = dispatcher_of(processes)
        killed = dispatcher.pid
        dispatcher.kill()

        def back() -> bool:
            processes.tend()
            return dispatcher.running

        until(back)
        assert dispatcher.pid != killed
    assert any("dispatcher was killed" in line for line in said)


@pytest.mark.deep
def test_hung_broker_is_replaced_and_posts_go_out_afterwards(
    sandbox: Sandbox, draft: Draft, queued: Queued, until: Until
) -> None:
    """The broker stands still with everything in it; one post is out all the same, once."""
    app, said = queued(), list[str]()
    with at_work(app, said) as processes:
        until(processes.ready)
        hung = _embedded(processes).pid
        assert hung
        os.kill(hung, signal.SIGSTOP)
        draft("through", soon(1))
        queued()

        def out() -> bool:
            processes.tend()
            return states(app) == [State.PUBLISHED]

        until(out, 60)
        assert _embedded(processes).pid != hung
    assert "The broker had died or hung and was restarted." in said
    assert texts(sandbox) == ["This is through."]


@pytest.mark.deep
def test_broker_at_a_new_address_is_told_to_everybody(
    sandbox: Sandbox, draft: Draft, queued: Queued, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the port was taken meanwhile, the workers and the dispatcher follow to the new one."""
    app, said = queued(), list[str]()
    with at_work(app, said) as processes:
        until(processes.ready)
        embedded = _embedded(processes)
        pid, address = embedded.pid, embedded.url
        assert pid
        os.kill(pid, signal.SIGKILL)
        monkeypatch.setattr(embedded, "_port", 0)
        draft("moved", soon(1))
        queued()

        def out() -> bool:
            processes.tend()
            return states(app) == [State.PUBLISHED]

        until(out, 60)
        assert embedded.url != address
    assert texts(sandbox) == ["This is moved."]


def test_second_run_is_refused_with_the_number_of_the_first(
    queued: Queued, workspace: Path
) -> None:
    app = queued()
    with (
        locked(workspace / "var" / "run.lock", "`publisher run`"),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\)"),
    ):
        supervisor.run(app, report=nothing, say=nothing)
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 0


def test_lock_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with (
        pytest.raises(StorageError, match=r"/var cannot be written"),
        locked(tmp_path / "var" / "run.lock", "`publisher run`"),
    ):
        pytest.fail("the lock was had")


@pytest.mark.deep
def test_process_that_dies_at_once_again_and_again_ends_the_run(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message holds the last lines of its log; the exit code is that of bad surroundings."""

    def unlucky(settings: Settings, number: int, _environment: object) -> Child:
        script = "import sys; sys.exit('No module named luck')"
        log = settings.var / "log" / "unlucky.log"
        return Child(f"worker-{number}", [sys.executable, "-c", script], log)

    monkeypatch.setattr("publisher.running.processes._worker", unlucky)
    said: list[str] = []
    with pytest.raises(ProcessFailed, match="No module named luck") as caught:
        supervisor.run(queued(), report=nothing, say=said.append)
    assert caught.value.exit_code == 3
    assert "unlucky.log" in (caught.value.hint or "")
    delays = [line.partition("restarts in ")[2] for line in said if "restarts" in line]
    assert delays == ["0.5 s.", "1 s.", "2 s.", "4 s."]


@pytest.mark.deep
def test_another_broker_is_used_instead_of_the_embedded_one(
    sandbox: Sandbox,
    draft: Draft,
    queued: Queued,
    workspace: Path,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    draft("elsewhere", soon(1))
    assert supervisor.run(queued(), until_idle=True, report=nothing, say=nothing) == 0
    assert texts(sandbox) == ["This is elsewhere."]
    assert not (workspace / "var" / "broker").exists()


def test_broker_that_is_not_there_ends_the_run_before_it_began(
    queued: Queued, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://:hush-hush@127.0.0.1:1/0")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    with pytest.raises(BrokerUnavailable, match="cannot be reached") as caught:
        supervisor.run(queued(), report=nothing, say=nothing)
    assert "hush" not in str(caught.value)
    assert not (workspace / "var" / "log" / "worker-1.log").exists()


def test_ctrl_c_finishes_what_is_in_hand(
    sandbox: Sandbox, draft: Draft, queued: Queued, workspace: Path, until: Until
) -> None:
    """A post that a worker already waits for goes out at its time; one due later stays."""
    app = queued()
    with running(workspace) as run:
        until(lambda: len(descendants(workspace)) == 2)
        draft("in-hand", soon(6))
        draft("later", soon(3600))
        queued()
        until(lambda: any(delivery.intent_at for delivery in app.queries.deliveries()))
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 0
    assert states(app) == [State.PUBLISHED, State.SCHEDULED]
    assert texts(sandbox) == ["This is in-hand."]
    assert not descendants(workspace)


@pytest.mark.deep
def test_second_ctrl_c_ends_at_once(
    sandbox: Sandbox,
    draft: Draft,
    queued: Queued,
    workspace: Path,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A platform that never answers is not waited for; the ledger knows what was under way."""
    app = queued()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("PUBLISHER_TWITTER_API_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with running(workspace) as run:
            draft("in-hand", soon(6))
            queued()
            until(lambda: app.queries.deliveries()[0].intent_at)
            run.send_signal(signal.SIGINT)
            until(lambda: len(descendants(workspace)) == 1)
            run.send_signal(signal.SIGINT)
            run.wait(timeout=10)  # of the 20 s that the request may take
    assert not descendants(workspace)
    assert states(app) == [State.PUBLISHING]


def test_children_do_not_outlive_a_killed_supervisor(
    queued: Queued, workspace: Path, until: Until
) -> None:
    queued()
    with running(workspace) as run:
        until(lambda: len(descendants(workspace)) == 2)
        run.kill()
        run.wait()
    until(lambda: not descendants(workspace))


def test_killed_supervisor_leaves_no_lock(queued: Queued, workspace: Path, until: Until) -> None:
    app = queued()
    with running(workspace) as run:
        until(lambda: len(descendants(workspace)) == 2)
        run.kill()
        run.wait()
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 0


def _only(workspace: Path, channel: str) -> None:
    """Leave the workspace one account."""
    settings = f"[accounts.voice]\nchannel = '{channel}'\n"
    (workspace / "publisher.toml").write_text(settings)


def test_run_without_any_credentials_is_refused_before_anything_starts(workspace: Path) -> None:
    (workspace / "secrets.toml").unlink()
    _only(workspace, "twitter")
    app = Application.open_or_make(workspace)
    with pytest.raises(CredentialsMissing) as refusal:
        supervisor.run(app, until_idle=True, report=nothing, say=nothing)
    assert "secrets.toml" in str(refusal.value.hint)
    assert not (workspace / "var" / "broker").exists()
    app.close()


def test_run_without_the_credentials_of_one_account_publishes_for_the_others(
    workspace: Path,
    draft: Draft,
    queued: Queued,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The account without credentials is held, its post waits, and both are told."""
    draft("one", soon(1), to="[twitter, facebook]")
    queued().close()
    (page,) = (account for account in accounts_for(load(workspace)) if account.page_id)
    variable = f"PUBLISHER_ACCOUNTS__{page.name.upper().replace('-', '_')}__PAGE_TOKEN"
    monkeypatch.setenv(variable, "")
    app = Application.open_or_make(workspace)
    said: list[str] = []
    assert supervisor.run(app, until_idle=True, report=nothing, say=said.append) == 1
    assert texts(sandbox) == ["This is one."]
    assert any("page_token" in line for line in said)
    (held,) = app.queries.accounts()
    assert "page_token" in str(held.suspension_message)
    app.close()


def test_run_publishes_on_the_website_though_no_platform_has_credentials(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    (workspace / "secrets.toml").unlink()
    draft("one", soon(1), to="[site]")
    app = queued()
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 0
    assert states(app) == [State.PUBLISHED]
    app.close()


def test_run_until_idle_tells_by_its_exit_code_that_posts_wait_behind_a_pause(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    draft("one", soon(60), to="[site]")
    app = queued()
    app.control.pause(None, "crise", "direction")
    assert supervisor.run(app, until_idle=True, report=nothing, say=nothing) == 1
    app.close()


def test_run_until_idle_ends_where_posts_wait_for_keys(
    workspace: Path, draft: Draft, queued: Queued
) -> None:
    """Only a person can bring them, so nothing goes on by itself: it ends, with 1."""
    secrets = workspace / "secrets.toml"
    kept = re.sub(r"\[voice-x\]\n[^\[]*", "", secrets.read_text())
    secrets.write_text(kept)
    draft("one", soon(60), to="[voice-x]")
    app, said = queued(), list[str]()
    assert supervisor.run(app, until_idle=True, report=nothing, say=said.append) == 1
    assert any("voice-x" in line and "Its posts wait." in line for line in said)
    app.close()


def test_a_worker_that_is_started_again_lives_at_the_same_instant_as_the_others(
    workspace: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock of its own, the fast clock would begin anew in it."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T08:00:00+00:00@60")
    app = Application.open_or_make(workspace)
    environment = supervisor._clock_for_children(app)
    ahead = app.clock.ahead(1)
    monkeypatch.setenv("PUBLISHER_CLOCK", environment["PUBLISHER_CLOCK"])
    app.clock.sleep_until(ahead)
    again = Application.open_or_make(workspace)
    assert abs((again.clock.now() - app.clock.now()).total_seconds()) < 6
    assert again.clock.now() >= ahead
    again.close()
    app.close()


def _tended(processes: Processes) -> Child:
    processes.tend()
    return worker_of(processes)


@pytest.mark.deep
def test_a_worker_that_somebody_kills_again_and_again_starts_each_time(
    workspace: Path, until: Until
) -> None:
    app = Application.open_or_make(workspace)
    with at_work(app, []) as processes:
        for _ in range(7):
            worker = worker_of(processes)
            until(lambda: worker_of(processes).running)
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
            until(lambda: not worker_of(processes).running)
            processes.tend()
            until(lambda: _tended(processes).running)
    app.close()
