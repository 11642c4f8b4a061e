"""Two files beside secrets.toml: the note of a renewal that began, and the newest keys."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from publisher.base import files

_REMEMBERED = 100
"""Tokens that were exchanged; X's live for two hours, so this is a week."""


@dataclass(frozen=True, slots=True)
class RenewalNote:
    """A renewal that began, and has not ended with new keys.

    After a crash or a lost answer it tells what a refusal of the platform means.
    """

    mark: str
    """Which token was to be exchanged: a part of its SHA-256."""
    at: datetime
    refused: str = ""
    """What the platform said; empty: nobody knows whether it took the token."""

    @classmethod
    def read(cls, path: Path, token: str) -> "RenewalNote | None":
        """The note about this token; None if there is none."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            note = cls(
                str(told["mark"]),
                datetime.fromisoformat(told["at"]),
                str(told["refused"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return note if note.mark == mark_of(token) else None

    def write(self, path: Path) -> None:
        """Write it durably. Raises OSError."""
        told = {"mark": self.mark, "at": self.at.isoformat(), "refused": self.refused}
        files.write(path, json.dumps(told).encode(), 0o600)


@dataclass(frozen=True, slots=True)
class RenewedKeys:
    """The newest keys of an account, and what they replaced.

    A second place for them: secrets.toml cannot always be written, and an editor that was opened
    before a renewal saves tokens over them that are worth nothing any more.
    """

    replaced: tuple[str, ...] = ()
    """The marks of the tokens that were exchanged, the last one for these keys."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> "RenewedKeys":
        """Those in the file; none if it has none."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            keys = {str(name): str(value) for name, value in told["keys"].items()}
            return cls(tuple(map(str, told["replaced"])), keys)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def instead_of(self, token: str) -> Mapping[str, str]:
        """The newer keys, if this token was exchanged; else none."""
        return self.keys if mark_of(token) in self.replaced else {}

    def followed_by(self, keys: Mapping[str, str], mark: str) -> "RenewedKeys":
        """With the keys that the token with this mark was exchanged for."""
        return RenewedKeys((*self.replaced, mark)[-_REMEMBERED:], keys)

    def write(self, path: Path) -> None:
        """Write them durably. Raises OSError."""
        told = {"replaced": self.replaced, "keys": {**self.keys}}
        files.write(path, json.dumps(told).encode(), 0o600)


def mark_of(token: str) -> str:
    """What tells a token from others, and is no secret."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
