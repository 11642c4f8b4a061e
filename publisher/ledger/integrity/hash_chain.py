"""Hash chains over the steps of the history, so that no step can be changed without a trace.

Many transactions append to the history at once. With one chain they could commit only one after the
other. So there are many chains, whose heads are guarded by locks that their writers hold anyway:

- A chain per delivery. A step's number is the delivery's version after it; its hash covers all
  fields of the step and the hash of the step before. The delivery's row holds the version and the
  newest hash, and changes by compare-and-set: a gap, a forged step and a missing tail are all
  detected. A chain begins with the hash of the delivery's post and account, which never change.
- A chain per account, for pauses, holds and the like, one per draft that was changed on the web
  pages (see draft_edits.py), one per file that posts share (see file_changes.py), and one per
  person who may log in (see people.py). The table `account_chains` holds its head.
- Seals, which the dispatcher adds about once a minute (see seals.py). Each covers every step since
  the seal before it, of any chain, so that a delivery that is removed with all its steps is
  detected as well. Only this last protection is missing for what was written after the newest seal.

The triggers that refuse UPDATE and DELETE are a guard against accidents; the chains show what was
done by a person who got around them. A person who can rewrite the whole database can compute all
hashes again; only a seal's hash that was noted elsewhere, or a backup, shows that.

A step that changes the row of a delivery, an account or a person also has a digest of the row after
the step, which its hash covers: the newest digest is compared with the row. The digest leaves out
the columns that only say which process has a delivery (its lease, its intent, when it is cleaned up
or withdrawn again), and those that are compared separately: post, account, state, version and
newest hash. So a claim needs no digest, and thousands of claims cost no more than before. Steps
that were written before there were digests have none.

A hash is SHA-256, in hexadecimal, over JSON with sorted keys, without spaces, in UTF-8; instants
are microseconds since 1970 UTC.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_OF_USE = frozenset({"id", "person", "used_at"})
"""Columns of an API token that no digest covers: they give no rights, or name whose it is."""
_CHOSEN = frozenset({"language"})
"""Columns of a person that no digest covers: they give no rights."""
FORMER: dict[str, str] = {
    "next_check_at": "wake_at",
    "pending_stop": "stop",
    "manual_hold": "halt",
    "draft_hold": "hold_reason",
    "suspended_at": "held_at",
    "suspended_until": "held_until",
    "suspension_kind": "held_kind",
    "suspension_message": "held_message",
}
"""Names that digests have for columns that were renamed: those made before must still match."""
_LONG = ("content", "prepared")
_JSON = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=microseconds
)

BEFORE_THE_FIRST_SEAL = "0" * 64
BEFORE = "before"
"""In a step about a person: the digest of their row before it."""
TOKENS = "tokens"
"""In a step about a person that changed their API tokens: the digests of these before and after it.
"""
_PERSON = "people/"  # no account's name holds a slash, and drafts are under posts/


def delivery_origin(post: str, account: str) -> str:
    """The hash before the first step of a delivery."""
    return _digest({"post": post, "account": account})


def account_origin(account: str) -> str:
    """The hash before the first step about an account."""
    return _digest({"account": account})


def about_person(key: str) -> str:
    """The `account` of the steps about the person with this key."""
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
    """The digest of a row of `deliveries`, with long texts as `shortened` leaves them."""
    return _digest_of_row(row, _APART)


def account_digest(row: Mapping[str, Any]) -> str:
    """The digest of a row of `accounts`; the same for a row without values as for no row."""
    return _digest_of_row(row, _OF_ACCOUNT)


def person_digest(row: Mapping[str, Any]) -> str:
    """The digest of a row of `people`, of what gives rights: name, role, password and so on.

    For no person it is that of an account without values.
    """
    return _digest_of_row(row, _CHOSEN)


def tokens_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """The digest of a person's rows of `api_tokens`, of what they give: secret, scopes, end."""
    return _digest(
        {
            row["token"]: {
                name: value
                for name, value in row.items()
                if value is not None and name not in _OF_USE
            }
            for row in rows
        }
    )


def shortened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a delivery in their stored form, with hashes instead of long texts."""
    short = {name: hashlib.sha256(row[name].encode()).hexdigest() for name in _LONG if name in row}
    return {**row, **short}


def _digest_of_row(row: Mapping[str, Any], apart: frozenset[str]) -> str:
    # Empty columns are left out, so that columns added later change no digest.
    return _digest(
        {
            FORMER.get(name, name): value
            for name, value in row.items()
            if value is not None and name not in apart
        }
    )


def _linked(row: Mapping[str, Any], names: Sequence[str], previous: str) -> str:
    fields = {name: row[name] for name in names}
    fields["previous"] = previous
    return _digest(fields)


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(_JSON.encode(fields).encode()).hexdigest()


def flaws(steps: Iterable[Mapping[str, Any]], origin: str) -> Iterator[tuple[int, str]]:
    """The flaws inside one chain, in the order of its steps: the step's number, and what is wrong.

    `steps` are rows of the history in the order of their numbers. A row with number and hash alone
    stands for itself and all steps before it. The chain's head is not checked.
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
            what = _("appears more than once") if seq > 0 else _("has a number that no step has")
            yield seq, what
            continue
        elif step_hash(step, previous) != step["hash"]:
            yield (
                seq,
                (
                    _("has changed since it was written")
                    if seq > 1
                    else _("has changed since it was written, or what it belongs to was renamed")
                ),
            )
        previous, expected = step["hash"], seq + 1


def end_flaw(last: int, last_hash: str, length: int, head: str) -> tuple[int, str] | None:
    """The flaw between the end of a chain and its head; None when they match."""
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
