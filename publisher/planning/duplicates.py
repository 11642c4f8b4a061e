"""Duplicate check: the same text must not go twice to one account, unless it says `repeat`.

Neither under another draft's name, nor under another name of the account.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from publisher.base.i18n import _
from publisher.drafts import duplicates
from publisher.drafts.library import Library
from publisher.ledger.reading.account_status import Tenure
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, OUT_OR_MAYBE, WAITING, State, state_name
from publisher.planning.edits import cancelled_by_a_person, stop_of
from publisher.planning.plan import PlannedChange
from publisher.planning.problems import Problems

_Known = defaultdict[tuple[str, str], dict[str, State | None]]


class Duplicates:
    """Refuses the changes of one plan that would send an account a text that it has."""

    def __init__(
        self,
        changes: list[PlannedChange],
        posts: Mapping[str, Post],
        drafts: Library,
        queries: Queries,
        problems: Problems,
    ) -> None:
        """What is refused is removed from `changes`."""
        self._changes = changes
        self._posts = posts
        self._drafts = drafts
        self._queries = queries
        self._problems = problems
        self._renamed = defaultdict[tuple[str, str, State], list[str]](list)
        """By post, the name of the draft that it was before, and the state then: the accounts."""

    def refuse(self) -> None:
        """Remove what would send an account a text that it has already."""
        fresh = [(change, _text_key(change)) for change in self._changes if _brings_text(change)]
        leaving = {c.delivery.id for c in self._changes if c.delivery and _takes_text_away(c)}
        known, partly = self._known(fresh, leaving)

        def weight(holder: tuple[str, State | None]) -> int:
            """Sort key: a text that is out under an old name comes first: the draft was renamed."""
            other, state = holder
            if other in partly:
                return 0
            return 1 if state and state not in WAITING and not self._drafts.has(other) else 2

        for change, text in fresh:
            holders = known[text]
            others = [holder for holder in holders.items() if holder[0] != change.post]
            if not others:
                holders[change.post] = None
                continue
            self._changes.remove(change)
            other, state = min(others, key=weight)
            self._let_go_on(other, change)
            if other in partly:
                self._refuse_rest(change, other)
            else:
                self._refuse_whole(change, other, state)

    def _known(
        self, fresh: Sequence[tuple[PlannedChange, tuple[str, str]]], leaving: Collection[int]
    ) -> tuple[_Known, set[str]]:
        """Who has the texts already, by account and text; and the posts that are partly out."""
        known: _Known = defaultdict(dict)
        partly: set[str] = set()
        for delivery in self._queries.with_fingerprints({text for _change, text in fresh}):
            if delivery.content.edits and delivery.state is State.PUBLISHED:
                continue  # its words may have been replaced since; see `newest_edits`
            gone = delivery.id in leaving or delivery.state in ENDED_UNSENT
            refused = _is_stopped_by_a_person(delivery) and not self._drafts.has(delivery.post)
            if delivery.remote_ids or refused or not gone:
                key = (delivery.account, delivery.content.fingerprint)
                known[key][delivery.post] = State.HELD if delivery.manual_hold else delivery.state
            if delivery.remote_ids and delivery.state is not State.PUBLISHED:
                partly.add(delivery.post)

        for key, edit in self._words_of_edits(change for change, _text in fresh):
            known[key][edit.post] = edit.state
        return known, partly

    def _words_of_edits(
        self, changes: Iterable[PlannedChange]
    ) -> Iterator[tuple[tuple[str, str], Delivery]]:
        """The edits whose words posts show now, where a change brings a new post."""
        posts = {change.account for change in changes if not _edits(change)}
        for edit in self._queries.newest_edits(posts) if posts else ():
            yield (edit.account, edit.content.fingerprint_when_out), edit

    def refuse_at_one_instant(self) -> None:
        """Remove what says the same twice at one instant, which no `repeat` means.

        Two days of the agenda may have become one.
        """
        fresh = [c for c in self._changes if c.wish and c.wish.repeat]
        changed = {c.delivery.id for c in self._changes if c.delivery}
        taken = {
            (d.account, d.content.fingerprint, d.not_before): d.post
            for d in self._queries.with_fingerprints({_text_key(change) for change in fresh})
            if d.id not in changed and d.state not in ENDED_UNSENT
        }
        for change in fresh:
            if change.wish is None:
                continue
            other = taken.setdefault((*_text_key(change), change.wish.not_before), change.post)
            if other == change.post:
                continue
            self._changes.remove(change)
            message = _(
                "{account} would get the same text twice at the same time, also as {other}.",
                account=change.account,
                other=other,
            )
            hint = _("Move one of the two, or delete its draft.")
            self._problems.error(self._posts[change.post], "duplicate-text", message, hint)

    def _warn_of_renamed(self) -> None:
        """Warn once for each post, with all accounts that had its text under another name."""
        for (post, other, state), accounts in self._renamed.items():
            message = _(
                "A draft called {other} had this text, which already went to {accounts} "
                "({state}); it does not go out again.",
                other=other,
                accounts=", ".join(accounts),
                state=state_name(state),
            )
            hint = _("There is nothing to do if the draft was renamed.")
            self._problems.warning(self._posts[post], "already-out", message, hint)

    def _let_go_on(self, other: str, renamed: PlannedChange) -> None:
        """Drop the stop of a delivery that may be out, if its draft was only renamed."""
        for stop in self._changes:
            if (stop.post, stop.account) != (other, renamed.account) or not stop.concerns_a_stop:
                continue
            wish, delivery = renamed.wish, stop.delivery
            if wish and delivery and stop_of(wish, delivery) is None:
                self._changes.remove(stop)
                return

    def _refuse_rest(self, change: PlannedChange, other: str) -> None:
        """Report that a part of the text is out in another post's delivery, `other`."""
        message = _(
            "A part of it is already out on {account}, as {other}; under another name it would "
            "begin again.",
            account=change.account,
            other=other,
        )
        hint = _("Give the draft the name {other} again, or change its text.", other=other)
        self._problems.error(self._posts[change.post], "partly-out", message, hint)

    def _refuse_whole(self, change: PlannedChange, other: str, state: State | None) -> None:
        """Report that the account has the text in another post, `other`, or note it in `renamed`.

        `state`: None if the other is not queued yet either.
        """
        if state is None:
            flaw = duplicates.flaw(change.account, other)
            self._problems.error(self._posts[change.post], flaw.code, flaw.message, flaw.hint)
        elif state is State.CANCELLED:
            message = _(
                "Someone cancelled it for {account} when it was called {other}; it is not queued "
                "under another name.",
                account=change.account,
                other=other,
            )
            hint = _("If it must go out after all, change the text, or set `repeat: true`.")
            self._problems.warning(self._posts[change.post], "cancelled", message, hint)
        elif state is State.HELD and not self._drafts.has(other):
            message = _(
                "Someone has held it for {account} since it was called {other}; it is not queued "
                "under another name.",
                account=change.account,
                other=other,
            )
            hint = _("`publisher release {other}` lets it go; then queue again.", other=other)
            self._problems.warning(self._posts[change.post], "held", message, hint)
        elif state in WAITING or self._drafts.has(other):
            message = _(
                "{account} has the same text in {other} ({state}).",
                account=change.account,
                other=other,
                state=state_name(state),
            )
            hint = _("Change the text, or set `repeat: true` if it is meant to go out again.")
            self._problems.error(self._posts[change.post], "duplicate-text", message, hint)
        else:
            self._renamed[change.post, other, state].append(change.account)

    def refuse_renamed(self) -> None:
        """Remove drafts with `repeat` that were renamed since they went out. Call `refuse` before.

        A draft was renamed if a deleted one had the same text at the same time, or says `now`.
        """
        fresh = [c for c in self._changes if c.delivery is None and c.wish and c.wish.repeat]
        known = self._queries.with_fingerprints({_text_key(change) for change in fresh})
        out = [d for d in known if is_or_may_be_out(d) and not self._drafts.has(d.post)]
        for change in fresh:
            delivery = next(
                (d for d in out if _is_renamed(d, change, self._posts[change.post])), None
            )
            if delivery is None:
                continue
            self._changes.remove(change)
            other = delivery.post
            if delivery.remote_ids and delivery.state is not State.PUBLISHED:
                self._refuse_rest(change, other)
            else:
                self._refuse_whole(change, other, delivery.state)
        self._warn_of_renamed()

    def refuse_under_new_names(self, accounts: Collection[str], now: datetime) -> None:
        """Remove what an account may have published under another name.

        `accounts` are those of the settings. A removed account may be this one's old name if its
        last delivery was before this one's first.
        """
        fresh = [c for c in self._changes if c.delivery is None and c.wish and not c.wish.repeat]
        gone = self._queries.known_accounts().difference(accounts)
        done = _done(fresh, gone, self._queries) if fresh and gone else []
        names = {change.account for change in fresh} | {delivery.account for delivery in done}
        tenures = {name: self._queries.tenure(name) for name in names} if done else {}
        for change in fresh:
            found = next((d for d in done if _is_predecessors(d, change, tenures)), None)
            if found is None:
                continue
            self._changes.remove(change)
            if change.wish and change.wish.expires_at and change.wish.expires_at <= now:
                continue  # it could not go out anyway
            message = _(
                "It is on record for {old} ({state}), which is no longer in publisher.toml. If "
                "that account is now called {account}, it would go out twice; it is not queued.",
                old=found.account,
                state=state_name(found.state),
                account=change.account,
            )
            hint = _(
                "There is nothing to do if {old} was renamed. If {account} is another account, "
                "set `repeat: true` in the draft.",
                old=found.account,
                account=change.account,
            )
            self._problems.warning(self._posts[change.post], "account-renamed", message, hint)


