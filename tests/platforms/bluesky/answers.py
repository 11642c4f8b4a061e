"""What Bluesky's servers answer."""

from datetime import timedelta
from typing import Any

from publisher.model.outcomes import (
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Refused,
    Unknown,
)
from tests.support.answers.kinds import (
    EPOCH,
    HTML,
    NOW,
    PREPARE,
    READ,
    REVEAL,
    WITHDRAW,
    Row,
    answered,
)

BLUESKY = "bluesky"
_DID = "did:plc:gkby5gjpk6lwze7mfysxzivr"
_ONE = f"at://{_DID}/app.bsky.feed.post/3jzfcijpj2z2a"
_TWO = f"at://{_DID}/app.bsky.feed.post/3jzfcijpj2z2b"
_CID = "bafkreicwnovkryqffrrsnlodgx56ryn7j542uehxtbnkrlubpq2zeevfmm"
_COMMIT = {"cid": "bafyreiayfsirksvzu64sil2t7lz3i4k3dblqwhjen4h2na5x3gmyak4zee", "rev": "3n3fd"}
_BLOB = {"$type": "blob", "ref": {"$link": _CID}, "mimeType": "image/png", "size": 137}
_POST = {"$type": "app.bsky.feed.post", "text": "Bonjour"}
_OF_RECORD = "Invalid app.bsky.feed.post record: grapheme too big (maximum 300, got 301) at $.text"


_NO_POSTS: tuple[Any, ...] = (
    {}, {"commit": _COMMIT}, {"results": []}, {"results": [{"uri": None}]}, "OK", [], "",
)  # fmt: skip


def xrpc_error(status: int, error: str, message: str = "Something", **headers: Any) -> Answer:
    return answered(status, {"error": error, "message": message}, **headers)


def _written(*uris: object) -> dict[str, Any]:
    return {"commit": _COMMIT, "results": [{"uri": uri, "cid": _CID} for uri in uris]}


def _limits(left: object, reset: object, policy: str = "3000;w=300") -> dict[str, Any]:
    return {
        "ratelimit_limit": policy.partition(";")[0],
        "ratelimit_remaining": left,
        "ratelimit_reset": reset,
        "ratelimit_policy": policy,
    }


def _suspended(kind: Kind, name: str, answer: Answer, **more: Any) -> Row:
    return Row(name, BLUESKY, answer, AccountSuspended, kind, **{"step": REVEAL, **more})


