"""A clock that only chosen processes see."""

from pathlib import Path

from tests.support.system import missing


class FakeTime:
    """A clock that the processes started with `environment` see, and nobody else."""

    def __init__(self, folder: Path) -> None:
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            missing("libfaketime", "faketime")
        self._file = folder / "faketime"
        self.set("+0")
        self.environment = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, difference: str) -> None:
        """Set it wrong by so much, such as `+2h`."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{difference}\n")
        new.replace(self._file)
