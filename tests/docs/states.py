"""docs/states.md: the drawing and the table of all moves."""

from publisher.model.states import MOVES, Role, State
from tests.docs.tables import table

_S = State
_EXPIRED = "Its expiry has passed."
_FORGOTTEN = "The ledger was restored, and it was due since the backup: it may be out."
_FORGOTTEN_OR_OTHERWISE = (
    f"{_FORGOTTEN} Or it fell due while nothing was at work. Or the platform made an earlier text "
    "public."
)
_ON_ITS_OWN = "The platform made it public on its own."
_STOPPED = "It was stopped meanwhile, and is not out, or not whole."
_TO_APPROVE = (
    "Queued again, where approval is required; or an approval or a rejection was taken back."
)
_APPROVED = "It is approved; or queued again, where no approval is required."
_MENDED = (
    "What was wrong is mended, and it was queued again; or `publisher release`, `publisher retry`."
)
_HOLD = (
    "Its agenda item is cancelled, or a consent has ended; or `publisher hold`; or its platform made "
    "the same text public on its own, when the draft had another name."
)
_STILL_HELD = "Queued again or retried, while a reason to hold it stands."
_CANCEL = "Its draft is gone, no longer names the account, or has no time; or `publisher cancel`."
_PARTS_WITHDRAWN = "Withdrawn too: the parts of a thread that were out."
_REASONS: dict[tuple[State, State], str] = {
    **{
        (source, _S.AWAITING_APPROVAL): _TO_APPROVE
        for source in (_S.REJECTED, _S.SCHEDULED, _S.HELD, _S.FAILED, _S.MISSED, _S.CANCELLED)
    },
    (
        _S.PUBLISHING,
        _S.AWAITING_APPROVAL,
    ): "Edited and queued again while in hand, and not out; or an approval was taken back.",
    (_S.UNCERTAIN, _S.AWAITING_APPROVAL): "Not out, or not whole, and nobody has approved it.",
    (_S.AWAITING_APPROVAL, _S.REJECTED): "`publisher reject`.",
    (_S.SCHEDULED, _S.REJECTED): "`publisher reject`; or an approval after a rejection was taken "
    "back.",
    (_S.PUBLISHING, _S.REJECTED): _STOPPED,
    (_S.UNCERTAIN, _S.REJECTED): _STOPPED,
    (_S.AWAITING_APPROVAL, _S.SCHEDULED): _APPROVED,
    (_S.REJECTED, _S.SCHEDULED): _APPROVED,
    (_S.PUBLISHING, _S.SCHEDULED): "It is certainly not out, and may go out later: a pause, a "
    "refusal for now, no connection, or a process that ended before anything was sent.",
    (
        _S.UNCERTAIN,
        _S.SCHEDULED,
    ): "Not there in two readings after the settling time; or more parts "
    "are to come; or `publisher retry`.",
    **{(source, _S.SCHEDULED): _MENDED for source in (_S.HELD, _S.FAILED, _S.MISSED, _S.CANCELLED)},
    (_S.SCHEDULED, _S.PUBLISHING): "It falls due within fifteen seconds: a worker gets it.",
    (
        _S.UNCERTAIN,
        _S.PUBLISHING,
    ): "Not there, and the platform takes a repeated request once: sent again.",
    (_S.PUBLISHING, _S.PUBLISHED): "The platform took it, the last part included.",
    (_S.UNCERTAIN, _S.PUBLISHED): "Found on the platform, whole; or `publisher resolve`.",
    **{
        (source, _S.PUBLISHED): _ON_ITS_OWN
        for source in (
            _S.AWAITING_APPROVAL,
            _S.REJECTED,
            _S.SCHEDULED,
            _S.HELD,
            _S.FAILED,
            _S.MISSED,
            _S.CANCELLED,
        )
    },
    (_S.PUBLISHING, _S.UNCERTAIN): "It may be out: no answer, an answer that cannot be read, or a "
    "worker that died while it was sending.",
    (_S.SCHEDULED, _S.UNCERTAIN): _FORGOTTEN_OR_OTHERWISE,
    **{
        (source, _S.UNCERTAIN): _FORGOTTEN
        for source in (
            _S.AWAITING_APPROVAL,
            _S.REJECTED,
            _S.HELD,
            _S.FAILED,
            _S.MISSED,
            _S.CANCELLED,
        )
    },
    (_S.PUBLISHING, _S.FAILED): "The platform refused it for good.",
    (
        _S.UNCERTAIN,
        _S.FAILED,
    ): "The platform called it a duplicate, and an older post has its text.",
    **{
        (source, _S.MISSED): _EXPIRED
        for source in (
            _S.AWAITING_APPROVAL,
            _S.REJECTED,
            _S.SCHEDULED,
            _S.HELD,
            _S.PUBLISHING,
        )
    },
    (_S.AWAITING_APPROVAL, _S.HELD): _HOLD,
    (_S.SCHEDULED, _S.HELD): _HOLD,
    (_S.REJECTED, _S.HELD): _HOLD,
    (_S.PUBLISHING, _S.HELD): _STOPPED,
    (_S.UNCERTAIN, _S.HELD): _STOPPED,
    **{(source, _S.HELD): _STILL_HELD for source in (_S.FAILED, _S.MISSED, _S.CANCELLED)},
    **{
        (source, _S.CANCELLED): _CANCEL
        for source in (_S.AWAITING_APPROVAL, _S.REJECTED, _S.SCHEDULED, _S.HELD)
    },
    (_S.PUBLISHING, _S.CANCELLED): _STOPPED,
    (_S.UNCERTAIN, _S.CANCELLED): _STOPPED,
    (_S.FAILED, _S.CANCELLED): "`publisher cancel`.",
    (
        _S.PUBLISHED,
        _S.WITHDRAWN,
    ): "`publisher withdraw`: deleted, and confirmed by the platform, at "
    "once or when a worker tried again.",
    **{(source, _S.WITHDRAWN): _PARTS_WITHDRAWN for source in (_S.FAILED, _S.MISSED, _S.CANCELLED)},
}
_BY_ITSELF = frozenset({Role.DISPATCHER, Role.WORKER, Role.RECONCILER})
_RARE = frozenset({_FORGOTTEN, _FORGOTTEN_OR_OTHERWISE, _ON_ITS_OWN})


def by_itself() -> str:
    """The moves that need no person, but for the rare ones and those of a withdrawal."""
    drawn = [
        f"    {_name(source)} --> {_name(target)}"
        for (source, target), movers in MOVES.items()
        if movers & _BY_ITSELF
        and _REASONS[source, target] not in _RARE
        and target is not State.WITHDRAWN
    ]
    first = f'    state "{State.AWAITING_APPROVAL}" as {_name(State.AWAITING_APPROVAL)}'
    return "\n".join(["```mermaid", "stateDiagram-v2", first, *drawn, "```"])


def _name(state: State) -> str:
    return state.replace("-", "_")


def moves() -> str:
    """The moves to one state for one reason stand in one row, with all who may make them."""
    alike: dict[tuple[State, str], list[tuple[State, frozenset[Role]]]] = {}
    for (source, target), roles in MOVES.items():
        alike.setdefault((target, _REASONS[source, target]), []).append((source, roles))
    order = list(State)
    rows = sorted(alike.items(), key=lambda row: order.index(row[0][0]))
    return table(
        ("to", "from", "who", "when"),
        (
            (
                f"`{to}`",
                ", ".join(f"`{source}`" for source, _ in moved),
                ", ".join(sorted(frozenset().union(*(roles for _, roles in moved)))),
                why,
            )
            for (to, why), moved in rows
        ),
    )
