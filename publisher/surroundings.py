"""What this process hands on of its environment to programs that need none of its secrets."""

import os

_NEEDED = frozenset({
    "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "TMPDIR",
    "LD_LIBRARY_PATH", "PYTHONPATH",
})  # fmt: skip


def bare_environment() -> dict[str, str]:
    """What a program needs to run, and nothing that anybody set for Publisher."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED}
