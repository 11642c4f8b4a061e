"""What Mastodon servers answer.

Sources: docs.joinmastodon.org; app/controllers/concerns/api/error_handling.rb and
config/locales/en.yml of Mastodon 4.6; its issue 40399; GoToSocial's and snac's answers.
"""

from datetime import timedelta
from typing import Any

from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    SuspensionScope,
    Unknown,
)
from tests.support.answers.kinds import (
    EPOCH,
    HTML,
    MASTODON,
    NOW,
    PREPARE,
    PUBLISH,
    READ,
    WITHDRAW,
    Row,
    answered,
)

STATUS = {
    "id": "113560000000000001",
    "url": "https://mastodon.example/@bice/113560000000000001",
    "content": "<p>Bonjour</p>",
}
RESET = "2016-03-07T07:40:00.000000Z"
AFTER_RESET = NOW + timedelta(minutes=9, seconds=59, milliseconds=750) + timedelta(seconds=1)


def error(status: int, text: str, **headers: object) -> Any:
    return answered(status, {"error": text}, **headers)


def limited(status: int, remaining: int, reset: object = RESET, body: object = None) -> Any:
    headers = {
        "x_ratelimit_limit": 300, "x_ratelimit_remaining": remaining, "x_ratelimit_reset": reset,
    }  # fmt: skip
    return answered(status, body or {"error": "Too many requests"}, **headers)


