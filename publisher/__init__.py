"""Publisher: drafts in files, published by Celery workers, every step on record."""


def version() -> str:
    """The installed version, of git's tags: `0.9.0`, or `0.9.1.dev3+g1a2b3c4` three commits on."""
    from importlib import metadata  # noqa: PLC0415 - it takes as long as a whole `publisher --help`

    return metadata.version("session-publisher")
