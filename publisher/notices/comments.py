"""Text of notices about readers' comments that call for somebody; none of their words."""

from publisher.base.i18n import _, plural
from publisher.ledger.comment_news import CommentNews


def event(item: CommentNews) -> str:
    if item.trouble:
        return _("the answers to {account} are not read as they should be", account=item.account)
    if item.post is None:
        return plural(
            "{number} answer to {account} calls for somebody",
            "{number} answers to {account} call for somebody",
            item.number,
            account=item.account,
        )
    return plural(
        "{number} answer under {post} on {account} calls for somebody",
        "{number} answers under {post} on {account} call for somebody",
        item.number,
        post=item.post,
        account=item.account,
    )


def sentences(item: CommentNews) -> list[str]:
    if item.trouble:
        return [f"{event(item)}.", item.trouble]
    return [
        f"{event(item)}.",
        _("Read them on the page Answers, or with `publisher answers`, and hide what must go."),
    ]
