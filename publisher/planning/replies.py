"""Answers to readers: which comment each answers, and whether that can be answered now."""

from collections.abc import Collection, Mapping, Sequence

from publisher.base.i18n import _
from publisher.channels.registry import spec_of
from publisher.ledger.answering import AnsweredComment
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT
from publisher.planning.problems import Problems


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
        self._queries = queries
        self._ignore = ignore
        self._problems = problems
        self._comments: dict[str, str] = {}
        """The platform's id of the comment that each post answers."""
        named = sorted(post.id for post in posts.values() if post.answers)
        queued = queries.standing(named, and_under_way=False) if named else ()
        self._queued = {(one.post, one.account): one for one in queued if one.answers}

    def report(self, post: Post, recipients: Sequence[Account]) -> bool:
        """Report what is wrong with what a draft says that it answers; False: nothing is.

        A comment may be gone at any moment, and may not stop other posts: its answer alone is left
        out, and the ledger keeps what it has.
        """
        if post.answers is None or len(recipients) != 1:
            return False  # `check` says that it goes to one account
        (account,) = recipients
        queued = self._queued.get((post.id, account.name))
        found = self._queries.comment(account.name, post.answers)
        if queued is not None and _is_past(queued):
            self._comments[post.id] = queued.answers or post.answers
            return False
        if found is None:
            message = _(
                "{account} has no reader's answer {id}.", account=account.name, id=post.answers
            )
            hint = _(
                "Write its address as `publisher answers --all` shows it, or its `id` in "
                "`publisher answers --all --json`. One that is deleted on its platform, or older "
                "than the settings keep it, is not here."
            )
            self._problems.warning(post, "answers-unknown", message, hint)
            return True
        self._comments[post.id] = found.id
        if found.obstacle:
            hint = _("Delete the draft, or give it another time once that is settled.")
            self._problems.warning(post, "answers-in-vain", found.obstacle, hint)
            return True
        self._advise(post, account, found, is_new=queued is None)
        return False

    def answered(self, post: Post, content: Content) -> Content:
        """The content with the comment that it answers."""
        if post.answers is None:
            return content
        return content.model_copy(update={"answers": self._comments.get(post.id, post.answers)})

    def _advise(
        self, post: Post, account: Account, comment: AnsweredComment, *, is_new: bool
    ) -> None:
        others = [
            one
            for one in self._queries.answers_to(account.name, comment.id)
            if one.post != post.id and one.state not in ENDED_UNSENT
        ]
        if is_new and others and "answers-twice" not in (*self._ignore, *post.ignore):
            message = _("{post} answers the same reader.", post=others[0].post)
            hint = _("Look at it first. If both are meant, say `ignore: answers-twice`.")
            self._problems.warning(post, "answers-twice", message, hint)
        is_to_be_named = spec_of(account.channel).answering.mentions and comment.author
        first = [parts[0].casefold() for parts in post.texts.values() if parts]
        is_named = all(comment.author.casefold() in text for text in first)
        is_wanted = "answers-unnamed" not in (*self._ignore, *post.ignore)
        if is_to_be_named and not is_named and is_wanted:
            message = _(
                "Its text does not name {name}, who is not told of it.", name=comment.author
            )
            hint = _("Begin the text with {name}.", name=comment.author)
            self._problems.warning(post, "answers-unnamed", message, hint)


def _is_past(queued: Delivery) -> bool:
    """Whether it is out, or may be, or has ended: the comment is of no importance any more."""
    return not queued.in_reach and queued.state not in ENDED_UNSENT
