"""Breaches of what holds for corrections: edits that are not there, or pass one another."""

from collections.abc import Callable, Iterator
from unittest import mock

from publisher.channels import edits
from publisher.ledger import corrections
from publisher.model.deliveries import Delivery, Parcel, TargetStanding
from publisher.model.outcomes import Sighting
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.mutants import Mutant, Patch
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import ANSWERED, EDITED, EDITED_ON_FACEBOOK, TWO_EDITS


def _whatever_it_says_is_the_edit() -> Patch:
    def sighting(parcel: Parcel, *_: object, **__: object) -> Sighting:
        return edits.carried_out(parcel)

    return mock.patch.object(edits, "sighting", sighting)


def _an_answer_is_proof_enough() -> Patch:
    accepted = edits.accepted

    def trusting(parcel: Parcel, outcome: object, *, is_shown: bool = True) -> object:
        del is_shown
        return accepted(parcel, outcome)  # type: ignore[arg-type]

    return mock.patch.object(edits, "accepted", trusting)


def _the_withdrawal_is_not_looked_at() -> Patch:
    return mock.patch.object(corrections, "_not_out", return_value=None)


def _edits_pass_one_another() -> Patch:
    standing = corrections.standing

    def alone(connection: object, delivery: Delivery) -> TargetStanding:
        found = standing(connection, delivery)  # type: ignore[arg-type]
        if not found.waits_for or not found.original:
            return found
        return TargetStanding(corrections.target_of(found.original, ()), original=found.original)

    return mock.patch.object(corrections, "standing", alone)


def _last_request(*faults: tuple[Act, float]) -> Callable[[Scenario], Iterator[Plan]]:
    """What happens to the last request, which is that of the correction."""

    def plans(scenario: Scenario) -> Iterator[Plan]:
        requests = [step for step in run(scenario).steps if step.moment is Moment.REQUEST]
        yield tuple(Fault(requests[-1].number, act, value) for act, value in faults)

    return plans


def _everywhere(act: Act) -> Callable[[Scenario], Iterator[Plan]]:
    """A person's act at every step."""

    def plans(scenario: Scenario) -> Iterator[Plan]:
        for step in run(scenario).steps:
            yield (Fault(step.number, act),)

    return plans


def _first_request_of_two(scenario: Scenario) -> Iterator[Plan]:
    """The answer to the first of two edits comes late, or never; it has its effect later."""
    requests = [step for step in run(scenario).steps if step.moment is Moment.REQUEST]
    for act, value in ((Act.DONE_LATE, 3.0), (Act.NOT_DONE, 0.0), (Act.DEFERRED, 0.0)):
        yield (Fault(requests[1].number, act, value),)


MUTANTS: dict[str, Mutant] = {
    "whatever a post says is taken for its edit": (
        _whatever_it_says_is_the_edit, EDITED, _last_request((Act.NOT_DONE, 0.0))
    ),
    "an edit that is confirmed counts as made": (
        _an_answer_is_proof_enough, EDITED_ON_FACEBOOK, _last_request((Act.IGNORED, 0.0))
    ),
    "the withdrawal of what is corrected is not looked at": (
        _the_withdrawal_is_not_looked_at, ANSWERED, _everywhere(Act.WITHDRAW)
    ),
    "edits pass one another": (_edits_pass_one_another, TWO_EDITS, _first_request_of_two),
}  # fmt: skip
