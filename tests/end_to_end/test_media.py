"""What arrives of photographs and videos at the platforms and on the website."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from PIL import Image

from publisher.sandbox.server import Sandbox
from tests.support import photos, videos
from tests.support.html import Structure
from tests.support.workspaces import Workspace

Publisher = Callable[..., str]
SECRETS = {*photos.SECRETS, *videos.SECRETS, b"MARKER", b"Exif\0"}


def in_seconds(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):at: %Y-%m-%dT%H:%M:%SZ}"


def media(name: str) -> str:
    return f"media:\n  - file: media/{name}\n    alt: La salle XX"


@pytest.mark.deep
def test_no_byte_of_a_cameras_metadata_arrives_anywhere(
    workspace: Workspace, sandbox: Sandbox, publisher: Publisher
) -> None:
    """X, the Page and the website get the photograph, X and the website the video."""
    folder = workspace.path / "posts" / "media"
    folder.mkdir()
    originals = [photos.photo(folder / "p.jpg"), videos.with_secrets(folder / "v.mp4")]
    everything = b"".join(path.read_bytes() for path in originals)
    everywhere = "to: [bice-x, bice-page, bice-site]"
    workspace.draft("p.fr", f"{in_seconds(4)}\n{everywhere}\n{media('p.jpg')}", "La salle.")
    workspace.draft("v.fr", f"{in_seconds(4)}\nto: [bice-x, bice-site]\n{media('v.mp4')}", "Vu.")
    publisher("queue", "--new-ledger")
    publisher("run", "--until-idle")
    rows = json.loads(publisher("log", "--format", "json"))
    assert [row["state"] for row in rows] == ["published"] * 5
    arrived = [upload.content for upload in sandbox.store.uploads.values()]
    assert sorted(media_type(content) for content in arrived) == ["jpeg", "jpeg", "mp4"]
    site = files(workspace.path / "var" / "site")
    ledger = files(workspace.path / "var", "publisher.db*")
    assert {data for path, data in site.items() if path.suffix in (".jpg", ".mp4")} == set(arrived)
    for data in (*arrived, *site.values(), *ledger.values()):
        assert [secret for secret in SECRETS if secret in data] == []
    assert [secret for secret in photos.SECRETS if secret not in everything] == []
    assert everything == b"".join(path.read_bytes() for path in originals)
    assert [note for note in sandbox.state()["violations"] if "metadata" in note["kind"]] == []
    assert_shown(workspace, sandbox)


def assert_shown(workspace: Workspace, sandbox: Sandbox) -> None:
    """The video can be played on X's timeline and on the website."""
    (shown,) = Structure(sandbox.timeline("twitter", "bice_x")).all("video")
    (video,) = [u for u in sandbox.store.uploads.values() if u.category == "video"]
    assert shown["src"] == f"/media/{video.sha256}"
    page = workspace.path / "var" / "site" / "bice-site" / "posts" / "v.fr.html"
    (shown,) = Structure(page.read_text()).all("video")
    assert (page.parent / str(shown["src"])).read_bytes() == video.content
    with av.open(io.BytesIO(video.content), "r") as source:
        assert [track.type for track in source.streams] == ["video", "audio"]
        assert sum(1 for _ in source.decode(video=0)) == videos.RATE


def files(folder: Path, pattern: str = "**/*") -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob(pattern) if path.is_file()}


def media_type(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return "mp4"
    with Image.open(io.BytesIO(content)) as image:
        return str(image.format).lower()


def test_check_says_why_a_video_cannot_go_out(workspace: Workspace, publisher: Publisher) -> None:
    """Too small for a Page; not in this encoding; not half of it."""
    folder = workspace.path / "posts" / "media"
    folder.mkdir()
    whole = videos.video(folder / "a.mp4").read_bytes()
    (folder / "b.mp4").write_bytes(whole[: len(whole) // 2])
    videos.video(folder / "c.mp4", picture="libx265")
    workspace.draft("a.fr", f"to: [bice-x, bice-page]\n{media('a.mp4')}")
    workspace.draft("b.fr", f"to: [bice-x]\n{media('b.mp4')}")
    workspace.draft("c.fr", f"to: [bice-x]\n{media('c.mp4')}")
    problems = json.loads(publisher("check", "--format", "json", code=1))
    found = {problem["file"][6:7]: problem["code"] for problem in problems}
    assert found == {"a": "video-limits", "b": "media-damaged", "c": "video-codec"}
    assert all(problem["hint"] for problem in problems)
    assert all(problem["line"] == 4 for problem in problems)
