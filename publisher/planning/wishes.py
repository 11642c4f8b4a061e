"""Wishes of the drafts: the deliveries that they want, an account at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from publisher.base import progress
from publisher.base.errors import PictureUnusable
from publisher.base.i18n import _
from publisher.channels.registry import UNUSABLE, capabilities_of
from publisher.drafts import rendering
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post, not_before
from publisher.model.states import OUT_OR_MAYBE, State
from publisher.planning.corrections import Corrections
from publisher.planning.media import Illustrations
from publisher.planning.problems import Problems
from publisher.planning.replies import Replies
from publisher.settings.settings import Settings


class Wishes:
    """Makes the wishes of one plan, and reports what keeps a draft from having one."""

    def __init__(
        self,
        settings: Settings,
        now: datetime,
        illustrations: Illustrations,
        corrections: Corrections,
        replies: Replies,
        problems: Problems,
    ) -> None:
        self._settings = settings
        self._accounts = settings.public_accounts()
        self._now = now
        self._illustrations = illustrations
        self._corrections = corrections
        self._replies = replies
        self._problems = problems

    def made(
        self, posts: dict[str, Post], standing: Mapping[tuple[str, str], Delivery]
    ) -> dict[tuple[str, str], Wish]:
        """The desired deliveries, by post and account; `standing`: those that the ledger has.

        Removes from `posts` those with media that cannot be converted: `check` reads only the
        headers of a GIF or video. And what goes below something that the ledger does not have.
        """
        wanted: dict[tuple[str, str], Wish] = {}
        self._illustrations.prepare(self._pictures(posts.values()))
        in_turn = sorted(posts.values(), key=lambda post: post.corrects is not None)
        for post in progress.over(in_turn, _("Rendering posts")):
            recipients, _nobody = rendering.recipients(post, self._accounts)
            if self._corrections.report(post, recipients):
                del posts[post.id]
                continue
            self._replies.report(post, recipients)
            try:
                wishes = {(wish.post, wish.account): wish for wish in self._wishes(post, standing)}
            except PictureUnusable as unusable:
                text, hint = str(unusable), unusable.hint
                self._problems.error(post, "media-damaged", text, hint, at="media")
                del posts[post.id]
            else:
                wanted |= wishes
                for wish in wishes.values():
                    self._corrections.note(wish)
                    self._replies.note(wish)
                self._corrections.warn_of_unchanged(post)
        return wanted

    def _pictures(self, posts: Iterable[Post]) -> Mapping[Path, Collection[Capabilities]]:
        """The channels that show each picture, by their capabilities."""
        shown: defaultdict[Path, dict[Capabilities, None]] = defaultdict(dict)
        for post in posts:
            if post.media and (post.at_once or post.due_at):
                for account in rendering.recipients(post, self._accounts)[0]:
                    for item in post.media:
                        shown[item.path][capabilities_of(account)] = None
        return shown

    def _wishes(self, post: Post, standing: Mapping[tuple[str, str], Delivery]) -> Iterator[Wish]:
        if post.due_at is None and not post.at_once:
            return
        expires_after = post.expires_after or self._settings.delivery.expires
        recipients, _problems = rendering.recipients(post, self._accounts)
        held = post.held or self._replies.hold(post)
        for account in self._corrections.of_its_accounts(post, recipients):
            if account.channel in UNUSABLE:
                continue
            content = self._content(post, account)
            if self._replies.leaves_out(post, account) or self._corrections.leaves_out(
                post, account, content
            ):
                continue
            delivery = standing.get((post.id, account.name))
            depends = (post.corrects or post.answers) and not held
            # What was held until its target is there would have expired since.
            waited = depends and delivery and _is_held_by_a_worker(delivery)
            stays = delivery and not waited and _stays(content, delivery)
            state = State.HELD if held else self._state(account)
            due_at, waits_to_begin = post.due_at, False
            if due_at is None:
                due_at, waits_to_begin = self._clock_of_now(state, delivery if stays else None)
            yield Wish(
                post=post.id,
                account=account.name,
                channel=account.channel,
                due_at=due_at,
                expires_at=None if waits_to_begin else expiry(post, due_at, expires_after),
                expires_after=int(expires_after.total_seconds()) if post.at_once else None,
                embargo_until=post.embargo_until,
                content=content,
                state=state,
                reason=held,
                author=post.author,
                repeat=post.repeat,
            )

    def _clock_of_now(self, state: State, delivery: Delivery | None) -> tuple[datetime, bool]:
        """The time of a draft that says `now`, and whether its clock waits to begin.

        `delivery`: what the ledger has of it, if that keeps its time. The clock begins when it may
        go: when it is queued, or else, in the ledger, when it is approved.
        """
        if delivery and not delivery.waits_to_begin:
            return delivery.due_at, False
        now = self._now.replace(microsecond=0)
        if state is State.SCHEDULED:
            return now, False
        return delivery.due_at if delivery else now, True

    def _content(self, post: Post, account: Account) -> Content:
        capabilities = capabilities_of(account)
        content = rendering.render(post, account, capabilities, self._illustrations.clean)
        content = self._replies.answered(post, content)
        return self._corrections.corrected(post, account, content, capabilities)

    def _state(self, account: Account) -> State:
        rule = self._settings.approval_rule(account.name)
        return State.AWAITING_APPROVAL if rule.required else State.SCHEDULED


def _is_held_by_a_worker(delivery: Delivery) -> bool:
    return delivery.state is State.HELD and delivery.manual_hold is None


def _stays(content: Content, delivery: Delivery) -> bool:
    """Whether a draft that says `now` keeps the delivery's time from when it was queued.

    An edit of a post that is not out is queued again.
    """
    beyond_reach = delivery.state in OUT_OR_MAYBE and not delivery.in_reach
    return beyond_reach or content == delivery.content


def expiry(post: Post, due_at: datetime, expires_after: timedelta) -> datetime:
    """The expiry, not after the consent of the people shown ends.

    It counts from the post's time; if that is `now`, from the end of its embargo, if that is later.
    """
    begins = not_before(due_at, post.embargo_until) if post.at_once else due_at
    expires_at = begins + expires_after
    if post.shown_until is None or post.held:
        return expires_at
    return min(expires_at, post.shown_until)
