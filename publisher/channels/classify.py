"""What a platform's answer to a request means for a delivery: one pure function.

The rule behind every row: only what provably never became public is refused; a time-out after
sending, a reset, a 5xx or a 2xx that cannot be read leaves the outcome unknown, and nothing
is sent again before the platform was read. The rows come from X's and Meta's documentation, and
from what was seen of them; tests/support/answers/ lists them.

Messages are for the manager: what happened and what to do next, without addresses or secrets.
"""

from dataclasses import replace
from typing import Literal, overload

from publisher.base.i18n import _
from publisher.channels import rate_limits
from publisher.channels.answers import DEFAULT_REST, doubt, unread
from publisher.channels.facebook import answers as facebook
from publisher.channels.twitter import answers as twitter
from publisher.model.outcomes import Answer, Deferred, Kind, Outcome, Reading, Step, Wire

__all__ = ["DEFAULT_REST", "meaning", "unreadable"]

_NAMES = {"twitter": "X", "facebook": "Facebook"}
_MEANINGS = {"twitter": twitter.meaning, "facebook": facebook.meaning}
_APP_RESTS = {"twitter": twitter.app_rest, "facebook": facebook.app_rest}
_READINGS = {"twitter": twitter.reading, "facebook": facebook.reading}


@overload
def meaning(channel: str, answer: Answer, step: Literal[Step.READ]) -> Reading: ...
@overload
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome: ...
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome:
    """What `answer` to a request of `channel` (`twitter` or `facebook`) means, and what it tells of
    the limits: the account's, and its app's.
    """
    name = _NAMES[channel]
    if answer.wire is Wire.NOT_SENT:
        what = _(
            "{name} could not be reached ({reason})",
            name=name,
            reason=answer.reason or _("no connection"),
        )
        if step is Step.READ:
            return unread(what)
        return Deferred(
            Kind.UNAVAILABLE, _("{what}. Nothing was sent; it will be tried again.", what=what)
        )
    if answer.wire is Wire.NO_ANSWER:
        what = _(
            "{name} gave no answer ({reason})",
            name=name,
            reason=answer.reason or _("connection lost"),
        )
        return doubt(what, step)
    means = _READINGS[channel](answer) if step is Step.READ else _MEANINGS[channel](answer, step)
    return replace(
        means,
        limits=rate_limits.limits(channel, answer, step),
        app_rests_until=_APP_RESTS[channel](answer, step),
    )


def unreadable(channel: str) -> Deferred:
    """What an answer means that should tell what is on the platform, and does not."""
    return unread(_("{platform} gave an answer that cannot be used", platform=_NAMES[channel]))
