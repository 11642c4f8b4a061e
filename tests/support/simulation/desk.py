"""The drafts as people write them, with the agenda and the consents that they hang on."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from publisher.model.posts import Post


class Desk:
    """Drafts, each known by its number, whatever its file is called.

    Their texts are tags: `post-1 §2 v3` is the second part of a post in its third version. What was
    renamed or copied is not edited any more, and the other way round: a draft with another name and
    another text is another draft, and nothing in it tells that it once was this one.
    """

    def __init__(self, drafts: Sequence[Post]) -> None:
        self.drafts = list(drafts)
        self.cancelled: set[str] = set()
        """Items of the agenda."""
        self.withdrawn: set[str] = set()
        """Consents."""
        self.changes = 0
        """How often a draft that was there changed."""
        self._deleted: set[int] = set()
        self._edited: Counter[int] = Counter()
        self._fixed: set[int] = set()

    def files(self) -> list[Post]:
        """What `queue` finds, each with the reason for which it is held."""
        return [
            draft.model_copy(update={"held": self._reason_to_hold(draft)})
            for number, draft in enumerate(self.drafts)
            if number not in self._deleted
        ]

    def _reason_to_hold(self, draft: Post) -> str | None:
        if draft.anchor in self.cancelled:
            return f"{draft.anchor} is cancelled"
        if draft.media and self.withdrawn:  # there is one picture, whatever a draft says of it
            return "a consent was withdrawn"
        return None

    def write(self, draft: Post) -> None:
        self.drafts.append(draft)

    def may_copy(self, number: int) -> bool:
        """Whether its words are those that the ledger has of it everywhere."""
        return number not in self._edited

    def write_copy(self, draft: Post, number: int) -> None:
        """Write a draft with the words of another one."""
        self._fixed |= {number, len(self.drafts)}
        self.write(draft)

    def edit(self, number: int, parts_out: int) -> bool:
        """Another text for what is not out; False where that would make another draft of it."""
        if number in self._fixed:
            return False
        self._edited[number] += 1
        texts = self.drafts[number].texts[""]
        edited = tuple(
            f"{part.partition(' v')[0]} v{self._edited[number]}.{number}"
            for part in texts[parts_out:]
        )
        self._change(number, {"texts": {"": texts[:parts_out] + edited}})
        return True

    def move(self, number: int, by: timedelta) -> None:
        due_at = self.drafts[number].due_at
        self._change(number, {"due_at": due_at and due_at + by})

    def hanging_on(self, item: str) -> list[int]:
        """The drafts whose time is that of an item of the agenda."""
        return [number for number, draft in enumerate(self.drafts) if draft.anchor == item]

    def rename(self, number: int) -> bool:
        if number in self._edited:
            return False
        self._fixed.add(number)
        draft = self.drafts[number]
        self._change(number, {"id": f"{draft.id}-renamed", "file": f"{draft.file}-renamed"})
        return True

    def delete(self, number: int) -> None:
        self.changes += 1
        self._deleted.add(number)

    def bring_back(self, number: int) -> None:
        self.changes += 1
        self._deleted.discard(number)

    def each(self, act: Callable[[int], object]) -> None:
        """The same with all that are not deleted."""
        for number in range(len(self.drafts)):
            if number not in self._deleted:
                act(number)

    def _change(self, number: int, update: dict[str, object]) -> None:
        self.changes += 1
        self.drafts[number] = self.drafts[number].model_copy(update=update)
