"""Simulated platform: all that the rest of the sandbox knows of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from starlette.responses import Response

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call, Operation
from publisher.sandbox.fault_kinds import FaultKind
from publisher.sandbox.store import Store
from publisher.settings.account_settings import AccountSettings

if TYPE_CHECKING:
    from publisher.sandbox.faults import Fault


class Platform(Protocol):
    """The API of a simulated platform."""

    def claimed(self, call: Call) -> SandboxAccount | None:
        """The account that a call's credentials name, without verification."""

    async def handle(self, call: Call) -> Response:
        """Answer a call; errors are answers too."""

    def refusal(self, fault: "Fault", call: Call) -> Response:
        """The platform's own answer for a fault that replaces it."""

    def unknown_path(self, path: str) -> Response:
        """Answer a request for which there is no operation."""


class PlatformOpener(Protocol):
    """Opens the API of a simulated platform."""

    def __call__(self, store: Store, *, limited: bool) -> Platform:
        """`limited=False` disables its rate limits."""


def _its_number(_post_id: str, _author: str, number: str) -> str:
    return number


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """The description of one simulated platform."""

    name: str
    """Of its channel."""
    title: str
    page: str
    """The path of its timelines, without slashes."""
    operations: tuple[Operation, ...]
    bare: Callable[[str, str], str | None]
    """The path of a request as its operations have it, from its path and query; None: it is not
    this platform's.
    """
    invent: Callable[[str, AccountSettings], dict[str, Any]]
    """Invents the credentials of an account, by its name, and what else of `SandboxAccount` only
    this platform has.
    """
    open: PlatformOpener
    typed: Callable[[SandboxAccount], Mapping[str, str]]
    """What a person types to connect an account, by the names of its `KeyField`s."""
    afterwards: Mapping[str, str]
    """What the person does then, by the method of `publisher connect`; of the first, empty."""
    comment_id: Callable[[str, str, str], str] = _its_number
    """The id of a reader's comment, by its post's id, its author's name and its own number."""
    profile: str = ""
    """What its timeline calls an account; empty: its handle."""
    faults: frozenset[FaultKind] = frozenset()
    """The faults that not every platform plays: its own, and those that it shares with others."""
    takes_any_path: bool = False
    """Whether a request that no other platform takes is its own."""
    contract: int | None = None
    """As `plugins.CONTRACT`: for which another distribution wrote it."""
