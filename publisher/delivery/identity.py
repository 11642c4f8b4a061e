"""Identity check: whether an account's keys belong to the owner in publisher.toml and the ledger.

Checked before the first post of each account in a process, a few seconds before its instant. X's
access tokens begin with the id of their user (docs.x.com, OAuth 1.0a), so a user who was verified
once is recognised without a request: neither a new key of the same user nor a platform that is away
delays a post. A Page's token contains no id, so Facebook is asked.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple, Protocol

import structlog

from publisher.base.clock import Clock
from publisher.base.i18n import _, joined
from publisher.channels.base import Channel
from publisher.channels.registry import spec_of
from publisher.ledger.account_owners import Owners
from publisher.model.accounts import Account, Owner
from publisher.model.outcomes import AccountSuspended, Deferred, Kind


class KeyCheck(Protocol):
    """Checks whose keys an account has."""

    def is_verified(self, account: str) -> bool:
        """Whether this process knows already that they are its own."""

    def check(self, account: str, channel: Channel) -> AccountSuspended | Deferred | None:
        """Why nothing of the account may go out with these keys; None when they are its own."""


class AccountLock(Protocol):
    """Sees to it that one ledger alone publishes to an account."""

    def is_held(self, account: str) -> bool:
        """Whether posts of the account need not ask any more."""

    def take(self, account: str) -> AccountSuspended | None:
        """Why nothing of the account may go out from this ledger; None when it may."""


class Unlocked:
    """No lock: nobody else publishes."""

    def is_held(self, _account: str) -> bool:
        return True

    def take(self, _account: str) -> None:
        return None


_ASK_AGAIN = 15.0
"""Real seconds for which an unclear answer is reused, so that many posts of one account ask
once.
"""
log = structlog.get_logger()


class _Verified:
    """The keys are the account's own."""


class _Peers(NamedTuple):
    """The accounts of one channel, no two of which may have the same owner."""

    names: frozenset[str]
    by_owner: Mapping[str, Sequence[Account]]
    """Those whose owner publisher.toml names, by its id or plain handle."""


class Identity:
    """The identity check of one process, whose keys are the same for as long as it runs."""

    def __init__(self, accounts: Mapping[str, Account], owners: Owners, clock: Clock) -> None:
        self._accounts = accounts
        self._owners = owners
        self._clock = clock
        self._lock = Lock()
        self._of_account: dict[str, Lock] = {}
        self._verified: set[str] = set()
        self._peers_on: dict[str, _Peers] = {}
        self._unclear: dict[
            str, tuple[float, Owner | None, AccountSuspended | Deferred | None]
        ] = {}
        """Until when an answer stands, and the owner that was known then. None: it may try."""

    def is_verified(self, account: str) -> bool:
        """Whether this process knows already that the keys are the account's own."""
        return account in self._verified

    def check(self, account: str, channel: Channel) -> AccountSuspended | Deferred | None:
        """Why nothing of the account may go out with these keys; None when they are its own.

        Asks the platform only if keys and ledger do not show it. If the keys belong to another
        owner, the account is suspended as well. Raises LedgerUnavailable.
        """
        if account in self._verified:
            return None
        with self._lock:
            lock = self._of_account.setdefault(account, Lock())
        with lock:
            if account in self._verified:
                return None
            known, now = self._owners.of(account), self._clock.monotonic()
            until, known_then, recent = self._unclear.get(account, (now, None, None))
            if now < until and known == known_then:  # no one has resumed it since
                return recent
            found = self._look(self._accounts[account], channel, known)
            if isinstance(found, _Verified):
                self._verified.add(account)
                return None
            self._unclear[account] = (now + _ASK_AGAIN, known, found)
            return found

    def introduce(self, account: str, channel: Channel) -> None:
        """As `check`, and asks the platform for the owner's public name if it is not known yet."""
        if channel.owner_id is None or self.check(account, channel) is not None:
            return
        known = self._owners.of(account)
        if known is not None and known.name:
            return
        told = channel.owner()
        if isinstance(told, Owner) and (known is None or told.id == known.id):
            self._owners.remember(account, told)

    def _look(
        self, account: Account, channel: Channel, known: Owner | None
    ) -> "_Verified | AccountSuspended | Deferred | None":
        """What the keys, the ledger and the platform show.

        None: nobody can be asked now, and it may try all the same.
        """
        by_key = channel.owner_id
        if by_key is None or (known and known.id == by_key and belongs(known, account)):
            return _Verified()
        if by_key and not _names_its_owner(account):
            if known:
                told = _told(account, other := _named(channel, by_key), known)
                return self._refuse(account, other, told)
            if not self._peers(account.channel).by_owner:
                return self._accept(account, Owner(id=by_key))
        return self._ask(account, channel, known)

    def _ask(
        self, account: Account, channel: Channel, known: Owner | None
    ) -> "_Verified | AccountSuspended | Deferred | None":
        told = channel.owner()
        if isinstance(told, AccountSuspended):
            return told
        if isinstance(told, Deferred):
            # Where each request names the Page or organisation, the platform refuses other keys.
            names_it = _owner_option(account) is not None and not channel.owner_id
            may_try = names_it and known is not None and belongs(known, account)
            return None if may_try else _not_known_yet(told)
        if problem := refusal(account, told, known):
            return self._refuse(account, told, problem)
        return self._accept(account, told)

    def _accept(self, account: Account, owner: Owner) -> "_Verified | AccountSuspended":
        peers = self._peers(account.channel)
        meant = [*peers.by_owner.get(owner.id, ()), *peers.by_owner.get(plain(owner.name), ())]
        namesakes = (one.name for one in meant if one.name != account.name and names(one, owner))
        namesake = next(namesakes, None)
        if other := namesake or self._owners.claim(account.name, owner, peers.names):
            return self._refuse(account, owner, _of_another(owner, other))
        return _Verified()

    def _peers(self, channel: str) -> _Peers:
        """The channel's accounts; found once, as each of a thousand accounts looks for its own."""
        if channel not in self._peers_on:
            is_shared = spec_of(channel).shares_owner
            found = [] if is_shared else [
                one for one in self._accounts.values() if one.channel == channel
            ]  # fmt: skip
            by_owner: defaultdict[str, list[Account]] = defaultdict(list)
            for one in filter(_names_its_owner, found):
                wished = _owner_option(one)
                by_owner[wished[1] if wished else plain(one.handle or "")].append(one)
            self._peers_on[channel] = _Peers(frozenset(one.name for one in found), dict(by_owner))
        return self._peers_on[channel]

    def _refuse(self, account: Account, other: Owner, problem: tuple[str, str]) -> AccountSuspended:
        resume = _("Then run `publisher resume --account {account}`.", account=account.name)
        told = joined(*problem, resume)
        log.info("the keys belong to someone else", account=account.name, owner=str(other))
        outcome = AccountSuspended(Kind.AUTH, told)
        self._owners.refuse(account.name, other, outcome)
        return outcome


