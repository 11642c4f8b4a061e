"""Replyable comments: what a reader wrote that a post may answer now, and the account for it."""

from collections.abc import Mapping
from typing import NamedTuple

from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.channels.registry import spec_of, title
from publisher.ledger.comments.comment_pages import CommentPages
from publisher.ledger.comments.replies import AnsweredComment
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account


class Replyable(NamedTuple):
    """A reader's comment, and the account that answers it."""

    account: Account
    comment: AnsweredComment


def find(
    accounts: Mapping[str, Account], pages: CommentPages, queries: Queries, number: int
) -> Replyable:
    """The comment with this number, if it is to one of these accounts.

    Raises NotPossible where it is not, or cannot be answered from here.
    """
    shown = pages.find(number)
    account = accounts.get(shown.account) if shown else None
    comment = queries.comment(shown.account, shown.remote_id) if shown and account else None
    if account is None or comment is None:
        hint = _(
            "It was deleted on its platform, is older than the settings allow Publisher to keep "
            "it, or its account is no longer here."
        )
        raise NotPossible(_("This comment is no longer here."), hint=hint)
    how = spec_of(account.channel).replies
    if not how.can:
        platform = title(account.channel)
        told = _("Publisher cannot answer readers on {platform}.", platform=platform)
        raise NotPossible(told, hint=_(how.told))
    if comment.obstacle:
        raise NotPossible(_("It cannot be answered from here."), hint=comment.obstacle)
    return Replyable(account, comment)
