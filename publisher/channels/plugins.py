"""Plugins: what our own platforms and other distributions bring, named by strings.

A distribution names its `ChannelSpec` as an entry point of the group `publisher.channels`, and what
plays its platform in the sandbox, a `PlatformSpec`, in the group `publisher.sandbox`.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeVar

from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _

PLATFORMS = ("twitter", "facebook", "bluesky", "mastodon", "linkedin", "wordpress", "site")
"""Our own platforms, each a folder of `publisher/platforms/`, in the order that people see."""

CONTRACT = 1
"""The version of what a channel and its stand-in are asked for. It grows with every change that an
older one would not survive; then one of another distribution is refused.
"""


class Plugin(Protocol):
    """What a plugin says about itself."""

    @property
    def name(self) -> str:
        """Of its channel."""

    @property
    def contract(self) -> int | None:
        """The `CONTRACT` that it was written for, as a number of its own; None: it is ours."""


class _Unusable(Exception):
    """Why a plugin cannot be used."""


P = TypeVar("P", bound=Plugin)


def load(
    kind: type[P], group: str, ours: Mapping[str, str], told: str
) -> tuple[dict[str, P], dict[str, ConfigurationError]]:
    """All plugins of a group by name, and why others cannot be used.

    `ours`: as an entry point names them, `module:attribute`. `told`: how it is said that one cannot
    be used, with `{value}` and `{reason}`. One that does not fit harms no other.
    """
    found: dict[str, P] = {
        name: EntryPoint(name, place, group).load() for name, place in ours.items()
    }
    unusable: dict[str, ConfigurationError] = {}
    for point in entry_points(group=group):
        try:
            plugin = _loaded(point, kind, found)
        except _Unusable as error:
            distribution = point.dist.name if point.dist else point.module
            unusable[point.name if point.name not in found else point.value] = ConfigurationError(
                _(told, value=point.value, reason=error),
                hint=_("Update {distribution}, or uninstall it.", distribution=distribution),
            )
        else:
            found[plugin.name] = plugin
    return found, unusable


def _loaded(point: EntryPoint, kind: type[P], found: Collection[str]) -> P:
    try:
        plugin = point.load()
    except (Exception, SystemExit) as error:  # a module that exits would end each command of ours
        raise _Unusable(_("it cannot be imported ({error})", error=error)) from error
    if not isinstance(plugin, kind):
        raise _Unusable(_("it is not a {kind}", kind=kind.__name__))
    if plugin.name in found:
        raise _Unusable(_("there is already a channel {name}", name=plugin.name))
    if plugin.contract is None:
        raise _Unusable(_("it does not say for which version of the channel contract it was made"))
    if plugin.contract != CONTRACT:
        reason = _(
            "it was made for version {theirs} of the channel contract, and this is version {ours}",
            theirs=plugin.contract,
            ours=CONTRACT,
        )
        raise _Unusable(reason)
    return plugin
