"""Targets: what a correction or an answer goes below or changes, and whether it may now."""

from typing import NamedTuple

from publisher.model.content import Target
from publisher.model.deliveries import Delivery


class TargetStanding(NamedTuple):
    """How a delivery stands to its target: what it corrects, or the comment that it answers."""

    target: Target | None = None
    """None: it cannot go out, or not now."""
    obstacle: str | None = None
    """Why it is held, with what to do."""
    waits_for: str | None = None
    """The post that has to be out before it, which is on its way."""
    original: Delivery | None = None
    """Of a correction: the post that it corrects."""
