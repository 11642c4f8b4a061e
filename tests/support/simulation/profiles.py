"""Profiles: how the platforms differ in what the promises depend on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from publisher.model.capabilities import Capabilities
from publisher.platforms.bluesky.spec import BLUESKY
from publisher.platforms.facebook.spec import FACEBOOK
from publisher.platforms.linkedin.spec import LINKEDIN
from publisher.platforms.mastodon.spec import MASTODON
from publisher.platforms.site.spec import SITE
from publisher.platforms.twitter.spec import TWITTER
from publisher.platforms.wordpress.spec import WORDPRESS
from tests.support.simulation.plan import Act


class Making(StrEnum):
    """What the request that makes a post public does."""

    CREATES = "creates"
    """It makes the post; a post is found by its words."""
    REVEALS = "reveals"
    """It makes a draft public, which has its id before; it may be repeated."""
    COMMITS = "commits"
    """It makes all parts of a thread, with keys that are ours; a second one is refused."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One platform's behaviour."""

    capabilities: Capabilities
    making: Making
    remembers: float = 0.0
    """Real seconds for which it knows the key of a request that creates: a second one with it makes
    nothing, and gets the first one's id."""
    shown_after: float = 0.0
    """Real seconds until its list has a new post."""
    edits_drafts: bool = False
    """Whether a draft gets its new text; else it is deleted, and another one made."""
    lacks: frozenset[Act] = frozenset()
    """What never happens there."""


_ON_ITS_OWN = frozenset({Act.PUBLISHES_EARLY, Act.IGNORED})
PROFILES: Mapping[str, Profile] = {
    "twitter": Profile(TWITTER, Making.CREATES, lacks=_ON_ITS_OWN),
    "facebook": Profile(FACEBOOK, Making.REVEALS),
    "bluesky": Profile(BLUESKY, Making.COMMITS, lacks=_ON_ITS_OWN | {Act.DUPLICATE, Act.LAGS}),
    "mastodon": Profile(
        MASTODON, Making.CREATES, remembers=3600.0, lacks=_ON_ITS_OWN | {Act.DUPLICATE}
    ),
    "linkedin": Profile(LINKEDIN, Making.CREATES, shown_after=5.0, lacks=_ON_ITS_OWN),
    "wordpress": Profile(
        WORDPRESS, Making.REVEALS, edits_drafts=True, lacks=frozenset({Act.DUPLICATE, Act.IGNORED})
    ),
    # A page has its post's name: it can be written twice, and is there once.
    "site": Profile(
        SITE, Making.CREATES, remembers=math.inf, lacks=_ON_ITS_OWN | {Act.DUPLICATE, Act.LAGS}
    ),
}
"""By channel. What is not listed as lacking happens, though rarely."""
FORGETFUL = Profile(MASTODON, Making.CREATES, lacks=_ON_ITS_OWN | {Act.DUPLICATE})
"""A server that speaks Mastodon's language, and knows no keys."""
