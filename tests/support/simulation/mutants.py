"""The protocol, broken on purpose: with each of these, a promise must be seen to be broken."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any
from unittest import mock

from sqlalchemy import false

from publisher.delivery.courier import Courier, _at_hand
from publisher.delivery.leases import Leases
from publisher.delivery.slots import Departure
from publisher.ledger.dispatcher import claims as dispatch_module
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts import lookalikes
from publisher.ledger.doubts import reconciliation as doubts_module
from publisher.ledger.limits import refusals, suspensions
from publisher.ledger.manager.operations import Control
from publisher.ledger.transitions import Conflict, StateChange, change_all
from publisher.ledger.worker import attempts as attempts_module
from publisher.ledger.worker import intents as intents_module
from publisher.ledger.worker import results as results_module
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import (
    UNTIL_MENDED,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from publisher.planning.duplicates import Duplicates
from tests.support.simulation.history import Scenario, run, singles
from tests.support.simulation.parts import SimulatedApplication
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import (
    BRIEF,
    EMBARGO,
    FLEETING,
    ON_X,
    QUEUE,
    THREAD,
    TWINS,
)

Patch = AbstractContextManager[Any]
Mutant = tuple[Callable[[], Patch], Scenario, Callable[[Scenario], Iterator[Plan]]]
"""The breach, and the histories in one of which it must be seen."""


def _intent_after_the_request() -> Patch:
    def way_out(self: Courier, gathered: Sequence[Departure]) -> None:
        answers = self._threads.queue()
        for departure in gathered:
            self._clock.sleep_until(departure.delivery.not_before)
        with mock.patch.object(Courier, "_objection", return_value=None):
            self._client.leave(self._leaving(gathered, answers))
        for answered in _at_hand(answers, len(gathered)):
            known = {one.delivery.id: (how, at) for one, how, at in answered}
            intended = self._intend([one for one, _how, _at in answered])
            judged = self._judged([(one, *known[one.delivery.id]) for one in intended])
            self._results.write(*judged)

    return mock.patch.object(Courier, "_way_out", way_out)


def _retry_on_a_timeout() -> Patch:
    record = Attempts.record_all

    def retrying(self: Attempts, results: Sequence[Result]) -> list[Written]:
        return record(self, [_deferred(result) for result in results])

    def _deferred(result: Result) -> Result:
        if not isinstance(result.outcome, Unknown):
            return result
        return result._replace(outcome=Deferred(Kind.UNAVAILABLE, result.outcome.message))

    return mock.patch.object(Attempts, "record_all", retrying)


def _retry_after_a_death() -> Patch:
    """What late acknowledgement does: begun or not, it is due again."""
    reap = Dispatch.reap

    def reaping(self: Dispatch) -> int:
        with self._database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE deliveries SET intent_at = NULL")
        return reap(self)

    return mock.patch.object(Dispatch, "reap", reaping)


def _no_settling() -> Patch:
    return mock.patch.object(SimulatedApplication, "_settle", 0.0)


def _one_reading() -> Patch:
    return mock.patch.object(doubts_module, "_ENOUGH_ABSENCES", 1)


def _lease_shorter_than_a_request() -> Patch:
    for_timeout = Leases.for_timeout

    def short(timeout: Any) -> Leases:
        leases = for_timeout(timeout)
        return Leases(leases.claimed, leases.preparing, 1.0, leases.reading)

    return mock.patch.object(Leases, "for_timeout", short)


def _a_claim_is_worth_something_for_ever() -> Patch:
    def take_all(self: Attempts, claims: Sequence[Claim]) -> list[Delivery]:
        wanted = {claim.delivery for claim in claims}
        return [d for d in _all(self) if d.id in wanted and not d.remote_ids]

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Attempts, "take_all", take_all))
    stack.enter_context(no_fence(attempts_module))
    return stack


def _all(attempts: Attempts) -> list[Delivery]:
    from publisher.ledger.reading.queries import Queries  # noqa: PLC0415

    return Queries(attempts._database, attempts._clock).deliveries()


def no_fence(*modules: Any) -> Patch:
    """Whoever is late writes what it has all the same."""

    def forced(connection: Any, wishes: Sequence[StateChange]) -> list[Delivery]:
        try:
            return change_all(connection, wishes)
        except Conflict:
            with mock.patch("publisher.ledger.transitions.may_move", return_value=True):
                one_by_one = ([_as_it_stands(connection, wish)] for wish in wishes)
                return [change_all(connection, wish)[0] for wish in one_by_one]

    stack = ExitStack()
    for module in modules:
        stack.enter_context(mock.patch.object(module, "change_all", forced))
    stack.enter_context(
        mock.patch.object(
            attempts_module, "lock_free", lambda _, wanted: dict.fromkeys(wanted, _AnyVersion())
        )
    )
    return stack


class _AnyVersion:
    """Whoever reads it has just the version that it has."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _other: object) -> bool:
        return True

    def __add__(self, _other: int) -> "_AnyVersion":
        return self


