"""Notes on a post, as steps in the chain of its draft: as tamper-evident as the rest.

A note can be about a draft that is not queued, as an edit can. It changes nothing, so everyone who
may look at the pages may write one.
"""

import json
from datetime import timedelta

from sqlalchemy import Connection, func, literal_column, select

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.ledger.integrity.chain_links import file_of
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.draft_edits import about_draft
from publisher.ledger.manager.rights import Rank
from publisher.ledger.tables import history, people
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.notes import LONGEST, PostNote, mentions, written

_ON_POST = 200
"""The most notes on one post: a page shows all of them."""
_OF_ONE = 50
"""The most notes of one person on one post: nobody alone can use up all of them."""
_AN_HOUR = 60
"""The most notes of one person in an hour: notes stay in the history, and tell people."""


class Notes(Commands):
    """Writes and reads notes."""

    def write(self, post: str, text: str, actor: str) -> PostNote:
        """Write a note on a post; it mentions those who may log in and whose name follows an @.

        Raises UsageError for an empty or too long one, and NotPossible when the post, or the person
        on it or in this hour, has too many already.
        """
        text = written(text)
        if not text:
            raise UsageError(_("The note is empty."), hint=_("Go back and write it."))
        if len(text) > LONGEST:
            raise UsageError(
                _("A note has at most {most} characters; this one has {number}.",
                  most=LONGEST, number=len(text)),
                hint=_("Go back and shorten it."),
            )  # fmt: skip
        let_in = select(people.c.name).where(people.c.disabled_at.is_(None))
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.STAFF)
            self._refuse_too_many(connection, post, actor)
            named = mentions(text, connection.execute(let_in).scalars().all())
            note = PostNote(at=self._clock.now(), author=actor, text=text, mentions=tuple(named))
            detail = {"text": note.text, **({"mentions": named} if named else {})}
            note_account(connection, file_of(post), Event.NOTED, note.at, actor, detail)
        return note

    def _refuse_too_many(self, connection: Connection, post: str, actor: str) -> None:
        number = select(func.count()).select_from(history)
        on_post = number.where(about_draft(post), history.c.event == Event.NOTED)
        if connection.execute(on_post).scalar_one() >= _ON_POST:
            raise NotPossible(
                _("{post} has {number} notes, which is the limit.", post=post, number=_ON_POST),
                hint=_("Continue in a call or by e-mail."),
            )
        if connection.execute(on_post.where(history.c.actor == actor)).scalar_one() >= _OF_ONE:
            raise NotPossible(
                _("You wrote {number} notes on {post}, which is the limit for one person.",
                  number=_OF_ONE, post=post),
                hint=_("Continue in a call or by e-mail."),
            )  # fmt: skip
        lately = number.where(
            # As in the partial index, which the planner does not find for bound values.
            literal_column("history.event IN ('approved', 'note added')"),
            history.c.at > self._clock.now() - timedelta(hours=1),
            history.c.event == Event.NOTED,
            history.c.actor == actor,
        )
        if connection.execute(lately).scalar_one() >= _AN_HOUR:
            raise NotPossible(
                _("You wrote {number} notes in the last hour.", number=_AN_HOUR),
                hint=_("Wait a few minutes, then go back and send this one again."),
            )

    def notes_on(self, post: str) -> list[PostNote]:
        """The notes on a post, oldest first."""
        query = select(history.c.at, history.c.actor, history.c.detail).where(
            about_draft(post), history.c.event == Event.NOTED
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(history.c.seq)).all()
        return [PostNote(at=row.at, author=row.actor, **json.loads(row.detail)) for row in rows]
