"""Counts of simulated posts: the same for the same post and age, growing with the clock."""

import hashlib
import math
from dataclasses import dataclass

from publisher.sandbox.store import Store, StoredPost

_PACE = 12.0
"""Hours in which a post gets some two thirds of its readers."""


@dataclass(frozen=True, slots=True)
class PlayedCounts:
    """What readers did with a post until now."""

    views: int
    viewers: int
    reactions: int
    shares: int
    quotes: int
    replies: int


def counts_of(store: Store, entry: StoredPost) -> PlayedCounts:
    """The counts of a post at this moment."""
    digest = hashlib.sha256(entry.id.encode()).digest()
    whole = 200 + int.from_bytes(digest[:2]) % 5_000
    hours = max(0.0, (store.clock.now() - entry.dated).total_seconds() / 3_600)
    views = int(whole * (1 - math.exp(-hours / _PACE)))
    return PlayedCounts(
        views=views,
        viewers=views * 4 // 5,
        reactions=views * (1 + digest[2] % 5) // 100,
        shares=views * (1 + digest[3] % 3) // 200,
        quotes=views // 1_000,
        replies=views * (1 + digest[4] % 3) // 400,
    )
