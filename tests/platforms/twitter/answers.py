"""What X answers: seen, or in its documentation.

Sources: docs.x.com, X's OpenAPI description 2.167 and its list of incidents; Postiz (its providers,
and stored failures of 2026); node-twitter-api-v2 #366, #591.
"""

from dataclasses import replace
from datetime import timedelta

from publisher.model.outcomes import (
    CAPPED,
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
    A_DAY_LATER,
    CREATED,
    DUPLICATE,
    EPOCH,
    HTML,
    IN_TEN_MINUTES,
    NOT_FOUND,
    NOW,
    OWN,
    PREPARE,
    PUBLISH,
    READ,
    REPLY,
    WITHDRAW,
    Row,
    X,
    answered,
    limit,
    problem,
)

_NOT_PERMITTED = "You are not permitted to perform this action."
_NOT_AUTHORISED = "https://api.x.com/2/problems/not-authorized-for-resource"
_AUTOMATED = (
    "This request looks like it might be automated. To protect our users from spam and other "
    "malicious activity, we can't complete this action right now. Please try again later."
)
_DAILY = (
    "You have reached your daily limit for sending Tweets and messages. Please try again later."
)
_INVALID = "One or more parameters to your request was invalid."

REQUESTS = {PREPARE: ("mediaUpload", "createMediaMetadata"), PUBLISH: ("createPosts",)}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    Row(
        "created", X, answered(201, CREATED), Accepted, fields={"remote_id": "1346889436626259968"}
    ),
    Row("created, 200", X, answered(200, CREATED), Accepted),
    Row("deleted", X, answered(200, {"data": {"deleted": True}}), Accepted, step=WITHDRAW),
    # Not found is not gone: see `missing`, and what the channel makes of it.
    Row("delete: not found", X, answered(404, NOT_FOUND), Unknown, step=WITHDRAW),
    Row(
        "delete: not found, 200",
        X,
        answered(200, {"errors": [NOT_FOUND]}),
        Unknown,
        step=WITHDRAW,
    ),
    Row("delete: 404 of a machine in between", X, answered(404, HTML), Unknown, step=WITHDRAW),
    Row("delete: not allowed", X, problem(403, "Forbidden"), Deferred, Kind.PERMISSION, WITHDRAW),
    Row("delete: bad request", X, problem(400, "Invalid"), Deferred, Kind.PERMISSION, WITHDRAW),
    Row(
        "delete: too many", X, problem(429, "Too Many"), AccountSuspended, Kind.RATE_LIMIT, WITHDRAW
    ),
    Row(
        "delete: not deleted",
        X,
        answered(200, {"data": {"deleted": False}}),
        Unknown,
        None,
        WITHDRAW,
    ),
    # The table of platforms.md.
    Row("duplicate", X, problem(403, "Forbidden", DUPLICATE), Unknown, fields={"duplicate": True}),
    Row(
        "reply not allowed",
        X,
        problem(403, "Forbidden", REPLY),
        Refused,
        Kind.POLICY,
        fields={"of_post": False},
    ),
    Row(
        "reply not allowed, as of July 2026",
        X,
        problem(
            403,
            "Forbidden",
            "You can only reply to or quote posts where you are mentioned or are the author.",
        ),
        Refused,
        Kind.POLICY,
        fields={"of_post": False},
    ),
    Row(
        "reply to a part that is gone",
        X,
        problem(
            403,
            "Forbidden",
            "You attempted to reply to a Tweet that is deleted or not visible to you.",
        ),
        Refused,
        Kind.CONTENT,
    ),
    Row(
        "not permitted",
        X,
        problem(403, "Forbidden", _NOT_PERMITTED),
        Refused,
        Kind.CONTENT,
        fields={"of_post": False},
    ),
    *(
        Row(
            f"403: {detail}",
            X,
            answered(403, {"detail": detail, "type": _NOT_AUTHORISED}),
            Refused,
            kind,
        )
        for detail, kind in ((_NOT_PERMITTED, Kind.CONTENT), (OWN, Kind.POLICY))
    ),
    Row("403: nobody knows", X, problem(403, "Forbidden", "Something new."), Refused, Kind.CONTENT),
    Row("403 without a body", X, answered(403), Refused, Kind.CONTENT),
    Row("405", X, answered(405), AccountSuspended, Kind.PERMISSION),
    Row(
        "account locked, another way",
        X,
        problem(
            403,
            "Forbidden",
            "Your account is temporarily locked. Please log in to unlock your account.",
        ),
        AccountSuspended,
        Kind.PERMISSION,
    ),
    Row(
        "a picture, another way",
        X,
        problem(400, "Invalid Request", "Requests must be multipart/form-data"),
        Refused,
        Kind.CONTENT,
        PREPARE,
    ),
    Row(
        "suspended",
        X,
        problem(403, "Forbidden", "Your account is suspended"),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    # What a machine in front of X refuses, X has not seen: it is no post's fault.
    *(
        Row(
            f"a page instead of X, {status}, {step}",
            X,
            answered(status, f"\n{HTML}"),
            AccountSuspended,
            Kind.UNAVAILABLE,
            step,
            {"backoff": UNTIL_MENDED},
        )
        for status in (400, 401, 403)
        for step in (PUBLISH, PREPARE, WITHDRAW, READ)
    ),
    *(
        Row(
            f"passes, whatever is posted: {words}, {form}",
            X,
            answered(403, body),
            AccountSuspended,
            kind,
            fields={"backoff": backoff},
        )
        for code, words, kind, backoff in (
            (226, _AUTOMATED, Kind.POLICY, UNTIL_MENDED),
            (185, "User is over daily status update limit.", Kind.RATE_LIMIT, CAPPED),
            (344, _DAILY, Kind.RATE_LIMIT, CAPPED),
        )
        for form, body in {
            "older": {"errors": [{"code": code, "message": words}]},
            "v2": {"title": "Forbidden", "detail": words, "type": "about:blank", "status": 403},
        }.items()
    ),
    *(
        Row(
            f"an upload that is not found: {words}",
            X,
            answered(400, {"title": "Invalid Request", "errors": [{"message": words}]}),
            Deferred,
            Kind.UNAVAILABLE,
            fields={"uploads_gone": True, "most": 4},
        )
        for words in ("Your media IDs are invalid.", "Invalid media id 889241623330263044")
    ),
    Row(
        "too long, as 403",
        X,
        problem(403, "Forbidden", "Your Tweet text is too long."),
        Refused,
        Kind.CONTENT,
        fields={"of_length": True},
    ),
    Row(
        "a long video, as 403",
        X,
        problem(
            403, "Forbidden", "This user is not allowed to post a video longer than 2 minutes."
        ),
        Refused,
        Kind.CONTENT,
        fields={"of_length": True},
    ),
    Row(
        "no credits",
        X,
        problem(402, "CreditsDepleted"),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    Row(
        "account locked",
        X,
        problem(403, "Forbidden", "To protect our users, this account is temporarily locked."),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    *(
        Row(
            f"by its type: {kind}",
            X,
            answered(403, {"title": "Forbidden", "type": f"https://api.x.com/2/problems/{kind}"}),
            AccountSuspended,
            Kind.PERMISSION,
            fields={"until": None, "backoff": UNTIL_MENDED},
        )
        for kind in ("client-forbidden", "oauth1-permissions", "unsupported-authentication")
    ),
    Row("answers only its own", X, problem(403, "Authorization Error", OWN), Refused, Kind.POLICY),
    *(
        Row(
            f"about the post: {detail}",
            X,
            problem(403, "Forbidden", detail),
            Refused,
            Kind.CONTENT,
            fields={"of_post": True},
        )
        for detail in (
            "The Tweet contains an invalid URL.",
            "Posts created via the API are limited to a maximum of one cashtag.",
        )
    ),
    *(
        Row(
            f"a picture, {status}",
            X,
            problem(status, "Forbidden", _NOT_PERMITTED),
            Refused,
            Kind.PERMISSION if status == 403 else Kind.CONTENT,
            PREPARE,
            {"of_post": False},
        )
        for status in (400, 403, 413, 422)
    ),
    Row("uploads are gone", X, answered(404, HTML), Deferred, Kind.UNAVAILABLE, PREPARE),
    Row(
        "locked, told by an upload",
        X,
        problem(403, "Forbidden", "Your account is suspended"),
        AccountSuspended,
        Kind.PERMISSION,
        PREPARE,
    ),
    Row(
        "cap or spending limit",
        X,
        answered(
            429, {"type": "https://api.x.com/2/problems/usage-capped", "title": "UsageCapExceeded"}
        ),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"until": None, "backoff": CAPPED},
    ),
    Row("bad request", X, problem(400, "Invalid Request", _INVALID), Refused, Kind.CONTENT),
    Row("too large", X, problem(413, "Payload Too Large"), Refused, Kind.CONTENT),
    Row(
        "unauthorised",
        X,
        problem(401, "Unauthorized"),
        AccountSuspended,
        Kind.AUTH,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    Row("401 without a body", X, answered(401), AccountSuspended, Kind.AUTH),
    # A signature is worth something for minutes, and no X says more than "Unauthorized".
    *(
        Row(
            f"401 to a clock that is {ahead} off",
            X,
            replace(problem(401, "Unauthorized"), clock_ahead=ahead),
            Deferred,
            Kind.CLOCK,
            step,
            {"again_at": again_at + timedelta(seconds=10)},
        )
        for ahead, again_at in (
            (timedelta(hours=2), NOW - timedelta(hours=2)),
            (timedelta(seconds=-61), NOW),
            (timedelta(days=-30_000), NOW),
        )
        for step in (PUBLISH, PREPARE, READ, WITHDRAW)
    ),
    Row(
        "401 to a clock that is right enough",
        X,
        replace(problem(401, "Unauthorized"), clock_ahead=timedelta(seconds=-60)),
        AccountSuspended,
        Kind.AUTH,
    ),
    Row("404 for a new post", X, problem(404, "Not Found"), AccountSuspended, Kind.PERMISSION),
    *(
        Row(f"{status}, {what}", X, answered(status, body), Unknown, fields={"duplicate": False})
        for status in (500, 502, 503, 504, 520, 524)
        for what, body in {
            "problem": {"title": "Internal", "detail": DUPLICATE, "status": status},
            "HTML": HTML,
            "no body": "",
            "an id": CREATED,
        }.items()
    ),
    *(Row(f"status {status}", X, answered(status), Unknown) for status in (408, 409, 425, 100, 0)),
    # Rate limits.
    Row(
        "429 with reset",
        X,
        problem(429, "Too Many Requests", **limit("x_rate_limit", 0, EPOCH + 600)),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": IN_TEN_MINUTES},
    ),
    Row(
        "429 for the day, not the quarter of an hour",
        X,
        problem(
            429,
            "Too Many Requests",
            **limit("x_rate_limit", 80, EPOCH + 600),
            **limit("x_app_limit_24hour", 0, EPOCH + 20 * 3600),
        ),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": A_DAY_LATER},
    ),
    Row(
        "429 with a day's window that is not used up",
        X,
        problem(
            429,
            "Too Many Requests",
            **limit("x_rate_limit", 0, EPOCH + 600),
            **limit("x_user_limit_24hour", 12, EPOCH + 20 * 3600),
        ),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": IN_TEN_MINUTES},
    ),
    *(
        Row(
            f"429 for a {what}",
            X,
            problem(429, "Too Many Requests", **limit("x_rate_limit", 0, EPOCH + 600)),
            AccountSuspended,
            Kind.RATE_LIMIT,
            step,
            {"until": IN_TEN_MINUTES, "scope": SuspensionScope.APART},
        )
        for what, step in (("picture", PREPARE), ("reading", READ))
    ),
    Row(
        "429, the reset just now",
        X,
        answered(429, "", **limit("x_rate_limit", 0, EPOCH)),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": None, "backoff": THROTTLED, "scope": SuspensionScope.ALL},
    ),
    Row(
        "429 without headers",
        X,
        answered(429, HTML),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": None, "backoff": THROTTLED},
    ),
    *(
        Row(
            f"429, reset {reset!r}",
            X,
            answered(429, "", **limit("x_rate_limit", 0, reset)),
            AccountSuspended,
            Kind.RATE_LIMIT,
            fields={"until": None, "backoff": THROTTLED},
        )
        for reset in (
            "soon",
            "",
            "-5",
            "1e9",
            "٣",
            EPOCH - 3600,
            10**11,
            10**30,
            EPOCH + 3602,
            EPOCH + 30 * 86400,
        )
    ),
    *(
        Row(
            f"429 for {hours} hours, of a window of a day",
            X,
            problem(429, "Too Many", **limit("x_user_limit_24hour", 0, EPOCH + hours * 3600)),
            AccountSuspended,
            Kind.RATE_LIMIT,
            fields={"until": until, "backoff": () if until else THROTTLED},
        )
        for hours, until in ((20, A_DAY_LATER), (26, None), (6 * 24, None))
    ),
    Row(
        "created, and nothing left for six days",
        X,
        answered(201, CREATED, **limit("x_rate_limit", 0, EPOCH + 6 * 86400)),
        Accepted,
        fields={"suspended_until": None},
    ),
    Row(
        "created with the last one of the window",
        X,
        answered(201, CREATED, **limit("x_rate_limit", 0, EPOCH + 600)),
        Accepted,
        fields={"suspended_until": IN_TEN_MINUTES},
    ),
    Row(
        "created with more to come",
        X,
        answered(201, CREATED, **limit("x_rate_limit", 1, EPOCH + 600)),
        Accepted,
        fields={"suspended_until": None},
    ),
    Row(
        "created, nonsense in the headers",
        X,
        answered(201, CREATED, **limit("x_rate_limit", "none", "never")),
        Accepted,
        fields={"suspended_until": None},
    ),
    # The traps.
    Row("2xx, not JSON", X, answered(201, "Created"), Unknown),
    Row("2xx, HTML", X, answered(200, HTML), Unknown),
    Row("2xx, empty", X, answered(201), Unknown),
    Row("2xx, cut off", X, answered(201, '{"data": {"id": "134688'), Unknown),
    Row("204", X, answered(204), Unknown),
    Row("2xx, only errors", X, answered(200, {"errors": [{"title": "x"}]}), Unknown),
    Row("2xx, errors is null", X, answered(200, {"data": None, "errors": None}), Unknown),
    *(
        Row(f"2xx, {body!r}", X, answered(201, body), Unknown)
        for body in (
            {"data": {"text": "no id"}},
            {"data": {"id": ""}},
            {"data": {"id": None}},
            {"data": {"id": True}},
            {"data": {"id": ["1"]}},
            {"data": {"id": "../../etc"}},
            {"data": {"id": "1346889436626259968x"}},
            {"data": {"id": "9" * 20}},
            {"data": ["1"]},
            {"data": "1"},
            ["1"],
            "null",
            "[" * 100_000,
        )
    ),
    Row("created, errors is null", X, answered(201, {**CREATED, "errors": None}), Accepted),
    *(
        Row(f"redirect {status}", X, answered(status, HTML, location="https://x.com/"), Unknown)
        for status in (301, 302, 303, 307, 308)
    ),
]
