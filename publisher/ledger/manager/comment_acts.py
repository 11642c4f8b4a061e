"""What people do with readers' comments: seen, handed on, hidden, deleted; each is on record.

The history has who did what to which comment, and not its text: that can be forgotten. To hide or
delete is a wish at first, which a worker carries out at the platform.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from publisher.base.clock import Clock
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.channels.registry import spec_of, title
from publisher.ledger.comment_wishes import chain_of
from publisher.ledger.database import Database
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import Rank, Rights
from publisher.ledger.tables import about, history, people, reader_comments
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState

_ENDED = frozenset(
    {CommentState.HIDING, CommentState.HIDDEN, CommentState.DELETING, CommentState.DELETED}
)


class CommentActs(Commands):
    """Changes what became of comments."""

    def __init__(
        self, database: Database, clock: Clock, rights: Rights, channel_of: Callable[[str], str]
    ) -> None:
        """`channel_of`: the channel of an account."""
        super().__init__(database, clock, rights=rights)
        self._channel_of = channel_of

    def seen(self, comment: int, actor: str) -> None:
        """Mark a comment as seen: nothing is to be done."""
        self._act(comment, actor, Event.ANSWER_SEEN, CommentState.SEEN)

    def hand(self, comment: int, to: str, actor: str) -> str:
        """Hand a comment to a person, who is on record with it; returns the name as it is known.

        Raises UsageError if nobody of that name may log in.
        """
        let_in = select(people.c.name).where(people.c.disabled_at.is_(None))
        with self._database.read() as connection:
            names = list(connection.execute(let_in).scalars())
        name: str | None = next((one for one in names if same_person(one, to)), None)
        if name is None:
            raise UsageError(
                _("Nobody called {name} may log in.", name=to or "…"),
                hint=_("Choose one of: {names}.", names=", ".join(names)) if names else None,
            )
        more = {"handed_to": name}
        self._act(comment, actor, Event.ANSWER_HANDED_ON, CommentState.HANDED, more)
        return name

    def hide(self, comment: int, actor: str) -> None:
        """Have a comment hidden at its platform. Raises NotPossible where nobody can."""
        self._act(comment, actor, Event.HIDING_AN_ANSWER, CommentState.HIDING)

    def delete(self, comment: int, actor: str) -> None:
        """Have a comment deleted at its platform. Raises NotPossible where nobody can."""
        self._act(
            comment, actor, Event.DELETING_AN_ANSWER, CommentState.DELETING, rank=Rank.MANAGER
        )

    def _act(
        self,
        comment: int,
        actor: str,
        event: Event,
        target: CommentState,
        more: Mapping[str, Any] | None = None,
        *,
        rank: Rank = Rank.STAFF,
    ) -> None:
        now, more = self._clock.now(), more or {}
        is_wish = target in (CommentState.HIDING, CommentState.DELETING)
        with self._database.write() as connection:
            row = self._row(connection, comment)
            self._rights.require(connection, actor, rank, [row.account])
            if is_wish:
                self._require_support(row.account, target)
            if row.state == target and not more:
                return
            is_ended = row.state in _ENDED
            if target is CommentState.HANDED and is_ended:
                target = CommentState(row.state)  # what is hidden may still be somebody's to follow
            elif is_ended and not (
                target is CommentState.DELETING and row.state == CommentState.HIDDEN
            ):
                raise NotPossible(
                    _("The answer is {state} already.", state=_(row.state)),
                    hint=_("Look at the list again."),
                )
            connection.execute(
                update(reader_comments)
                .where(reader_comments.c.id == comment)
                .values(
                    state=target, urgency=0, changed_by=actor, changed_at=now, trouble=None,
                    try_at=now if is_wish else row.try_at, **more,
                )
            )  # fmt: skip
            detail = {"account": row.account, "id": row.remote_id, **more}
            chain = chain_of(row.account, row.post)
            note_account(connection, chain, event, now, actor, detail)
            if "handed_to" in more:  # that person is told, by this step
                step = select(func.max(history.c.id)).where(about(chain)).scalar_subquery()
                its = update(reader_comments).where(reader_comments.c.id == comment)
                connection.execute(its.values(alarm_step=step))

    def _row(self, connection: Connection, comment: int) -> Any:
        query = select(reader_comments).where(reader_comments.c.id == comment).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            raise NotPossible(
                _("There is no such answer here any more."),
                hint=_("It was deleted at its platform, or is older than the settings keep it."),
            )
        return row

    def _require_support(self, account: str, target: CommentState) -> None:
        channel = self._channel_of(account)
        support = spec_of(channel).comments
        if target is CommentState.HIDING and not (support and support.hides):
            raise NotPossible(
                _("{platform} lets nobody hide what others write.", platform=title(channel)),
                hint=_("Open it there, and block or report its author if need be."),
            )
        if target is CommentState.DELETING and not (support and support.deletes):
            raise NotPossible(
                _("{platform} lets nobody delete what others write.", platform=title(channel)),
                hint=_("Open it there, and block or report its author if need be."),
            )
