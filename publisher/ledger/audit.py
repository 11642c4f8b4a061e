"""Sealing the history, and checking that nothing in it was changed; chain.py says how it works."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from publisher.clock import Clock
from publisher.language import _, plural
from publisher.ledger import chain
from publisher.ledger.database import Database
from publisher.ledger.tables import account_chains, accounts, deliveries, history, seals

_CHUNK = 1000  # rows in memory at a time
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seal:
    """A hash over all steps up to one, and over all seals before it."""

    number: int
    at: datetime
    last: int
    """The id of the newest step that it covers."""
    steps: int
    """How many it covers that no seal before it does."""
    digest: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the history is not as it was written."""

    what: str
    post: str | None = None
    account: str | None = None
    step: int | None = None
    """Its number in the history of that post on that account, or of the account; from 1."""
    seal: int | None = None

    def __str__(self) -> str:
        subject = (
            _("{post} to {account}", post=self.post, account=self.account)
            if self.post
            else self.account
        )
        step = None if self.step is None else _("step {step}", step=self.step)
        seal = None if self.seal is None else _("seal {seal}", seal=self.seal)
        place = ", ".join(filter(None, (subject, step, seal)))
        return _("{place} {what}", place=place, what=self.what) if place else self.what


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking through the whole history came to."""

    steps: int
    deliveries: int
    unsealed: int
    """Steps since the newest seal."""
    seal: Seal | None
    """The newest."""
    breaks: tuple[Break, ...]


class Audit:
    """Seals the history and verifies it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def seal(self, *, always: bool = False) -> bool:
        """Seal what was written since the newest seal.

        `always`: also when nothing was written, so that the seal's time is now. False when it
        cannot be done now, because PostgreSQL is too busy or another process is sealing.
        """
        last = self._frontier()
        if last is None:
            return False
        with self._database.read() as connection:
            newest = _newest_seal(connection)
            steps, digest = _covered(connection, newest.last if newest else 0, last)
        if not steps and not always:
            return True
        row = {
            "number": newest.number + 1 if newest else 1,
            "at": self._clock.now(),
            "last": last,
            "steps": steps,
            "digest": digest,
        }
        previous = newest.hash if newest else chain.BEFORE_THE_FIRST_SEAL
        try:
            with self._database.write() as connection:
                connection.execute(insert(seals).values(**row, hash=chain.seal_hash(row, previous)))
        except IntegrityError:  # another process took this number
            return False
        return True

    def _frontier(self) -> int | None:
        """A step's id below which no other will ever appear; None when it cannot be told now.

        Transactions on PostgreSQL commit in another order than their steps are numbered. A lock
        that only an instant without open writers gives, and that is not waited for, tells where
        all before is written; SQLite has one writer at a time.
        """
        newest = select(func.coalesce(func.max(history.c.id), 0))
        if self._database.is_sqlite:
            with self._database.read() as connection:
                return int(connection.execute(newest).scalar_one())
        with self._database.write() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(text("LOCK TABLE history IN SHARE MODE NOWAIT"))
            except OperationalError:
                return None
            return int(connection.execute(newest).scalar_one())

    def verify(self, noted: str | None = None) -> Verdict:
        """Look through the whole history; `noted` is the hash of a seal that it must have."""
        with self._database.read() as connection:
            if not self._database.is_sqlite:  # all of it as it is at one instant
                connection.execution_options(isolation_level="REPEATABLE READ")
            newest = _newest_seal(connection)
            breaks = [
                *_flaws_of_deliveries(connection),
                *_flaws_of_accounts(connection),
                *_flaws_of_seals(connection),
            ]
            if noted and not _has_seal(connection, noted):
                breaks.append(
                    Break(_("No seal has the hash {noted}: the history was replaced.", noted=noted))
                )
            newer = history.c.id > (newest.last if newest else 0)
            return Verdict(
                steps=_count(connection, select(func.count()).select_from(history)),
                deliveries=_count(connection, select(func.count()).select_from(deliveries)),
                unsealed=_count(connection, select(func.count()).where(newer)),
                seal=newest,
                breaks=tuple(breaks),
            )


def _flaws_of_deliveries(connection: Connection) -> Iterator[Break]:
    query = (
        select(history)
        .where(history.c.delivery.is_not(None))
        .order_by(history.c.delivery, history.c.seq, history.c.id)
    )
    rows = _rows(connection, select(deliveries).order_by(deliveries.c.id))
    row = next(rows, None)
    for key, group in groupby(_rows(connection, query), lambda step: step["delivery"]):
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
    yield from chain.flaws(steps, chain.delivery_origin(delivery["post"], delivery["account"]))
    flaw = chain.end_flaw(last["seq"], last["hash"], delivery["version"], delivery["head"])
    if flaw:
        yield flaw
    elif last["target"] != delivery["state"]:
        left, state = last["target"] or "", delivery["state"]
        what = _("left it {left}, but the delivery says {state}", left=_(left), state=_(state))
        yield last["seq"], what
    else:
        yield from _flaw_of_values(steps, chain.delivery_digest(chain.shortened(delivery)))


