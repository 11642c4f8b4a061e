"""What people said, disregarded on purpose: a promise must be seen to be broken."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest import mock

from sqlalchemy import Connection

from publisher.ledger import enqueue as ledger_module
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager import consent_holds as consent_holds_module
from publisher.ledger.manager.consent_holds import Safeguards
from publisher.ledger.worker import attempts as attempts_module
from publisher.ledger.worker import intents as intents_module
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery, Prepared, Wish
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.planning import diff as comparison_module
from publisher.planning.edits import kind_of_edit
from publisher.planning.plan import Change
from tests.support.simulation.channels import Simulated
from tests.support.simulation.drafting import Drafting
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.mutants import Mutant, Patch, no_fence, only
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import APPROVED, ON_FACEBOOK, ON_X, UNNAMED


def _approval_is_not_looked_at() -> Patch:
    return mock.patch.object(intents_module, "is_approved", return_value=True)


def _an_edit_keeps_the_approval() -> Patch:
    """Each net alone would hold: the state, the columns, and the look before the intent."""
    edit = Ledger._edit

    def editing(
        self: Ledger, connection: Connection, delivery: Delivery, wish: Wish, *more: Any
    ) -> None:
        if delivery.approved_by and wish.state is State.AWAITING_APPROVAL:
            wish = wish.model_copy(update={"state": State.SCHEDULED})
        edit(self, connection, delivery, wish, *more)

    def is_approved(delivery: Delivery, rule: ApprovalRule) -> bool:
        return delivery.approved_by is not None or not rule.required

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Ledger, "_edit", editing))
    stack.enter_context(mock.patch.object(ledger_module, "NOT_APPROVED", {}))
    stack.enter_context(mock.patch.object(intents_module, "is_approved", is_approved))
    return stack


def _a_hold_is_overwritten() -> Patch:
    return no_fence(attempts_module)


def _a_consent_is_not_looked_for() -> Patch:
    return mock.patch.object(Safeguards, "hold", return_value=[])


def _a_consent_is_the_drafts_alone() -> Patch:
    return mock.patch.object(consent_holds_module, "digests_of", return_value=set())


def _an_edit_brings_back_what_was_cancelled() -> Patch:
    return mock.patch.object(comparison_module, "may_come_back", return_value=True)


def _queueing_lets_go_what_was_rejected() -> Patch:
    def kind(wish: Wish, delivery: Delivery) -> Change | None:
        is_rejected = delivery.state is State.REJECTED and wish.state is State.SCHEDULED
        return Change.EDIT if is_rejected else kind_of_edit(wish, delivery)

    return mock.patch.object(comparison_module, "kind_of_edit", kind)


def _queueing_lets_go_what_somebody_holds() -> Patch:
    edit = Ledger._edit

    def without_halt(delivery: Delivery) -> Delivery:
        return delivery.model_copy(update={"manual_hold": None})

    def editing(
        self: Ledger, connection: Connection, delivery: Delivery, wish: Wish, *more: Any
    ) -> None:
        edit(self, connection, without_halt(delivery), wish, *more)

    def kind(wish: Wish, delivery: Delivery) -> Change | None:
        return kind_of_edit(wish, without_halt(delivery))

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Ledger, "_edit", editing))
    stack.enter_context(mock.patch.object(comparison_module, "kind_of_edit", kind))
    return stack


def _a_deletion_is_taken_for_done() -> Patch:
    def withdraw(self: Simulated, remote_id: str, prepared: Prepared | None = None) -> Accepted:
        self._platform.delete(remote_id)
        return Accepted(remote_id)

    return mock.patch.object(Simulated, "withdraw", withdraw)


def _a_success_is_not_looked_at() -> Patch:
    return mock.patch.object(Drafting, "_unseen", staticmethod(lambda outcome: outcome))


def _while_it_rests(first: Act, second: Act, scenario: Scenario) -> Iterator[Plan]:
    """The account rests, so that it is on the schedule; then the one, and at its end the other."""
    request = next(s.number for s in run(scenario).steps if s.moment is Moment.REQUEST)
    plan: Plan = (Fault(request, Act.HELD, 30),)
    answered = next(s.number for s in run(scenario, plan).steps if s.moment is Moment.ANSWERED)
    plan = (*plan, Fault(answered + 2, first))
    ended = [step.number for step in run(scenario, plan).steps if step.process == f"{first}-1"]
    yield (*plan, Fault(ended[-1], second))


def _not_deleted(scenario: Scenario) -> Iterator[Plan]:
    last = run(scenario).steps[-1].number
    plan = (Fault(last, Act.WITHDRAW),)
    for step in run(scenario, plan).steps:
        if step.moment is Moment.DELETION:
            yield (*plan, Fault(step.number, Act.NOT_DONE))


MUTANTS: dict[str, Mutant] = {
    "an approval is not looked at before the intent": (
        _approval_is_not_looked_at, ON_X, lambda s: _everywhere(s, Act.RULE)
    ),
    "an edit keeps the approval": (
        _an_edit_keeps_the_approval, APPROVED, lambda s: only(s, Act.EDIT)
    ),
    "a late worker overwrites a hold": (
        _a_hold_is_overwritten, APPROVED, lambda s: only(s, Act.CALL_OFF)
    ),
    "a success is not looked at": (
        _a_success_is_not_looked_at, ON_FACEBOOK, lambda s: only(s, Act.IGNORED)
    ),
    "a consent is not looked for": (
        _a_consent_is_not_looked_for, APPROVED, lambda s: only(s, Act.WITHDRAW_CONSENT)
    ),
    "a consent is the draft's and not the picture's": (
        _a_consent_is_the_drafts_alone, UNNAMED, lambda s: only(s, Act.WITHDRAW_CONSENT)
    ),
    "an edit brings back what was cancelled": (
        _an_edit_brings_back_what_was_cancelled, ON_X, lambda s: _while_it_rests(Act.CANCEL, Act.EDIT, s)
    ),
    "queueing lets go what was rejected": (
        _queueing_lets_go_what_was_rejected, ON_X, lambda s: _while_it_rests(Act.REJECT, Act.QUEUE_AGAIN, s)
    ),
    "queueing lets go what somebody holds": (
        _queueing_lets_go_what_somebody_holds, ON_X, lambda s: _while_it_rests(Act.HALT, Act.QUEUE_AGAIN, s)
    ),
    "a deletion is taken for done": (_a_deletion_is_taken_for_done, APPROVED, _not_deleted),
}  # fmt: skip


def _everywhere(scenario: Scenario, act: Act) -> Iterator[Plan]:
    return ((Fault(step.number, act),) for step in run(scenario).steps)
