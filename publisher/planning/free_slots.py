"""Free slots: the time of each post that says `at: next free slot`, on each account."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo

from publisher.ledger.reading.queries import Queries
from publisher.model import slots
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import State
from publisher.planning.edits import cancelled_by_a_person


class FreeSlots:
    """Gives slots of accounts to the posts of one plan, each slot once."""

    def __init__(
        self, queries: Queries, now: datetime, zone_of: Callable[[Account], tzinfo]
    ) -> None:
        self._queries = queries
        self._now = now
        self._zone_of = zone_of
        self._taken: defaultdict[str, set[datetime]] = defaultdict(set)
        """By account, the times of the posts of this plan."""

    def take(self, account: str, due_at: datetime) -> None:
        """A post of this plan is due then: no other one gets the slot."""
        self._taken[account].add(due_at)

    def time(
        self, post: Post, account: Account, content: Content, delivery: Delivery | None
    ) -> datetime | None:
        """The time of a post: the one that it has, or the next free slot.

        None: none is free, or none before the consent to its pictures ends.
        """
        taken = self._taken[account.name] | self._queries.taken(account.name, self._now)
        if delivery and self._keeps(content, delivery, taken):
            return delivery.due_at
        after = max(self._now, post.embargo_until or self._now)
        free = slots.times(account.slots, self._zone_of(account), after)
        found = next((instant for instant in free if instant not in taken), None)
        is_too_late = found and post.shown_until and found >= post.shown_until
        return None if is_too_late else found

    def _keeps(self, content: Content, delivery: Delivery, taken: Collection[datetime]) -> bool:
        """Whether it keeps its slot, also when the settings have other ones by now.

        What failed or was missed gets another one once it was edited; what was cancelled gave its
        slot back.
        """
        if delivery.state in (State.FAILED, State.MISSED):
            return content == delivery.content
        if delivery.state is State.CANCELLED and not cancelled_by_a_person(delivery):
            return delivery.due_at > self._now and delivery.due_at not in taken
        return True
