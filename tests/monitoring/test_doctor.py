"""doctor names what is late, who is alive, and what keeps the ledger from being used."""

import os
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from publisher.app import Application
from publisher.doctor import Finding, Grade, ledger, machine
from publisher.ledger.heartbeats import ProcessKind
from tests.ledger.test_heartbeats import grow_old
from tests.monitoring.conftest import process
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


def about(app: Application, subject: str) -> list[Finding]:
    return [finding for finding in ledger.examine(app) if finding.subject == subject]


def test_who_is_alive_is_named_with_its_host(app: Application) -> None:
    (found,) = about(app, "publishing")
    assert (found.grade, found.message) == (
        Grade.GOOD, "Running: dispatcher (alpha), worker (alpha).",
    )  # fmt: skip


def test_a_kind_of_which_none_was_ever_there_is_bad_beside_others(app: Application) -> None:
    app.heartbeats.end(process(ProcessKind.WORKER))
    (found,) = about(app, "publishing")
    assert (found.grade, found.message) == (Grade.BAD, "No worker is running.")


def test_that_publisher_run_is_not_at_work_is_told_where_nobody_publishes(
    app: Application,
) -> None:
    for kind in (ProcessKind.DISPATCHER, ProcessKind.WORKER):
        app.heartbeats.end(process(kind))
    (found,) = about(app, "publishing")
    assert found.grade is Grade.WARNING
    assert found.message.startswith("`publisher run` is not running")


def test_a_kind_that_is_missing_is_bad(app: Application) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE heartbeats SET seen_at = seen_at - 60000000 WHERE kind = '{ProcessKind.WORKER}'"
        )
    (found,) = about(app, "publishing")
    assert (found.grade, found.message) == (
        Grade.BAD, "No worker has reported for 40 s (the last: alpha).",
    )  # fmt: skip


def test_a_wrong_clock_of_another_machine_is_bad(app: Application) -> None:
    app.heartbeats.beat(process(ProcessKind.WORKER, "beta"), timedelta(seconds=20))
    (found,) = about(app, "clock")
    assert (found.grade, found.message) == (Grade.BAD, "The clock of beta is 20 s ahead.")


def test_what_is_late_is_bad(app: Application) -> None:
    assert isinstance(app.clock, ManualClock)
    add(app.ledger, wish(app.clock, "a", 0))
    app.clock.advance(300)
    found = about(app, "deliveries")[-1]
    assert found.grade is Grade.BAD
    assert found.message.startswith("1 post is late")


def test_a_locked_table_is_named(app: Application) -> None:
    if app.database.is_sqlite:
        pytest.skip("SQLite lets everybody read")
    with app.database.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        found, __ = ledger.examine(app)
    assert (found.subject, found.grade) == ("ledger", Grade.BAD)
    assert "is locked by another program" in found.message


def test_a_pooler_that_loses_the_time_limits_is_bad(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    if app.database.is_sqlite:
        pytest.skip("SQLite has no sessions on a server")
    assert len(about(app, "ledger")) == 1
    monkeypatch.setattr(app.database, "limits_not_in_force", lambda: ["lock_timeout"])
    found = about(app, "ledger")[-1]
    assert (found.grade, "sessions: lock_timeout." in found.message) == (Grade.BAD, True)


def test_a_ledger_that_was_cut_off_is_damaged_and_that_is_said_at_once(app: Application) -> None:
    """While other processes have it open SQLite says, after half a minute, that it is locked."""
    if not app.database.is_sqlite:
        pytest.skip("its server looks after the files")
    os.truncate(app.database.place, 0)
    other = Application(app.settings, app.clock)
    begun = time.monotonic()
    found, __ = ledger.examine(other)
    assert time.monotonic() - begun < 15
    assert (found.subject, found.grade) == ("ledger", Grade.BAD)
    assert "is damaged" in found.message
    assert "backup" in str(found.hint)


def test_a_broker_that_takes_nothing_is_bad(app: Application, broker_url: str) -> None:
    with redis.Redis.from_url(broker_url) as client:
        client.config_set("maxmemory", "1")
    (found,) = [one for one in machine.examine(app.settings) if one.subject == "broker"]
    assert found.grade is Grade.BAD
    assert "is full" in found.message


def test_a_broker_that_deletes_what_waits_is_warned_of(app: Application, broker_url: str) -> None:
    def found() -> Finding:
        (one,) = [one for one in machine.examine(app.settings) if one.subject == "broker"]
        return one

    assert found().grade is Grade.GOOD
    with redis.Redis.from_url(broker_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    assert (found().grade, "maxmemory-policy is allkeys-lru." in found().message) == (
        Grade.WARNING, True,
    )  # fmt: skip


def test_the_dead_are_no_concern_of_their_heirs(app: Application) -> None:
    """A process that was killed, and started again there, is not missing; elsewhere it is lost."""
    told = []
    for host in ("beta", "alpha"):
        heir = replace(process(ProcessKind.WORKER, host), id=f"heir-{host}".ljust(32, "x"))
        app.heartbeats.beat(heir)
        grow_old(app.database, process(ProcessKind.WORKER), 60)
        told.append([one.message for one in about(app, "publishing")])
    assert told == [
        ["A worker on alpha has not reported for 40 s.",
         "Running: dispatcher (alpha), worker (beta)."],
        ["Running: dispatcher (alpha), worker (alpha), worker (beta)."],
    ]  # fmt: skip
