"""Any answer at all has a meaning."""

import json

from hypothesis import given
from hypothesis import strategies as st

from publisher.model.outcomes import Accepted, Answer, Deferred, Refused, Step, Unknown, Wire
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import FACEBOOK, MASTODON, NOW, READ, WITHDRAW, X, message_of

_TEXT = st.text(st.sampled_from("ab \x00\ud800\udfff\U0001f600"), max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "blob",
                    "code",
                    "data",
                    "did",
                    "detail",
                    "error",
                    "error_subcode",
                    "errors",
                    "id",
                    "is_published",
                    "message",
                    "meta",
                    "ref",
                    "result_count",
                    "results",
                    "success",
                    "uri",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "ratelimit-policy",
            "ratelimit-remaining",
            "ratelimit-reset",
            "x-rate-limit-remaining",
            "x-rate-limit-reset",
            "x-app-limit-24hour-reset",
            "x-app-usage",
            "x-business-use-case-usage",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "retry-after",
        ]
    ),
    st.text(max_size=30) | st.integers().map(str) | _JSON.map(json.dumps),
    max_size=4,
)


@given(
    channel=st.sampled_from([X, FACEBOOK, MASTODON, "bluesky"]),
    step=st.sampled_from(Step),
    status=st.none() | st.integers(0, 999),
    body=st.text(max_size=50) | _JSON.map(json.dumps),
    headers=_HEADERS,
)
def test_whatever_comes_back_has_a_meaning(
    channel: str, step: Step, status: int | None, body: str, headers: dict[str, str]
) -> None:
    """No answer raises, only success is accepted, and a 5xx is never a refusal by mere status."""
    outcome = meaning(channel, Answer(Wire.ANSWERED, NOW, status, headers, body), step)
    assert "\0" not in message_of(outcome).encode().decode()
    if step is READ:
        assert not isinstance(outcome, Refused)
    if isinstance(outcome, Accepted) and step is not WITHDRAW:
        assert status is not None
        assert 200 <= status < 300
    if channel != FACEBOOK and status is not None and status >= 500:
        assert step is not READ or isinstance(outcome, Deferred)
        assert isinstance(outcome, Unknown | Deferred)
