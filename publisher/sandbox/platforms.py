"""Registry of the simulated platforms, and of the accounts on them."""

import re
from collections.abc import Mapping

from publisher.base.i18n import later
from publisher.channels import plugins
from publisher.channels.registry import SPECS
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Operation
from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.platform import PlatformSpec
from publisher.settings.settings import Settings

_HANDLE_LENGTH = 15  # of X; help.x.com/managing-your-account/x-username-rules

_OURS = {
    name: f"publisher.platforms.{name}.stand_in.platform:PLATFORM"
    for name in plugins.PLATFORMS
    if SPECS[name].server  # the others publish to no server
}
_TOLD = later("The sandbox cannot play {value}: {reason}.")
_FOUND, UNUSABLE = plugins.load(PlatformSpec, "publisher.sandbox", _OURS, _TOLD)
"""The simulated platforms by name, and why others cannot be used."""
PLATFORMS = {
    name: spec
    for name, spec in sorted(_FOUND.items(), key=lambda one: one[1].takes_any_path)
    if name in SPECS
}
"""By channel, of those that there are. The one whose paths may be anything comes last."""
ENDPOINTS = frozenset(one.name for spec in PLATFORMS.values() for one in spec.operations)
"""The names of all operations."""
NOT_EVERYWHERE = frozenset(
    kind
    for name, spec in PLATFORMS.items()
    for kind in spec.faults
    if name in _OURS or str(kind) not in {*What}  # else no other platform would play it any more
)
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
