"""Somebody changes an archive, or what the database guards of it: any change shows."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from publisher.base.errors import HistoryBroken, StorageError
from publisher.ledger.integrity import archive_files
from publisher.ledger.tables import archived, deliveries, history
from tests.ledger.archive_office import (
    DAY,
    NOT_ENDED,
    Office,
    disarm,
    empty,
    rewrite,
    truncate,
)
from tests.support.clock import ManualClock

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.integrity.archive_files"),
]

# Somebody changes an archive


def drop(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [drop, truncate, rewrite, empty])
def test_an_archive_that_is_not_as_it_was_written_is_named(
    office: Office, change: Callable[[Path], None]
) -> None:
    """It alone, with what to do; and no run removes anything before that is done."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    whole = path.read_bytes()
    change(path)
    (flaw,) = office.flaws()
    assert flaw.startswith("archive 2016-03.jsonl.gz ")
    assert flaw.endswith("into var/archive")
    (last,) = [step for step in office.queries.history("out") if step.event == "archived"]
    assert last.detail["message"] in flaw
    office.clock.advance(400 * DAY)
    with pytest.raises(HistoryBroken, match=r"archive 2016-03\.jsonl\.gz"):
        office.archive()
    path.write_bytes(whole)
    assert office.flaws() == []


def test_archives_that_changed_places_are_named(office: Office, clock: ManualClock) -> None:
    clock.advance(400 * DAY)
    one, two = (office.folder / made.file for made in office.archive())
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    assert [flaw.split()[1] for flaw in office.flaws()] == [one.name, two.name]


def test_what_remains_is_verified_although_an_archive_is_lost(office: Office) -> None:
    """Both the chain behind it and the deliveries that it has nothing of."""
    (made,) = office.archive()
    office.withdraw("out", 2)
    office.audit.seal()
    (office.folder / made.file).unlink()
    disarm(office.database)
    with office.database.write() as connection:
        last = select(func.max(history.c.id)).join(deliveries)
        for post in ("out", "later"):
            of_post = last.where(deliveries.c.post == post).scalar_subquery()
            connection.execute(update(history).where(history.c.id == of_post).values(actor="x"))
    breaks = [flaw for flaw in office.flaws() if not flaw.startswith("archive")]
    assert [flaw.split(",")[0] for flaw in breaks] == ["out to bice-x", "later to bice-x"]


def test_a_step_that_tells_of_an_archive_can_be_changed_as_little_as_another(
    office: Office,
) -> None:
    """Whoever exchanges a file, and its hash in the ledger, breaks the chain."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    rewrite(path)
    disarm(office.database)
    with office.database.write() as connection:
        step = history.c.id == made.step
        detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
        forged = detail.replace(made.sha256, archive_files.digest(path))
        connection.execute(update(history).where(step).values(detail=forged))
    assert any(flaw.startswith("*, step ") for flaw in office.flaws())


def test_a_change_of_any_field_of_the_step_that_tells_of_an_archive_is_found(
    office: Office,
) -> None:
    (made,) = office.archive()
    disarm(office.database)
    step = history.c.id == made.step
    with office.database.read() as connection:
        before = dict(connection.execute(select(history).where(step)).mappings().one())
    changes: list[dict[str, Any]] = [
        {"at": before["at"] + timedelta(seconds=1)},
        {"event": "restored"},
        {"actor": "nobody"},
        {"detail": "{}"},
        {"detail": "[]"},
        {"detail": "no JSON"},
        {"detail": before["detail"].replace('"steps": ', '"steps": "x", "": ')},
        {"detail": before["detail"].replace("2016-03.jsonl.gz", "../../publisher.toml")},
    ]
    for change in changes:
        with office.database.write() as connection:
            connection.execute(update(history).where(step).values(change))
        assert any(flaw.startswith("*, step 1") for flaw in office.flaws()), change
        with office.database.write() as connection:
            connection.execute(update(history).where(step).values(before))
    assert office.flaws() == []


def test_a_hash_in_an_archive_is_not_taken_on_trust(office: Office) -> None:
    """Even where the file is what the ledger says, its steps must fit the chains and the seals."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    steps = list(archive_files.read(path))[:-1]
    archive_files.write(path, steps)
    disarm(office.database)
    with office.database.write() as connection:
        step = history.c.id == made.step
        detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
        forged = detail.replace(made.sha256, archive_files.digest(path))
        connection.execute(update(history).where(step).values(detail=forged))
    found = office.flaws()
    assert any("is missing" in flaw for flaw in found)
    assert any(flaw.startswith("seal 1 covers") for flaw in found)


def test_garbage_with_a_forged_hash_is_named(office: Office) -> None:
    (made,) = office.archive()
    path = office.folder / made.file
    disarm(office.database)
    for garbage in (b"garbage", gzip.compress(b"{}\n"), gzip.compress(b"[1]\n")):
        path.write_bytes(garbage)
        with office.database.write() as connection:
            step = history.c.id == made.step
            detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
            told = json.loads(detail) | {"sha256": archive_files.digest(path)}
            connection.execute(update(history).where(step).values(detail=json.dumps(told)))
        with pytest.raises(StorageError, match=r"2016-03\.jsonl\.gz does not contain"):
            office.flaws()


# The database's own guards


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_database_lets_no_other_step_go(office: Office, when: str) -> None:
    if when == "after":
        office.archive()
        office.withdraw("out", 2)  # steps behind those that are archived
    with office.database.read() as connection:
        ids = connection.execute(select(history.c.id)).scalars().all()
    for key in ids:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            office.database.write() as connection,
        ):
            connection.execute(delete(history).where(history.c.id == key))


@pytest.mark.parametrize("statement", ["UPDATE archived SET through = 99", "DELETE FROM archived"])
def test_the_database_keeps_what_is_archived(office: Office, statement: str) -> None:
    office.archive()
    with pytest.raises(DatabaseError, match="append-only"), office.database.write() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("post", sorted(NOT_ENDED - {"young"}))
def test_the_database_lets_nobody_archive_what_has_not_ended(office: Office, post: str) -> None:
    (made,) = office.archive()
    with office.database.read() as connection:
        query = select(deliveries.c.id, deliveries.c.version, deliveries.c.head)
        row = connection.execute(query.where(deliveries.c.post == post)).one()
    values = {"delivery": row.id, "through": row.version, "head": row.head, "step": made.step}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))


def test_the_database_lets_nobody_archive_steps_that_are_still_to_come(office: Office) -> None:
    (made,) = office.archive()
    (out,) = office.queries.deliveries(post="out")
    values = {"delivery": out.id, "through": 99, "head": out.head, "step": made.step}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))


def test_the_database_lets_nobody_archive_without_a_step_that_tells_of_it(office: Office) -> None:
    with office.database.read() as connection:
        query = select(deliveries.c.id, deliveries.c.version, deliveries.c.head)
        row = connection.execute(query.where(deliveries.c.post == "out")).one()
    values = {"delivery": row.id, "through": row.version, "head": row.head, "step": 1}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))
