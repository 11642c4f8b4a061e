"""docs/states.md: the diagrams and the table of all moves."""

from publisher.model.states import MOVES, Role, State
from tests.docs.tables import table

_S = State
_HOLD = "Its agenda item is cancelled, or a consent has ended; the draft was queued again; or `publisher hold`."
_CANCEL = "Its draft is gone, no longer names the account, or has no time; or `publisher cancel`."
_EXPIRED = "Its expiry has passed."
_FORGOTTEN = (
    "The ledger was restored from a backup, and the draft names a time between the two: it may be "
    "out. A person decides."
)
_FORGOTTEN_TOO = (
    "The ledger was restored from a backup, and it was due between the two, by the ledger or by its "
    "draft: it may have been let go, and be out. A person decides."
)
_ON_ITS_OWN = "The platform made it public on its own."
_REASONS: dict[tuple[State, State], str] = {
    (_S.AWAITING_APPROVAL, _S.SCHEDULED): "It is approved; or "
    "approval is no longer required, and the draft was queued again.",
    (_S.AWAITING_APPROVAL, _S.HELD): _HOLD,
    (_S.AWAITING_APPROVAL, _S.CANCELLED): _CANCEL,
    (_S.AWAITING_APPROVAL, _S.MISSED): _EXPIRED,
    (_S.AWAITING_APPROVAL, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.AWAITING_APPROVAL, _S.REJECTED): "`publisher reject`.",
    (_S.REJECTED, _S.AWAITING_APPROVAL): "Its draft was edited and queued again; or the rejection "
    "was taken back.",
    (_S.REJECTED, _S.SCHEDULED): "The same, where no approval is required; or it is approved after "
    "all.",
    (_S.REJECTED, _S.HELD): "Its agenda item is cancelled, or a consent has ended; the draft was "
    "queued again.",
    (_S.REJECTED, _S.CANCELLED): _CANCEL,
    (_S.REJECTED, _S.MISSED): _EXPIRED,
    (_S.REJECTED, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.SCHEDULED, _S.REJECTED): "`publisher reject`, of what was approved or needs no approval; "
    "or the approval of what was rejected was taken back.",
    (_S.SCHEDULED, _S.AWAITING_APPROVAL): "Approval is required now, and the draft was queued "
    "again; or the approval was taken back.",
    (_S.SCHEDULED, _S.HELD): _HOLD,
    (_S.SCHEDULED, _S.CANCELLED): _CANCEL,
    (_S.SCHEDULED, _S.MISSED): _EXPIRED,
    (_S.SCHEDULED, _S.PUBLISHING): "It falls due within fifteen seconds: a worker gets it.",
    (_S.SCHEDULED, _S.UNCERTAIN): "It was due after the backup that the ledger was restored from, "
    "by the ledger or by its draft: it may be out; or the platform made an earlier text public. A person decides.",
    (_S.PUBLISHING, _S.SCHEDULED): "It is certain that it is not out, and it may go out later: the "
    "account is paused or held, the platform could not be reached, or the worker or the broker "
    "died before anything was sent.",
    (_S.PUBLISHING, _S.AWAITING_APPROVAL): "A worker had it in hand, nothing of it was out, and "
    "the draft was edited and queued again, where approval is required.",
    (_S.PUBLISHING, _S.REJECTED): "A worker had it in hand, nothing of it was out, and it was "
    "rejected.",
    (_S.PUBLISHING, _S.HELD): "A worker had it in hand, nothing of it was out, and its agenda "
    "item was cancelled, a consent ended, a person held it, or, while it was sent, its draft was "
    "edited.",
    (_S.PUBLISHING, _S.CANCELLED): "A worker had it in hand, nothing of it was out, and it was "
    "cancelled, or its draft is gone.",
    (_S.PUBLISHING, _S.PUBLISHED): "The platform took it, the last part included.",
    (_S.PUBLISHING, _S.FAILED): "The platform refused it for good.",
    (_S.PUBLISHING, _S.MISSED): "Its expiry passed while it was made ready.",
    (_S.PUBLISHING, _S.UNCERTAIN): "It may be out or not: no answer, an answer that cannot be "
    "read, or a worker that died while it was sending.",
    (
        _S.UNCERTAIN,
        _S.PUBLISHING,
    ): "It is not there, and the platform takes a repeated request once: it is sent again.",
    (_S.UNCERTAIN, _S.PUBLISHED): "It was found on the platform, whole; or somebody looked, and it "
    "is there: `publisher resolve`.",
    (
        _S.UNCERTAIN,
        _S.SCHEDULED,
    ): "It was not there, in two readings after the settling time; or a part was "
    "found, and more are to come; or somebody looked, and it is not there: `publisher retry`.",
    (
        _S.UNCERTAIN,
        _S.FAILED,
    ): "The platform called its text a duplicate, and it is not among the newer posts.",
    (_S.UNCERTAIN, _S.AWAITING_APPROVAL): "It is not out, or not all of it, and nobody has "
    "approved it yet.",
    (_S.UNCERTAIN, _S.REJECTED): "It is not out, or not all of it, and was rejected while it might "
    "have been.",
    (_S.UNCERTAIN, _S.HELD): "It is not out, or not all of it, and while it might have been, its "
    "agenda item was cancelled, a consent ended, a person held it, or its draft was edited.",
    (_S.UNCERTAIN, _S.CANCELLED): "It is not out, or not all of it, and was cancelled while it "
    "might have been, or its draft is gone.",
    (_S.HELD, _S.SCHEDULED): "The reason is gone, and the draft was queued again; or `publisher "
    "release`.",
    (_S.HELD, _S.AWAITING_APPROVAL): "The same, where approval is required.",
    (_S.HELD, _S.CANCELLED): _CANCEL,
    (_S.HELD, _S.MISSED): _EXPIRED,
    (_S.HELD, _S.UNCERTAIN): _FORGOTTEN_TOO,
    (_S.FAILED, _S.SCHEDULED): "The draft was mended and queued again; or `publisher retry`.",
    (_S.FAILED, _S.AWAITING_APPROVAL): "The draft was mended and queued again, where approval is "
    "required.",
    (_S.FAILED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.MISSED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.CANCELLED, _S.HELD): "Queued again or retried, while the reason to hold it stands.",
    (_S.FAILED, _S.CANCELLED): "`publisher cancel`.",
    (_S.MISSED, _S.SCHEDULED): "The draft got a new time, or a longer `expires`, and was queued "
    "again.",
    (_S.MISSED, _S.AWAITING_APPROVAL): "The same, where approval is required.",
    (_S.CANCELLED, _S.SCHEDULED): "The draft is back, or names the account again, and was queued; "
    "or `publisher retry`.",
    (_S.CANCELLED, _S.AWAITING_APPROVAL): "The draft is back and was queued, where approval is "
    "required.",
    (_S.FAILED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.MISSED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.CANCELLED, _S.UNCERTAIN): _FORGOTTEN,
    (_S.AWAITING_APPROVAL, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.REJECTED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.SCHEDULED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.HELD, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.FAILED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.MISSED, _S.PUBLISHED): _ON_ITS_OWN,
    (_S.CANCELLED, _S.PUBLISHED): _ON_ITS_OWN,
    (
        _S.PUBLISHED,
        _S.WITHDRAWN,
    ): "`publisher withdraw`: it is deleted from the platform, on record. A worker, where that was "
    "not confirmed at once and succeeded later.",
    (_S.FAILED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
    (_S.MISSED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
    (_S.CANCELLED, _S.WITHDRAWN): "The same, for the parts of a thread that were out.",
}
_BY_ITSELF = frozenset({Role.DISPATCHER, Role.WORKER, Role.RECONCILER})
_BY_PEOPLE = frozenset({Role.QUEUE, Role.MANAGER})


def by_itself() -> str:
    return _diagram(_BY_ITSELF, start=False)


def by_people() -> str:
    return _diagram(_BY_PEOPLE, start=True)


def _diagram(roles: frozenset[Role], *, start: bool) -> str:
    moves = [
        (number, source, target)
        for number, ((source, target), movers) in enumerate(MOVES.items(), 1)
        if movers & roles
    ]
    used = {state for _, source, target in moves for state in (source, target)}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state}" as {_name(state)}' for state in State if state in used]
    if start:
        first = (State.SCHEDULED, State.AWAITING_APPROVAL, State.HELD, State.UNCERTAIN)
        lines += [f"    [*] --> {_name(state)}" for state in first]
    lines += [f"    {_name(source)} --> {_name(target)}: {n}" for n, source, target in moves]
    return "\n".join([*lines, "```"])


def _name(state: State) -> str:
    return state.replace("-", "_")


def moves() -> str:
    rows = [
        (str(number), f"`{source}`", f"`{target}`", ", ".join(sorted(roles)), _REASONS[move])
        for number, (move, roles) in enumerate(MOVES.items(), 1)
        for source, target in [move]
    ]
    return table(("", "from", "to", "who", "when"), rows)
