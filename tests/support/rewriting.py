"""Test files as pytest rewrites them for its messages, which takes longer than to collect them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion import rewrite
from _pytest.assertion.rewrite import PYC_TAIL, assertstate_key


def share(config: pytest.Config) -> None:
    """Rewrite a part of the test files in this process of `--numprocesses`, before the collection.

    Each process collects all files. Without this each would rewrite all of them in a new clone:
    what one wrote down, the others only read.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    number = int(worker["workerid"].removeprefix("gw"))
    for path in sorted(_files(config))[number :: worker["workercount"]]:
        folder = rewrite.get_cache_dir(path)
        written = folder / f"{path.stem}{PYC_TAIL}"
        if not written.exists() and rewrite.try_makedirs(folder):
            source_hash, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[assertstate_key], code, source_hash, written)


def _files(config: pytest.Config) -> Iterator[Path]:
    for named in config.args:
        path = Path(named.partition("::")[0]).absolute()
        yield from path.rglob("test_*.py") if path.is_dir() else [path]
