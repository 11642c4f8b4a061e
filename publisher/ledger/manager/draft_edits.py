"""Edits of drafts on the web pages: who changed which file, as steps in a chain per file.

In the history such a step looks like one about an account, with the file's name: a draft can be
edited before it is queued, and no account's name contains a slash.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.ledger import token_bounds, unread_drafts
from publisher.ledger.database import Turn
from publisher.ledger.integrity.chain_links import file_of, post_of
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.file_changes import FileChange, put_back_on_error
from publisher.ledger.manager.rights import Rank
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import about, deliveries, history
from publisher.ledger.transitions import PROGRAM, note_account
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.events import Event
from publisher.model.states import State

_WRITING = (
    Event.DRAFT_MADE,
    Event.DRAFT_EDITED,
    # Of ledgers that an earlier version wrote:
    Event.PICTURE_ADDED,
    Event.PICTURE_EDITED,
    Event.PICTURE_REMOVED,
)
"""The events that make a person an author."""
COPY_OF = "copy_of"
"""In the detail of a draft that was made: the post whose draft it is a copy of."""
_RECENT = 5_000
"""The newest steps of the history, among which a form that was sent before is looked for."""


def about_draft(post: str) -> ColumnElement[bool]:
    """Steps about a post's draft, and the notes on the post."""
    return about(file_of(post))


def writers(connection: Connection, posts: Collection[str]) -> set[str]:
    """People who changed the text or pictures of these posts' drafts on the web pages."""
    return {name for names in writers_of(connection, posts).values() for name in names}


Named = Callable[[str, str | None], str]
"""The name of a writer, by the person and the program."""


def by_person(person: str, _program: str | None) -> str:
    """The name of a writer for rules, which know people alone."""
    return person


def writers_of(
    connection: Connection, posts: Collection[str], named: Named = by_person
) -> dict[str, list[str]]:
    """`writers` by post, in the order of their first change; only posts that were changed.

    Those of a draft that was copied are its copies' too: the words are theirs.
    """
    found: dict[str, list[str]] = {}
    sources: dict[str, str] = {}
    wanted = set(posts)
    while wanted:
        _read_writers(connection, wanted, named, found, sources)
        wanted = {source for source in sources.values() if source not in found}
        found |= {source: [] for source in wanted}
    for post in posts:
        source, seen = sources.get(post), {post}
        while source and source not in seen:
            _add(found[post], found[source])
            seen.add(source)
            source = sources.get(source)
    return {post: names for post in posts if (names := found.get(post))}


def _read_writers(
    connection: Connection,
    posts: Collection[str],
    named: Named,
    found: dict[str, list[str]],
    sources: dict[str, str],
) -> None:
    """Read who changed these drafts, and of which draft each is a copy."""
    ids = {file_of(post): post for post in posts}
    step = history.c
    query = select(step.account, step.actor, step.event, step.detail).where(
        step.delivery.is_(None), step.account.in_(ids), step.event.in_(_WRITING)
    )
    for file, actor, event, told in connection.execute(query.order_by(step.id)):
        detail = json.loads(told)
        _add(found.setdefault(ids[file], []), [named(actor, detail.get(PROGRAM))])
        source = detail.get(COPY_OF) if event == Event.DRAFT_MADE else None
        if isinstance(source, str):
            sources[ids[file]] = source


def _add(names: list[str], more: Iterable[str]) -> None:
    for name in more:
        if not any(same_person(name, one) for one in names):
            names.append(name)


class MadeBefore(Exception):
    """The draft of a form is there already: the form was sent twice."""

    def __init__(self, post: str) -> None:
        super().__init__(post)
        self.post = post


