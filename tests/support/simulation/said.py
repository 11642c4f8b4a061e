"""What people said, and were told has taken effect: the promises are measured by it.

It is kept apart from the ledger, so that a ledger that forgets a word is found out.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from publisher.base.errors import NotPossible
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post

Key = tuple[str, str]
"""The post and the account of a delivery."""
_TAG = re.compile(r"(\S+ §\d+)(?: v\d+)?")


def tag(text: str) -> str:
    """What a part is called, in whatever version: `post-1 §2`."""
    found = _TAG.match(text)
    assert found, text
    return found[1]


class Cause(StrEnum):
    """Why a delivery must not go out."""

    CANCELLED = "cancelled"
    REJECTED = "rejected"
    HELD = "held"
    GONE = "without a draft"


@dataclass(eq=False)
class Pause:
    """From when on it holds, in real seconds; `account` None: for all of them."""

    account: str | None
    returned_at: float
    resumed_at: float | None = None


@dataclass(frozen=True)
class Agreed:
    """What somebody looked at and approved."""

    texts: tuple[str, ...]
    due_at: datetime
    expires_at: datetime | None
    embargo_until: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "Agreed":
        return cls(
            tuple(part.text for part in delivery.content.parts),
            delivery.due_at,
            delivery.expires_at,
            delivery.embargo_until,
        )


@dataclass
class Said:
    """All of it. Where two commands ran at once, a word that forbids something is not counted."""

    pauses: list[Pause] = field(default_factory=list)
    _agreed: dict[Key, tuple[Agreed, ...]] = field(default_factory=dict)
    """What was approved; more than one only where people approved at once."""
    _looked_at: dict[Key, tuple[Agreed, ...]] = field(default_factory=dict)
    """What somebody is about to approve: it may leave before they hear that it is done."""
    stops: dict[Key, Cause] = field(default_factory=dict)
    held_by_hand: set[Key] = field(default_factory=set)
    """What somebody holds by hand: no draft and no retry ends that."""
    withdrawn_consents: dict[str, frozenset[Key]] = field(default_factory=dict)
    """With the deliveries that were out at that moment, which people were told."""
    is_rewritten: bool = False
    """Whether a set-back lost edits, retries or withdrawals: people know of them, the ledger does
    not.
    """
    meant: "Counter[Key]" = field(default_factory=Counter)
    """How many posts with one beginning (its tag) people want on an account, where more than
    one.
    """
    _begun: int = 0
    _under_way: int = 0
    _set_backs: int = 0
    _resumed: "Counter[str | None]" = field(default_factory=Counter)
    _resuming: "Counter[str | None]" = field(default_factory=Counter)

    def mean(self, drafts: Iterable[Post]) -> None:
        """Want each of these to be out once more than before."""
        for draft in drafts:
            tags = {tag(part) for part in draft.texts[""]}
            self.meant.update((account, each) for account in draft.to for each in tags)

    @contextmanager
    def command(self) -> Iterator[Callable[[], bool]]:
        """A command under way; tells whether no other one ran meanwhile."""
        self._begun += 1
        begun, was_alone = self._begun, self._under_way == 0
        self._under_way += 1
        try:
            yield lambda: was_alone and begun == self._begun
        finally:
            self._under_way -= 1

    @property
    def is_quiet(self) -> bool:
        """Whether no command is under way."""
        return not self._under_way

    # pauses

    def resumes(self, account: str | None) -> int:
        """Changes whenever such a command begins or ends, or the ledger forgets a pause."""
        return self._resumed[account] + self._set_backs

    def is_resuming(self, account: str | None) -> bool:
        """Whether such a command is under way: it may end a pause that it meets."""
        return self._resuming[account] > 0

    @contextmanager
    def resuming(self, account: str | None, at: float) -> Iterator[None]:
        """Such a command; from the moment it begins, requests may leave."""
        self._resumed[account] += 1
        self._resuming[account] += 1
        for pause in self.pauses:
            if pause.account == account:
                pause.resumed_at = pause.resumed_at or at
        try:
            yield
        finally:
            self._resumed[account] += 1
            self._resuming[account] -= 1

    def paused(self, account: str | None, at: float) -> None:
        self.pauses.append(Pause(account, at))

    def is_paused(self, account: str) -> bool:
        return any(
            pause.resumed_at is None and pause.account in (None, account) for pause in self.pauses
        )

    # stops and approvals

    def stop(self, deliveries: Iterable[Delivery], cause: Cause) -> None:
        for delivery in deliveries:
            self.stops[delivery.post, delivery.account] = cause

    def let_go(self, post: str, *causes: Cause) -> None:
        """Somebody lets go out again what was stopped for these causes."""
        for key in [k for k, cause in self.stops.items() if k[0] == post and cause in causes]:
            del self.stops[key]

    @contextmanager
    def agreeing(self, delivery: Delivery) -> Iterator[None]:
        """An approval under way of what somebody has looked at; NotPossible or Conflict refuses it.

        Who ends in another way never hears whether it is done, so it may be.
        """
        key, looked_at = (delivery.post, delivery.account), Agreed.of(delivery)
        before = self._agreed.get(key, ())
        self._looked_at[key] = (*self._looked_at.get(key, ()), looked_at)
        try:
            yield
        except (NotPossible, Conflict):
            self._looked_at[key] = _without(self._looked_at.get(key, ()), looked_at)
            raise
        self._looked_at[key] = _without(self._looked_at.get(key, ()), looked_at)
        self._agreed[key] = (*_without(self._agreed.get(key, ()), *before), looked_at)

    def agreed(self) -> dict[Key, tuple[Agreed, ...]]:
        """What is approved, or may be, of each delivery."""
        keys = {*self._agreed, *self._looked_at}
        found = {k: (*self._agreed.get(k, ()), *self._looked_at.get(k, ())) for k in keys}
        return {key: approved for key, approved in found.items() if approved}

    def void(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._agreed.pop(key, None)
            self._looked_at.pop(key, None)

    def restored(self, agreed: Mapping[Key, tuple[Agreed, ...]]) -> None:
        """The ledger is that of an earlier moment, when this was approved."""
        self._agreed, self._looked_at = dict(agreed), {}

    def set_back(self, words: "Words", now: "Words") -> None:
        """The ledger is that of an earlier moment: of what was said since, it knows nothing.

        Nor does it know what was let go since; that it may send all the same is not counted.
        """
        self.is_rewritten |= words.deeds != now.deeds
        self._begun += 1  # what a command does now is of a time that is lost
        self._set_backs += 1
        self.restored(words.agreed)
        self.pauses = [pause for pause in self.pauses if pause in words.pauses]
        self.stops = dict(self.stops.items() & words.stops.items())
        self.held_by_hand &= words.held_by_hand
        self.withdrawn_consents = dict(words.withdrawn_consents)

    def may_show(self, consent: str, key: Key) -> bool:
        return consent not in self.withdrawn_consents or key in self.withdrawn_consents[consent]


def _without(approved: tuple[Agreed, ...], *these: Agreed) -> tuple[Agreed, ...]:
    """But for these very ones: somebody else may have approved the same."""
    return tuple(each for each in approved if not any(each is one for one in these))


@dataclass(frozen=True)
class Words:
    """What people had said and done by one moment: a restored ledger knows nothing else."""

    agreed: dict[Key, tuple[Agreed, ...]]
    stops: dict[Key, Cause]
    withdrawn_consents: dict[str, frozenset[Key]]
    held_by_hand: frozenset[Key]
    deeds: int
    pauses: tuple[Pause, ...] = field(compare=False)

    def is_still_known(self, now: "Words") -> bool:
        """Whether a restored ledger knows all that people have to keep to; approvals come anew."""
        return self == replace(now, agreed=self.agreed)


class Backup(NamedTuple):
    """A copy of the ledger, and what it knows."""

    ledger: sqlite3.Connection
    words: Words
