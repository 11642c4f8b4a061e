"""The contract of all channels; `tests/channels/test_contract*.py` check each of them.

A channel translates and classifies. It does not wait, retry, limit, log or know the ledger.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Outgoing
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Outcome, Sighting

MediaReader = Callable[[str], bytes]
"""Returns the bytes of a picture, by its digest."""


class NotPrepared(Exception):
    """A step before publishing failed; `outcome` says what that means.

    This attempt made nothing public. `outcome` is `Unknown` when an earlier attempt did, `Accepted`
    when the platform made it public on its own (`public_since`).

    `prepared` is what the next attempt starts from; None: the same as this one.
    """

    def __init__(self, outcome: Outcome, prepared: Prepared | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.prepared = prepared


@dataclass(frozen=True, slots=True)
class Unverified:
    """What an answer means if the platform shows that it is so: `Channel.verify` looks."""

    outcome: Outcome


class Channel(Protocol):
    """A channel: sends and reads posts of one account. Used by one thread at a time."""

    capabilities: ClassVar[Capabilities]

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Prepare all that is possible before the instant; nothing of it becomes public.

        Safe to repeat: `prepared` is the result of an earlier call. The result is recorded; if it
        has `leftovers` or an `upload`, or does not hold the content yet, the next call goes on from
        there. One call makes at most ten requests. Raises `NotPrepared`.
        """

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outgoing:
        """Build what makes the part after those in `sent` (remote ids, in order) public.

        Makes no request, and nothing leaves.
        """

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Answer
    ) -> Outcome | Unverified:
        """The meaning of the answer to what `ready` built. A pure function."""

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        """The outcome, after a look at the platform, for one that `judge` left unverified.

        Reads only.
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

        `taken`: ids that belong to other deliveries, to be ignored.

        Reads only. `Absent` says nothing about requests that are still under way: the caller waits
        for the platform to settle, and asks twice.
        """

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Delete what is prepared and will not be used; returns what is left, or was found.

        Called again until nothing is left, and safe to repeat. Deletes nothing that is public, or
        may be. Raises `NotPrepared`: with `Accepted` when the parcel's own content is public after
        all, with `Unknown` when something else is public, which its `prepared` then leaves out;
        otherwise it is to be called again later.
        """

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:
        """Delete a part from the platform, and what else of `prepared` is there.

        `Accepted` also when all of it was deleted already, which is verified: what a platform does
        not show may only be hidden from this account.
        """

    @property
    def owner_id(self) -> str | None:
        """The id of the keys' owner, as far as the keys themselves contain it.

        Empty: only the platform knows it. None: there are no keys.
        """

    def owner(self) -> Owner | AccountSuspended | Deferred:
        """Ask the platform for the keys' owner. Reads only, and may cost a fee."""

    def examine(self) -> Health:
        """Health check: whether the platform would take posts of this account. Reads only.

        Its answer also says whose the keys are, and what their owner's profile shows. Not for each
        post: it may cost a fee.
        """

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the public counts of the account's own posts, in few requests. Reads only.

        `remote_ids`: of first parts, at most `ChannelSpec.metrics.at_once`. Its failures are no
        reason to suspend an account.
        """
