"""Values that the others are made of: frozen models, and problems with their places."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(Frozen):
    """Something wrong in a draft, the session file or the settings: a value, never an exception.

    `file` is relative to the workspace; `line` and `column` count from 1. A warning does not block
    anything.
    """

    file: str
    line: int
    column: int
    severity: Severity = Severity.ERROR
    code: str
    message: str
    hint: str | None = None


Advice = Literal[
    "hashtag-case", "too-many-hashtags", "mention-first", "unsolicited-mention", "wrong-season", "broken-link",
    "markdown-link", "markdown-as-text", "shouting", "hidden-characters", "missing-translation", "stale-translation", "too-close",
    "at-night", "same-text-on-x", "over-limit", "sure-miss", "account-stopped",
    "answers-twice", "answers-unnamed", "content-warning-unseen", "comment-without-link", "captions-unseen", "ai-not-disclosed", "placeholder", "alt-is-file-name", "heading-as-text", "rule-as-text",
]  # fmt: skip

"""Codes of the problems that are only advice, which a workspace or a draft may ignore."""


class Position(Frozen):
    """A place in a file, both counted from 1."""

    line: int = 1
    column: int = 1
