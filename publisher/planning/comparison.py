"""One run over drafts and ledger: what is wanted, what stands, and the difference."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from publisher.channels.registry import CAPABILITIES
from publisher.content import pictures, rendering
from publisher.content.library import Library
from publisher.content.pictures import CleanPicture
from publisher.ledger.ledger import StoredPicture
from publisher.ledger.queries import Queries
from publisher.models import (
    Account,
    Capabilities,
    Content,
    Delivery,
    MediaItem,
    Post,
    Problem,
    Severity,
    Wish,
)
from publisher.planning.plan import Change, Plan, PlannedChange
from publisher.settings import Settings
from publisher.states import ENDED_UNSENT, WAITING, State

GONE = "its draft is gone"
NOT_ADDRESSED = "its draft no longer names this account"
UNFINISHED = "its draft has no `at` any more"
_OUT = {
    State.PUBLISHING: "being published at this moment",
    State.PUBLISHED: "out",
    State.UNCERTAIN: "out, or possibly out,",
    State.WITHDRAWN: "withdrawn, after it was out,",
}
"""How to say that a delivery is beyond the reach of its draft."""
_BY_QUEUE = frozenset({GONE, NOT_ADDRESSED, UNFINISHED})


class Comparison:
    """One run over drafts and ledger."""

    def __init__(
        self,
        settings: Settings,
        queries: Queries,
        now: datetime,
        drafts: Library,
        problems: list[Problem],
        *,
        scope: tuple[str, ...],
    ) -> None:
        """`scope`: what the ids of posts begin with whose drafts were all read (`("",)`: all
        posts), so that those without a draft are gone.
        """
        self._settings = settings
        self._accounts = settings.public_accounts()
        self._queries = queries
        self._now = now
        self._drafts = drafts
        self._problems = problems
        self._scope = scope
        self._changes: list[PlannedChange] = []
        self._clean: dict[tuple[Path, str], CleanPicture] = {}

    def plan(self) -> Plan:
        broken = {p.file for p in self._problems if p.severity is Severity.ERROR}
        whole = {post.id: post for post in self._drafts.posts if post.file not in broken}
        standing = self._standing(whole)
        wanted: set[tuple[str, str]] = set()
        for post in whole.values():
            for wish in self._wishes(post):
                wanted.add((wish.post, wish.account))
                self._compare(post, wish, standing.get((wish.post, wish.account)))
        self._cancel(standing, wanted, whole)
        self._refuse_doubles(whole)
        self._refuse_the_past(whole, {post for post, _ in standing})
        return Plan(
            changes=tuple(self._changes),
            problems=tuple(sorted(self._problems, key=lambda p: (p.file, p.line, p.column))),
            pictures=self._pictures(),
        )

    def _standing(self, posts: Collection[str]) -> dict[tuple[str, str], Delivery]:
        """What the ledger has of these posts, and what it has under way of others in scope."""
        found = self._queries.standing(sorted(posts), and_under_way=bool(self._scope))
        return {
            (delivery.post, delivery.account): delivery
            for delivery in found
            if delivery.post in posts or delivery.post.startswith(self._scope)
        }

    def _wishes(self, post: Post) -> Iterator[Wish]:
        if post.due_at is None:
            return
        expires_after = post.expires_after or self._settings.delivery.expires
        recipients, _ = rendering.recipients(post, self._accounts)
        for account in recipients:
            yield Wish(
                post=post.id,
                account=account.name,
                channel=account.channel,
                due_at=post.due_at,
                expires_at=post.due_at + expires_after,
                embargo_until=post.embargo_until,
                content=self._content(post, account),
                state=self._state(post),
                reason=post.held,
                queued_by=post.author,
                repeat=post.repeat,
            )

    def _content(self, post: Post, account: Account) -> Content:
        capabilities = CAPABILITIES[account.channel]
        return rendering.render(post, account, capabilities, self._cleaned)

    def _cleaned(self, item: MediaItem, capabilities: Capabilities) -> CleanPicture:
        key = (item.path, capabilities.model_dump_json())
        if key not in self._clean:
            self._clean[key] = pictures.clean(item.path, capabilities)
        return self._clean[key]

    def _state(self, post: Post) -> State:
        if post.held:
            return State.HELD
        return State.AWAITING_APPROVAL if self._settings.approval.required else State.SCHEDULED

    def _compare(self, post: Post, wish: Wish, delivery: Delivery | None) -> None:
        if delivery is None:
            self._change(Change.ADD, post, wish, None)
        elif delivery.in_reach:
            if kind := _kind_of_edit(wish, delivery):
                self._change(kind, post, wish, delivery)
        elif delivery.state in ENDED_UNSENT:
            mended = delivery.state is State.CANCELLED or not _same_plan(wish, delivery)
            if mended and not _by_a_person(delivery):
                self._change(Change.RESTORE, post, wish, delivery)
        elif _differs_in_words(wish, delivery):
            self._problem(
                post,
                "already-out",
                f"It is {_OUT[delivery.state]} on {delivery.account}; this edit changes nothing "
                "there.",
                "Withdraw it and write a new draft, if the public must see something else.",
                severity=Severity.WARNING,
            )

    def _change(self, kind: Change, post: Post, wish: Wish, delivery: Delivery | None) -> None:
        """Plan a change, unless it is one that must not be."""
        if wish.embargo_until and wish.expires_at and wish.embargo_until > wish.expires_at:
            self._problem(
                post,
                "embargo-after-expiry",
                f"Its embargo ends {_utc(wish.embargo_until)}, after it expired "
                f"{_utc(wish.expires_at)}: it could never go out.",
                "Give it a later `at`, or a longer `expires`.",
            )
        elif delivery is not None and not _keeps_what_is_out(wish, delivery):
            self._problem(
                post,
                "partly-out",
                f"{len(delivery.remote_ids)} of its parts are out on {delivery.account} already, "
                "and this edit changes them.",
                "Leave the parts that are out as they were; later ones may change.",
            )
        else:
            note = _describe(kind, wish, delivery)
            self._changes.append(PlannedChange(kind, post.id, wish.account, wish, delivery, note))

    def _cancel(
        self,
        standing: Mapping[tuple[str, str], Delivery],
        wanted: set[tuple[str, str]],
        whole: Mapping[str, Post],
    ) -> None:
        for key, delivery in standing.items():
            post = whole.get(delivery.post)
            if key in wanted or (post is None and self._drafts.has(delivery.post)):
                continue  # wanted; or its draft has errors: the ledger keeps what it has
            note = GONE
            if post is not None:
                note = UNFINISHED if post.due_at is None else NOT_ADDRESSED
            if delivery.in_reach:
                change = PlannedChange(
                    Change.CANCEL, delivery.post, delivery.account, None, delivery, note
                )
                self._changes.append(change)
            elif delivery.state is State.PUBLISHING:
                self._problems.append(
                    Problem(
                        file=post.file if post else f"posts/{delivery.post}.md",
                        line=1,
                        column=1,
                        severity=Severity.WARNING,
                        code="already-out",
                        message=f"It is {_OUT[delivery.state]} on {delivery.account}, though "
                        f"{note}: that comes too late.",
                        hint="Look at it in a moment; `publisher withdraw` takes it down.",
                    )
                )

    def _refuse_doubles(self, posts: Mapping[str, Post]) -> None:
        """The same text must not go twice to one account, unless its draft says `repeat`."""
        fresh = [change for change in self._changes if _brings_text(change)]
        leaving = {c.delivery.id for c in self._changes if c.delivery and _takes_text_away(c)}
        known: dict[tuple[str, str], tuple[str, State]] = {}
        partly: set[str] = set()
        for delivery in self._queries.with_fingerprints({_text_key(change) for change in fresh}):
            gone = delivery.id in leaving or delivery.state in ENDED_UNSENT
            refused = _by_a_person(delivery) and not self._drafts.has(delivery.post)
            if delivery.remote_ids or refused or not gone:
                key = (delivery.account, delivery.content.fingerprint)
                known[key] = (delivery.post, delivery.state)
            if delivery.remote_ids and delivery.state is not State.PUBLISHED:
                partly.add(delivery.post)
        for change in fresh:
            other, state = known.setdefault(_text_key(change), (change.post, State.SCHEDULED))
            if other == change.post:
                continue
            self._changes.remove(change)
            if other in partly:
                self._problem(
                    posts[change.post],
                    "partly-out",
                    f"A part of it is out on {change.account} already, as {other}; under another "
                    "name it would begin anew.",
                    f"Give the draft the name {other} again, or change its text.",
                )
            elif state is State.CANCELLED:
                self._problem(
                    posts[change.post],
                    "cancelled",
                    f"Somebody cancelled it for {change.account} when it was called {other}; it is "
                    "not queued under another name.",
                    "Change the text, or say `repeat: true`, if it must go out after all.",
                    severity=Severity.WARNING,
                )
            elif state in WAITING or self._drafts.has(other):
                self._problem(
                    posts[change.post],
                    "duplicate-text",
                    f"{change.account} has the same text in {other} ({state}).",
                    "Change the text, or say `repeat: true` if it is meant to go out again.",
                )
            else:
                self._problem(
                    posts[change.post],
                    "already-out",
                    f"{change.account} has this text already ({state}), from a draft that was "
                    f"called {other}; it does not go out again.",
                    "Nothing to do if the draft was renamed.",
                    severity=Severity.WARNING,
                )

    def _refuse_the_past(self, posts: Mapping[str, Post], known: Collection[str]) -> None:
        """What could only be missed is not queued.

        That is an error where somebody asks for it anew. It is a warning for what the ledger knows
        already and left behind, so that an old draft does not stand in the way of a new one.
        """
        for change in list(self._changes):
            wish = change.wish
            if wish is None or wish.expires_at is None or wish.expires_at > self._now:
                continue
            self._changes.remove(change)
            moved = change.delivery is not None and change.delivery.in_reach
            asked_anew = change.post not in known or (moved and change.kind is Change.MOVE)
            self._problem(
                posts[change.post],
                "past",
                f"Its time for {change.account} is over: it was due {_utc(wish.due_at)} and "
                f"expired {_utc(wish.expires_at)}. It is not queued.",
                "Give it a new `at`, or a longer `expires`, if it must go out.",
                severity=Severity.ERROR if asked_anew else Severity.WARNING,
            )

    def _pictures(self) -> dict[str, StoredPicture]:
        needed = {
            picture.digest
            for change in self._changes
            if change.wish
            for part in change.wish.content.parts
            for picture in part.pictures
        }
        return {
            clean.digest: StoredPicture(clean.digest, clean.media_type, clean.data)
            for clean in self._clean.values()
            if clean.digest in needed
        }

    def _problem(
        self,
        post: Post,
        code: str,
        message: str,
        hint: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        place = post.position("at")
        self._problems.append(
            Problem(
                file=post.file,
                line=place.line,
                column=place.column,
                severity=severity,
                code=code,
                message=message,
                hint=hint,
            )
        )


def _by_a_person(delivery: Delivery) -> bool:
    return delivery.state is State.CANCELLED and delivery.reason not in _BY_QUEUE


def _same_plan(wish: Wish, delivery: Delivery) -> bool:
    return _same_times(wish, delivery) and wish.content == delivery.content


def _same_times(wish: Wish, delivery: Delivery) -> bool:
    return (wish.due_at, wish.expires_at, wish.embargo_until) == (
        delivery.due_at,
        delivery.expires_at,
        delivery.embargo_until,
    )


def _kind_of_edit(wish: Wish, delivery: Delivery) -> Change | None:
    """What distinguishes a waiting delivery from what is wanted; None when nothing does."""
    if wish.state is State.HELD and delivery.state is not State.HELD:
        return Change.HOLD
    if wish.state is not State.HELD and delivery.state is State.HELD:
        return Change.RELEASE
    if wish.content != delivery.content or wish.channel != delivery.channel:
        return Change.EDIT
    if not _same_times(wish, delivery):
        return Change.MOVE
    approved = delivery.approved_by is not None and wish.state is State.AWAITING_APPROVAL
    as_wanted = delivery.state in (wish.state, State.PUBLISHING) or approved
    return None if as_wanted and wish.repeat == delivery.repeat else Change.EDIT


def _keeps_what_is_out(wish: Wish, delivery: Delivery) -> bool:
    out = len(delivery.remote_ids)
    return wish.content.parts[:out] == delivery.content.parts[:out]


def _differs_in_words(wish: Wish, delivery: Delivery) -> bool:
    return (
        wish.content.fingerprint != delivery.content.fingerprint
        or wish.content.link != delivery.content.link
    )


def _brings_text(change: PlannedChange) -> bool:
    """Whether a text comes that the account did not have before, and must not get twice."""
    wish, delivery = change.wish, change.delivery
    if wish is None or wish.repeat:
        return False
    if delivery is None or delivery.state in ENDED_UNSENT or delivery.repeat:
        return True
    return wish.content.fingerprint != delivery.content.fingerprint


def _takes_text_away(change: PlannedChange) -> bool:
    """Whether the account loses the text that the delivery has."""
    wish, delivery = change.wish, change.delivery
    return delivery is not None and (
        wish is None or wish.content.fingerprint != delivery.content.fingerprint
    )


def _text_key(change: PlannedChange) -> tuple[str, str]:
    return change.account, change.wish.content.fingerprint if change.wish else ""


def _describe(kind: Change, wish: Wish, delivery: Delivery | None) -> str:
    if kind is Change.MOVE and delivery is not None:
        return f"{_utc(delivery.due_at)} → {_utc(wish.due_at)}"
    return wish.reason or ""


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
