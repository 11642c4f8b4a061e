"""Decoder process: decodes pictures, GIFs, videos and documents, with no credential in its memory.

A malicious picture can exploit a bug in a C library. So no process that holds a credential or a
session decodes one. It asks a child process, which has only the environment that Python needs,
may write no file, and has limits of memory and CPU time; the parent kills it after a timeout. The
child runs as the same user: exploited code can read what that user may read, such as secrets.toml,
and open connections. A child handles one request after the other, and ends when it is idle for a
while, or when its parent is gone. It is this module, run as a program.
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
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import TypeAdapter

from publisher.base import i18n
from publisher.base.process import bare_environment
from publisher.media import decoding
from publisher.media.clean_copy import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected
from publisher.model.problems import Flaw

_MEMORY = 768 << 20
"""Bytes of address space: enough for a picture with the most pixels allowed, in full colour."""
_PROCESSOR = 60
"""Seconds of CPU time for one file."""
_PATIENCE = 240.0
"""Seconds of real time for one file, on a busy machine."""
_IDLE = 30.0
"""Seconds after which an idle child ends."""
_LAST_WORDS = 10.0
"""Seconds to wait for a child's end after its connection failed."""
AT_ONCE = min(4, len(os.sched_getaffinity(0)))
"""Files that one command opens at the same time: each may take all of `_MEMORY`."""
_CHILDREN_AT_ONCE = max(2, AT_ONCE)
"""Children of one process: one slow file does not block the others."""
_LONGEST_HEAD = 1_000_000
_LONGEST_ANSWER = 200_000_000
"""Bytes of a copy; more than any channel takes."""
_PROGRAM = (sys.executable, "-P", "-B", "-m", "publisher.media.decoder")
"""-P: no modules from the working directory."""
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
_LOOKED: TypeAdapter[Inspected] = TypeAdapter(Inspected)
_COPY = TypeAdapter(CleanPicture)


class Ended(Exception):
    """The child was killed, or took too long: a retry may succeed."""


def look(path: Path) -> Flaw | Inspected:
    """Run `decoding.look` in a child. Raises Ended."""
    answer, _data = _asked(path, {"do": "look"})
    with _understood():
        return _flaw(answer) or _LOOKED.validate_python(answer["seen"])


def thumbnail(path: Path, side: int) -> bytes | Flaw:
    """Run `decoding.thumbnail` in a child. Raises Ended."""
    answer, data = _asked(path, {"do": "thumbnail", "side": side})
    with _understood():
        return _flaw(answer) or data


def copies(
    path: Path, several: Sequence[Capabilities], shares: Sequence[float] = ()
) -> list[CleanPicture | Flaw]:
    """Run `decoding.copies` in a child. Raises Ended."""
    limits = [capabilities.model_dump(mode="json") for capabilities in several]
    question = {"do": "copies", "capabilities": limits, "shares": list(shares)}
    answer, data = _asked(path, question)
    with _understood():
        if flaw := _flaw(answer):
            return [flaw] * len(several)
        rest = memoryview(data)
        made: list[CleanPicture | Flaw] = []
        for told, _capabilities in zip(answer["copies"], several, strict=True):
            size = int(told["size"])
            if not 0 <= size <= len(rest):
                raise ValueError
            made.append(_copy(told, bytes(rest[:size])))
            rest = rest[size:]
        return made


def _copy(told: dict[str, Any], data: bytes) -> CleanPicture | Flaw:
    if flaw := _flaw(told):
        return flaw
    size = told["width"], told["height"]
    made = CleanPicture.of(data, told["media_type"], size, told["pages"])
    return _COPY.validate_python(asdict(made))


