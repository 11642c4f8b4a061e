"""docs/reliability.md: what the answers of Facebook mean."""

import json

from publisher.model.outcomes import Answer, Step, Wire
from tests.docs.answers import NOW, Answers, Rows, body

MADE_PUBLIC = Step.REVEAL
"""The step in which a post becomes public."""
_USED = '{"call_count":97}'
_REGAIN = '{"1":[{"call_count":100,"estimated_time_to_regain_access":30}]}'
_PERMISSION = (10, *range(200, 300))
_PROOF = '{"error":{"code":100,"message":"Invalid appsecret_proof"}}'
_TRANSIENT = '{"error":{"code":999,"is_transient":true}}'


def _fb(*codes: int, subcode: int | None = None, status: int = 400, usage: str = "") -> Answers:
    errors = [{"code": code, "error_subcode": subcode, "message": ""} for code in codes]
    headers = {"x-business-use-case-usage": usage}
    return tuple(
        Answer(Wire.ANSWERED, NOW, status, headers, json.dumps({"error": error}))
        for error in errors
    )


ROWS: Rows = (
    ("status 200 with an id", body('{"id":"1_2"}', 200)),
    ("status 200 with an id, and 95 % of a limit used", body('{"id":"1_2"}', 200, usage=_USED)),
    ("status 200 without an id", body('{"message":"?"}', 200)),
    (
        "error 1, 2, or one that calls itself transient",
        (*_fb(1, 2), *_fb(1, 2, status=500), *body(_TRANSIENT, 400)),
    ),
    (
        "error 4, 17, 32, 341, 613, 80001; status 429",
        (*_fb(4, 17, 32, 341, 613, 80001), *_fb(4, usage=_REGAIN), *body("", 429)),
    ),
    ("error 10, 200–299", _fb(*_PERMISSION, status=403)),
    ("error 3, 5, 12, 101, 104, 2500: the app", _fb(3, 5, 12, 101, 104, 2500)),
    ("any error about `appsecret_proof`", body(_PROOF, 400)),
    (
        "error 100 (with subcode 33: the post is gone), and others with a status 4xx",
        (*_fb(100, 105), *_fb(100, subcode=33)),
    ),
    ("error 102, 190: the token", (*_fb(102, 190), *_fb(190, subcode=463))),
    ("error 368: blocked, or posting too often", (*_fb(368), *_fb(368, subcode=1390008))),
    ("error 506, duplicate", _fb(506)),
    (
        "error 1609005, the link cannot be read",
        (*_fb(1609005), *_fb(100, subcode=1609005)),
    ),
    ("status 413", body("", 413)),
    ("any other status without an error of the Graph API", body("<html>", 302, 400, 500, 502)),
)
