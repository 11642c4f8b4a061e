"""What a platform's answer to a request means for a delivery: one pure function.

The rule behind every row: only what provably never became public is refused; a time-out after
sending, a reset, a 5xx or a 2xx that cannot be read leaves the outcome unknown, and nothing
is sent again before the platform was read. The rows come from X's and Meta's documentation, and
from what was seen of them; tests/test_outcome.py lists them.

Messages are for the manager: what happened and what to do next, without addresses or secrets.
"""

from publisher.meaning import facebook, twitter
from publisher.meaning.common import DEFAULT_REST, doubt
from publisher.outcome import Answer, Deferred, Kind, Outcome, Step, Wire

__all__ = ["DEFAULT_REST", "meaning"]

_PLATFORMS = {"twitter": ("X", twitter.meaning), "facebook": ("Facebook", facebook.meaning)}


def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome:
    """What `answer` to a request of `channel` (`twitter` or `facebook`) means."""
    name, of_answer = _PLATFORMS[channel]
    if answer.wire is Wire.NOT_SENT:
        return Deferred(
            Kind.UNAVAILABLE,
            f"{name} could not be reached ({answer.reason or 'no connection'}). "
            "Nothing was sent; it will be tried again.",
        )
    if answer.wire is Wire.NO_ANSWER:
        return doubt(f"{name} gave no answer ({answer.reason or 'connection lost'})", step)
    return of_answer(answer, step)
