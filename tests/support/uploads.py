"""Pictures that are added to a draft in the browser."""

import io
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from publisher.app import Application
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
"""For what the ledger has a part in."""


PAGE = "/posts/unfinished.fr/media"
ALT = "La salle XX, vide"
DRAFT = """\
---
# Who reads this?
to: [bice-x]   # the account
media:
  - file: /media/old.png   # last year's
    alt: 'Une affiche'
# to be written
author: redaction
---
Sans heure.
"""


def seen(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


def add(visit: Visit, name: str, data: bytes, page: str = PAGE, **fields: Any) -> httpx.Response:
    """Fill in the form for a picture, as a browser without JavaScript sends it."""
    visit.get(page)
    sent = {"form": visit.token, "seen": seen(visit), "do": "add", "alt": ALT, **fields}
    answer = visit.client.post(page, data=sent, files={"file": (name, data, "image/png")})
    if answer.status_code == 303:
        return visit.get(answer.headers["location"])
    visit.page = answer.text
    return answer


def draft(workspace: Workspace) -> str:
    return (workspace.path / "posts/unfinished.fr.md").read_text(encoding="utf-8")


def files(media: Path) -> list[str]:
    return sorted(path.name for path in media.iterdir())


def nothing_was_done(workspace: Workspace, media: Path, app: Application) -> bool:
    return (
        draft(workspace) == DRAFT
        and files(media) == ["old.png"]
        and not app.queries.steps_about("unfinished.fr")
    )


def jpeg() -> bytes:
    memory = io.BytesIO()
    Image.effect_noise((200, 200), 50).convert("RGB").save(memory, "JPEG")
    return memory.getvalue()


HTML = b"<!doctype html><script>alert(1)</script>"
