"""The states of a delivery, the moves between them, and who may make them.

docs/states.md draws this table. The ledger refuses every move that is not in it.
"""

from enum import StrEnum

from publisher.language import _, later


class State(StrEnum):
    AWAITING_APPROVAL = "awaiting-approval"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    MISSED = "missed"
    HELD = "held"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


_NAMES = {
    State.AWAITING_APPROVAL: later("awaiting-approval"),
    State.SCHEDULED: later("scheduled"),
    State.PUBLISHING: later("publishing"),
    State.PUBLISHED: later("published"),
    State.UNCERTAIN: later("uncertain"),
    State.FAILED: later("failed"),
    State.MISSED: later("missed"),
    State.HELD: later("held"),
    State.CANCELLED: later("cancelled"),
    State.WITHDRAWN: later("withdrawn"),
}


class Role(StrEnum):
    """Who moves a delivery: a part of Publisher, or a person through a command or page."""

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
    (_S.AWAITING_APPROVAL, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.AWAITING_APPROVAL, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.AWAITING_APPROVAL, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.AWAITING_APPROVAL, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.SCHEDULED, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.SCHEDULED, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.SCHEDULED, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.SCHEDULED, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.SCHEDULED, _S.PUBLISHING): frozenset({_DISPATCHER}),
    (_S.SCHEDULED, _S.UNCERTAIN): frozenset({_QUEUE, _MANAGER}),
    (_S.PUBLISHING, _S.SCHEDULED): frozenset({_DISPATCHER, _WORKER, _QUEUE}),
    (_S.PUBLISHING, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _WORKER}),
    (_S.PUBLISHING, _S.HELD): frozenset({_QUEUE, _MANAGER}),
    (_S.PUBLISHING, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.PUBLISHING, _S.PUBLISHED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.FAILED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.MISSED): frozenset({_WORKER}),
    (_S.PUBLISHING, _S.UNCERTAIN): frozenset({_WORKER, _DISPATCHER, _MANAGER, _QUEUE}),
    (_S.UNCERTAIN, _S.PUBLISHED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.SCHEDULED): frozenset({_RECONCILER, _MANAGER, _WORKER}),
    (_S.UNCERTAIN, _S.FAILED): frozenset({_RECONCILER, _MANAGER}),
    (_S.UNCERTAIN, _S.AWAITING_APPROVAL): frozenset({_MANAGER}),
    (_S.HELD, _S.SCHEDULED): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.AWAITING_APPROVAL): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.CANCELLED): frozenset({_QUEUE, _MANAGER}),
    (_S.HELD, _S.MISSED): frozenset({_DISPATCHER}),
    (_S.HELD, _S.UNCERTAIN): frozenset({_QUEUE}),
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
    # After a restore, with a draft whose time lies in what the ledger forgot: it may be out.
    (_S.FAILED, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.MISSED, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.CANCELLED, _S.UNCERTAIN): frozenset({_QUEUE}),
    (_S.PUBLISHED, _S.WITHDRAWN): frozenset({_MANAGER}),
    (_S.FAILED, _S.WITHDRAWN): frozenset({_MANAGER}),
    (_S.MISSED, _S.WITHDRAWN): frozenset({_MANAGER}),
    (_S.CANCELLED, _S.WITHDRAWN): frozenset({_MANAGER}),
}

WAITING = frozenset({_S.AWAITING_APPROVAL, _S.SCHEDULED, _S.HELD})
"""Not out yet: `queue` may still edit, move or cancel them."""

ENDED_UNSENT = frozenset({_S.FAILED, _S.MISSED, _S.CANCELLED})
"""Ended without being out; `queue` brings them back when their draft was mended."""

OUT_OR_MAYBE = frozenset({_S.PUBLISHING, _S.PUBLISHED, _S.UNCERTAIN, _S.WITHDRAWN})
"""Out, or possibly out: no edit of a draft may send them again."""


def in_words(state: State) -> str:
    """The state as people call it, in their language."""
    return _(_NAMES[state])


def may_move(role: Role, source: State, target: State) -> bool:
    """Whether `role` may take a delivery from `source` to `target`."""
    return role in MOVES.get((source, target), frozenset())
