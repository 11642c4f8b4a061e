"""Comment judge: looks for signs of alarm in readers' words, in a child process.

A stranger can write a comment that takes long to search, and a process that publishes does nothing
else meanwhile: posts would be late. A comment that takes a child all of its time calls for
somebody, and the others are judged without it. The child is this module, run as a program.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from publisher.base import process_pool
from publisher.base.i18n import _
from publisher.base.process_pool import (
    ChildLimits,
    Crashed,
    Ended,
    Exhausted,
    NoneFree,
    ProcessPool,
    Step,
)
from publisher.channels.comments import CommentsUnavailable
from publisher.model.alarms import Sign, Signs, signs_in
from publisher.model.reader_comments import ReaderComment

_MEMORY = 512 << 20
"""Bytes of address space."""
_PROCESSOR = 5
"""Seconds of CPU time for one comment; the longest takes some hundredths."""
_IDLE = 30.0
"""Seconds after which an idle child ends."""
_NICE = 5
_MOST_SLOW = 10
"""Comments of one reading that are tried, though each takes all of its time."""
_UNSEARCHED = (Sign("unsearched"),)
_WANTED: TypeAdapter[Signs] = TypeAdapter(Signs)
_FOUND: TypeAdapter[dict[str, tuple[Sign, ...]]] = TypeAdapter(dict[str, tuple[Sign, ...]])

_CHILDREN = ProcessPool("publisher.delivery.comment_judge", 1)


def judge(comments: Sequence[ReaderComment], wanted: Signs) -> Mapping[str, Sequence[Sign]]:
    """The signs in each comment, by its id; raises CommentsUnavailable if it cannot be told."""
    found: dict[str, tuple[Sign, ...]] = {}
    left = {one.id: one.text for one in comments}
    while left:
        try:
            found |= _asked(left, wanted)
            break
        except (Exhausted, Crashed) as failure:
            if failure.place not in left:
                raise _unavailable() from None
            found[failure.place] = _UNSEARCHED
            del left[failure.place]
            if len(found) == _MOST_SLOW:  # the reading's lease ends some time
                return _with_private(comments, found | dict.fromkeys(left, _UNSEARCHED))
        except (Ended, NoneFree):
            raise _unavailable() from None
    return _with_private(comments, found)


def _with_private(
    comments: Sequence[ReaderComment], found: Mapping[str, tuple[Sign, ...]]
) -> Mapping[str, Sequence[Sign]]:
    private = (Sign("private"),)
    return {one.id: (private if one.is_private else ()) + found[one.id] for one in comments}


def _asked(texts: Mapping[str, str], wanted: Signs) -> dict[str, tuple[Sign, ...]]:
    question = {"texts": texts, "wanted": _WANTED.dump_python(wanted, mode="json")}
    _head, data = _CHILDREN.ask({}, json.dumps(question).encode())
    return _FOUND.validate_json(data)


def _unavailable() -> CommentsUnavailable:
    return CommentsUnavailable(_("Publisher could not search what readers wrote for alarm words."))


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    process_pool.serve(
        questions, answers, _answer, ChildLimits(_MEMORY, _PROCESSOR, _IDLE, nice=_NICE)
    )


def _answer(_head: dict[str, Any], data: bytes, step: Step) -> tuple[dict[str, Any], bytes]:
    question = json.loads(data)
    wanted = _WANTED.validate_python(question["wanted"])
    found = {}
    for name, text in question["texts"].items():
        step(name)
        found[name] = signs_in(text, wanted)
    return {}, _FOUND.dump_json(found)


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
