"""Registry of the simulated platforms, and of the accounts on them."""

import re
from collections.abc import Mapping

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.bluesky.platform import BLUESKY
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.facebook.platform import FACEBOOK
from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.linkedin.platform import LINKEDIN
from publisher.sandbox.mastodon.platform import MASTODON
from publisher.sandbox.platform import PlatformSpec
from publisher.sandbox.twitter.platform import TWITTER
from publisher.sandbox.wordpress.platform import WORDPRESS
from publisher.settings.settings import Settings

_HANDLE_LENGTH = 15  # of X; help.x.com/managing-your-account/x-username-rules

PLATFORMS = {
    spec.channel: spec for spec in (TWITTER, LINKEDIN, BLUESKY, MASTODON, WORDPRESS, FACEBOOK)
}
"""By channel. A platform whose paths may be anything comes last."""
ENDPOINTS = frozenset(one.name for spec in PLATFORMS.values() for one in spec.operations)
"""The names of all operations."""
NOT_EVERYWHERE = frozenset().union(*(spec.faults for spec in PLATFORMS.values()))
"""The faults that only some platforms play."""
FAULT_KINDS: Mapping[str, FaultKind] = {
    str(kind): kind for kind in (*What, *sorted(NOT_EVERYWHERE))
}
"""All kinds of faults by name."""


def find(
    method: str, path: str, query: str = ""
) -> tuple[PlatformSpec, Operation | None, dict[str, str]]:
    """The platform of a request, its operation, and the variable parts of its path."""
    for spec in PLATFORMS.values():
        bare = spec.bare(path, query)
        if bare is None:
            continue
        for operation in spec.operations:
            parts = operation.match(method, bare)
            if parts is not None:
                return spec, operation, parts
        break
    return spec, None, {}


def accounts_for(settings: Settings) -> list[SandboxAccount]:
    """The workspace's accounts on the simulated platforms, with invented credentials."""
    accounts: list[SandboxAccount] = []
    for name, entry in settings.accounts.items():
        spec = PLATFORMS.get(entry.channel)
        if spec is None:
            continue
        taken = {account.handle for account in accounts if account.channel == entry.channel}
        handle = (entry.handle or "").removeprefix("@") or _handle(name, taken)
        accounts.append(
            SandboxAccount(
                name=name,
                channel=entry.channel,
                title=entry.title or entry.organisation or name,
                organisation=entry.organisation,
                language=entry.language,
                **{"handle": handle, **spec.invent(name, entry)},
            )
        )
    return accounts


def _handle(name: str, taken: set[str]) -> str:
    wish = re.sub(r"\W", "_", name, flags=re.ASCII)[:_HANDLE_LENGTH]
    handle, count = wish, 1
    while handle in taken:
        count += 1
        handle = f"{wish[: _HANDLE_LENGTH - len(str(count))]}{count}"
    return handle
