"""Decisions on a post: approve, reject, hold and others, with the toast that each leaves."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.delivery.withdraw import Withdrawn
from publisher.ledger.manager.approvals import waits_for_undo
from publisher.ledger.manager.commands import Accounts, Versions
from publisher.ledger.manager.post_holds import can_be_held, can_be_released
from publisher.model.deliveries import Delivery
from publisher.model.states import ENDED_UNSENT, WAITING, State
from publisher.web import draft_view
from publisher.web.dependencies import post_address
from publisher.web.render import Offer, Toast


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a post, as a person asked for it."""

    app: Application
    actor: str
    post: str
    account: Accounts
    """The accounts of the deliveries; None: all."""
    reason: str
    seen: dict[int, str]
    """The digests of what the person saw, by delivery."""
    remote_ids: tuple[str, ...] = ()
    sure: bool = False
    """Whether they confirmed what cannot be undone."""
    versions: Versions = None
    """The versions of what the person rejects or holds; None: those of now."""
    page: str = ""
    """The address of the page that shows the post as they saw it; empty: the post's own."""


def carry_out(do: str, decision: Decision) -> Toast | str:
    """Carry out the decision named `do`. Raises UsageError for one that is incomplete."""
    action = _ACTIONS.get(do)
    if action is None:
        raise UsageError(_("This is not possible here."))
    if do in _NEED_A_REASON and not decision.reason:
        message = _("Say why, in a few words, for the record.")
        raise UsageError(message, hint=_("Go back and write a reason."))
    if do in _NEED_TO_BE_SURE and not decision.sure:
        message = _("This cannot be undone, so you have to confirm it.")
        raise UsageError(message, hint=_("Go back and tick the box above the button."))
    return action(decision)


CONCERNS: Mapping[str, Callable[[Delivery], bool]] = {
    "hold": lambda d: can_be_held(d) and d.manual_hold is None,
    "release": can_be_released,
    "cancel": lambda d: d.state in {*WAITING, State.FAILED},
    "retry": lambda d: d.state in {*ENDED_UNSENT, State.UNCERTAIN},
}
"""The deliveries for which the pages offer a decision."""

OF_AUTHORS = ("hold", "release")
"""The decisions that whoever wrote the post may take without being a manager."""


def digests(seen: Sequence[str]) -> dict[int, str]:
    pairs = (entry.partition(":") for entry in seen[:500])
    return {int(key): value for key, _, value in pairs if re.fullmatch(r"[0-9]{1,18}", key)}


def versions(seen: Sequence[str]) -> dict[int, int]:
    """The versions of deliveries that a person saw, from values like `12:3`."""
    pairs = (re.fullmatch(r"(\d{1,18}):(\d{1,9})", entry, re.ASCII) for entry in seen)
    return {int(pair[1]): int(pair[2]) for pair in pairs if pair}


def offer(app: Application, decided: Sequence[Delivery], actor: str, back: str) -> Offer | None:
    """The undo of what was just decided; None if nothing of it can be taken back."""
    seen = [f"{key}:{version}" for key, version in app.undo.possible(decided, actor).items()]
    return Offer(seen, back) if seen else None


def soon_out(app: Application, approved: Sequence[Delivery]) -> list[str]:
    """That some of what was approved goes out as soon as it cannot be undone any more."""
    waits = waits_for_undo(approved, app.clock)
    return [_("It goes out in ten seconds unless you undo it.")] if waits else []


def _decided(
    decision: Decision, done: Sequence[Delivery], text: str, *, warns: bool = False
) -> Toast:
    """The toast about a decision, which can be taken back as long as nothing comes of it."""
    back = decision.page or post_address(decision.post)
    return Toast(text, warns, offer(decision.app, done, decision.actor, back))


def _approve(decision: Decision) -> Toast:
    done = decision.app.approvals.approve(
        [decision.post], decision.account, decision.actor, decision.seen
    )
    held = [delivery for delivery in done if delivery.state is State.HELD]
    said = []
    if len(done) > len(held):
        said.append(_("Approved: {what}.", what=formats.deliveries(len(done) - len(held))))
        said += soon_out(decision.app, done)
    if held:
        said.append(_("Held: {what}.", what=formats.deliveries(len(held))))
        said += dict.fromkeys(_(delivery.reason) for delivery in held if delivery.reason)
    return _decided(decision, done, " ".join(said), warns=bool(held))


