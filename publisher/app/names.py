"""Names of accounts and posts for people: what readers call them, in the place of keys and ids."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from urllib.parse import urlsplit

from publisher.app.ledger_parts import LedgerParts
from publisher.base.i18n import _
from publisher.base.text import first_words, shortened
from publisher.channels import registry
from publisher.channels.registry import SPECS, spec_of
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.model.accounts import Account, KnownProfile

_NAME = re.compile(
    r"`[^`]*`|(?<![\w./@#-])(?P<name>[\w-]++(?:[./][\w-]++)*+)(?P<channel>\x20\([a-z]+\))?(?![\w/-]|\.\w)"
)
"""An account's key in a message, with its channel or not, a post's id, or what is in backticks."""
_IS_NO_WORD = re.compile(r"[-_0-9]").search
_IS_ID = re.compile(r"(?=.*[^\W\d_]).*[./\d]").match
"""A post's id has letters, and a language or a date; nothing else is looked up."""
_QUOTES = ("“", "„", "«", "« ", "«\N{NO-BREAK SPACE}")
_IN_SENTENCE = 60  # characters, about


class Names:
    """The names of one page or of one command's output: the ledger is asked once for each."""

    def __init__(self, app: LedgerParts) -> None:
        self._app = app
        self._called: dict[str, str] = {}

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """The workspace's accounts, which a list names a hundred times."""
        return self._app.settings.public_accounts()

    @cached_property
    def known(self) -> Mapping[str, KnownProfile]:
        """The profiles of the workspace's accounts, by account."""
        found = self._app.profiles.all()
        return {name: one for name, one in found.items() if name in self.accounts}

    @cached_property
    def _drafts(self) -> Mapping[str, DraftFile]:
        return {file.id: file for file in DraftFiles(self._app.settings.posts).files}

    @cached_property
    def _bearers(self) -> Counter[str]:
        """How many accounts have each name."""
        return Counter(map(self.named, self.accounts))

    def named(self, account: str) -> str:
        """The name of an account for readers: its handle, its name, its address, or its key."""
        found, known = self.accounts.get(account), self.known.get(account)
        if found is None:
            return account
        if known and known.before:  # until somebody confirms it, it may be a stranger's
            known = None
        if known and known.handle and spec_of(found.channel).has_handles:
            return f"@{known.handle}"
        if found.handle:
            return f"@{found.handle.removeprefix('@')}"
        host = urlsplit(found.url or "").hostname or ""
        return (known.name if known else "") or found.title or host.removeprefix("www.") or account

    def told_apart(self, account: str) -> str:
        """The name of an account in a sentence, with its channel if another is called the same."""
        name = self.named(account)
        return self.titled(account) if self._bearers[name] > 1 else name

    def titled(self, name: str) -> str:
        """The name of an account with its channel, as names may be alike; or that of a channel."""
        if found := self.accounts.get(name):
            return f"{self.named(name)} · {registry.title(found.channel)}"
        return registry.title(name) if name in SPECS else name

    def listed(self, names: Iterable[str]) -> str:
        """The names of accounts with their channels, in one line."""
        return ", ".join(map(self.titled, names))

    def called(self, post: str) -> str:
        """What a post is called: its title or its first words; its id if nothing is known of it."""
        if post not in self._called:
            self._called[post] = self._words_of(post) or post
        return self._called[post]

    def quoted(self, post: str) -> str:
        """What a post is called, within a sentence."""
        return _("“{button}”", button=shortened(self.called(post), _IN_SENTENCE))

    def _words_of(self, post: str) -> str:
        for delivery in self._app.queries.deliveries(post=post, limit=1):
            return delivery.content.first_words or _("a picture")
        file = self._drafts.get(post)
        if file is None:
            return ""
        from publisher.drafts import editing  # noqa: PLC0415 - most commands read no draft

        return first_words(None, [editing.first_words(file)])

    def in_words(self, text: str, *, posts: bool = True) -> str:
        """A message with the names of accounts, and of `posts`, in the place of keys and ids.

        A key that could be a word of the message, as it is one itself, stays: it is told by the
        channel behind it alone, `site (site)`. So does what a message marks for a terminal.
        """
        return _NAME.sub(partial(self._in_words, posts=posts), text) if text else text

    def _in_words(self, found: re.Match[str], *, posts: bool) -> str:
        name = found["name"] or ""
        if name in self.accounts:
            is_meant = _IS_NO_WORD(name) or found["channel"]
            return self.told_apart(name) if is_meant else found[0]
        post = name.removeprefix("posts/").removesuffix(".md")
        if not (posts and _IS_ID(post)) or (words := self.called(post)) == post:
            return found[0]
        is_quoted = found.string[: found.start()].endswith(_QUOTES)
        said = shortened(words, _IN_SENTENCE) if is_quoted else self.quoted(post)
        return f"{said}{found['channel'] or ''}"
