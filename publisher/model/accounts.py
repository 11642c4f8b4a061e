"""Accounts: their mandates, rules of approval, and owners.

Instants are aware datetimes in UTC.
"""

from collections.abc import Mapping
from datetime import date

from publisher.base.i18n import _
from publisher.model.values import Frozen


class Mandate(Frozen):
    """A mandate: who may post as another organisation's account, and when."""

    authors: tuple[str, ...] = ()
    """The people who may write; empty: everyone."""
    approvers: tuple[str, ...] = ()
    """The people of whom one has to approve; empty: no one in particular."""
    since: date | None = None
    until: date | None = None
    """The first and the last day on which something may go out, in the session's zone."""


class ApprovalRule(Frozen):
    """The approval that an account needs before something goes out."""

    required: bool = False
    approvers: tuple[str, ...] = ()
    """The people who may approve; empty: everyone but the author."""


class Account(Frozen):
    """An account on one channel, as publisher.toml describes it (no secrets)."""

    name: str
    channel: str
    organisation: str | None = None
    language: str | None = None
    handle: str | None = None
    """The handle of the keys' owner, with or without `@`, for platforms with handles."""
    page_id: str | None = None
    """The id of the Page that the keys must belong to, for platforms with Pages."""
    timezone: str | None = None
    slots: tuple[str, ...] = ()
    """Its slots as `weekdays 09:00`; see model/slots.py."""
    title: str | None = None
    """The public name, if the platform does not have one."""
    url: str | None = None
    """The public address of its pages; None: addresses are relative."""
    options: Mapping[str, str] = {}
    """Further options of its channel; see `ChannelSpec`."""
    mandate: Mandate | None = None


class Owner(Frozen):
    """The owner of an account's keys, as its platform says."""

    id: str
    """The id of the user or the Page."""
    name: str = ""
    """The public name: `@BICE_ONG`, or a Page's name; empty: the platform was not asked yet."""

    def __str__(self) -> str:
        return self.name or self.id


class Profile(Frozen):
    """The public profile of the keys' owner, as its platform shows it."""

    id: str
    """The id of the user or the Page."""
    handle: str = ""
    """The name in addresses, without `@`; empty: it has none."""
    name: str = ""
    """The name beside its picture."""
    picture: str = ""
    """The address of its picture at the platform; empty: it has none."""


class KnownProfile(Frozen):
    """A profile as the ledger keeps it since its platform was asked last."""

    id: str
    handle: str
    name: str
    picture: str
    """The SHA-256 of its small picture, in hexadecimal; empty: there is none."""
    before: str = ""
    """Whom the keys belonged to before, until a person confirms the change; empty: no change."""


def owner_changed(account: str, now: str, before: str) -> tuple[str, str]:
    """Message and hint on keys that belong to another handle than before."""
    return (
        _(
            "The keys of {account} now belong to {now}; before, they belonged to {before}.",
            account=account,
            now=now,
            before=before,
        ),
        _(
            "If that is right, confirm it on the page of the accounts. If not, pause the account: "
            "its posts would go out from the wrong one."
        ),
    )
