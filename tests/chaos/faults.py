"""How the platforms fail during a run. They are never killed: what they show is the truth."""

import random
from typing import Any

from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault

LATEST = 1.0
"""Seconds after the client gave up that a request is still carried out."""
_LAG = 1.5  # seconds that a timeline, or an edit, is behind
_SLOW = 0.8  # seconds: most kills hit a worker that waits for an answer
_REST = 3.0  # seconds until a used-up limit begins anew
_PAGE_REST = 60.0  # the same for Facebook, which counts in minutes

_ON_CREATE: dict[str, tuple[float, dict[str, Any]]] = {
    "done, then 5xx": (0.02, {"what": What.SERVER_ERROR, "status": 503, "commit": True}),
    "5xx, not done": (0.02, {"what": What.SERVER_ERROR, "commit": False}),
    "done, then reset": (0.02, {"what": What.HANG_UP, "commit": True}),
    "reset, not done": (0.01, {"what": What.HANG_UP, "commit": False}),
    "done, then silence": (0.015, {"what": What.HANG, "commit": True}),
    "silence, not done": (0.01, {"what": What.HANG, "commit": False}),
    "done when nobody waits any more": (0.02, {"what": What.LATE, "seconds": LATEST}),
    "half an answer": (0.01, {"what": What.CUT}),
    "a page of somebody else": (0.01, {"what": What.HTML}),
    "success without JSON": (0.005, {"what": What.NOT_JSON}),
    "success without a body": (0.005, {"what": What.EMPTY}),
    "a redirection": (0.005, {"what": What.REDIRECT}),
    "500 without an error": (0.005, {"what": What.NO_ERROR}),
    "refused as wrong": (0.004, {"what": What.BAD_REQUEST}),
    "refused as a duplicate": (0.004, {"what": What.DUPLICATE}),
}
"""What happens to how many of the requests that make something."""
_ON_READING: dict[str, tuple[float, dict[str, Any]]] = {
    "5xx": (0.005, {"what": What.SERVER_ERROR}),
    "reset": (0.005, {"what": What.HANG_UP}),
    "silence": (0.005, {"what": What.HANG}),
    "no JSON": (0.005, {"what": What.NOT_JSON}),
    "throttled": (0.005, {"what": What.RATE_LIMIT, "seconds": _PAGE_REST}),
}
_EDITING = ("putStatus", "updateOrganizationPost")  # the other channels' make posts public, too
PUBLISHING = (
    "createPosts", "createFeedPost", "updatePost", "applyWrites", "postStatus",
    "createOrganizationPost", "updateArticle", *_EDITING,
)  # fmt: skip
"""The requests that make something public, change it, or may."""
_CREATING = (
    *PUBLISHING, "mediaUpload", "createMediaMetadata", "createPhoto", "uploadBlob", "uploadMedia",
    "uploadImage", "createArticle", "uploadAttachment",
)  # fmt: skip
_LISTING = ("getUsersPosts", "getAccountStatuses", "findOrganizationPosts")
_READING_EDITED = ("getObject", "getStatus", "getStatusSource", "getOrganizationPost", "getArticle")
_READING = ("getUsersPosts", "getRecord", "getAccountStatuses", "findOrganizationPosts",
            "listArticles", *_READING_EDITED)  # fmt: skip
_RESTS: tuple[dict[str, Any], ...] = (
    {"what": What.UNAUTHORISED, "endpoint": "createPosts", "account": "voice-x1", "nth": (2,)},
    {
        "what": XFault.CREDITS_DEPLETED,
        "endpoint": "createPosts",
        "account": "voice-x2",
        "nth": (3,),
    },
    {"what": What.FORBIDDEN, "endpoint": "createPosts", "account": "voice-x3", "nth": (2,)},
    {"what": What.TOKEN_DEAD, "endpoint": "updatePost", "account": "voice-page1", "nth": (2,)},
    {"what": What.FORBIDDEN, "endpoint": "createFeedPost", "account": "voice-page2", "nth": (2,)},
    {
        "what": What.RATE_LIMIT,
        "endpoint": "createFeedPost",
        "account": "voice-page3",
        "nth": (4,),
        "seconds": _PAGE_REST,
    },
)
"""Refusals after which an account waits for a person, whose overdue posts then go out a minute
apart, and one that Facebook counts in whole minutes."""


def rules(seed: int, *, with_rests: bool) -> list[Fault]:
    """The rules for the sandbox. The first that fires wins, so the rare ones stand before.

    `with_rests`: also what lets accounts wait for minutes, all of it early in the run, and failed
    readings, after which Publisher waits half as long as it has been in doubt.
    """
    chance = random.Random(f"faults {seed}")  # noqa: S311 - must be repeatable

    def rule(endpoint: str, probability: float, wish: dict[str, Any]) -> Fault:
        return Fault(
            endpoint=endpoint, probability=probability, seed=chance.randrange(2**32), **wish
        )

    return [
        *(Fault(**wish) for wish in _RESTS if with_rests),
        *(rule(e, p, wish) for e in _CREATING for p, wish in _ON_CREATE.values()),
        *(rule(e, p, wish) for e in _READING for p, wish in _ON_READING.values() if with_rests),
        rule("createPosts", 0.01, {"what": What.RATE_LIMIT, "seconds": _REST}),
        *(rule(e, 0.5, {"what": What.LAG, "seconds": _LAG}) for e in _LISTING),
        *(rule(e, 0.3, {"what": What.EDIT_LATE, "seconds": _LAG}) for e in _READING_EDITED),
        *(rule(e, 0.03, {"what": What.IGNORED}) for e in _EDITING),
        *(rule(e, 0.5, {"what": What.SLOW, "seconds": _SLOW}) for e in (*_CREATING, *_READING)),
    ]
