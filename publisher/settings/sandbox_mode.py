"""Trial mode: `--sandbox` or PUBLISHER_SANDBOX=1 lead a workspace to its own sandbox.

A trial has its own ledger, website, broker and invented keys, all in the folder `sandbox` in var/,
and calls nobody. Drafts and the session are the workspace's.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.settings.sources import may_be_a_server

VARIABLE = "PUBLISHER_SANDBOX"
BROKER = "PUBLISHER_BROKER__URL"
"""Taken away from a command; within `publisher run` it names the embedded broker."""
LEFT_OUT = ("broker", "openid")
"""Sections of publisher.toml: a trial shares no broker, and reads no secret of a provider."""
_FOLDER = "sandbox"
_ON, _OFF = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def is_on(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for a trial; ConfigurationError for an unclear word."""
    word = environment.get(VARIABLE, "").strip().lower()
    if word not in (*_ON, *_OFF):
        message = _("{name} is neither on nor off.", name=VARIABLE)
        raise ConfigurationError(message, hint=_("Set it to 1, or unset it."))
    return word in _ON


def addresses() -> dict[str, str]:
    """By channel, the variable that sends requests for its platform to another server."""
    from publisher.channels.registry import SPECS  # noqa: PLC0415 - slow to load, for each help

    return {
        spec.name: f"PUBLISHER_{spec.server.setting.upper()}"
        for spec in SPECS.values()
        if spec.server
    }


def folder(var: Path) -> Path:
    """Where the trial's files are, for the workspace's `var`, or for the trial's own."""
    return var if var.name == _FOLDER else var / _FOLDER


def secrets_file(var: Path) -> Path:
    """The file of the invented keys."""
    return folder(var) / "secrets.toml"


def address_file(var: Path) -> Path:
    """The file in which `publisher sandbox` leaves its address."""
    return folder(var) / "address"


def environment_of(
    var: Path, environment: Mapping[str, str], secrets: Collection[str]
) -> dict[str, str]:
    """The environment of a trial: nothing real is left in it.

    `secrets` are the names of the credentials of accounts. ConfigurationError where the workspace's
    sandbox has never been started.
    """
    try:
        address = address_file(var).read_text(encoding="utf-8").strip()
    except OSError:
        message = _("The sandbox of this workspace has never been started.")
        hint = _("Start it in another terminal: publisher sandbox")
        raise ConfigurationError(message, hint=hint) from None
    here = folder(var)
    return {
        **{name: value for name, value in environment.items() if not _is_real(name, secrets)},
        **dict.fromkeys(addresses().values(), address),
        "PUBLISHER_VAR": str(here),
        "PUBLISHER_DATABASE__URL": f"sqlite:///{here / 'publisher.db'}",
        "PUBLISHER_SECRETS_FILE": str(secrets_file(var)),
    }


def _is_real(name: str, secrets: Collection[str]) -> bool:
    """Whether a variable is a credential, or names people or services that a trial must not
    reach.
    """
    if name.startswith("PUBLISHER_ACCOUNTS__"):
        return name.rpartition("__")[2].lower() in secrets
    return name.startswith(("PUBLISHER_NOTICES__", "PUBLISHER_OPENID__"))


def warning(servers: Mapping[str, str | None], *, in_sandbox: bool) -> str | None:
    """What every command and page says when posts do not go to the real platforms.

    `servers` are those that take the place of a platform's own, by its channel.
    """
    from publisher.channels.registry import title  # noqa: PLC0415 - as above

    if in_sandbox:
        return _(
            "SANDBOX: nothing goes to the real platforms, and this trial has its own ledger and "
            "website."
        )
    others = {name: url for name, url in servers.items() if url and not _is_platform(url)}
    if not others:
        return None
    variables = addresses()
    *before, last = [title(name).upper() for name in others]
    return _(
        "NOT THE REAL {platforms}: {variables} leads to {addresses}. What is published there counts "
        "as published in this ledger.",
        platforms=_("{first} and {second}", first=", ".join(before), second=last)
        if before
        else last,
        variables=", ".join(variables[name] for name in others),
        addresses=", ".join(dict.fromkeys(map(_without_user, others.values()))),
    )


def warning_of(environment: Mapping[str, str]) -> str | None:
    """The same, from the environment of a command."""
    if not (is_on(environment) or any(map(may_be_a_server, environment))):
        return None  # without the channels, which are slow to load
    servers = {name: environment.get(variable) for name, variable in addresses().items()}
    return warning(servers, in_sandbox=is_on(environment))


def _is_platform(url: str) -> bool:
    from publisher.channels.registry import SPECS  # noqa: PLC0415 - as above

    hosts = frozenset[str]().union(*(one.server.hosts for one in SPECS.values() if one.server))
    try:
        return urlsplit(url).hostname in hosts
    except ValueError:
        return False


def _without_user(url: str) -> str:
    """An address without a user and password that somebody may have put into it."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
