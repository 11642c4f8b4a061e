"""The contract that every channel keeps; `tests/channels/test_contract.py` runs over all of them.

A channel translates and classifies. It does not retry, limit, log or know the ledger, and it waits
where `depart` does: that lives once, in `delivery/courier.py`.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import ClassVar, Protocol

from publisher.channels.health import Health
from publisher.model.models import Capabilities, Owner, Parcel, Prepared
from publisher.model.outcomes import AccountHeld, Deferred, Outcome, Sighting

MediaReader = Callable[[str], bytes]
"""Gives the bytes of a picture by its digest."""


Leave = Callable[[], None]
"""Lets a request leave: quickly, and waiting for nothing, for others leave after it."""

Depart = Callable[[Leave], None]
"""Does what it is given at the instant at which a request may leave, maybe in another thread, and
returns; raises `NotDeparted`, and does nothing, when it may not leave, or not any more. What leaving
raises goes on. Called again when a request that was to leave was held up."""


def at_once(leave: Leave) -> None:
    """The instant has come."""
    leave()


class NotDeparted(Exception):
    """The instant has passed at which the request was to leave; nothing left."""


class NotPrepared(Exception):
    """A step before publishing failed; `outcome` says what that means. Nothing became public by
    this attempt; `Unknown` when an earlier one turns out to have done so, `Accepted` when the
    platform made it public on its own (`public_since`).

    `prepared` is what the next attempt begins with; None: what this one began with.
    """

    def __init__(self, outcome: Outcome, prepared: Prepared | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.prepared = prepared


class Channel(Protocol):
    """One account's way to its platform. Used by one thread at a time."""

    capabilities: ClassVar[Capabilities]

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Lay ready whatever may be laid ready before the instant; nothing of it is public.

        Safe to repeat: `prepared` says what an earlier call achieved. What comes back is written
        down; where it has `leftovers` or an `upload`, or does not hold the content yet, the next
        call goes on from there. One call makes ten requests at most. Raises `NotPrepared`.
        """

    def send(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        depart: Depart = at_once,
    ) -> Outcome:
        """Make the part after those in `sent` (remote ids, in order) public, by one request.

        The request is made, signed and connected first; `depart` is called to let it leave, and
        what it raises goes on. Never raises for what the platform or the network
        does.
        """

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Look on the platform for the part after those in `sent`, made public at `since` or later.

        `taken`: ids that belong to other deliveries, whatever they look like.

        Reads only. `Absent` says nothing about requests that are still on their way: the caller
        waits for the platform to settle, and asks twice.
        """

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Take away what lies ready and will not be used; what comes back is left, or was found.

        Called again until nothing is left, and safe to repeat. Deletes nothing that is public, or
        may be. Raises `NotPrepared`: with `Accepted` where the parcel's own content is public after
        all, with `Unknown` where something else is, which is no part of what it is `prepared` for
        then; otherwise to be called later.
        """

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:
        """Delete a part from the platform, and what of `prepared` stays there besides.

        `Accepted` also when all of it is gone already, which is looked at: what a platform does not
        show may only be hidden from this account.
        """

    @property
    def owner_id(self) -> str | None:
        """The id of whom the keys belong to, as the keys themselves tell.

        Empty: only the platform can tell. None: there are no keys.
        """

    def owner(self) -> Owner | AccountHeld | Deferred:
        """Ask the platform whom the keys belong to. Reads only, and may cost something."""

    def examine(self) -> Health:
        """Ask the platform whether it would take posts of this account. Reads only."""

    def close(self) -> None:
        """Hang up: nobody uses it any more."""
