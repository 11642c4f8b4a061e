"""Files that save work and that nothing needs: an answer that was found before."""

import os
from contextlib import suppress
from pathlib import Path


def keep(path: Path, data: bytes) -> None:
    """Write it whole or not at all, for its owner alone: words under embargo may be in it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(draft, "xb", opener=_private) as file:
                file.write(data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
