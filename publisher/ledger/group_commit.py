"""Group commit: the writes of many threads in one transaction.

A commit costs as much for a hundred changes as for one, and SQLite has one writer at a time. So the
first thread writes its own change, and the next one writes the changes of all threads that came
meanwhile. No thread waits for others to come: a single thread is as fast as without this. A thread
waits for one transaction at most that does not contain its change: the one that was under way when
it came.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy import Connection

from publisher.base.clock import Clock, Signal
from publisher.base.errors import PublisherError

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")
_MOST = 200  # in one transaction, so that others do not wait long for the next


class _Entry(Generic[Wish, Answer]):
    """One thread's request, and its answer."""

    def __init__(self, wish: Wish, signal: Signal) -> None:
        self.wish = wish
        self.leads = False
        """Whether it is this thread that does what all want."""
        self.is_done = False
        self._signal = signal
        self._answer: Answer
        self._problem: BaseException | None = None

    def lead(self) -> None:
        self.leads = True
        self._signal.set()

    def answer_with(self, answer: Answer) -> None:
        self._answer, self.is_done = answer, True
        self._signal.set()

    def fail(self, problem: BaseException) -> None:
        self._problem, self.is_done = problem, True
        self._signal.set()

    def wait(self) -> None:
        """Wait until it is done, or this thread becomes the leader."""
        self._signal.wait()

    def answer(self) -> Answer:
        if self._problem:
            raise self._problem
        return self._answer


class Together(Generic[Wish, Answer]):
    """Group commit for one kind of write, for all threads of a process."""

    def __init__(
        self,
        clock: Clock,
        transaction: Callable[[], AbstractContextManager[Connection]],
        act: Callable[[Connection, Sequence[Wish]], Sequence[Answer | PublisherError]],
    ) -> None:
        """`act` returns an answer, or the error to raise, for each wish; if it raises, all of them
        fail.
        """
        self._clock = clock
        self._transaction = transaction
        self._act = act
        self._lock = Lock()
        self._is_led = False
        self._waiting: deque[_Entry[Wish, Answer]] = deque()

    def do(self, wish: Wish) -> Answer:
        """The answer to this wish, once it is committed; raises the error that concerns it alone.

        When the database is away, all that shared the transaction raise.
        """
        mine = _Entry[Wish, Answer](wish, self._clock.signal())
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._is_led = not self._is_led, True
        if not mine.leads:
            mine.wait()
        if mine.leads:
            try:
                self._serve(self._next())
            finally:
                self._hand_on(mine)
        return mine.answer()

    def _next(self) -> list[_Entry[Wish, Answer]]:
        """The entries of the next transaction; the first of them leads."""
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]

    def _hand_on(self, leader: _Entry[Wish, Answer] | None = None) -> None:
        with self._lock:
            if leader and leader in self._waiting:  # it ended before it served any
                self._waiting.remove(leader)
            if self._waiting:
                self._waiting[0].lead()
            else:
                self._is_led = False

    def _serve(self, entries: Sequence[_Entry[Wish, Answer]]) -> None:
        try:
            self._try(entries)
        except BaseException as end:  # this thread ends: no other may wait for it
            for entry in entries:
                if not entry.is_done:
                    entry.fail(end)
            raise

    def _try(self, entries: Sequence[_Entry[Wish, Answer]]) -> None:
        try:
            with self._transaction() as connection:
                answers = self._act(connection, [entry.wish for entry in entries])
        except Exception as problem:  # noqa: BLE001 - it is raised in the thread that it concerns
            self._find_the_cause(entries, problem)
        else:
            for entry, answer in zip(entries, answers, strict=True):
                if isinstance(answer, PublisherError):
                    entry.fail(answer)
                else:
                    entry.answer_with(answer)

    def _find_the_cause(self, entries: Sequence[_Entry[Wish, Answer]], problem: Exception) -> None:
        if len(entries) == 1 or isinstance(problem, PublisherError):
            for entry in entries:
                entry.fail(problem)
            return
        half = len(entries) // 2
        self._try(entries[:half])
        self._try(entries[half:])
