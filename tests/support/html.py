"""Reads pages as a browser would, as far as tests ask."""

import re
from collections import Counter
from html.parser import HTMLParser

_VOID = {"meta", "img", "br", "path", "circle", "rect", "line", "link", "input", "use"}
_FETCHED = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "link": ("href",),
    "iframe": ("src", "srcdoc"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
    "form": ("action",),
    "base": ("href",),
    "body": ("background",),
}
"""What makes a browser ask for something, or leads its requests elsewhere."""


class Structure(HTMLParser):
    """Collects what tests ask for, and proves that every element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unseen = 0
        """How many of the open elements are hidden from screen readers, or lie in one that is."""
        self.nameless = 0
        """Drawings that a screen reader comes upon and that have no name."""
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.styles: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)
            if self.unseen or dict(attrs).get("aria-hidden") == "true":
                self.unseen += 1
        if (
            tag == "svg"
            and not self.unseen
            and not {"aria-label", "aria-labelledby"} & set(dict(attrs))
        ):
            self.nameless += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag
            self.unseen = max(0, self.unseen - 1)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]

    def _see(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.seen.append((tag, dict(attrs)))


def addresses(html: str) -> list[str]:
    """Everything in a page that a browser would fetch."""
    found = Structure(html)
    asked = [
        attributes[name] or ""
        for tag, attributes in found.seen
        for name in _FETCHED.get(tag, ())
        if name in attributes
    ]
    css = "\n".join([*found.styles, *(a["style"] or "" for _, a in found.seen if "style" in a)])
    return [*asked, *re.findall(r"@import[^;]*|url\([^)]*\)|image-set\([^)]*\)", css)]


def flaws(html: str) -> list[str]:
    """What keeps a page from being well made: doubled ids, dead references, missing names."""
    found = Structure(html)
    ids = Counter(a["id"] for _, a in found.seen if a.get("id"))
    wrong = [f"the id {name} stands {count} times" for name, count in ids.items() if count > 1]
    wrong += [
        f"<{tag}> refers to #{target}, which is not there"
        for tag, attributes in found.seen
        for target in _references(attributes)
        if target not in ids
    ]
    wrong += [
        f"<{tag}> has a style or a script of its own: {attributes}"
        for tag, attributes in found.seen
        if "style" in attributes or any(name.startswith("on") for name in attributes)
    ]
    wrong += ["a picture has no alt" for image in found.all("img") if "alt" not in image]
    wrong += ["a drawing has no name"] * found.nameless
    if not found.all("html")[0].get("lang"):
        wrong.append("the page has no language")
    for tag in ("main", "h1"):
        if (count := len(found.all(tag))) != 1:
            wrong.append(f"there are {count} of <{tag}>")
    return wrong


def _references(attributes: dict[str, str | None]) -> list[str]:
    named = [attributes.get(name) or "" for name in ("aria-labelledby", "aria-describedby")]
    href = attributes.get("href") or ""
    return [*" ".join(named).split(), *([href[1:]] if href.startswith("#") else [])]
