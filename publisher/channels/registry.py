"""The channels there are: one dictionary, no scanning.

The platforms' libraries are imported when a channel is opened, so that commands that only look at
drafts start fast.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from publisher.base.clock import Clock
from publisher.channels.base import Channel
from publisher.model.capabilities import CAPABILITIES, title
from publisher.model.clock_check import ClockCheck, Heard, unheard
from publisher.model.models import Account

__all__ = ["CAPABILITIES", "CHANNELS", "ChannelOptions", "open_channel"]


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """What all channels are opened with."""

    request_timeout: timedelta
    """Real time for one request, from the connection to the last byte of the answer."""
    site_root: Path
    """Where the channel `site` puts its folders, one for each account."""
    clock: Clock
    twitter_api_url: str | None = None
    """Another server than X; signatures stay over X's own address."""
    facebook_graph_url: str | None = None
    check: ClockCheck | None = None
    """Hears the time that each answer names."""

    def heard(self, channel: str) -> Heard:
        """What takes the time that a channel's platform tells."""
        return self.check.heard_from(title(channel)) if self.check else unheard


Opener = Callable[[Account, Mapping[str, str], ChannelOptions], Channel]


def _twitter(_account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> Channel:
    from publisher.channels.twitter.channel import Twitter  # noqa: PLC0415

    return Twitter(
        credentials,
        api_url=options.twitter_api_url,
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard("twitter"),
    )


def _facebook(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> Channel:
    from publisher.channels.facebook.channel import Facebook  # noqa: PLC0415

    return Facebook(
        account.page_id or "",
        credentials,
        graph_url=options.facebook_graph_url,
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard("facebook"),
    )


def _site(account: Account, _credentials: Mapping[str, str], options: ChannelOptions) -> Channel:
    from publisher.channels.site.channel import Site  # noqa: PLC0415

    return Site(
        account,
        options.site_root,
        patience=options.request_timeout,
        clock=options.clock,
    )


def ask_for_the_time(channels: Collection[str], options: ChannelOptions) -> None:
    """Ask the platform of each of these channels for the time, which `options.check` hears."""
    from publisher.channels.facebook import graph  # noqa: PLC0415
    from publisher.channels.http import recorder  # noqa: PLC0415
    from publisher.channels.twitter import channel as twitter  # noqa: PLC0415

    platforms = {
        "twitter": (twitter.PLATFORM, options.twitter_api_url),
        "facebook": (graph.PLATFORM, options.facebook_graph_url),
    }
    for channel in platforms.keys() & set(channels):
        platform, base_url = platforms[channel]
        recorder.ask_for_the_time(platform, base_url, options.clock, options.heard(channel))


CHANNELS: dict[str, Opener] = {"twitter": _twitter, "facebook": _facebook, "site": _site}


def open_channel(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> Channel:
    """A channel of the account, for one thread at a time; KeyError for a channel that does not
    exist.
    """
    return CHANNELS[account.channel](account, credentials, options)
