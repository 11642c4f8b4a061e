"""Registry of channels: our own in one dictionary, and those of other distributions.

Another distribution names its `ChannelSpec` as an entry point of the group `publisher.channels`.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from publisher.base.i18n import _
from publisher.channels.facebook.spec import SPEC as FACEBOOK
from publisher.channels.site.spec import SPEC as SITE
from publisher.channels.spec import ChannelOptions, ChannelSpec
from publisher.channels.twitter.spec import SPEC as TWITTER
from publisher.model.models import Account, Capabilities

if TYPE_CHECKING:
    from publisher.channels.base import Channel

__all__ = ["CAPABILITIES", "SPECS", "ChannelOptions", "open_channel", "title"]

_GROUP = "publisher.channels"
_OURS = {spec.name: spec for spec in (TWITTER, FACEBOOK, SITE)}


def _found() -> dict[str, ChannelSpec]:
    """All channels by name; raises TypeError or ValueError for a distribution's invalid spec."""
    found = dict(_OURS)
    for point in entry_points(group=_GROUP):
        spec = point.load()
        if not isinstance(spec, ChannelSpec):
            raise TypeError(f"{point.value}, a channel of {_GROUP}, is no ChannelSpec.")
        if spec.name in found:
            raise ValueError(f"{point.value}: there is a channel {spec.name} already.")
        found[spec.name] = spec
    return found


SPECS: Mapping[str, ChannelSpec] = _found()
CAPABILITIES: Mapping[str, Capabilities] = {name: spec.capabilities for name, spec in SPECS.items()}
TEMPLATES = tuple(spec.package for spec in SPECS.values() if spec.package)
"""The packages with the channels' own templates."""
ALIASES: Mapping[str, str] = {alias: spec.name for spec in SPECS.values() for alias in spec.aliases}
"""Other names of channels in drafts and settings, in lower case."""


def channel_called(word: str) -> str:
    """The name of the channel with this alias; `word` itself if it is not an alias."""
    return ALIASES.get(word.casefold(), word)


def title(channel: str) -> str:
    """The channel's public name; its internal name if the channel no longer exists."""
    spec = SPECS.get(channel)
    return _(spec.title) if spec else channel


def in_sentence(channel: str) -> str:
    """The channel's public name within a sentence."""
    spec = SPECS.get(channel)
    return _(spec.in_sentence or spec.title) if spec else channel


def widest() -> Capabilities:
    """The capabilities with the largest pictures, for files without a known channel."""
    return max(CAPABILITIES.values(), key=lambda can: can.picture_max_bytes)


def open_channel(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "Channel":
    """Open a channel of the account, for one thread at a time; KeyError for an unknown channel."""
    return SPECS[account.channel].open(account, credentials, options)


def ask_for_the_time(channels: Collection[str], options: ChannelOptions) -> None:
    """Ask the platform of each of these channels for the time; `options.check` gets the answers."""
    from publisher.channels.http import recorder  # noqa: PLC0415 - only workers need it

    for spec in (SPECS[name] for name in SPECS.keys() & set(channels)):
        if spec.server:
            recorder.ask_for_the_time(
                spec.server.address,
                options.servers.get(spec.name),
                options.clock,
                options.heard(spec),
            )
