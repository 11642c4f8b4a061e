"""Media of X: upload, processing, alt text, and their use in posts."""

import base64
import io
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy
from PIL import Image

from publisher.media.media_file import clean
from publisher.platforms.twitter.spec import TWITTER
from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.server import Sandbox
from tests.support.videos import video, with_secrets

Tweeter = Callable[..., tweepy.Client]
Picture = Callable[..., bytes]


def call(client: tweepy.Client, path: str, **json: Any) -> dict[str, Any]:
    response = client.request("POST", f"/2/media/{path}", json=json or None, user_auth=True)
    data = response.json()["data"]
    assert isinstance(data, dict)
    return data


def upload(client: tweepy.Client, content: bytes, category: str = "tweet_image") -> str:
    text = base64.b64encode(content).decode()
    return str(call(client, "upload", media=text, media_category=category)["id"])


def describe(client: tweepy.Client, media_id: str, text: str) -> None:
    call(client, "metadata", id=media_id, metadata={"alt_text": {"text": text}})


def chunked(
    client: tweepy.Client, content: bytes, category: str, media_type: str, size: int = 100
) -> dict[str, Any]:
    started = call(
        client,
        "upload/initialize",
        media_category=category,
        media_type=media_type,
        total_bytes=len(content),
    )
    for index, start in enumerate(range(0, len(content), size)):
        piece = base64.b64encode(content[start : start + size]).decode()
        call(client, f"upload/{started['id']}/append", media=piece, segment_index=index)
    return call(client, f"upload/{started['id']}/finalize")


def gif(frames: int = 3) -> bytes:
    images = [Image.new("RGB", (32, 32), (index * 60, 0, 0)) for index in range(frames)]
    memory = io.BytesIO()
    images[0].save(memory, "GIF", save_all=True, append_images=images[1:])
    return memory.getvalue()


BROKEN = b"\x00\x00\x00\x18ftypmp42" + bytes(500)
"""What begins as a video, and is none."""


def moving(path: Path, **options: Any) -> bytes:
    """A video without anything of the one who made it."""
    return clean(video(path / "a.mp4", **options), TWITTER).data


def test_a_picture_is_shown_with_its_description(
    tweeter: Tweeter, sandbox: Sandbox, picture: Picture, session: requests.Session, address: str
) -> None:
    client, content = tweeter(), picture("PNG", (640, 480))
    media_id = upload(client, content)
    describe(client, media_id, "Un carton bleu")
    post_id = client.create_tweet(text="Voici", media_ids=[media_id]).data["id"]
    digest = sha256(content).hexdigest()
    assert sandbox.state()["posts"][0]["media"] == [
        {
            "sha256": digest,
            "media_type": "image/png",
            "alt": "Un carton bleu",
            "width": 640,
            "height": 480,
        }
    ]
    served = session.get(f"{address}/media/{digest}", timeout=30)
    assert (served.content, served.headers["content-type"]) == (content, "image/png")
    answer = client.get_tweet(
        post_id,
        tweet_fields=["attachments", "entities"],
        user_auth=True,
    )
    assert answer.data.text.startswith("Voici https://t.co/")


def test_a_picture_alone_needs_an_empty_text(tweeter: Tweeter, picture: Picture) -> None:
    """X's description: its own server refuses an absent text."""
    client = tweeter()
    media_ids = [upload(client, picture())]
    assert client.create_tweet(text="", media_ids=media_ids).data["text"]
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(media_ids=media_ids)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_the_four_kinds_of_picture_are_taken(tweeter: Tweeter, picture: Picture, kind: str) -> None:
    assert upload(tweeter(), picture(kind))


@pytest.mark.parametrize(
    "content", [b"", b"not a picture", b"%PDF-1.4", BROKEN], ids=["empty", "text", "pdf", "video"]
)
def test_what_is_no_picture_is_refused(tweeter: Tweeter, content: bytes) -> None:
    with pytest.raises(tweepy.BadRequest):
        upload(tweeter(), content)


def test_a_truncated_picture_is_refused(tweeter: Tweeter, picture: Picture) -> None:
    with pytest.raises(tweepy.BadRequest):
        upload(tweeter(), picture("JPEG", (300, 300))[:-200])


def test_a_kind_that_x_does_not_show_is_refused(tweeter: Tweeter, picture: Picture) -> None:
    with pytest.raises(tweepy.BadRequest):
        upload(tweeter(), picture("BMP"))


