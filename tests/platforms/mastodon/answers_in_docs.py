"""docs/reliability.md: what the answers of Mastodon mean."""

import json
from datetime import timedelta

from publisher.model.outcomes import Answer, Step, Wire
from tests.docs.answers import NOW, Answers, Rows, body

MADE_PUBLIC = Step.PUBLISH
"""The step in which a post becomes public."""
_RESET = {"x-ratelimit-reset": (NOW + timedelta(minutes=10)).isoformat()}


def _masto(*statuses: int, headers: dict[str, str] | None = None, **body: object) -> Answers:
    text = json.dumps(body or {"error": "Validation failed"})
    return tuple(Answer(Wire.ANSWERED, NOW, s, headers or {}, text) for s in statuses)


ROWS: Rows = (
    ("status 200 with an id", _masto(200, 202, id="1")),
    ("status 200 without an id, or that cannot be read", (*_masto(200), *body("OK", 200))),
    ("400, 413, 422", _masto(400, 413, 422)),
    ("401, 403, 410", (*_masto(401, 403, 410), *body("", 401))),
    ("404, and any other 4xx", _masto(404, 405, 406, 451)),
    ("4xx without an `error` in JSON, but 413", body("<html>", 400, 403, 404, 405, 422)),
    ("408, 409, 425", _masto(408, 409, 425)),
    ("429", (*_masto(429, headers=_RESET), *_masto(429))),
    ("3xx, 5xx, whatever the body", (*_masto(301, 500, 502, 503), *body("<html>", 502))),
)
