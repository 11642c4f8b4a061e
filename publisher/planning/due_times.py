"""Due times: when a post is due on each account, also one that gets its time when it is queued."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo

from publisher.ledger.reading.queries import Queries
from publisher.model import slots
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import OUT_OR_MAYBE, State
from publisher.planning.edits import cancelled_by_a_person


class DueTimes:
    """Gives the posts of one plan their times, and no slot of an account to two of them."""

    def __init__(
        self, queries: Queries, now: datetime, zone_of: Callable[[Account], tzinfo]
    ) -> None:
        self._queries = queries
        self._now = now
        self._zone_of = zone_of
        self._given: defaultdict[str, set[datetime]] = defaultdict(set)
        """By account, the times of this plan's posts."""

    def time(
        self, post: Post, account: Account, content: Content, delivery: Delivery | None
    ) -> datetime | None:
        """The post's time on the account; `delivery` is what the ledger has of it.

        None: it has no time; or no slot is free, or none before the consent to its pictures ends.
        Posts in slots come last: a slot is free if no other post is due then.
        """
        due_at = post.due_at
        if post.at_once:
            stays = delivery and _stays(content, delivery)
            due_at = delivery.due_at if delivery and stays else self._now.replace(microsecond=0)
        elif post.in_slot:
            due_at = self._slot(post, account, content, delivery)
        if due_at is not None:
            self._given[account.name].add(due_at)
        return due_at

    def _slot(
        self, post: Post, account: Account, content: Content, delivery: Delivery | None
    ) -> datetime | None:
        taken = self._given[account.name] | self._queries.taken(account.name, self._now)
        if delivery and self._keeps_slot(content, delivery, taken):
            return delivery.due_at
        after = max(self._now, post.embargo_until or self._now)
        free = slots.times(account.slots, self._zone_of(account), after)
        found = next((instant for instant in free if instant not in taken), None)
        is_too_late = found and post.shown_until and found >= post.shown_until
        return None if is_too_late else found

    def _keeps_slot(
        self, content: Content, delivery: Delivery, taken: Collection[datetime]
    ) -> bool:
        """Whether it keeps its slot, also when the settings have other ones by now.

        What failed or was missed gets another one once it was edited; what was cancelled gave its
        slot back.
        """
        if delivery.state in (State.FAILED, State.MISSED):
            return content == delivery.content
        if delivery.state is State.CANCELLED and not cancelled_by_a_person(delivery):
            return delivery.due_at > self._now and delivery.due_at not in taken
        return True


def _stays(content: Content, delivery: Delivery) -> bool:
    """Whether a draft that says `now` keeps the delivery's time from when it was queued.

    An edit of a post that is not out is queued again.
    """
    beyond_reach = delivery.state in OUT_OR_MAYBE and not delivery.in_reach
    return beyond_reach or content == delivery.content
