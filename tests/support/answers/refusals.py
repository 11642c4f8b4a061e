"""What the platforms answered to one post, while they took others: seen, or in their documentation.

Each is played with an innocent post 25 seconds later, which must go out. Sources, by their letters:
D docs.x.com and X's OpenAPI description 2.167, or Meta's Graph API guides; I X's incident list;
P Postiz (its providers and stored failures of 2026); K koala #422; O ocaml-social-sdk #23; N
node-twitter-api-v2 #366, #591; R restfb #1469; S seen by several independent others; H a machine
between.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from publisher.model.outcomes import Answer, Step, Wire
from publisher.model.states import State
from tests.support.answers.kinds import DUPLICATE, FACEBOOK, HTML, OWN, REPLY, X

_OUT, _FAILED = frozenset({State.PUBLISHED}), frozenset({State.FAILED})
_EITHER = _OUT | _FAILED
_TYPES = "https://api.x.com/2/problems/"
STEPS = {
    "createPosts": Step.PUBLISH,
    "mediaUpload": Step.PREPARE,
    "createMediaMetadata": Step.PREPARE,
    "createFeedPost": Step.PREPARE,
    "createPhoto": Step.PREPARE,
    "updatePost": Step.REVEAL,
}


@dataclass(frozen=True)
class Refusal:
    """One answer, to one request of the first post."""

    name: str
    channel: str
    endpoint: str
    status: int
    body: str | dict[str, Any]
    source: str
    ends: frozenset[State]
    """What the first post may become, when the next request is answered as ever."""
    headers: dict[str, str] = field(default_factory=dict)
    parts: int = 1
    nth: int = 1
    """Which of the requests to this endpoint it answers."""
    commit: bool = False
    """Whether the request had its effect all the same."""

    @property
    def pictured(self) -> bool:
        return self.endpoint in ("mediaUpload", "createMediaMetadata", "createPhoto")

    @property
    def fault(self) -> dict[str, Any]:
        """As the sandbox takes it."""
        return {
            "what": "answer", "endpoint": self.endpoint, "nth": [self.nth], "status": self.status,
            "body": self.body, "headers": self.headers, "commit": self.commit,
        }  # fmt: skip

    def answer(self, now: datetime) -> Answer:
        """As a channel hears it."""
        headers = {name: _instant(value, now) for name, value in self.headers.items()}
        body = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return Answer(Wire.ANSWERED, now, self.status, headers, body)


def _instant(value: str, now: datetime) -> str:
    if not value.startswith("+"):
        return value
    return str(int((now + timedelta(seconds=int(value))).timestamp()))


def _problem(status: int, detail: str, kind: str = "about:blank", **more: Any) -> dict[str, Any]:
    named = kind if ":" in kind else _TYPES + kind
    return {"title": "Forbidden", "detail": detail, "type": named, "status": status, **more}


def _x(
    name: str, status: int, body: str | dict[str, Any], source: str, ends: frozenset[State],
    endpoint: str = "createPosts", **more: Any,
) -> Refusal:  # fmt: skip
    return Refusal(f"X, {endpoint}: {name}", X, endpoint, status, body, source, ends, **more)


def _graph(
    name: str, code: int, source: str, ends: frozenset[State],
    endpoint: str = "createFeedPost", *, status: int = 400, subcode: int | None = None,
    headers: dict[str, str] | None = None, nth: int = 1, **error: Any,
) -> Refusal:  # fmt: skip
    said = {"message": name, "type": "OAuthException", "code": code, "fbtrace_id": "A", **error}
    if subcode:
        said["error_subcode"] = subcode
    return Refusal(
        f"Facebook, {endpoint}: {code}/{subcode} {name}", FACEBOOK, endpoint, status,
        {"error": said}, source, ends, headers or {}, nth=nth,
    )  # fmt: skip


_NOT_PERMITTED = "You are not permitted to perform this action."
_OF_X = [
    _x("not permitted", 403, _problem(403, _NOT_PERMITTED, "not-authorized-for-resource"), "P", _FAILED),
    _x("not permitted, no type", 403, _problem(403, _NOT_PERMITTED), "P", _FAILED),
    _x("invalid URL", 403, _problem(403, "The Tweet contains an invalid URL."), "P", _FAILED),
    _x(
        "long video", 403,
        _problem(403, "This user is not allowed to post a video longer than 2 minutes"), "P", _FAILED,
    ),
    _x(
        "cashtags", 403,
        _problem(403, "Posts created via the API are limited to a maximum of one cashtag"), "D", _FAILED,
    ),
    _x("nobody knows", 403, _problem(403, "Something new."), "S", _FAILED),
    _x("no body", 403, "", "H", _FAILED),
    _x("HTML", 403, HTML, "H", _FAILED),
    _x("duplicate", 403, _problem(403, DUPLICATE), "S", _FAILED),
    _x("duplicate, its own", 403, _problem(403, DUPLICATE), "S", _OUT, commit=True),
    _x("reply", 403, _problem(403, REPLY), "S", _FAILED, parts=2, nth=2),
    _x(
        "only its own", 403,
        _problem(403, OWN, "not-authorized-for-resource", title="Authorization Error"), "S", _FAILED,
        parts=2, nth=2,
    ),
    _x(
        "the parent is not there", 403,
        _problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you."), "N",
        _EITHER, parts=2, nth=2,
    ),
    _x("suspended", 403, _problem(403, "Your account is suspended."), "D", _OUT),
    _x(
        "locked", 403,
        _problem(403, "Your account is temporarily locked. Please log in to unlock your account."), "S",
        _OUT,
    ),
    _x("not enrolled", 403, _problem(403, "Attach the app.", "client-forbidden"), "D", _OUT),
    _x("oauth1 permissions", 403, _problem(403, "Not so.", "oauth1-permissions"), "D", _OUT),
    _x("400", 400, _problem(400, "One or more parameters to your request was invalid."), "D", _FAILED),
    _x("413", 413, HTML, "H", _FAILED),
    _x("401", 401, _problem(401, "Unauthorized"), "I", _OUT),
    _x("401, no body", 401, "", "I", _OUT),
    _x("402", 402, _problem(402, "No credits.", title="CreditsDepleted"), "D", _OUT),
    _x("404", 404, HTML, "I", _OUT),
    _x("405", 405, "", "H", _OUT),
    _x("429, a minute", 429, _problem(429, "Too Many Requests"), "D", _OUT,
       headers={"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "+60"}),
    _x("429, the day's", 429, _problem(429, "Too Many Requests"), "S", _OUT,
       headers={
           "x-user-limit-24hour-limit": "100", "x-user-limit-24hour-remaining": "0",
           "x-user-limit-24hour-reset": "+300",
       }),
    _x("429, bare", 429, "", "S", _OUT),
    _x("429, HTML", 429, HTML, "H", _OUT),
    _x("429, absurd", 429, "", "S", _OUT, headers={"x-rate-limit-reset": "soon"}),
    _x("usage capped", 429, _problem(429, "Usage cap exceeded", "usage-capped"), "D", _OUT),
    *(_x(f"{status}, before", status, HTML, "H", _OUT) for status in (500, 502, 503, 504, 524)),
    *(_x(f"{status}, after", status, HTML, "H", _OUT, commit=True) for status in (500, 503, 524)),
    _x("408", 408, "", "H", _OUT),
    _x("200, only errors", 200, {"errors": [{"title": "Internal"}]}, "S", _OUT),
    _x("201, no JSON", 201, "Created", "S", _OUT, commit=True),
    _x("201, errors is null", 201, {"data": None, "errors": None}, "S", _OUT, commit=True),
    *(
        # An alternative text that is refused is tried again until the post expires.
        _x(name, status, body, source, _OUT if endpoint != "mediaUpload" else ends, endpoint)
        for endpoint in ("mediaUpload", "createMediaMetadata")
        for name, status, body, source, ends in (
            ("404", 404, HTML, "I", _OUT),
            ("403", 403, _problem(403, "Forbidden"), "O", _FAILED),
            ("400", 400, _problem(400, "One or more parameters to your request was invalid."), "D", _FAILED),
            ("400, another way", 400, _problem(400, "Requests must be multipart/form-data"), "N", _FAILED),
            ("401", 401, _problem(401, "Unauthorized"), "I", _OUT),
            ("429", 429, "", "D", _OUT),
            ("500", 500, HTML, "I", _OUT),
            ("503", 503, "", "I", _OUT),
        )
    ),
]  # fmt: skip

_TOO_FAST = "We limit how often you can post. You can try again later."
_WAIT = {"type": "pages", "call_count": 100, "total_time": 1, "estimated_time_to_regain_access": 1}
_USAGE = {"x-business-use-case-usage": json.dumps({"1": [_WAIT]})}
_OF_FACEBOOK = [
    *(
        refusal
        for endpoint in ("createFeedPost", "updatePost")
        for refusal in (
            *(
                _graph("throttled", code, "D", _OUT, endpoint)
                for code in (4, 17, 32, 341, 613, 80001)
            ),
            _graph("throttled, a minute", 32, "D", _OUT, endpoint, headers=_USAGE),
            _graph("throttled, as 429", 613, "D", _OUT, endpoint, status=429),
            *(
                _graph("token", 190, "D", _OUT, endpoint, subcode=subcode)
                for subcode in (None, 458, 459, 460, 463, 464, 467, 492)
            ),
            _graph("session", 102, "D", _OUT, endpoint, status=401),
            _graph("permission", 10, "D", _OUT, endpoint, status=403),
            _graph("permission", 200, "D", _OUT, endpoint, status=403),
            _graph("permission", 299, "D", _OUT, endpoint, status=403),
            _graph(
                "Confirm your identity before you can publish as this Page", 200, "P", _OUT, endpoint,
                subcode=4854002,
            ),
            _graph("Page publishing authorization required", 200, "P", _OUT, endpoint),
            _graph("blocked", 368, "D", _OUT, endpoint),
            _graph(_TOO_FAST, 368, "P", _OUT, endpoint, subcode=1390008),
            _graph("unknown", 1, "D", _OUT, endpoint, status=500),
            _graph("unavailable", 2, "D", _OUT, endpoint, status=503),
            _graph("transient", 100, "D", _OUT, endpoint, is_transient=True),
            _graph("bad parameter", 100, "D", _FAILED, endpoint),
            _graph("(#100) No permission to publish the video", 100, "P", _FAILED, endpoint),
            _graph("duplicate", 506, "D", _EITHER, endpoint),
            _graph("You've already posted this.", 368, "K", _EITHER, endpoint),
            _graph("nobody lists it", 4711, "S", _FAILED, endpoint),
            _graph("the link", 1609005, "P", _OUT, endpoint),
            _graph("the link", 100, "P", _OUT, endpoint, subcode=1609005),
            Refusal(
                f"Facebook, {endpoint}: HTML", FACEBOOK, endpoint, 502, HTML, "H", _OUT
            ),
            Refusal(
                f"Facebook, {endpoint}: HTML, done", FACEBOOK, endpoint, 502, HTML, "H", _OUT,
                commit=True,
            ),
        )
    ),
    _graph("Some of the aliases you requested do not exist: 1002", 803, "P", _OUT, status=404),
    _graph("gone", 100, "R", _FAILED, "updatePost", subcode=33),
    _graph("Photos should be smaller than 4 MB", 100, "P", _FAILED, "createPhoto", subcode=1366046),
    _graph("unavailable", 2, "D", _OUT, "createPhoto", status=503),
]  # fmt: skip

REFUSALS = [*_OF_X, *_OF_FACEBOOK]