def verified(owners: Owners, accounts: Mapping[str, Account]) -> dict[str, Owner]:
    """The last verified owners, of accounts that still mean them and have their keys."""
    known, refused = owners.all(), owners.refused()
    return {
        name: owner
        for name, account in accounts.items()
        if (owner := known.get(name)) and name not in refused and belongs(owner, account)
    }


def refusal(account: Account, owner: Owner, known: Owner | None) -> tuple[str, str] | None:
    """Why the keys' owner is not the one that the account means, and what to do; None when it is.

    `known` is the owner that was verified last.
    """
    is_other = not _names_its_owner(account) and known is not None and known.id != owner.id
    return _told(account, owner, known) if is_other or not belongs(owner, account) else None


def stranger(account: Account, owner: Owner, known: Owner | None) -> tuple[str, str] | None:
    """As `refusal`, for an owner of whom perhaps only the id is known yet.

    If `owner` has no name, the account's handle is not compared.
    """
    if not owner.name and account.handle is not None:
        return None
    return refusal(account, owner, known)


def belongs(owner: Owner, account: Account) -> bool:
    """Whether publisher.toml means this owner; True if it names none."""
    wished = _owner_option(account)
    if wished and wished[1] != owner.id:
        return False
    return account.handle is None or plain(account.handle) == plain(owner.name)


def names(account: Account, owner: Owner) -> bool:
    """Whether publisher.toml says that the account belongs to this owner."""
    return _names_its_owner(account) and belongs(owner, account)


def plain(handle: str) -> str:
    """A handle without `@` and in lower case, as X compares them."""
    return handle.removeprefix("@").casefold()


def _names_its_owner(account: Account) -> bool:
    return _owner_option(account) is not None or account.handle is not None


def _owner_option(account: Account) -> tuple[str, str] | None:
    """The option with the owner's id, and its value; None where the channel or account has none."""
    for option in spec_of(account.channel).options:
        told = account.options.get(option.name) or getattr(account, option.name, None)
        if option.is_owner and told:
            return option.name, told
    return None


def _named(channel: Channel, owner_id: str) -> Owner:
    told = channel.owner()
    return told if isinstance(told, Owner) else Owner(id=owner_id)


def _told(account: Account, other: Owner, known: Owner | None) -> tuple[str, str]:
    if wished := _owner_option(account):
        return (
            _("The Page token belongs to another Page, {other}.", other=other),
            _(
                "Put the right token into secrets.toml, or the right {option} into publisher.toml, "
                "and start Publisher again.",
                option=wished[0],
            ),
        )
    if account.handle is not None:
        handle = f"@{account.handle.removeprefix('@')}"
        return (
            _(
                "The keys belong to {other}, but publisher.toml names {handle}.",
                other=other,
                handle=handle,
            ),
            _(
                "Put the right keys into secrets.toml, or the right handle into publisher.toml, and "
                "start Publisher again."
            ),
        )
    return (
        _(
            "The keys belong to {other}; those before belonged to {known}.",
            other=other,
            known=known,
        ),
        _(
            "Put the right keys into secrets.toml and start Publisher again; if {other} is meant, leave "
            "them as they are.",
            other=other,
        ),
    )


def _of_another(owner: Owner, other: str) -> tuple[str, str]:
    return (
        _("{other} has the same keys: they belong to {owner}.", owner=owner, other=other),
        _("Put each account's own keys into secrets.toml and start Publisher again."),
    )


def _not_known_yet(told: Deferred) -> Deferred:
    if not told.reason:
        return told
    return replace(
        told,
        message=_(
            "{reason} when Publisher asked whom the account's keys belong to, which was never "
            "verified. Nothing was sent; Publisher asks again.",
            reason=told.reason,
        ),
    )
