"""The channels there are: ours in one dictionary, and those that other distributions bring.

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
    """All channels by name; TypeError or ValueError names a distribution's spec that is none."""
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
"""What else a channel is called in drafts and settings, in small letters."""


def channel_called(word: str) -> str:
    """The channel's own name; `word` itself if it is no other name of a channel."""
    return ALIASES.get(word.casefold(), word)


def title(channel: str) -> str:
    """The channel's name as readers know it; its own name where it is no channel any more."""
    spec = SPECS.get(channel)
    return _(spec.title) if spec else channel


def in_sentence(channel: str) -> str:
    """The same within a sentence."""
    spec = SPECS.get(channel)
    return _(spec.in_sentence or spec.title) if spec else channel


def widest() -> Capabilities:
    """Of the channel that takes the largest pictures: what a file may be before it is known where it
    goes.
    """
    return max(CAPABILITIES.values(), key=lambda can: can.picture_max_bytes)


def open_channel(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "Channel":
    """A channel of the account, for one thread at a time; KeyError for a channel that does not
    exist.
    """
    return SPECS[account.channel].open(account, credentials, options)


def ask_for_the_time(channels: Collection[str], options: ChannelOptions) -> None:
    """Ask the platform of each of these channels for the time, which `options.check` hears."""
    from publisher.channels.http import recorder  # noqa: PLC0415 - only workers need it

    for spec in (SPECS[name] for name in SPECS.keys() & set(channels)):
        if spec.server:
            recorder.ask_for_the_time(
                spec.server.address,
                options.servers.get(spec.name),
                options.clock,
                options.heard(spec),
            )
