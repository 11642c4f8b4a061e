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
from publisher.ledger.database import Database
from publisher.ledger.integrity.chain_links import chain_of
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import Rank, Rights, person_of
from publisher.ledger.news.notice_addresses import Topic
from publisher.ledger.tables import (
    about,
    history,
    notice_addresses,
    notice_topics,
    people,
    reader_comments,
)
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState

_ENDED = frozenset(
    {CommentState.HIDING, CommentState.HIDDEN, CommentState.DELETING, CommentState.DELETED}
)


class CommentActs(Commands):
    """Changes what became of comments."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rights: Rights,
        channel_of: Callable[[str], str | None],
    ) -> None:
        """`channel_of`: the channel of an account; None if the workspace has it no more."""
        super().__init__(database, clock, rights=rights)
        self._channel_of = channel_of

    def seen(self, comment: int, actor: str) -> None:
        """Mark a comment as seen: nothing is to be done."""
        self._act(comment, actor, Event.ANSWER_SEEN, CommentState.SEEN)

    def hand(self, comment: int, to: str, actor: str) -> str:
        """Hand a comment to a person, who is on record with it; returns the name as it is known.

        Raises UsageError if nobody of that name may log in.
        """
        let_in = select(people).where(people.c.disabled_at.is_(None))
        account = select(reader_comments.c.account).where(reader_comments.c.id == comment)
        with self._database.read() as connection:
            everybody = [person_of(row) for row in connection.execute(let_in).mappings()]
            its = connection.execute(account).scalar()
        receiver = next((one for one in everybody if same_person(one.name, to)), None)
        names = [
            one.name
            for one in everybody
            if its is None or self._rights.permits(one, Rank.STAFF, [its])
        ]
        name = receiver.name if receiver else None
        if name is None:
            raise UsageError(
                _("Nobody called {name} can log in.", name=to or "…"),
                hint=_("Choose from: {names}.", names=", ".join(names)) if names else None,
            )
        if name not in names:
            raise UsageError(
                _("{name} has no right over {account}.", name=name, account=its or ""),
                hint=_("Choose from: {names}.", names=", ".join(names)) if names else None,
            )
        more = {"handed_to": name}
        self._act(comment, actor, Event.ANSWER_HANDED_ON, CommentState.HANDED, more)
        return name

    def tells(self, name: str) -> bool:
        """Whether a person has an address at which they are told of comments."""
        with self._database.read() as connection:
            return _is_told(connection, name)

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
            if is_ended and (
                target is CommentState.HANDED
                # What the platform hid itself, or does not hide, calls too.
                or (target is CommentState.SEEN and row.urgency)
            ):
                target = CommentState(row.state)  # what is hidden may still be somebody's to follow
            elif is_ended and not (
                target is CommentState.DELETING and row.state == CommentState.HIDDEN
            ):
                raise NotPossible(
                    _("The comment is already {state}.", state=_(row.state)),
                    hint=_("Look at the list again."),
                )
            # Who has no address is not told: it goes on calling the others.
            is_told = "handed_to" not in more or _is_told(connection, more["handed_to"])
            connection.execute(
                update(reader_comments)
                .where(reader_comments.c.id == comment)
                .values(
                    state=target, urgency=0 if is_told else row.urgency, changed_by=actor, changed_at=now, trouble=None,
                    try_at=now if is_wish else row.try_at, **more,
                )
            )  # fmt: skip
            detail = {"account": row.account, "id": row.remote_id, **more}
            chain = chain_of(row.account, row.post)
            note_account(connection, chain, event, now, actor, detail)
            if "handed_to" in more and is_told:  # that person is told, by this step
                step = select(func.max(history.c.id)).where(about(chain)).scalar_subquery()
                its = update(reader_comments).where(reader_comments.c.id == comment)
                connection.execute(its.values(alarm_step=step))

    def _row(self, connection: Connection, comment: int) -> Any:
        query = select(reader_comments).where(reader_comments.c.id == comment).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            raise NotPossible(
                _("This comment is no longer here."),
                hint=_(
                    "It was deleted on its platform, or is older than the settings allow "
                    "Publisher to keep it."
                ),
            )
        return row

    def _require_support(self, account: str, target: CommentState) -> None:
        channel = self._channel_of(account)
        if channel is None:
            raise NotPossible(
                _("There is no account {name}.", name=account),
                hint=_(
                    "Without the account, Publisher changes nothing on its platform. Open the "
                    "comment there, or put the account back into publisher.toml."
                ),
            )
        support = spec_of(channel).comments
        if target is CommentState.HIDING and not (support and support.hides):
            raise NotPossible(
                _(
                    "{platform} does not let anyone hide what others write.",
                    platform=title(channel),
                ),
                hint=_("Open it there, and block or report its author if necessary."),
            )
        if target is CommentState.DELETING and not (support and support.deletes):
            raise NotPossible(
                _(
                    "{platform} does not let anyone delete what others write.",
                    platform=title(channel),
                ),
                hint=_("Open it there, and block or report its author if necessary."),
            )


def _is_told(connection: Connection, name: str) -> bool:
    """Whether the person of this name, as it is known, has an address for news of comments."""
    query = (
        select(notice_addresses.c.id)
        .join(notice_topics, notice_topics.c.person == notice_addresses.c.person)
        .join(people, people.c.id == notice_addresses.c.person)
        .where(people.c.name == name, notice_topics.c.topic == Topic.COMMENTS)
    )
    return connection.execute(query.limit(1)).first() is not None