@contextmanager
def _understood() -> Iterator[None]:
    """Raise Ended for an invalid answer: the child does not work as it should."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise Ended from None


def _flaw(answer: dict[str, Any]) -> Flaw | None:
    return Flaw(*map(_text, answer["flaw"])) if "flaw" in answer else None


def _text(value: object) -> Any:
    return None if value is None else str(value)


def _asked(path: Path, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    question |= {"path": os.fspath(path.absolute()), "language": i18n.current()}
    with _CHILDREN.one() as child:
        try:
            answer, data = child.ask(question)
        except _Exhausted:
            return {"flaw": decoding.too_costly(path)}, b""
        except _Crashed:
            return {"flaw": decoding.damaged(path)}, b""
    if "failed" in answer:
        raise RuntimeError(answer["failed"])
    return answer, data


class _Exhausted(Exception):
    """The child was ended by its own limits."""


class _Crashed(Exception):
    """A library crashed on the file."""


class _Child:
    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the answer. Raises Ended, _Exhausted, _Crashed."""
        line = json.dumps(question).encode() + b"\n"
        if self._process is not None and self._process.poll() is not None:
            self.end()  # whoever ended it did so before this question
        for is_new in (self._process is None, True):
            process = self._process or self._start()
            timer = threading.Timer(_PATIENCE, process.kill)
            timer.daemon = True
            timer.start()
            try:
                return _exchanged(process, line)
            except (OSError, EOFError, ValueError, RecursionError):
                code = self.end(_LAST_WORDS)
                if code == -signal.SIGXCPU:
                    raise _Exhausted from None
                if -code in _CRASHES:
                    raise _Crashed from None
                if is_new or code != 0:
                    raise Ended from None
                # It had just ended because it was idle.
            finally:
                timer.cancel()
        raise AssertionError

    def _start(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            _PROGRAM,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**bare_environment(), "MALLOC_ARENA_MAX": "2"},  # each arena takes addresses
        )
        return self._process

    def kill(self) -> None:
        """Kill the process, while another thread waits for its answer."""
        if process := self._process:
            process.kill()

    def end(self, patience: float = 0.0) -> int:
        """End the child, after `patience` seconds by a kill; returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        process.kill()
        with suppress(OSError):  # input that it did not read any more
            process.communicate()
        return process.wait()


def _exchanged(process: "subprocess.Popen[bytes]", line: bytes) -> tuple[dict[str, Any], bytes]:
    """Exchange one message. Raises EOFError, OSError or ValueError for an incomplete answer."""
    questions, answers = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
    questions.write(line)
    questions.flush()
    head = answers.readline(_LONGEST_HEAD)
    if not head.endswith(b"\n"):
        raise EOFError
    answer = json.loads(head)
    if not isinstance(answer, dict) or not isinstance(size := answer.get("size"), int):
        raise ValueError  # noqa: TRY004 - of no use, whatever it is
    if not 0 <= size <= _LONGEST_ANSWER:
        raise ValueError
    data = answers.read(size)
    if len(data) < size:
        raise EOFError
    return answer, data


class _Children:
    """The pool of this process's children, started when needed."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(_CHILDREN_AT_ONCE)
        self._idle: list[_Child] = []
        self._busy: list[_Child] = []

    @contextmanager
    def one(self) -> Iterator[_Child]:
        with self._free:
            child = self._idle.pop() if self._idle else _Child()
            self._busy.append(child)
            try:
                yield child
            except BaseException:  # also an interruption, after which an answer may be on its way
                child.end()
                raise
            finally:
                self._busy.remove(child)
                self._idle.append(child)

    def end(self) -> None:
        for child in self._idle:
            child.end()

    def interrupt(self) -> None:
        """Kill the children at work: whoever asked them gets Ended."""
        for child in list(self._busy):
            child.kill()

    def forget(self) -> None:
        """Forget the children after a fork: they belong to the parent process."""
        self.__init__()  # type: ignore[misc]


def interrupt() -> None:
    """End what all children of this process do at this moment."""
    _CHILDREN.interrupt()


_CHILDREN = _Children()
atexit.register(_CHILDREN.end)
os.register_at_fork(after_in_child=_CHILDREN.forget)


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer one request after the other, until the child is idle or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets the signal, and ends this
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while select.select([questions], [], [], _IDLE)[0] and (line := questions.readline()):
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + 1 + _PROCESSOR
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
        answer, data = _answer(json.loads(line))
        answers.write(json.dumps({**answer, "size": len(data)}).encode() + b"\n" + data)
        answers.flush()


def _answer(question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    path = Path(question["path"])
    i18n.use(question["language"])
    try:
        return _found(path, question)
    except MemoryError:
        return {"flaw": decoding.too_costly(path)}, b""
    except Exception:  # noqa: BLE001 - the parent raises it
        return {"failed": traceback.format_exc()}, b""


def _found(path: Path, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if question["do"] == "look":
        seen = decoding.look(path)
        if isinstance(seen, Flaw):
            return {"flaw": seen}, b""
        return {"seen": _LOOKED.dump_python(seen, mode="json")}, b""
    if question["do"] == "thumbnail":
        small = decoding.thumbnail(path, question["side"])
        return ({"flaw": small}, b"") if isinstance(small, Flaw) else ({}, small)
    several = [Capabilities.model_validate(one) for one in question["capabilities"]]
    made = decoding.copies(path, several, question["shares"])
    data = [one.data if isinstance(one, CleanPicture) else b"" for one in made]
    told = [{**_told(one), "size": len(its)} for one, its in zip(made, data, strict=True)]
    return {"copies": told}, b"".join(data)


def _told(made: CleanPicture | Flaw) -> dict[str, Any]:
    if isinstance(made, Flaw):
        return {"flaw": made}
    size = {"width": made.width, "height": made.height}
    return {"media_type": made.media_type, **size, "pages": made.pages}


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
