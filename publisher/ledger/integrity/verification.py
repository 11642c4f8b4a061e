"""Verification: finds every change of the history since it was written (see hash_chain.py)."""

import hashlib
import heapq
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select

from publisher.base.i18n import _, plural
from publisher.ledger.integrity import archive_files, hash_chain, triggers
from publisher.ledger.integrity.archive_files import Archive, Archives
from publisher.ledger.tables import (
    account_chains,
    accounts,
    api_tokens,
    archived,
    deliveries,
    history,
    people,
    seals,
)
from publisher.model.events import Event
from publisher.model.states import state_name

_OF_TOKENS = frozenset({Event.TOKEN_MADE, Event.TOKEN_ENDED})
_CHUNK = 1000  # rows in memory at a time
_Row = dict[str, Any]
_place = itemgetter("delivery", "seq")


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the history is not as it was written."""

    what: str
    post: str | None = None
    account: str | None = None
    step: int | None = None
    """Its number in the history of that post on that account, or of the account; from 1.

    For a step about a draft or a person, `account` is `posts/…` or `people/…`.
    """
    seal: int | None = None
    archive: str | None = None
    """The name of a file in var/archive."""

    def __str__(self) -> str:
        subject = (
            _("{post} to {account}", post=self.post, account=self.account)
            if self.post
            else self.account
        )
        step = None if self.step is None else _("step {step}", step=self.step)
        seal = None if self.seal is None else _("seal {seal}", seal=self.seal)
        archive = None if self.archive is None else _("archive {file}", file=self.archive)
        place = ", ".join(filter(None, (subject, step, seal, archive)))
        return _("{place} {what}", place=place, what=self.what) if place else self.what


class ArchiveShelf:
    """The archives on record, and the steps of those whose files are as written."""

    def __init__(self, connection: Connection, folder: Archives) -> None:
        self._connection = connection
        self._folder = folder
        self.all = archive_files.on_record(connection)
        flaws = {archive.step: folder.flaw(archive) for archive in self.all}
        self._whole = [archive for archive in self.all if flaws[archive.step] is None]
        self.lost = [archive for archive in self.all if flaws[archive.step] is not None]
        self.flaws = [Break(flaws[lost.step] or "", archive=lost.file) for lost in self.lost]

    def chains(self) -> Iterator[_Row]:
        """All steps in order; of a lost archive, only the last of each delivery."""
        query = archive_files.ends().where(archived.c.step.in_([lost.step for lost in self.lost]))
        ends = streamed(self._connection, query.order_by(archived.c.delivery, archived.c.through))
        steps = (
            map(archive_files.as_chained, self._folder.steps(archive)) for archive in self._whole
        )
        return heapq.merge(ends, *steps, key=_place)

    def by_id(self) -> Iterator[_Row]:
        """The ids and hashes of all steps, in the order of ids."""
        # The files have another order: SQLite sorts the steps, on the disk when there are many.
        with closing(sqlite3.connect("")) as sorter:
            sorter.execute("CREATE TABLE step (id INTEGER PRIMARY KEY, hash TEXT)")
            for archive in self._whole:
                steps = ((row["id"], row["hash"]) for row in self._folder.steps(archive))
                sorter.executemany("INSERT OR IGNORE INTO step VALUES (?, ?)", steps)
            for key, step_hash in sorter.execute("SELECT id, hash FROM step ORDER BY id"):
                yield {"id": key, "hash": step_hash}


def breaks_in(connection: Connection, shelf: ArchiveShelf) -> Iterator[Break]:
    """All breaks in the history, its chains, seals, archives and triggers."""
    yield from _flaws_of_triggers(connection)
    yield from shelf.flaws
    yield from _flaws_of_deliveries(connection, shelf)
    yield from _flaws_of_accounts(connection)
    yield from _flaws_of_seals(connection, shelf)


def _flaws_of_triggers(connection: Connection) -> Iterator[Break]:
    for name in triggers.foreign(connection):
        yield Break(
            _(
                "The database does something by itself that Publisher did not set up: {name}.",
                name=name,
            )
        )


def _flaws_of_deliveries(connection: Connection, shelf: ArchiveShelf) -> Iterator[Break]:
    query = (
        select(history)
        .where(history.c.delivery.is_not(None))
        .order_by(history.c.delivery, history.c.seq, history.c.id)
    )
    all_steps = heapq.merge(shelf.chains(), streamed(connection, query), key=_place)
    rows = streamed(connection, select(deliveries).order_by(deliveries.c.id))
    row = next(rows, None)
    for key, group in groupby(all_steps, itemgetter("delivery")):
        while row and row["id"] < key:
            yield _without_steps(row)
            row = next(rows, None)
        steps = list(group)
        if row is None or row["id"] != key:
            yield Break(
                plural(
                    "The ledger has {number} step of delivery {key}, but not the delivery.",
                    "The ledger has {number} steps of delivery {key}, but not the delivery.",
                    len(steps),
                    key=key,
                )
            )
            continue
        for number, what in list(_flaws_of_delivery(row, steps)):
            yield Break(what, row["post"], row["account"], number)
        row = next(rows, None)
    while row:
        yield _without_steps(row)
        row = next(rows, None)


def _without_steps(delivery: _Row) -> Break:
    return Break(_("all its steps are missing"), delivery["post"], delivery["account"])


def _flaws_of_delivery(delivery: _Row, steps: list[_Row]) -> Iterator[tuple[int, str]]:
    last = steps[-1]
    yield from hash_chain.flaws(
        steps, hash_chain.delivery_origin(delivery["post"], delivery["account"])
    )
    flaw = hash_chain.end_flaw(last["seq"], last["hash"], delivery["version"], delivery["head"])
    if flaw:
        yield flaw
    elif "event" not in last:  # the state that it left is in an archive that is lost
        return
    elif last["target"] != delivery["state"]:
        left, state = last["target"] or "", delivery["state"]
        what = _(
            "left it {left}, but the delivery is {state}",
            left=state_name(left),
            state=state_name(state),
        )
        yield last["seq"], what
    else:
        yield from _flaw_of_values(
            steps, hash_chain.delivery_digest(hash_chain.shortened(delivery))
        )


def _flaw_of_values(steps: list[_Row], digest: str) -> Iterator[tuple[int, str]]:
    """The flaw when the newest step with a digest has another one than the row."""
    vouching = next((step for step in reversed(steps) if step.get("digest") is not None), None)
    if vouching is not None and vouching["digest"] != digest:
        yield (
            vouching["seq"],
            _("left other values than the ledger has: someone changed them without a step"),
        )


def _flaws_of_accounts(connection: Connection) -> Iterator[Break]:
    heads = {row["account"]: row for row in streamed(connection, select(account_chains))}
    nothing = hash_chain.account_digest({})
    of_accounts = streamed(connection, select(accounts))
    of_people = streamed(connection, select(people))
    said = {row["account"]: hash_chain.account_digest(row) for row in of_accounts}
    held = _tokens_of_people(connection)
    said |= {
        hash_chain.about_person(row["key"]): hash_chain.person_digest(row) for row in of_people
    }
    query = (
        select(history)
        .where(history.c.delivery.is_(None))
        .order_by(history.c.account, history.c.seq, history.c.id)
    )
    for account, group in groupby(streamed(connection, query), lambda row: row["account"]):
        steps, head = list(group), heads.pop(account, {"length": 0, "head": ""})
        found = list(hash_chain.flaws(steps, hash_chain.account_origin(account)))
        last = steps[-1]
        if flaw := hash_chain.end_flaw(last["seq"], last["hash"], head["length"], head["head"]):
            found.append(flaw)
        elif hash_chain.is_about_person(account) and not found:
            found += _flaws_of_person(steps, said.get(account), nothing)
            found += _flaws_of_tokens(steps, held.pop(account, nothing), nothing)
        else:
            found += _flaw_of_values(steps, said.get(account, nothing))
        said.pop(account, None)
        yield from (Break(what, None, account, number) for number, what in found)
    for account, head in heads.items():
        yield Break(f"all its {head['length']} steps are missing", None, account)
    for account, digest in said.items():
        if account not in heads and digest != nothing:
            what = (
                _("can log in, but no step says so")
                if hash_chain.is_about_person(account)
                else _("is paused or suspended, but no step says so")
            )
            yield Break(what, None, account)


def _tokens_of_people(connection: Connection) -> dict[str, str]:
    """The digest of the API tokens of each person who has some."""
    query = (
        select(api_tokens, people.c.key)
        .join(people, api_tokens.c.person == people.c.id)
        .order_by(people.c.key)
    )
    by_person = groupby(streamed(connection, query), lambda row: row.pop("key"))
    return {hash_chain.about_person(key): hash_chain.tokens_digest(its) for key, its in by_person}


def _flaws_of_tokens(steps: list[_Row], held: str, nothing: str) -> Iterator[tuple[int, str]]:
    """The flaws where a step found, or the ledger has, other API tokens than were left before.

    That there are none is no flaw: a restore ends them all. Of tokens that a version made before
    there were digests nothing is known until their person's tokens change.
    """
    left: str | None = nothing
    number = steps[0]["seq"]
    for step in steps:
        told = json.loads(step["detail"]).get(hash_chain.TOKENS)
        if told is None:
            if step["event"] in _OF_TOKENS:
                left, number = None, step["seq"]
            continue
        if left not in (None, told["from"]) and told["from"] != nothing:
            yield (
                step["seq"],
                _(
                    "found other API tokens than were left before: someone changed them without "
                    "a step"
                ),
            )
        left, number = told["to"], step["seq"]
    if left not in (None, held) and held != nothing:
        yield (
            number,
            _("left other API tokens than the ledger has: someone changed them without a step"),
        )


def _flaws_of_person(steps: list[_Row], row: str | None, nothing: str) -> Iterator[tuple[int, str]]:
    """The flaws where a step found, or the ledger has, other values than the step before left.

    `row` is the digest of the person's row, None when there is none.
    """
    left = nothing
    for step in steps:
        if json.loads(step["detail"]).get(hash_chain.BEFORE, left) != left:
            what = _(
                "found other values than were left before: someone changed them without a step"
            )
            yield step["seq"], what
        left = step["digest"]
    if row is None and left != nothing:
        what = _("left someone who could log in: they were removed without a step")
        yield steps[-1]["seq"], what
    else:
        yield from _flaw_of_values(steps, row or nothing)


def _flaws_of_seals(connection: Connection, shelf: ArchiveShelf) -> Iterator[Break]:
    query = select(history.c.id, history.c.hash).order_by(history.c.id)
    steps = heapq.merge(streamed(connection, query), shelf.by_id(), key=itemgetter("id"))
    step = next(steps, None)
    number, previous, newest = 0, hash_chain.BEFORE_THE_FIRST_SEAL, 0
    for seal in streamed(connection, select(seals).order_by(seals.c.number)):
        covered, hasher = 0, hashlib.sha256()
        while step is not None and step["id"] <= seal["last"]:
            add_to(hasher, step["id"], step["hash"])
            covered += 1
            step = next(steps, None)
        if seal["number"] != number + 1:
            yield Break(_("is missing"), seal=number + 1)
        elif hash_chain.seal_hash(seal, previous) != seal["hash"]:
            yield Break(_("has changed since it was written"), seal=seal["number"])
        elif _reach_into(shelf.lost, newest, seal["last"]):
            pass  # some of its steps may be in an archive that is lost
        elif covered != seal["steps"]:
            what = plural(
                "covers {number} step up to {time:%Y-%m-%d %H:%M:%S} UTC, but the ledger has "
                "{covered}",
                "covers {number} steps up to {time:%Y-%m-%d %H:%M:%S} UTC, but the ledger has "
                "{covered}",
                seal["steps"],
                time=seal["at"],
                covered=covered,
            )
            yield Break(what, seal=seal["number"])
        elif hasher.hexdigest() != seal["digest"]:
            what = _(
                "covers other steps up to {time:%Y-%m-%d %H:%M:%S} UTC than the ledger has",
                time=seal["at"],
            )
            yield Break(what, seal=seal["number"])
        number, previous, newest = seal["number"], seal["hash"], seal["last"]


def _reach_into(lost: Sequence[Archive], after: int, last: int) -> bool:
    """Whether one of the archives may have a step with an id after `after` up to `last`."""
    return any(archive.first <= last and archive.last > after for archive in lost)


def add_to(hasher: Any, key: int, step_hash: str) -> None:
    """Add one more step to a seal's digest."""
    hasher.update(f"{key} {step_hash}\n".encode())


def streamed(connection: Connection, query: Any) -> Iterator[_Row]:
    """The rows one by one, with only some of them in memory."""
    in_chunks = query.execution_options(yield_per=_CHUNK)
    with connection.execute(in_chunks) as result:  # closed also when it is not read to the end
        for row in result:
            yield row._asdict()
