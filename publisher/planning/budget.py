"""Rate-limit budget: a plan's posts against the platforms' limits. Warnings, never errors.

Three things are known in advance: the limits that a platform documents (`Capabilities.rates`), the
remaining amounts that it last reported (the ledger's `limits`), and which accounts are paused or
suspended and until when. Posts above a limit go out later, or are missed; none is refused for it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from publisher.base.i18n import _, plural
from publisher.channels.registry import CAPABILITIES, title
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.tables import EVERYTHING
from publisher.model import limits_text as limits
from publisher.model.capabilities import Rate
from publisher.model.content import Part
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Limit
from publisher.model.posts import Post
from publisher.model.values import Problem
from publisher.planning.conflicts import Planned, advice

OWN_WINDOW = timedelta(minutes=15)
"""The longest window of a limit that applies to one account."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The accounts' limits and stops in the ledger."""

    limits: Mapping[str, Sequence[Limit]]
    stopped: Sequence[AccountStatus]
    apps: Mapping[str, frozenset[str]]
    """By account, the accounts that share its app; an account without one is alone."""

    def app_of(self, account: str) -> frozenset[str]:
        return self.apps.get(account, frozenset({account}))


class Budget:
    """The rate-limit warnings about posts to come."""

    def __init__(
        self,
        planned: Collection[Planned],
        fresh: Collection[tuple[str, str]],
        posts: Mapping[str, Post],
        standing: Standing,
        when: Callable[[datetime], str],
    ) -> None:
        """`planned`, `fresh` and `posts` as for `Conflicts`; `when` formats an instant."""
        self._leaving = sorted(planned, key=lambda one: (one.not_before, one.post))
        self._fresh = fresh
        self._posts = posts
        self._standing = standing
        self._when = when

    def __iter__(self) -> Iterator[Problem]:
        yield from self._sure_misses()
        yield from self._stopped()
        yield from self._beyond_what_is_left()
        yield from self._beyond_rates()

    def _sure_misses(self) -> Iterator[Problem]:
        """Posts that expire before their account's suspension ends."""
        until = {s.account: s.suspended_until for s in self._standing.stopped if s.suspended_until}
        for one in filter(self._is_fresh, self._leaving):
            end = until.get(one.account)
            if end and one.expires_at and one.expires_at <= end and one.not_before < end:
                message = _(
                    "{account} accepts nothing until {end}, and this expires at {expiry}: it "
                    "will be missed.",
                    account=one.account,
                    end=self._when(end),
                    expiry=self._when(one.expires_at),
                )
                hint = _("Give it a later time or a later expiry, or another account.")
                yield self._warning(one, "sure-miss", message, hint)

    def _stopped(self) -> Iterator[Problem]:
        """Accounts that only a person can resume, each at its first post."""
        for status in self._standing.stopped:
            if not (status.paused_at or (status.suspended_at and not status.suspended_until)):
                continue
            everything = status.account == EVERYTHING
            its = (one for one in self._leaving if everything or one.account == status.account)
            first = next((one for one in its if self._is_fresh(one)), None)
            if first is None:
                continue
            resume = "publisher resume" + ("" if everything else f" --account {status.account}")
            message = _(
                "{name} is stopped until someone resumes it: what falls due until then waits, "
                "and is missed when it expires.",
                name=_("Everything") if everything else status.account,
            )
            hint = _("`publisher status` says why; `{resume}` ends it.", resume=resume)
            yield self._warning(first, "account-stopped", message, hint)

    def _beyond_what_is_left(self) -> Iterator[Problem]:
        """Posts above the platform's reported remaining amount, until the limit's end."""
        told = set[tuple[frozenset[str], str]]()
        for account, its in self._standing.limits.items():
            for limit in its:
                counted = limit.name.partition("-")[0]
                if counted not in _COUNTED:
                    continue
                group = self._standing.app_of(account) if limit.is_of_app else frozenset({account})
                if (group, limit.name) in told:
                    continue
                told.add((group, limit.name))
                due = [
                    o for o in self._leaving if o.account in group and o.not_before < limit.ends_at
                ]
                yield from self._beyond(due, limit, account, _COUNTED[counted])

    def _beyond(
        self, due: Sequence[Planned], limit: Limit, account: str, count: Callable[[Planned], int]
    ) -> Iterator[Problem]:
        totals = accumulate(map(count, due))
        late = [
            one
            for one, total in zip(due, totals, strict=True)
            if count(one) and total > limit.remaining and self._is_fresh(one)
        ]
        if not late:
            return
        message = plural(
            "{account} has {words}: {number} post of this plan is beyond that, and waits.",
            "{account} has {words}: {number} posts of this plan are beyond that, and wait.",
            sum(len(_left(one)) for one in late),
            account=account,
            words=limits.in_words(limit, self._when),
        )
        hint = _("Move some of them past that time: what expires before it is missed.")
        yield self._warning(late[0], "over-limit", message, hint)

    def _beyond_rates(self) -> Iterator[Problem]:
        """Posts above a platform's documented rate limits."""
        for channel, capabilities in CAPABILITIES.items():
            for rate in capabilities.rates:
                groups: dict[frozenset[str], list[Planned]] = defaultdict(list)
                for one in self._leaving:
                    if one.channel == channel:
                        alone = frozenset({one.account})
                        app = self._standing.app_of(one.account) if rate.of_app else alone
                        groups[app].append(one)
                for its in groups.values():
                    yield from self._crowded(its, rate, title(channel))

    def _crowded(self, its: Sequence[Planned], rate: Rate, channel: str) -> Iterator[Problem]:
        """The first window above the limit, at the first post of the plan above it."""
        window = deque[Planned]()
        inside, count = 0, _COUNTED[rate.counted]
        for one in its:
            window.append(one)
            inside += count(one)
            while window[0].not_before <= one.not_before - rate.window:
                inside -= count(window.popleft())
            if inside > rate.most and count(one) and self._is_fresh(one):
                message = _crowd(
                    rate, number=inside, limit=rate.most, channel=channel, account=one.account,
                    minutes=rate.window // timedelta(minutes=1),
                )  # fmt: skip
                hint = _("Spread them: what expires before its turn is missed.")
                yield self._warning(one, "over-limit", message, hint)
                return

    def _is_fresh(self, one: Planned) -> bool:
        return (one.post, one.account) in self._fresh

    def _warning(self, one: Planned, code: str, message: str, hint: str) -> Problem:
        return advice(self._posts, one.post, code, message, hint)


def _crowd(rate: Rate, **named: object) -> str:
    if rate.counted == "uploads":
        return _(
            "With this, {account} has {number} pictures and videos within {minutes} minutes, and "
            "{channel} accepts {limit}: what is more waits, and posts without any go out.",
            **named,
        )
    if rate.of_app:
        return _(
            "With this, the accounts of one app have {number} posts on {channel} within "
            "{minutes} minutes, and it accepts {limit}: what is more waits.",
            **named,
        )
    return _(
        "With this, {account} has {number} posts within {minutes} minutes, and {channel} accepts "
        "{limit}: what is more waits.",
        **named,
    )


def _left(planned: Planned) -> Sequence[Part]:
    """The parts that are not out."""
    out = len(planned.remote_ids) if isinstance(planned, Delivery) else 0
    return planned.content.parts[out:]


_COUNTED: Mapping[str, Callable[[Planned], int]] = {
    "posts": lambda planned: len(_left(planned)),
    "uploads": lambda planned: sum(len(part.pictures) for part in _left(planned)),
}
"""What a platform counts: how much of it a delivery still takes there."""
