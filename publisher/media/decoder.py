"""Decoder process: decodes pictures, GIFs, videos and documents, with no credential in its memory.

A malicious picture can exploit a bug in a C library. So no process that holds a credential or a
session decodes one: a child of a process pool does. It is this module, run as a program.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from publisher.base import i18n, process_pool
from publisher.base.process_pool import ChildLimits, Crashed, Ended, Exhausted, ProcessPool, Step
from publisher.media import decoding
from publisher.media.clean_copy import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.posts import Inspected
from publisher.model.problems import Flaw

_MEMORY = 768 << 20
"""Bytes of address space: enough for a picture with the most pixels allowed, in full colour."""
_PROCESSOR = 60
"""Seconds of CPU time for one file."""
_IDLE = 30.0
"""Seconds after which an idle child ends."""
AT_ONCE = min(4, len(os.sched_getaffinity(0)))
"""Files that one command opens at the same time: each may take all of `_MEMORY`."""
_LOOKED: TypeAdapter[Inspected] = TypeAdapter(Inspected)
_COPY = TypeAdapter(CleanPicture)

_CHILDREN = ProcessPool("publisher.media.decoder", max(2, AT_ONCE))


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
    try:
        return _CHILDREN.ask(question)
    except Exhausted:
        return {"flaw": decoding.too_costly(path)}, b""
    except Crashed:
        return {"flaw": decoding.damaged(path)}, b""


def interrupt() -> None:
    """End what all children of this process do at this moment."""
    _CHILDREN.interrupt()


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    process_pool.serve(questions, answers, _answer, ChildLimits(_MEMORY, _PROCESSOR, _IDLE))


def _answer(question: dict[str, Any], _data: bytes, _step: Step) -> tuple[dict[str, Any], bytes]:
    path = Path(question["path"])
    i18n.use(question["language"])
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