REQUESTS = {PREPARE: ("uploadMedia",), PUBLISH: ("postStatus",)}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    Row(
        "posted", MASTODON, answered(200, STATUS), Accepted,
        fields={"remote_id": STATUS["id"], "url": STATUS["url"]},
    ),
    Row(
        "posted on GoToSocial", MASTODON,
        answered(200, {"id": "01JD8Z5W9XG6R7T3Q2A1B0C9D8", "url": "https://x.example/@b/statuses/1"}),
        Accepted, fields={"remote_id": "01JD8Z5W9XG6R7T3Q2A1B0C9D8"},
    ),
    *(
        Row(f"posted, with an address that is none: {url}", MASTODON,
            answered(200, {**STATUS, "url": url}), Accepted, fields={"url": None})
        for url in ("javascript:alert(1)", "https://a b", "//x", 7, None, "https://[", "https:///a",
                    f"{STATUS['url']}\n", "https://a.example/".ljust(501, "1"))
    ),
    Row(
        "posted, with a long address", MASTODON,
        answered(200, {**STATUS, "url": "https://a.example/".ljust(500, "1")}), Accepted,
        fields={"url": "https://a.example/".ljust(500, "1")},
    ),
    Row(
        "posted, and the limit is used up", MASTODON, limited(200, 0, body=STATUS), Accepted,
        fields={"suspended_until": AFTER_RESET},
    ),
    Row("posted, and some are left", MASTODON, limited(200, 9, body=STATUS), Accepted,
        fields={"suspended_until": None}),
    Row("success without an id", MASTODON, answered(200, {}), Unknown),
    Row("success that is no JSON", MASTODON, answered(200, "OK"), Unknown),
    Row("reading: statuses", MASTODON, answered(200, [STATUS]), Accepted, step=READ),
    Row("reading: nothing there", MASTODON, answered(200, []), Accepted, step=READ),
    Row("reading: one status", MASTODON, answered(200, STATUS), Accepted, step=READ),
    Row("reading: no id", MASTODON, answered(200, {}), Deferred, Kind.UNAVAILABLE, READ),
    Row("reading: not found", MASTODON, error(404, "Record not found"), Deferred,
        Kind.UNAVAILABLE, READ),
    Row("reading: token", MASTODON, error(401, "x"), AccountSuspended, Kind.AUTH, READ),
    Row("reading: too many", MASTODON, limited(429, 0), AccountSuspended, Kind.RATE_LIMIT, READ),
    Row("reading: a gateway", MASTODON, answered(502, HTML), Deferred, Kind.UNAVAILABLE, READ),
    Row("a redirect to another address", MASTODON, answered(301, ""), Unknown),
    Row("a key's repeat under Mastodon 4.6.1", MASTODON,
        answered(500, {"status": 500, "error": "Internal Server Error"}), Unknown),
    Row("two requests with one key", MASTODON,
        error(503, "There was a temporary problem serving your request, please try again"), Unknown),
    Row("a gateway", MASTODON, answered(502, HTML), Unknown),
    Row("a proxy that refuses", MASTODON, answered(403, HTML), Unknown),
    Row("a server that is no Mastodon", MASTODON, answered(404, HTML), Unknown),
    Row("a method that is not allowed", MASTODON, answered(405, ""), Unknown),
    Row("a request that came too slowly", MASTODON, error(408, "Request Timeout"), Unknown),
    *(
        Row(f"token: {text}", MASTODON, error(401, text), AccountSuspended, Kind.AUTH,
            fields={"backoff": UNTIL_MENDED})
        for text in ("The access token is invalid", "The access token was revoked")
    ),
    Row("snac's 401", MASTODON, answered(401, ""), AccountSuspended, Kind.AUTH),
    *(
        Row(f"403: {text}", MASTODON, error(403, text), AccountSuspended, Kind.PERMISSION,
            fields={"backoff": UNTIL_MENDED})
        for text in (
            "This action is outside the authorized scopes",
            "Your login is currently disabled",
            "Your login is missing a confirmed e-mail address",
            "This action is not allowed",
        )
    ),
    Row("account gone", MASTODON, error(410, "Gone"), AccountSuspended, Kind.PERMISSION),
    Row("the key of a deleted status", MASTODON, error(404, "Record not found"), Deferred,
        Kind.CONTENT),
    *(
        Row(f"422: {text}", MASTODON, error(422, text), Refused, Kind.CONTENT, fields={"of_post": False})
        for text in (
            "Validation failed: Text character limit of 500 exceeded",
            "Validation failed: Text can't be blank",
            "Cannot attach files that have not finished processing. Try again in a moment!",
        )
    ),
    Row("Pleroma's 400", MASTODON, error(400, "The status is over the character limit"), Refused,
        Kind.CONTENT),
    Row("GoToSocial's 406", MASTODON, error(406, "Not Acceptable"), Deferred, Kind.UNAVAILABLE),
    Row("too many", MASTODON, limited(429, 0), AccountSuspended, Kind.RATE_LIMIT,
        fields={"until": AFTER_RESET, "backoff": ()}),
    Row("too many, as GoToSocial says it", MASTODON, limited(429, 0, EPOCH + 600), AccountSuspended,
        Kind.RATE_LIMIT, fields={"backoff": ()}),
    *(
        Row(f"too many until {reset!r}", MASTODON, limited(429, 0, reset), AccountSuspended,
            Kind.RATE_LIMIT, fields={"until": None, "backoff": THROTTLED})
        for reset in ("", "soon", "2016-03-07", "2999-01-01T00:00:00Z", "2016-03-07T06:00:00Z", "9" * 13)
    ),
    Row("too many, of a proxy", MASTODON, answered(429, HTML, retry_after="60"), AccountSuspended,
        Kind.RATE_LIMIT, fields={"backoff": ()}),
    # Uploads.
    Row("uploaded", MASTODON, answered(200, {"id": "1", "url": "https://x"}), Accepted,
        step=PREPARE, fields={"remote_id": "1"}),
    Row("uploaded, and still processed", MASTODON, answered(202, {"id": "1", "url": None}), Accepted,
        step=PREPARE),
    Row("uploaded to snac", MASTODON, answered(200, {"id": "32d3ca5e.png"}), Accepted, step=PREPARE,
        fields={"remote_id": "32d3ca5e.png"}),
    Row("upload: no file", MASTODON, error(422, "File type of uploaded media could not be verified"),
        Refused, Kind.CONTENT, PREPARE),
    Row("upload: too big for nginx", MASTODON, answered(413, HTML), Refused, Kind.CONTENT, PREPARE),
    Row("upload: no such path", MASTODON, answered(404, HTML), Deferred, Kind.UNAVAILABLE, PREPARE),
    Row("upload: too many", MASTODON, limited(429, 0), AccountSuspended, Kind.RATE_LIMIT, PREPARE,
        {"until": AFTER_RESET, "scope": SuspensionScope.APART}),
    Row("upload: token", MASTODON, error(401, "x"), AccountSuspended, Kind.AUTH, PREPARE),
    # Deletions: only what reading confirms is gone.
    Row("deleted", MASTODON, answered(200, {**STATUS, "text": "Bonjour"}), Accepted, step=WITHDRAW),
    Row("delete: not confirmed", MASTODON, answered(200, {}), Unknown, step=WITHDRAW),
    Row("delete: not found", MASTODON, error(404, "Record not found"), Unknown, step=WITHDRAW),
    Row("delete: snac has no path for it", MASTODON, answered(404, HTML), Unknown, step=WITHDRAW),
    Row("delete: scopes", MASTODON, error(403, "This action is outside the authorized scopes"),
        AccountSuspended, Kind.PERMISSION, WITHDRAW),
    Row("delete: too many", MASTODON, limited(429, 0), AccountSuspended, Kind.RATE_LIMIT, WITHDRAW),
]  # fmt: skip
