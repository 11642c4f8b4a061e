"""What platforms answer when they are read."""

from typing import Any

from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Kind, Unknown
from tests.support.answers.kinds import (
    DUPLICATE,
    EPOCH,
    FACEBOOK,
    HTML,
    IN_TEN_MINUTES,
    READ,
    REPLY,
    Row,
    X,
    answered,
    graph_error,
    limit,
    problem,
)

A_PAGE: dict[str, Any] = {"data": [{"id": "1", "text": "Bonjour"}], "meta": {"result_count": 1}}
A_POST = {"id": "100200300_42", "is_published": False}

_NOTHING: dict[str, Any] = {"meta": {"result_count": 0}}
_GONE = {
    "title": "Not Found Error",
    "detail": "Could not find tweet with referenced_tweets.id: [42].",
    "parameter": "referenced_tweets.id",
    "resource_type": "tweet",
    "type": "https://api.twitter.com/2/problems/resource-not-found",
}
_NOT_AUTHORISED = {
    "title": "Authorization Error",
    "detail": "Sorry, you are not authorized to see the user with id: [42].",
    "parameter": "id",
    "resource_type": "user",
    "type": "https://api.twitter.com/2/problems/not-authorized-for-resource",
}
_NO_PAGES: tuple[Any, ...] = (
    "",
    "OK",
    HTML,
    "null",
    "[]",
    "{}",
    {"errors": [{"title": "Not Found Error"}]},
    {"data": None, "meta": {"result_count": 0}},
    {"data": [], "meta": {}},
    {"data": [], "meta": {"result_count": 1}},
    {"data": [{"id": "1"}], "meta": {"result_count": 2}},
    {"data": [{"id": "1"}]},
    {"data": {"name": "no id"}},
    '{"data": [{"id": "1", "te',
)

READINGS = [
    Row("read: posts", X, answered(200, A_PAGE), Accepted, step=READ),
    Row("read: no posts", X, answered(200, {"meta": {"result_count": 0}}), Accepted, step=READ),
    Row(
        "read: posts, something referred to is gone",
        X,
        answered(200, {**A_PAGE, "errors": [_GONE, {**_GONE, "parameter": "author_id"}]}),
        Accepted,
        step=READ,
    ),
    *(
        Row(
            f"read: an answer that may lack something, {errors!r}",
            X,
            answered(200, {**found, "errors": errors}),
            Deferred,
            Kind.UNAVAILABLE,
            READ,
        )
        for found in (A_PAGE, {"data": [], "meta": {"result_count": 0}}, _NOTHING)
        for errors in (
            [_NOT_AUTHORISED],
            [_GONE, _NOT_AUTHORISED],
            [{"title": "Service Unavailable", "detail": "Timeline temporarily incomplete"}],
            ["odd"],
            {"title": "odd"},
        )
    ),
    Row(
        "read: the user",
        X,
        answered(200, {"data": {"id": "77", "name": "BICE", "username": "bice"}}),
        Accepted,
        step=READ,
        fields={"remote_id": "77"},
    ),
    Row(
        "read: the last one of the window does not make the account rest",
        X,
        answered(200, A_PAGE, **limit("x_rate_limit", 0, EPOCH + 600)),
        Accepted,
        step=READ,
        fields={"suspended_until": None},
    ),
    *(
        Row(f"read: status {status}", X, answered(status, A_PAGE), Deferred, Kind.UNAVAILABLE, READ)
        for status in (0, 100, 300, 400, 404, 408, 409, 413, 422, 425, 500, 502, 503, 504)
    ),
    *(
        Row(f"read: 200, {body!r}", X, answered(200, body), Deferred, Kind.UNAVAILABLE, READ)
        for body in _NO_PAGES
    ),
    *(
        Row(f"read: {name}", X, answer, AccountSuspended, kind, READ, {"until": until})
        for name, answer, kind, until in (
            ("401", problem(401, "Unauthorized"), Kind.AUTH, None),
            ("402", problem(402, "CreditsDepleted"), Kind.PERMISSION, None),
            ("403", problem(403, "Forbidden"), Kind.PERMISSION, None),
            ("403, duplicate", problem(403, "Forbidden", DUPLICATE), Kind.PERMISSION, None),
            ("403, reply", problem(403, "Forbidden", REPLY), Kind.PERMISSION, None),
            (
                "429",
                problem(429, "Too Many", **limit("x_rate_limit", 0, EPOCH + 600)),
                Kind.RATE_LIMIT,
                IN_TEN_MINUTES,
            ),
            ("429 without headers", answered(429, HTML), Kind.RATE_LIMIT, None),
        )
    ),
    Row(
        "read: unpublished",
        FACEBOOK,
        answered(200, A_POST),
        Accepted,
        step=READ,
        fields={"remote_id": "100200300_42"},
    ),
    Row(
        "read: public",
        FACEBOOK,
        answered(200, {**A_POST, "is_published": True}),
        Accepted,
        step=READ,
    ),
    Row(
        "read: gone",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33),
        Unknown,
        step=READ,
        fields={"duplicate": False},
    ),
    Row(
        "read: gone, for now",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33, is_transient=True),
        Deferred,
        Kind.UNAVAILABLE,
        READ,
    ),
    *(
        Row(
            f"read: error {code} as {status}",
            FACEBOOK,
            graph_error(status, code),
            Deferred,
            Kind.UNAVAILABLE,
            READ,
        )
        for code in (1, 2, 100, 506, 1609005, 4711, None)
        for status in (200, 400, 500)
    ),
    *(
        Row(f"read: 200, {body!r}", FACEBOOK, answered(200, body), Deferred, Kind.UNAVAILABLE, READ)
        for body in (
            "",
            HTML,
            "true",
            "null",
            "{}",
            {"success": True},
            {"id": "1_2"},
            {"id": "1_2", "is_published": None},
            {"id": "1_2", "is_published": "false"},
            {"is_published": False},
            {"id": "", "is_published": True},
        )
    ),
    *(
        Row(f"read: {status}", FACEBOOK, answered(status, body), Deferred, Kind.UNAVAILABLE, READ)
        for status, body in (
            (302, ""),
            (413, HTML),
            (400, HTML),
            (500, A_POST),
            (502, HTML),
            (503, ""),
        )
    ),
    *(
        Row(f"read: held, {code}", FACEBOOK, graph_error(400, code), AccountSuspended, kind, READ)
        for code, kind in (
            (4, Kind.RATE_LIMIT),
            (80001, Kind.RATE_LIMIT),
            (10, Kind.PERMISSION),
            (200, Kind.PERMISSION),
            (102, Kind.AUTH),
            (190, Kind.AUTH),
            (368, Kind.POLICY),
        )
    ),
    Row("read: 429", FACEBOOK, answered(429, HTML), AccountSuspended, Kind.RATE_LIMIT, READ),
]
