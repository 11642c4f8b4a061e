"""Text about late posts, the same in commands, on pages and in notices."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from publisher.base.i18n import _, later, plural
from publisher.channels.registry import in_sentence
from publisher.ledger.reading.lateness import Cause, Late, LateGroup
from publisher.model.outcomes import Kind

_ORDER = (
    Cause.CLOCK, Cause.NOT_TAKEN, Cause.IN_HAND, Cause.UNCERTAIN, Cause.SUSPENDED, Cause.SPACED,
)  # fmt: skip
"""The order of the causes; refusals come last, by platform."""
_KINDS: Mapping[Kind, str] = {
    Kind.CONTENT: later("because of their content"),
    Kind.AUTH: later("the keys are not accepted"),
    Kind.PERMISSION: later("the keys do not permit it"),
    Kind.RATE_LIMIT: later("a limit of the account is used up"),
    Kind.APP_LIMIT: later("a limit of the app is used up"),
    Kind.DUPLICATE: later("it already has the text"),
    Kind.POLICY: later("its rules forbid it"),
    Kind.UNAVAILABLE: later("it does not work, or cannot be reached"),
    Kind.UNKNOWN_OUTCOME: later("its answer did not arrive"),
    Kind.EXPIRED: later("it is too late"),
    Kind.CLOCK: later("the clock of this machine is wrong"),
}
"""What a platform has against a post, in brackets."""


def in_words(
    late: Late,
    zone: tzinfo,
    trouble: str = "",
    spelled: Callable[[datetime], str] = "{:%Y-%m-%d %H:%M %Z}".format,
) -> str:
    """Describe the late posts and the cause: `5 posts are late, the first since …`.

    `trouble` is a problem of the environment, which is then the cause. No post is named: it may be
    under embargo. `spelled` formats an instant in `zone`.
    """
    since = spelled(late.since.astimezone(zone))
    told = plural(
        "{number} post is late, since {since}.",
        "{number} posts are late, the first since {since}.",
        late.number,
        since=since,
    )
    return f"{told} {trouble or ' '.join(_reasons(late))}"


def _reasons(late: Late) -> Sequence[str]:
    numbers = late.by_cause()
    refused = [group for group in late.groups if group.cause is Cause.REFUSED]
    return [
        *(_of_cause(cause, numbers[cause]) for cause in _ORDER if cause in numbers),
        *map(_of_platform, sorted(refused, key=lambda group: group.channel)),
    ]


def _of_platform(group: LateGroup) -> str:
    return plural(
        "{platform} does not accept {number} of them ({kind}); Publisher tries it again.",
        "{platform} does not accept {number} of them ({kind}); Publisher tries them again.",
        group.number,
        platform=in_sentence(group.channel),
        kind=_(_KINDS[group.kind] if group.kind else later("for a reason that is not known")),
    )


def _of_cause(cause: Cause, number: int) -> str:
    match cause:
        case Cause.CLOCK:
            return plural(
                "{number} waits until the clock is right.",
                "{number} wait until the clock is right.",
                number,
            )
        case Cause.NOT_TAKEN:
            return plural(
                "{number} is not taken up by any dispatcher.",
                "{number} are not taken up by any dispatcher.",
                number,
            )
        case Cause.IN_HAND:
            return plural(
                "A worker has {number} in hand.", "Workers have {number} in hand.", number
            )
        case Cause.UNCERTAIN:
            return plural(
                "It is not known whether {number} is out; Publisher looks on the platform.",
                "It is not known whether {number} are out; Publisher looks on the platforms.",
                number,
            )
        case Cause.SUSPENDED:
            return plural(
                "{number} waits until its platform accepts more from its account.",
                "{number} wait until their platforms accept more from their accounts.",
                number,
            )
        case _:
            return plural(
                "{number} goes out when its turn comes.",
                "{number} go out one after the other.",
                number,
            )
