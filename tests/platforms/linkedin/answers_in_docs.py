"""docs/reliability.md: what the answers of LinkedIn mean."""

import json

from publisher.model.outcomes import Answer, Step, Wire
from tests.docs.answers import NOW, Answers, Rows, body

MADE_PUBLIC = Step.PUBLISH
"""The step in which a post becomes public."""


def _li(*statuses: int, code: str = "", message: str = "?") -> Answers:
    body = json.dumps({"code": code, "message": message})
    return tuple(Answer(Wire.ANSWERED, NOW, status, {}, body) for status in statuses)


ROWS: Rows = (
    (
        "any other 400, 405, 422",
        (*_li(400, code="FIELD_LENGTH_TOO_LONG"), *_li(400, 405, 422, code="MISSING_FIELD")),
    ),
    ("400 while a picture is not processed", _li(400, code="MEDIA_ASSET_WAITING_UPLOAD")),
    ("401: the token", (*_li(401), *_li(401, code="EXPIRED_ACCESS_TOKEN"))),
    ("403 that names permissions", _li(403, code="ACCESS_DENIED")),
    ("any other 403", _li(403, message="This page is restricted")),
    ("404, or 400 for the page's number", _li(404, code="NOT_FOUND")),
    ("413, 415", _li(413, 415)),
    ("422, duplicate", _li(422, message="Content is a duplicate of urn:li:share:1")),
    ("426: the version of the API has ended", _li(426, code="NONEXISTENT_VERSION")),
    ("429", (*_li(429), *body("", 429))),
    ("408, 409, 425", _li(408, 409, 425)),
    (
        "3xx, 5xx; 4xx without an error of LinkedIn's",
        (*_li(302, 500, 502, 503, 504), *body("<html>", 400, 401, 403, 404)),
    ),
)
