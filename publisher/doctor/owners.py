"""Owners of the accounts' keys, compared with publisher.toml, the ledger and one another."""

from collections.abc import Mapping

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.channels.base import Channel
from publisher.delivery import identity
from publisher.model.models import Owner


class OwnerCheck:
    """Those that were seen in one examination."""

    def __init__(self, app: Application) -> None:
        self._accounts = app.settings.public_accounts()
        self._known = _verified(app)
        self._seen: dict[tuple[str, str], str] = {}
        """An account by its channel and its owner's id."""

    def by_key(self, account: str, channel: Channel) -> Owner | None:
        """The owner, as far as that can be told without asking the platform."""
        if not channel.owner_id:
            return None
        known = self._known.get(account)
        return known if known and known.id == channel.owner_id else Owner(id=channel.owner_id)

    def flaw(self, name: str, owner: Owner) -> tuple[str, str] | None:
        """What is wrong with the owner of this account's keys, and what to do about it."""
        account = self._accounts[name]
        if stranger := identity.stranger(account, owner, self._known.get(name)):
            return stranger
        other = self._seen.setdefault((account.channel, owner.id), name)
        if other == name:
            return None
        return (
            _("Its keys belong to {owner}, as those of {other} do.", owner=owner, other=other),
            _("Give each account its own keys, as docs/credentials.md shows."),
        )


def _verified(app: Application) -> Mapping[str, Owner]:
    """What the ledger knows; what is wrong with that itself is told elsewhere."""
    try:
        app.database.check_revision()
        return app.owners.all()
    except PublisherError:
        return {}
