"""Which processes are alive, as the ledger knows it."""

import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.base.process import Pulse
from publisher.ledger import heartbeats as module
from publisher.ledger.database import Database
from publisher.ledger.heartbeats import (
    Heartbeat,
    Heartbeats,
    Process,
    ProcessKind,
    lives_in,
    lost,
    missing,
    wrong_clocks,
)
from publisher.ledger.tables import heartbeats as table
from publisher.model.clock_check import ClockCheck
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.troubles import standstills
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for

pytestmark = pytest.mark.each_database

WORKER = Process("a" * 32, ProcessKind.WORKER, "alpha", 7, "0.1.0")


@pytest.fixture
def heartbeats(database: Database) -> Heartbeats:
    return Heartbeats(database)


def grow_old(database: Database, process: Process, seconds: float) -> None:
    """Let the signs of life of a process lie so many seconds further back."""
    of_process = table.c.process == process.id
    with database.write() as connection:
        row = connection.execute(select(table).where(of_process)).one()
        then = {
            name: getattr(row, name) - timedelta(seconds=seconds)
            for name in ("started_at", "seen_at")
        }
        connection.execute(update(table).where(of_process).values(**then))


def test_a_process_that_has_just_shown_life_is_alive(heartbeats: Heartbeats) -> None:
    heartbeats.beat(WORKER)
    heartbeats.beat(WORKER)
    (found,) = heartbeats.all()
    assert found.process == WORKER
    assert 0 <= found.age < 5
    assert found.is_alive
    assert heartbeats.is_alive(ProcessKind.WORKER)
    assert not heartbeats.is_alive(ProcessKind.DISPATCHER)


def test_a_kind_of_which_nobody_is_alive_is_missing_and_its_last_is_named(
    heartbeats: Heartbeats, database: Database
) -> None:
    other = replace(WORKER, id="b" * 32, host="beta")
    for process, seconds in ((WORKER, 90), (other, 60)):
        heartbeats.beat(process)
        grow_old(database, process, seconds)
    found = missing(heartbeats.all())
    assert list(found) == [ProcessKind.DISPATCHER, ProcessKind.WORKER]
    assert found[ProcessKind.DISPATCHER] is None
    last = found[ProcessKind.WORKER]
    assert last
    assert last.process.host == "beta"
    assert last.age == pytest.approx(60, abs=5)
    heartbeats.beat(WORKER)
    assert list(missing(heartbeats.all())) == [ProcessKind.DISPATCHER]


def test_a_host_is_well_only_if_each_kind_that_it_has_is_alive_there(
    heartbeats: Heartbeats, database: Database
) -> None:
    """A container's check: another host, or a process after a dead one, stands in for nobody."""
    assert not module.all_alive(heartbeats.all(), "alpha")
    dispatcher = replace(WORKER, id="b" * 32, kind=ProcessKind.DISPATCHER)
    for process in (WORKER, dispatcher):
        heartbeats.beat(process)
    assert module.all_alive(heartbeats.all(), "alpha")
    grow_old(database, dispatcher, 60)
    heartbeats.beat(replace(dispatcher, id="c" * 32, host="beta"))
    assert not module.all_alive(heartbeats.all(), "alpha")
    heartbeats.beat(replace(dispatcher, id="d" * 32))
    assert module.all_alive(heartbeats.all(), "alpha")


def test_a_clock_that_was_set_back_lets_nobody_live_for_ever(
    heartbeats: Heartbeats, database: Database
) -> None:
    heartbeats.beat(WORKER)
    grow_old(database, WORKER, -3600)
    assert not heartbeats.is_alive(ProcessKind.WORKER)


def test_a_process_that_ends_in_order_is_forgotten(
    heartbeats: Heartbeats, database: Database
) -> None:
    """But not when it lived, until another one of its kind has shown life for minutes."""
    heartbeats.beat(WORKER)
    grow_old(database, WORKER, 60)
    heartbeats.end(WORKER)
    assert not heartbeats.all()
    assert not heartbeats.users()
    with database.read() as connection:
        (life,) = lives_in(connection)
    assert life.age == pytest.approx(0, abs=5)
    assert life.up == pytest.approx(60, abs=5)
    grow_old(database, WORKER, 700)
    for _time in range(2):
        heartbeats.beat(replace(WORKER, id="b" * 32))
    with database.read() as connection:
        assert [one.process.id[0] for one in lives_in(connection)] == ["b"]


def test_a_process_that_has_ended_is_not_brought_back_by_another_thread_of_it(
    heartbeats: Heartbeats,
) -> None:
    heartbeats.beat(WORKER)
    heartbeats.end(WORKER)
    heartbeats.beat(WORKER)
    assert not heartbeats.all()


