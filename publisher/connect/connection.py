"""Account connection: the steps from what a person types to keys that are checked and stored."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from publisher.app import Application
from publisher.base.errors import (
    AnotherOwner,
    ConfigurationError,
    LedgerMissing,
    NotConnected,
    PublisherError,
    StorageError,
    UsageError,
)
from publisher.base.i18n import _
from publisher.channels.connect import Authorization, Connector, KeyField, Keys
from publisher.channels.health import Health
from publisher.channels.registry import SPECS, in_sentence, open_channel, other_options
from publisher.delivery import identity
from publisher.model.accounts import Account, Owner
from publisher.settings import account_files, settings
from publisher.settings.account_settings import CREDENTIALS
from publisher.settings.sources import SETTINGS_FILE, variable

Step = TypeVar("Step")
_PATIENCE = 10.0  # seconds for another process that writes the files


class AccountConnection:
    """Connects one account of a workspace, which publisher.toml may not name yet."""

    def __init__(self, app: Application, account: Account, method: str = "") -> None:
        """`method`: another way to get the keys than the channel's first.

        Raises ConfigurationError for a channel that has no keys to get, and UsageError for a method
        that it does not have.
        """
        self._app = app
        self.account = account
        spec = SPECS[account.channel]
        if spec.connect is None:
            raise ConfigurationError(
                _("{platform} needs no keys.", platform=in_sentence(account.channel))
                if not spec.credentials
                else _("Publisher cannot connect {channel}.", channel=spec.title)
            )
        if method and method not in spec.other_connectors:
            known = ", ".join(spec.other_connectors)
            raise UsageError(
                _(
                    "{channel} has no way to get keys called {name}.",
                    channel=spec.title,
                    name=method,
                ),
                hint=_("Choose from: {names}.", names=known) if known else None,
            )
        opened = spec.other_connectors[method] if method else spec.connect
        self.method = method
        self.connector: Connector = opened(app.channel_options)
        self._first = spec.connect
        self._spec = spec

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the other ways."""
        return tuple(self._spec.other_connectors)

    @property
    def fields(self) -> tuple[KeyField, ...]:
        """What is asked, with the app's keys of another account of this channel as defaults."""
        return tuple(replace(one, default=self._known(one)) for one in self.connector.fields)

    def begin(self, typed: Mapping[str, str]) -> Authorization | tuple[Keys, ...]:
        """Begin with what a person typed, by the names of `fields`; what is empty has its default.

        Raises `NotConnected`, and UsageError for what is missing.
        """
        values: dict[str, str] = {}
        for field in self.fields:
            value = typed.get(field.name, "").strip() or field.default
            if value:
                values[field.name] = value
            elif field.required:
                raise UsageError(_("{name} is empty.", name=_(field.label)))
        return self._once(lambda: self.connector.begin(values))

    def finish(self, authorization: Authorization, answer: str) -> tuple[Keys, ...]:
        """The keys for what a person brought back. Raises `NotConnected`."""
        return self._once(lambda: self.connector.finish(authorization, answer))

    @staticmethod
    def _once(step: Callable[[], Step]) -> Step:
        """Do a step; what is wrong with an address that was typed is a reason not to connect."""
        try:
            return step()
        except ConfigurationError as error:
            raise NotConnected(str(error), hint=error.hint) from None

    def _known(self, field: KeyField) -> str:
        if not field.of_app:
            return {**self.account.options, "page_id": self.account.page_id}.get(field.name) or (
                field.default
            )
        for name, entry in self._app.settings.accounts.items():
            is_of_it = entry.organisation == self.account.organisation
            if entry.channel == self.account.channel and is_of_it:
                with suppress(PublisherError):
                    if found := self._app.settings.credentials(name).get(field.name):
                        return found
        return field.default

    def refuse_variables(self) -> None:
        """Raise `NotConnected` if the environment would overrule what is stored."""
        for name in CREDENTIALS:
            overruling = variable(("accounts", self.account.name, name))
            if os.environ.get(overruling):
                raise NotConnected(
                    _(
                        "The environment variable {name} holds a key of this account and "
                        "overrides secrets.toml.",
                        name=overruling,
                    ),
                    hint=_("Unset it where Publisher is started, then connect again."),
                )

    def meant(self, found: Sequence[Keys]) -> Sequence[Keys]:
        """Those of the keys that publisher.toml means; all if it does not say."""
        told = {**self.account.options, "page_id": self.account.page_id}
        same = [
            keys
            for keys in found
            if all(told.get(name) in (None, value) for name, value in keys.options.items())
        ]
        if same:
            return same
        raise NotConnected(
            _(
                "You allowed access to something other than what publisher.toml names: {names}.",
                names=", ".join(keys.title for keys in found),
            ),
            hint=_("Log in with the right account there, or correct {file}.", file=SETTINGS_FILE),
        )

    def check(self, keys: Keys, *, another_owner: bool = False) -> Health:
        """Ask the platform with these keys, and compare their owner. Raises `NotConnected`.

        `another_owner`: whether they may belong to somebody else than before; otherwise
        `AnotherOwner` is raised.
        """
        account = self._with(keys)
        health = open_channel(account, keys.credentials, self._app.channel_options).examine()
        if health.problem:
            raise NotConnected(health.problem, hint=_("Nothing was stored. Connect it again."))
        if health.owner is None:
            raise NotConnected(
                _("The platform does not say whose keys these are."),
                hint=_("Nothing was stored. Try again in a while."),
            )
        self._compare(account, health.owner, another_owner=another_owner)
        return health

    def _compare(self, account: Account, owner: Owner, *, another_owner: bool) -> None:
        known = self._owners()
        for other, entry in self._app.settings.public_accounts().items():
            if other == account.name or entry.channel != account.channel:
                continue
            theirs = known.get(other)
            # Before the first post there is no ledger, and publisher.toml alone names the owners.
            is_theirs = theirs.id == owner.id if theirs else identity.names(entry, owner)
            if is_theirs and not self._spec.shares_owner:
                raise NotConnected(
                    _(
                        "{other} has the same keys: they belong to {owner}.",
                        owner=owner,
                        other=other,
                    ),
                    hint=_("Log in to the platform with the right account, then connect again."),
                )
        before = None if another_owner else known.get(account.name)
        if wrong := identity.refusal(account, owner, before):
            message = wrong[0]
            hint = _("Nothing was stored. Log in with the right account there, then connect again.")
            is_another = before is not None and before.id != owner.id
            if is_another and identity.belongs(owner, account):
                raise AnotherOwner(message, hint=hint)
            raise NotConnected(message, hint=hint)

    def _owners(self) -> dict[str, Owner]:
        try:
            self._app.database.check_revision()
        except LedgerMissing:
            return {}
        return self._app.owners.all()

    def store(self, keys: Keys, health: Health) -> None:
        """Write the keys into secrets.toml, and what publisher.toml lacks into it; all or nothing.

        The ledger remembers whose they are. Raises PublisherError.
        """
        told, name = self._app.settings, self.account.name
        credentials = dict(keys.credentials)
        if keys.owner_in and health.owner:
            credentials[keys.owner_in] = health.owner.id
        options = self._options(keys, health)
        if name not in told.accounts:
            options = {"channel": self.account.channel, **options}
        with self._files_locked():
            toml = told.workspace / SETTINGS_FILE
            before = toml.read_text(encoding="utf-8")
            secrets = account_files.with_keys(told.secrets_file, name, credentials, [*CREDENTIALS])
            text = account_files.with_options(toml, name, options)
            if text is not None and not told.in_sandbox:  # a trial's Pages and handles are invented
                account_files.write(toml, text, private=False)
            try:
                settings.load(told.workspace)
                if secrets is not None:
                    account_files.write(told.secrets_file, secrets, private=True)
                account_files.forget_renewals(told.secrets_file, name)
            except PublisherError:
                if toml.read_text(encoding="utf-8") != before:
                    account_files.write(toml, before, private=False)
                raise
        if health.owner:
            with suppress(PublisherError):  # there may be no ledger yet
                self._app.database.check_revision()
                self._app.owners.remember(name, health.owner)

    def is_renewed(self, keys: Keys) -> bool:
        """Whether these keys are renewed before they expire."""
        renewal = self._spec.renewal
        return renewal is not None and renewal.concerns(keys.credentials)

    def _options(self, keys: Keys, health: Health) -> Mapping[str, str | int]:
        """What publisher.toml is to say of the account, and does not."""
        options = {**keys.options, **other_options(self.account, health.options)}
        owner_name = health.owner.name if health.owner else ""
        if self._spec.has_handles and owner_name and not self.account.handle:
            options["handle"] = owner_name.removeprefix("@")
        return options

    def _with(self, keys: Keys) -> Account:
        """The account with what the keys say of it."""
        known = {n: v for n, v in keys.options.items() if n in Account.model_fields}
        others = {n: v for n, v in keys.options.items() if n not in known}
        update = {**known, "options": {**self.account.options, **others}}
        return self.account.model_copy(update=update)

    @contextmanager
    def _files_locked(self) -> Iterator[None]:
        """Hold the files, which another process may be changing too. Raises StorageError."""
        path = self._app.settings.secrets_file
        try:
            with account_files.locked(path, _PATIENCE):
                yield
        except TimeoutError:
            raise StorageError(
                _("Another process is writing {file} right now.", file=path),
                hint=_("Nothing was stored. Try again in a while."),
            ) from None
        except OSError as error:
            raise account_files.not_written(path, error) from None

    def revoke(self) -> str | None:
        """End the keys' access at the platform, and take them out of secrets.toml.

        Returns what a person has to do there besides; None: nothing. Raises `NotConnected`; the
        keys are then stored as before.
        """
        told, name = self._app.settings, self.account.name
        self._app.keyring.restore(name)
        with self._files_locked():
            keys = settings.load(told.workspace).credentials(name)  # they may be renewed meanwhile
            to_do = self._once(lambda: self._first(self._app.channel_options).revoke(keys))
            text = account_files.with_keys(told.secrets_file, name, {}, [*CREDENTIALS])
            if text is not None:
                account_files.write(told.secrets_file, text, private=True)
            account_files.forget_renewals(told.secrets_file, name)
        return to_do
