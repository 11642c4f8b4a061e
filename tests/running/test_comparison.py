"""The comparison of the log with the platforms finds every kind of difference."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.states import State
from publisher.rehearsal.comparison import differences

_AT = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_PICTURE = Picture(
    digest="d1", media_type="image/png", width=1, height=1, alt="A card", name="card.png"
)


def _delivery() -> Delivery:
    """A thread of two parts with a picture, out on X."""
    content = Content(parts=(Part(text="one", pictures=(_PICTURE,)), Part(text="two")))
    return Delivery(
        id=1, version=5, post="p", account="a", channel="twitter", state=State.PUBLISHED,
        due_at=_AT, next_check_at=_AT, expires_at=None, embargo_until=None, content=content,
        remote_ids=("11", "12"), prepared=Prepared(), attempts=1, lease_until=None, intent_at=None,
        doubt_since=None, settled_at=None, absences=0, draft_hold=None,
        published_at=_AT, url=None, error_kind=None, error_message=None, reason=None,
        queued_by=None, approved_by=None, approved_at=None, approved_digest=None, repeat=False,
    )  # fmt: skip


def _row() -> dict[str, Any]:
    return {
        "post": "p", "account": "a", "channel": "twitter", "state": "published",
        "remote_ids": ["11", "12"], "withdrawn_ids": [], "text": ["one", "two"],
    }  # fmt: skip


def _posts() -> list[dict[str, Any]]:
    common = {"channel": "twitter", "account": "a", "published": True, "deleted": False}
    media = [{"sha256": "d1", "alt": "A card"}]
    return [
        {**common, "id": "11", "text": "one", "in_reply_to": None, "link": None, "media": media},
        {**common, "id": "12", "text": "two", "in_reply_to": "11", "link": None, "media": []},
    ]


def test_log_and_platform_that_agree_differ_in_nothing() -> None:
    assert differences([_row()], [_delivery()], _posts()) == []


def test_x_has_no_alternative_text_of_a_video_and_that_is_no_difference() -> None:
    """Another channel that lost it would be one."""
    video = _PICTURE.model_copy(update={"media_type": "video/mp4"})
    content = Content(parts=(Part(text="one", pictures=(video,)), Part(text="two")))
    delivery, posts, row = _delivery().model_copy(update={"content": content}), _posts(), _row()
    posts[0]["media"][0]["alt"] = None
    assert differences([row], [delivery], posts) == []
    for each in (row, *posts):
        each["channel"] = "site"
    assert any("pictures" in found for found in differences([row], [delivery], posts))


def _other_text(posts: list[dict[str, Any]]) -> None:
    posts[0]["text"] = "One"


def _other_alt(posts: list[dict[str, Any]]) -> None:
    posts[0]["media"][0]["alt"] = "Another card"


def _other_picture(posts: list[dict[str, Any]]) -> None:
    posts[0]["media"][0]["sha256"] = "d2"


def _no_picture(posts: list[dict[str, Any]]) -> None:
    posts[0]["media"] = []


def _torn_thread(posts: list[dict[str, Any]]) -> None:
    posts[1]["in_reply_to"] = None


def _missing(posts: list[dict[str, Any]]) -> None:
    del posts[1]


def _deleted(posts: list[dict[str, Any]]) -> None:
    posts[1]["deleted"] = True


def _hidden(posts: list[dict[str, Any]]) -> None:
    posts[1]["published"] = False


def _twice(posts: list[dict[str, Any]]) -> None:
    posts.append({**posts[0], "id": "13"})


def _wrong_account(posts: list[dict[str, Any]]) -> None:
    posts[0]["account"] = "b"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_other_text, "text of part 1 is 'One' on the platform, 'one' in the log"),
        (_other_alt, "pictures of part 1"),
        (_other_picture, "pictures of part 1"),
        (_no_picture, "pictures of part 1"),
        (_torn_thread, "in_reply_to of part 2"),
        (_missing, "the log has 12, the platform does not"),
        (_deleted, "the log has 12, the platform does not"),
        (_hidden, "the log has 12, the platform does not"),
        (_twice, "post 13 is on the platform, not in the log"),
        (_wrong_account, "the log has 11, the platform does not"),
    ],
)
def test_every_kind_of_difference_is_told(
    change: Callable[[list[dict[str, Any]]], None], told: str
) -> None:
    posts = _posts()
    change(posts)
    assert told in "\n".join(differences([_row()], [_delivery()], posts))


def test_published_thread_with_a_part_missing_is_told() -> None:
    row = {**_row(), "remote_ids": ["11"]}
    assert differences([row], [_delivery()], _posts()[:1]) == [
        "p to a: published with 1 of 2 parts."
    ]
