# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Mutation testing: puts faults into the sources, and says which of them no near test finds.

`make mutants SEED=7 MANY=60` draws sixty, as many in each part of what publishes. Each is a small
mistake that a person could make, such as `>` for `>=`, and is played in a copy of the working tree:
what is stopped halfway leaves no fault behind. The tests are those of `make near`, nearest first. A
fault that they do not find is shown: it needs a test, or changes nothing.
"""

import argparse
import ast
import difflib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import count, cycle, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from publisher.cli.output.console import print_line
from tests.support.deadline import FIRST_TO_FAIL
from tools.near import command, gathered
from tools.neighbourhood import ROOT, Chosen, Neighbourhood

_PARTS = {
    "model": ("model/*.py",),
    "ledger": (
        "ledger/enqueue.py", "ledger/transitions.py", "ledger/doubts/reconciliation.py",
        "ledger/corrections.py", "ledger/comments/comment_acts.py", "ledger/doubts/resolve.py",
        "ledger/dispatcher/*.py", "ledger/manager/*.py", "ledger/worker/*.py",
    ),
    "delivery": ("delivery/*.py",),
    "channels": ("channels/answers.py", "channels/timelines.py", "platforms/*/answers.py",
                 "platforms/*/timeline.py"),
    "planning": ("planning/*.py",),
    "auth": ("auth/*.py",),
}  # fmt: skip
_BINARY = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "BitOr_BitAnd", "BitAnd_BitOr")
_COMPARISONS = (
    "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt", "Is_IsNot",
    "IsNot_Is",
)  # fmt: skip
_MISTAKES = (
    *(f"ReplaceBinaryOperator_{name}" for name in _BINARY),
    *(f"ReplaceComparisonOperator_{name}" for name in _COMPARISONS),
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "AddNot",
    "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ExceptionReplacer",
    "ZeroIterationForLoop",
)  # fmt: skip
"""Cosmic Ray's operators that make what a person could write; it has ten times as many."""
_PROCESSES = 2
_SECONDS = 90  # in which tests that are not the module's own may begin
_STUCK = 300  # seconds after which a run is ended
_NO_COPY = (
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "node_modules", "var",
)  # fmt: skip
_FAILED = re.compile(f"^{FIRST_TO_FAIL}(.+)$", re.MULTILINE)

Place = tuple[int, int]
"""A line and a column."""


class Fate(Enum):
    """What became of a fault."""

    FOUND = "found"
    SURVIVED = "SURVIVED"
    FAILS_ANYWAY = "fails without it, too"
    ENDLESS = "not over in time"


@dataclass(frozen=True)
class Mutant:
    """A fault in a file."""

    part: str
    path: Path
    """Below the root."""
    line: int
    text: str
    """The whole file with the fault."""

    def diff(self) -> str:
        before = (ROOT / self.path).read_text(encoding="utf-8")
        lines = difflib.unified_diff(
            before.splitlines(), self.text.splitlines(), str(self.path), str(self.path), lineterm=""
        )
        return "\n".join(lines)


def drawn(seed: int) -> Iterator[Mutant]:
    """Faults without end, in turns of one for each part; none comes twice."""
    chance, seen = random.Random(seed), set[tuple[Path, str]]()  # noqa: S311 - to be repeated
    files = {
        part: sorted(path for glob in globs for path in (ROOT / "publisher").glob(glob))
        for part, globs in _PARTS.items()
    }
    for part in cycle(files):
        while True:
            sizes = [path.stat().st_size for path in files[part]]
            (path,) = chance.choices(files[part], sizes)
            if places := mistakes(path):
                line, name, occurrence = chance.choice(chance.choice(places))
                text = mutate_code(path.read_text(encoding="utf-8"), _operator(name), occurrence)
                if text and (path, text) not in seen and _compiles(text):
                    seen.add((path, text))
                    yield Mutant(part, path.relative_to(ROOT), line, text)
                    break


@cache
def _operator(name: str) -> Any:
    return get_operator(f"core/{name}")()


@cache
def mistakes(path: Path) -> list[list[tuple[int, str, int]]]:
    """All mistakes that can be made, by place: line, operator, and its number in the file."""
    source = path.read_text(encoding="utf-8")
    nodes, spared = [*ast_nodes(get_ast(source))], [*_spared(ast.parse(source))]
    found: dict[Place, list[tuple[int, str, int]]] = {}
    for name in _MISTAKES:
        places = (place for node in nodes for place in _operator(name).mutation_positions(node))
        for number, (start, _end) in enumerate(places):
            if not any(begin <= start < end for begin, end in spared):
                found.setdefault(start, []).append((start[0], name, number))
    return [found[place] for place in sorted(found)]


