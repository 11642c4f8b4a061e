"""What the network says instead of an answer."""

from publisher.model.outcomes import Deferred, Kind, Step, Unknown
from tests.support.answers.kinds import (
    FACEBOOK,
    LINKEDIN,
    MASTODON,
    PREPARE,
    PUBLISH,
    READ,
    REVEAL,
    WITHDRAW,
    WORDPRESS,
    Row,
    X,
    no_answer,
    not_sent,
)

WIRE = [
    *(
        Row(f"{channel}, {step}, never sent: {reason}", channel, not_sent(reason), Deferred, Kind.UNAVAILABLE, step)
        for channel in (X, FACEBOOK, LINKEDIN, MASTODON, WORDPRESS, "bluesky")
        for step in Step
        for reason in ("connection refused", "its address was not found", "no secure connection", "time-out while connecting", "")
    ),
    *(
        Row(f"{channel}, {step}, no answer: {reason}", channel, no_answer(reason), expected, kind, step)
        for channel in (X, FACEBOOK, LINKEDIN, MASTODON, WORDPRESS, "bluesky")
        for step, expected, kind in (
            (PUBLISH, Unknown, None),
            (PREPARE, Deferred, Kind.UNAVAILABLE),
            (REVEAL, Unknown, None),
            (WITHDRAW, Unknown, None),
            (READ, Deferred, Kind.UNAVAILABLE),
        )
        for reason in ("time-out in reading", "connection reset", "the answer was cut off", "")
    ),
]  # fmt: skip
