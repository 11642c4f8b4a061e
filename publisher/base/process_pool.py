"""Process pool: kept child processes, with limits, for work on what others made.

A hostile text or picture can take minutes of the processor, during which Python does nothing else,
or exploit a bug in a C library. So no process that publishes, serves pages or holds a credential
works on one. It asks a child, which has only the environment that Python needs, may write no file
unless its limits say so, and has limits of memory and CPU time; the parent kills it after a
timeout. The child runs as the same user: exploited code can read what that user may read, such as
secrets.toml, and open connections. A child handles one request after the other, and ends when it is
idle for a while, or when its parent is gone. It is a module, run as a program, that calls `serve`.

A message is a line of JSON, with the `size` of the bytes after it. Before its answer, a child may
say in lines of their own `at` what it is (see `Step`).
"""

import atexit
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from publisher.base.process import bare_environment

_LAST_WORDS = 10.0
"""Seconds to wait for a child's end after its connection failed."""
_LONGEST_HEAD = 1_000_000
_LONGEST_DATA = 200_000_000
"""Bytes; more than any channel takes of a copy, and ten thousand drafts."""
_MOST_STEPS = 1_000_000
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)

Step = Callable[[str], None]
"""Says what is worked on next, which has the CPU time and the timeout for itself."""
Answer = Callable[[dict[str, Any], bytes, Step], tuple[Mapping[str, Any], bytes]]
"""Answers one request: what is asked, and bytes."""


class _Failure(Exception):
    def __init__(self, place: str = "") -> None:
        super().__init__(place)
        self.place = place
        """The last step that the child told; empty: none."""


class Ended(_Failure):
    """The child was killed, or took too long: a retry may succeed."""


class Exhausted(_Failure):
    """The child was ended by its own limits."""


class Overran(Exhausted):
    """One step took more than its CPU time, as it will the next time."""


class Crashed(_Failure):
    """A library crashed on what was asked."""


class NoneFree(_Failure):
    """All children are at work on something else."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """The limits of a child."""

    memory: int
    """Bytes of address space."""
    processor: int
    """Seconds of CPU time for one step."""
    idle: float
    """Seconds after which an idle child ends."""
    writes: bool = False
    """Whether it may write files."""
    nice: int = 0
    """How far it stands back behind the processes that publish and serve."""


class PoolChild:
    """One kept process at a time."""

    def __init__(self, program: tuple[str, ...], patience: float) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._program = program
        self._patience = patience

    def ask(self, question: Mapping[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Send a request and return the answer. Raises Ended, Exhausted, Crashed."""
        message = _message(question, data)
        if self.process is not None and self.process.poll() is not None:
            self.end()  # whoever ended it did so before this question
        for is_new in (self.process is None, True):
            process = self.process or self._start()
            watchdog = _Watchdog(process, self._patience)
            try:
                return _exchanged(process, message, watchdog)
            except (OSError, EOFError, ValueError, RecursionError):
                code = self.end(_LAST_WORDS)
                if code == -signal.SIGXCPU:
                    raise Overran(watchdog.place) from None
                if -code in _CRASHES:
                    raise Crashed(watchdog.place) from None
                if is_new or code != 0:
                    raise Ended(watchdog.place) from None
                # It had just ended because it was idle.
            finally:
                watchdog.cancel()
        raise AssertionError

    def _start(self) -> "subprocess.Popen[bytes]":
        self.process = subprocess.Popen(
            self._program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**bare_environment(), "MALLOC_ARENA_MAX": "2"},  # each arena takes addresses
        )
        return self.process

    def kill(self) -> None:
        """Kill the process, while another thread waits for its answer."""
        if process := self.process:
            process.kill()

    def end(self, patience: float = 0.0) -> int:
        """End the child, after `patience` seconds by a kill; returns its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        process.kill()
        with suppress(OSError):  # input that it did not read any more
            process.communicate()
        return process.wait()


class _Watchdog:
    """Kills a child that has said nothing for too long; it knows the last step."""

    def __init__(self, process: "subprocess.Popen[bytes]", patience: float) -> None:
        self.place = ""
        self._process = process
        self._patience = patience
        self._heard = time.monotonic()
        self._arm(patience)

    def hear(self, place: str) -> None:
        self.place, self._heard = place, time.monotonic()

    def cancel(self) -> None:
        self._timer.cancel()

    def _arm(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        left = self._heard + self._patience - time.monotonic()
        if left > 0:
            self._arm(left)
        else:
            self._process.kill()


class ProcessPool:
    """The children of this process for one kind of work, started when needed."""

    def __init__(
        self, module: str, most: int, *, wait: float | None = None, crowd: int | None = None
    ) -> None:
        """At most `most` children of a module; one slow request does not block the others.

        `wait`: seconds that a request waits for a child at most; None: for ever. `crowd`: how many
        may wait, each of which keeps a thread; None: any number.
        """
        # -P: no modules from the working directory.
        self.program: tuple[str, ...] = (sys.executable, "-P", "-B", "-m", module)
        self.patience = 240.0
        """Seconds of real time for one step, on a busy machine."""
        self._most = most
        self._wait = wait
        self._crowd = crowd
        self.forget()
        _POOLS.add(self)

    def forget(self) -> None:
        """Forget the children after a fork: they belong to the parent process."""
        self._free = threading.Semaphore(self._most)
        self._waiting = 0
        self.idle: list[PoolChild] = []
        self.busy: list[PoolChild] = []

    def ask(self, question: Mapping[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Have a child answer.

        Raises Ended, Exhausted, Crashed, NoneFree, and RuntimeError for a bug in the child.
        """
        with self._one() as child:
            answer, found = child.ask(question, data)
        if "exhausted" in answer:
            raise Exhausted(str(answer["exhausted"]))
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer, found

    @contextmanager
    def _one(self) -> Iterator[PoolChild]:
        if not self._taken():
            raise NoneFree
        try:
            child = self.idle.pop() if self.idle else PoolChild(self.program, self.patience)
            self.busy.append(child)
            try:
                yield child
            except BaseException:  # also an interruption, after which an answer may be on its way
                child.end()
                raise
            finally:
                self.busy.remove(child)
                self.idle.append(child)
        finally:
            self._free.release()

    def _taken(self) -> bool:
        """Whether there is a child, now or after a while."""
        if self._free.acquire(blocking=False):
            return True
        if self._crowd is not None and self._waiting >= self._crowd:
            return False
        self._waiting += 1  # one more or less, if two come at one moment, does no harm
        try:
            return self._free.acquire(timeout=self._wait)
        finally:
            self._waiting -= 1

    def end(self) -> None:
        """End the children that nobody asks."""
        while self.idle:
            self.idle.pop().end()

    def interrupt(self) -> None:
        """Kill the children at work: whoever asked them gets Ended."""
        for child in list(self.busy):
            child.kill()