def _as_it_stands(connection: Any, wish: StateChange) -> StateChange:
    query = "SELECT version, state, head FROM deliveries WHERE id = ?"
    row = connection.exec_driver_sql(query, (wish.delivery.id,)).one()
    stands = {"version": row.version, "state": State(row.state), "head": row.head}
    target = wish.target or wish.delivery.state
    return replace(wish, delivery=wish.delivery.model_copy(update=stands), target=target)


def _moved_is_overwritten() -> Patch:
    return no_fence(attempts_module)


def _pause_does_not_wait() -> Patch:
    return mock.patch.object(Control, "_await_requests", return_value=[])


def _pause_is_not_looked_at() -> Patch:
    return mock.patch.object(intents_module, "is_paused_or_suspended", return_value=False)


def _a_frozen_worker_sends() -> Patch:
    return mock.patch.object(Courier, "_objection", return_value=None)


def _a_wrong_clock_is_not_looked_at() -> Patch:
    stack = _the_dispatcher_alone_looks_at_the_clock()
    stack.enter_context(mock.patch.object(ClockCheck, "trouble", return_value=None))
    return stack


def _the_dispatcher_alone_looks_at_the_clock() -> ExitStack:
    stack = ExitStack()
    stack.enter_context(mock.patch.object(ClockCheck, "objection", return_value=None))
    return stack


def _nobody_takes_over() -> Patch:
    return mock.patch.object(Dispatch, "reap", return_value=0)


def _expiry_is_not_looked_at() -> Patch:
    stack = ExitStack()
    stack.enter_context(mock.patch.object(Dispatch, "expire", return_value=0))
    intend = Attempts.intend_all

    def intending(self: Attempts, intents: Sequence[Intent]) -> list[Written]:
        without = {"expires_at": None}
        return intend(
            self,
            [one._replace(delivery=one.delivery.model_copy(update=without)) for one in intents],
        )

    stack.enter_context(mock.patch.object(Attempts, "intend_all", intending))
    return stack


def _embargo_is_not_waited_for() -> Patch:
    class Hasty(Courier):
        def _build(self, deliveries: Sequence[Delivery]) -> None:
            super()._build(
                [
                    one.model_copy(update={"embargo_until": None, "next_check_at": one.due_at})
                    for one in deliveries
                ]
            )

    return mock.patch("publisher.delivery.services.Courier", Hasty)


def _what_was_put_off_leaves_with_its_claim() -> Patch:
    return mock.patch.object(Delivery, "send_at", property(lambda self: self.not_before))


def _the_expiry_is_looked_at_in_the_intent_alone() -> Patch:
    objection = Courier._objection

    def objecting(self: Courier, departure: Departure) -> Outcome | None:
        endless = departure.delivery.model_copy(update={"expires_at": None})
        return objection(self, replace(departure, delivery=endless))

    return mock.patch.object(Courier, "_objection", objecting)


