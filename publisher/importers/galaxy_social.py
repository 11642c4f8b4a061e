"""The posts of galaxy-social: Markdown with the media, hashtags and mentions of each platform.

github.com/usegalaxy-eu/galaxy-social, README.md: `media` lists the profiles that a post is for;
`hashtags` and `mentions` belong to one profile each; two empty lines split a thread; pictures stand
in the text as in Markdown, or under `images`, always by their address. A post has no time: it goes
out when it is merged.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import front_matter, text_files, yaml_tree
from publisher.importers import files
from publisher.importers.items import Item, Options
from publisher.importers.problems import Notes, Place
from publisher.model.problems import Findings

_PICTURE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]+)[^)]*\)")
_SPLIT = re.compile(r"\n[ \t]*\n[ \t]*\n\s*")
_HASHTAG = re.compile(r"[^\W_]\w*")
_KEYS = ("media", "hashtags", "mentions", "images")


def read(folder: Path, _options: Options, notes: Notes) -> list[Item]:
    """The posts of all Markdown files in the folder and below it."""
    found = files.below(folder, "*.md", notes)
    paths = [path for path in found if path.name.lower() != "readme.md"]
    if not paths and not notes.errors:
        notes.error("nothing-found", Place(str(folder)), _("There is no Markdown file in it."))
    items = (_item(path, path.relative_to(folder).as_posix(), notes) for path in paths)
    return [item for item in items if item]


def _item(path: Path, where: str, notes: Notes) -> Item | None:
    name = str(path)
    findings = Findings(name)
    text = text_files.read(path, findings)
    halves = None if text is None else front_matter.split(text, findings)
    if halves is None or findings.has_errors:
        notes.problems += findings.problems
        return None
    before = notes.errors
    front = _Front(halves.front, name, notes)
    line = halves.body_line + len(halves.body) - len(halves.body.lstrip("\n"))
    place = Place(name, line)
    pictures = [*_pictures_of(halves.body), *front.images()]
    body = _PICTURE.sub("", halves.body)
    parts = [part.strip() for part in _SPLIT.split(body) if part.strip()]
    for _alt, address in pictures:
        notes.warning(
            "picture-not-fetched",
            place,
            _("The picture {address} is not fetched.", address=address),
            _("Save it in posts/media/ and name it in the draft."),
        )
    if not parts:
        notes.error("empty-text", place, _("The post has no text."))
    profiles, tags = front.profiles(), front.hashtags("\n".join(parts))
    front.tell_mentions()
    if notes.errors > before:
        return None
    return Item(
        place=place,
        where=where,
        parts=tuple(parts),
        hashtags=tuple(tags),
        name=path.stem,
        profiles=profiles,
        absent=tuple(f"{address} {alt}".strip() for alt, address in pictures),
    )


def _pictures_of(body: str) -> Iterator[tuple[str, str]]:
    for alt, address in _PICTURE.findall(body):
        yield " ".join(alt.split()), address


class _Front:
    """The front matter of one post."""

    def __init__(self, node: yaml_tree.Mapping, name: str, notes: Notes) -> None:
        self._entries, self._name, self._notes = node.entries, name, notes
        for key, entry in node.entries.items():
            if key not in _KEYS:
                place = Place(name, entry.key.line, entry.key.column)
                notes.warning("column-left-out", place, _("`{key}` is left out.", key=key))

    def profiles(self) -> tuple[str, ...]:
        entry = self._entries.get("media")
        if entry is None:
            self._notes.error("bad-value", Place(self._name), _("`media` names no profile."))
            return ()
        return tuple(value for value, _ in self._words(entry.value, "media"))

    def hashtags(self, text: str) -> list[str]:
        """Those of all profiles, each once, that the text does not have already."""
        known = {tag.casefold() for tag in re.findall(r"#(\w+)", text)}
        found = []
        for written, place in self._of_profiles("hashtags"):
            tag = written.removeprefix("#")
            if not _HASHTAG.fullmatch(tag):
                message = _(
                    "`{tag}` is no hashtag: it may hold letters, digits and _ alone.", tag=tag
                )
                self._notes.warning("hashtag-left-out", place, message)
            elif tag.casefold() not in known:
                known.add(tag.casefold())
                found.append(tag)
        return found

    def tell_mentions(self) -> None:
        names = dict.fromkeys(name for name, _ in self._of_profiles("mentions"))
        if names:
            place = self._place(self._entries["mentions"].value)
            message = _(
                "The mentions {names} are left out: they belong to other platforms.",
                names=", ".join(names),
            )
            hint = _("Write the names that these have on X or Facebook into the text.")
            self._notes.warning("mentions-left-out", place, message, hint)

    def images(self) -> Iterator[tuple[str, str]]:
        entry = self._entries.get("images")
        if entry is None or not isinstance(entry.value, yaml_tree.Sequence):
            return
        for image in entry.value.items:
            if isinstance(image, yaml_tree.Mapping):
                values = {
                    key: value.value.value
                    for key, value in image.entries.items()
                    if isinstance(value.value, yaml_tree.Scalar)
                }
                yield " ".join(values.get("alt_text", "").split()), values.get("url", "")

    def _of_profiles(self, key: str) -> Iterator[tuple[str, Place]]:
        entry = self._entries.get(key)
        if entry is None or (isinstance(entry.value, yaml_tree.Scalar) and not entry.value.value):
            return
        if not isinstance(entry.value, yaml_tree.Mapping):
            self._reject(entry.value, _("`{key}` takes profiles with a list each.", key=key))
            return
        for of_profile in entry.value.entries.values():
            yield from self._words(of_profile.value, key)

    def _words(self, node: yaml_tree.Node, key: str) -> Iterator[tuple[str, Place]]:
        if isinstance(node, yaml_tree.Scalar):
            if node.value:
                yield node.value, self._place(node)
            return
        if not isinstance(node, yaml_tree.Sequence):
            self._reject(node, _("`{key}` takes a list.", key=key))
            return
        for item in node.items:
            if isinstance(item, yaml_tree.Scalar):
                yield item.value, self._place(item)
            else:
                self._reject(item, _("`{key}` lists single values.", key=key))

    def _reject(self, node: yaml_tree.Node, message: str) -> None:
        self._notes.error("bad-value", self._place(node), message)

    def _place(self, node: yaml_tree.Node) -> Place:
        return Place(self._name, node.position.line, node.position.column)
