"""The files of a website: which there are, and what is in a feed or a page."""

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"


def atom(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "feed.atom").read_bytes())  # noqa: S314  our own file


def everything_in(folder: Path) -> dict[str, bytes]:
    """The files that a web server would serve."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and whether they are nested well."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(folder: Path, name: str) -> Tags:
    return Tags((folder / name).read_text())
