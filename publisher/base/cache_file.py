"""Files that save work and that nothing needs: an answer that was found before."""

import tempfile
from contextlib import suppress
from pathlib import Path


def keep(path: Path, data: bytes) -> None:
    """Write it whole or not at all, for its owner alone: words under embargo may be in it."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(data)
                file.flush()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
