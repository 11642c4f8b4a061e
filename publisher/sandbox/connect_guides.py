"""Connect guides: what a person types to connect each account of a sandbox, for its start page.

The labels are those that `publisher connect` asks with; the values are invented.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.connect import KeyField
from publisher.channels.registry import SPECS
from publisher.channels.spec import ChannelOptions
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.platforms import PLATFORMS


@dataclass(frozen=True, slots=True)
class ConnectGuide:
    """How one account is connected, in one of its platform's ways."""

    command: str
    typed: tuple[tuple[str, str], ...]
    """What is asked first, and the answer; empty: it stays empty."""
    afterwards: str


def guides_to(account: SandboxAccount, clock: Clock) -> list[ConnectGuide]:
    """The guides to one account, the platform's first way first; none if it has no way."""
    spec, platform = SPECS[account.channel], PLATFORMS[account.channel]
    options = ChannelOptions(request_timeout=timedelta(seconds=1), folder=Path(), clock=clock)
    openers = {"": spec.connect, **spec.other_connectors} if spec.connect else {}
    values = platform.typed(account)
    return [
        ConnectGuide(
            f"publisher --sandbox connect {account.name}{f' --method {method}' if method else ''}",
            tuple(_answers(opener(options).fields, values)),
            platform.afterwards[method],
        )
        for method, opener in openers.items()
    ]


def _answers(fields: Iterable[KeyField], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in fields:
        yield _(one.label), values.get(one.name, "")
