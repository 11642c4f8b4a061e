"""Settings of a workspace: publisher.toml, secrets.toml and the environment, in rising order.

Environment variables are `PUBLISHER_` and the path in the file, joined by two underscores:
`PUBLISHER_DATABASE__URL`, `PUBLISHER_ACCOUNTS__BICE_X__API_KEY` (an account's name in capitals,
hyphens as underscores).
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, get_args

from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from publisher.base import formats
from publisher.base import i18n as language
from publisher.base.errors import ConfigurationError, CredentialsMissing
from publisher.base.i18n import Language, _, joined, later
from publisher.base.text import did_you_mean, nearest, suggestion
from publisher.base.toml_positions import Keys
from publisher.channels.registry import SPECS
from publisher.model.accounts import Account, ApprovalRule
from publisher.model.draft_keys import DRAFT_KEYS
from publisher.settings import sandbox_mode
from publisher.settings.account_settings import (
    CHANNEL_NAMES,
    CREDENTIALS,
    AccountSettings,
    credentials_of,
    is_of_unusable,
    options_of,
)
from publisher.settings.misplaced import SECRET_SECTIONS, refuse_misplaced
from publisher.settings.schema import (
    SERVERS,
    ApprovalSettings,
    BackupSettings,
    BrokerSettings,
    CommentSettings,
    DatabaseSettings,
    DeliverySettings,
    EngagementSettings,
    LintSettings,
    NoticeSettings,
    OpenIDSettings,
    PriceSettings,
    Section,
    WebhookSettings,
    WebSettings,
    safe_address,
)
from publisher.settings.sources import (
    DELETE_IT,
    NOT_NEEDED,
    SECRETS_FILE,
    SECRETS_VARIABLE,
    SETTINGS_FILE,
    Sources,
    find_workspace,
    variable,
)

__all__ = ["SECRETS_FILE", "SETTINGS_FILE", "Settings", "find_workspace", "load"]


def check_names(accounts: Iterable[str]) -> None:
    """Raise ValueError for a name that no account can have beside the others."""
    taken: dict[str, str] = {}
    for name in accounts:
        other = taken.setdefault(variable((name,)), name)
        if other != name:
            message = _(
                "{other} and {name} would share their environment variables; rename one",
                other=other,
                name=name,
            )
            raise ValueError(message)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise ValueError(
                _("{name!r} cannot be an account's name; use a-z, 0-9, - and _", name=name)
            )
        if name in (*SPECS, "all"):
            raise ValueError(
                _("{name!r} cannot be an account's name: in drafts it means many", name=name)
            )


class _Settings(Section):
    """All settings of one workspace."""

    workspace: Path
    var: Path = Path("var")
    """Where everything that is written goes; relative to the workspace."""
    language: Language = Field(default_factory=language.from_environment)
    """Of messages, pages and new drafts; where nobody names one, the locale's."""
    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    backups: BackupSettings = BackupSettings()
    approval: ApprovalSettings = ApprovalSettings()
    delivery: DeliverySettings = DeliverySettings()
    lint: LintSettings = LintSettings()
    notices: NoticeSettings = NoticeSettings()
    webhooks: WebhookSettings = WebhookSettings()
    comments: CommentSettings = CommentSettings()
    web: WebSettings = WebSettings()
    openid: OpenIDSettings = OpenIDSettings()
    prices: PriceSettings = PriceSettings()
    engagement: EngagementSettings = EngagementSettings()
    accounts: dict[str, AccountSettings] = Field(default_factory=dict)
    _in_sandbox: bool = PrivateAttr(default=False)
    _secrets_file: Path | None = PrivateAttr(default=None)

    @field_validator(*SERVERS.values(), check_fields=False)
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        return safe_address(url or "") or None

    @field_validator("accounts")
    @classmethod
    def _names_are_plain(cls, accounts: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        check_names(accounts)
        return accounts

    @model_validator(mode="after")
    def _var_is_absolute(self) -> Self:
        object.__setattr__(self, "var", self.workspace / self.var)
        return self

    def reads_engagement(self, channel: str) -> bool:
        """Whether the public counts of a channel's posts are read."""
        spec, read = SPECS.get(channel), self.engagement.read
        if spec is None or spec.metrics is None:
            return False
        return read == "all" or (read == "free" and not spec.has_fees)

    def reads_comments(self, channel: str) -> bool:
        """Whether readers' comments are read on a channel."""
        spec, read = SPECS.get(channel), self.comments.read
        if spec is None or spec.comments is None:
            return False
        return read == "all" or (read == "free" and not spec.has_fees)

    def hands_comments_on(self, account: str) -> bool:
        """Whether programs may have the texts of readers' comments to an account."""
        entry = self.accounts.get(account)
        support = SPECS[entry.channel].comments if entry else None
        return support is not None and support.leaves

    @property
    def posts(self) -> Path:
        return self.workspace / "posts"

    @property
    def database_url(self) -> str:
        """The database's URL, a relative SQLite path resolved against the workspace."""
        scheme, separator, path = self.database.url.partition(":///")
        if scheme.startswith("sqlite") and separator and not Path(path).is_absolute():
            return f"{scheme}:///{self.workspace / path}"
        return self.database.url

    def doubtful_ledger(self) -> ConfigurationError | None:
        """The error that nobody chose the ledger; None if there is no doubt.

        A broker of its own means several machines, which share a ledger. One that lacks the address
        would publish everything a second time, from a ledger of its own.
        """
        if not self.broker.url or "url" in self.database.model_fields_set:
            return None
        message = _(
            "[broker] url is set and [database] url is missing: this machine would publish from a "
            "ledger of its own, in {path}.",
            path=self.database_url.partition(":///")[2],
        )
        hint = _(
            "Put [database] url into {file}, as the other machines have it. If only this "
            'machine publishes, write url = "{url}" under [database] in {settings}.',
            file=self.secrets_name,
            url=self.database.url,
            settings=SETTINGS_FILE,
        )
        return ConfigurationError(message, hint=hint)

    def public_accounts(self) -> dict[str, Account]:
        """The accounts without their secrets, by name."""
        return {name: entry.account(name) for name, entry in self.accounts.items()}

    @property
    def in_sandbox(self) -> bool:
        """Whether this is a trial in the workspace's sandbox; see settings/sandbox_mode.py."""
        return self._in_sandbox

    @property
    def warning(self) -> str | None:
        """What every page, and `doctor`, says where posts do not go to the real platforms."""
        return sandbox_mode.warning(self.servers, in_sandbox=self._in_sandbox)

    @property
    def servers(self) -> dict[str, str]:
        """By channel, the server that takes the place of the platform's own."""
        told = {channel: getattr(self, setting) for channel, setting in SERVERS.items()}
        return {channel: url for channel, url in told.items() if url}

    def apps(self) -> dict[str, frozenset[str]]:
        """For each account of an app that we know, all accounts that share it, and so its
        limits.
        """
        found: dict[tuple[str, str], list[str]] = {}
        for name, entry in self.accounts.items():
            secrets = [getattr(entry, one) for one in SPECS[entry.channel].app_credentials]
            told = next((one.get_secret_value() for one in secrets if one), "")
            if told:
                found.setdefault((entry.channel, told), []).append(name)
        together = map(frozenset, found.values())
        return {name: names for names in together for name in names}

    def approval_rule(self, account: str) -> ApprovalRule:
        """What is to be approved of an account; a mandate that names approvers asks for one."""
        entry = self.accounts.get(account)
        approvers = entry.mandate.approvers if entry and entry.mandate else ()
        asked = entry.approval if entry and entry.approval is not None else self.approval.required
        return ApprovalRule(required=asked or bool(approvers), approvers=approvers)

    def without_credentials(self) -> dict[str, CredentialsMissing]:
        """The accounts that lack something of their credentials, and what."""
        missing = {}
        for account in self.accounts:
            try:
                self.credentials(account)
            except CredentialsMissing as error:
                missing[account] = error
        return missing

    def credentials(self, account: str) -> dict[str, str]:
        """The secrets of one account; CredentialsMissing names what is not there."""
        entry = self.accounts[account]
        secrets = {
            field: value.get_secret_value()
            for field in CREDENTIALS
            if (value := getattr(entry, field)) is not None and value.get_secret_value()
        }
        missing = SPECS[entry.channel].lacks(secrets)
        if missing:
            message = _(
                "Account {account} ({channel}) has no {names}.",
                account=account,
                channel=entry.channel,
                names=", ".join(missing),
            )
            raise CredentialsMissing(message, hint=self._where_keys_go(account, missing[0]))
        return secrets

    def same_keys(self, other: "Settings", account: str) -> bool:
        """Whether an account has the same secrets in other settings."""
        mine, theirs = self.accounts.get(account), other.accounts.get(account)
        return all(getattr(mine, one, None) == getattr(theirs, one, None) for one in CREDENTIALS)

    def _where_keys_go(self, account: str, field: str) -> str:
        if self._in_sandbox:
            return _(
                "The sandbox knows the accounts that publisher.toml had when it was started: "
                "stop `publisher sandbox`, and start it again."
            )
        if SPECS[self.accounts[account].channel].connect:
            return _(
                "`publisher connect {account}` gets its keys. By hand they go under [{account}] in "
                "{file} or into {variable}.",
                account=account,
                file=self.secrets_name,
                variable=variable(("accounts", account, field)),
            )
        return _(
            "Put it under [{account}] in {file} or into {variable}; `publisher help credentials` "
            "shows where it comes from.",
            account=account,
            file=self.secrets_name,
            variable=variable(("accounts", account, field)),
        )

    @property
    def secrets_file(self) -> Path:
        """The file that holds the credentials, or would."""
        return self._secrets_file or self.workspace / SECRETS_FILE

    @property
    def secrets_name(self) -> str:
        """How messages call that file: seen from the workspace, where it lies in it."""
        file = self.secrets_file
        return str(
            file.relative_to(self.workspace) if file.is_relative_to(self.workspace) else file
        )


if TYPE_CHECKING:

    class Settings(_Settings):
        """The same, with the setting of each channel's server."""

else:
    Settings = create_model(
        "Settings",
        __base__=_Settings,
        **dict.fromkeys(SERVERS.values(), (str | None, None)),
    )


def load(workspace: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings of a workspace; ConfigurationError names the source and the key."""
    sources = Sources(workspace, is_of_unusable)
    if "workspace" in sources.values:
        raise ConfigurationError(_("{file}: `workspace` is not a setting.", file=SETTINGS_FILE))
    refuse_misplaced(sources)
    workspace = workspace.resolve()
    in_sandbox = sandbox_mode.is_on(environment)
    if in_sandbox:
        environment = sandbox_mode.environment_of(
            _var_in(workspace, sources, environment), environment, CREDENTIALS
        )
        for section in sandbox_mode.LEFT_OUT:
            sources.values.pop(section, None)
    named = environment.get(SECRETS_VARIABLE)
    secrets_file = workspace / (named or SECRETS_FILE)
    _refuse_missing(secrets_file, named)
    if named or _is_there(secrets_file):
        sources.add_secrets(secrets_file, CREDENTIALS, SECRET_SECTIONS, credentials_of)
    of_accounts = [
        ("accounts", name, field)
        for name in sources.accounts
        for field in AccountSettings.model_fields
    ]
    sources.add_environment(environment, [*_paths(Settings), *of_accounts])
    try:
        settings = Settings.model_validate({**sources.values, "workspace": workspace})
    except ValidationError as error:
        raise ConfigurationError(_explain(error, sources), hint=_hint(error, sources)) from None
    settings._in_sandbox, settings._secrets_file = in_sandbox, secrets_file  # noqa: SLF001
    return settings


def _var_in(workspace: Path, sources: Sources, environment: Mapping[str, str]) -> Path:
    """The folder `var` before the settings are complete; one that is no text is refused later."""
    told = environment.get(variable(("var",))) or sources.at("var")
    return workspace / (told if isinstance(told, str) else "var")


def _refuse_missing(path: Path, named: str | None) -> None:
    """A file that the environment names and is not there: after a move, or in another's
    terminal.
    """
    if named and not os.path.lexists(path):
        hint = _(
            "It comes from the environment variable {variable}. Correct the variable, or unset "
            "it, so that {file} of the workspace is read.",
            variable=SECRETS_VARIABLE,
            file=SECRETS_FILE,
        )
        raise ConfigurationError(_("There is no file {path}.", path=path), hint=hint)


def _is_there(path: Path) -> bool:
    """Whether there is anything of that name; what cannot be looked at is for the reader to report.

    To go on without it could mean another ledger, or accounts without keys.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _paths(model: type[BaseModel], above: Keys = ()) -> Iterator[Keys]:
    """The paths of all settings but the accounts'."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, (*above, name))
        elif name not in ("workspace", "accounts"):
            yield (*above, name)


_MESSAGES = {
    "extra_forbidden": later("is not a setting"),
    "missing": later("is missing"),
    "dict_type": later("must be a table"),
    "tuple_type": later("must be a list"),
    "model_type": later("must be a table"),
    "string_type": later("must be a text between quotes"),
    "literal_error": later("must be one of {expected}"),
    "string_pattern_mismatch": later("must match {pattern}"),
    "bool_parsing": later("must be true or false"),
    "bool_type": later("must be true or false"),
    "int_parsing": later("must be a whole number"),
    "int_type": later("must be a whole number"),
    "int_from_float": later("must be a whole number"),
    "decimal_parsing": later("must be a number"),
    "decimal_type": later("must be a number"),
    "greater_than_equal": later("must be {ge} or more"),
    "less_than_equal": later("must be {le} or less"),
    "finite_number": later("must be a number"),
    "date_type": later("must be a date such as 2016-03-07"),
    "date_parsing": later("must be a date such as 2016-03-07"),
    "date_from_datetime_parsing": later("must be a date such as 2016-03-07"),
    "date_from_datetime_inexact": later("must be a date such as 2016-03-07"),
    "time_delta_type": later("must be a duration such as 45m or 2h"),
    "path_type": later("must be a text between quotes"),
}
"""What pydantic finds, in our words; values in braces are those of its context."""
_PATTERNS = {
    "language": later("must be the code of a language such as fr or pt-BR"),
    **{
        option.name: option.shape
        for spec in SPECS.values()
        for option in spec.options
        if option.shape
    },
}
"""What these settings must look like, in words."""
_ODD = later("cannot have this value")


def _explain(error: ValidationError, sources: Sources) -> str:
    return "\n".join(
        _(
            "{name}: {value}",
            name=sources.place(tuple(map(str, detail["loc"]))),
            value=_told(detail),
        )
        for detail in error.errors(include_input=False, include_url=False)
    )


def _told(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":  # from a validator of ours
        return detail["msg"].removeprefix("Value error, ")
    values = dict(detail.get("ctx", {}))
    if "expected" in values:  # such as `'en', 'fr' or 'es'`
        values["expected"] = ", ".join(re.findall(r"'[^']*'", values["expected"]))
    said = _MESSAGES.get(detail["type"], _ODD)
    if detail["type"] == "string_pattern_mismatch":  # nobody reads a pattern
        said = _PATTERNS.get(str(detail["loc"][-1]), said)
    return _(said, **values)


def _hint(error: ValidationError, sources: Sources) -> str | None:
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        if detail["type"] == "extra_forbidden":
            if detail["loc"] in NOT_NEEDED:
                return _(DELETE_IT)
            known, key = _fields_at(detail["loc"][:-1], sources), str(detail["loc"][-1])
            if key not in DRAFT_KEYS:
                return suggestion(key, known)
            near = nearest(key, known)
            told = _("`{key}` belongs in a draft, between the lines `---` at its top.", key=key)
            return joined(did_you_mean(near), told) if near else told
        if detail["type"] == "literal_error" and (near := _meant(detail["loc"], sources)):
            return did_you_mean(near)
    return _("`publisher help settings` lists every setting.")


def _meant(location: tuple[int | str, ...], sources: Sources) -> str | None:
    """The channel or the language that was probably meant."""
    told = str(sources.at(*map(str, location)))
    if location[-1] == "channel":
        return nearest(told, CHANNEL_NAMES)
    if location[-1] != "language":
        return None
    names = {
        formats.locale(one).languages[code]: code
        for one in language.LANGUAGES
        for code in language.LANGUAGES
    }
    near = nearest(told, names)
    return near and names[near]


def _fields_at(location: tuple[int | str, ...], sources: Sources) -> Sequence[str]:
    model: type[BaseModel] = Settings
    if location[:1] == ("accounts",):
        if len(location) == 2:
            return options_of(sources.at("accounts", str(location[1])))
        model, location = AccountSettings, location[2:]
    for name in location:
        annotation = model.model_fields[str(name)].annotation
        (model,) = (
            kind
            for kind in (annotation, *get_args(annotation))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
    return [name for name in model.model_fields if name != "workspace"]
