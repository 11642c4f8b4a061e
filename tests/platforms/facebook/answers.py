"""What Facebook answers: seen, or in its documentation.

Sources: Meta's Graph API guides; Postiz (its providers, and stored failures of 2026); koala #422;
ocaml-social-sdk #23; restfb #1469.
"""

from datetime import timedelta

from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Refused,
    Step,
    Unknown,
)
from tests.support.answers.kinds import (
    FACEBOOK,
    HTML,
    NOW,
    PREPARE,
    REVEAL,
    WITHDRAW,
    Row,
    answered,
    graph_error,
    usage,
)

_TOO_FAST = "We limit how often you can post. You can try again later."

REQUESTS = {PREPARE: ("createPhoto", "createFeedPost"), REVEAL: ("updatePost",)}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    Row(
        "unpublished post",
        FACEBOOK,
        answered(200, {"id": "100200300_42"}),
        Accepted,
        step=PREPARE,
        fields={"remote_id": "100200300_42"},
    ),
    Row(
        "photo",
        FACEBOOK,
        answered(200, {"id": "7", "post_id": "1_7"}),
        Accepted,
        step=PREPARE,
        fields={"remote_id": "7"},
    ),
    Row(
        "an id that is a number",
        FACEBOOK,
        answered(200, {"id": 7}),
        Accepted,
        fields={"remote_id": "7"},
    ),
    Row("error is null", FACEBOOK, answered(200, {"id": "7", "error": None}), Accepted),
    Row("made public", FACEBOOK, answered(200, {"success": True}), Accepted, step=REVEAL),
    Row("made public, its id", FACEBOOK, answered(200, {"id": "1_2"}), Accepted, step=REVEAL),
    Row("deleted", FACEBOOK, answered(200, {"success": True}), Accepted, step=WITHDRAW),
    Row(
        "delete: an id confirms nothing",
        FACEBOOK,
        answered(200, {"id": "500_1"}),
        Unknown,
        step=WITHDRAW,
    ),
    Row(
        "delete: not done, with an id",
        FACEBOOK,
        answered(200, {"id": "500_1", "success": False}),
        Unknown,
        step=WITHDRAW,
    ),
    Row(
        "delete: not there, or not to be seen",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33),
        Unknown,
        step=WITHDRAW,
    ),
    Row(
        "delete: not done",
        FACEBOOK,
        answered(200, {"success": False}),
        Unknown,
        None,
        WITHDRAW,
    ),
    Row("success is no id", FACEBOOK, answered(200, {"success": True}), Unknown),
    Row(
        "success is no draft",
        FACEBOOK,
        answered(200, {"success": True}),
        Deferred,
        Kind.UNAVAILABLE,
        PREPARE,
    ),
    # The table of platforms.md.
    *(
        Row(f"code {code}", FACEBOOK, graph_error(status, code), Unknown)
        for code in (1, 2)
        for status in (400, 500, 503)
    ),
    Row("transient", FACEBOOK, graph_error(400, 9999, is_transient=True), Unknown),
    Row("transient, code 100", FACEBOOK, graph_error(400, 100, is_transient=True), Unknown),
    *(
        Row(
            f"throttled, {code} as {status}",
            FACEBOOK,
            graph_error(status, code),
            AccountSuspended,
            Kind.RATE_LIMIT,
            step=step,
            fields={"until": None, "backoff": THROTTLED},
        )
        for code in (4, 17, 32, 341, 613, 80001)
        for status in (400, 403, 429, 500)
        for step in (PREPARE, REVEAL)
    ),
    Row(
        "throttled and transient",
        FACEBOOK,
        graph_error(400, 4, is_transient=True),
        AccountSuspended,
        Kind.RATE_LIMIT,
    ),
    *(
        Row(
            f"permission, {code}",
            FACEBOOK,
            graph_error(403, code),
            AccountSuspended,
            Kind.PERMISSION,
            fields={"until": None, "backoff": UNTIL_MENDED},
        )
        for code in (10, 200, 210, 299)
    ),
    *(
        Row(
            message,
            FACEBOOK,
            graph_error(400, 200, error_subcode=subcode, message=message),
            AccountSuspended,
            Kind.PERMISSION,
        )
        for message, subcode in (
            ("Confirm your identity before you can publish as this Page", 4854002),
            ("Page publishing authorization required", None),
        )
    ),
    Row(
        "photo too big",
        FACEBOOK,
        graph_error(400, 100, error_subcode=1366046, message="Photos should be smaller than 4 MB"),
        Refused,
        Kind.CONTENT,
        PREPARE,
    ),
    *(
        Row(
            f"the proof of the app's secret, {code}, {step}",
            FACEBOOK,
            graph_error(400, code, message=message),
            AccountSuspended,
            Kind.AUTH,
            step,
            {"until": None, "backoff": UNTIL_MENDED},
        )
        for code, message in (
            (100, "Invalid appsecret_proof provided in the API argument"),
            (100, "API calls from the server require an appsecret_proof argument"),
            (4711, "(#4711) appsecret_proof: no"),
        )
        for step in (PREPARE, REVEAL)
    ),
    *(
        Row(
            f"the app, {code}",
            FACEBOOK,
            graph_error(400, code),
            AccountSuspended,
            Kind.PERMISSION,
            fields={"until": None, "backoff": UNTIL_MENDED},
        )
        for code in (3, 5, 12, 101, 104, 2500)
    ),
    *(
        Row(
            f"an upload that is to be tried again, {code}/{subcode}",
            FACEBOOK,
            graph_error(400, code, error_subcode=subcode),
            Deferred,
            Kind.UNAVAILABLE,
            PREPARE,
        )
        for code, subcode in (
            (6000, 1363019),
            (6000, 1363030),
            (6000, 1363041),
            (6001, 1363037),
            (390, 1363030),
        )
    ),
    Row(
        "bad parameter",
        FACEBOOK,
        graph_error(400, 100),
        Refused,
        Kind.CONTENT,
        fields={"of_post": False},
    ),
    Row("bad parameter as 500", FACEBOOK, graph_error(500, 100), Refused, Kind.CONTENT),
    Row(
        "the draft is gone",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33),
        Refused,
        Kind.CONTENT,
        REVEAL,
    ),
    Row(
        "token, 102",
        FACEBOOK,
        graph_error(401, 102),
        AccountSuspended,
        Kind.AUTH,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    *(
        Row(
            f"token, 190/{subcode}",
            FACEBOOK,
            graph_error(400, 190, error_subcode=subcode),
            AccountSuspended,
            Kind.AUTH,
            step=step,
            fields={"until": None, "backoff": UNTIL_MENDED},
        )
        for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 999)
        for step in Step
    ),
    Row("token, code as text", FACEBOOK, graph_error(400, "190"), AccountSuspended, Kind.AUTH),
    Row("token, as 500", FACEBOOK, graph_error(500, 190), AccountSuspended, Kind.AUTH),
    Row(
        "policy",
        FACEBOOK,
        graph_error(400, 368),
        AccountSuspended,
        Kind.POLICY,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    Row("duplicate", FACEBOOK, graph_error(400, 506), Unknown, fields={"duplicate": True}),
    Row(
        "duplicate when made public",
        FACEBOOK,
        graph_error(400, 506),
        Unknown,
        step=REVEAL,
        fields={"duplicate": True},
    ),
    Row(
        "duplicate when prepared",
        FACEBOOK,
        graph_error(400, 506),
        Refused,
        Kind.DUPLICATE,
        PREPARE,
    ),
    *(
        Row(
            f"link, {code}/{subcode}",
            FACEBOOK,
            graph_error(400, code, error_subcode=subcode),
            Deferred,
            Kind.CONTENT,
            step,
            {"most": 8},
        )
        for code, subcode in ((1609005, None), (100, 1609005))
        for step in (PREPARE, REVEAL)
    ),
    Row(
        "too often",
        FACEBOOK,
        graph_error(400, 368, error_subcode=1390008, message=_TOO_FAST),
        AccountSuspended,
        Kind.POLICY,
        fields={"until": None, "backoff": UNTIL_MENDED},
    ),
    *(
        Row(
            f"368 for a duplicate, {step}",
            FACEBOOK,
            graph_error(400, 368, message="You've already posted this."),
            expected,
            kind,
            step,
            fields,
        )
        for step, expected, kind, fields in (
            (PREPARE, Refused, Kind.DUPLICATE, {"of_post": True}),
            (REVEAL, Unknown, None, {"duplicate": True}),
        )
    ),
    Row(
        "no such Page",
        FACEBOOK,
        graph_error(404, 803, message="Some of the aliases you requested do not exist: 1002"),
        AccountSuspended,
        Kind.PERMISSION,
        PREPARE,
        {"until": None, "backoff": UNTIL_MENDED},
    ),
    Row(
        "no permission for such a post",
        FACEBOOK,
        graph_error(400, 100, message="(#100) No permission to publish the video"),
        Refused,
        Kind.PERMISSION,
        fields={"of_post": False},
    ),
    Row(
        "a code that nobody lists",
        FACEBOOK,
        graph_error(400, 4711),
        Refused,
        Kind.CONTENT,
        fields={"of_post": False},
    ),
    Row("300 is no permission", FACEBOOK, graph_error(400, 300), Refused, Kind.CONTENT),
    Row("a code that nobody lists, as 500", FACEBOOK, graph_error(500, 4711), Unknown),
    Row("an error with success", FACEBOOK, graph_error(200, 4711), Unknown),
    *(
        Row(f"error code {code!r}", FACEBOOK, graph_error(400, code), Unknown)
        for code in (None, "", True, [4], 1.5)
    ),
    # Usage headers, in percent and minutes.
    Row(
        "throttled with a wait",
        FACEBOOK,
        graph_error(400, 80001, headers=usage(call_count=100, estimated_time_to_regain_access=25)),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": NOW + timedelta(minutes=25)},
    ),
    *(
        Row(
            f"throttled, wait {wait}",
            FACEBOOK,
            graph_error(400, 4, headers=usage(estimated_time_to_regain_access=wait)),
            AccountSuspended,
            Kind.RATE_LIMIT,
            fields={"until": None, "backoff": THROTTLED},
        )
        for wait in (0, -3, 10**400, float("nan"), float("inf"), 10**8)
    ),
    *(
        Row(
            f"throttled, usage {header!r}",
            FACEBOOK,
            graph_error(
                400, 4, headers={"x_business_use_case_usage": header, "x_app_usage": header}
            ),
            AccountSuspended,
            Kind.RATE_LIMIT,
            fields={"until": None, "backoff": THROTTLED},
        )
        for header in (
            "",
            "no JSON",
            "[]",
            '{"1": 5}',
            '{"1": [7]}',
            '{"1": [{"estimated_time_to_regain_access": "5"}]}',
        )
    ),
    Row(
        "accepted at 97 %",
        FACEBOOK,
        answered(200, {"id": "1_2"}, **usage(call_count=97)),
        Accepted,
        fields={"suspended_until": NOW + THROTTLED[0], "backoff": THROTTLED},
    ),
    Row(
        "accepted at 97 % with a wait",
        FACEBOOK,
        answered(200, {"success": True}, **usage(total_time=97, estimated_time_to_regain_access=3)),
        Accepted,
        step=REVEAL,
        fields={"suspended_until": NOW + timedelta(minutes=3)},
    ),
    Row(
        "accepted, the app at 96 %",
        FACEBOOK,
        answered(
            200, {"id": "1"}, x_app_usage='{"call_count": 2, "total_time": 96, "total_cputime": 2}'
        ),
        Accepted,
        fields={"suspended_until": NOW + THROTTLED[0], "backoff": THROTTLED},
    ),
    Row(
        "accepted at 28 %",
        FACEBOOK,
        answered(200, {"id": "1"}, **usage(call_count=28)),
        Accepted,
        fields={"suspended_until": None, "backoff": ()},
    ),
    Row(
        "429 without a reason",
        FACEBOOK,
        answered(429, HTML),
        AccountSuspended,
        Kind.RATE_LIMIT,
        fields={"until": None, "backoff": THROTTLED},
    ),
    # The traps.
    Row("500 whose JSON lacks `error`", FACEBOOK, answered(500, {"oops": 1}), Unknown),
    Row("500 that names an id", FACEBOOK, answered(500, {"id": "1_2"}), Unknown),
    Row("5xx, HTML", FACEBOOK, answered(502, HTML), Unknown),
    Row("5xx, empty", FACEBOOK, answered(503), Unknown),
    Row("4xx, HTML", FACEBOOK, answered(400, HTML), Unknown),
    Row(
        "4xx, HTML, prepared",
        FACEBOOK,
        answered(403, HTML),
        Deferred,
        Kind.UNAVAILABLE,
        PREPARE,
    ),
    Row("413", FACEBOOK, answered(413, HTML), Refused, Kind.CONTENT, PREPARE),
    Row("redirect", FACEBOOK, answered(302, "", location="https://facebook.com/login"), Unknown),
    *(
        Row(f"2xx, {body!r}", FACEBOOK, answered(200, body), Unknown)
        for body in (
            "",
            "OK",
            HTML,
            "true",
            "null",
            "[]",
            "{}",
            '{"id": ""}',
            '{"id": null}',
            '{"error": "x"}',
            '{"error": {}}',
            '{"id": "1_',
        )
    ),
]
