"""Text limits: how much text a channel takes in one part, and how long a text is by them."""

from dataclasses import dataclass

from publisher.drafts.text_length import length
from publisher.model.capabilities import Capabilities, Counting


@dataclass(frozen=True, slots=True)
class TextSize:
    """The size of a text beside its limit."""

    used: int
    limit: int
    counting: Counting | None
    """None: it is in bytes."""

    @property
    def left(self) -> int:
        return self.limit - self.used

    @property
    def percent(self) -> float:
        """The filled share of a bar, from 0 to 100."""
        return min(100.0, 100 * self.used / self.limit)

    @property
    def weighted(self) -> bool:
        return self.counting == "weighted"

    @property
    def in_bytes(self) -> bool:
        return self.counting is None


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The limits of a part's text."""

    characters: int
    """As `counting` counts them."""
    counting: Counting = "weighted"
    bytes: int | None = None
    """In UTF-8, besides; None: no limit."""
    content_warning: str = ""
    """Stands before each part, and counts with it."""

    @classmethod
    def of(cls, capabilities: Capabilities, content_warning: str | None = None) -> "TextLimits":
        """The limits of a channel or account, for a post with this content warning."""
        warning = content_warning if capabilities.content_warnings else None
        return cls(
            capabilities.max_length, capabilities.counting, capabilities.max_bytes, warning or ""
        )

    @property
    def room(self) -> int:
        """The characters that are left for the text itself."""
        return self.characters - length(self.content_warning, "graphemes")

    def length(self, text: str) -> int:
        """The length in characters, with the content warning."""
        return length(text, self.counting) + self.characters - self.room

    def size(self, text: str) -> TextSize:
        """The size by the limit of which the text uses more; in characters if both are the same."""
        sizes = [TextSize(self.length(text), self.characters, self.counting)]
        if self.bytes is not None:
            sizes.append(TextSize(size_in_bytes(text), self.bytes, None))
        return max(sizes, key=lambda size: size.used / size.limit)

    def fits(self, text: str) -> bool:
        return self.size(text).left >= 0


def size_in_bytes(text: str) -> int:
    """The size in UTF-8. Never raises: half of a surrogate pair is one byte."""
    return len(text.encode("utf-8", "replace"))