def _is_renamed(delivery: Delivery, change: PlannedChange, post: Post) -> bool:
    same_text = _text_key(change) == (delivery.account, delivery.content.fingerprint)
    same_time = change.wish is not None and change.wish.due_at == delivery.due_at
    return same_text and (same_time or post.at_once)


def _done(
    changes: Sequence[PlannedChange], accounts: Collection[str], queries: Queries
) -> list[Delivery]:
    """These accounts' deliveries of the same posts or texts that must not be repeated."""
    posts = sorted({change.post for change in changes})
    texts = {change.wish.content.fingerprint for change in changes if change.wish}
    found = [
        *queries.standing(posts, and_under_way=False),
        *queries.with_fingerprints({(name, text) for name in accounts for text in texts}),
    ]
    return [delivery for delivery in found if delivery.account in accounts and _is_done(delivery)]


def _is_done(delivery: Delivery) -> bool:
    """Whether it is out, or may be, or was stopped by a person."""
    return is_or_may_be_out(delivery) or _is_stopped_by_a_person(delivery)


def _is_stopped_by_a_person(delivery: Delivery) -> bool:
    return cancelled_by_a_person(delivery) or delivery.manual_hold is not None


def is_or_may_be_out(delivery: Delivery) -> bool:
    """Whether it is out or may be, wholly or in part."""
    return bool(delivery.remote_ids) or (delivery.state in OUT_OR_MAYBE and not delivery.in_reach)


