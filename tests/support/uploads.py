"""Pictures that are added to a draft in the browser."""

import io
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image

from publisher.app import Application
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
"""For what the ledger has a part in."""


PAGE = "/posts/unfinished.fr/edit"
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


def add(visit: Visit, name: str, data: bytes, page: str = PAGE, **fields: str) -> httpx.Response:
    """Add a picture to a draft, describe it and keep the draft, without JavaScript."""
    form = Composer(visit, page)
    answer = form.send("check", (name, data))
    return described(form, -1, **fields).send("keep") if answer.is_success else answer


def described(form: Composer, number: int = -1, **fields: str) -> Composer:
    """The form in which something is said of a picture; by default of the last one, its ALT."""
    for key, value in {"alt": ALT, **fields}.items():
        if key == "people":
            place = number % len(form.values("file"))
            form.fill(people=[*form.values("people"), str(place)])
        else:
            values = form.values(key)
            values[number] = value
            form.fill(**{key: values})
    return form


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
