"""Items become drafts that pass `check`, or are told why not."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.base.i18n import _
from publisher.base.slugs import slug
from publisher.drafts import draft, names, rendering
from publisher.drafts import threads as splitting
from publisher.drafts.draft import Surroundings
from publisher.drafts.text_length import length
from publisher.importers.items import Item, Options, PictureFile
from publisher.importers.problems import Notes
from publisher.model.capabilities import CAPABILITIES
from publisher.model.models import Post, Problem, Severity
from publisher.model.problems import Findings

MARK = re.compile(r"^# Imported from .+ \[([0-9a-f]{16})\]$", re.MULTILINE)
"""The comment by which a draft is known again when the same file is imported once more."""
_NOT_OF_A_NAME = re.compile(r"https?://\S+|[@#\uff03]")
_ROOM_FOR_LINK = 24  # a space, and what X counts for a link


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that is ready to be written."""

    file: str
    """Its path below posts/."""
    text: str
    item: Item
    pictures: Mapping[str, Path]
    """The pictures that it needs, by their paths below posts/."""


class Drafting:
    """Turns the items of one import into drafts."""

    def __init__(
        self, around: Surroundings, options: Options, taken: Iterable[str], notes: Notes
    ) -> None:
        """`taken` are the paths below posts/ that exist."""
        self._around, self._options, self._notes = around, options, notes
        self._taken = {_folded(name) for name in taken}

    def draft(self, item: Item) -> Draft | None:
        """The item as a draft; None, with the reasons in the notes, if it would have errors."""
        before = self._notes.errors
        to = self._recipients(item)
        pictures = self._pictures(item)
        file = self._free(self._name(item), f".{self._options.lang}.md")
        text = self._text(item, to, pictures)
        if self._notes.errors == before:
            self._check(item, text, file)
        if self._notes.errors > before:
            return None
        self._taken |= {_folded(name) for name in (file, *pictures)}
        paths = {name: picture.path for name, picture in pictures.items()}
        return Draft(file=file, text=text, item=item, pictures=paths)

    def _recipients(self, item: Item) -> tuple[str, ...]:
        """Who gets it, as the draft is to say; empty: as the session's default says."""
        if self._options.to:
            return self._options.to
        known = {*self._around.accounts, *self._around.channels}
        for profile in item.profiles:
            if profile not in known:
                self._notes.error(
                    "unknown-profile",
                    item.place,
                    _(
                        "No account is called {profile}, for which the post was written.",
                        profile=profile,
                    ),
                    _("Say who gets the posts: --to ACCOUNT."),
                )
        return item.profiles

    def _text(self, item: Item, to: Sequence[str], pictures: Mapping[str, PictureFile]) -> str:
        front = [] if item.at is None else [f"at: {self._time(item)}"]
        front += [f"to: [{', '.join(to)}]"] if to else []
        front += [f"link: {_quoted(item.link)}"] if item.link else []
        front += ["media:"] if pictures else []
        for name, picture in pictures.items():
            front += [f"  - file: {_quoted(f'/{name}')}", f"    alt: {_quoted(picture.alt)}"]
        front += [f"# picture: {' '.join(address.split())}" for address in item.absent]
        front.append(f"# Imported from {' '.join(item.where.split())} [{item.mark}]")
        return "\n".join(["---", *front, "---", self._body(item, to), ""])

    def _time(self, item: Item) -> str:
        """Its time in the session's zone; with an offset where the clocks show it twice."""
        zone = self._around.session.zone
        local = item.at.astimezone(zone) if item.at else None
        if local is None:
            return ""
        twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
        if twice or self._around.session.timezone is None:
            return local.isoformat()
        seconds = "seconds" if local.second else "minutes"
        return local.replace(tzinfo=None).isoformat(" ", seconds)

    def _body(self, item: Item, to: Sequence[str]) -> str:
        """The text; with a section for a channel on which it becomes a thread."""
        whole = _joined(item.texts)
        channels = self._channels(to or self._around.session.defaults.to)
        threads = {
            channel: thread
            for channel in channels
            if self._options.split and (thread := _thread(item, channel)) != item.texts
        }
        if len(threads) == len(channels) == 1:
            return _joined(threads[channels[0]])
        sections = [f"## {channel}\n{_joined(thread)}" for channel, thread in threads.items()]
        return "\n\n".join([whole, *sections])

    def _channels(self, to: Sequence[str]) -> list[str]:
        accounts = self._around.accounts
        known = [*self._around.names, "all"]
        to = [names.meant(name, known) or name for name in to]
        if "all" in to:
            return sorted({account.channel for account in accounts.values()})
        return sorted({accounts[name].channel if name in accounts else name for name in to})

    def _pictures(self, item: Item) -> dict[str, PictureFile]:
        found: dict[str, PictureFile] = {}
        for picture in item.pictures:
            name = f"media/{slug(picture.path.stem) or 'picture'}"
            found[self._free(name, picture.path.suffix.lower(), found)] = picture
        return found

    def _name(self, item: Item) -> str:
        name = slug(item.name or _NOT_OF_A_NAME.sub(" ", item.words)) or "post"
        if item.at is not None:
            day = f"{item.at.astimezone(self._around.session.zone):%Y-%m-%d}"
            name = f"{day}-{name.removeprefix(day).strip('-')}".strip("-")
        return f"{self._options.folder}/{name}" if self._options.folder else name

    def _free(self, name: str, ending: str, also: Iterable[str] = ()) -> str:
        """The name, with a number behind it if it is taken."""
        taken = {*map(_folded, also)}
        number, free = 1, f"{name}{ending}"
        while _folded(free) in self._taken or _folded(free) in taken:
            number += 1
            free = f"{name}-{number}{ending}"
        return free

    def _check(self, item: Item, text: str, file: str) -> None:
        """Read the draft as `check` would, and note what is wrong with it where it comes from."""
        findings = Findings(file)
        post = draft.parse(text, file.removesuffix(".md"), self._around, findings)
        if post is not None and not _says(post, item):
            self._notes.error(
                "read-as-layout",
                item.place,
                _("A line of its text would split the draft, or begin a section of it."),
                _("Change lines such as `---` or `## facebook`."),
            )
            return
        found = findings.problems + ([] if post is None else self._refusals(post))
        # Its pictures are not copied yet, and advice on its words is for `check` to give.
        errors = (p for p in found if p.severity is Severity.ERROR and p.code != "media-missing")
        for problem in {problem.message: problem for problem in errors}.values():
            self._notes.error(problem.code, item.place, problem.message, problem.hint)
        if item.at is not None and item.at < self._options.now:
            self._notes.warning(
                "past",
                item.place,
                _("Its time, {time}, is over: it will not go out.", time=self._time(item)),
                _("Give the draft another time, or delete it."),
            )

    def _refusals(self, post: Post) -> list[Problem]:
        recipients, problems = rendering.recipients(post, self._around.accounts)
        for account in recipients:
            problems += rendering.problems(post, account, CAPABILITIES[account.channel])
        return problems


