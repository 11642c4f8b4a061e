"""Text of notices about readers' comments that call for somebody; none of their words."""

from publisher.base.i18n import _, plural
from publisher.ledger.comments.comment_news import CommentNews


def event(item: CommentNews) -> str:
    if item.trouble:
        return _(
            "the comments on {account} are not being read as they should be", account=item.account
        )
    if item.post is None:
        return plural(
            "{number} comment on {account} needs attention",
            "{number} comments on {account} need attention",
            item.number,
            account=item.account,
        )
    return plural(
        "{number} comment under {post} on {account} needs attention",
        "{number} comments under {post} on {account} need attention",
        item.number,
        post=item.post,
        account=item.account,
    )


def sentences(item: CommentNews) -> list[str]:
    if item.trouble:
        return [f"{event(item)}.", item.trouble]
    return [
        f"{event(item)}.",
        _("Read them on the Comments page or with `publisher answers`, and hide what must go."),
    ]
