"""Videos and comments of Facebook Pages, through real facebook-sdk over real HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import facebook
import pytest
from PIL import Image

from publisher.platforms.facebook.stand_in import video_status, videos
from publisher.sandbox.server import Sandbox
from tests.sandbox.test_facebook_posts import refused
from tests.support.videos import video

Pager = Callable[..., Any]
Break = Callable[..., None]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facebook has processed a video as soon as it has it, and takes it in small chunks."""
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 0.0)
    monkeypatch.setattr(videos, "CHUNK", 1_000)


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    return video(tmp_path / "a.mp4").read_bytes()


def gif() -> bytes:
    images = [Image.effect_noise((48, 36), 90) for _ in range(3)]
    memory = io.BytesIO()
    images[0].save(memory, "GIF", save_all=True, append_images=images[1:])
    return memory.getvalue()


def state_of(page: Any, video_id: str) -> tuple[str, bool]:
    told = page.get(video_id, fields="published,status")
    return told["status"]["video_status"], told["published"]


def test_a_video_is_unseen_until_it_is_published(
    pager: Pager, sandbox: Sandbox, film: bytes
) -> None:
    page = pager()
    video_id = page.video(film, published="false", description="Voici")
    assert state_of(page, video_id) == ("ready", False)
    assert page.get("me/feed")["data"] == page.get("me/published_posts")["data"] == []
    assert "Voici" not in sandbox.timeline("facebook")
    assert page.post(video_id, published="true") == {"success": True}
    assert state_of(page, video_id) == ("ready", True)
    fields = "message,attachments{type,target{id}}"
    (listed,) = page.get("me/published_posts", fields=fields)["data"]
    assert (listed["id"], listed["message"]) == (f"1002_{video_id}", "Voici")
    assert listed["attachments"]["data"][0]["target"]["id"] == video_id
    assert "Voici" in sandbox.timeline("facebook")
    assert page.post(video_id, published="true") == {"success": True}, "again, without harm"


def test_only_its_page_sees_an_unpublished_video(pager: Pager, film: bytes) -> None:
    video_id = pager().video(film, published="false")
    with pytest.raises(facebook.GraphAPIError) as error:
        pager("peru-page").get(video_id, fields="published")
    assert refused(error) == (100, 33)


def test_a_video_is_public_at_once_unless_that_is_not_wanted(pager: Pager, film: bytes) -> None:
    page = pager()
    assert state_of(page, page.video(film)) == ("ready", True)


def test_a_gif_is_a_video_too(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    assert state_of(page, page.video(gif(), published="false")) == ("ready", False)
    assert sandbox.state()["posts"][0]["media"][0]["media_type"] == "image/gif"


def test_processing_takes_time_and_may_fail(
    pager: Pager, film: bytes, monkeypatch: pytest.MonkeyPatch, break_: Break, sandbox: Sandbox
) -> None:
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 1e6)
    page = pager()
    video_id = page.video(film, published="false")
    assert state_of(page, video_id) == ("processing", False)
    with pytest.raises(facebook.GraphAPIError):
        page.post(video_id, published="true")
    assert sandbox.state()["violations"][-1]["kind"] == "video-not-ready"
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 0.0)
    assert state_of(page, page.video(b"no video", published="false")) == ("error", False)
    break_("processing-failed")
    assert state_of(page, page.video(film, published="false")) == ("error", False)


def test_chunks_come_in_order_and_whole(pager: Pager, film: bytes) -> None:
    page = pager()
    begun = page.post("me/videos", upload_phase="start", file_size=str(len(film)))
    assert (begun["start_offset"], begun["end_offset"]) == ("0", "1000")
    session = {"upload_session_id": begun["upload_session_id"]}
    assert state_of(page, begun["video_id"]) == ("uploading", False)
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post("me/videos", upload_phase="finish", **session)
    assert refused(error) == (6000, 1363030)
    for start, chunk in (("1000", film[:1000]), ("0", film[:999])):
        place = {"upload_phase": "transfer", "start_offset": start, **session, **page.proof}
        files = {"video_file_chunk": ("chunk", chunk)}
        with pytest.raises(facebook.GraphAPIError) as error:
            page.graph.request("v25.0/me/videos", post_args=place, files=files)
        assert refused(error) == (6001, 1363037)
    page.delete(begun["video_id"])
    with pytest.raises(facebook.GraphAPIError):
        page.get(begun["video_id"])


def test_a_deleted_video_takes_its_post_along(pager: Pager, sandbox: Sandbox, film: bytes) -> None:
    page = pager()
    page.delete(page.video(film))
    assert page.get("me/published_posts")["data"] == sandbox.state()["uploads"] == []


def test_a_comment_is_below_its_post_and_no_post(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour")["id"]
    comment = page.post(f"{post}/comments", message="https://www.example.org/a")["id"]
    assert comment.startswith(f"{post.partition('_')[2]}_")
    fields = "id,message,from{id}"
    (shown,) = page.get(f"{post}/comments", fields=fields)["data"]
    assert shown == {
        "id": comment,
        "message": "https://www.example.org/a",
        "from": {"id": "1002"},
    }
    assert [one["id"] for one in page.get("me/feed")["data"]] == [post]
    html = sandbox.timeline("facebook")
    assert html.index("Bonjour") < html.index('class="comment"') < html.index("example.org/a</a>")
    page.delete(comment)
    assert page.get(f"{post}/comments")["data"] == []


def test_comments_are_listed_page_by_page_newest_first(pager: Pager) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour")["id"]
    ids = [page.post(f"{post}/comments", message=f"{number}")["id"] for number in range(3)]
    wish = {"order": "reverse_chronological", "limit": 2}
    first = page.get(f"{post}/comments", **wish)
    assert [one["id"] for one in first["data"]] == [ids[2], ids[1]]
    rest = page.get(f"{post}/comments", **wish, after=first["paging"]["cursors"]["after"])
    assert [one["id"] for one in rest["data"]] == [ids[0]]
    assert "next" not in rest["paging"]


def test_a_deleted_post_takes_its_comments_along(pager: Pager, sandbox: Sandbox) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour")["id"]
    page.post(f"{post}/comments", message="Un lien")
    page.delete(post)
    assert all(one["deleted"] for one in sandbox.state()["posts"])


@pytest.mark.parametrize("published", ["true", "false"])
def test_only_public_posts_of_the_page_get_comments(pager: Pager, published: str) -> None:
    page = pager()
    post = page.post("me/feed", message="Bonjour", published=published)["id"]
    if published == "true":
        page = pager("peru-page")
    with pytest.raises(facebook.GraphAPIError) as error:
        page.post(f"{post}/comments", message="Un lien")
    assert refused(error)[0] == 100