def test_the_dead_are_forgotten_but_the_last_of_its_kind(
    heartbeats: Heartbeats, database: Database
) -> None:
    old = [replace(WORKER, id=letter * 32) for letter in "bcd"]
    for number, process in enumerate(old):
        heartbeats.beat(process)
        grow_old(database, process, 1000 - number)
    heartbeats.beat(replace(WORKER, id="e" * 32, kind=ProcessKind.WEB))
    kinds = [(one.process.kind, one.process.id[0]) for one in heartbeats.all()]
    assert kinds == [(ProcessKind.WEB, "e"), (ProcessKind.WORKER, "d")]


OLD, GONE, NEW = "0a1b2c3d4e5f", "112233445566", "99ffeeddccbb"  # containers
D, W = ProcessKind.DISPATCHER, ProcessKind.WORKER
LOST = {
    "one of two": ([(W, "alpha", 5, 900), (W, "beta", 60, 900)], ["beta"]),
    "started again": ([(W, "alpha", 5, 900), (W, "beta", 60, 900), (W, "beta", 3, 40)], []),
    "started again on another machine": ([(W, "alpha", 3, 40), (W, "beta", 60, 900)], ["beta"]),
    "a container made anew": ([(W, NEW, 3, 40), (W, OLD, 60, 900)], []),
    "two containers, and one made anew": (
        [(W, NEW, 3, 40), (W, OLD, 60, 900), (W, GONE, 61, 900)], [OLD],
    ),
    "one container is gone, and another was started again": (
        [(W, OLD, 3, 40), (W, GONE, 70, 950), (W, OLD, 60, 900)], [GONE],
    ),
    "one of two of a machine": ([(W, "alpha", 5, 900), (W, "alpha", 60, 900)], ["alpha"]),
    "both, and one came back": (
        [(W, "beta", 5, 900), (W, "alpha", 60, 900), (W, "alpha", 61, 900), (W, "alpha", 2, 30)],
        ["alpha"],
    ),
    "again and again": ([(W, "alpha", 300, 9), (W, "alpha", 200, 9), (W, "alpha", 2, 99)], []),
    "another kind lives": ([(D, "alpha", 5, 900), (D, "beta", 60, 900), (W, "beta", 5, 900)], ["beta"]),
    "the only one": ([(W, "alpha", 60, 900)], []),
    "first one, then all": ([(W, "alpha", 60, 900), (W, "beta", 900, 100)], ["beta"]),
    "pages": ([(ProcessKind.WEB, "alpha", 60, 900), (ProcessKind.WEB, "beta", 5, 900)], []),
}  # fmt: skip
"""Processes by kind and host, with seconds since their last heartbeat and from the first to it."""


@pytest.mark.parametrize(("processes", "hosts"), LOST.values(), ids=LOST)
def test_who_died_and_was_not_started_again_is_lost(
    processes: list[tuple[ProcessKind, str, float, float]], hosts: list[str]
) -> None:
    found = [
        Heartbeat(Process(f"{number}", kind, host, 7, "0.1.0"), age, up)
        for number, (kind, host, age, up) in enumerate(processes)
    ]
    assert [one.process.host for one in lost(found)] == hosts


def test_who_is_lost_is_missed_for_a_day(heartbeats: Heartbeats, database: Database) -> None:
    """Somebody has to start it again, or do without it."""
    other = replace(WORKER, id="b" * 32, host="beta")
    heartbeats.beat(other)
    for seconds, missed in ((3600, ["beta"]), (86_400, [])):
        grow_old(database, other, seconds)
        heartbeats.beat(WORKER)
        assert [one.process.host for one in lost(heartbeats.all())] == missed


def test_one_started_again_elsewhere_does_not_hide_the_lost_one(
    heartbeats: Heartbeats, database: Database
) -> None:
    """Also when what it stands for would be forgotten otherwise."""
    gone = replace(WORKER, id="b" * 32, host=GONE)
    before, again = (replace(WORKER, id=one * 32, host=OLD) for one in "cd")
    heartbeats.beat(before)
    grow_old(database, before, 100)
    for process, seconds in ((before, 900), (gone, 950)):
        heartbeats.beat(process)
        grow_old(database, process, seconds)
    for _beat in range(2):
        heartbeats.beat(again)
    assert [one.process.host for one in lost(heartbeats.all())] == [GONE]


def test_a_process_shows_life_only_while_its_loop_turns(heartbeats: Heartbeats) -> None:
    """A thread of a process that hangs must not speak for it."""
    pulse = Pulse(None)
    beating = Beating(heartbeats, ProcessKind.DISPATCHER, pulse)
    beating.look()
    assert not heartbeats.all()
    pulse.beat()
    beating.look()
    (first,) = heartbeats.all()
    beating.look()
    (second,) = heartbeats.all()
    assert second.up == first.up

    def shows_life() -> bool:
        pulse.beat()
        beating.look()
        (third,) = heartbeats.all()
        return third.up > first.up

    wait_for(shows_life)