_POOLS: weakref.WeakSet[ProcessPool] = weakref.WeakSet()


def _end_all() -> None:
    for pool in list(_POOLS):
        pool.end()


def _forget_all() -> None:
    for pool in list(_POOLS):
        pool.forget()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget_all)


def _message(head: Mapping[str, Any], data: bytes) -> bytes:
    return json.dumps({**head, "size": len(data)}).encode() + b"\n" + data


def _exchanged(
    process: "subprocess.Popen[bytes]", message: bytes, watchdog: _Watchdog
) -> tuple[dict[str, Any], bytes]:
    """Exchange one message. Raises EOFError, OSError or ValueError for an incomplete answer."""
    questions, answers = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
    questions.write(message)
    questions.flush()
    for _step in range(_MOST_STEPS):
        head, data = _received(answers, _LONGEST_HEAD)
        if "at" not in head:
            return head, data
        watchdog.hear(str(head["at"]))
    raise ValueError  # it never comes to an end


def _received(stream: BinaryIO, longest: int = -1) -> tuple[dict[str, Any], bytes]:
    line = stream.readline(longest)
    if not line.endswith(b"\n"):
        raise EOFError
    head = json.loads(line)
    if not isinstance(head, dict) or not isinstance(size := head.get("size"), int):
        raise ValueError  # noqa: TRY004 - of no use, whatever it is
    if not 0 <= size <= _LONGEST_DATA:
        raise ValueError
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return head, data


def serve(questions: BinaryIO, answers: BinaryIO, answer: Answer, limits: ChildLimits) -> None:
    """Answer one request after the other, until the child is idle or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets the signal, and ends this
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    if not limits.writes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(limits.nice)
    at = ""

    def begin(place: str) -> None:
        nonlocal at
        at = place
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + 1 + limits.processor
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))

    def step(place: str) -> None:
        begin(place)
        answers.write(_message({"at": place}, b""))
        answers.flush()

    while select.select([questions], [], [], limits.idle)[0]:
        try:
            question, data = _received(questions)
        except EOFError:
            return
        begin("")
        try:
            head, found = answer(question, data, step)
        except MemoryError:
            head, found = {"exhausted": at}, b""
        except Exception:  # noqa: BLE001 - the parent raises it
            head, found = {"failed": traceback.format_exc()}, b""
        answers.write(_message(head, found))
        answers.flush()