def _a_thread_starts_over() -> Patch:
    record = Attempts.record_all

    def forgetting(self: Attempts, results: Sequence[Result]) -> list[Written]:
        after = record(self, results)
        if any(isinstance(one, Delivery) and one.state is State.SCHEDULED for one in after):
            with self._database.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE deliveries SET remote_ids = '[]'")
        return after

    return mock.patch.object(Attempts, "record_all", forgetting)


def _a_renamed_draft_is_new() -> Patch:
    return mock.patch.object(Duplicates, "refuse")


def _a_stop_is_forgotten() -> Patch:
    def forgetting(_delivery: Delivery, target: State) -> tuple[State, dict[str, Any]]:
        return target, {"pending_stop": None}

    return mock.patch.object(doubts_module, "obeyed", forgetting)


def _whatever_is_seen_is_its_own() -> Patch:
    return mock.patch.object(lookalikes, "comes_first", return_value=False)


def _a_suspension_never_ends() -> Patch:
    def suspend(
        connection: Any, account: str, outcome: AccountSuspended, now: Any
    ) -> AccountSuspended:
        return suspensions.suspend(
            connection, account, replace(outcome, until=None, backoff=()), now
        )

    return mock.patch.object(refusals, "suspend", suspend)


def _a_refusal_is_taken_for_the_accounts() -> Patch:
    def weighed(_connection: Any, _delivery: Delivery, outcome: Outcome, _now: Any) -> Outcome:
        if isinstance(outcome, Refused):
            return AccountSuspended(Kind.PERMISSION, outcome.message, backoff=UNTIL_MENDED)
        return outcome

    return mock.patch.object(results_module, "weighed", weighed)


def _made_anew(module: ModuleType) -> Any:
    """A module whose statements, which are built once, are built once more."""
    spec = find_spec(module.__name__)
    assert spec
    assert spec.loader
    fresh = module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh


def _many_ask_at_once() -> Patch:
    with mock.patch.object(suspensions, "waits_its_turn", return_value=false()):
        dispatch = _made_anew(dispatch_module)
    return mock.patch.object(dispatch_module, "DUE", dispatch.DUE)


def _at(scenario: Scenario, moment: Moment, *acts: tuple[Act, float]) -> Iterator[Plan]:
    """These acts, all at the first step of this kind."""
    number = next(step.number for step in run(scenario).steps if step.moment is moment)
    yield tuple(Fault(number, act, value) for act, value in acts)


def _nothing(_scenario: Scenario) -> Iterator[Plan]:
    """The protocol is so broken that nothing need go wrong."""
    yield ()


def only(scenario: Scenario, *acts: Act) -> Iterator[Plan]:
    """The single faults of these kinds."""
    return (plan for plan in singles(scenario) if plan[0].act in acts)


def _late_reading(scenario: Scenario) -> Iterator[Plan]:
    """No answer, a lagging timeline, and of the readings one that shows what was long ago."""
    (plan,) = _at(scenario, Moment.REQUEST, (Act.ANSWER_LOST, 0), (Act.LAGS, 50))
    for step in run(scenario, plan).steps:
        if step.moment is Moment.READING:
            yield (*plan, Fault(step.number, Act.STALE, 300))


def _pause_while_frozen(scenario: Scenario) -> Iterator[Plan]:
    yield from _at(scenario, Moment.REQUEST, (Act.PAUSE, 0), (Act.FREEZE, 4))


def _cancelled_in_doubt(scenario: Scenario) -> Iterator[Plan]:
    (failing,) = _at(scenario, Moment.REQUEST, (Act.NOT_DONE, 0))
    for step in run(scenario, failing).steps:
        if step.moment is Moment.READING:
            yield (*failing, Fault(step.number, Act.CANCEL))


