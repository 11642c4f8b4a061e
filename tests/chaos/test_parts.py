"""What a run is made of: drafts, faults, processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.sandbox.fault_kinds import What
from publisher.settings import settings
from tests.chaos import drafts, faults
from tests.chaos.processes import Member


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_a_signal_counts_only_where_it_hits_a_living_process(
    sleeper: subprocess.Popen[bytes],
) -> None:
    member = Member(sleeper.pid, "worker", frozen=False)
    assert member.send(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not member.send(signal.SIGKILL), "it is dead, but still has its number"
    sleeper.wait()
    assert not member.send(signal.SIGKILL)


def test_drafts_are_as_many_deliveries_as_asked_for_and_pass_the_check(tmp_path: Path) -> None:
    """They are the same for the same seed, and no text is said twice."""
    start = datetime.now(UTC) + timedelta(minutes=5)
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        drafts.lay_out(folder)
        drafts.write(folder, 7, 120, start, 30, with_corrections=True)
        texts.append(sorted(path.read_text() for path in (folder / "posts").glob("*.md")))
    assert texts[0] == texts[1]
    app = Application(settings.load(tmp_path / "one", {}), SystemClock())
    app.database.migrate()
    assert not app.planner.queue(actor="tests").errors
    deliveries = app.queries.deliveries()
    assert len(deliveries) == 120
    said = [(d.account, part.text) for d in deliveries for part in d.content.parts]
    assert len(set(said)) == len(said)
    fixes = [one for one in deliveries if one.corrects]
    assert len(fixes) >= 120 // 12
    assert {one.channel for one in fixes} == set(drafts.ACCOUNTS)
    assert {one.content.edits for one in fixes} == {True, False}
    due = {(one.post, one.account): one.due_at for one in deliveries}
    assert all(one.due_at > due[one.corrects or "", one.account] for one in fixes)
    assert max(due.values()) <= start + timedelta(seconds=30)
    app.close()


def test_a_draft_that_is_put_off_has_another_time_and_no_embargo(tmp_path: Path) -> None:
    draft = tmp_path / "a.md"
    draft.write_text("---\nat: 2016-03-07T07:30:00Z\nembargo: 2016-03-07T07:31:00Z\n---\nat: one\n")
    drafts.put_off(draft, datetime(2016, 3, 8, tzinfo=UTC))
    assert draft.read_text() == "---\nat: 2016-03-08T00:00:00Z\n---\nat: one\n"


def test_the_latest_request_and_the_longest_lag_fit_into_the_time_to_settle() -> None:
    """Beyond that nothing is promised: docs/reliability.md, "What no protocol can promise"."""
    rules = faults.rules(1, with_rests=True)
    latest = max(rule.delay for rule in rules if rule.what is What.LATE)
    lag = max(rule.delay for rule in rules if rule.what in (What.LAG, What.EDIT_LATE))
    assert latest + lag < drafts.SETTLE
