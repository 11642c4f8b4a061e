"""Selection of the deliveries of a post for an operator command."""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import ColumnElement, Connection, select

from publisher.base.errors import NoSuchPost, NotPossible
from publisher.base.i18n import _
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries
from publisher.model.deliveries import Delivery

Accounts = str | Collection[str] | None
"""One account, several, or None for all of a post's."""


def of_post(connection: Connection, post: str, account: Accounts) -> list[Delivery]:
    """Lock and return a post's deliveries, to all or some accounts; raises NoSuchPost."""
    condition: ColumnElement[bool] = deliveries.c.post == post
    names = [account] if isinstance(account, str) else account
    if names is not None:
        condition &= deliveries.c.account.in_(names)
    query = select(deliveries).where(condition).order_by(deliveries.c.id).with_for_update()
    found = [delivery_of(row) for row in connection.execute(query).mappings()]
    if not found:
        raise NoSuchPost(
            _("The ledger has no {post} to {account}.", post=post, account=", ".join(names))
            if names
            else _("The ledger has no {post}.", post=post)
        )
    return found


def chosen(
    connection: Connection,
    post: str,
    account: Accounts,
    concerns: Callable[[Delivery], bool],
    refusal: str,
    hint: str | None = None,
) -> list[Delivery]:
    """Those that the command concerns; raises NotPossible with the `refusal` when there are none.

    The refusal is a text marked with `later`, with the fields `post` and `states`.
    """
    found = of_post(connection, post, account)
    wanted = [delivery for delivery in found if concerns(delivery)]
    if not wanted:
        raise NotPossible(_(refusal, post=post, states=_standing(found)), hint=hint)
    return wanted


def _standing(found: Iterable[Delivery]) -> str:
    """`bice-x is published, bice-page is held`"""
    return ", ".join(
        _("{account} is {state}", account=delivery.account, state=_(delivery.state))
        for delivery in found
    )
