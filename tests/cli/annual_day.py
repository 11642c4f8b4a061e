"""One post to two accounts on the annual day, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.outcomes import (
    Outcome,
)
from tests.support.happening import meet

POST = "2016-03-07-annual-day.fr"
DRAFT = """\
---
at: annual-day - 30m
---
Le texte commun.

## twitter
Le texte court. #HRC31

---
Un deuxième message.
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def set_clock(monkeypatch: pytest.MonkeyPatch, instant: str) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", instant)


def attempt(workspace: Path, outcomes: dict[str, list[Outcome]]) -> None:
    """Let a worker claim what is due and meet these outcomes, by account, part by part."""
    app = Application.open(workspace)
    lease = app.clock.now() + timedelta(minutes=1)
    for claim in app.dispatch.claim(app.clock.now(), lease, 10):
        (delivery,) = app.attempts.take_all([claim])
        if outcomes[delivery.account]:
            meet(app, claim, *outcomes[delivery.account])
    app.database.close()
