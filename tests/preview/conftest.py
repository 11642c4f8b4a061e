"""A workspace whose drafts are previewed through the real command."""

import base64
import io
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from tests.cli.runner import Cli
from tests.support.browser import Browser
from tests.support.html import Structure, addresses, flaws
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
title = "BICE"
language = "fr"
[accounts.bice-page]
channel = "facebook"
organisation = "BICE"
language = "fr"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
title = "BICE, le site"
[accounts.lima-x]
channel = "twitter"
language = "es"
timezone = "America/Lima"
"""


class Page(NamedTuple):
    """A page that a command wrote."""

    path: Path
    html: str

    @property
    def structure(self) -> Structure:
        return Structure(self.html)

    @property
    def pictures(self) -> list[bytes]:
        """The files that stand in it as data URIs."""
        found = re.findall(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)", self.html)
        return [base64.b64decode(data) for data in found]

    @property
    def text(self) -> str:
        """What can be read in it, without its tags."""
        return re.sub(
            r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        )


class Desk:
    """Writes drafts and previews them."""

    def __init__(self, folder: Path, cli: Cli) -> None:
        self.files = Workspace(folder, settings=SETTINGS)
        self.folder = folder
        self.cli = cli

    def draft(self, name: str, front_matter: str, text: str = "Le texte.") -> None:
        self.files.draft(name, front_matter, text)

    def picture(self, name: str, size: tuple[int, int] = (40, 30), exif: bytes = b"") -> bytes:
        """A picture in posts/media/, one of its own for each name; gives its bytes."""
        colour = tuple(name.encode()[-7:-4])
        image = Image.new("RGB", size, (colour[0], colour[1], colour[2]))
        buffer = io.BytesIO()
        options = {"exif": exif} if exif else {}
        image.save(buffer, "PNG" if name.endswith(".png") else "JPEG", **options)
        path = self.folder / "posts" / "media" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(buffer.getvalue())
        return buffer.getvalue()

    def preview(self, *arguments: str | Path) -> Page:
        """A page that is well made and loads nothing."""
        done = self.cli("preview", *arguments)
        assert done.code == 0, done.err
        page = Path(done.out.strip())
        html = page.read_text(encoding="utf-8")
        assert flaws(html) == []
        assert [address for address in addresses(html) if not address.startswith("data:")] == []
        return Page(page, html)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capsys, monkeypatch)


@pytest.fixture
def desk(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """It is 1 March 2016; the workspace is the current folder."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-01T12:00:00+01:00")
    monkeypatch.setenv("PUBLISHER_USER", "redaction")
    return Desk(folder, cli)


@pytest.fixture
def browser(chromium: Path, tmp_path: Path) -> Browser:
    return Browser(chromium, tmp_path / "profile")
