"""Remedies: what a person can do about a delivery in trouble, each a link to where it is done.

Only what can work is offered, and only to those who may do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.app import Application
from publisher.base.i18n import _
from publisher.ledger.manager.operations import can_be_retried
from publisher.ledger.manager.post_holds import can_be_released
from publisher.ledger.manager.rights import Person, Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.model.deliveries import Delivery
from publisher.model.states import ENDED_UNSENT, State
from publisher.model.visibility import Visibility
from publisher.planning.edits import may_come_back
from publisher.web.dependencies import post_address


@dataclass(frozen=True, slots=True)
class Remedy:
    """An act on a post's page, or its page for a new time."""

    label: str
    address: str
    is_danger: bool = False


def of(app: Application, person: Person, deliveries: Sequence[Delivery]) -> list[Remedy]:
    """The remedies for deliveries of one post in the same state; none where nothing is wrong."""
    first, page = deliveries[0], post_address(deliveries[0].post)
    is_still_out = first.withdrawn_ids is not None and bool(first.remote_ids)
    if not (first.is_unresolved or is_still_out or first.state in (State.UNCERTAIN, State.HELD)):
        return []
    accounts, now = [d.account for d in deliveries], app.clock.now()
    found: list[Remedy] = []
    if app.rights.permits(person, Rank.STAFF, accounts) and _can_be_moved(app, first, now):
        found.append(Remedy(_("Give it a new time"), f"{page}/move"))
    if not app.rights.permits(person, Rank.MANAGER, accounts):
        return found
    seen = Visibility.of(first)
    if first.state is State.UNCERTAIN:
        found.append(Remedy(_("It is out"), f"{page}#do-resolve"))
    if can_be_retried(first, now):
        label = _("Send the rest") if seen.is_partial else _("Retry")
        found.append(Remedy(label, f"{page}#do-retry"))
    if first.state is State.HELD and can_be_released(first):
        found.append(Remedy(_("Release"), f"{page}#do-release"))
    if first.remote_ids and first.state in WITHDRAWABLE and not first.content.edits:
        label = _("Take down what is out") if seen.is_partial else _("Withdraw")
        found.append(Remedy(label, f"{page}#do-withdraw", is_danger=True))
    if is_still_out:
        found.append(Remedy(_("It is gone"), f"{page}#do-gone"))
    elif first.is_unresolved:
        found.append(Remedy(_("Leave it as it is"), f"{page}#do-acknowledge"))
    return found


def _can_be_moved(app: Application, delivery: Delivery, now: datetime) -> bool:
    """Whether a new time brings it back: it ended unsent, its time is over, its draft exists."""
    return (
        delivery.state in ENDED_UNSENT
        and delivery.not_before <= now
        and may_come_back(delivery)
        and (app.settings.posts / f"{delivery.post}.md").is_file()
    )