def _the_later_one_looks_first(scenario: Scenario) -> Iterator[Plan]:
    """Both are out and in doubt; the later one's post shows only after the earlier is absent."""
    (plan,) = _at(scenario, Moment.REQUEST, (Act.ANSWER_LOST, 0))
    for moment, nth, fault in (
        (Moment.READING, 0, (Act.STALE, 300)),
        (Moment.REQUEST, 1, (Act.DONE_LATE, 58)),
    ):
        steps = [step.number for step in run(scenario, plan).steps if step.moment is moment]
        plan = (*plan, Fault(steps[nth], *fault))
    yield plan


MUTANTS: dict[str, Mutant] = {
    "the intent is written after the request": (
        _intent_after_the_request, ON_X, lambda s: only(s, Act.DIE)
    ),
    "a time-out is tried again": (_retry_on_a_timeout, ON_X, lambda s: only(s, Act.ANSWER_LOST)),
    "what a dead worker had is tried again": (
        _retry_after_a_death, ON_X, lambda s: only(s, Act.DIE)
    ),
    "an absence counts at once": (_no_settling, ON_X, lambda s: only(s, Act.DONE_LATE)),
    "an absence counts after one reading": (_one_reading, ON_X, _late_reading),
    "the lease is shorter than a request": (
        _lease_shorter_than_a_request, ON_X, _pause_while_frozen
    ),
    "a claim is not fenced": (
        _a_claim_is_worth_something_for_ever, ON_X, lambda s: only(s, Act.DOUBLED, Act.DELAYED)
    ),
    "a late worker overwrites what was decided": (
        _moved_is_overwritten, ON_X, lambda s: only(s, Act.FREEZE)
    ),
    "pause does not wait for what is under way": (
        _pause_does_not_wait, ON_X, lambda s: only(s, Act.PAUSE)
    ),
    "pause is not looked at again": (_pause_is_not_looked_at, ON_X, lambda s: only(s, Act.PAUSE)),
    "a frozen worker sends": (_a_frozen_worker_sends, ON_X, lambda s: only(s, Act.FREEZE)),
    "a wrong clock is not looked at": (
        _a_wrong_clock_is_not_looked_at, ON_X, lambda s: only(s, Act.WRONG)
    ),
    "the dispatcher alone looks at the clock": (
        _the_dispatcher_alone_looks_at_the_clock, ON_X, lambda s: only(s, Act.WRONG)
    ),
    "nobody takes over from the dead": (_nobody_takes_over, ON_X, lambda s: only(s, Act.DIE)),
    "the expiry is not looked at": (
        _expiry_is_not_looked_at, BRIEF, lambda s: only(s, Act.FREEZE)
    ),
    "the embargo is not waited for": (_embargo_is_not_waited_for, EMBARGO, _nothing),
    "what was put off leaves with its claim": (
        _what_was_put_off_leaves_with_its_claim, ON_X, lambda s: only(s, Act.DEFERRED)
    ),
    "the expiry is looked at in the intent alone": (
        _the_expiry_is_looked_at_in_the_intent_alone, FLEETING, lambda s: only(s, Act.FREEZE)
    ),
    "a thread starts over": (_a_thread_starts_over, THREAD, lambda s: only(s, Act.DEFERRED)),
    "a renamed draft counts as new": (
        _a_renamed_draft_is_new, ON_X, lambda s: only(s, Act.RENAME)
    ),
    "a suspension never ends": (
        _a_suspension_never_ends, ON_X, lambda s: only(s, Act.HELD, Act.OUTAGE)
    ),
    "a refusal is taken for the account's": (
        _a_refusal_is_taken_for_the_accounts, ON_X, lambda s: only(s, Act.ALIKE)
    ),
    "many ask at once whether an account goes on": (
        _many_ask_at_once, QUEUE, lambda s: _at(s, Moment.REQUEST, (Act.OUTAGE, 100))
    ),
    "a stop is forgotten": (_a_stop_is_forgotten, ON_X, _cancelled_in_doubt),
    "whatever is seen is its own": (
        _whatever_is_seen_is_its_own, TWINS, _the_later_one_looks_first
    ),
}  # fmt: skip
