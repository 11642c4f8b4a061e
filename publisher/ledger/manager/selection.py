"""The deliveries of a post that a person's command is about, or why there are none."""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, Connection, select

from publisher.base.errors import NoSuchPost, NotPossible
from publisher.base.i18n import _
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries
from publisher.model.models import Delivery


def of_post(connection: Connection, post: str, account: str | None) -> list[Delivery]:
    """All of a post, or that to one account, locked until the transaction ends; NoSuchPost."""
    condition: ColumnElement[bool] = deliveries.c.post == post
    if account is not None:
        condition &= deliveries.c.account == account
    query = select(deliveries).where(condition).order_by(deliveries.c.id).with_for_update()
    found = [delivery_of(row) for row in connection.execute(query).mappings()]
    if not found:
        raise NoSuchPost(
            _("The ledger has no {post} to {account}.", post=post, account=account)
            if account
            else _("The ledger has no {post}.", post=post)
        )
    return found


def chosen(
    connection: Connection,
    post: str,
    account: str | None,
    concerns: Callable[[Delivery], bool],
    refusal: str,
    hint: str | None = None,
) -> list[Delivery]:
    """Those of them that the command concerns; NotPossible with the `refusal` when none is.

    The refusal is a text marked with `later`, with room for the post and its states.
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
