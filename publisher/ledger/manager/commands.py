"""Operator commands: what all of them share, such as the selection of a post's deliveries."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from sqlalchemy import ColumnElement, Connection, select

from publisher.base.clock import Clock
from publisher.base.errors import NoSuchPost, NotPossible
from publisher.base.i18n import _
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.limits.spacing import space, times_of_late
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import By
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery
from publisher.model.states import Role, state_name

Accounts = str | Collection[str] | None
"""One account, several, or None for all of a post's."""
Posts = str | Collection[str]
"""One post, or several."""
Versions = Mapping[int, int] | None
"""The versions, by delivery, that a person looked at and decides on; None: as they are now."""
RuleOf = Callable[[str], ApprovalRule]
"""Returns the approval rule of an account, by its name."""


def no_rule(_account: str) -> ApprovalRule:
    """The rule under which nothing needs an approval."""
    return ApprovalRule()


class Commands(LedgerPart):
    """The parts of a person's commands, each of which is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rule_of: RuleOf = no_rule,
        rights: Rights = EVERYBODY,
        zone_of: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        """`zone_of`: the time zone of the times in messages."""
        super().__init__(database, clock)
        self._rule_of = rule_of
        self._rights = rights
        self._zone_of = zone_of

    def _by(self, actor: str) -> By:
        return By(Role.MANAGER, actor, self._clock.now())

    def _each(
        self,
        posts: Posts,
        account: Accounts,
        actor: str,
        concerns: Callable[[Delivery], bool],
        refusal: str,
        act: Callable[[Connection, Delivery, By], Delivery],
        versions: Versions = None,
    ) -> list[Delivery]:
        """Apply `act` to the deliveries of these posts that are `chosen`; all or nothing.

        With `versions`, to those alone that it names. Raises NotPossible when one was changed. What
        goes out because of it, and is late, is spaced (see spacing.py).
        """
        named = [posts] if isinstance(posts, str) else dict.fromkeys(posts)
        with self._database.write() as connection:
            wanted = [
                delivery
                for post in named
                for delivery in (
                    chosen(connection, post, account, concerns, refusal)
                    if versions is None
                    else _as_seen(connection, post, versions, concerns, refusal)
                )
            ]
            self._require_right(connection, actor, wanted)
            by = self._by(actor)
            done = [act(connection, delivery, by) for delivery in wanted]
            return space(connection, self._clock, done, by)

    def _require_right(
        self, connection: Connection, actor: str, wanted: Sequence[Delivery]
    ) -> None:
        """Raise NotPermitted unless they may do this to these deliveries: as a manager of all."""
        self._rights.require(connection, actor, Rank.MANAGER, {d.account for d in wanted})

    def times_of_late(self, found: Sequence[Delivery]) -> dict[int, datetime]:
        """When those of these would go out whose time is over, by id, if all were let go now."""
        with self._database.read() as connection:
            return times_of_late(connection, self._clock, found, self._clock.now())


def of_post(
    connection: Connection, post: str, account: Accounts, *, lock: bool = True
) -> list[Delivery]:
    """A post's deliveries, to all or some accounts; raises NoSuchPost.

    `lock`: nobody else changes them before the transaction ends.
    """
    condition: ColumnElement[bool] = deliveries.c.post == post
    names = [account] if isinstance(account, str) else account
    if names is not None:
        condition &= deliveries.c.account.in_(names)
    query = select(deliveries).where(condition).order_by(deliveries.c.id)
    found = deliveries_in(connection, query.with_for_update() if lock else query)
    if not found:
        raise NoSuchPost(
            _("There is no delivery of {post} to {account}.", post=post, account=", ".join(names))
            if names
            else _("There is no post {post} on the schedule or in the history.", post=post)
        )
    return found


def chosen(
    connection: Connection,
    post: str,
    account: Accounts,
    concerns: Callable[[Delivery], bool],
    refusal: str,
    hint: str | None = None,
    *,
    lock: bool = True,
) -> list[Delivery]:
    """Those that the command concerns; raises NotPossible with the `refusal` when there are none.

    The refusal is a text marked with `later`, with the fields `post` and `states`.
    """
    found = of_post(connection, post, account, lock=lock)
    wanted = [delivery for delivery in found if concerns(delivery)]
    if not wanted:
        raise not_concerned(refusal, post, found, hint)
    return wanted


def _as_seen(
    connection: Connection,
    post: str,
    versions: Mapping[int, int],
    concerns: Callable[[Delivery], bool],
    refusal: str,
) -> list[Delivery]:
    """The deliveries of a post that `versions` names; raises NotPossible when one was changed."""
    found = [d for d in of_post(connection, post, None) if d.id in versions]
    if not found or any(d.version != versions[d.id] for d in found):
        raise NotPossible(
            _("{post} has changed since you looked at it.", post=post),
            hint=_("Look at it again, then decide."),
        )
    if not all(map(concerns, found)):
        raise not_concerned(refusal, post, found)
    return found


def not_concerned(
    refusal: str, post: str, found: Iterable[Delivery], hint: str | None = None
) -> NotPossible:
    """The refusal of a command that concerns none of these deliveries of a post."""
    return NotPossible(_(refusal, post=post, states=_standing(found)), hint=hint)


def _standing(found: Iterable[Delivery]) -> str:
    """`bice-x (published), bice-page (held)`"""
    return ", ".join(f"{delivery.account} ({state_name(delivery.state)})" for delivery in found)
