"""States of a delivery, the moves between them, and the roles that may make them.

docs/states.md shows this table. The ledger refuses every move that is not in it.
"""

from collections.abc import Mapping
from enum import StrEnum

from publisher.base.i18n import _, later, plural


class State(StrEnum):
    """The state of a delivery. Scripts read the values; people read `state_name`."""

    AWAITING_APPROVAL = "awaiting-approval"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    MISSED = "missed"
    HELD = "held"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


_NAMES: Mapping[str, str] = {
    State.AWAITING_APPROVAL: later("waits for approval"),
    State.REJECTED: later("rejected"),
    State.SCHEDULED: later("scheduled"),
    State.PUBLISHING: later("going out"),
    State.PUBLISHED: later("published"),
    State.UNCERTAIN: later("uncertain"),
    State.FAILED: later("failed"),
    State.MISSED: later("missed"),
    State.HELD: later("held"),
    State.CANCELLED: later("cancelled"),
    State.WITHDRAWN: later("withdrawn"),
}


def state_name(state: str) -> str:
    """A state for people, `waits for approval`; also of a damaged ledger, where it may be none."""
    return _(_NAMES.get(state, state))


def counted(state: State, number: int) -> str:
    """The number in that state, as text for people: `2 published`."""
    return {
        State.AWAITING_APPROVAL: plural(
            "{number} waiting for approval", "{number} waiting for approval", number
        ),
        State.REJECTED: plural("{number} rejected", "{number} rejected", number),
        State.SCHEDULED: plural("{number} scheduled", "{number} scheduled", number),
        State.PUBLISHING: plural("{number} going out", "{number} going out", number),
        State.PUBLISHED: plural("{number} published", "{number} published", number),
        State.UNCERTAIN: plural("{number} uncertain", "{number} uncertain", number),
        State.FAILED: plural("{number} failed", "{number} failed", number),
        State.MISSED: plural("{number} missed", "{number} missed", number),
        State.HELD: plural("{number} held", "{number} held", number),
        State.CANCELLED: plural("{number} cancelled", "{number} cancelled", number),
        State.WITHDRAWN: plural("{number} withdrawn", "{number} withdrawn", number),
    }[state]


class Role(StrEnum):
    """The role that moves a delivery: a part of Publisher, or a person by a command or page."""

    QUEUE = "queue"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    RECONCILER = "reconciler"
    MANAGER = "manager"


_QUEUE, _DISPATCHER, _WORKER = Role.QUEUE, Role.DISPATCHER, Role.WORKER
_RECONCILER, _MANAGER = Role.RECONCILER, Role.MANAGER
_S = State

MOVES: dict[tuple[State, State], frozenset[Role]] = {
    (_S.AWAITING_APPROVAL, _S.SCHEDULED): frozenset({_MANAGER, _QUEUE}),
    (_S.AWAITING_APPROVAL, _S.REJECTED): frozenset({_MANAGER}),
    (_S.AWAITING_APPROVAL, _S.HELD): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.AWAITING_APPROVAL, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.AWAITING_APPROVAL, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.AWAITING_APPROVAL, _S.UNCERTAIN): frozenset({_QUEUE, _MANAGER, _WORKER}),
    # Back with its author, until its draft is edited or a person approves it after all.
    (_S.REJECTED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.REJECTED, _S.SCHEDULED): frozenset({_MANAGER, _QUEUE}),
    (_S.REJECTED, _S.HELD): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.REJECTED, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.REJECTED, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.REJECTED, _S.UNCERTAIN): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.SCHEDULED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.SCHEDULED, _S.REJECTED): frozenset({_MANAGER}),
    (_S.SCHEDULED, _S.HELD): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.SCHEDULED, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.SCHEDULED, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.SCHEDULED, _S.PUBLISHING): frozenset({_DISPATCHER}),
    (_S.SCHEDULED, _S.UNCERTAIN): frozenset({_DISPATCHER, _QUEUE, _MANAGER, _WORKER}),
    (_S.PUBLISHING, _S.SCHEDULED): frozenset({_DISPATCHER, _WORKER, _QUEUE, _MANAGER}),
    (_S.PUBLISHING, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _WORKER, _MANAGER}),
    (_S.PUBLISHING, _S.REJECTED): frozenset({_MANAGER, _WORKER}),
    (_S.PUBLISHING, _S.HELD): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.PUBLISHING, _S.CANCELLED): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.PUBLISHING, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.FAILED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.MISSED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.UNCERTAIN): frozenset({_WORKER, _DISPATCHER, _MANAGER, _QUEUE}),
    # Sent again at once, where that is safe.
    (_S.UNCERTAIN, _S.PUBLISHING): frozenset({_RECONCILER}),
    (_S.UNCERTAIN, _S.PUBLISHED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.SCHEDULED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.FAILED): frozenset({_RECONCILER, _MANAGER}),
    # A person stopped it while it might have been out, and it is not.
    (_S.UNCERTAIN, _S.AWAITING_APPROVAL): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.REJECTED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.HELD): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.CANCELLED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.HELD, _S.SCHEDULED): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.HELD, _S.UNCERTAIN): frozenset({_QUEUE, _MANAGER, _WORKER}),
    (_S.FAILED, _S.SCHEDULED): frozenset({_QUEUE, _MANAGER}),
    (_S.FAILED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.FAILED, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.MISSED, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.CANCELLED, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.FAILED, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.MISSED, _S.SCHEDULED): frozenset({_QUEUE, _MANAGER}),
    (_S.MISSED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.CANCELLED, _S.SCHEDULED): frozenset({_QUEUE, _MANAGER}),
    (_S.CANCELLED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    # After a restore, with a draft whose time is in the gap of the ledger: it may be out.
    (_S.FAILED, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.MISSED, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.CANCELLED, _S.UNCERTAIN): frozenset({_QUEUE}),
    # The platform made it public on its own.
    (_S.AWAITING_APPROVAL, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.REJECTED, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.SCHEDULED, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.HELD, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.FAILED, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.MISSED, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.CANCELLED, _S.PUBLISHED): frozenset({_WORKER}),
    # A worker, if the platform did not confirm it to the person who began.
    (_S.PUBLISHED, _S.WITHDRAWN): frozenset({_MANAGER, _WORKER}),
    (_S.FAILED, _S.WITHDRAWN): frozenset({_MANAGER, _WORKER}),
    (_S.MISSED, _S.WITHDRAWN): frozenset({_MANAGER, _WORKER}),
    (_S.CANCELLED, _S.WITHDRAWN): frozenset({_MANAGER, _WORKER}),
}

WAITING = frozenset({_S.AWAITING_APPROVAL, _S.REJECTED, _S.SCHEDULED, _S.HELD})
"""Not out yet: `queue` may still edit, move or cancel them."""

ENDED_UNSENT = frozenset({_S.FAILED, _S.MISSED, _S.CANCELLED})
"""Ended without being out; `queue` schedules them again when their draft was corrected."""

GIVEN_UP = ENDED_UNSENT | {_S.HELD}
"""States in which what is prepared at a platform is of no use, or not for long."""

OUT_OR_MAYBE = frozenset({_S.PUBLISHING, _S.PUBLISHED, _S.UNCERTAIN, _S.WITHDRAWN})
"""Out, or possibly out: no edit of a draft may send them again."""


def may_move(role: Role, source: State, target: State) -> bool:
    """Whether `role` may take a delivery from `source` to `target`."""
    return role in MOVES.get((source, target), frozenset())