def marks(files: Mapping[str, Path]) -> dict[str, str]:
    """The drafts that were imported, by the marks that they bear; `files` are paths by their names."""
    found = {}
    for name, path in files.items():
        try:
            with path.open("rb") as file:
                head = file.read(20_000).decode("utf-8", "replace")
        except OSError:
            continue
        for mark in MARK.findall(head.partition("\n---")[0]):
            found[mark] = name
    return found


def _says(post: Post, item: Item) -> bool:
    """Whether each of the post's texts is the item's, whatever its lines look like."""
    expected = unicodedata.normalize("NFC", " ".join(item.texts)).split()
    return all(" ".join(parts).split() == expected for parts in post.texts.values())


def _thread(item: Item, channel: str) -> tuple[str, ...]:
    """The parts, split where the channel has threads and they are too long for it."""
    capabilities = CAPABILITIES[channel]
    if not capabilities.threads:
        return item.texts
    limit = capabilities.max_length
    parts = [piece for part in item.texts for piece in splitting.split(part, limit)]
    if item.link and length(parts[-1], "weighted") + _ROOM_FOR_LINK > limit:
        parts = [*parts[:-1], *splitting.split(parts[-1], limit - _ROOM_FOR_LINK)]
    return tuple(parts)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n---\n".join(parts)


def _quoted(text: str) -> str:
    """As YAML, between quotes."""
    return json.dumps(text, ensure_ascii=False)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
