"""The channels of all accounts of a simulation."""

from collections.abc import Mapping

from publisher.channels.base import Channel
from tests.support.simulation.channels import Creating, Simulated
from tests.support.simulation.committing import Committing
from tests.support.simulation.drafting import Drafting
from tests.support.simulation.platform import Platform
from tests.support.simulation.profiles import FORGETFUL, PROFILES, Making, Profile

_CLASSES: Mapping[Making, type[Simulated]] = {
    Making.CREATES: Creating,
    Making.REVEALS: Drafting,
    Making.COMMITS: Committing,
}
_ELSEWHERE: Mapping[str, Profile] = {"bice-snac": FORGETFUL}
"""By account, where its server is not like the others of its channel."""


def open_channel(platform: Platform, account: str, kind: str) -> Channel:
    """The channel of an account, as `publisher.channels.registry` gives it."""
    profile = _ELSEWHERE.get(account) or PROFILES[kind]
    return _CLASSES[profile.making](platform, account, profile)  # type: ignore[return-value]
