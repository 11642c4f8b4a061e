"""Keys file: notices that secrets.toml was changed, as by `publisher connect`."""

from publisher.settings.settings import Settings, load

_Mark = tuple[int, int, int] | None


class KeysFile:
    """The secrets.toml of one workspace, as it was when the processes read it."""

    def __init__(self, settings: Settings) -> None:
        self._workspace, self._path = settings.workspace, settings.secrets_file
        self._mark = self._look()

    def is_changed(self) -> bool:
        """Whether it was changed since the last question, and can be used.

        Raises PublisherError, once for each change, if the settings cannot be used with it.
        """
        mark = self._look()
        if mark == self._mark:
            return False
        self._mark = mark
        load(self._workspace)
        return True

    def _look(self) -> _Mark:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
