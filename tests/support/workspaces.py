"""Small workspaces for tests."""

from pathlib import Path
from typing import Self

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
organisation = "BICE"
language = "fr"
[accounts.bice-page]
channel = "facebook"
organisation = "BICE"
language = "fr"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
"""
SESSION = """\
name: 31e session
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
defaults: {to: [bice-x, bice-page], expires: 4h}
agenda:
  annual-day:
    title: Journée annuelle
    starts: 2016-03-07 09:00
    ends: 2016-03-07 18:00
"""


class Workspace:
    """A workspace's folder, and a short way to write into it."""

    def __init__(self, path: Path, settings: str = SETTINGS, session: str = SESSION) -> None:
        self.path = path
        self.write("publisher.toml", settings)
        self.write("posts/session.yaml", session)

    @classmethod
    def at(cls, path: Path) -> Self:
        """One that is there already."""
        found = cls.__new__(cls)
        found.path = path
        return found

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def draft(self, name: str, front_matter: str, text: str = "Le texte.") -> Path:
        """A draft `posts/NAME.md`."""
        return self.write(f"posts/{name}.md", f"---\n{front_matter}\n---\n{text}\n")

    def remove(self, name: str) -> None:
        (self.path / "posts" / f"{name}.md").unlink()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a piece of a file of posts/ that must be there."""
        path = self.path / "posts" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
