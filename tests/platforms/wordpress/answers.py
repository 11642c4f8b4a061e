"""What WordPress answers, and what stands before it: most was seen of a real 6.8."""

import json
from datetime import timedelta

from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Refused,
    Step,
    Unknown,
)
from tests.support.answers.kinds import (
    HTML,
    NOW,
    PREPARE,
    PUBLISH,
    READ,
    REVEAL,
    WITHDRAW,
    WORDPRESS,
    Row,
    Type,
    answered,
)

PUBLIC = {
    "id": 16,
    "status": "publish",
    "link": "https://example.org/archives/16",
    "date_gmt": "2016-03-07T07:30:00",
    "slug": "bonjour-ab7e07d676",
}
NOTICE = "<br />\n<b>Deprecated</b>:  Function {old} in /srv/plugin.php on line <b>12</b><br />\n"
CRITICAL = (
    "<!DOCTYPE html><html><body>There has been a critical error on this website.</body></html>"
)
CLOUDFLARE = "<!doctype html><title>Just a moment...</title><body>Cloudflare: checking your browser"
FORBIDDEN = "<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>"


def refused(
    status: int, code: str, message: str = "Sorry, you are not allowed to do that."
) -> Answer:
    return answered(status, {"code": code, "message": message, "data": {"status": status}})


def row(
    name: str,
    answer: Answer,
    expected: Type,
    kind: Kind | None = None,
    step: Step = PREPARE,
    **fields: object,
) -> Row:
    return Row(name, WORDPRESS, answer, expected, kind, step, fields)