def _flaw_of_values(steps: list[_Row], digest: str) -> Iterator[tuple[int, str]]:
    """What is wrong when the newest step that vouches for a row's values knows other ones."""
    vouching = next((step for step in reversed(steps) if step["digest"] is not None), None)
    if vouching is not None and vouching["digest"] != digest:
        yield (
            vouching["seq"],
            _("left other values than the ledger has: somebody changed them without a step"),
        )


def _flaws_of_accounts(connection: Connection) -> Iterator[Break]:
    heads = {row["account"]: row for row in _rows(connection, select(account_chains))}
    said = {row["account"]: row for row in _rows(connection, select(accounts))}
    query = (
        select(history)
        .where(history.c.delivery.is_(None))
        .order_by(history.c.account, history.c.seq, history.c.id)
    )
    for account, group in groupby(_rows(connection, query), lambda row: row["account"]):
        steps, head = list(group), heads.pop(account, {"length": 0, "head": ""})
        found = list(chain.flaws(steps, chain.account_origin(account)))
        last = steps[-1]
        if flaw := chain.end_flaw(last["seq"], last["hash"], head["length"], head["head"]):
            found.append(flaw)
        else:
            found += _flaw_of_values(steps, chain.account_digest(said.get(account, {})))
        said.pop(account, None)
        yield from (Break(what, None, account, number) for number, what in found)
    for account, head in heads.items():
        yield Break(f"all its {head['length']} steps are missing", None, account)
    for account, row in said.items():
        if account not in heads and chain.account_digest(row) != chain.account_digest({}):
            yield Break(_("is paused or held, but no step says so"), None, account)


def _flaws_of_seals(connection: Connection) -> Iterator[Break]:
    steps = _rows(connection, select(history.c.id, history.c.hash).order_by(history.c.id))
    step = next(steps, None)
    number, previous = 0, chain.BEFORE_THE_FIRST_SEAL
    for seal in _rows(connection, select(seals).order_by(seals.c.number)):
        covered, hasher = 0, hashlib.sha256()
        while step is not None and step["id"] <= seal["last"]:
            _add(hasher, step["id"], step["hash"])
            covered += 1
            step = next(steps, None)
        if seal["number"] != number + 1:
            yield Break(_("is missing"), seal=number + 1)
        elif chain.seal_hash(seal, previous) != seal["hash"]:
            yield Break(_("is not as it was written"), seal=seal["number"])
        elif covered != seal["steps"]:
            what = plural(
                "covers {number} step up to {time:%Y-%m-%d %H:%M:%S} UTC, but {covered} are there",
                "covers {number} steps up to {time:%Y-%m-%d %H:%M:%S} UTC, but {covered} are there",
                seal["steps"],
                time=seal["at"],
                covered=covered,
            )
            yield Break(what, seal=seal["number"])
        elif hasher.hexdigest() != seal["digest"]:
            what = _(
                "covers other steps up to {time:%Y-%m-%d %H:%M:%S} UTC than those that are there",
                time=seal["at"],
            )
            yield Break(what, seal=seal["number"])
        number, previous = seal["number"], seal["hash"]


def _covered(connection: Connection, after: int, last: int) -> tuple[int, str]:
    """How many steps there are after the one of id `after` up to `last`, and their digest."""
    steps, hasher = 0, hashlib.sha256()
    query = select(history.c.id, history.c.hash).where(history.c.id > after, history.c.id <= last)
    for row in _rows(connection, query.order_by(history.c.id)):
        _add(hasher, row["id"], row["hash"])
        steps += 1
    return steps, hasher.hexdigest()


def _add(hasher: Any, key: int, step_hash: str) -> None:
    hasher.update(f"{key} {step_hash}\n".encode())


def _newest_seal(connection: Connection) -> Seal | None:
    query = select(seals).order_by(seals.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Seal(**row)


def _has_seal(connection: Connection, noted: str) -> bool:
    query = select(seals.c.number).where(seals.c.hash == noted.strip().lower())
    return connection.execute(query).first() is not None


def _count(connection: Connection, query: Any) -> int:
    return int(connection.execute(query).scalar_one())


def _rows(connection: Connection, query: Any) -> Iterator[_Row]:
    """The rows one by one, without all of them in memory."""
    streamed = query.execution_options(yield_per=_CHUNK)
    with connection.execute(streamed) as result:  # closed also when nobody reads to the end
        for row in result:
            yield row._asdict()