def _spared(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """Where a change is none, or no mistake: types, decorators, some keywords, and constants.

    A constant's value, such as how long to wait, is a judgement: no test should hold 45 for 46.
    """
    spared: list[ast.AST | None] = [
        one for one in tree.body if not isinstance(one, ast.FunctionDef | ast.ClassDef)
    ]
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                spared += [*node.decorator_list, getattr(node, "returns", None)]
            case ast.arguments(kwonlyargs=[first, *_]) if not node.vararg:
                line, column = first.lineno, first.col_offset
                yield (line, column - len("*, ")), (line, column)
            case ast.arg() | ast.AnnAssign():
                spared.append(node.annotation)
            case ast.BinOp(op=ast.BitOr()) if any(map(_is_type, (node.left, node.right))):
                spared.append(node)
            case ast.keyword(arg="strict" | "ensure_ascii"):
                spared.append(node)
            case _:
                pass
    for part in filter(None, spared):
        yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)  # type: ignore[attr-defined]


def _is_type(node: ast.AST) -> bool:
    name = ast.unparse(node)
    return name == "None" or (name.rpartition(".")[2][:1].isupper() and not name.isupper())


def _compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class Stage:
    """A copy of the working tree, in which one fault after another is played."""

    def __init__(self, folder: Path, near: Neighbourhood) -> None:
        self._root, self._near = folder / "tree", near
        shutil.copytree(ROOT, self._root, ignore=shutil.ignore_patterns(*_NO_COPY))
        self._moments = count(1_000_000_000)

    def play(self, mutant: Mutant) -> tuple[Fate, str]:
        """What became of the fault, and the test that found it."""
        chosen = gathered([self._near.of_file(str(mutant.path))])
        original = (self._root / mutant.path).read_text(encoding="utf-8")
        self._write(mutant.path, mutant.text)
        try:
            code, output = self._pytest(chosen, f"--seconds={_SECONDS}")
        finally:
            self._write(mutant.path, original)
        if code is None:
            return Fate.ENDLESS, f"{len(chosen)} files"
        if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return Fate.SURVIVED, f"{len(chosen)} files"
        killer = next(iter(_FAILED.findall(output)), "")
        if not killer:
            return Fate.FOUND, "the tests do not load"
        again, _output = self._pytest({killer: ""})
        fails_anyway = again == pytest.ExitCode.TESTS_FAILED
        return (Fate.FAILS_ANYWAY if fails_anyway else Fate.FOUND), killer

    def _write(self, path: Path, text: str) -> None:
        """Write a file with a time of its own: Python keeps what it compiled by time and size."""
        (self._root / path).write_text(text, encoding="utf-8")
        moment = next(self._moments)
        os.utime(self._root / path, (moment, moment))

    def _pytest(self, tests: Chosen, *more: str) -> tuple[int | None, str]:
        """The exit code, or None where it did not end, and what was printed."""
        with subprocess.Popen(
            command(tests, "--exitfirst", "--timeout=60", "--numprocesses=0", *more),
            cwd=self._root, env={**os.environ, "PYTHONPATH": str(self._root)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        ) as run:  # fmt: skip
            try:
                output, _none = run.communicate(timeout=_STUCK)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGINT)  # so that servers of tests end
                try:
                    run.communicate(timeout=30)
                except subprocess.TimeoutExpired:
                    os.killpg(run.pid, signal.SIGKILL)
                return None, ""
        return run.returncode, output


def played(mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, Fate]]:
    """Play the faults, two at a time, and say of each what became of it."""
    near, free = Neighbourhood(), SimpleQueue[Stage]()

    def play(mutant: Mutant) -> tuple[Fate, str]:
        stage, begin = free.get(), time.monotonic()
        try:
            fate, by = stage.play(mutant)
        finally:
            free.put(stage)
        seconds = time.monotonic() - begin
        print_line(f"{mutant.path}:{mutant.line}: {fate.value} ({by}), {seconds:.0f} s")
        return fate, by

    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(_PROCESSES) as pool,
    ):
        for number in range(_PROCESSES):
            free.put(Stage(Path(folder) / str(number), near))
        for mutant, (fate, _by) in zip(mutants, pool.map(play, mutants), strict=True):
            yield mutant, fate


def main(arguments: list[str]) -> int:
    """Draw faults, play them, and print the score by part, and each fault that survived."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--many", type=int, default=100)
    chosen = parser.parse_args(arguments)
    print_line(f"SEED={chosen.seed} MANY={chosen.many}")
    fates = Counter[tuple[str, Fate]]()
    survivors = []
    for mutant, fate in played([*islice(drawn(chosen.seed), chosen.many)]):
        fates[mutant.part, fate] += 1
        if fate is Fate.SURVIVED:
            survivors.append(mutant)
    for mutant in survivors:
        print_line(f"\n{mutant.diff()}")
    print_line()
    for part in (*_PARTS, ""):
        found, survived = (
            sum(many for (of, one), many in fates.items() if one is fate and part in (of, ""))
            for fate in (Fate.FOUND, Fate.SURVIVED)
        )
        if found + survived:
            share = found / (found + survived)
            print_line(
                f"{part or 'all':<10} {found:>3} of {found + survived:>3} found  {share:.0%}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
