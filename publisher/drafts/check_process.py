"""Check process: drafts are read and checked in a child process, as `check` does it in this one.

A text can be made to take minutes of the processor, and Python does nothing else meanwhile: all
pages would stand still, *Pause everything* too. A draft that takes a child all of its time for one
draft is named among the problems, and the others are checked without it. The child is this module,
run as a program; it is kept, so that a text is checked at every pause in typing.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from pydantic import ConfigDict, TypeAdapter

from publisher.base import i18n, process_pool, progress
from publisher.base.errors import Busy, NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.process_pool import (
    ChildLimits,
    Crashed,
    Ended,
    Exhausted,
    NoneFree,
    Overran,
    ProcessPool,
    Step,
)
from publisher.drafts import check as checking
from publisher.drafts.check import CheckSettings
from publisher.drafts.consents import Consent, Consents
from publisher.drafts.library import Library
from publisher.drafts.picture_consents import Recorded
from publisher.drafts.session import Session
from publisher.model.accounts import Account
from publisher.model.values import Frozen, Problem
from publisher.settings.schema import LintSettings

_MEMORY = 1 << 30
"""Bytes of address space; ten thousand drafts take a seventh of it."""
_PROCESSOR = 10
"""Seconds of CPU time for one draft; the longest that a person writes takes some hundredths."""
_IDLE = 600.0
"""Seconds after which an idle child ends: a person thinks for a while, and then types on."""
_WAIT = 30.0
"""Seconds that a check waits while others are under way."""
_CROWD = 10
"""How many wait; each keeps one of the threads in which pages are made."""
_MOST_COSTLY = 3
"""Drafts that one check finds to take too long, and leaves out."""
_REMEMBERED = 1000
_REMEMBERED_FOR = 600.0
"""Seconds; then such a draft is tried again, for the machine may have been to blame."""
_COSTLY: dict[str, tuple[float, tuple[Any, ...]]] = {}
"""Those that took all of their CPU time, each with when and as it was then: the next check leaves
them out at once, and so comes further. Want of memory and crashes are not remembered.
"""
_now: Callable[[], float] = time.monotonic

_NICE = 5
_MODULE = "publisher.drafts.check_process"
_CHECKERS = ProcessPool(_MODULE, 4, wait=_WAIT, crowd=_CROWD)
_READERS = ProcessPool(_MODULE, 1, wait=_WAIT, crowd=_CROWD)
"""Nearly all pages read drafts, and none of them waits for somebody's check."""


class PublicSettings(Frozen):
    """What a child knows of the settings."""

    workspace: Path
    var: Path
    language: str
    lint: LintSettings
    accounts: dict[str, Account]

    def public_accounts(self) -> dict[str, Account]:
        return self.accounts


