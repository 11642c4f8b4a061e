"""Edits of drafts that have no file: only what is on record of them."""

from collections.abc import Collection

from publisher.ledger.manager.draft_edits import Edits
from publisher.model.events import Event


def edited(
    edits: Edits, post: str, actor: str, event: Event, accounts: Collection[str] = ()
) -> None:
    edits.apply(post, event, {}, actor, accounts, digest="", save=_nothing, put_back=_nothing)


def _nothing() -> None:
    pass
