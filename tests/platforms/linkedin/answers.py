"""What LinkedIn answers."""

from datetime import timedelta

from publisher.channels.answers import DEFAULT_SUSPENSION
from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Refused,
    SuspensionScope,
    Unknown,
)
from tests.support.answers.kinds import (
    HTML,
    LINKEDIN,
    NOW,
    PREPARE,
    PUBLISH,
    READ,
    REVEAL,
    WITHDRAW,
    Row,
    answered,
)

_URN = "urn:li:share:6844785523593134080"
_NOT_PERMITTED = "Not enough permissions to access: partnerApiPostsExternal.CREATE"
_DAY_LIMIT = "Resource level throttle {} DAY limit for calls to this resource is reached."


def rest_error(status: int, code: str = "", message: str = "Something", **more: object) -> Answer:
    named = {"code": code} if code else {}
    return answered(status, {"status": status, "message": message, **named, **more})


REQUESTS = {
    PREPARE: ("initializeImageUpload", "uploadImage"),
    PUBLISH: ("createOrganizationPost",),
}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    Row(
        "made public",
        LINKEDIN,
        answered(201, x_restli_id=_URN),
        Accepted,
        fields={"remote_id": _URN},
    ),
    Row(
        "made public, with a video",
        LINKEDIN,
        answered(201, "{}", x_restli_id="urn:li:ugcPost:7"),
        Accepted,
        fields={"remote_id": "urn:li:ugcPost:7"},
    ),
    *(
        Row(f"success without the id of a post: {told}", LINKEDIN, answer, Unknown)
        for told, answer in (
            ("none", answered(201)),
            ("in the body", answered(201, {"post": _URN})),
            ("of a picture", answered(201, x_restli_id="urn:li:image:C4E10AQFoyyAjHPMQuQ")),
            ("of a comment", answered(201, x_restli_id="urn:li:comment:(urn:li:activity:1,2)")),
            ("a number", answered(201, x_restli_id="6844785523593134080")),
            ("no JSON", answered(201, "OK")),
        )
    ),
    Row(
        "an upload of a picture may begin",
        LINKEDIN,
        answered(200, {"value": {"image": "urn:li:image:C4E10AQ", "uploadUrl": "https://a"}}),
        Accepted,
        step=PREPARE,
        fields={"remote_id": "urn:li:image:C4E10AQ"},
    ),
    Row(
        "an upload of a video may begin",
        LINKEDIN,
        answered(200, {"value": {"video": "urn:li:video:C5F10AQGKQg_6y2a4sQ"}}),
        Accepted,
        step=PREPARE,
        fields={"remote_id": "urn:li:video:C5F10AQGKQg_6y2a4sQ"},
    ),
    *(
        Row(
            f"an upload without an id: {told}",
            LINKEDIN,
            answered(200, told),
            Deferred,
            Kind.UNAVAILABLE,
            PREPARE,
        )
        for told in ("", "OK", "{}", {"value": "y"}, {"value": {"image": _URN}}, {"value": "x"})
    ),
    Row("deleted", LINKEDIN, answered(204), Accepted, step=WITHDRAW),
    Row("delete: no confirmation", LINKEDIN, answered(200, "{}"), Unknown, step=WITHDRAW),
    Row("delete: not there", LINKEDIN, rest_error(404, "NOT_FOUND"), Unknown, step=WITHDRAW),
    Row("delete: not there, by another server", LINKEDIN, answered(404), Unknown, step=WITHDRAW),
    Row(
        "delete: not permitted",
        LINKEDIN,
        rest_error(403, "ACCESS_DENIED"),
        Deferred,
        Kind.PERMISSION,
        WITHDRAW,
    ),
    Row(
        "delete: a dead token",
        LINKEDIN,
        rest_error(401, "EXPIRED_ACCESS_TOKEN"),
        AccountSuspended,
        Kind.AUTH,
        WITHDRAW,
    ),
    # The same text again: it may be out by our own lost request.
    Row(
        "duplicate, as of 2026",
        LINKEDIN,
        rest_error(
            422,
            message=f"Content is a duplicate of {_URN}",
            errorDetails={"inputErrors": [{"code": "DUPLICATE_POST"}]},
        ),
        Unknown,
        fields={"duplicate": True},
    ),
    Row(
        "duplicate, by its code alone",
        LINKEDIN,
        rest_error(422, errorDetails={"inputErrors": [{"code": "DUPLICATE_POST"}]}),
        Unknown,
        fields={"duplicate": True},
    ),
    *(
        Row(
            f"duplicate, as a {status}",
            LINKEDIN,
            rest_error(status, message="Content is a duplicate of urn:li:ugcPost:7"),
            Unknown,
            fields={"duplicate": True},
        )
        for status in (400, 409)
    ),
    # The token and the app.
    *(
        Row(
            f"token: {told}",
            LINKEDIN,
            answer,
            AccountSuspended,
            Kind.AUTH,
            step,
            {"backoff": UNTIL_MENDED, "until": None},
        )
        for step in (PUBLISH, PREPARE, READ)
        for told, answer in (
            ("expired", rest_error(401, "EXPIRED_ACCESS_TOKEN")),
            ("expired, in words", rest_error(401, message="Expired access token")),
            ("revoked", rest_error(401, "REVOKED_ACCESS_TOKEN", serviceErrorCode=65601)),
            ("invalid", rest_error(401, serviceErrorCode=65600)),
            ("none", rest_error(401, message="Empty oauth2_access_token", serviceErrorCode=401)),
        )
    ),
    Row(
        "not permitted",
        LINKEDIN,
        rest_error(403, "ACCESS_DENIED", _NOT_PERMITTED, serviceErrorCode=100),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"backoff": UNTIL_MENDED},
    ),
    Row(
        "a picture of another owner",
        LINKEDIN,
        rest_error(403, message="Please check your permissions for this resource"),
        AccountSuspended,
        Kind.PERMISSION,
        PREPARE,
    ),
    Row(
        "forbidden, which may be the post's fault",
        LINKEDIN,
        rest_error(403, "FORBIDDEN", "This page is restricted"),
        Refused,
        Kind.PERMISSION,
        fields={"of_post": False},
    ),
    *(
        Row(
            f"a version that LinkedIn no longer serves, {step}",
            LINKEDIN,
            rest_error(426, "NONEXISTENT_VERSION", "Requested version 202409 is not active"),
            AccountSuspended,
            Kind.PERMISSION,
            step,
            {"backoff": UNTIL_MENDED},
        )
        for step in (PUBLISH, PREPARE, READ, WITHDRAW)
    ),
    Row(
        "no such page",
        LINKEDIN,
        rest_error(400, "INVALID_URN_ID", "author: the URN ID provided is invalid"),
        AccountSuspended,
        Kind.PERMISSION,
        fields={"backoff": UNTIL_MENDED},
    ),
    Row(
        "no such page, for a picture",
        LINKEDIN,
        rest_error(400, "INVALID_URN_ID"),
        AccountSuspended,
        Kind.PERMISSION,
        PREPARE,
    ),
    Row(
        "not found, which may be a right that is missing",
        LINKEDIN,
        rest_error(404, "NOT_FOUND"),
        AccountSuspended,
        Kind.PERMISSION,
    ),
    # Limits.
    *(
        Row(
            f"daily limit, of {whose}",
            LINKEDIN,
            rest_error(429, "TOO_MANY_REQUESTS", _DAY_LIMIT.format(whose), serviceErrorCode=101),
            AccountSuspended,
            Kind.RATE_LIMIT,
            step,
            {
                "until": None, "backoff": THROTTLED,
                "app_suspended_until": app if step is PUBLISH else None,
                "scope": SuspensionScope.APART if step in (PREPARE, READ) else SuspensionScope.ALL,
            },
        )
        for step in (PUBLISH, PREPARE, READ, WITHDRAW)
        for whose, app in (
            ("APPLICATION", NOW + DEFAULT_SUSPENSION),
            ("APPLICATION_AND_MEMBER", None),
        )
    ),
    Row("a limit without a word", LINKEDIN, answered(429), AccountSuspended, Kind.RATE_LIMIT),
    Row(
        "a limit with its end",
        LINKEDIN,
        answered(429, {"message": "Slow down"}, retry_after=90),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": NOW + timedelta(seconds=90)},
    ),
    *(
        Row(
            f"a limit with an end that is none: {told}",
            LINKEDIN,
            answered(429, {"message": "Slow down"}, retry_after=told),
            AccountSuspended,
            Kind.RATE_LIMIT,
            fields={"until": None, "backoff": THROTTLED},
        )
        for told in ("soon", "-5", "0", "999999999", "")
    ),
    # The post.
    *(
        Row(f"the post's fault: {code}", LINKEDIN, rest_error(status, code), Refused, Kind.CONTENT, fields={"of_post": True})
        for status, code in (
            (400, "FIELD_LENGTH_TOO_LONG"),
            (400, "INVALID_VALUE_BLANK_FIELD"),
            (400, "MEDIA_ASSET_PROCESSING_FAILED"),
            (413, "REQUEST_ENTITY_TOO_LARGE"),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
        )
    ),
    *(
        Row(
            f"an upload that is not found: {code}",
            LINKEDIN,
            rest_error(400, code),
            Deferred,
            Kind.UNAVAILABLE,
            fields={"uploads_gone": True, "most": 4},
        )
        for code in ("INVALID_IMAGE_ID", "INVALID_VIDEO_ID")
    ),
    *(
        Row(
            f"refused, for whatever reason: {code}",
            LINKEDIN,
            rest_error(status, code),
            Refused,
            Kind.CONTENT,
            fields={"of_post": False},
        )
        for status, code in (
            (400, "INVALID_VALUE_FOR_FIELD"),
            (400, "VERSION_MISSING"),
            (400, "MISSING_FIELD"),
            (405, "METHOD_NOT_ALLOWED"),
            (422, "UNPROCESSABLE_ENTITY"),
        )
    ),
    Row(
        "a picture is not processed yet",
        LINKEDIN,
        rest_error(400, "MEDIA_ASSET_WAITING_UPLOAD"),
        Deferred,
        Kind.UNAVAILABLE,
    ),
    # Doubts.
    Row("write conflict", LINKEDIN, rest_error(409, "CONFLICT"), Unknown),
    *(
        Row(f"status {status}", LINKEDIN, rest_error(status, "INTERNAL_SERVER_ERROR"), Unknown)
        for status in (408, 425, 500, 502, 503, 504)
    ),
    *(
        Row(f"{status}, by another server", LINKEDIN, answered(status, body), Unknown)
        for status in (302, 400, 401, 403, 404, 502)
        for body in ("", HTML, "[]", '{"error": "x"}')
    ),
    # Readings.
    Row("read: posts", LINKEDIN, answered(200, {"elements": [{"id": _URN}]}), Accepted, step=READ),
    Row("read: no posts", LINKEDIN, answered(200, {"elements": []}), Accepted, step=READ),
    Row(
        "read: a post",
        LINKEDIN,
        answered(200, {"id": _URN}),
        Accepted,
        step=READ,
        fields={"remote_id": _URN},
    ),
    Row(
        "read: a page",
        LINKEDIN,
        answered(200, {"id": 2414183, "localizedName": "BICE"}),
        Accepted,
        step=READ,
        fields={"remote_id": "2414183"},
    ),
    *(
        Row(f"read: unusable: {told}", LINKEDIN, answered(200, told), Deferred, Kind.UNAVAILABLE, READ)
        for told in ("", "OK", HTML, "[]", "{}", {"elements": None}, {"id": None}, {"id": "a b"})
    ),
    *(
        Row(f"read: {status}", LINKEDIN, rest_error(status, "X"), Deferred, Kind.UNAVAILABLE, READ)
        for status in (400, 404, 409, 500, 503)
    ),
    *(
        Row(f"read: {status}, by another server", LINKEDIN, answered(status, body), Deferred, Kind.UNAVAILABLE, READ)
        for body in ("", '{"elements": []}')
        for status in (300, 302, 401, 403, 404, 502)
    ),
    Row(
        "read: not permitted",
        LINKEDIN,
        rest_error(403, "ACCESS_DENIED", _NOT_PERMITTED),
        AccountSuspended,
        Kind.PERMISSION,
        READ,
    ),
    Row("a repeat of what LinkedIn has", LINKEDIN, rest_error(422, message="Content is a duplicate of it"), Unknown, step=REVEAL),
]  # fmt: skip
