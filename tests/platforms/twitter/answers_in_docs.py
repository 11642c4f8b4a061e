"""docs/reliability.md: what the answers of X mean."""

import json

from publisher.model.outcomes import Answer, Step, Wire
from tests.docs.answers import NOW, Answers, Rows, body

MADE_PUBLIC = Step.PUBLISH
"""The step in which a post becomes public."""
_RESET = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 599)}
_ABSURD = {"x-rate-limit-reset": "99999999999"}


def _x(*statuses: int, headers: dict[str, str] | None = None, **body: object) -> Answers:
    text = json.dumps(body)
    return tuple(Answer(Wire.ANSWERED, NOW, s, headers or {}, text) for s in statuses)


ROWS: Rows = (
    ("201 with the post's id", _x(201, data={"id": "1"})),
    ("201, and the limit is used up", _x(201, headers=_RESET, data={"id": "1"})),
    ("201 that cannot be read, or without an id", (*body("OK", 201), *_x(201))),
    ("400, 413, 422", _x(400, 413, 422, title="Invalid Request")),
    ("401; 402, no credits", (*_x(401), *_x(402, title="CreditsDepleted"))),
    ("403, duplicate content", _x(403, detail="… duplicate content.")),
    (
        "403 that names the account: suspended, locked, not enrolled",
        (
            *_x(403, detail="Your account is suspended."),
            *_x(403, type="https://api.x.com/2/problems/client-forbidden"),
        ),
    ),
    (
        "any other 403",
        (
            *_x(403, detail="You are not permitted …"),
            *_x(403, detail="… invalid URL."),
            *_x(403, detail="Reply to this conversation is not allowed"),
            *_x(403, detail="You attempted to reply to a Tweet …"),
        ),
    ),
    (
        "400, 401 or 403 with a page instead of JSON",
        (*body("<html>", 400), *body("<html>", 401), *body("<html>", 403)),
    ),
    ("403, “looks automated”", _x(403, detail="… looks automated … try again later")),
    ("403, the daily limit of posts", _x(403, detail="User is over daily status update limit.")),
    ("400, the media ids are invalid", _x(400, detail="Your media IDs are invalid.")),
    ("404, and any other 4xx", _x(404, 405, 410, 451)),
    ("408, 409, 425", _x(408, 409, 425)),
    ("429", (*_x(429, headers=_RESET), *_x(429), *_x(429, headers=_ABSURD))),
    (
        "429 for a cap or a spending limit",
        _x(429, type="https://api.x.com/2/problems/usage-capped"),
    ),
    ("3xx, 5xx, whatever the body", (*_x(301, 302, 500, 502, 503, 504), *body("<html>", 502))),
)