_SUCCESSES = [
    row("draft", answered(201, {**PUBLIC, "status": "draft"}), Accepted, remote_id="16"),
    row("picture", answered(201, {"id": 7, "source_url": "…"}), Accepted, remote_id="7"),
    row(
        "published", answered(200, PUBLIC), Accepted, step=REVEAL, remote_id="16",
        url="https://example.org/archives/16",
    ),
    row(
        "published, with messages of PHP before it", answered(200, f"{NOTICE}{json.dumps(PUBLIC)}"),
        Accepted, step=REVEAL, remote_id="16",
    ),
    row("published, without its address", answered(200, {**PUBLIC, "link": "javascript:1"}), Accepted, step=REVEAL, url=None),
    row(
        "published, with a line after its address",
        answered(200, {**PUBLIC, "link": f"{PUBLIC['link']}\n"}), Accepted, step=REVEAL, url=None,
    ),
    row("deleted", answered(200, {"deleted": True, "previous": PUBLIC}), Accepted, step=WITHDRAW),
    row("delete: put into the trash", answered(200, {**PUBLIC, "status": "trash"}), Unknown, step=WITHDRAW),
    row("delete: not said", answered(200, {"deleted": False}), Unknown, step=WITHDRAW),
    row("read: a post", answered(200, PUBLIC), Accepted, step=READ, remote_id="16"),
    row("read: a list", answered(200, []), Accepted, step=READ),
    row("read: neither", answered(200, {"name": "Site"}), Deferred, Kind.UNAVAILABLE, READ),
]  # fmt: skip
_HELD = [
    row(
        f"published, but {status}", answered(200, {**PUBLIC, "status": status}), AccountSuspended,
        Kind.PERMISSION, REVEAL, backoff=UNTIL_MENDED,
    )
    for status in ("pending", "future", "private", "draft", "", "<b>in-progress</b>")
]  # fmt: skip
_DOUBTS = [
    row(f"{name}, {step}", answer, expected, Kind.UNAVAILABLE if step is PREPARE else None, step)
    for name, answer in (
        ("a page with success", answered(200, HTML)),
        ("nothing with success", answered(200)),
        ("cut off", answered(200, '{"id": 16, "status": "pub')),
        ("a list with success", answered(200, [PUBLIC])),
        ("no id", answered(201, {"status": "publish"})),
        ("an id that is none", answered(200, {"id": True, "status": "publish"})),
        ("a critical error", answered(500, CRITICAL)),
        ("a critical error in JSON", refused(500, "internal_server_error", "<p>There has been a critical error.</p>")),
        ("the database is away", answered(500, "<h1>Error establishing a database connection</h1>")),
        ("maintenance", answered(503, "<h1>Briefly unavailable</h1>", retry_after=600)),
        ("bad gateway", answered(502, HTML)),
        ("time-out of a gateway", answered(504)),
        ("a code with a success of its own", refused(599, "strange")),
    )
    for step, expected in ((PREPARE, Deferred), (PUBLISH, Unknown), (REVEAL, Unknown), (WITHDRAW, Unknown))
]  # fmt: skip
_BEFORE_WORDPRESS = [
    row(f"{name}, {step}", answer, AccountSuspended, kind, step, backoff=UNTIL_MENDED)
    for name, answer, kind in (
        ("moved to https", answered(301), Kind.AUTH),
        ("moved to www", answered(308, "<html>Moved</html>"), Kind.AUTH),
        ("to a page for logging in", answered(302), Kind.AUTH),
        ("a password of the web server", answered(401, "<h1>401 Unauthorized</h1>"), Kind.AUTH),
        ("a firewall", answered(403, FORBIDDEN), Kind.PERMISSION),
        ("a security plugin", answered(406, "Not Acceptable"), Kind.PERMISSION),
        ("a firewall that lets nobody write", answered(405), Kind.PERMISSION),
        ("a challenge", answered(403, CLOUDFLARE), Kind.PERMISSION),
        ("a challenge with 503", answered(503, CLOUDFLARE), Kind.PERMISSION),
        ("no such page", answered(404, "<!doctype html><title>Page not found</title>"), Kind.PERMISSION),
    )
    for step in (PREPARE, READ, WITHDRAW)
]  # fmt: skip
AT_THE_INSTANT = [
    row(f"{status} at the instant", answered(status, body), Unknown, step=REVEAL)
    for status, body in (
        (301, ""), (302, ""), (401, "<h1>401</h1>"), (403, FORBIDDEN), (403, CLOUDFLARE),
        (404, HTML), (405, ""), (406, ""), (410, ""), (400, "Bad Request"),
    )
]  # fmt: skip
_OF_THE_ACCOUNT = [
    row(f"{code}, {status}, {step}", refused(status, code), AccountSuspended, kind, step, backoff=UNTIL_MENDED)
    for status, code, kind in (
        (401, "rest_not_logged_in", Kind.AUTH),
        (401, "incorrect_password", Kind.AUTH),
        (401, "invalid_username", Kind.AUTH),
        (401, "rest_cannot_create", Kind.AUTH),
        (401, "rest_login_required", Kind.AUTH),
        (403, "rest_cannot_publish", Kind.PERMISSION),
        (403, "rest_cannot_create", Kind.PERMISSION),
        (403, "rest_cannot_edit", Kind.PERMISSION),
        (403, "rest_cannot_delete", Kind.PERMISSION),
        (403, "rest_cannot_assign_term", Kind.PERMISSION),
        (403, "rest_forbidden_context", Kind.PERMISSION),
        (403, "rest_cookie_invalid_nonce", Kind.PERMISSION),
        (403, "a-plugins-own", Kind.PERMISSION),
        (501, "application_passwords_disabled", Kind.PERMISSION),
        (404, "rest_no_route", Kind.PERMISSION),
    )
    for step in (PREPARE, REVEAL, READ)
]  # fmt: skip
_OF_THE_POST = [
    row("invalid", refused(400, "rest_invalid_param"), Refused, Kind.CONTENT, of_post=False),
    row("nothing in it", refused(400, "empty_content"), Refused, Kind.CONTENT, of_post=False),
    row("no JSON", refused(400, "rest_invalid_json"), Refused, Kind.CONTENT, of_post=False),
    row("too big for the web server", answered(413, HTML), Refused, Kind.CONTENT),
    row("too big for PHP", refused(400, "rest_upload_no_content_disposition"), Refused, Kind.CONTENT),
    row("a file that is not taken", refused(500, "rest_upload_unknown_error"), Deferred, Kind.CONTENT, most=4),
    row("no room", refused(507, "rest_upload_limited_space"), Deferred, Kind.CONTENT, most=4),
    row("deleted by somebody", refused(404, "rest_post_invalid_id"), Refused, Kind.CONTENT, REVEAL),
    row("read: deleted by somebody", refused(404, "rest_post_invalid_id"), Unknown, step=READ),
    row("delete: not there", refused(404, "rest_post_invalid_id"), Unknown, step=WITHDRAW),
    row("change: not there", refused(404, "rest_post_invalid_id"), Deferred, Kind.UNAVAILABLE),
]  # fmt: skip
_LIMITS = [
    row("too many", answered(429), AccountSuspended, Kind.RATE_LIMIT, until=None, backoff=THROTTLED),
    row(
        "too many, for ten minutes", answered(429, HTML, retry_after=600), AccountSuspended,
        Kind.RATE_LIMIT, REVEAL, until=NOW + timedelta(minutes=10), backoff=(),
    ),
    row(
        "too many, for as long as is believed", answered(429, retry_after=25 * 3600), AccountSuspended,
        Kind.RATE_LIMIT, until=NOW + timedelta(hours=25), backoff=(),
    ),
    row(
        "too many, until a time", answered(429, retry_after="Mon, 07 Mar 2016 07:40:00 GMT"),
        AccountSuspended, Kind.RATE_LIMIT, READ, until=NOW.replace(minute=40, microsecond=0),
    ),
    *(
        row(f"too many, until {told}", answered(429, retry_after=told), AccountSuspended, Kind.RATE_LIMIT, until=None)
        for told in ("soon", "-5", "0", "90001", "99999999", "Mon, 07 Mar 2011 07:40:00 GMT", "")
    ),
]  # fmt: skip
REQUESTS = {PREPARE: ("uploadAttachment", "createArticle"), REVEAL: ("updateArticle",)}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    *_SUCCESSES,
    *_HELD,
    *_DOUBTS,
    *_BEFORE_WORDPRESS,
    *AT_THE_INSTANT,
    *_OF_THE_ACCOUNT,
    *_OF_THE_POST,
    *_LIMITS,
]
