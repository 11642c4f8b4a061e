"""Account checks: credentials, the platform's answer, owners of keys, and clocks."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.base.errors import ConfigurationError, CredentialsMissing, PublisherError
from publisher.base.i18n import _
from publisher.channels.base import Channel
from publisher.channels.health import Health
from publisher.channels.registry import UNUSABLE, capabilities_of, other_options, spec_of
from publisher.delivery import identity
from publisher.doctor import profiles
from publisher.doctor.finding import Finding, bad, good, warning
from publisher.model.accounts import Account, KnownProfile, Owner
from publisher.model.clock_check import in_words
from publisher.settings import sandbox_mode

_SOON = timedelta(days=14)
_OFF, _FAR_OFF = timedelta(seconds=5), timedelta(seconds=60)
"""Tolerated difference from a platform's clock; a minute is the margin when reading back."""


def examine(app: Application, *, offline: bool, only: str | None = None) -> Iterator[Finding]:
    """Check all accounts in the order of publisher.toml, then the clock against the platforms'.

    `only`: check this account alone.
    """
    if not app.settings.accounts:
        yield bad(
            "accounts",
            _("There is none in publisher.toml."),
            _("`publisher help settings` shows an example."),
        )
    if app.settings.warning:
        yield warning("platforms", app.settings.warning, _way_back(app))
    yield from (bad(f"channel {name}", str(why), why.hint) for name, why in UNUSABLE.items())
    ahead: list[timedelta] = []
    owners, accounts = OwnerCheck(app), app.settings.public_accounts()
    for name in [only] if only else app.settings.accounts:
        subject = f"account {name}"
        try:
            app.settings.credentials(name)
            with (app.channel if offline else app.channel_to_ask)(name) as channel:
                health = None if offline else channel.examine()
                owner = health.owner if health else owners.by_key(name, channel)
        except (ConfigurationError, CredentialsMissing) as error:
            yield bad(subject, str(error), error.hint)
            continue
        if health is not None and health.clock_ahead is not None:
            ahead.append(health.clock_ahead)
        known = profiles.keep(app, name, health) if health else None
        flaw = owners.flaw(name, owner, known) if owner else None
        if health is not None and health.problem:
            yield _troubled(subject, health, app)
        elif flaw := flaw or app.keyring.trouble(name):
            yield bad(subject, *flaw)
        else:
            yield _well(subject, health, owner, app, accounts[name])
    if ahead and isinstance(app.clock, SystemClock):
        yield _clock(max(ahead, key=abs))
    if isinstance(app.clock, SystemClock) and not app.database.is_sqlite:
        yield from _clock_of_database(app)


def _way_back(app: Application) -> str:
    """The hint on how to leave the sandbox for the real platforms."""
    if app.settings.in_sandbox:
        variable = sandbox_mode.VARIABLE
        return _(
            "That is right for a trial; otherwise leave out `--sandbox`, and unset {variable} "
            "if it is set.",
            variable=variable,
        )
    variables = sandbox_mode.addresses()
    leading = [variables[channel] for channel in app.settings.servers]
    return _("That is right for a trial; otherwise unset {variable}.", variable=", ".join(leading))


def _troubled(subject: str, health: Health, app: Application) -> Finding:
    if health.is_certain:
        hint = _("Fix it, then run `publisher doctor` again.")
        return bad(subject, health.problem or "", hint)
    hint = (
        _("Start the sandbox in another terminal: publisher sandbox")
        if app.settings.in_sandbox
        else _("Check this machine's connection, then run `publisher doctor` again.")
    )
    return warning(subject, health.problem or "", hint)


def _other_options(subject: str, account: Account, told: Mapping[str, str | int]) -> Finding:
    """What to write into publisher.toml so that `check` knows what the platform takes.

    What takes less than `check` assumes will refuse what `check` takes.
    """
    now = ", ".join(f"{name} = {json.dumps(value)}" for name, value in told.items())
    options = {**account.options, **{name: str(value) for name, value in told.items()}}
    known = capabilities_of(account)
    actual = capabilities_of(account.model_copy(update={"options": options}))
    limits = (name for name, value in known if isinstance(value, int))
    takes_less = any(getattr(actual, name) < getattr(known, name) for name in limits)
    if not takes_less:
        message = _(
            "Its platform accepts more than `publisher check` knows: {options}.", options=now
        )
    else:
        message = _(
            "Its platform has other limits than `publisher check` knows: {options}. Longer "
            "texts are refused when they are due.",
            options=now,
        )
    hint = _("Add them to the account in publisher.toml, or connect the account again.")
    return (bad if takes_less else warning)(subject, message, hint)


