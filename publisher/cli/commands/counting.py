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
from publisher.drafts.text_length import length
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
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
    may_be_empty: bool = False
    of_account: Capabilities | None = None
    """What the account may send, if that is not what its channel's others may."""

    @property
    def can(self) -> Capabilities:
        return self.of_account or CAPABILITIES[self.channel]

    @property
    def valid(self) -> bool:
        return all(self._is_valid(part) for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """`{"channel", "parts": [{"weighted_length", "limit", "valid", "text"}]}`."""
        parts = [
            {
                "weighted_length": length(part, self.can.counting),
                "limit": self.can.max_length,
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
            messages = self._suggested(part) if self.can.threads else ()
            if messages:
                lines += ["", self._split_into(number, len(messages)), "", thread(messages)]
        return lines

    def _suggested(self, part: str) -> tuple[str, ...]:
        return splitting.suggestion(part, self.can.max_length, self.can.counting)

    def _split_into(self, part: int, messages: int) -> str:
        if len(self.parts) > 1:
            return _("Part {part}, split into {messages} messages:", part=part, messages=messages)
        return _("As a thread, split into {messages} messages:", messages=messages)

    def split(self) -> "TextCount":
        """The same with every part that is too long split into messages that are not."""
        limit, counting = self.can.max_length, self.can.counting
        parts = (
            message for part in self.parts for message in splitting.split(part, limit, counting)
        )
        return replace(self, parts=tuple(parts))

    def _line(self, number: int, part: str) -> str:
        of_thread = " " + _("part {number}", number=number) if len(self.parts) > 1 else ""
        used, limit = length(part, self.can.counting), self.can.max_length
        left = limit - used
        if not part.strip():
            verdict = paint(_("empty"), "green" if self.may_be_empty else "red")
        elif left < 0:
            verdict = paint(_("{number} too long", number=-left), "red")
        elif flaw := invalid_character(_lines(part)):
            verdict = paint(flaw.message.rstrip("."), "red")
        else:
            verdict = paint(_("{number} left", number=left), "green")
        of_limit = _("{used} of {limit}", used=used, limit=limit)
        return _("{name}: {value}", name=f"{self.name}{of_thread}", value=f"{of_limit}, {verdict}")

    def _is_valid(self, part: str) -> bool:
        if not part.strip():
            return self.may_be_empty
        used = length(part, self.can.counting)
        return used <= self.can.max_length and not invalid_character(_lines(part))


def thread(parts: Sequence[str]) -> str:
    """The parts as they stand in a draft."""
    return "\n\n---\n".join(parts)


def split(counts: Sequence[TextCount]) -> list[TextCount]:
    """Those of channels with threads, split; UsageError if there are none."""
    found = [entry.split() for entry in counts if entry.can.threads]
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
    can = capabilities_of(found)
    return [TextCount(found.name, found.channel, (plain,), of_account=can)], ()


def _of_draft(
    context: typer.Context, file: str, text: str, channel: str | None
) -> tuple[Sequence[TextCount], Sequence[Problem]]:
    from publisher.drafts import draft, rendering
    from publisher.drafts.session import Session
    from publisher.model.problems import Findings

    findings = Findings(file)
    try:
        settings = arguments.settings(context)
        accounts, posts = settings.public_accounts(), settings.posts
        session = arguments.session(settings)
    except WorkspaceNotFound:
        accounts, posts, session = {}, Path.cwd(), Session()
    surroundings = draft.Surroundings(posts, session, {}, accounts)
    post = draft.parse(_lines(text), arguments.post_id(file, posts), surroundings, findings)
    if post is None:
        return [], findings.problems
    (post,) = surroundings.opened([post])
    recipients, _ = rendering.recipients(post, accounts)
    chosen = [_account(channel, accounts)] if channel else recipients
    chosen = chosen or [Account(name=DEFAULT, channel=DEFAULT)]
    return _distinct(
        [
            TextCount(
                account.name,
                account.channel,
                rendering.texts(post, account, capabilities_of(account)),
                bool(post.media) and capabilities_of(account).may_be_empty_with_picture,
                capabilities_of(account),
            )
            for account in sorted(chosen, key=lambda a: list(CAPABILITIES).index(a.channel))
        ]
    ), ()


def _distinct(counts: Sequence[TextCount]) -> list[TextCount]:
    """One count for each text of a channel, named for the channel where all accounts share it."""
    found = []
    for channel in dict.fromkeys(count.channel for count in counts):
        of_channel = [count for count in counts if count.channel == channel]
        texts = dict.fromkeys((count.parts, count.can) for count in of_channel)
        for text in texts:
            same = [count for count in of_channel if (count.parts, count.can) == text]
            name = channel if len(texts) == 1 else ", ".join(count.name for count in same)
            found.append(replace(same[0], name=name))
    return found


def _account(name: str, accounts: Mapping[str, Account]) -> Account:
    """The account, or any account of the channel."""
    known = [*CAPABILITIES, *accounts]
    found = naming.meant(name, known)
    if found is None:
        message = _("No channel or account is named {name}.", name=name)
        raise UsageError(message, hint=suggestion(name, known))
    return accounts.get(found) or Account(name=found, channel=found)


def _lines(text: str) -> str:
    return re.sub("\r\n?", "\n", text)
