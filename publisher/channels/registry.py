"""Registry of channels, by the names that drafts and settings have for them."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _, later
from publisher.channels import plugins
from publisher.channels.spec import ChannelOptions, ChannelSpec, Opener
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities

if TYPE_CHECKING:
    from publisher.channels.base import Channel

__all__ = ["CAPABILITIES", "SPECS", "ChannelOptions", "capabilities_of", "open_channel", "spec_of",
           "title"]  # fmt: skip

_ANYTHING = Capabilities(
    max_length=1_000_000,
    counting="characters",
    threads=True,
    link="attached",
    max_pictures=100,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=100_000_000,
    alt_text_max=100_000,
    content_warnings=True,
    discloses_ai=True,
)
"""Capabilities of a channel that cannot be used: what it takes, nobody can tell."""


def _found() -> tuple[dict[str, ChannelSpec], dict[str, ConfigurationError]]:
    """All channels by name, and those that cannot be used."""
    ours = {name: f"publisher.platforms.{name}.spec:SPEC" for name in plugins.PLATFORMS}
    told = later("The channel {value} cannot be used: {reason}.")
    found, unusable = plugins.load(ChannelSpec, "publisher.channels", ours, told)
    return {**{name: _refusing(name, error) for name, error in unusable.items()}, **found}, unusable


def _refusing(name: str, error: ConfigurationError) -> ChannelSpec:
    """What stands for a channel that cannot be used: each of its accounts waits for a person."""

    def refuse(_account: Account, _credentials: object, _options: object) -> "Channel":
        raise error

    return _plain(name, _ANYTHING, refuse, hashtags=1_000)


def _plain(
    name: str, capabilities: Capabilities, open_: Opener, *, hashtags: int = 0
) -> ChannelSpec:
    return ChannelSpec(
        name=name,
        title=name,
        capabilities=capabilities,
        open=open_,
        post_id=r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}",
        post_id_hint=later("Give what the platform shows for the post."),
        hashtags=hashtags,
    )


SPECS: Mapping[str, ChannelSpec]
UNUSABLE: Mapping[str, ConfigurationError]
"""Why channels of other distributions cannot be used, by name: a plain spec stands for each."""
SPECS, UNUSABLE = _found()
CAPABILITIES: Mapping[str, Capabilities] = {name: spec.capabilities for name, spec in SPECS.items()}
TEMPLATES = tuple(spec.package for spec in SPECS.values() if spec.package)
"""The packages with the channels' own templates."""
ALIASES: Mapping[str, str] = {alias: spec.name for spec in SPECS.values() for alias in spec.aliases}
"""Other names of channels in drafts and settings, in lower case."""


def channel_called(word: str) -> str:
    """The name of the channel with this alias; `word` itself if it is not an alias."""
    return ALIASES.get(word.casefold(), word)


def spec_of(channel: str) -> ChannelSpec:
    """The channel's spec; a plain one if the ledger has posts of a channel that no longer
    exists.
    """
    return SPECS.get(channel) or _plain(channel, _GONE, _open_none)


_GONE = Capabilities(
    max_length=0,
    counting="characters",
    threads=True,
    link="attached",
    max_pictures=0,
    picture_types=frozenset(),
    picture_max_bytes=0,
    alt_text_max=0,
)
"""Capabilities of a channel that no longer exists: it takes nothing, and its parts are all
shown.
"""


def _open_none(account: Account, _credentials: object, _options: object) -> "Channel":
    raise ConfigurationError(_("There is no longer a channel {name}.", name=account.channel))


def capabilities_of(account: Account) -> Capabilities:
    """What an account can do: as its channel, with what its options in publisher.toml say."""
    spec = spec_of(account.channel)
    return spec.capabilities_of(account) if spec.capabilities_of else spec.capabilities


def other_options(account: Account, told: Mapping[str, str | int]) -> dict[str, str | int]:
    """Those of the options that the platform tells which the account does not have."""
    defaults = {option.name: option.default for option in spec_of(account.channel).options}
    ours = {**defaults, **account.options}
    return {name: value for name, value in told.items() if str(value) != str(ours.get(name))}


def title(channel: str) -> str:
    """The channel's public name; its internal name if the channel no longer exists."""
    return _(spec_of(channel).title)


def in_sentence(channel: str) -> str:
    """The channel's public name within a sentence."""
    spec = spec_of(channel)
    return _(spec.in_sentence or spec.title)


def widest() -> Capabilities:
    """The capabilities with the largest pictures and documents, where no channel is known."""
    several = CAPABILITIES.values()
    documents = (can.documents for can in several if can.documents)
    largest = max(documents, key=lambda limits: limits.max_bytes, default=None)
    pictures = max(several, key=lambda can: can.picture_max_bytes)
    return pictures.model_copy(update={"documents": largest})


def open_channel(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "Channel":
    """Open a channel of the account, for one thread at a time.

    ConfigurationError for a channel that does not exist.
    """
    return spec_of(account.channel).open(account, credentials, options)


def picture(channel: str, address: str, options: ChannelOptions) -> bytes | None:
    """Download the picture of a profile; None if it cannot be had. Raises nothing."""
    from publisher.channels.http import download  # noqa: PLC0415 - slow to load

    server = spec_of(channel).server
    if server is None:
        return None
    return download.picture(
        address,
        server.pictures,
        server=options.servers.get(channel),
        timeout=options.request_timeout.total_seconds(),
    )


def ask_for_the_time(channels: Collection[str], options: ChannelOptions) -> None:
    """Ask the platform of each of these channels for the time; `options.check` gets the answers."""
    from publisher.channels.http import recorder  # noqa: PLC0415 - only workers need it

    for spec in (SPECS[name] for name in SPECS.keys() & set(channels)):
        if spec.server and spec.server.address:
            recorder.ask_for_the_time(
                spec.server.address,
                options.servers.get(spec.name),
                options.clock,
                options.heard(spec),
            )