def _is_predecessors(
    delivery: Delivery, change: PlannedChange, tenures: Mapping[str, Tenure | None]
) -> bool:
    wish = change.wish
    if wish is None or wish.channel != delivery.channel:
        return False
    if wish.post != delivery.post and wish.content.fingerprint != delivery.content.fingerprint:
        return False
    before, after = tenures[delivery.account], tenures[change.account]
    return before is None or after is None or before.last < after.first


def _brings_text(change: PlannedChange) -> bool:
    """Whether the change sends a new text that the account must not get twice."""
    wish, delivery = change.wish, change.delivery
    if wish is None or wish.repeat:
        return False
    if delivery is None or delivery.state in ENDED_UNSENT or delivery.repeat:
        return True
    return wish.content.fingerprint != delivery.content.fingerprint


def _takes_text_away(change: PlannedChange) -> bool:
    """Whether the change removes the delivery's text from the account."""
    wish, delivery = change.wish, change.delivery
    return (
        delivery is not None
        and not change.concerns_a_stop
        and (wish is None or wish.content.fingerprint != delivery.content.fingerprint)
    )


def _edits(change: PlannedChange) -> bool:
    return change.wish is not None and change.wish.content.edits


def _text_key(change: PlannedChange) -> tuple[str, str]:
    return change.account, change.wish.content.fingerprint if change.wish else ""