def _well(
    subject: str, health: Health | None, owner: Owner | None, app: Application, account: Account
) -> Finding:
    if health and health.expires_at and health.expires_at < app.clock.now() + _SOON:
        message = _("Its credentials expire on {date}.", date=f"{health.expires_at:%Y-%m-%d}")
        return warning(subject, message, _("`publisher help credentials` shows how to renew them."))
    if health and (options := other_options(account, health.options)):
        return _other_options(subject, account, options)
    if health is None:
        told = _("Its credentials are there; they were not checked with its platform.")
    else:
        told = _("Its platform accepts its requests.")
    if owner is not None:
        told = f"{told} {_('Its keys belong to {owner}.', owner=owner)}"
    if ends_at := app.keyring.ends_at(account.name):
        renewed = _(
            "They are valid until {time} UTC, and are renewed before that.",
            time=f"{ends_at:%Y-%m-%d %H:%M}",
        )
        told = f"{told} {renewed}"
    if health and health.remarks:
        return warning(subject, told, " ".join(health.remarks))
    if reason := _without_figures(app, account.name):
        return warning(subject, told, _("Its figures cannot all be read: {reason}", reason=reason))
    return good(subject, told)


def _without_figures(app: Application, account: str) -> str | None:
    """Why counts of an account cannot be read; `ledger` reports an unavailable database."""
    try:
        return app.without_figures().get(account)
    except PublisherError:
        return None


def _clock_of_database(app: Application) -> Iterator[Finding]:
    """Compare with the clock of PostgreSQL's machine; `ledger` reports an unavailable database."""
    try:
        ahead = app.clock.now() - app.database.time()
    except PublisherError:
        return
    if abs(ahead) > _OFF:
        difference = in_words(ahead)
        message = (
            _("This machine's clock is {difference} ahead of PostgreSQL's.", difference=difference)
            if ahead > timedelta(0)
            else _(
                "This machine's clock is {difference} behind PostgreSQL's.", difference=difference
            )
        )
        hint = _("Keep both in step with a time server (systemd-timesyncd, chrony).")
        yield warning("clock", message, hint)


def _clock(ahead: timedelta) -> Finding:
    seconds = f"{abs(ahead).total_seconds():.0f}"
    message = (
        _("This machine's clock is {seconds} s ahead of theirs.", seconds=seconds)
        if ahead > timedelta(0)
        else _("This machine's clock is {seconds} s behind theirs.", seconds=seconds)
    )
    hint = _("Keep it in step with a time server (systemd-timesyncd, chrony).")
    if abs(ahead) > _FAR_OFF:
        return bad("clock", message, hint)
    if abs(ahead) > _OFF:
        return warning("clock", message, hint)
    return good("clock", _("This machine's clock agrees with the platforms'."))


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

    def flaw(self, name: str, owner: Owner, profile: KnownProfile | None) -> tuple[str, str] | None:
        """Message and hint on a wrong owner of this account's keys, if it is wrong.

        `profile`: what is known of the owner by now.
        """
        account = self._accounts[name]
        if stranger := identity.stranger(account, owner, self._known.get(name)):
            return stranger
        if profile and (change := profiles.changed(account, profile)):
            return change
        other = self._seen.setdefault((account.channel, owner.id), name)
        if other == name or spec_of(account.channel).shares_owner:
            return None
        return (
            _("Its keys belong to {owner}, and so do those of {other}.", owner=owner, other=other),
            _("Give each account its own keys, as `publisher help credentials` shows."),
        )


def _verified(app: Application) -> Mapping[str, Owner]:
    """The verified owners in the ledger; `ledger` reports an unavailable database."""
    try:
        app.database.check_revision()
        return app.owners.all()
    except PublisherError:
        return {}