def test_a_decompression_bomb_is_refused(tweeter: Tweeter, picture: Picture) -> None:
    with pytest.raises(tweepy.BadRequest):
        upload(tweeter(), picture("PNG", (20_000, 6_000)))


def test_more_than_5_mb_is_refused(tweeter: Tweeter) -> None:
    with pytest.raises(tweepy.BadRequest) as error:
        upload(tweeter(), bytes(limits.IMAGE_BYTES + 1))
    assert "exceeds the maximum" in str(error.value)


def test_metadata_that_was_left_in_is_noted(
    tweeter: Tweeter, sandbox: Sandbox, picture: Picture
) -> None:
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    upload(tweeter(), picture("JPEG", exif=exif.tobytes(), xmp=b"<x:xmpmeta/>"))
    details = " ".join(note["detail"] for note in sandbox.state()["violations"])
    assert all(kind in details for kind in ("EXIF", "GPS", "XMP"))


def test_a_clean_picture_is_no_violation(
    tweeter: Tweeter, sandbox: Sandbox, picture: Picture
) -> None:
    upload(tweeter(), picture("JPEG"))
    assert sandbox.state()["violations"] == []


def test_alt_text_ends_at_1000(tweeter: Tweeter, picture: Picture) -> None:
    client = tweeter()
    media_id = upload(client, picture())
    describe(client, media_id, "é" * 1000)
    with pytest.raises(tweepy.BadRequest):
        describe(client, media_id, "é" * 1001)


def test_media_of_another_account_cannot_be_used(tweeter: Tweeter, picture: Picture) -> None:
    media_id = upload(tweeter("peru-x"), picture())
    with pytest.raises(tweepy.Forbidden):
        describe(tweeter(), media_id, "x")
    with pytest.raises(tweepy.BadRequest) as error:
        tweeter().create_tweet(text="a", media_ids=[media_id])
    assert "media IDs are invalid" in str(error.value)


def test_media_live_for_a_day(tweeter: Tweeter, picture: Picture, clock: Any) -> None:
    client = tweeter()
    media_id = upload(client, picture())
    clock.instant += timedelta(hours=24)
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[media_id])
    with pytest.raises(tweepy.NotFound):
        describe(client, media_id, "x")


def test_a_post_shows_four_pictures_each_once(tweeter: Tweeter, picture: Picture) -> None:
    client = tweeter()
    ids = [upload(client, picture(size=(32, 32 + n))) for n in range(4)]
    assert client.create_tweet(text="quatre", media_ids=ids).data["id"]
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="deux fois", media_ids=[ids[0], ids[0]])


