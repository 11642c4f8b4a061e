"""Work on several media files at once, each decoded by a child of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from publisher.base import progress
from publisher.base.i18n import _
from publisher.media import decoder

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


def each(work: Callable[[_Asked], _Answer], asked: Sequence[_Asked]) -> list[_Answer]:
    """The answers in the order of what is asked, with their progress reported.

    If the work raises for one, or is interrupted, the children that are at work are ended.
    """
    if not asked:
        return []
    pool = ThreadPoolExecutor(decoder.AT_ONCE)
    try:
        answers = [pool.submit(copy_context().run, work, one) for one in asked]
        return [answer.result() for answer in progress.over(answers, _("Opening pictures"))]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        decoder.interrupt()
        raise
    finally:
        pool.shutdown()
