"""Renewal note: a file beside secrets.toml while keys are being renewed.

After a crash or a lost answer it tells what a refusal of the platform means, or has the new keys.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from publisher.base import files


@dataclass(frozen=True, slots=True)
class RenewalNote:
    """A renewal that began, and has not ended with new keys."""

    mark: str
    """Which token was to be exchanged: a part of its SHA-256."""
    at: datetime
    refused: str = ""
    """What the platform said; empty: nobody knows whether it took the token."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The new keys, until they are in secrets.toml."""

    @classmethod
    def read(cls, path: Path, token: str) -> "RenewalNote | None":
        """The note about this token; None if there is none."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            note = cls(
                str(told["mark"]),
                datetime.fromisoformat(told["at"]),
                str(told["refused"]),
                {str(name): str(value) for name, value in told.get("keys", {}).items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return note if note.mark == mark_of(token) else None

    def write(self, path: Path) -> None:
        """Write it durably. Raises OSError."""
        told = {
            "mark": self.mark,
            "at": self.at.isoformat(),
            "refused": self.refused,
            "keys": {**self.keys},
        }
        files.write(path, json.dumps(told).encode(), 0o600)


def mark_of(token: str) -> str:
    """What tells a token from others, and is no secret."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
