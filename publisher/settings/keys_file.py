"""Keys file: notices that secrets.toml of a workspace was changed, as by `publisher connect`."""

from publisher.settings.settings import Settings, load

_Mark = tuple[int, int, int] | None


class KeysFile:
    """The secrets.toml of one workspace, as it was when its settings were read."""

    def __init__(self, settings: Settings) -> None:
        self._workspace, self._path = settings.workspace, settings.secrets_file
        self._mark = self._look()

    def changed(self) -> Settings | None:
        """The settings with the new file, if it was changed since the last question; else None.

        Asks the file system once. Raises PublisherError, once for each change, if the settings
        cannot be used with it.
        """
        mark = self._look()
        if mark == self._mark:
            return None
        self._mark = mark
        return load(self._workspace)

    def _look(self) -> _Mark:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
