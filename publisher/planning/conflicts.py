"""Conflicts between posts: too close, at night, same text on X. Warnings, never errors."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import pairwise

from publisher.base.i18n import _
from publisher.channels.registry import SPECS, title
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post
from publisher.model.problems import Flaw, problem
from publisher.model.values import Position, Problem, Severity

APART = timedelta(minutes=5)
"""Two posts of one account that are closer than this hide each other in the timeline."""
NIGHT = (time(22), time(7))
"""When readers sleep, in the account's time zone."""


Planned = Wish | Delivery


class Conflicts:
    """The conflict warnings about posts to come."""

    def __init__(
        self,
        planned: Sequence[Planned],
        fresh: Collection[tuple[str, str]],
        posts: Mapping[str, Post],
        accounts: Mapping[str, Account],
        zone_of: Callable[[Account], tzinfo],
        now: datetime,
    ) -> None:
        """`planned`: all posts to come; `fresh`: the (post, account) pairs with warnings, which
        the plan changes, say; `posts`: the drafts. Answers are left out: each is for one reader.
        """
        public = [one for one in planned if one.content.answers is None]
        timed = [(max(wish.not_before, now), wish) for wish in public]  # late: at once
        self._timed = sorted(timed, key=lambda one: (one[0], one[1].post, one[1].account))
        self._fresh = fresh
        self._posts = posts
        self._accounts = accounts
        self._zone_of = zone_of

    def __iter__(self) -> Iterator[Problem]:
        yield from self._too_close()
        yield from self._at_night()
        yield from self._same_text_on_x()

    def _too_close(self) -> Iterator[Problem]:
        by_account = defaultdict(list)
        for leaving, wish in self._timed:
            by_account[wish.account].append((leaving, wish))
        found = defaultdict(list)
        for its in by_account.values():
            for (before, first), (after, second) in pairwise(its):
                wish, other = self._one_to_warn_about(first, second)
                if after - before < APART and _key(wish) in self._fresh:
                    found[wish.post, other.post, after - before].append(wish.account)
        for (post, neighbour, gap), accounts in found.items():
            named = {"accounts": ", ".join(accounts), "other": neighbour}
            message = (
                _(
                    "It goes out on {accounts} within {span} of {other}.",
                    span=_span(gap),
                    **named,
                )
                if gap
                else _("It goes out on {accounts} at the same time as {other}.", **named)
            )
            hint = _("Move one of them if readers should see both.")
            yield advice(self._posts, post, "too-close", message, hint)

    def _at_night(self) -> Iterator[Problem]:
        for leaving, wish in self._timed:
            if _key(wish) not in self._fresh:
                continue
            local = leaving.astimezone(self._zone_of(self._accounts[wish.account]))
            if is_night(local):
                message = _(
                    "It goes out on {account} at {time} there, while readers sleep.",
                    account=wish.account,
                    time=f"{local:%H:%M}",
                )
                hint = _("Give it another time, unless this is intended.")
                yield advice(self._posts, wish.post, "at-night", message, hint)

    def _same_text_on_x(self) -> Iterator[Problem]:
        by_text = defaultdict(list)
        for _leaving, wish in self._timed:
            if SPECS[wish.channel].takes_copies_for_spam:
                by_text[wish.content.fingerprint].append(wish)
        for same in by_text.values():
            earliest: dict[str, Planned] = {}
            for second in same:
                earliest.setdefault(second.account, second)
                others = (w for account, w in earliest.items() if account != second.account)
                if first := next(others, None):
                    wish, other = self._one_to_warn_about(first, second)
                    yield from self._warning(
                        wish,
                        "same-text-on-x",
                        _(
                            "{account} and {other} say the same, word for word; {channel} may "
                            "treat that as spam.",
                            channel=title(wish.channel),
                            account=wish.account,
                            other=other.account,
                        ),
                        _(
                            "Let one account write, and let the other repost it or say it in its "
                            "own words."
                        ),
                    )

    def _one_to_warn_about(self, first: Planned, second: Planned) -> tuple[Planned, Planned]:
        """The later one, unless the plan does not change it; and the other."""
        return (second, first) if _key(second) in self._fresh else (first, second)

    def _warning(self, wish: Planned, code: str, message: str, hint: str) -> Iterator[Problem]:
        if _key(wish) in self._fresh:
            yield advice(self._posts, wish.post, code, message, hint)


def advice(posts: Mapping[str, Post], name: str, code: str, message: str, hint: str) -> Problem:
    """A warning about a post's time, at its place in the draft, if that is among `posts`."""
    post = posts.get(name)
    file, place = (post.file, post.position("at")) if post else (f"posts/{name}.md", Position())
    return problem(file, Flaw(code, message, hint), place, Severity.WARNING)


def is_night(local: datetime) -> bool:
    """Whether readers sleep, by their own clock."""
    return local.time() >= NIGHT[0] or local.time() < NIGHT[1]


def _key(wish: Planned) -> tuple[str, str]:
    return wish.post, wish.account


def _span(gap: timedelta) -> str:
    minutes, seconds = divmod(int(gap.total_seconds()), 60)
    return f"{minutes} min" if minutes else f"{seconds} s"
