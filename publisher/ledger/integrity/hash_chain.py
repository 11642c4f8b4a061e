"""The hashes that chain the steps of the history, so that none can be changed without a trace.

Many transactions append to the history at once, so it is not one chain, which would let them
commit only one after the other. It is many chains, whose heads are guarded by locks that their
writers hold anyway:

- A chain per delivery. A step's number is the delivery's version after it; its hash covers all
  that the step says and the hash of the step before. The delivery's row holds the version and the
  newest hash, and changes by compare-and-set: a gap, a forged step and a missing tail all show.
  A chain begins with the hash of the delivery's post and account, which never change.
- A chain per account, for pauses, holds and the like, one per draft that was changed on the web
  pages (see edits.py), and one per person who may log in (see people.py). The table
  `account_chains` holds its head.
- Seals, which the dispatcher adds about once a minute (see seals.py). Each covers every step
  since the seal before it, of whatever chain, so that a delivery that is removed with all its
  steps shows as well. What was written after the newest seal lacks only this last protection.

The triggers that refuse UPDATE and DELETE are a guard against accidents; the chains show what
somebody did who got around them. Whoever can rewrite the whole database can compute all hashes
anew; only a seal's hash that was noted elsewhere, or a backup, tells of that.

A step that changes what a delivery, an account or a person's row says also has a digest of all that
it says after the step, which its hash covers: the newest digest is compared with the row. Left out
is what only tells who has a delivery in hand (its lease, its intent, when it is cleared away after
or withdrawn again), and what is compared by itself: post, account, state, version and newest hash.
So a claim needs no digest, and thousands of them cost what they did before. Steps that were written
before there were digests have none.

A hash is SHA-256, in hexadecimal, over JSON with sorted keys, without spaces, in UTF-8; instants
are microseconds since 1970 UTC.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.ledger.tables import microseconds

_STEP = ("account", "actor", "at", "detail", "event", "seq", "source", "target")
_SEAL = ("at", "digest", "last", "number", "steps")
_OF_ACCOUNT = frozenset({"account"})
_APART = frozenset({
    "id", "version", "head", "post", "account", "state", "lease_until", "intent_at", "clear_at",
    "withdraw_at",
})  # fmt: skip
"""Columns of a delivery that no digest covers."""
_CHOSEN = frozenset({"language"})
"""Columns of a person that no digest covers: they decide about no right."""
_LONG = ("content", "prepared")
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)

BEFORE_THE_FIRST_SEAL = "0" * 64
BEFORE = "before"
"""In a step about a person: the digest of what their row said before it."""
_PERSON = "people/"  # no account's name holds a slash, and drafts are under posts/


def delivery_origin(post: str, account: str) -> str:
    """What the first step of a delivery follows."""
    return _digest({"post": post, "account": account})


def account_origin(account: str) -> str:
    """What the first step about an account follows."""
    return _digest({"account": account})


def about_person(key: str) -> str:
    """What stands in the place of an account in the steps about a person with this key."""
    return f"{_PERSON}{key}"


def is_about_person(account: str) -> bool:
    """Whether steps of this account are about a person."""
    return account.startswith(_PERSON)


def step_hash(step: Mapping[str, Any], previous: str) -> str:
    """The hash of a row of the history that follows the step whose hash is `previous`."""
    has_digest = step.get("digest") is not None
    return _linked(step, (*_STEP, "digest") if has_digest else _STEP, previous)


def seal_hash(seal: Mapping[str, Any], previous: str) -> str:
    """The hash of a row of the seals that follows the seal whose hash is `previous`."""
    return _linked(seal, _SEAL, previous)


def delivery_digest(row: Mapping[str, Any]) -> str:
    """Over what a row of `deliveries` says, its long texts as `shortened` leaves them."""
    return _digest_of_row(row, _APART)


def account_digest(row: Mapping[str, Any]) -> str:
    """Over what a row of `accounts` says; the same for one without values as for none."""
    return _digest_of_row(row, _OF_ACCOUNT)


def person_digest(row: Mapping[str, Any]) -> str:
    """Over what a row of `people` says about rights: name, role, password and the like.

    Of nobody it is that of an account without values.
    """
    return _digest_of_row(row, _CHOSEN)


def shortened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a delivery in their stored form, with hashes in the place of long texts."""
    short = {name: hashlib.sha256(row[name].encode()).hexdigest() for name in _LONG if name in row}
    return {**row, **short}


def _digest_of_row(row: Mapping[str, Any], apart: frozenset[str]) -> str:
    # What is empty is left out, so that columns that come later change no digest.
    return _digest(
        {name: value for name, value in row.items() if value is not None and name not in apart}
    )


def _linked(row: Mapping[str, Any], names: Sequence[str], previous: str) -> str:
    fields = {name: row[name] for name in names}
    fields["previous"] = previous
    return _digest(fields)


def _digest(fields: Mapping[str, Any]) -> str:
    plain = {
        name: microseconds(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }
    return hashlib.sha256(_JSON.encode(plain).encode()).hexdigest()


def flaws(steps: Iterable[Mapping[str, Any]], origin: str) -> Iterator[tuple[int, str]]:
    """What is wrong inside one chain, in the order of its numbers: which step, and what.

    `steps` are rows of the history in the order of their numbers. One of number and hash alone
    stands for itself and all before it. What the chain's head says is not looked at.
    """
    previous, expected = origin, 1
    for step in steps:
        seq = step["seq"]
        if "event" not in step:
            previous, expected = step["hash"], seq + 1
            continue
        if seq > expected:
            yield expected, _missing(expected, seq - 1)
        elif seq < expected:
            what = _("is there more than once") if seq > 0 else _("has a number that no step has")
            yield seq, what
            continue
        elif step_hash(step, previous) != step["hash"]:
            yield (
                seq,
                (
                    _("is not as it was written")
                    if seq > 1
                    else _("is not as it was written, or what it belongs to was renamed")
                ),
            )
        previous, expected = step["hash"], seq + 1


def end_flaw(last: int, last_hash: str, length: int, head: str) -> tuple[int, str] | None:
    """What is wrong between the end of a chain and its head, which holds `length` and `head`."""
    if last < length:
        return last + 1, _missing(last + 1, length)
    if last > length:
        return length + 1, _("was added by hand: there were only {length}", length=length)
    if last_hash != head:
        return last, _("is not the one that was written last")
    return None


def _missing(first: int, last: int) -> str:
    if first == last:
        return _("is missing")
    return _("is missing, as are all up to step {last}", last=last)