def test_a_process_tells_that_its_clock_is_wrong_until_it_is_right(
    heartbeats: Heartbeats, clock: ManualClock
) -> None:
    check, pulse = ClockCheck(clock, clock.monotonic), Pulse(None)
    check.heard_from("X")(clock.now(), 0.1)
    beating = Beating(heartbeats, ProcessKind.WORKER, pulse, check)
    heartbeats.beat(replace(WORKER, host=beating.process.host))
    told = []
    for seconds in (0, 7200, -7200):
        clock.set(seconds)
        pulse.beat()
        beating.look()
        told.append(wrong_clocks(heartbeats.all()))
    assert told[0] == told[2] == {}
    ((host, ahead),) = told[1].items()
    assert host == beating.process.host
    assert timedelta(hours=1, minutes=59) < ahead <= timedelta(hours=2)


def test_what_a_dead_process_told_of_its_clock_is_forgotten(
    heartbeats: Heartbeats, database: Database
) -> None:
    heartbeats.beat(WORKER, timedelta(seconds=-20))
    assert wrong_clocks(heartbeats.all()) == {"alpha": timedelta(seconds=-20)}
    grow_old(database, WORKER, 90)
    assert not wrong_clocks(heartbeats.all())


def test_the_heartbeat_begins_with_the_loop_and_ends_with_the_process(
    heartbeats: Heartbeats,
) -> None:
    pulse = Pulse(None)
    beating = Beating(heartbeats, ProcessKind.DISPATCHER, pulse)
    beating.start()
    pulse.beat()
    wait_for(heartbeats.all, 10)
    beating.finish(5)
    assert not heartbeats.all()


def test_a_ledger_that_takes_no_heartbeat_is_a_trouble_until_it_does(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE heartbeats RENAME TO gone")
    pulse = Pulse(None)
    beating = Beating(Heartbeats(database), ProcessKind.WORKER, pulse)
    pulse.beat()
    beating.look()
    assert "lacks a table" in str(beating.trouble)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO heartbeats")
    pulse.beat()
    beating.look()
    assert not beating.trouble


WORKING = """
import sys, threading, time
from publisher.monitoring import heartbeat
from publisher.ledger.database import Database
from publisher.ledger.heartbeats import Heartbeats, ProcessKind
from publisher.base.process import Pulse
heartbeat.EVERY, pulse = 0.1, Pulse(None)
heartbeat.Beating(Heartbeats(Database(sys.argv[1])), ProcessKind.WORKER, pulse).start()
while True:
    pulse.beat()
    time.sleep(0.05)
"""
"""A process that shows life while its loop runs."""


def test_a_frozen_process_is_missed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real process that stands still counts as dead, and as alive when it goes on."""
    monkeypatch.setattr(module, "SILENT_AFTER", 1.0)
    found = Heartbeats(database)
    with subprocess.Popen([sys.executable, "-c", WORKING, database.url]) as process:
        try:
            wait_for(lambda: found.is_alive(ProcessKind.WORKER), 30)
            os.kill(process.pid, signal.SIGSTOP)
            wait_for(lambda: not found.is_alive(ProcessKind.WORKER), 30)
            last = missing(found.all())[ProcessKind.WORKER]
            assert last
            assert last.process.pid == process.pid
            os.kill(process.pid, signal.SIGCONT)
            wait_for(lambda: found.is_alive(ProcessKind.WORKER), 30)
        finally:
            process.kill()


def test_a_process_whose_ledger_another_version_migrated_ends_and_says_why(
    database: Database,
) -> None:
    """It would write into tables that it does not know."""
    command = [sys.executable, "-c", WORKING, database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            wait_for(lambda: Heartbeats(database).is_alive(ProcessKind.WORKER), 30)
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            said, __ = process.communicate(timeout=30)
            assert process.returncode == -signal.SIGTERM
            assert "Another version of Publisher migrated or restored" in said
            assert "Update Publisher on this machine" in said
        finally:
            process.kill()


def test_a_process_that_stands_still_for_a_second_says_so_at_once(heartbeats: Heartbeats) -> None:
    """As one does while a single search takes long: nothing of it goes on meanwhile."""
    pulse = Pulse(None)
    beating = Beating(heartbeats, ProcessKind.WORKER, pulse)
    pulse.beat()
    beating.start()
    try:
        wait_for(lambda: bool(heartbeats.all()))
        assert heartbeats.all()[0].stood_still is None
        pulse.beat()
        ctypes.PyDLL(None).usleep(1_500_000)  # no other thread goes on
        wait_for(lambda: heartbeats.all()[0].stood_still is not None)
        (found,) = heartbeats.all()
        assert found.stood_still
        assert timedelta(seconds=1) < found.stood_still < timedelta(minutes=1)
        assert f"worker {os.getpid()}" in standstills([found])
        assert not standstills([replace(found, age=100.0)]), "one that is dead is told as such"
    finally:
        beating.finish(10)
