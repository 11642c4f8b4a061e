"""Plans and schedules at random, for Hypothesis to search and to shrink."""

from random import Random

from hypothesis import strategies as st

from tests.support.simulation.plan import (
    PERSON,
    SOMEWHERE,
    Act,
    Fault,
    Moment,
    Plan,
    Step,
    possible,
)

_LAST_STEP = 140
_MOST_FAULTS = 5
EVERY = sorted(
    {
        (fault.act, fault.value)
        for moment in Moment
        for fault in possible(Step(0, moment, "", "", 0.0))
    }
    | {(act, 0.0) for act in PERSON}
)
Aim = tuple[Moment | None, Act, float]
"""What goes wrong at the next step of a kind; None: of any kind."""
_OF_A_PROCESS = [(Act.DIE, 0.0), (Act.FREEZE, 4.0), (Act.FREEZE, 45.0), (Act.FREEZE, 200.0)]
ANSWERS: list[Aim] = [
    (moment, act, value) for moment, acts in SOMEWHERE.items() for act, value in acts
]
TROUBLES: list[Aim] = [
    (moment, act, value)
    for moment in (None, *Moment)
    for act, value in _OF_A_PROCESS
    if moment is not Moment.COMMAND
]
_AT_MOST_ONE = frozenset({Act.STALE})
"""Two readings in a row from long ago are beyond the promise, as a long lag is."""


def _within_the_promise(plan: Plan) -> bool:
    acts = [fault.act for fault in plan]
    # Nor does it hold where a list shows late what was public early, without an answer.
    is_shown = not {Act.STALE, Act.PUBLISHES_EARLY} <= {*acts}
    return is_shown and all(acts.count(act) <= 1 for act in _AT_MOST_ONE)


def plans() -> st.SearchStrategy[Plan]:
    """Up to five faults, of any kind, at any of the first steps.

    A fault that its step cannot have does nothing.
    """
    fault = st.builds(
        lambda step, what: Fault(step, *what),
        st.integers(1, _LAST_STEP),
        st.sampled_from(EVERY),
    )
    faults = st.lists(fault, min_size=1, max_size=_MOST_FAULTS)
    return faults.map(_in_order).filter(_within_the_promise)


def _in_order(faults: list[Fault]) -> Plan:
    return tuple(sorted(faults, key=lambda fault: fault.step))


def draw(random: Random) -> Plan:
    """The same, for searches that run for hours on several processors."""
    while True:
        faults = [
            Fault(random.randint(1, _LAST_STEP), *random.choice(EVERY))
            for _ in range(random.randint(1, _MOST_FAULTS))
        ]
        if _within_the_promise(plan := _in_order(faults)):
            return plan
