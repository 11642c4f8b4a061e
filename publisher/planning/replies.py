"""Answers to readers: which comment each answers, and whether that can be answered now."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from publisher.base.i18n import _
from publisher.channels.registry import SPECS, spec_of, title
from publisher.ledger.comments.replies import AnsweredComment
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, State
from publisher.planning.edits import cancelled_by_a_person
from publisher.planning.problems import Problems

_LATELY = timedelta(days=2)
"""Within which the same words may be refused: no platform says how long it remembers them."""


class Replies:
    """The answers to readers among the drafts of one plan."""

    def __init__(
        self,
        posts: Mapping[str, Post],
        queries: Queries,
        problems: Problems,
        ignore: Collection[str],
    ) -> None:
        """`ignore`: codes of advice that the workspace ignores."""
        self._posts = posts
        self._queries = queries
        self._ignore = ignore
        self._problems = problems
        self._comments: dict[str, str | None] = {}
        """The platform's id of the comment that each post answers."""
        self._obstacles: dict[str, str] = {}
        """Why posts cannot answer what they say that they answer, by post."""
        self._said: defaultdict[tuple[str, str], list[Wish]] = defaultdict(list)
        """The answers of this plan, by account and words."""
        self._given: dict[tuple[str, str], str] = {}
        """The first post of this plan that answers a comment, by account and comment."""
        named = sorted(post.id for post in posts.values() if post.answers)
        queued = queries.standing(named, and_under_way=False) if named else ()
        self._queued = {(one.post, one.account): one for one in queued}

    def report(self, post: Post, recipients: Sequence[Account]) -> None:
        """Report what is wrong with what a draft says that it answers.

        A comment may be gone at any moment, and may not stop other posts: its answer alone is left
        out, and held if it is queued, for then it does not say what its draft says.
        """
        if post.answers is None or len(recipients) != 1:
            return  # `check` says that it goes to one account
        (account,) = recipients
        queued = self._queued.get((post.id, account.name))
        found = self._found(account, post.answers, queued)
        usable = found if found and not found.obstacle else None
        own = queued.answers if queued else post.answers
        self._comments[post.id] = usable.id if usable else own
        if queued and _is_past(queued):
            return
        if usable:
            self._advise(post, account, usable, is_new=queued is None)
            return
        if found is None:
            code = "answers-unknown"
            message = _(
                "{account} has no reader's comment {id}, or several with that address.",
                account=account.name,
                id=post.answers,
            )
            hint = _(
                "Write its `id` as `publisher answers --all --json` shows it. A comment that was "
                "deleted on its platform, or is older than the settings allow Publisher to keep "
                "it, is not here."
            )
        else:
            code, message = "answers-in-vain", found.obstacle or ""
            hint = _("Delete the draft, or give it another time once that is settled.")
        self._obstacles[post.id] = message
        if queued is None or not _is_over(queued):
            self._problems.warning(post, code, message, hint)

    def _found(
        self, account: Account, named: str, queued: Delivery | None
    ) -> AnsweredComment | None:
        """The comment that a draft names; an address leads no queued answer to another one, nor
        does another one that has the same address stop it.
        """
        found = self._queries.comment(account.name, named)
        if queued is None or queued.answers in (None, named) or (found and found.id == named):
            return found
        own = self._queries.comment(account.name, queued.answers)
        if own is None:
            return None
        return own if own.url == named else found

    def hold(self, post: Post) -> str | None:
        """Why a post is held that cannot answer what it says that it answers; None: it can."""
        return self._obstacles.get(post.id)

    def leaves_out(self, post: Post, account: Account) -> bool:
        """Whether such a post is not queued yet: then it stays so."""
        return post.id in self._obstacles and (post.id, account.name) not in self._queued

    def answered(self, post: Post, content: Content) -> Content:
        """The content with the comment that it answers."""
        if post.answers is None:
            return content
        return content.model_copy(update={"answers": self._comments.get(post.id, post.answers)})

    def note(self, wish: Wish) -> None:
        """Warn of words with which the account answers another reader at about the same time, where
        a platform takes the same text but once.
        """
        queued = self._queued.get((wish.post, wish.account))
        is_as_queued = queued is not None and queued.content == wish.content
        takes_copies = not SPECS[wish.channel].takes_copies_for_spam
        if wish.content.answers is None or is_as_queued or takes_copies:
            return
        words = wish.content.fingerprint_when_out
        since, until = wish.due_at - _LATELY, wish.due_at + _LATELY
        said = self._said[wish.account, words]
        others = [
            one.post
            for one in self._queries.answers_due(wish.account, since, until)
            if one.post != wish.post
            and one.answers != wish.content.answers
            and one.state not in ENDED_UNSENT
            and one.content.fingerprint_when_out == words
        ]
        others += [
            one.post
            for one in said
            if since <= one.due_at < until and one.content.answers != wish.content.answers
        ]
        said.append(wish)
        post = self._posts[wish.post]
        if others and "same-text-on-x" not in (*self._ignore, *post.ignore):
            message = _(
                "{account} answers another reader with the same words, in {post}; {platform} may "
                "refuse them.",
                account=wish.account,
                post=others[0],
                platform=title(wish.channel),
            )
            hint = _("Say it differently.")
            self._problems.warning(post, "same-text-on-x", message, hint)

    def _advise(
        self, post: Post, account: Account, comment: AnsweredComment, *, is_new: bool
    ) -> None:
        others = others_to(self._queries, account.name, comment.id, post.id)
        first = self._given.setdefault((account.name, comment.id), post.id)
        other = next((one.post for one in others), first)
        is_told = "answers-twice" in (*self._ignore, *post.ignore)
        if is_new and other != post.id and not is_told:
            message = _("{post} answers the same reader.", post=other)
            hint = _("Look at it first. If you intend both, add `ignore: answers-twice`.")
            self._problems.warning(post, "answers-twice", message, hint)
        is_to_be_named = spec_of(account.channel).replies.mentions and comment.author
        texts = [parts[0].casefold() for parts in post.texts.values() if parts]
        is_named = all(comment.author.casefold() in text for text in texts)
        is_wanted = "answers-unnamed" not in (*self._ignore, *post.ignore)
        if is_to_be_named and not is_named and is_wanted:
            # Not who it is: plans are for more people than readers' answers are.
            message = _("Its text does not name the reader, so the reader is not notified of it.")
            hint = _("Begin the text with the reader's name, as the list of comments shows it.")
            self._problems.warning(post, "answers-unnamed", message, hint)


def _is_over(queued: Delivery) -> bool:
    """Whether it does not go out, whatever becomes of the comment; where a missed one gets another
    time, the change says that it is held.
    """
    return cancelled_by_a_person(queued) or queued.state is State.MISSED


def others_to(queries: Queries, account: str, comment: str, post: str | None) -> list[Delivery]:
    """What else than this post is to answer a reader's comment, or did."""
    its = queries.answers_to(account, comment)
    return [one for one in its if one.post != post and one.state not in ENDED_UNSENT]


def _is_past(queued: Delivery) -> bool:
    """Whether it is out, or has begun: the comment is of no importance any more."""
    return bool(queued.remote_ids) or queued.state in (State.PUBLISHED, State.WITHDRAWN)
