"""Comments of readers: replies, comments and mentions that others write under our posts.

"Answers" on the pages; in the code an answer is what a platform sends to a request. All of it is
foreign data: it is shown as text, never as markup, and nothing that it says is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from publisher.base.i18n import later
from publisher.base.text import harmless

LONGEST = 2_000
"""Characters that are kept of a text: platforms take up to 8,000, and a person must read it."""
JUDGED = 30_000
"""Characters in which signs of alarm are looked for, before the text is cut and cleaned."""
_LONGEST_NAME = 100

PRIVATE = later(
    "It is a private message, and Publisher answers only in public. Answer it on its platform, "
    "and cancel this."
)
"""Why a message to us alone gets no answer: a sentence for `_`."""


class CommentState(StrEnum):
    """What became of a comment here; JSON and the ledger have the English names."""

    NEW = later("not seen")
    SEEN = later("seen")
    HANDED = later("handed on")
    ANSWERED = later("answered")
    """A post of ours that answers it is out."""
    HIDING = later("being hidden")
    """A person wants it hidden; the platform has not confirmed it yet."""
    HIDDEN = later("hidden")
    DELETING = later("being deleted")
    DELETED = later("deleted by us")


OPEN = frozenset({CommentState.NEW})
"""Nobody has dealt with it."""
CARRIED_OUT: Mapping[CommentState, CommentState] = {
    CommentState.HIDING: CommentState.HIDDEN,
    CommentState.DELETING: CommentState.DELETED,
}
"""What a state that waits for the platform becomes."""


@dataclass(frozen=True, slots=True)
class ReaderComment:
    """A comment as its platform shows it."""

    id: str
    under: str
    """The platform's id of our post that it is under; empty for a mention elsewhere."""
    author: str
    """The public handle or name; empty where the platform does not say it."""
    text: str
    """Plain text as it was written, at most `JUDGED` characters; empty for a private message."""
    written_at: datetime
    url: str = ""
    is_private: bool = False
    """A message to us alone: that it is there is told, and it is read on the platform."""
    is_hidden: bool = False
    """Whether the platform shows it to its author alone."""


def kept_text(text: str) -> str:
    """A foreign text as it is kept: cut, and without characters that turn or hide what is shown."""
    plain = harmless(text.replace("\r\n", "\n").strip(), keep="\n\t")
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def kept_name(name: str) -> str:
    """A foreign name or handle as it is kept: one line."""
    return harmless(" ".join(name[: _LONGEST_NAME * 2].split()))[:_LONGEST_NAME]


def kept_address(address: str) -> str:
    """The address of a comment; empty if a browser should not follow it."""
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(" \"'<>\\")
    return address if address.startswith("https://") and is_plain and len(address) <= 500 else ""