class _Request(Frozen):
    """What is to be read, with the arguments of `checking.check`."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    settings: PublicSettings
    spoken: str
    """The language of messages."""
    advises: bool
    """Whether it is checked, or only read."""
    paths: tuple[str, ...]
    programme: Session | None
    revised: dict[str, bytes]
    unsaved: dict[str, Path]
    records: dict[str, Consent] | None
    recorded: dict[str, dict[str, str]]
    too_costly: tuple[str, ...] = ()


_FOUND = TypeAdapter(tuple[Library, list[Problem]])


def check(
    settings: CheckSettings,
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    unsaved: Mapping[str, Path] = MappingProxyType({}),
    records: Consents | None = None,
    recorded: Recorded = MappingProxyType({}),
) -> tuple[Library, list[Problem]]:
    """Read the drafts and find every problem in them, as `checking.check` does.

    Raises Busy, and NotPossible if the child was killed and no draft is known to be the cause.
    """
    return _asked(
        _request(settings, paths, programme, revised, unsaved, records, recorded, advises=True)
    )


def read(
    settings: CheckSettings,
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    unsaved: Mapping[str, Path] = MappingProxyType({}),
    records: Consents | None = None,
    recorded: Recorded = MappingProxyType({}),
) -> Library:
    """Read the drafts as `checking.read` does; raises as `check`."""
    return _asked(
        _request(settings, paths, programme, revised, unsaved, records, recorded, advises=False)
    )[0]


def _request(
    settings: CheckSettings,
    paths: Sequence[str | Path],
    programme: Session | None,
    revised: Mapping[str, bytes],
    unsaved: Mapping[str, Path],
    records: Consents | None,
    recorded: Recorded,
    *,
    advises: bool,
) -> _Request:
    return _Request(
        settings=PublicSettings(
            workspace=settings.workspace,
            var=settings.var,
            language=settings.language,
            lint=settings.lint,
            accounts=settings.public_accounts(),
        ),
        spoken=i18n.current(),
        advises=advises,
        paths=tuple(map(str, paths)),
        programme=programme,
        revised=dict(revised),
        unsaved=dict(unsaved),
        records=None if records is None else dict(records),
        recorded={digest: dict(named) for digest, named in recorded.items()},
    )


def _asked(request: _Request) -> tuple[Library, list[Problem]]:
    children = _CHECKERS if request.advises else _READERS
    began = time.time_ns()
    oldest = _now() - _REMEMBERED_FOR
    known = [
        place
        for place, (found, state) in _COSTLY.copy().items()
        if found > oldest and state == _state_of(request, place)
    ]
    request = request.model_copy(update={"too_costly": tuple(known)})
    for _again in range(_MOST_COSTLY + 1):
        try:
            head, data = children.ask({}, request.model_dump_json().encode())
        except (Exhausted, Crashed) as failure:
            if not failure.place or failure.place in request.too_costly:
                break
            left_out = *request.too_costly, failure.place
            request = request.model_copy(update={"too_costly": left_out})
            if isinstance(failure, Overran):
                _remember(request, failure.place, began)
        except Ended:
            break
        except NoneFree:
            hint = _("Wait half a minute, and try again. Publishing continues in the meantime.")
            raise Busy(_("Other drafts are being checked."), hint=hint) from None
        else:
            if "unusable" in head:
                raise UsageError(head["unusable"], hint=head["hint"])
            return _FOUND.validate_json(data)
    hint = _(
        "Try again. If the problem remains, run `publisher check` in a terminal to see which "
        "draft stops it."
    )
    raise NotPossible(_("The drafts could not be checked in time."), hint=hint)


def _remember(request: _Request, place: str, began: int) -> None:
    """Leave a draft out for a while, or until it changes; `began`: when it was not read yet."""
    state = _state_of(request, place)
    if state is None or (place not in request.revised and state[1] >= began):
        return  # it may have been changed since
    if len(_COSTLY) >= _REMEMBERED:
        _COSTLY.clear()
    _COSTLY[place] = _now(), state


def _state_of(request: _Request, place: str) -> tuple[Any, ...] | None:
    """What changes when a draft does; None: it is gone."""
    workspace = request.settings.workspace
    if place in request.revised:
        return workspace, hash(request.revised[place])
    try:
        found = (workspace / place).stat()
    except OSError:
        return None
    return workspace, found.st_mtime_ns, found.st_size


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    # It writes what is known of pictures.
    limits = ChildLimits(_MEMORY, _PROCESSOR, _IDLE, writes=True, nice=_NICE)
    process_pool.serve(questions, answers, _answer, limits)


def _answer(_head: dict[str, Any], data: bytes, step: Step) -> tuple[dict[str, Any], bytes]:
    request = _Request.model_validate_json(data)
    i18n.use(request.spoken)

    at = among = ""

    def begin(what: str, _done: int, _number: int, item: object) -> None:
        nonlocal at, among
        if file := getattr(item, "file", ""):
            at, among = file, what
        elif what == among:  # the drafts have come to an end
            at = ""
        # Else it is something else for the same draft, such as its pictures.
        step(at)

    try:
        with progress.watched(begin):
            found = _found(request)
    except UsageError as error:
        return {"unusable": str(error), "hint": error.hint}, b""
    return {}, _FOUND.dump_json(found)


def _found(request: _Request) -> tuple[Library, list[Problem]]:
    given = (
        request.settings, request.paths, request.programme, request.revised, request.unsaved,
        request.records, request.recorded, request.too_costly,
    )  # fmt: skip
    return checking.check(*given) if request.advises else (checking.read(*given), [])


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
