"""Forecast: warnings about posts to come, by their times, their texts and their accounts' limits.

`plan` warns of what it changes; the pages warn of a draft that is being written, and of what is on
the schedule. What others have on the schedule near it is read from the ledger.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from publisher.channels.registry import SPECS, UNUSABLE, capabilities_of
from publisher.drafts import rendering
from publisher.drafts.times import local
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery, Wish
from publisher.model.outcomes import Limit
from publisher.model.posts import Post
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.planning.budget import OWN_WINDOW, Budget, Standing
from publisher.planning.conflicts import Conflicts, Planned
from publisher.planning.wishes import expiry
from publisher.settings.settings import Settings

TO_COME = (State.SCHEDULED, State.AWAITING_APPROVAL)
_WINDOW = timedelta(days=1)
"""The longest window of a platform's limits."""


def drafted(
    post: Post, settings: Settings, now: datetime, clean: rendering.Cleaner
) -> Iterator[Wish]:
    """The deliveries that a draft would have if it was queued as it is; none without a time.

    Those of an answer, which is for one reader, are left out. Raises PictureUnusable if `clean`
    does.
    """
    due_at = now if post.at_once else post.due_at
    if due_at is None or post.answers or post.held:
        return
    expires_at = expiry(post, due_at, post.expires_after or settings.delivery.expires)
    for account in rendering.recipients(post, settings.public_accounts())[0]:
        if account.channel not in UNUSABLE:
            yield Wish(
                post=post.id,
                account=account.name,
                channel=account.channel,
                due_at=due_at,
                expires_at=expires_at,
                embargo_until=post.embargo_until,
                content=rendering.render(post, account, capabilities_of(account), clean),
                state=State.SCHEDULED,
            )


class Forecast:
    """Finds the warnings about some posts to come."""

    def __init__(
        self,
        settings: Settings,
        queries: Queries,
        limits: Mapping[str, Sequence[Limit]],
        zone: tzinfo,
        now: datetime,
    ) -> None:
        """`limits`: the platforms' last reported limits, by account; `zone`: the session's."""
        self._settings = settings
        self._accounts = settings.public_accounts()
        self._queries = queries
        self._limits = limits
        self._zone = zone
        self._now = now

    def warnings(
        self,
        ahead: Sequence[Planned],
        fresh: Collection[tuple[str, str]],
        posts: Mapping[str, Post],
        *,
        is_all: bool = False,
    ) -> Iterator[Problem]:
        """The warnings about the `fresh` ones, (post, account) pairs, of those that are `ahead`.

        `posts`: their drafts, where there are any. `is_all`: nothing else is on the schedule.
        """
        # What is of an unknown channel or account never leaves.
        ahead = [one for one in ahead if one.channel in SPECS and one.account in self._accounts]
        new = [one for one in ahead if (one.post, one.account) in fresh]
        if not new:
            return
        known = {(one.post, one.account) for one in ahead}
        near = [] if is_all else [one for one in self._near(new) if _key(one) not in known]
        alike = [] if is_all else [one for one in self._alike(new) if _key(one) not in known]
        beside = {_key(one): one for one in (*ahead, *near)}
        together = [*{**beside, **{_key(one): one for one in alike}}.values()]
        standing = Standing(self._limits, self._queries.accounts(), self._settings.apps())
        for problem in (
            *Conflicts(together, fresh, posts, self._accounts, self._zone_of, self._now),
            *Budget([*beside.values()], fresh, posts, standing, self._when),
        ):
            if problem.code not in self._settings.lint.ignore:
                yield problem

    def _near(self, new: Sequence[Planned]) -> Iterator[Delivery]:
        """What is on the schedule of the accounts of `new` near its times, or counts beside it."""
        for account in {one.account for one in new}:
            times = [one.not_before for one in new if one.account == account]
            late = [self._now] if min(times) < self._now else []  # it leaves at once
            spans = [(min(times) - _WINDOW, max(times + late) + OWN_WINDOW)]
            if ends := [limit.ends_at for limit in self._limits.get(account, ())]:
                spans.append((self._now - OWN_WINDOW, max(ends)))
            for since, until in spans:
                yield from self._queries.deliveries(
                    account=account, state=TO_COME, since=since, until=until
                )

    def _alike(self, new: Sequence[Planned]) -> Iterator[Delivery]:
        """What is on the schedule of other accounts with the same text, where that is spam."""
        keys = {
            (other.name, one.content.fingerprint)
            for one in new
            if SPECS[one.channel].takes_copies_for_spam
            for other in self._accounts.values()
            if other.channel == one.channel and other.name != one.account
        }
        found = self._queries.with_fingerprints(keys) if keys else ()
        return (one for one in found if one.state in TO_COME)

    def _when(self, at: datetime) -> str:
        return local(at, self._zone)

    def _zone_of(self, account: Account) -> tzinfo:
        return ZoneInfo(account.timezone) if account.timezone else self._zone


def _key(one: Planned) -> tuple[str, str]:
    return one.post, one.account
