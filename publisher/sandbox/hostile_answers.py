"""Hostile answers: of a platform, or of a machine in between, that means harm."""

import asyncio
import gzip
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from starlette.responses import Response, StreamingResponse

from publisher.sandbox.fault_kinds import FaultKind, What

_HUGE = 10**399
_WORD = "no-number"
_IS_ID = re.compile(r"(^|_)(id|uri|cid|did|image|video)$|Id$")
_PIECE = b" " * 65_536


def hostile(what: FaultKind, answer: Response, seconds: float) -> Response:
    """An answer made worse, as `what` says; it must be in `HOSTILE`."""
    return HOSTILE[what](answer, seconds)


def _bomb(answer: Response, _seconds: float) -> Response:
    return _with(answer, _packed(), {"content-encoding": "gzip"})


@cache  # to pack it takes a while
def _packed() -> bytes:
    return gzip.compress(b"0" * 50_000_000)


def _endless(answer: Response, _seconds: float) -> Response:
    async def body() -> Any:
        yield bytes(answer.body)
        while True:
            yield _PIECE
            await asyncio.sleep(0)

    return StreamingResponse(body(), answer.status_code, _headers(answer))


def _dripping(answer: Response, seconds: float) -> Response:
    async def body() -> Any:
        for byte in bytes(answer.body) or b"{}":
            yield bytes([byte])
            await asyncio.sleep(seconds)

    return StreamingResponse(body(), answer.status_code, _headers(answer))


def _strange(answer: Response, _seconds: float) -> Response:
    return _with(answer, json.dumps(_deranged(_told(answer))).encode())


def _deranged(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _deranged(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_deranged(each) for each in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return math.nan if is_number else _HUGE


def _with_odd_ids(answer: Response, _seconds: float) -> Response:
    ids = {name: _WORD for name in answer.headers if name.endswith("-id")}
    return _with(answer, json.dumps(_renamed(_told(answer))).encode(), ids)


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _WORD if _IS_ID.search(name) and isinstance(each, str | int) else _renamed(each)
        for name, each in value.items()
    }


def _told(answer: Response) -> Any:
    try:
        return json.loads(bytes(answer.body))
    except ValueError:
        return {"id": "", "data": {"id": ""}}


def _in_utf16(answer: Response, _seconds: float) -> Response:
    return _with(answer, bytes(answer.body).decode().encode("utf-16"))


def _with_headers_twice(answer: Response, _seconds: float) -> Response:
    double = _with(answer, bytes(answer.body))
    lengths = (b"content-length", b"content-encoding")
    double.raw_headers += [(k, b"1") for k, _value in answer.raw_headers if k not in lengths]
    return double


def _with(answer: Response, body: bytes, more: Mapping[str, str] | None = None) -> Response:
    return Response(body, answer.status_code, {**_headers(answer), **(more or {})})


def _headers(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}


HOSTILE: Mapping[FaultKind, Callable[[Response, float], Response]] = {
    What.BOMB: _bomb,
    What.ENDLESS: _endless,
    What.DRIP: _dripping,
    What.STRANGE: _strange,
    What.ODD_IDS: _with_odd_ids,
    What.OTHER_CHARSET: _in_utf16,
    What.HEADERS_TWICE: _with_headers_twice,
}
