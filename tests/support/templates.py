"""Templates of the pages: tests open many applications, and what one compiled serves the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import CodeType

import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from publisher.base import html


class _Compiled(BytecodeCache):
    """The code of each template, by its source and by what else decides how it is compiled."""

    def __init__(self) -> None:
        self._codes: dict[tuple[object, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[object, ...]:
    return bucket.key, bucket.checksum, bucket.environment.lstrip_blocks


@contextmanager
def compiled_once() -> Iterator[None]:
    """Meanwhile, a template is compiled once, whatever environments load it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "Environment", partial(Environment, bytecode_cache=_Compiled()))
        yield
