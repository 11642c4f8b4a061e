# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Test selection: runs the tests that are near to what was changed, in about a minute.

`make near FILES="publisher/ledger/transitions.py"` runs it; without FILES it is what differs from
main. Those that are named for a file, or guard it by their own word, run to their end; of the
others, nearest first, as many as there is time for (`neighbourhood.py`). The last word has
`make test`.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path

from publisher.cli.output.console import print_error, print_line
from tools.neighbourhood import DEEP, GUARDS, NAMED, ROOT, Chosen, Neighbourhood

_OWN = (NAMED, GUARDS)
"""The reasons for which a test runs to its end, however long it takes."""
_MOST = 60
"""The most files: to collect one takes 40 ms, in each process."""
_SHOWN = 8


def changed(root: Path = ROOT) -> list[str]:
    """The files that differ from main's, from where this branch began, and those that are new."""
    base = _git(root, "merge-base", "main", "HEAD") or ["HEAD"]
    differing = _git(root, "diff", "--name-only", *base, "--")
    return sorted({*differing, *_git(root, "ls-files", "--others", "--exclude-standard")})


def named(name: str) -> Iterator[str]:
    """The file, or those of the folder, as the repository calls them."""
    path = Path(name).resolve()
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        yield os.path.relpath(file, ROOT)


def _git(root: Path, *command: str) -> list[str]:
    done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def gathered(by_file: Iterable[Chosen]) -> Chosen:
    """The tests of several files: first those of their own, then in turns what is around them.

    Without the deep ones.
    """
    ordered = [{test: why for test, why in one.items() if why != DEEP} for one in by_file]
    own = {test: why for tests in ordered for test, why in tests.items() if why in _OWN}
    around = ([pair for pair in tests.items() if pair[1] not in _OWN] for tests in ordered)
    for turn in zip_longest(*around):
        for test, why in filter(None, turn):
            if len(own) < _MOST:
                own.setdefault(test, why)
    return own


def _tell(file: str, tests: Chosen) -> None:
    print_line(f"{file}: {'' if tests else 'left to `make test`'}")
    for reason in dict.fromkeys(tests.values()):
        names = [test.removeprefix("tests/") for test, why in tests.items() if why == reason]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        print_line(f"  {reason}: {', '.join(names[:_SHOWN])}{more}")


def command(tests: Chosen, *more: str) -> list[str]:
    """How pytest runs them, in this order; in two processes, where that is worth their start."""
    whole = [f"--whole={test}" for test, why in tests.items() if why in _OWN]
    several = ["--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder"]
    return [
        sys.executable, "-m", "pytest", "-p", "tests.support.deadline", "--quiet",
        "-m", "not deep", *(several if len(tests) > 2 else []), *whole, *more, *tests,
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Say which tests are near, and run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="what was changed; else what differs from main")
    files = [*chain.from_iterable(map(named, parser.parse_args(arguments).files))] or changed()
    near = Neighbourhood()
    by_file = {file: near.of_file(file) for file in files if (ROOT / file).is_file()}
    for file, tests in by_file.items():
        _tell(file, tests)
    if not (chosen := gathered(by_file.values())):
        print_error("No test is near that `make test` runs.", "Run: make test deep")
        return 1
    return subprocess.run(command(chosen), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
