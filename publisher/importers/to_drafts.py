"""Conversion of items into drafts that pass `check`, or into problems."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.channels.registry import CAPABILITIES, capabilities_of
from publisher.drafts import draft, rendering
from publisher.drafts import names as naming
from publisher.drafts import threads as splitting
from publisher.drafts.surroundings import Surroundings
from publisher.drafts.text_limits import TextLimits
from publisher.drafts.times import spelled
from publisher.importers.items import Item, Options
from publisher.model.posts import Post
from publisher.model.problems import Findings
from publisher.model.values import Position, Problem, Severity

MARK = re.compile(r"^# Imported from .+ \[([0-9a-f]{16})\]$", re.MULTILINE)
"""The comment that identifies a draft when the same file is imported again."""
_PLAIN = re.compile(r"\w[\w-]*")
"""Names that need no quotes in YAML."""
_NOT_OF_A_NAME = re.compile(r"https?://\S+|[@#\uff03]")
_ROOM_FOR_LINK = 24  # a space, and what X counts for a link


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft to be written."""

    file: str
    """Its path below posts/."""
    text: str
    item: Item


class Drafting:
    """Converts the items of one import into drafts."""

    def __init__(
        self,
        around: Surroundings,
        options: Options,
        language: str,
        taken: Iterable[str],
        notes: Findings,
    ) -> None:
        """`language` is the workspace's; `taken` are the paths below posts/ that exist."""
        self._around, self._options, self._notes = around, options, notes
        self._lang = options.lang or around.session.defaults.lang or language
        self._taken = {_folded(name) for name in taken}

    def draft(self, item: Item) -> NewDraft | None:
        """Convert an item; None, with the reasons in the notes, if its draft would have errors."""
        before = len(self._notes.errors)
        file = self._free(self._name(item), f".{item.lang or self._lang}.md")
        text = self._text(item)
        self._check(item, text, file)
        if len(self._notes.errors) > before:
            return None
        self._taken.add(_folded(file))
        return NewDraft(file=file, text=text, item=item)

    def _text(self, item: Item) -> str:
        to = self._options.to or item.to
        names = ", ".join(name if _PLAIN.fullmatch(name) else _quoted(name) for name in to)
        front = [] if item.at is None else [f"at: {self._time(item.at)}"]
        front += [f"to: [{names}]"] if to else []
        front += [f"link: {_quoted(item.link)}"] if item.link else []
        front += [f"# picture: {' '.join(item.picture.split())}"] if item.picture else []
        front.append(f"# Imported from {' '.join(item.where.split())} [{item.mark}]")
        return "\n".join(["---", *front, "---", self._body(item, to), ""])

    def _time(self, at: datetime) -> str:
        """Format a time in the session's zone; with an offset if the clocks show it twice."""
        like = "2016-03-07 08:30" if self._around.session.timezone else "2016-03-07T08:30:00Z"
        return spelled(at, self._around.session.zone, like)

    def _body(self, item: Item, to: Sequence[str]) -> str:
        """The draft's body, with a section for each channel on which it becomes a thread."""
        channels = self._channels(to or self._around.session.defaults.to)
        threads = {
            channel: thread
            for channel in channels
            if self._options.split and len(thread := _thread(item, channel)) > 1
        }
        if len(threads) == len(channels) == 1:
            return _joined(threads[channels[0]])
        sections = [f"## {channel}\n{_joined(thread)}" for channel, thread in threads.items()]
        return "\n\n".join([item.text, *sections])

    def _channels(self, to: Sequence[str]) -> list[str]:
        accounts = self._around.accounts
        known = [*self._around.names, "all"]
        to = [naming.meant(name, known) or name for name in to]
        if "all" in to:
            return sorted({account.channel for account in accounts.values()})
        channels = {accounts[name].channel if name in accounts else name for name in to}
        return sorted(channels & CAPABILITIES.keys())

    def _name(self, item: Item) -> str:
        name = slug(_NOT_OF_A_NAME.sub(" ", item.words)) or "post"
        if item.at is not None:
            day = f"{item.at.astimezone(self._around.session.zone):%Y-%m-%d}"
            name = f"{day}-{name.removeprefix(day).strip('-')}".strip("-")
        return f"{self._options.folder}/{name}" if self._options.folder else name

    def _free(self, name: str, ending: str) -> str:
        """A free file name: the name, with a number after it if it is taken."""
        number, free = 1, f"{name}{ending}"
        while _folded(free) in self._taken:
            number += 1
            free = f"{name}-{number}{ending}"
        return free

    def _check(self, item: Item, text: str, file: str) -> None:
        """Check the draft as `check` would, and note its problems at its row."""
        findings, place = Findings(file), Position(line=item.line)
        post = draft.parse(text, file.removesuffix(".md"), self._around, findings)
        if post is not None and not _says(post, item):
            message = _("A line of its text would split the draft, or begin a section of it.")
            hint = _("Change lines such as `---` or `## CHANNEL`.")
            self._notes.error("read-as-layout", place, message, hint)
            return
        found = findings.problems + ([] if post is None else self._refusals(post))
        # `check` gives the advice on its words.
        errors = (problem for problem in found if problem.severity is Severity.ERROR)
        for problem in {problem.message: problem for problem in errors}.values():
            self._notes.error(problem.code, place, problem.message, problem.hint)
        if item.at is not None and item.at < self._options.now:
            message = _(
                "Its time, {time}, has passed: it will not go out.", time=self._time(item.at)
            )
            hint = _("Give the draft another time, or delete it.")
            self._notes.warning("past", place, message, hint)

    def _refusals(self, post: Post) -> list[Problem]:
        recipients, problems = rendering.recipients(post, self._around.accounts)
        for account in recipients:
            problems += rendering.problems(post, account, capabilities_of(account))
        return problems


def marks(files: Mapping[str, Path]) -> dict[str, str]:
    """The imported drafts, by their marks; `files` are paths by name."""
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
    """Whether each of the post's texts is the item's, so that no line was parsed as layout."""
    expected = unicodedata.normalize("NFC", item.text).split()
    return all(" ".join(parts).split() == expected for parts in post.texts.values())


def _thread(item: Item, channel: str) -> tuple[str, ...]:
    """The text in parts, if the channel has threads and it is too long for one post."""
    capabilities = CAPABILITIES[channel]
    if not capabilities.threads:
        return (item.text,)
    limits = TextLimits.of(capabilities)
    parts: Sequence[str] = splitting.split(item.text, limits)
    with_link = replace(limits, characters=limits.characters - _ROOM_FOR_LINK)
    if item.link and not with_link.fits(parts[-1]):
        parts = [*parts[:-1], *splitting.split(parts[-1], with_link)]
    return tuple(parts)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n---\n".join(parts)


def _quoted(text: str) -> str:
    """Quote a text for YAML."""
    return json.dumps(text, ensure_ascii=False)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