def test_a_video_is_ready_after_its_processing(
    tweeter: Tweeter,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("publisher.platforms.twitter.stand_in.media.time.monotonic", lambda: now)
    client = tweeter()
    done = chunked(client, moving(tmp_path), "tweet_video", "video/mp4")
    query = {"command": "STATUS", "media_id": done["id"]}

    def status() -> dict[str, Any]:
        answer = client.request("GET", "/2/media/upload", params=query, user_auth=True)
        info = answer.json()["data"]["processing_info"]
        assert isinstance(info, dict)
        return info

    assert done["processing_info"] == {
        "state": "pending",
        "progress_percent": 0,
        "check_after_secs": 1,
    }
    with pytest.raises(tweepy.BadRequest) as error:
        client.create_tweet(text="a", media_ids=[done["id"]])
    assert "not processed" in str(error.value)
    now += limits.REAL_PROCESSING_SECONDS * 0.75
    assert status()["state"] == "in_progress"
    now += limits.REAL_PROCESSING_SECONDS
    assert status() == {"state": "succeeded", "progress_percent": 100}
    assert client.create_tweet(text="a", media_ids=[done["id"]]).data["id"]
    assert sandbox.state()["violations"] == []
    (shown,) = sandbox.state()["posts"][0]["media"]
    assert (shown["media_type"], shown["width"], shown["height"]) == ("video/mp4", 64, 48)


@pytest.mark.parametrize(
    "options",
    [
        {"seconds": 0.4},
        {"seconds": 145, "rate": 1},
        {"rate": 90},
        {"size": (1936, 1080)},
        {"size": (1216, 1232)},
        {"size": (200, 64)},
        {"size": (64, 16)},
        {"picture": "mpeg4"},
        {"colours": "yuv444p"},
        {"sound": "libmp3lame"},
        {"sound": "aac", "layout": "5.1"},
    ],
)
def test_a_video_that_x_does_not_show_fails_while_it_is_worked_on(
    tweeter: Tweeter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    client = tweeter()
    content = video(tmp_path / "a.mp4", **{"sound": None, **options}).read_bytes()
    done = chunked(client, content, "tweet_video", "video/mp4", size=500_000)
    assert done["processing_info"]["state"] == "failed"
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[done["id"]])


def test_a_broken_video_fails_while_it_is_worked_on(
    tweeter: Tweeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    done = chunked(tweeter(), BROKEN, "tweet_video", "video/mp4")
    assert done["processing_info"]["state"] == "failed"


def test_what_a_video_betrays_is_noted(tweeter: Tweeter, sandbox: Sandbox, tmp_path: Path) -> None:
    content = with_secrets(tmp_path / "a.mp4").read_bytes()
    chunked(tweeter(), content, "tweet_video", "video/mp4", size=100_000)
    details = " ".join(note["detail"] for note in sandbox.state()["violations"])
    assert all(kind in details for kind in ("GPS", "metadata", "another track", "SEI"))


def test_a_video_comes_in_pieces(tweeter: Tweeter, tmp_path: Path) -> None:
    with pytest.raises(tweepy.BadRequest) as error:
        upload(tweeter(), moving(tmp_path), "tweet_video")
    assert "pieces" in str(error.value)


def test_a_video_goes_alone(
    tweeter: Tweeter, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    client = tweeter()
    shown = chunked(client, moving(tmp_path), "tweet_video", "video/mp4")["id"]
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[shown, upload(client, picture())])
    assert client.create_tweet(text="a", media_ids=[shown]).data["id"]


def test_a_gif_goes_alone(
    tweeter: Tweeter, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)
    client = tweeter()
    moving = chunked(client, gif(), "tweet_gif", "image/gif")["id"]
    still = upload(client, picture())
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[moving, still])
    assert client.create_tweet(text="a", media_ids=[moving]).data["id"]


def test_an_upload_that_is_not_finished_cannot_be_used(tweeter: Tweeter) -> None:
    client = tweeter()
    started = call(
        client,
        "upload/initialize",
        media_category="tweet_video",
        media_type="video/mp4",
        total_bytes=10,
    )
    with pytest.raises(tweepy.BadRequest):
        client.create_tweet(text="a", media_ids=[started["id"]])
    with pytest.raises(tweepy.BadRequest):
        call(client, f"upload/{started['id']}/finalize")


def test_other_bytes_than_announced_are_refused(tweeter: Tweeter, picture: Picture) -> None:
    with pytest.raises(tweepy.BadRequest) as error:
        chunked(tweeter(), picture("PNG"), "tweet_image", "image/jpeg")
    assert "image/png" in str(error.value)


@pytest.mark.parametrize(
    "instead",
    [
        {"media_category": "tweet_song"},
        {"media_category": "dm_image"},
        {"media_type": "image/gif", "media_category": "tweet_video"},
        {"total_bytes": 0},
        {"total_bytes": limits.VIDEO_BYTES + 1},
        {"extra": 1},
    ],
)
def test_a_wrong_beginning_is_refused(tweeter: Tweeter, instead: dict[str, Any]) -> None:
    wish = {"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": 10}
    with pytest.raises(tweepy.BadRequest):
        call(tweeter(), "upload/initialize", **(wish | instead))


@pytest.mark.parametrize(
    "json",
    [
        {},
        {"media": "AAAA"},
        {"media": "?", "media_category": "tweet_image"},
        {"media": "!!!!", "media_category": "tweet_image"},
        {"media": 5, "media_category": "tweet_image"},
    ],
)
def test_a_wrong_upload_is_refused(tweeter: Tweeter, json: dict[str, Any]) -> None:
    with pytest.raises(tweepy.BadRequest):
        call(tweeter(), "upload", **json)


def test_a_segment_that_is_no_base64_is_refused(tweeter: Tweeter) -> None:
    """Read leniently, it would be other bytes than those that were sent."""
    client = tweeter()
    wish = {"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": 10}
    started = call(client, "upload/initialize", **wish)
    with pytest.raises(tweepy.BadRequest):
        call(client, f"upload/{started['id']}/append", media="aGVs bG8=", segment_index=0)
