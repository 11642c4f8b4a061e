"""Diff of drafts and ledger: desired state, actual state, and the changes between them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from publisher.base import progress
from publisher.base.i18n import _, later, plural
from publisher.channels.registry import UNUSABLE
from publisher.drafts import overdue as timeliness
from publisher.drafts.library import Library
from publisher.drafts.picture_consents import PictureConsents, unnamed
from publisher.drafts.picture_consents import post_of as stated_in
from publisher.drafts.times import local
from publisher.ledger.corrections import target_of
from publisher.ledger.doubts.pending_stops import GONE, NOT_ADDRESSED, UNFINISHED
from publisher.ledger.integrity.chain_links import post_of
from publisher.ledger.manager.approvals import may_approve
from publisher.ledger.picture_consents import PictureConsent
from publisher.ledger.reading.queries import Queries
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.media.cache import Copies
from publisher.model import mandates
from publisher.model.deliveries import Brief, Delivery, PendingStop, Wish
from publisher.model.outcomes import Limit
from publisher.model.posts import Post
from publisher.model.problems import UNREAD, Flaw
from publisher.model.states import ENDED_UNSENT, WAITING, State
from publisher.model.values import Problem, Severity
from publisher.planning import past_times, repetitions, unread
from publisher.planning.corrections import Corrections
from publisher.planning.costs import cost_of, cost_of_answers
from publisher.planning.duplicates import Duplicates
from publisher.planning.edits import (
    changes_stop,
    differs_in_words,
    is_plainly_same,
    keeps_what_is_out,
    kind_of_edit,
    may_come_back,
    same_plan,
    stop_in_words,
    stop_of,
)
from publisher.planning.forecast import Forecast
from publisher.planning.media import Illustrations
from publisher.planning.plan import Change, Plan, PlannedChange, Stopped
from publisher.planning.problems import Problems
from publisher.planning.replies import Replies
from publisher.planning.wishes import Wishes
from publisher.settings.settings import Settings

_BEYOND_REACH = {
    State.PUBLISHED: later("It is out on {account}; this edit changes nothing there."),
    State.WITHDRAWN: later(
        "It was out on {account} and is withdrawn; this edit changes nothing there."
    ),
}


_UNWRITTEN = frozenset({"empty-text", "placeholder"})
"""Problems that a draft has while somebody writes it."""


class Comparison:
    """One comparison of drafts and ledger; `plan` returns its result."""

    def __init__(
        self,
        settings: Settings,
        queries: Queries,
        now: datetime,
        drafts: Library,
        problems: list[Problem],
        *,
        said: PictureConsents,
        scope: tuple[str, ...],
        limits: Mapping[str, Sequence[Limit]],
        marks: Sequence[UnreadDraft],
        read: Collection[str] = (),
    ) -> None:
        """`said`: what all drafts, and the ledger, say of the people in each picture. `limits`: the
        platforms' last reported limits, by account. `scope`: the id prefixes under which all drafts
        were read (`("",)`: all posts), so that a post without a draft there was deleted. `marks`:
        what programs wrote and no person has read. `read`: posts that are being read, or that a
        person is asked to read, whoever wrote them.
        """
        self._settings = settings
        self._accounts = settings.public_accounts()
        self._queries = queries
        self._now = now
        self._drafts = drafts
        self._undated = {p.file for p in drafts.posts if p.due_at is None and not p.at_once}
        self._problems = Problems([self._of_unfinished(one) for one in problems])
        self._said = said
        self._scope = scope
        self._limits = limits
        self._marks = marks
        self._read = read
        self._changes: list[PlannedChange] = []
        self._beyond_reach: defaultdict[tuple[str, State], list[str]] = defaultdict(list)
        self._beyond: list[PlannedChange] = []
        self._illustrations = Illustrations(Copies.of(settings.var), queries)

    def plan(self) -> Plan:
        broken = self._problems.broken_files
        whole = {post.id: post for post in self._drafts.posts if post.file not in broken}
        known = self._known(whole)
        at_once = {key for key in known if key[0] in whole and whole[key[0]].at_once}
        self._corrections = Corrections(whole, self._queries, self._problems)
        ignored = self._settings.lint.ignore
        replies = Replies(whole, self._queries, self._problems, ignored)
        copies = self._illustrations
        wishes_of = Wishes(
            self._settings, self._now, copies, self._corrections, replies, self._problems
        )
        wanted = wishes_of.made(whole, self._standing(known, at_once))
        wishes = list(wanted.items())
        same = {
            key
            for key, wish in progress.over(wishes, _("Comparing with the schedule"))
            if key in known and self._is_as_wanted(wish, known[key])
        }
        standing = self._standing(known, known.keys() - same)
        for key, wish in wishes:
            if key not in same:
                self._compare(whole[wish.post], wish, standing.get(key))
        self._warn_of_edits_beyond_reach(whole)
        self._cancel(standing, wanted, whole)
        marks = self._unread()
        self._changes = unread.leave_out(self._changes, marks, self._problems)
        self._refuse(whole, {post for post, _ in known})
        self._warn_of_conflicts(whole, wanted, same, standing)
        zone = self._drafts.session.zone
        overdue = past_times.overdue(self._changes, whole, self._now, self._problems, zone)
        repeated = repetitions.find(
            self._changes, whole, self._drafts, self._queries, self._now, self._problems, zone
        )
        self._problems.drop_advice(self._settled(known.values()))
        new = [change.wish for change in self._changes if change.wish and change.is_new]
        as_queued, left_out = tuple(self._as_queued()), self._problems.files_with(UNREAD)
        self._problems.soften(marks)
        return Plan(
            changes=tuple(self._changes),
            problems=self._problems.sorted(),
            pictures=self._illustrations.stored(self._shown()),
            consents=frozenset(self._named(whole)),
            cost=cost_of(new, self._settings),
            cost_of_edits=self._cost_of_edits(),
            answers_per_day=cost_of_answers(new, self._settings),
            on_schedule=self._on_schedule(),
            undated=sum(post.due_at is None and not post.at_once for post in whole.values()),
            overdue=overdue,
            repeated=repeated,
            stopped=tuple(self._stopped(wanted, standing)),
            as_queued=as_queued,
            unread=tuple(mark for file, mark in marks.items() if file in left_out),
            beyond=tuple(self._beyond),
            marks=tuple(self._marks),
        )

    def _of_unfinished(self, found: Problem) -> Problem:
        """A warning where an error says only that a draft without a time is not written yet.

        It is not queued, so it must not keep the drafts of others from being queued.
        """
        is_unwritten = found.code in _UNWRITTEN and found.file in self._undated
        return found.model_copy(update={"severity": Severity.WARNING}) if is_unwritten else found

    def _as_queued(self) -> Iterator[Delivery]:
        """The deliveries that go out as queued before: their drafts have errors, or are unread."""
        files = {*self._problems.broken_files, *self._problems.files_with(UNREAD)}
        posts = [post_of(file) for file in sorted(files)]
        for delivery in self._queries.standing(posts, and_under_way=False):
            if delivery.state in (State.SCHEDULED, State.PUBLISHING) and not delivery.manual_hold:
                yield delivery

    def _unread(self) -> dict[str, UnreadDraft]:
        """What programs wrote and no person has read, by file."""
        files = {*(post.file for post in self._drafts.posts), *self._problems.broken_files}
        return unread.find(sorted(files), self._marks, self._settings.workspace, self._read)

    def _settled(self, known: Iterable[Brief]) -> set[str]:
        """The files of finished posts: advice about them comes too late."""
        ids = timeliness.settled(known) - {change.post for change in self._changes}
        return {post.file for post in self._drafts.posts if post.id in ids}

    def _stopped(
        self,
        wanted: Mapping[tuple[str, str], Wish],
        standing: Mapping[tuple[str, str], Delivery],
    ) -> Iterator[Stopped]:
        changed = {(change.post, change.account) for change in self._changes}
        for key in sorted((standing.keys() & wanted.keys()) - changed):
            stopped = Stopped.of(standing[key])
            if stopped and (stopped.until is None or stopped.until > self._now):
                yield stopped

    def _on_schedule(self) -> int:
        counts = self._queries.counts()
        return sum(counts.get(state, 0) for state in (*WAITING, State.PUBLISHING))

    def _warn_of_conflicts(
        self,
        posts: Mapping[str, Post],
        wanted: Mapping[tuple[str, str], Wish],
        same: Collection[tuple[str, str]],
        standing: Mapping[tuple[str, str], Delivery],
    ) -> None:
        """Add the warnings about conflicts and limits that the changes cause."""
        fresh = {(change.post, change.account) for change in self._changes if change.wish}
        ahead = [
            wish
            for key, wish in wanted.items()
            if wish.state is not State.HELD
            and (key in fresh or key in same or (key in standing and standing[key].in_reach))
        ]
        zone = self._drafts.session.zone
        forecast = Forecast(self._settings, self._queries, self._limits, zone, self._now)
        for problem in forecast.warnings(ahead, fresh, posts, is_all="" in self._scope):
            self._problems.keep(problem)

    def _cost_of_edits(self) -> Decimal:
        edits = [change for change in self._changes if change.wish and not change.is_new]
        before = cost_of((change.delivery for change in edits), self._settings)
        return cost_of((change.wish for change in edits), self._settings).amount - before.amount

    def _refuse(self, posts: Mapping[str, Post], known: Collection[str]) -> None:
        """Remove changes that must not go out (again), and mark as uncertain what may be out."""
        changes, problems, queries = self._changes, self._problems, self._queries
        duplicates = Duplicates(changes, posts, self._drafts, queries, problems)
        duplicates.refuse()
        duplicates.refuse_renamed()
        duplicates.refuse_at_one_instant()
        duplicates.refuse_under_new_names(self._accounts, self._now)
        self._refuse_writers(posts)
        zone = self._drafts.session.zone
        past_times.doubt(changes, posts, queries.gaps(), problems, zone, self._settings.posts)
        past_times.refuse(changes, posts, known, self._now, problems, zone)

    def _refuse_writers(self, posts: Mapping[str, Post]) -> None:
        """Remove posts changed on the web pages by people whom the account's mandate excludes."""
        zone, wanted = self._drafts.session.zone, [c for c in self._changes if c.wish]
        mandated = [c for c in wanted if (m := self._accounts[c.account].mandate) and m.authors]
        changed_by = self._queries.writers(sorted({c.post for c in mandated})) if mandated else {}
        for change in mandated:
            post, mandate = posts[change.post], self._accounts[change.account].mandate
            names = changed_by.get(change.post, ())
            for breach in mandates.breaches(
                mandate, change.account, post.author, None, zone, names
            ):
                self._problems.error(post, "no-mandate", breach.message, breach.hint, at=breach.key)
                if change in self._changes:
                    self._changes.remove(change)

    def _known(self, posts: Collection[str]) -> dict[tuple[str, str], Brief]:
        """The deliveries of these posts, and those under way of others in scope."""
        found = self._queries.in_brief(sorted(posts), and_under_way=bool(self._scope))
        return {
            (brief.post, brief.account): brief
            for brief in found
            if brief.post in posts or brief.post.startswith(self._scope)
            if not self._is_left_alone(brief, posts)
        }

    def _is_left_alone(self, brief: Brief, posts: Collection[str]) -> bool:
        """Whether nobody can tell what its draft asks for, as its channel cannot be used."""
        account = self._accounts.get(brief.account)
        return bool(account and account.channel in UNUSABLE and brief.post in posts)

    def _standing(
        self, known: Mapping[tuple[str, str], Brief], keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Delivery]:
        """Some of the known deliveries as a whole, in the order of their ids."""
        found = self._queries.with_ids([known[key].id for key in keys])
        return {(delivery.post, delivery.account): delivery for delivery in found}

    def _is_as_wanted(self, wish: Wish, brief: Brief) -> bool:
        """Whether nothing has to change: it is not even read as a whole, as most are so."""
        return is_plainly_same(wish, brief) and not self._may_not_approve_any_more(brief)

    def _compare(self, post: Post, wish: Wish, delivery: Delivery | None) -> None:
        if delivery is None:
            self._change(Change.ADD, post, wish, None)
        elif delivery.in_reach:
            lapsed = Change.EDIT if self._may_not_approve_any_more(delivery) else None
            if kind := kind_of_edit(wish, delivery) or lapsed:
                self._change(kind, post, wish, delivery)
        elif delivery.may_be_out:
            self._stop(delivery, stop_of(wish, delivery))
        elif delivery.state in ENDED_UNSENT:
            # A failed delivery is held too, so that a retry does not ignore the hold.
            is_held = delivery.state is State.FAILED and wish.state is State.HELD
            mended = delivery.state is State.CANCELLED or not same_plan(wish, delivery)
            if (mended or is_held) and may_come_back(delivery):
                self._change(Change.RESTORE, post, wish, delivery)
            elif not same_plan(wish, delivery):
                self._beyond.append(_planned(Change.EDIT, post, wish, delivery))
        elif wish.content != delivery.content:
            self._compare_with_what_is_out(post, wish, self._as_it_is_out(delivery))

    def _compare_with_what_is_out(self, post: Post, wish: Wish, delivery: Delivery) -> None:
        if wish.content != delivery.content:
            self._beyond.append(_planned(Change.EDIT, post, wish, delivery))
        if differs_in_words(wish, delivery):
            self._beyond_reach[post.id, delivery.state].append(delivery.account)

    def _as_it_is_out(self, delivery: Delivery) -> Delivery:
        """A delivery that went out, with the words that its corrections gave it since."""
        edits = self._queries.corrections([delivery.post])
        found = target_of(delivery, [one for one in edits if one.account == delivery.account])
        content = found.content
        if content.correction is not delivery.content.correction:
            content = content.model_copy(update={"correction": None})
        return delivery.model_copy(update={"content": content})

    def _warn_of_edits_beyond_reach(self, posts: Mapping[str, Post]) -> None:
        """Warn once for each post, with all accounts on which its draft has no effect any more."""
        for (post_id, state), accounts in self._beyond_reach.items():
            message = _(_BEYOND_REACH[state], account=", ".join(accounts))
            hint = (
                _(
                    "`publisher correct {post}` changes what readers see; `publisher withdraw {post}` "
                    "takes it down.",
                    post=post_id,
                )
                if state is State.PUBLISHED
                else _("Write a new draft if the public must see something else.")
            )
            self._problems.warning(posts[post_id], "already-out", message, hint)

    def _warn_of_outdated(self, post: Post, wish: Wish) -> None:
        """Warn that a correction stays as it is, because its draft did not follow what is out."""
        message = _(
            "The words of {post} that are now out on {account} are not those that this "
            "correction began with, so it is not queued again.",
            post=post.corrects,
            account=wish.account,
        )
        hint = _(
            "Look at the words that are out, and copy what should stay into the draft. If its "
            "words are right as they are, change its `reason`."
        )
        self._problems.warning(post, "correction-outdated", message, hint)

    def _may_not_approve_any_more(self, delivery: Delivery | Brief) -> bool:
        """Whether the approver is not, or no longer, in the account's mandate."""
        rule = self._settings.approval_rule(delivery.account)
        return delivery.approved_by is not None and not may_approve(delivery.approved_by, rule)

    def _stop(self, delivery: Delivery, stop: PendingStop | None) -> None:
        """Plan the pending stop of a delivery that may be out: applied if it is not."""
        if changes_stop(stop, delivery):
            self._changes.append(
                PlannedChange(
                    Change.STOP if stop else Change.GO_ON,
                    delivery.post,
                    delivery.account,
                    None,
                    delivery,
                    stop_in_words(stop),
                    pending_stop=stop,
                )
            )

    def _change(self, kind: Change, post: Post, wish: Wish, delivery: Delivery | None) -> None:
        """Plan a change, unless it is not allowed."""
        if wish.embargo_until and wish.expires_at and wish.embargo_until > wish.expires_at:
            message = _(
                "Its embargo ends {embargo}, after it expired {expiry}: it could never go out.",
                embargo=local(wish.embargo_until, self._drafts.session.zone),
                expiry=local(wish.expires_at, self._drafts.session.zone),
            )
            hint = _("Give it a later `at`, or a longer `expires`.")
            self._problems.error(post, "embargo-after-expiry", message, hint)
        elif delivery is not None and not keeps_what_is_out(wish, delivery):
            message = plural(
                "{number} of its parts is already out on {account}, and this edit changes it.",
                "{number} of its parts are already out on {account}, and this edit changes them.",
                len(delivery.remote_ids),
                account=delivery.account,
            )
            hint = _("Leave the parts that are out as they were; later ones may change.")
            self._problems.error(post, "partly-out", message, hint)
        elif self._corrections.is_outdated(wish):
            self._warn_of_outdated(post, wish)
        elif flaw := self._corrections.flaw(wish):
            self._problems.error(post, flaw.code, flaw.message, flaw.hint, at="corrects")
        elif flaw := self._unnamed(post):
            self._problems.error(post, flaw.code, flaw.message, flaw.hint, at="media")
        else:
            self._changes.append(_planned(kind, post, wish, delivery))

    def _cancel(
        self,
        standing: Mapping[tuple[str, str], Delivery],
        wanted: Collection[tuple[str, str]],
        whole: Mapping[str, Post],
    ) -> None:
        for key, delivery in standing.items():
            post = whole.get(delivery.post)
            if key in wanted or (post is None and self._drafts.has(delivery.post)):
                continue  # wanted; or its draft has errors: the ledger keeps what it has
            note = GONE
            if post is not None:
                dated = post.due_at is not None or post.at_once
                note = NOT_ADDRESSED if dated else UNFINISHED
            if delivery.in_reach:
                change = PlannedChange(
                    Change.CANCEL, delivery.post, delivery.account, None, delivery, note
                )
                self._changes.append(change)
            elif delivery.may_be_out:
                self._stop(delivery, PendingStop(state=State.CANCELLED, reason=note))

    def _unnamed(self, post: Post) -> Flaw | None:
        """What `check` could not know before the copies of the pictures were made."""
        records = self._drafts.consents
        found = (
            unnamed(item.path.name, self._said.of(item.path, post.file), records)
            for item in post.media
            if not item.consents
        )
        return next(filter(None, found), None)

    def _named(self, posts: Mapping[str, Post]) -> Iterator[PictureConsent]:
        """What the drafts of the changes, and others, name for their pictures."""
        for post in {change.post for change in self._changes if change.wish}:
            for item in posts[post].media:
                sources = {one.consent: stated_in(one) for one in item.elsewhere}
                for consent in item.consents:
                    for digest in self._said.digests(item.path):
                        yield PictureConsent(digest, consent, sources.get(consent, post))

    def _shown(self) -> set[str]:
        """The digests of all clean copies that the changes need."""
        return {
            picture.digest
            for change in self._changes
            if change.wish
            for picture in change.wish.content.pictures
        }


def _planned(kind: Change, post: Post, wish: Wish, delivery: Delivery | None) -> PlannedChange:
    return PlannedChange(
        kind,
        post.id,
        wish.account,
        wish,
        delivery,
        (delivery and delivery.manual_hold) or wish.reason or "",
        post.anchor,
        post.embargo_anchor,
        at_once=post.at_once,
    )
