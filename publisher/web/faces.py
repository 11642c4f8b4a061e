"""Faces of accounts: what their platforms call them and show of them, for one page."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from urllib.parse import quote

from markupsafe import Markup

from publisher.app import Application
from publisher.channels import registry
from publisher.channels.registry import SPECS, spec_of
from publisher.delivery.identity import verified
from publisher.model.accounts import Account, KnownProfile
from publisher.preview.mockups import Face
from publisher.web import icons

_PORTRAIT = Markup(
    '<img class="face{}" src="{}" alt="" width="{}" height="{}" loading="lazy" decoding="async">'
)
_SIDE, _SMALL = 32, 24  # pixels
_KEY = re.compile(r"(?<![\w./@#-])(?P<key>[\w-]++)(?P<channel> \([a-z]+\))?(?![\w/-]|\.\w)")
"""What may be an account's key in a message, with its channel behind it or not."""
_IS_NO_WORD = re.compile(r"[-_0-9]").search


def picture_address(account: str, digest: str) -> str:
    """The path of an account's picture; it names the version, so that browsers can keep it."""
    return f"/accounts/{quote(account, safe='')}/avatar?v={digest[:12]}"


class Faces:
    """The accounts as one page shows them; the ledger is asked once, if at all."""

    def __init__(self, app: Application) -> None:
        self._app = app

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
    def shown(self) -> Mapping[str, Face]:
        """What mock-ups show, by account; of accounts not asked yet, the owner that is verified."""
        owners = verified(self._app.owners, self.accounts)
        checked = {
            name: Face(handle=owner.name.removeprefix("@"))
            for name, owner in owners.items()
            if owner.name.startswith("@")
        }
        return checked | {name: self._face(name, one) for name, one in self.known.items()}

    @staticmethod
    def _face(account: str, known: KnownProfile) -> Face:
        address = picture_address(account, known.picture) if known.picture else ""
        return Face(known.handle, known.name, address)

    def named(self, account: str) -> str:
        """The name of an account for readers: its handle, its public name, or its key."""
        found, known = self.accounts.get(account), self.known.get(account)
        if found is None:
            return account
        if known and known.handle and spec_of(found.channel).has_handles:
            return f"@{known.handle}"
        if found.handle:
            return f"@{found.handle.removeprefix('@')}"
        return (known.name if known else "") or found.title or account

    def titled(self, name: str) -> str:
        """The name of an account with its channel, as names may be alike; or that of a channel."""
        if found := self.accounts.get(name):
            return f"{self.named(name)} · {registry.title(found.channel)}"
        return registry.title(name) if name in SPECS else name

    def listed(self, names: Iterable[str]) -> str:
        """The names of accounts with their channels, in one line."""
        return ", ".join(map(self.titled, names))

    def in_words(self, text: str) -> str:
        """A message with the names of accounts for readers in the place of their keys.

        A key that could be a word of the message, as it is one itself, stays: it is told by the
        channel behind it alone, `site (site)`.
        """
        return _KEY.sub(self._in_words, text) if text else text

    def _in_words(self, found: re.Match[str]) -> str:
        key = found["key"]
        is_meant = key in self.accounts and (_IS_NO_WORD(key) or found["channel"])
        return self.named(key) if is_meant else found[0]

    def portrait(self, account: str, *, small: bool = False) -> Markup:
        """The picture of an account, or its initials; decoration, as the name stands beside."""
        known = self.known.get(account)
        if known and known.picture:
            side = _SMALL if small else _SIDE
            address = picture_address(account, known.picture)
            return _PORTRAIT.format(" small" if small else "", address, side, side)
        found = self.accounts.get(account)
        name = (known.name if known else "") or (found.title if found else "") or account
        return icons.face(name, small=small)