def _reject(decision: Decision) -> Toast:
    done = decision.app.approvals.reject(
        [decision.post],
        decision.account,
        decision.actor,
        decision.reason,
        decision.versions,
    )
    return _decided(decision, done, _("Sent back: {what}.", what=formats.deliveries(len(done))))


def _cancel(decision: Decision) -> str:
    done = decision.app.control.cancel(
        decision.post, decision.account, decision.actor, decision.reason
    )
    return _("Cancelled: {what}.", what=formats.deliveries(len(done)))


def _hold(decision: Decision) -> Toast:
    done = decision.app.holds.hold(
        decision.post,
        decision.account,
        decision.actor,
        decision.reason,
        decision.versions,
    )
    in_doubt = [delivery.account for delivery in done if delivery.may_be_out]
    toast = _("Held: {what}.", what=formats.deliveries(len(done) - len(in_doubt)))
    if in_doubt:
        toast += " " + _(
            "This may already be out, and is held if it is not: {names}.", names=", ".join(in_doubt)
        )
    return _decided(decision, done, toast, warns=bool(in_doubt))


def _release(decision: Decision) -> str:
    done = decision.app.holds.release(decision.post, decision.account, decision.actor)
    return _("Released: {what}.", what=formats.deliveries(len(done)))


def _retry(decision: Decision) -> str:
    if not decision.sure and (accounts := differing(decision.app, decision.post, decision.account)):
        message = _(
            "The draft differs from what would go out to {accounts}.",
            accounts=", ".join(accounts),
        )
        hint = _("Look at both, then decide: “Retry” sends what was on the schedule.")
        raise NotPossible(message, hint=hint)
    done = decision.app.control.retry(
        decision.post, decision.account, decision.actor, decision.seen
    )
    return _("On the schedule again: {what}.", what=formats.deliveries(len(done)))


def differing(app: Application, post: str, accounts: Accounts) -> list[str]:
    """Those of the accounts to which a retry would send something else than the draft says now."""
    pending = draft_view.waits(app, post)
    names = [row.account for row in pending.retried] if pending else []
    return [name for name in names if accounts is None or name in accounts]


def _acknowledge(decision: Decision) -> str:
    done = decision.app.control.acknowledge(
        decision.post, decision.account, decision.actor, decision.reason
    )
    return _("Left as it is: {what}.", what=formats.deliveries(len(done)))


def _resolve(decision: Decision) -> str:
    if not decision.remote_ids:
        message = _("Write the number that the platform shows for the post.")
        raise UsageError(message, hint=_("It is at the end of the post's address."))
    decision.app.control.resolve(
        decision.post, decision.account, decision.remote_ids, decision.actor
    )
    return _("It is recorded as published.")


def _withdraw(decision: Decision) -> Toast:
    return _taken_down(decision, decision.app.delivery.withdrawal.withdraw)


def _gone(decision: Decision) -> Toast:
    return _taken_down(decision, decision.app.delivery.withdrawal.found_gone)


def _taken_down(decision: Decision, act: Callable[..., Sequence[Withdrawn]]) -> Toast:
    done = act(decision.post, decision.account, actor=decision.actor, reason=decision.reason)
    problems = [
        _("{name}: {value}", name=one.delivery.account, value=one.problem)
        for one in done
        if one.problem
    ]
    said = []
    if withdrawn := len(done) - len(problems):
        said.append(_("Withdrawn: {what}.", what=formats.deliveries(withdrawn)))
    if problems:
        said.append(_("Not withdrawn: {what}", what="; ".join(problems)))
    return Toast(" ".join(said), warns=bool(problems))


_ACTIONS: Mapping[str, Callable[[Decision], Toast | str]] = {
    "approve": _approve,
    "reject": _reject,
    "cancel": _cancel,
    "hold": _hold,
    "release": _release,
    "retry": _retry,
    "acknowledge": _acknowledge,
    "resolve": _resolve,
    "withdraw": _withdraw,
    "gone": _gone,
}
_NEED_A_REASON = frozenset({"reject", "hold", "withdraw", "gone"})
_NEED_TO_BE_SURE = frozenset({"withdraw", "gone"})
