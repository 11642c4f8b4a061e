"""Faces of accounts: what their platforms call them and show of them, for one page."""

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote

from markupsafe import Markup

from publisher.app.names import Names
from publisher.delivery.identity import verified
from publisher.model.accounts import KnownProfile
from publisher.preview.mockups import Face
from publisher.web import icons

_PORTRAIT = Markup(
    '<img class="face{}" src="{}" alt="" width="{}" height="{}" loading="lazy" decoding="async">'
)
_SIDE, _SMALL = 32, 24  # pixels


def picture_address(account: str, digest: str) -> str:
    """The path of an account's picture; it names the version, so that browsers can keep it."""
    return f"/accounts/{quote(account, safe='')}/avatar?v={digest[:12]}"


class Faces(Names):
    """The accounts as one page shows them, with their pictures."""

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
