"""What many threads want of the ledger at one moment, done in one transaction.

A commit costs as much for a hundred changes as for one, and SQLite lets one writer in at a time. So
whoever's turn it is does for all who wait what they want; when their turn comes, it is done. Nobody
waits for others to come: alone, it is as fast as without.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from publisher.errors import PublisherError

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")
_MOST = 200  # in one transaction, so that nobody waits long for the next


class _Entry(Generic[Wish, Answer]):
    """What one thread wants, and what came of it."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.is_done = False
        self._answer: Answer
        self._problem: BaseException | None = None

    def answer_with(self, answer: Answer) -> None:
        self._answer, self.is_done = answer, True

    def fail(self, problem: BaseException) -> None:
        self._problem, self.is_done = problem, True

    def answer(self) -> Answer:
        if self._problem:
            raise self._problem
        return self._answer


class Together(Generic[Wish, Answer]):
    """Does one kind of thing for all threads of a process."""

    def __init__(
        self,
        turn: AbstractContextManager[Any],
        transaction: Callable[[], AbstractContextManager[Connection]],
        act: Callable[[Connection, Sequence[Wish]], Sequence[Answer]],
    ) -> None:
        """`turn` is a lock; `act` gives an answer for each wish, or raises for all of them."""
        self._turn = turn
        self._transaction = transaction
        self._act = act
        self._waiting: deque[_Entry[Wish, Answer]] = deque()

    def do(self, wish: Wish) -> Answer:
        """The answer to this wish, once it is committed; what `act` raises for it alone.

        When the database is away, that is so for all who shared the transaction.
        """
        mine = _Entry[Wish, Answer](wish)
        self._waiting.append(mine)
        with self._turn:
            while not mine.is_done:
                most = min(len(self._waiting), _MOST)
                self._serve([self._waiting.popleft() for _ in range(most)])
        return mine.answer()

    def _serve(self, entries: Sequence[_Entry[Wish, Answer]]) -> None:
        try:
            self._try(entries)
        except BaseException as end:  # this thread ends: nobody shall wait for it
            for entry in entries:
                if not entry.is_done:
                    entry.fail(end)
            raise

    def _try(self, entries: Sequence[_Entry[Wish, Answer]]) -> None:
        try:
            with self._transaction() as connection:
                answers = self._act(connection, [entry.wish for entry in entries])
        except Exception as problem:  # noqa: BLE001 - it is raised where it belongs
            if len(entries) == 1 or isinstance(problem, PublisherError):
                for entry in entries:
                    entry.fail(problem)
                return
            for entry in entries:  # one of them is the cause: it fails alone
                self._try([entry])
        else:
            for entry, answer in zip(entries, answers, strict=True):
                entry.answer_with(answer)
