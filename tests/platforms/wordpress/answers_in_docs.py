"""docs/reliability.md: what the answers of WordPress mean."""

import json

from publisher.model.outcomes import Step
from tests.docs.answers import Answers, Rows, body

MADE_PUBLIC = Step.REVEAL
"""The step in which a post becomes public."""


def _wp(*statuses: int, code: str = "rest_invalid_param") -> Answers:
    return body(json.dumps({"code": code, "message": ""}), *statuses)


ROWS: Rows = (
    ("success, with the post as `publish`", body('{"id":1,"status":"publish"}', 200)),
    ("success that cannot be read", body("<html>", 200)),
    ("401 of WordPress: user, password, or who may use its API", _wp(401)),
    (
        "403 of WordPress: what the user may not do, or a plugin",
        (*_wp(403), *_wp(403, code="rest_cannot_publish")),
    ),
    ("404 of WordPress: no such path", _wp(404, code="rest_no_route")),
    ("any other 4xx of WordPress", _wp(400, 409)),
    ("413, or a request that PHP threw away", body("<html>", 413)),
    ("a picture that is not taken, with any status", _wp(400, 500, code="rest_upload_error")),
    ("429", body("<html>", 429)),
    (
        "403, 404, 405, 406 of a firewall or another page",
        body("<html>", 403, 404, 405, 406),
    ),
    ("a redirect, or a password of the web server", body("<html>", 301, 401)),
    ("5xx", (*_wp(500), *body("<html>", 500, 502, 503))),
)
