"""Refuses what publisher.toml must not hold: secrets, and where credentials are sent."""

import re

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _, later
from publisher.base.toml_positions import Keys
from publisher.settings.account_settings import ADDRESSES, CREDENTIALS
from publisher.settings.schema import SERVERS
from publisher.settings.sources import SECRETS_FILE, Sources, variable

SECRET_SECTIONS = {
    "notices": ("urls", "heartbeat", "mail", "hosts"),
    "webhooks": ("urls", "secrets", "hosts"),
    "web": ("metrics_token", "totp_key"),
    "openid": ("issuer", "client_id", "client_secret", "claim"),
    "database": ("url",),
    "broker": ("url",),
}
"""Settings that may stand in secrets.toml."""
_REFUSED = (
    ("notices",), ("webhooks",), ("web", "metrics_token"), ("web", "totp_key"), ("openid", "client_secret"),
)  # fmt: skip
"""Of those, what stands in secrets.toml or the environment alone. A URL may stand in publisher.toml
too, when it holds no password."""


_IN_SECRETS = later("Move it into secrets.toml, under [openid], or into {variable}.")
_DESTINATIONS: dict[Keys, str] = {
    **{
        (setting,): later("Set it only in the environment, as {variable}.")
        for setting in SERVERS.values()
    },
    ("openid", "issuer"): _IN_SECRETS,
    ("openid", "client_id"): _IN_SECRETS,
    ("openid", "claim"): _IN_SECRETS,
}
"""Settings that say where credentials are sent, or who somebody is, which nobody may decide who
merely commits."""


_ACCOUNT_ADDRESS = later(
    "Move it into secrets.toml, beside the account's keys, or into {variable}."
)
_BEFORE_HOST = re.compile(r"://[^:/@]*:[^@]")
_IN_QUERY = re.compile(r"[?&]\w*password=[^&]", re.IGNORECASE)


def refuse_misplaced(sources: Sources) -> None:
    """Raise ConfigurationError with the place of what must not stand in publisher.toml."""
    _refuse_secrets(sources)
    _refuse_destinations(sources)
    _refuse_passwords(sources)


def _refuse_secrets(sources: Sources) -> None:
    """What publisher.toml holds is committed and shown to everybody."""
    of_accounts = [
        ("accounts", name, field)
        for name in sources.accounts
        for field in CREDENTIALS
        if field not in ADDRESSES and sources.at("accounts", name, field) is not None
    ]
    single = [keys for keys in _REFUSED if sources.at(*keys) is not None]
    for keys in [*of_accounts, *single]:
        message = _("{place} is a secret, and this file must hold none.", place=sources.place(keys))
        hint = _(
            "Move it into {file}, or the environment. If the file was shared or committed, "
            "have the platform make a new one; `publisher help credentials` shows how.",
            file=SECRETS_FILE,
        )
        raise ConfigurationError(message, hint=hint)


def _refuse_destinations(sources: Sources) -> None:
    """Whoever gets a line into publisher.toml must not thereby get every credential."""
    of_accounts: dict[Keys, str] = {
        ("accounts", name, field): _ACCOUNT_ADDRESS
        for name in sources.accounts
        for field in ADDRESSES
    }
    for keys, hint in {**_DESTINATIONS, **of_accounts}.items():
        if sources.at(*keys) is not None:
            message = _(
                "{place} says where credentials are sent, or who a person is, and this file "
                "must not.",
                place=sources.place(keys),
            )
            raise ConfigurationError(message, hint=_(hint, variable=variable(keys)))


def _refuse_passwords(sources: Sources) -> None:
    """The same, of the URLs that may stand in it."""
    for section in ("database", "broker"):
        url = sources.at(section, "url")
        if isinstance(url, str) and _has_password(url):
            message = _(
                "{place} holds a password, and this file must hold none.",
                place=sources.place((section, "url")),
            )
            hint = _(
                "Move the whole URL into {file}, under [{section}], or the environment. If the "
                "file was shared or committed, change the password.",
                file=SECRETS_FILE,
                section=section,
            )
            raise ConfigurationError(message, hint=hint)


def _has_password(url: str) -> bool:
    """Whether a URL has one where SQLAlchemy and redis-py take it from."""
    return bool(_BEFORE_HOST.search(url.rpartition("@")[0]) or _IN_QUERY.search(url))
