"""Deliveries to fill a ledger with."""

from datetime import timedelta
from typing import Any

from publisher.ledger.enqueue import Ledger
from publisher.model.content import Content, Part
from publisher.model.deliveries import Wish
from publisher.model.states import State
from tests.support.clock import ManualClock


def wish(clock: ManualClock, post: str = "post.fr", due_in: float = 60, **more: Any) -> Wish:
    """A post to bice-x, due so many seconds from now."""
    texts = more.pop("texts", (f"Le texte de {post}",))
    due_at = clock.now() + timedelta(seconds=due_in)
    values: dict[str, Any] = {
        "post": post,
        "account": "bice-x",
        "channel": "twitter",
        "due_at": due_at,
        "expires_at": due_at + timedelta(hours=4),
        "content": Content(parts=tuple(Part(text=text) for text in texts), lang="fr"),
        "state": State.SCHEDULED,
    }
    return Wish(**{**values, **more})


def add(ledger: Ledger, *wishes: Wish) -> None:
    ledger.apply(add=wishes, edit=(), cancel=(), pictures={}, actor="redaction")
