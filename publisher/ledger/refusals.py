"""Why nothing can be done with a post's deliveries, in words."""

from collections.abc import Iterable

from publisher.errors import NoSuchPost
from publisher.language import _
from publisher.models import Delivery


def no_such_post(post: str, account: str | None) -> NoSuchPost:
    """The ledger has nothing of a post, or nothing of it for an account."""
    if account:
        return NoSuchPost(_("The ledger has no {post} to {account}.", post=post, account=account))
    return NoSuchPost(_("The ledger has no {post}.", post=post))


def standing(found: Iterable[Delivery]) -> str:
    """`bice-x is published, bice-page is held`"""
    return ", ".join(
        _("{account} is {state}", account=delivery.account, state=_(delivery.state))
        for delivery in found
    )
