"""Owner check: the owners of the accounts' keys against publisher.toml, ledger and each other."""

from collections.abc import Mapping

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.channels.base import Channel
from publisher.delivery import identity
from publisher.model.accounts import Owner


class OwnerCheck:
    """The owner checks of one run of `publisher doctor`."""

    def __init__(self, app: Application) -> None:
        self._accounts = app.settings.public_accounts()
        self._known = _verified(app)
        self._seen: dict[tuple[str, str], str] = {}
        """An account by its channel and its owner's id."""

    def by_key(self, account: str, channel: Channel) -> Owner | None:
        """The owner, as far as known without asking the platform."""
        if not channel.owner_id:
            return None
        known = self._known.get(account)
        return known if known and known.id == channel.owner_id else Owner(id=channel.owner_id)

    def flaw(self, name: str, owner: Owner) -> tuple[str, str] | None:
        """Message and hint on a wrong owner of this account's keys, if it is wrong."""
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
    """The verified owners in the ledger; `ledger` reports an unavailable database."""
    try:
        app.database.check_revision()
        return app.owners.all()
    except PublisherError:
        return {}
