"""Presence: who has which draft open, so that two people in one draft see each other.

Kept in the memory of one process of the pages: it helps people, and protects nothing. What is saved
over a newer version is merged (see compose_merge.py), whoever was seen.
"""

import threading
import time
from collections import defaultdict

_FADES = 300.0
"""Real seconds after which somebody is not there any more: an open page asks every 30."""


class Presence:
    """The people who have a draft open, by post."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def others(self, post: str, person: str) -> list[str]:
        """Note that the person has the draft open; who else has it."""
        now = time.monotonic()
        with self._lock:
            here = {**self._seen[post], person: now}
            self._seen[post] = {name: at for name, at in here.items() if now - at < _FADES}
            return sorted(name for name in self._seen[post] if name != person)

    def leave(self, post: str, person: str) -> None:
        """Note that the person saved it, and has gone."""
        with self._lock:
            self._seen[post].pop(person, None)
            if not self._seen[post]:
                del self._seen[post]
