"""What `count` counts: the parts of a text, the way each channel counts them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from publisher.base.errors import UsageError, WorkspaceNotFound
from publisher.base.i18n import _
from publisher.base.text import suggestion
from publisher.channels.registry import CAPABILITIES, SPECS, capabilities_of
from publisher.cli import arguments
from publisher.cli.output.console import paint
from publisher.drafts import names as naming
from publisher.drafts import threads as splitting
from publisher.drafts.text_files import invalid_character
from publisher.drafts.text_limits import TextLimits
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.values import Problem

DEFAULT = next(iter(SPECS))
"""How texts are counted that go nowhere yet: by the first channel, which is the strictest."""


@dataclass(frozen=True, slots=True)
class TextCount:
    """The parts of one text as one channel counts them."""

    name: str
    """The channel, or the account where the draft has several of the channel."""
    channel: str
    parts: tuple[str, ...]
    limits: TextLimits
    threads: bool
    may_be_empty: bool = False

    @classmethod
    def of(cls, account: Account, parts: tuple[str, ...], post: Post | None = None) -> "TextCount":
        """The parts as an account's channel counts them; `post`: what they are of."""
        can = capabilities_of(account)
        return cls(
            account.name,
            account.channel,
            parts,
            TextLimits.of(can, post.content_warning if post else None),
            can.threads,
            post is not None and bool(post.media) and can.may_be_empty_with_picture,
        )

    @property
    def valid(self) -> bool:
        return all(self._is_valid(part) for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """`{"channel", "parts": [{"weighted_length", "limit", "valid", "text"}]}`."""
        parts = [
            {
                "weighted_length": self.limits.length(part),
                "limit": self.limits.characters,
                "valid": self._is_valid(part),
                "text": part,
            }
            for part in self.parts
        ]
        return {"channel": self.channel, "parts": parts}

    def lines(self) -> list[str]:
        """One line for each part: its length, the limit, and what is left."""
        return [self._line(number, part) for number, part in enumerate(self.parts, 1)]

    def suggestion(self) -> list[str]:
        """Lines that show each part that is too long as messages that are not."""
        lines = []
        for number, part in enumerate(self.parts, 1):
            messages = splitting.suggestion(part, self.limits) if self.threads else ()
            if messages:
                lines += ["", self._split_into(number, len(messages)), "", thread(messages)]
        return lines

    def _split_into(self, part: int, messages: int) -> str:
        if len(self.parts) > 1:
            return _("Part {part}, split into {messages} messages:", part=part, messages=messages)
        return _("As a thread, split into {messages} messages:", messages=messages)

    def split(self) -> "TextCount":
        """The same with every part that is too long split into messages that are not."""
        if self.limits.room < splitting.SHORTEST_LIMIT:
            raise UsageError(
                _("The content warning leaves no room for a text on {name}.", name=self.name),
                hint=_("Shorten `content_warning:`."),
            )
        parts = (message for part in self.parts for message in splitting.split(part, self.limits))
        return replace(self, parts=tuple(parts))

    def _line(self, number: int, part: str) -> str:
        of_thread = " " + _("part {number}", number=number) if len(self.parts) > 1 else ""
        size = self.limits.size(part)
        if not part.strip():
            verdict = paint(_("empty"), "green" if self.may_be_empty else "red")
        elif size.left < 0:
            verdict = paint(_("{number} too long", number=-size.left), "red")
        elif flaw := invalid_character(_lines(part)):
            verdict = paint(flaw.message.rstrip("."), "red")
        else:
            verdict = paint(_("{number} left", number=size.left), "green")
        of_limit = (
            _("{used} of {limit} bytes", used=size.used, limit=size.limit)
            if size.in_bytes
            else _("{used} of {limit}", used=size.used, limit=size.limit)
        )
        return _("{name}: {value}", name=f"{self.name}{of_thread}", value=f"{of_limit}, {verdict}")

    def _is_valid(self, part: str) -> bool:
        if not part.strip():
            return self.may_be_empty
        return self.limits.fits(part) and not invalid_character(_lines(part))


def thread(parts: Sequence[str]) -> str:
    """The parts as they stand in a draft."""
    return "\n\n---\n".join(parts)


def split(counts: Sequence[TextCount]) -> list[TextCount]:
    """Those of channels with threads, split; UsageError if there are none."""
    found = [entry.split() for entry in counts if entry.threads]
    if not found:
        names = ", ".join(entry.name for entry in counts)
        message = _("There are no threads on {names}, so nothing is split.", names=names)
        raise UsageError(
            message,
            hint=_(
                "Name a channel that has them: --channel {name}.",
                name=next(one for one, can in CAPABILITIES.items() if can.threads),
            ),
        )
    return found


def count(
    context: typer.Context, file: str, text: str, channel: str | None
) -> tuple[Sequence[TextCount], Sequence[Problem]]:
    """Count a draft's texts, or any other text as it is.

    Without `channel`: all channels that the draft goes to, `DEFAULT` first; `DEFAULT` for other
    texts. A draft that cannot be made out has no counts but problems.
    """
    if re.match(r"---[ \t]*\r?$", text, re.MULTILINE):
        return _of_draft(context, file, text, channel)
    name = channel or DEFAULT
    # The line end of the file is none of the text's.
    plain = text.removesuffix("\n").removesuffix("\r")
    accounts = (
        {} if naming.meant(name, CAPABILITIES) else arguments.settings(context).public_accounts()
    )
    found = _account(name, accounts)
    return [TextCount.of(found, (plain,))], ()


def _of_draft(
    context: typer.Context, file: str, text: str, channel: str | None
) -> tuple[Sequence[TextCount], Sequence[Problem]]:
    from publisher.drafts import draft, rendering
    from publisher.drafts.session import Session
    from publisher.drafts.surroundings import Surroundings
    from publisher.model.problems import Findings

    findings = Findings(file)
    try:
        settings = arguments.settings(context)
        accounts, posts = settings.public_accounts(), settings.posts
        session = arguments.session(settings)
    except WorkspaceNotFound:
        accounts, posts, session = {}, Path.cwd(), Session()
    surroundings = Surroundings(posts, session, {}, accounts)
    post = draft.parse(_lines(text), arguments.post_id(file, posts), surroundings, findings)
    if post is None:
        return [], findings.problems
    (post,) = surroundings.opened([post])
    recipients, _ = rendering.recipients(post, accounts)
    chosen = [_account(channel, accounts)] if channel else recipients
    chosen = chosen or [Account(name=DEFAULT, channel=DEFAULT)]
    return _distinct(
        [
            TextCount.of(account, rendering.texts(post, account, capabilities_of(account)), post)
            for account in sorted(chosen, key=lambda a: list(CAPABILITIES).index(a.channel))
        ]
    ), ()


def _distinct(counts: Sequence[TextCount]) -> list[TextCount]:
    """One count for each text of a channel, named for the channel where all accounts share it."""
    found = []
    for channel in dict.fromkeys(count.channel for count in counts):
        of_channel = [count for count in counts if count.channel == channel]
        texts = dict.fromkeys((count.parts, count.limits) for count in of_channel)
        for text in texts:
            same = [count for count in of_channel if (count.parts, count.limits) == text]
            name = channel if len(texts) == 1 else ", ".join(count.name for count in same)
            found.append(replace(same[0], name=name))
    return found


def _account(name: str, accounts: Mapping[str, Account]) -> Account:
    """The account, or any account of the channel."""
    known = [*CAPABILITIES, *accounts]
    found = naming.meant(name, known)
    if found is None:
        message = _("There is no account or platform “{name}”.", name=name)
        raise UsageError(message, hint=suggestion(name, known))
    return accounts.get(found) or Account(name=found, channel=found)


def _lines(text: str) -> str:
    return re.sub("\r\n?", "\n", text)
