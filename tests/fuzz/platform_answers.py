"""What X, Facebook, and whatever stands between them and us, may answer: nearly right, or
strange.
"""

import json
import math

from hypothesis import strategies as st

from tests.fuzz.trees import LEAF, damaged, value

_KEYS = st.sampled_from(
    (
        "data", "id", "text", "meta", "errors", "error", "detail", "title", "type", "status", "code", "error_subcode", "message", "is_transient",
        "error_user_msg", "success", "deleted", "is_published", "result_count", "next_token", "created_at", "entities", "urls", "url", "expanded_url",
        "conversation_id", "referenced_tweets", "referenced_posts", "attachments", "media_keys", "post_id",
    )
)  # fmt: skip
_WORDS = st.sampled_from(
    (
        "You are not allowed to create a Tweet with duplicate content.", "Reply to this conversation is not allowed", "You attempted to reply to a Tweet",
        "Your Tweet text is too long.", "\x1b[31mred\x07", "\u202egpj", "\ud800", "token=hunter2 https://api.x.com/?access_token=hunter2", "é" * 3000, "",
    )
)  # fmt: skip
_IDS = st.sampled_from(
    (
        "707123456789",
        707123456789,
        "100_200",
        "",
        "a" * 101,
        "1" * 5000,
        10**400,
        "7\n8",
        "../..",
        "<b>",
        0,
        -1,
        True,
        1.5,
    )
)
_CODES = st.sampled_from(
    (
        1,
        2,
        4,
        10,
        17,
        32,
        100,
        102,
        190,
        200,
        299,
        341,
        368,
        506,
        613,
        80001,
        1609005,
        "190",
        1e3,
        -1,
        10**12,
        10**400,
        None,
        True,
    )
)
_INSTANTS = st.sampled_from(
    (
        "2016-03-07T07:30:00.000Z",
        "2016-03-07T07:30:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2016-W10-1",
        "now",
        "",
        1457335800,
    )
)
ODD = st.one_of(LEAF, value(keys=_KEYS), _WORDS, _IDS, _CODES, _INSTANTS)

_PROBLEM = {
    "title": "Forbidden",
    "detail": "No",
    "type": "about:blank",
    "status": 403,
    "errors": [{"message": "No", "type": "a/resource-not-found"}],
}
_GRAPH = {
    "error": {
        "message": "No",
        "type": "OAuthException",
        "code": 100,
        "error_subcode": 33,
        "is_transient": False,
        "error_user_msg": "No",
    }
}
_POST = {
    "id": "707123456789", "text": "Bonjour https://t.co/a &amp; &lt;", "created_at": "2016-03-07T07:30:00.000Z", "conversation_id": "707123456789",
    "referenced_tweets": [{"type": "replied_to", "id": "707"}], "attachments": {"media_keys": ["3_1"]},
    "entities": {"urls": [{"start": 8, "end": 23, "url": "https://t.co/a", "expanded_url": "https://example.org/", "unwound_url": "https://xn--mller-kva.example"}]},
}  # fmt: skip
_PAGE = {"data": [_POST, _POST], "meta": {"result_count": 2, "next_token": "abc"}}
_GOOD = st.sampled_from(
    (
        {"data": {"id": "707123456789", "text": "Bonjour"}}, {"data": {"deleted": True}}, _PROBLEM, _PAGE, {"meta": {"result_count": 0}},
        _GRAPH, {"id": "100200300_1"}, {"success": True}, {"id": "100200300_1", "is_published": True}, {"id": "1", "post_id": "100200300_1"},
    )
)  # fmt: skip


@st.composite
def _json(draw: st.DrawFn) -> str:
    text = json.dumps(draw(damaged(draw(_GOOD), ODD)))
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from(
                (
                    text + text,
                    text[:-1],
                    "\ufeff" + text,
                    text.replace('"', "'"),
                    text + "\n\n",
                    "for(;;);" + text,
                    text.replace(":", ":\x00"),
                )
            )
        )
    return text


@st.composite
def _nested(draw: st.DrawFn) -> str:
    """Deeper than any parser likes; also where a text is looked for."""
    depth = draw(st.sampled_from((50, 500, 900, 985, 1_000, 100_000)))
    opening, closing = draw(
        st.sampled_from((("[", "]"), ('{"a":', "}"), ('{"error":', "}"), ('{"data":[', "]}")))
    )
    inner = draw(st.sampled_from(("1", '"x"', "")))
    around = draw(
        st.sampled_from(
            (
                "{}",
                '{{"detail": {}}}',
                '{{"error": {{"code": {}}}}}',
                '{{"errors": [{{"type": {}}}]}}',
                '{{"data": {{"id": {}}}}}',
            )
        )
    )
    return around.format(opening * depth + inner + closing * depth)


_HUGE = st.sampled_from(
    (
        '{"data": {"id": ' + "9" * 5000 + "}}",
        '{"id": 1e999}',
        '{"id": NaN}',
        "[" * 200_000,
        '{"a":' * 50_000,
        '"' + "x" * 1_000_000 + '"',
        "{" + '"k":1,' * 150_000 + '"k":2}',
    )
)
body = st.one_of(
    _json(),
    _json(),
    _json(),
    _nested(),
    _HUGE,
    st.text(max_size=60),
    st.sampled_from(("", "null", "true", "OK", "<html>502</html>", "\x00")),
)
"""The text of an answer."""

status = st.one_of(
    st.sampled_from(
        (
            200,
            201,
            204,
            302,
            400,
            401,
            402,
            403,
            404,
            408,
            409,
            413,
            422,
            425,
            429,
            500,
            502,
            503,
            504,
            520,
        )
    ),
    st.integers(0, 999),
)
_EPOCH = 1_457_335_800  # 2016-03-07T07:30:00Z
_NUMBERS = st.one_of(
    st.integers(-5, 5).map(str),
    st.integers(_EPOCH - 90_000, _EPOCH + 900_000).map(str),
    st.sampled_from(("0", "1", "-1", "1e9", "NaN", "inf", "", " 0 ", "0, 0", "٣", "9" * 12, "9" * 5000, "0x10", str(_EPOCH * 1000), "1457335800.5", "Mon, 07 Mar 2016 08:30:00 GMT", "soon")),
)  # fmt: skip
_USAGE = st.one_of(
    st.sampled_from(("", "{", "[]", "null", "{}", "[" * 5000, '{"call_count": "97"}', "é", '{"1": {"a": 1}}')),
    damaged(
        {"100200300": [{"type": "pages", "call_count": 97, "total_cputime": 25, "total_time": 25, "estimated_time_to_regain_access": 30}]},
        st.one_of(LEAF, st.sampled_from((95, 1e9, math.nan, math.inf, -1, 10**400))),
    ).map(json.dumps),
    damaged({"call_count": 97, "total_time": 25, "total_cputime": 25}, LEAF).map(json.dumps),
)  # fmt: skip
headers = st.fixed_dictionaries(
    {},
    optional={
        **{f"{window}-{part}": _NUMBERS for window in ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour") for part in ("limit", "remaining", "reset")},
        "retry-after": _NUMBERS,
        "x-app-usage": _USAGE,
        "x-business-use-case-usage": _USAGE,
        "x-page-usage": _USAGE,
        "content-type": st.sampled_from(("application/json", "text/html", "application/json; charset=utf-16", "")),
    },
)  # fmt: skip
"""Those that Publisher reads, by their names in lower case."""