REQUESTS = {PREPARE: ("uploadBlob",), REVEAL: ("applyWrites",)}
"""What is asked for a post with a picture, by step, as the sandbox calls it."""
ROWS = [
    Row(
        "one post",
        BLUESKY,
        answered(200, _written(_ONE)),
        Accepted,
        step=REVEAL,
        fields={
            "remote_id": "3jzfcijpj2z2a",
            "following": (),
            "url": f"https://bsky.app/profile/{_DID}/post/3jzfcijpj2z2a",
            "suspended_until": None,
        },
    ),
    Row(
        "a thread",
        BLUESKY,
        answered(200, _written(_ONE, _TWO)),
        Accepted,
        step=REVEAL,
        fields={"remote_ids": ("3jzfcijpj2z2a", "3jzfcijpj2z2b")},
    ),
    Row(
        "the last one of a window",
        BLUESKY,
        answered(200, _written(_ONE), **_limits(0, EPOCH + 60)),
        Accepted,
        step=REVEAL,
        fields={"suspended_until": NOW.replace(microsecond=0) + timedelta(seconds=61)},
    ),
    *(
        Row(f"success without posts: {told}", BLUESKY, answered(200, told), Unknown, step=REVEAL)
        for told in _NO_POSTS
    ),
    Row(
        "a picture",
        BLUESKY,
        answered(200, {"blob": _BLOB}),
        Accepted,
        step=PREPARE,
        fields={"remote_id": _CID},
    ),
    Row(
        "a picture without an id",
        BLUESKY,
        answered(200, {"blob": {"size": 137}}),
        Deferred,
        Kind.UNAVAILABLE,
        PREPARE,
    ),
    Row("deleted", BLUESKY, answered(200, {"commit": _COMMIT}), Accepted, step=WITHDRAW),
    Row("deleted before", BLUESKY, answered(200, {}), Accepted, step=WITHDRAW),
    Row("deleted, no JSON", BLUESKY, answered(200, "OK"), Unknown, step=WITHDRAW),
    Row(
        "a record with that key exists: the server has no words for it",
        BLUESKY,
        xrpc_error(500, "InternalServerError", "Internal Server Error"),
        Unknown,
        step=REVEAL,
    ),
    *(
        Row(f"status {status}", BLUESKY, answered(status, body), Unknown, step=REVEAL)
        for status, body in (
            (500, ""),
            (502, HTML),
            (503, "{}"),
            (504, {"error": "UpstreamTimeout"}),
            (501, {"error": "MethodNotImplemented"}),
            (404, HTML),
            (300, _written(_ONE)),
            (302, ""),
            (403, HTML),
            (400, "{}"),
            (502, {"error": "UpstreamFailure", "message": "unreachable"}),
        )
    ),
    *(
        Row(f"{error}, {step}", BLUESKY, xrpc_error(400, error), Deferred, Kind.AUTH, step)
        for error in ("ExpiredToken", "InvalidToken")
        for step in (REVEAL, PREPARE, WITHDRAW)
    ),
    *(
        _suspended(
            Kind.AUTH,
            f"{status} {error}",
            xrpc_error(status, error),
            fields={"until": None, "backoff": UNTIL_MENDED},
        )
        for status, error in (
            (401, "AuthMissing"),
            (401, "AuthenticationRequired"),
            (403, "AccountNotFound"),
            (400, "RepoNotFound"),
            (401, "AuthFactorTokenRequired"),
            (401, "BadJwt"),
        )
    ),
    *(
        _suspended(Kind.POLICY, f"{status} {error}", xrpc_error(status, error), step=step)
        for status, error in (
            (401, "AccountTakedown"),
            (400, "RepoTakendown"),
            (401, "AccountSuspended"),
            (400, "RepoSuspended"),
            (401, "AccountDeactivated"),
            (400, "RepoDeactivated"),
        )
        for step in (REVEAL, READ)
    ),
    _suspended(
        Kind.RATE_LIMIT,
        "a limit with its end",
        xrpc_error(429, "RateLimitExceeded", **_limits(0, EPOCH + 600)),
        fields={"until": NOW.replace(microsecond=0) + timedelta(seconds=601), "backoff": ()},
    ),
    *(
        _suspended(
            Kind.RATE_LIMIT,
            f"a limit without a credible end: {reset}",
            xrpc_error(429, "RateLimitExceeded", **_limits(0, reset)),
            fields={"until": None, "backoff": THROTTLED},
        )
        for reset in ("soon", "", EPOCH + 10**6, EPOCH - 10**6, 10**15)
    ),
    _suspended(
        Kind.RATE_LIMIT, "a limit with another status", xrpc_error(400, "RateLimitExceeded")
    ),
    _suspended(Kind.RATE_LIMIT, "a limit of a machine between", answered(429, HTML)),
    Row(
        "too long",
        BLUESKY,
        xrpc_error(400, "InvalidRequest", _OF_RECORD),
        Refused,
        Kind.CONTENT,
        REVEAL,
        {"of_post": True},
    ),
    Row(
        "refused for a reason that may be the account's",
        BLUESKY,
        xrpc_error(400, "InvalidRequest", "Something else"),
        Refused,
        Kind.CONTENT,
        REVEAL,
        {"of_post": False},
    ),
    Row(
        "not allowed",
        BLUESKY,
        xrpc_error(403, "Forbidden"),
        Refused,
        Kind.PERMISSION,
        REVEAL,
        {"of_post": False},
    ),
    *(
        Row(f"too big: {error}", BLUESKY, xrpc_error(status, error), Refused, Kind.CONTENT, step)
        for status, error in ((413, "PayloadTooLarge"), (400, "BlobTooLarge"), (400, "InvalidSize"))
        for step in (PREPARE, REVEAL)
    ),
    Row(
        "another type of picture",
        BLUESKY,
        xrpc_error(400, "InvalidMimeType"),
        Refused,
        Kind.CONTENT,
        REVEAL,
        {"of_post": True},
    ),
    *(
        Row(f"passes: {error}", BLUESKY, xrpc_error(400, error), Deferred, Kind.UNAVAILABLE, REVEAL)
        for error in ("BlobNotFound", "InvalidSwap")
    ),
    Row(
        "a post",
        BLUESKY,
        answered(200, {"uri": _ONE, "cid": _CID, "value": _POST}),
        Accepted,
        step=READ,
        fields={"remote_id": "3jzfcijpj2z2a"},
    ),
    Row(
        "an account",
        BLUESKY,
        answered(200, {"did": _DID, "handle": "bice.test", "active": True}),
        Accepted,
        step=READ,
        fields={"remote_id": _DID},
    ),
    Row("no such post", BLUESKY, xrpc_error(400, "RecordNotFound"), Unknown, step=READ),
    *(
        Row(f"unreadable: {name}", BLUESKY, answer, Deferred, Kind.UNAVAILABLE, READ)
        for name, answer in (
            ("no JSON", answered(200, "OK")),
            ("nothing", answered(200, {})),
            ("no DID", answered(200, {"did": "somebody"})),
            ("502", answered(502, HTML)),
            ("501", xrpc_error(501, "MethodNotImplemented")),
            ("400", xrpc_error(400, "InvalidRequest")),
            ("403", xrpc_error(403, "Forbidden")),
            ("expired", xrpc_error(400, "ExpiredToken")),
        )
    ),
    _suspended(
        Kind.RATE_LIMIT,
        "a reading is limited",
        xrpc_error(429, "RateLimitExceeded", **_limits(0, EPOCH + 600)),
        step=READ,
    ),
]
