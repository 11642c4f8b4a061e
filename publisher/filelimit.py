"""How many files and connections this process may have open."""

import resource


def allow_many_files() -> None:
    """As many as the system permits at all: systems allow few if nobody asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
