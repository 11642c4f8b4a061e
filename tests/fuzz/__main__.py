"""`python -m tests.fuzz`: each fuzzing test again and again, by chance, until the time is over.

So is every other test of a property, and our counting is held against X's own (`against_x.py`).
With atheris installed, its coverage-guided search has half of the time. Prints what was found; the
exit code is 1 if anything was.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.effort import EXAMPLES_VARIABLE
from tests.fuzz.targets import TARGETS

_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parents[1]
_EXAMPLES = 1_000  # of each test in one round
_GUIDED_SECONDS = 60  # of each target in one round
_HANGS = 3_600  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long, about (20)")
    parser.add_argument(
        "--examples", type=int, default=_EXAMPLES, help="of each test in a round (1000)"
    )
    chosen = parser.parse_args()
    end = time.monotonic() + 60 * chosen.minutes
    heavy: Job = ("heavy", [sys.executable, "-m", "tests.fuzz.heavy"], {})
    against_x: Job = ("against X", [sys.executable, "-m", "tests.fuzz.against_x"], {})
    jobs = [heavy, against_x, _properties(), *_by_chance(chosen.examples), *_guided()]
    broken, rounds = set[str](), 0
    while time.monotonic() < end and len(broken) < len(jobs):
        rounds += 1
        for name, command, environment in jobs:
            if (
                name not in broken
                and time.monotonic() < end
                and not _passes(name, command, environment)
            ):
                broken.add(name)
    _say(
        f"{rounds} rounds of {len(jobs)} searches; found something: {', '.join(sorted(broken)) or 'none'}."
    )
    return 1 if broken else 0


Job = tuple[str, list[str], dict[str, str]]


def _properties() -> Job:
    """The tests of properties in the other folders."""
    command = [sys.executable, "-m", "pytest", "-q", f"--timeout={_HANGS}", "-m", "hypothesis"]
    others = [f"--ignore={_FOLDER}", f"--ignore={_FOLDER.parent / 'simulation'}"]
    return "properties", [*command, *others, str(_FOLDER.parent)], {EXAMPLES_VARIABLE: "300"}


def _by_chance(examples: int) -> list[Job]:
    return [
        (
            path.stem,
            [sys.executable, "-m", "pytest", "-q", f"--timeout={_HANGS}", str(path)],
            {EXAMPLES_VARIABLE: str(examples)},
        )
        for path in sorted(_FOLDER.glob("test_*.py"))
        if "@fuzzed" in path.read_text(encoding="utf-8")
    ]


def _guided() -> list[Job]:
    if importlib.util.find_spec("atheris") is None:
        _say(
            "atheris is not installed, so nothing is guided by coverage; `pip install atheris` brings it."
        )
        return []
    return [
        (
            f"guided {name}",
            [sys.executable, "-m", "tests.fuzz.guided", name, f"-max_total_time={_GUIDED_SECONDS}"],
            {},
        )
        for name in TARGETS
    ]


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    begin = time.monotonic()
    done = subprocess.run(
        command,
        cwd=_ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    _say(
        f"{name}: {'found something' if done.returncode else 'nothing'} in {time.monotonic() - begin:.0f} s"
    )
    if name == "against X" or done.returncode:
        _say(done.stdout[-20_000:] + done.stderr[-20_000:])
    return done.returncode == 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