class Edits(Commands):
    """Saves and records changes of drafts, and checks the right to make them."""

    def apply(
        self,
        post: str,
        event: Event,
        detail: Mapping[str, Any],
        actor: str,
        accounts: Collection[str],
        *,
        digest: str,
        save: Callable[[], None],
        put_back: Callable[[], None],
    ) -> None:
        """Save a change of a draft and record it: both or neither.

        `accounts` are those that the draft goes to; `digest` is that of the file then. Raises
        NotPermitted when `actor` may not do this, NotPossible for the deletion of a draft that is
        on the schedule or out, MadeBefore as `require_new`, of the `form` in the detail of a new
        draft, and what `save` raises.
        """
        change = FileChange(file_of(post), [(event, detail)], save, put_back, accounts)
        with put_back_on_error(change) as save_file, self._database.write() as connection:
            self._require(connection, event, actor, accounts)
            if event is Event.DRAFT_DELETED or token_bounds.current():
                self._database.take_turns(connection, Turn.QUEUE)
            if event is Event.DRAFT_DELETED:
                _refuse_deletion(connection, post)
            if event is Event.DRAFT_MADE:
                self._database.take_turns(connection, Turn.DRAFTS)
                _require_new(connection, actor, detail.get("form"))
            now = self._clock.now()
            note_account(connection, change.file, event, now, actor, detail)
            unread_drafts.follow(connection, event, UnreadDraft(post, digest, actor, now))
            save_file()

    def read(
        self,
        post: str,
        digest: str,
        actor: str,
        accounts: Collection[str],
        *,
        look: Callable[[], None],
    ) -> None:
        """Record that a person has read a draft of a program whole, as it was with this `digest`.

        `look` raises FileChanged if the file is another by now. Of a draft that a person wrote, or
        has read, nothing is recorded; nor if it is a program that acts.
        """
        if token_bounds.current():
            return
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.STAFF, accounts)
            look()
            if not unread_drafts.is_unread(connection, post, digest):
                return
            now, detail = self._clock.now(), {"digest": digest}
            note_account(connection, file_of(post), Event.DRAFT_READ, now, actor, detail)
            unread_drafts.follow(
                connection, Event.DRAFT_READ, UnreadDraft(post, digest, actor, now)
            )

    def require(self, event: Event, actor: str, accounts: Collection[str]) -> None:
        """Raise NotPermitted when `actor` may not do this to a draft for these accounts."""
        with self._database.read() as connection:
            self._require(connection, event, actor, accounts)

    def require_new(self, actor: str, form: str) -> None:
        """Raise MadeBefore if `actor` made a draft by the form with this fingerprint just now."""
        with self._database.read() as connection:
            _require_new(connection, actor, form)

    def _require(
        self, connection: Connection, event: Event, actor: str, accounts: Collection[str]
    ) -> None:
        if event in _WRITING:
            self._rights.require_writing(connection, actor, accounts)
        else:
            self._rights.require(connection, actor, Rank.STAFF, accounts)


def _refuse_deletion(connection: Connection, post: str) -> None:
    query = select(deliveries).where(deliveries.c.post == post).order_by(deliveries.c.id)
    found = deliveries_in(connection, query)
    kept = [d.account for d in found if d.in_reach or d.may_be_out or d.state is State.PUBLISHED]
    if kept:
        message = _("It is on the schedule, or out: {accounts}.", accounts=", ".join(kept))
        hint = _("Cancel what is on the schedule first. What is out keeps its draft.")
        raise NotPossible(message, hint=hint)


def _require_new(connection: Connection, actor: str, form: str | None) -> None:
    if not form:
        return
    step, other = history.c, history.alias().c
    is_deleted = select(other.id).where(
        other.account == step.account, other.event == Event.DRAFT_DELETED, other.id > step.id
    )
    query = select(step.account).where(
        step.id > select(func.max(other.id)).scalar_subquery() - _RECENT,
        step.event == Event.DRAFT_MADE,
        step.actor == actor,
        step.detail.contains(form, autoescape=True),
        ~is_deleted.exists(),
    )
    if file := connection.execute(query.limit(1)).scalar():
        raise MadeBefore(post_of(file))
