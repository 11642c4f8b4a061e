"""docs/reliability.md: what the answers of Bluesky mean."""

import json

from publisher.model.outcomes import Answer, Step, Wire
from tests.docs.answers import NOW, Answers, Rows, body

MADE_PUBLIC = Step.REVEAL
"""The step in which a post becomes public."""


def _sky(status: int, error: str, message: str = "?") -> Answers:
    body = json.dumps({"error": error, "message": message})
    return (Answer(Wire.ANSWERED, NOW, status, {}, body),)


ROWS: Rows = (
    (
        "any other 400",
        (
            *_sky(400, "InvalidRequest", "Invalid app.bsky.feed.post record"),
            *_sky(400, "InvalidRequest"),
        ),
    ),
    (
        "`BlobTooLarge`, `PayloadTooLarge`",
        (*_sky(400, "BlobTooLarge"), *_sky(413, "PayloadTooLarge")),
    ),
    ("`BlobNotFound`, `InvalidSwap`", (*_sky(400, "BlobNotFound"), *_sky(400, "InvalidSwap"))),
    ("`ExpiredToken`, `InvalidToken`", (*_sky(400, "ExpiredToken"), *_sky(400, "InvalidToken"))),
    ("401, `AccountNotFound`", (*_sky(401, "AuthMissing"), *_sky(403, "AccountNotFound"))),
    (
        "`AccountTakedown`, `AccountDeactivated`",
        (*_sky(401, "AccountTakedown"), *_sky(401, "AccountDeactivated")),
    ),
    ("any other 403", _sky(403, "Forbidden")),
    ("429", (*_sky(429, "RateLimitExceeded"), *body("", 429))),
    ("a record with this key exists (500)", _sky(500, "InternalServerError")),
    (
        "3xx, 5xx; 4xx without an error of Bluesky's",
        (*body("", 302), *_sky(502, "UpstreamFailure"), *body("<html>", 400, 401, 403, 404, 500)),
    ),
)
