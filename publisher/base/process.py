"""What this process has from the system: the files it may open, and the environment it hands on."""

import os
import resource

_NEEDED = frozenset({
    "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "TMPDIR",
    "LD_LIBRARY_PATH", "PYTHONPATH",
})  # fmt: skip


def bare_environment() -> dict[str, str]:
    """What a program needs to run, and nothing that anybody set for Publisher."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED}


def allow_many_files() -> None:
    """As many files and connections as the system permits: it allows few if nobody asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
